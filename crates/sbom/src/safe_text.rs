//! Foreign text made safe for both standards: no control characters, nothing that XML forbids, no broken URL.

use std::borrow::Cow;
use std::fmt::Write;

use seawall_model::text::escaped;

/// One line, with control characters and what XML 1.0 can't hold escaped as `\xNN` or `\u{NNNN}`.
pub(crate) fn line(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    without_noncharacters(&escaped(text)).into_owned()
}

/// Several lines: line ends and tabs stay.
pub(crate) fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, part) in text.lines().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        for (index, part) in part.split('\t').enumerate() {
            if index > 0 {
                out.push('\t');
            }
            out.push_str(&line(part));
        }
    }
    out
}

/// U+FFFE and U+FFFF are characters to Rust and not to XML.
fn without_noncharacters(text: &str) -> Cow<'_, str> {
    if text.contains(['\u{fffe}', '\u{ffff}']) {
        Cow::Owned(text.replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// At most so many characters, the last of them an ellipsis where something was cut off.
pub(crate) fn at_most(text: String, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text,
        Some(_) => text.chars().take(characters - 1).chain(['…']).collect(),
    }
}

/// A web address that validators take: plain host, everything unusual percent-encoded. `None` for all else.
pub(crate) fn url(text: &str) -> Option<String> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://")?;
    if !["http", "https", "ftp"].contains(&scheme) || text.len() > 4096 {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if !is_authority(authority) {
        return None;
    }
    let mut out = format!("{scheme}://{authority}");
    let mut has_fragment = false;
    for (at, byte) in path.bytes().enumerate() {
        let encodes =
            path.as_bytes().get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        let stays = match byte {
            b'#' => !std::mem::replace(&mut has_fragment, true),
            b'%' => encodes,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => true,
            _ => b"-._~!$&'()*+,;=:@/?".contains(&byte),
        };
        if stays {
            out.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    Some(out)
}

/// A host name with a dot and perhaps a port: validators of SPDX ask for a top-level domain.
fn is_authority(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, ""));
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label.len() < 64
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !label.contains("--")
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let last = labels.last().copied().unwrap_or_default();
    (2..100).contains(&labels.len())
        && labels.iter().all(is_label)
        && last.len() >= 2
        && last.bytes().all(|byte| byte.is_ascii_alphabetic())
        && port.len() <= 5
        && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_xml_forbids_is_left() {
        assert_eq!(line("a\0b\u{1b}[2J\nc\u{ffff}"), r"a\x00b\x1b[2J\x0ac\u{ffff}");
        assert_eq!(lines("a\r\nb\tc\u{7}"), "a\nb\tc\\x07");
        assert_eq!(line("größe"), "größe");
    }

    #[test]
    fn only_addresses_that_validators_take_are_urls() {
        for (text, expected) in [
            ("https://example.org/a b?c=[1]#d#e", Some("https://example.org/a%20b?c=%5B1%5D#d%23e")),
            ("http://example.org:8080/%zz%20", Some("http://example.org:8080/%25zz%20")),
            ("https://exa mple.org/", None),
            ("javascript:alert(1)", None),
            ("http://[::1/", None),
            ("http://localhost/", None),
            ("https://example.org:x/", None),
        ] {
            assert_eq!(url(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_too_long_says_so() {
        assert_eq!(at_most("äöü".into(), 3), "äöü");
        assert_eq!(at_most("äöüß".into(), 3), "äö…");
    }
}
