//! JSON on its way to a terminal or a log: indented, and without characters that steer the one or commands to the
//! other. Readers of JSON see the same text.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// Writes a value as indented JSON and a line end.
pub(super) fn write_pretty(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let formatter = LogSafe { pretty: PrettyFormatter::new() };
    value.serialize(&mut Serializer::with_formatter(&mut *out, formatter))?;
    out.write_all(b"\n")
}

/// Escapes what JSON itself lets pass: controls above ASCII, bidirectional controls, and the second of two number
/// signs, as `##vso[` and its like are commands of build servers anywhere in a line.
struct LogSafe {
    pretty: PrettyFormatter<'static>,
}

const fn is_steering(character: char) -> bool {
    matches!(
        character,
        '\u{7f}'..='\u{9f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
    )
}

impl Formatter for LogSafe {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut written = 0;
        let mut after_hash = false;
        for (at, character) in fragment.char_indices() {
            let is_second_hash = character == '#' && after_hash;
            after_hash = character == '#';
            if !is_second_hash && !is_steering(character) {
                continue;
            }
            out.write_all(&fragment.as_bytes()[written..at])?;
            // None of these is beyond the first plane.
            write!(out, "\\u{:04x}", u32::from(character))?;
            written = at + character.len_utf8();
            after_hash = false;
        }
        out.write_all(&fragment.as_bytes()[written..])
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_escaped_and_means_the_same() {
        for text in [
            "##vso[task]",
            "#",
            "###[x]",
            "a # b ## c",
            "####",
            "#\n#",
            "a\u{9b}31m\u{202e}b\u{feff}",
            "größe",
        ] {
            let mut out = Vec::new();
            write_pretty(&[text], &mut out).unwrap();
            let written = String::from_utf8(out).unwrap();
            assert!(!written.contains("##") && !written.contains(is_steering), "{written}");
            assert_eq!(serde_json::from_str::<[String; 1]>(&written).unwrap(), [text]);
        }
    }

    #[test]
    fn it_is_laid_out_as_usual() {
        let value = serde_json::json!({"a": [1, {"b": null}], "c": [], "d": {}});
        let mut out = Vec::new();
        write_pretty(&value, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap().trim_end(), serde_json::to_string_pretty(&value).unwrap());
    }
}
