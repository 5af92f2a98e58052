//! Typed documents out of JSON, JSON with comments, TOML and YAML.
//!
//! What can't be read becomes a [`ProblemKind::Malformed`] with its line where the parser knows it. Nothing is
//! read into a tree of values: a lockfile of 50 MB is taken in by the fields that its format names, with text
//! borrowed from the file where it holds no escapes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use seawall_model::{Limits, ProblemKind};
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::cataloger::{Found, SourceFile};

/// The whole file as UTF-8 without a byte order mark; otherwise a problem, and `None`.
pub(crate) fn text<'a>(file: &SourceFile<'a>, found: &mut Found<'_>) -> Option<Cow<'a, str>> {
    let bytes = match file.bytes() {
        Ok(bytes) => bytes,
        Err(error) => {
            found.read_problem(&error);
            return None;
        }
    };
    let text = match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|error| error.utf8_error()),
    };
    match text {
        Ok(Cow::Borrowed(text)) => Some(Cow::Borrowed(text.strip_prefix(MARK).unwrap_or(text))),
        Ok(Cow::Owned(text)) => match text.strip_prefix(MARK) {
            Some(rest) => Some(Cow::Owned(rest.to_owned())),
            None => Some(Cow::Owned(text)),
        },
        Err(error) => {
            found.problem(ProblemKind::Malformed, format!("not UTF-8 at byte {}", error.valid_up_to()));
            None
        }
    }
}

/// The byte order mark that some editors put first.
const MARK: char = '\u{feff}';

/// Reads JSON. `None` where it is malformed, which is then a problem of the file.
pub(crate) fn json<'t, T: Deserialize<'t>>(
    text: &'t (impl AsRef<[u8]> + ?Sized),
    found: &mut Found<'_>,
) -> Option<T> {
    // serde_json itself stops at 128 nested values, and says line and column.
    serde_json::from_slice(text.as_ref()).map_err(|error| malformed_at(found, None, error)).ok()
}

/// JSON out of JSON with comments and trailing commas: each of those becomes blanks, so that lines stay.
///
/// Parsers of that language recurse deeper than a thread's stack allows; `serde_json` does not.
pub(crate) fn without_comments(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let mut last_comma = None;
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let rest = bytes.get(at..).unwrap_or_default();
        let length = match (byte, rest.get(1)) {
            (b'"', _) => string_length(rest),
            (b'/', Some(b'/')) => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
            (b'/', Some(b'*')) => memchr::memmem::find(rest.get(2..).unwrap_or_default(), b"*/")
                .map_or(rest.len(), |end| end + 4),
            _ => 1,
        };
        let is_comment = length > 1 && byte == b'/';
        match byte {
            _ if is_comment => blank(&mut bytes, at, length),
            b',' => last_comma = Some(at),
            b']' | b'}' => {
                if let Some(comma) = last_comma.take() {
                    blank(&mut bytes, comma, 1);
                }
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => last_comma = None,
        }
        at += length;
    }
    bytes
}

/// Bytes of a JSON string that these bytes begin with, both quotes included; all where it does not end.
fn string_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        match bytes.get(at + found) {
            Some(b'"') => return at + found + 1,
            _ => at += found + 2,
        }
    }
    bytes.len()
}

fn blank(bytes: &mut [u8], start: usize, length: usize) {
    let end = start.saturating_add(length).min(bytes.len());
    for byte in bytes.get_mut(start..end).unwrap_or_default() {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

/// Bytes of a TOML document, where [`Limits::max_text_bytes`] allows more: its reader holds some twenty times as
/// much. Lockfiles of the largest projects have ten million.
const MAX_TOML_BYTES: usize = 64 << 20;

/// Reads TOML. `toml` itself stops at 80 nested values.
pub(crate) fn toml<'t, T: Deserialize<'t>>(text: &'t str, found: &mut Found<'_>) -> Option<T> {
    if text.len() > MAX_TOML_BYTES {
        found.problem(ProblemKind::TooLarge, format!("more than {MAX_TOML_BYTES} bytes of TOML"));
        return None;
    }
    toml::from_str(text)
        .map_err(|error| {
            let line = error.span().and_then(|span| text.get(..span.start)).map(line_after);
            malformed_at(found, line, error.message());
        })
        .ok()
}

/// Nested values in a YAML document, where [`Limits::max_nesting`] allows more: its reader takes some 16 KB of
/// stack for each in a build without optimisation. Lockfiles have ten.
const MAX_YAML_NESTING: usize = 48;

/// Reads all documents of a YAML stream; most files hold one.
///
/// A lockfile of 50 MB has some millions of nodes, so those bounds follow the size of the text. Anchors, which
/// can multiply a small text, have small bounds of their own: lockfiles use none.
pub(crate) fn yaml<'t, T: Deserialize<'t>>(
    text: &'t str,
    limits: &Limits,
    found: &mut Found<'_>,
) -> Option<Vec<T>> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: text.len().saturating_add(1000),
            max_nodes: text.len().saturating_add(1000),
            max_total_scalar_bytes: text.len().saturating_add(1000),
            simple_key_max_lookahead: 1 << 16,
            max_depth: limits.max_nesting.min(MAX_YAML_NESTING),
            flow_nesting_limit: limits.max_nesting.min(MAX_YAML_NESTING),
            max_anchors: 1000,
            max_aliases: 1000,
            max_recorded_anchor_events: 100_000,
        },
        with_snippet: false,
    };
    let read = serde_saphyr::from_slice_multiple_with_options(text.as_bytes(), options);
    read.map_err(|error| {
        let line = error.location().map(|location| location.line());
        malformed_at(found, line, error.without_snippet());
    })
    .ok()
}

/// One line, lower case at its start, with the line number first where it is known.
fn malformed_at(found: &mut Found<'_>, line: Option<u64>, error: impl fmt::Display) {
    let message = error.to_string();
    let message = message.lines().next().unwrap_or_default();
    let message = match line {
        Some(line) => format!("line {line}: {message}"),
        None => message.to_owned(),
    };
    found.problem(ProblemKind::Malformed, message);
}

/// The number of the line in which a text ends.
fn line_after(text: &str) -> u64 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u64 + 1
}

/// A text, borrowed from the file where it can be: what `Cow` is not when it is a key or lies in a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

/// The keys of a map whose values do not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Keys<'a>(pub(crate) BTreeSet<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Keys<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeysVisitor;

        impl<'de> Visitor<'de> for KeysVisitor {
            type Value = Keys<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys<'de>, A::Error> {
                let mut keys = BTreeSet::new();
                while let Some((key, IgnoredAny)) = map.next_entry()? {
                    keys.insert(key);
                }
                Ok(Keys(keys))
            }
        }

        deserializer.deserialize_map(KeysVisitor)
    }
}

/// A text where there is one: a value of any other type counts as none. For files that people write, in which
/// one odd field must not lose the rest. Not for YAML, where a version such as `1.10` would pass as a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Loose<'a>(pub(crate) Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LooseVisitor;

        impl<'de> Visitor<'de> for LooseVisitor {
            type Value = Loose<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Loose<'de>, E> {
                Ok(Loose(Some(Cow::Borrowed(text))))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Loose<'de>, E> {
                Ok(Loose(Some(Cow::Owned(text.to_owned()))))
            }

            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Loose<'de>, E> {
                Ok(Loose(None))
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Loose<'de>, E> {
                Ok(Loose(None))
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Loose<'de>, E> {
                Ok(Loose(None))
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Loose<'de>, E> {
                Ok(Loose(None))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Loose<'de>, E> {
                Ok(Loose(None))
            }

            fn visit_none<E: de::Error>(self) -> Result<Loose<'de>, E> {
                Ok(Loose(None))
            }

            fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<Loose<'de>, D::Error> {
                Loose::deserialize(value)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Loose<'de>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Loose(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Loose(None))
            }
        }

        deserializer.deserialize_any(LooseVisitor)
    }
}

/// One entry of a JSON list or map, read apart from the others: a damaged one does not lose the rest.
#[derive(Debug)]
pub(crate) struct Entry<T>(Result<T, String>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        Ok(Self(serde_json::from_str(raw.get()).map_err(|error| without_position(&error))))
    }
}

/// What is wrong, without the line and column, which count from the start of the entry.
fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rsplit_once(" at line ") {
        Some((what, _)) => what.to_owned(),
        None => message,
    }
}

impl<T> Entry<T> {
    /// The entry; where it is malformed a problem that names it, and `None`.
    pub(crate) fn or_problem(self, name: &str, found: &mut Found<'_>) -> Option<T> {
        self.0.map_err(|why| found.problem(ProblemKind::Malformed, format!("entry {name:?}: {why}"))).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use seawall_model::{Content, FilePath};

    use super::*;
    use crate::cataloger::Target;
    use crate::facts::FileFacts;

    /// What a reader makes of a text, or the problem that it notes.
    fn outcome<T: fmt::Debug>(read: impl FnOnce(&mut Found<'_>) -> Option<T>) -> String {
        let path = FilePath::from_normal(b"lock");
        let mut facts = FileFacts::empty(path.to_owned(), "test/test");
        let value = read(&mut Found::new(&mut facts, path, "test/test", &Limits::default()));
        match (value, facts.problems.first()) {
            (Some(value), None) => format!("{value:?}"),
            (None, Some(problem)) => format!("{}: {}", problem.kind.as_str(), problem.message),
            (value, problem) => format!("{value:?} {problem:?}"),
        }
    }

    type Map = BTreeMap<String, u32>;

    #[test]
    fn malformed_documents_say_where() {
        let json_outcome = outcome(|found| json::<Map>("{\n\"a\": x}", found));
        assert_eq!(json_outcome, "malformed: expected value at line 2 column 6");
        let toml_outcome = outcome(|found| toml::<Map>("a = 1\nb = = 2", found));
        assert!(toml_outcome.starts_with("malformed: line 2: "), "{toml_outcome}");
        let yaml_outcome = outcome(|found| yaml::<Map>("a: 1\nb: [", &Limits::default(), found));
        assert!(yaml_outcome.starts_with("malformed: line 2: "), "{yaml_outcome}");
    }

    #[test]
    fn nesting_is_bounded_in_every_syntax() {
        let deep = "[".repeat(100_000);
        for outcome in [
            outcome(|found| json::<IgnoredAny>(&deep, found)),
            outcome(|found| toml::<IgnoredAny>(&format!("a = {deep}"), found)),
            outcome(|found| yaml::<IgnoredAny>(&deep, &Limits::default(), found)),
            outcome(|found| yaml::<IgnoredAny>(&"- ".repeat(100_000), &Limits::default(), found)),
        ] {
            assert!(outcome.starts_with("malformed"), "{outcome}");
        }
    }

    #[test]
    fn comments_and_trailing_commas_become_blanks() {
        for (text, expected) in [
            ("{\"a\": 1, // one\n}", "{\"a\": 1        \n}"),
            ("[1, /* , ] */ 2,\n ]", "[1,           2 \n ]"),
            (r#"{"a//b": "\", /* no */"}"#, r#"{"a//b": "\", /* no */"}"#),
            ("[1, , 2]", "[1, , 2]"),
            ("[,]", "[ ]"),
            ("/* open", "       "),
            ("\"open \\", "\"open \\"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(&without_comments(text)), expected, "{text}");
        }
    }

    #[test]
    fn anchors_cannot_multiply() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..30 {
            let before = level - 1;
            let line = format!("a{level}: &a{level} [*a{before}, *a{before}, *a{before}, *a{before}]\n");
            bomb.push_str(&line);
        }
        let outcome = outcome(|found| yaml::<IgnoredAny>(&bomb, &Limits::default(), found));
        assert!(outcome.starts_with("malformed"), "{outcome}");
    }

    #[test]
    fn large_yaml_is_no_bomb() {
        let lines = (0..100_000).map(|index| format!("k{index}: {{v: {index}}}\n"));
        let large: String = lines.collect();
        let read = outcome(|found| {
            let documents = yaml::<BTreeMap<Text<'_>, Map>>(&large, &Limits::default(), found)?;
            Some(documents.iter().map(BTreeMap::len).collect::<Vec<_>>())
        });
        assert_eq!(read, "[100000]");
    }

    #[test]
    fn one_damaged_entry_does_not_lose_the_rest() {
        let path = FilePath::from_normal(b"lock");
        let mut facts = FileFacts::empty(path.to_owned(), "test/test");
        let mut found = Found::new(&mut facts, path, "test/test", &Limits::default());
        let map: BTreeMap<Text<'_>, Entry<u32>> = json(r#"{"a": 1, "b": {}, "c": 3}"#, &mut found).unwrap();
        let good: Vec<_> =
            map.into_iter().filter_map(|(name, entry)| entry.or_problem(&name, &mut found)).collect();
        assert_eq!(good, [1, 3]);
        assert!(facts.problems[0].message.starts_with("entry \"b\": "), "{:?}", facts.problems);
    }

    #[test]
    fn texts_are_borrowed_where_they_can_be() {
        let map: BTreeMap<Text<'_>, Text<'_>> = serde_json::from_str(r#"{"a": "b"}"#).unwrap();
        assert!(matches!(map.first_key_value(), Some((Text(Cow::Borrowed("a")), Text(Cow::Borrowed("b"))))));
        let loose: Vec<Loose<'_>> =
            serde_json::from_str(r#"["a", 1, -1, 1.5, null, [1], {"b": 2}]"#).unwrap();
        assert_eq!(loose.iter().filter(|loose| loose.0.is_some()).count(), 1);
        assert_eq!(loose.len(), 7);
    }

    #[test]
    fn a_byte_order_mark_falls_away_and_what_is_no_text_is_a_problem() {
        let limits = Limits::default();
        let read = |bytes: &'static [u8]| {
            outcome(|found| {
                let path = FilePath::from_normal(b"lock");
                let content = Content::Memory(bytes);
                text(
                    &SourceFile::new(
                        path,
                        content,
                        &limits,
                        &seawall_model::analysis::MemoryRoom(0),
                        Target::Source,
                    ),
                    found,
                )
            })
        };
        assert_eq!(read(b"\xef\xbb\xbfab"), "\"ab\"");
        assert_eq!(read(b"ab\xff"), "malformed: not UTF-8 at byte 2");
    }
}
