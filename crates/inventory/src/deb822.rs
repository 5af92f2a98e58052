//! Paragraphs of `Name: value` lines, as dpkg and opkg write them, without copying them.
//!
//! <https://manpages.debian.org/deb822.5>. Comments and signatures do not occur in package databases.

use std::borrow::Cow;
use std::ops::Range;

/// The lines up to an empty one.
pub(crate) struct Paragraph<'a> {
    bytes: &'a [u8],
    /// Where name and value stand in `bytes`; a value reaches to the end of its last continuation line.
    fields: Vec<(Range<usize>, Range<usize>)>,
    /// The first line that is neither a field nor the continuation of one, counted from 1.
    pub(crate) broken_line: Option<usize>,
}

impl<'a> Paragraph<'a> {
    /// The first line of a field; `None` where there is no such field, or nothing in it.
    pub(crate) fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let value = self.raw(name)?.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
        (!value.is_empty()).then(|| String::from_utf8_lossy(value))
    }

    /// As [`Paragraph::get`], as an owned text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(Cow::into_owned)
    }

    /// The whole value with its continuation lines. Of a field given twice the first counts.
    fn raw(&self, name: &str) -> Option<&'a [u8]> {
        let named = |(known, _): &&(Range<usize>, Range<usize>)| {
            self.bytes[known.clone()].trim_ascii().eq_ignore_ascii_case(name.as_bytes())
        };
        self.fields.iter().find(named).map(|(_, value)| &self.bytes[value.clone()])
    }

    fn add_line(&mut self, line: Range<usize>, number: usize) {
        let bytes = &self.bytes[line.clone()];
        let is_continuation = matches!(bytes.first(), Some(b' ' | b'\t'));
        match (is_continuation, self.fields.last_mut(), memchr::memchr(b':', bytes)) {
            (true, Some((_, value)), _) => value.end = line.end,
            (false, _, Some(colon)) if colon > 0 => {
                let colon = line.start + colon;
                self.fields.push((line.start..colon, colon + 1..line.end));
            }
            _ => self.broken_line = self.broken_line.or(Some(number)),
        }
    }

    fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.broken_line.is_none()
    }
}

/// The paragraphs of a file that are not empty.
pub(crate) fn paragraphs(bytes: &[u8]) -> impl Iterator<Item = Paragraph<'_>> {
    let (mut position, mut number) = (0, 0);
    std::iter::from_fn(move || {
        let mut paragraph = Paragraph { bytes, fields: Vec::new(), broken_line: None };
        while position < bytes.len() {
            let rest = &bytes[position..];
            let line = position..position + memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            position = line.end;
            number += 1;
            if !bytes[line.clone()].trim_ascii().is_empty() {
                paragraph.add_line(line, number);
            } else if !paragraph.is_empty() {
                break;
            }
        }
        (!paragraph.is_empty()).then_some(paragraph)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, fields: &[&str]) -> Vec<String> {
        let value = |paragraph: &Paragraph<'_>, name: &&str| paragraph.text(name).unwrap_or("-".into());
        let line = |paragraph: Paragraph<'_>| {
            let mut words: Vec<_> = fields.iter().map(|name| value(&paragraph, name)).collect();
            words.extend(paragraph.broken_line.map(|line| format!("broken at {line}")));
            words.join(" ")
        };
        paragraphs(text.as_bytes()).map(line).collect()
    }

    #[test]
    fn fields_are_found_whatever_stands_between_them() {
        let text =
            "Package: a\nDescription: x\n more: of it\n .\n\tversion: no\nVersion:1\r\n\r\n\n\npackage : b\n";
        assert_eq!(read(text, &["Package", "Version"]), ["a 1", "b -"]);
    }

    #[test]
    fn a_line_without_a_colon_is_told_and_the_rest_still_read() {
        assert_eq!(read("Package: a\nnonsense\nVersion: 1\n", &["Package", "Version"]), ["a 1 broken at 2"]);
        assert_eq!(read(" continuation of nothing\n: no name\n", &["Package"]), ["- broken at 1"]);
    }

    #[test]
    fn nothing_gives_nothing() {
        assert_eq!(read("", &[]), Vec::<String>::new());
        assert_eq!(read("\n \n\t\n", &[]), Vec::<String>::new());
    }
}
