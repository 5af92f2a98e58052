//! Foreign text made safe for each form: HTML, XML, Markdown, CSV, URIs, and the logs of build servers.
//!
//! Every function first takes the power from control and bidirectional characters, as
//! [`seawall_model::text::escaped`] does, so that a name can neither forge a line nor steer a terminal.

use std::fmt::Write;

use seawall_model::text::escaped;

/// A mark without width that nothing joins across: it parts a sign from the word that would give it a meaning.
const WORD_JOINER: char = '\u{2060}';

/// Text of an element or of a quoted attribute of HTML.
pub(crate) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in escaped(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(character),
        }
    }
    out.replace("##", "#&#35;")
}

/// Text of an element or of a quoted attribute of XML 1.0, which has no form for some characters.
pub(crate) fn xml(text: &str) -> String {
    html(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// A cell of a CSV file: nothing that a spreadsheet would take for a formula.
pub(crate) fn csv(text: &str) -> String {
    let text = without_commands(&escaped(text));
    // The wide forms are formulas in spreadsheets of East Asian locales.
    let is_formula = text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let text = if is_formula { format!("'{text}") } else { text };
    if text.contains(['"', ',', '\n', '\r', ';']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// Running text in Markdown: no markup, no HTML, and nobody mentioned.
pub(crate) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let text = escaped(text);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if matches!(
            character,
            '\\' | '`'
                | '*'
                | '_'
                | '{'
                | '}'
                | '['
                | ']'
                | '('
                | ')'
                | '<'
                | '>'
                | '#'
                | '|'
                | '~'
                | '&'
                | '!'
                | '$'
                | '^'
        ) {
            out.push('\\');
        }
        out.push(character);
        let next = characters.peek().copied().unwrap_or(' ');
        // Mentions, references to issues and the like are found in the finished text, where escapes are gone.
        let is_sigil = matches!(character, '@' | '#' | '!' | '$' | '%' | '~' | '&');
        if (is_sigil && (next.is_alphanumeric() || matches!(next, '"' | '#' | '[')))
            || (character == ':' && (next == '/' || next == ':'))
            || (character == 'w' && next == '.')
        {
            out.push(WORD_JOINER);
        }
    }
    escape_line_start(out)
}

/// A list, a heading or a rule begins with these only at the start of a line.
fn escape_line_start(text: String) -> String {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && matches!(text.as_bytes().get(digits), Some(b'.' | b')')) {
        return format!("{}\\{}", &text[..digits], &text[digits..]);
    }
    if text.starts_with(['-', '+', '=', ':']) { format!("\\{text}") } else { text }
}

/// A code span in Markdown, also within a table: names and versions, which are then neither markup nor mention.
pub(crate) fn markdown_code(text: &str) -> String {
    let text = without_commands(&escaped(text));
    if text.is_empty() {
        return String::new();
    }
    let mut longest = 0;
    let mut run = 0;
    for character in text.chars() {
        run = if character == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", text.replace('|', "\\|"))
}

/// A relative URI reference of one path: every byte that is neither a plain letter nor a slash is encoded, so
/// that nothing in it can be taken for a scheme, a query or a fragment.
pub(crate) fn uri_path(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(*byte));
            }
            _ => {
                // Writing to a String does not fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// Takes the power from commands that build servers read out of a log: `::error` of GitHub at the start of a
/// line, `##[…]` and `##vso[…]` of Azure and `##teamcity[…]` anywhere in it.
pub(crate) fn without_commands(line: &str) -> String {
    let line = line.replace("##", "#\\x23");
    let indent = line.len() - line.trim_start().len();
    match line[indent..].strip_prefix("::") {
        Some(rest) => format!("{}:\\x3a{rest}", &line[..indent]),
        None => line,
    }
}

/// Cuts text to so many characters, and says so by an ellipsis.
pub(crate) fn cut(text: &str, characters: usize) -> String {
    if text.chars().nth(characters).is_none() {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(characters.saturating_sub(1)).collect();
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_and_xml_have_no_markup_and_no_control_characters() {
        assert_eq!(html("<b onclick='x'>\"&\x1b"), "&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;\\x1b");
        assert_eq!(xml("a\u{ffff}##[x]]>\0"), "a\u{fffd}#&#35;[x]]&gt;\\x00");
    }

    #[test]
    fn cells_are_no_formulas_and_stay_cells() {
        for (text, cell) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "\\x09=1"),
            ("\r=1", "\\x0d=1"),
            ("＝1", "'＝1"),
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
            ("=1,2", "\"'=1,2\""),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(csv(text), cell, "{text:?}");
        }
    }

    #[test]
    fn markdown_is_text_and_mentions_nobody() {
        assert_eq!(markdown("**a** [b](c) <i>"), "\\*\\*a\\*\\* \\[b\\]\\(c\\) \\<i\\>");
        assert_eq!(markdown("by @octocat in #12"), "by @\u{2060}octocat in \\#\u{2060}12");
        assert_eq!(markdown("https://x.example"), "https:\u{2060}//x.example");
        assert_eq!(markdown("- item\n"), "\\- item\\\\x0a");
        assert_eq!(markdown("1. one"), "1\\. one");
    }

    #[test]
    fn code_spans_hold_backticks_and_pipes() {
        assert_eq!(markdown_code("a|b"), "`a\\|b`");
        assert_eq!(markdown_code("`"), "`` ` ``");
        assert_eq!(markdown_code("a``b"), "```a``b```");
        assert_eq!(markdown_code(""), "");
    }

    #[test]
    fn uris_have_no_scheme_and_no_spaces() {
        assert_eq!(uri_path(b"debian:12/a b/\xc3\xa4?#"), "debian%3A12/a%20b/%C3%A4%3F%23");
    }

    #[test]
    fn build_servers_get_no_commands() {
        assert_eq!(without_commands("  ::add-mask::x"), "  :\\x3a".to_owned() + "add-mask::x");
        assert_eq!(without_commands("a ##vso[task] b::c"), "a #\\x23vso[task] b::c");
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("漢字漢字", 3), "漢字…");
        assert_eq!(cut("abc", 3), "abc");
    }
}
