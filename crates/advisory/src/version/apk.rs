//! Alpine package versions: `digits{.digits}[letter]{_suffix[digits]}[~hash][-rN]`, as apk-tools 3 orders them.
//!
//! <https://gitlab.alpinelinux.org/alpine/apk-tools/-/blob/master/doc/apk-version.8.scd>

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Order, number};

pub(super) const ORDER: Order = Order { canonical, compare };

/// What a piece of a version is, in the order in which pieces may follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    First,
    Number,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
    End,
}

/// Suffixes in their order. Those before `RELEASE` make a version older than the same without.
const SUFFIXES: &[&[u8]] = &[b"alpha", b"beta", b"pre", b"rc", b"cvs", b"svn", b"git", b"hg", b"p"];
const RELEASE: usize = 4;

struct Piece<'a> {
    kind: Kind,
    text: &'a [u8],
    /// The index in [`SUFFIXES`], for a suffix.
    suffix: usize,
}

impl Piece<'_> {
    fn is_prerelease(&self) -> bool {
        self.kind == Kind::Suffix && self.suffix < RELEASE
    }

    fn compare_same_kind(&self, other: &Self) -> Ordering {
        let either_leads_with_zero = || self.text.starts_with(b"0") || other.text.starts_with(b"0");
        match self.kind {
            // 1.01 is before 1.1: numbers with a leading zero are compared as fractions are.
            Kind::Number if either_leads_with_zero() => self.text.cmp(other.text),
            Kind::First | Kind::Number | Kind::SuffixNumber | Kind::Revision => {
                number::compare(self.text, other.text)
            }
            Kind::Suffix => self.suffix.cmp(&other.suffix),
            Kind::Letter | Kind::Hash | Kind::End => self.text.cmp(other.text),
        }
    }
}

/// Reads a version piece by piece.
struct Pieces<'a> {
    rest: &'a [u8],
    previous: Option<Kind>,
}

impl<'a> Pieces<'a> {
    fn of(text: &'a str) -> Self {
        Self { rest: text.as_bytes(), previous: None }
    }

    /// The next piece; `None` where none of the grammar's can stand.
    fn next(&mut self) -> Option<Piece<'a>> {
        let piece = self.read()?;
        self.previous = Some(piece.kind);
        Some(piece)
    }

    fn read(&mut self) -> Option<Piece<'a>> {
        let Some(previous) = self.previous else {
            return self.digits(Kind::First, self.rest);
        };
        let (first, after) = match self.rest.split_first() {
            None => return Some(Piece { kind: Kind::End, text: b"", suffix: 0 }),
            Some((first, after)) => (*first, after),
        };
        match first {
            b'a'..=b'z' if previous <= Kind::Number => {
                let (text, rest) = self.rest.split_at(1);
                self.rest = rest;
                Some(Piece { kind: Kind::Letter, text, suffix: 0 })
            }
            b'.' if previous <= Kind::Number => self.digits(Kind::Number, after),
            b'0'..=b'9' if previous == Kind::Suffix => self.digits(Kind::SuffixNumber, self.rest),
            b'_' if previous <= Kind::SuffixNumber => self.suffix(after),
            b'~' if previous < Kind::Hash => {
                self.run(Kind::Hash, after, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            }
            b'-' if previous < Kind::Revision => self.digits(Kind::Revision, after.strip_prefix(b"r")?),
            _ => None,
        }
    }

    fn digits(&mut self, kind: Kind, from: &'a [u8]) -> Option<Piece<'a>> {
        self.run(kind, from, u8::is_ascii_digit)
    }

    fn suffix(&mut self, from: &'a [u8]) -> Option<Piece<'a>> {
        let mut piece = self.run(Kind::Suffix, from, u8::is_ascii_lowercase)?;
        piece.suffix = SUFFIXES.iter().position(|known| *known == piece.text)?;
        Some(piece)
    }

    fn run(&mut self, kind: Kind, from: &'a [u8], belongs: impl Fn(&u8) -> bool) -> Option<Piece<'a>> {
        let (text, rest) = number::split_while(from, belongs);
        self.rest = rest;
        (!text.is_empty()).then_some(Piece { kind, text, suffix: 0 })
    }
}

fn canonical(text: &str) -> Option<Cow<'_, str>> {
    let mut pieces = Pieces::of(text);
    while pieces.next()?.kind != Kind::End {}
    Some(Cow::Borrowed(text))
}

fn compare(a: &str, b: &str) -> Ordering {
    let (mut pieces_a, mut pieces_b) = (Pieces::of(a), Pieces::of(b));
    while let (Some(a), Some(b)) = (pieces_a.next(), pieces_b.next()) {
        if a.kind != b.kind {
            // The one that goes on is newer, unless it goes on to say that it came before the release.
            return match (a.is_prerelease(), b.is_prerelease()) {
                (true, _) => Ordering::Less,
                (_, true) => Ordering::Greater,
                _ => b.kind.cmp(&a.kind),
            };
        }
        let order = a.compare_same_kind(&b);
        if order.is_ne() || a.kind == Kind::End {
            return order;
        }
    }
    Ordering::Equal
}
