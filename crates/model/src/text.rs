//! Foreign text: decoded, and made safe to show: nothing from inside an image may steer a terminal or forge a line.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// Writes bytes as text, with control characters, bidirectional controls and bytes that are no UTF-8
/// escaped as `\xNN` or `\u{NNNN}`. A backslash stays as it is: the result is to be read, not parsed back.
pub fn write_escaped(out: &mut impl Write, bytes: &[u8]) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            write_character(out, character)?;
        }
        for byte in chunk.invalid() {
            write!(out, "\\x{byte:02x}")?;
        }
    }
    Ok(())
}

/// The text with everything that could steer a terminal escaped. See [`write_escaped`].
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Writing to a String does not fail.
    let _ = write_escaped(&mut out, text.as_bytes());
    out
}

fn write_character(out: &mut impl Write, character: char) -> fmt::Result {
    match character {
        '\0'..='\x1f' | '\x7f'..='\u{9f}' => write!(out, "\\x{:02x}", u32::from(character)),
        // Bidirectional controls and invisible marks reorder or hide what a reader sees.
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {
            write!(out, "\\u{{{:x}}}", u32::from(character))
        }
        _ => out.write_char(character),
    }
}

/// The text of a document: UTF-16 where a byte order mark says so, else UTF-8. Bytes of another encoding
/// become replacement characters.
pub fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => Cow::Owned(utf16(u16::from_le_bytes, rest)),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(utf16(u16::from_be_bytes, rest)),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        _ => String::from_utf8_lossy(bytes),
    }
}

/// The text of UTF-16 in the byte order that `unit` reads; an odd last byte falls away.
pub fn utf16(unit: fn([u8; 2]) -> u16, bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.as_chunks().0.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_sequences_lose_their_power() {
        assert_eq!(escaped("a\x1b]0;t\x07b\n::error::"), r"a\x1b]0;t\x07b\x0a::error::");
        assert_eq!(escaped("abc\u{202e}txt.exe"), r"abc\u{202e}txt.exe");
        assert_eq!(escaped("größe 漢字"), "größe 漢字");
    }
}
