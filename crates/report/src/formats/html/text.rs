//! Foreign text, numbers and links on their way into HTML. Nothing else of the report writes foreign text.

use std::fmt::{self, Display, Formatter, Write};

use seawall_model::text::write_escaped;

/// Characters of a name, a version or a path that are shown; what is longer is cut, and says so.
pub(super) const MAX_NAME: usize = 200;
/// Characters of a summary or a reason that are shown.
const MAX_PROSE: usize = 1_000;
/// Bytes of an address that is made a link; a longer one is shown as text.
const MAX_LINK: usize = 1_000;

/// A name, a version, a path: escaped, and cut where it is too long to be read.
pub(super) struct Text<'a>(pub(super) &'a str);

/// A sentence or more: as [`Text`], with more room.
pub(super) struct Prose<'a>(pub(super) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_cut(f, self.0, MAX_NAME)
    }
}

impl Display for Prose<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_cut(f, self.0.trim(), MAX_PROSE)
    }
}

fn write_cut(f: &mut Formatter<'_>, text: &str, limit: usize) -> fmt::Result {
    let end = text.char_indices().nth(limit).map_or(text.len(), |(index, _)| index);
    let (shown, rest) = text.split_at(end);
    write_escaped(&mut Markup(f), shown.as_bytes())?;
    if rest.is_empty() {
        return Ok(());
    }
    write!(f, "… ({} more characters)", Grouped(rest.chars().count()))
}

/// Replaces what means something in HTML, between tags as well as in attributes, and what HTML forbids.
struct Markup<'a, 'f>(&'a mut Formatter<'f>);

impl Write for Markup<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| self.write_char(character))
    }

    fn write_char(&mut self, character: char) -> fmt::Result {
        match character {
            '&' => self.0.write_str("&amp;"),
            '<' => self.0.write_str("&lt;"),
            '>' => self.0.write_str("&gt;"),
            '"' => self.0.write_str("&quot;"),
            '\'' => self.0.write_str("&#39;"),
            // A page may be printed in the log of a build server, to some of which `##vso[` is a command.
            '#' => self.0.write_str("&#35;"),
            // Two more marks of direction, tags that nobody sees, and characters that HTML does not allow.
            '\u{61c}' | '\u{180e}' | '\u{e0000}'..='\u{e007f}' | '\u{fdd0}'..='\u{fdef}' => {
                write!(self.0, "\\u{{{:x}}}", u32::from(character))
            }
            _ if u32::from(character) & 0xfffe == 0xfffe => {
                write!(self.0, "\\u{{{:x}}}", u32::from(character))
            }
            _ => self.0.write_char(character),
        }
    }
}

/// A reference of an advisory: a link only where it is an address of the web, else text.
pub(super) struct Reference<'a>(pub(super) &'a str);

impl Display for Reference<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = Text(self.0);
        if is_web_address(self.0) {
            // The whole address is short enough to be written.
            f.write_str("<a rel=\"noreferrer noopener\" href=\"")?;
            write_escaped(&mut Markup(f), self.0.as_bytes())?;
            write!(f, "\">{text}</a>")
        } else {
            write!(f, "{text}")
        }
    }
}

/// Only characters that an address is made of: others would not arrive as they are shown.
fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&byte);
    rest.is_some_and(|rest| {
        text.len() <= MAX_LINK
            && rest.bytes().all(is_allowed)
            && rest.starts_with(|first: char| first.is_ascii_alphanumeric())
            // What stands before an at sign looks like a host and is none.
            && !rest.split(['/', '?', '#']).next().unwrap_or_default().contains('@')
            && has_only_whole_escapes(rest.as_bytes())
            && rest.bytes().filter(|byte| *byte == b'#').count() <= 1
    })
}

/// Whether two hexadecimal digits follow each percent sign.
fn has_only_whole_escapes(text: &[u8]) -> bool {
    text.iter().enumerate().filter(|(_, byte)| **byte == b'%').all(|(index, _)| {
        text.get(index + 1..index + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// A count with its thousands apart: `12,345`.
pub(super) struct Grouped(pub(super) usize);

impl Display for Grouped {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push(',');
            }
            out.push(digit);
        }
        f.pad(&out)
    }
}

/// `1 package`, `2,000 packages`.
pub(super) fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", Grouped(count), if count == 1 { one } else { many })
}

/// Bytes in the decimal units that image tools use.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1_000.0;
    let mut unit = 0;
    // Rounded up it would have four digits: it is shown in the next unit.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1_000.0;
        unit += 1;
    }
    let digits = usize::from(value < 9.95);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// A share of one as a percentage, in HTML; a small one keeps its first digit.
pub(super) fn percent(share: f32) -> String {
    let percent = share * 100.0;
    match percent {
        p if p >= 9.95 => format!("{p:.0} %"),
        p if p >= 0.095 => format!("{p:.1} %"),
        p if p > 0.0 => "&lt; 0.1 %".to_owned(),
        _ => "0 %".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        for (text, html) in [
            ("</script><img src=x onerror=alert(1)>", "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"),
            ("\" onclick='x' &amp;", "&quot; onclick=&#39;x&#39; &amp;amp;"),
            ("a\u{202e}gpj.exe", r"a\u{202e}gpj.exe"),
            ("a\u{61c}b\u{fffe}c\u{1ffff}", r"a\u{61c}b\u{fffe}c\u{1ffff}"),
            ("a\0\x1b[2J\n", r"a\x00\x1b[2J\x0a"),
        ] {
            assert_eq!(Text(text).to_string(), html, "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters_and_says_so() {
        let shown = Text(&"ü".repeat(10_200)).to_string();
        assert_eq!(shown, format!("{}… (10,000 more characters)", "ü".repeat(200)));
        assert_eq!(Text(&"<".repeat(200)).to_string(), "&lt;".repeat(200));
    }

    #[test]
    fn only_addresses_of_the_web_become_links() {
        assert_eq!(
            Reference("https://example.org/a?b=1&c=2").to_string(),
            "<a rel=\"noreferrer noopener\" href=\"https://example.org/a?b=1&amp;c=2\">https://example.org/a?b=1&amp;c=2</a>"
        );
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//example.org",
            "https://a@b.example",
            "https://a/\u{202e}",
            "https://a b",
            "https://",
            "https://a/%zz",
            "https://a/#b#c",
        ] {
            assert!(!Reference(text).to_string().contains("<a"), "{text:?}");
        }
        assert!(!Reference(&format!("https://{}", "a".repeat(5_000))).to_string().contains("<a"));
    }

    #[test]
    fn numbers_are_short_and_easy_to_compare() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(|n| Grouped(n).to_string()),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [999, 1_000, 9_960, 999_499, 999_500, 1_500_000_000].map(size),
            ["999 B", "1.0 kB", "10 kB", "999 kB", "1.0 MB", "1.5 GB"]
        );
        assert_eq!([0.0, 0.0004, 0.012, 0.944].map(percent), ["0 %", "&lt; 0.1 %", "1.2 %", "94 %"]);
    }
}
