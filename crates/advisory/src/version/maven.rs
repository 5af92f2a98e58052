//! Maven versions, as `ComparableVersion` of Maven 3.9 orders them.
//!
//! Maven accepts every text. Texts with characters beyond ASCII or with control characters are refused here: no
//! repository holds them, and their order hangs on Java's tables of Unicode digits.
//! Maven 4 differs in a few odd spellings (`1.0.Final-1`); it is not released yet.
//! <https://maven.apache.org/pom.html#version-order-specification>

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Order, number};

pub(super) const ORDER: Order = Order { canonical, compare };

/// A piece of a version. Maven builds a tree, but a list inside a list is always the last of its items, so that
/// the pieces in their order, with a mark where a list begins, say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    /// What follows is a list inside the list so far.
    List,
    Number(&'a str),
    /// Empty where it says that this is the release.
    Qualifier(&'a str),
}

/// The canonical text is the pieces, each behind the mark of its kind.
const LIST: char = '\x01';
const NUMBER: char = '\x02';
const QUALIFIER: char = '\x03';

fn canonical(text: &str) -> Option<Cow<'_, str>> {
    if text.is_empty() || text.bytes().any(|byte| !byte.is_ascii() || byte.is_ascii_control()) {
        return None;
    }
    let text = text.to_ascii_lowercase();
    let mut reader = Reader { text: &text, pieces: Vec::with_capacity(12), start: 0 };
    reader.read();
    let mut pieces = reader.pieces;
    normalise(&mut pieces);
    Some(Cow::Owned(write(&pieces)))
}

struct Reader<'a> {
    text: &'a str,
    pieces: Vec<Piece<'a>>,
    /// Where the piece that is being read begins.
    start: usize,
}

impl<'a> Reader<'a> {
    /// Reads as Maven does, state by state: where a version is odd, its order follows from this very loop.
    fn read(&mut self) {
        let mut in_digits = false;
        for (at, byte) in self.text.bytes().enumerate() {
            let is_inside_piece = at > self.start;
            match byte {
                b'.' | b'-' => {
                    self.end_piece(at, in_digits);
                    self.start = at + 1;
                    if byte == b'-' {
                        self.begin_list();
                    }
                }
                b'0'..=b'9' => {
                    if !in_digits && is_inside_piece {
                        self.begin_list();
                        let word = self.piece(at);
                        self.pieces.push(Piece::Qualifier(alias_before_digit(word)));
                        self.start = at;
                        self.begin_list();
                    }
                    in_digits = true;
                }
                _ => {
                    if in_digits && is_inside_piece {
                        self.end_piece(at, true);
                        self.start = at;
                        self.begin_list();
                    }
                    in_digits = false;
                }
            }
        }
        if self.start < self.text.len() {
            if !in_digits {
                self.begin_list();
            }
            self.end_piece(self.text.len(), in_digits);
        }
    }

    fn piece(&self, end: usize) -> &'a str {
        self.text.get(self.start..end).unwrap_or("")
    }

    /// Adds what was read up to here; an empty piece is a zero.
    fn end_piece(&mut self, end: usize, is_number: bool) {
        self.pieces.push(match self.piece(end) {
            "" => Piece::Number("0"),
            digits if is_number => Piece::Number(strip_zeros(digits)),
            word => Piece::Qualifier(alias(word)),
        });
    }

    /// Begins a list, unless the current one is still empty.
    fn begin_list(&mut self) {
        if self.pieces.last().is_some_and(|piece| *piece != Piece::List) {
            self.pieces.push(Piece::List);
        }
    }
}

fn alias_before_digit(word: &str) -> &str {
    match word {
        "a" => "alpha",
        "b" => "beta",
        "m" => "milestone",
        word => alias(word),
    }
}

fn alias(word: &str) -> &str {
    match word {
        "ga" | "final" | "release" => "",
        "cr" => "rc",
        word => word,
    }
}

/// Drops leading zeros, but keeps a number that is nothing but zeros as it is: its length says its class.
fn strip_zeros(digits: &str) -> &str {
    let stripped = digits.trim_start_matches('0');
    if stripped.is_empty() { digits } else { stripped }
}

/// Drops zeros and release marks at the end of each list and before the list inside it, and empty lists.
fn normalise(pieces: &mut Vec<Piece<'_>>) {
    let mut keep = vec![true; pieces.len()];
    let (mut is_empty, mut is_trimming) = (true, true);
    for (piece, keep) in pieces.iter().zip(&mut keep).rev() {
        match piece {
            Piece::List => {
                *keep = !is_empty;
                is_trimming = true;
            }
            _ if is_trimming && is_nothing(*piece) => *keep = false,
            _ => (is_empty, is_trimming) = (false, false),
        }
    }
    let mut keep = keep.into_iter();
    pieces.retain(|_| keep.next().unwrap_or(true));
}

fn is_nothing(piece: Piece<'_>) -> bool {
    compare_with_nothing(piece).is_eq()
}

fn write(pieces: &[Piece<'_>]) -> String {
    let mut text = String::with_capacity(32);
    for piece in pieces {
        let (mark, content) = match piece {
            Piece::List => (LIST, ""),
            Piece::Number(digits) => (NUMBER, *digits),
            Piece::Qualifier(word) => (QUALIFIER, *word),
        };
        text.push(mark);
        text.push_str(content);
    }
    text
}

/// Takes the first piece off a canonical text.
fn take_piece<'a>(text: &mut &'a str) -> Option<Piece<'a>> {
    let mut characters = text.chars();
    let mark = characters.next()?;
    let rest = characters.as_str();
    let (content, rest) = rest.split_at(rest.find(|character| character <= QUALIFIER).unwrap_or(rest.len()));
    *text = rest;
    Some(match mark {
        NUMBER => Piece::Number(content),
        QUALIFIER => Piece::Qualifier(content),
        _ => Piece::List,
    })
}

fn compare(a: &str, b: &str) -> Ordering {
    let (mut rest_a, mut rest_b) = (a, b);
    loop {
        let order = match (take_piece(&mut rest_a), take_piece(&mut rest_b)) {
            (None, None) => return Ordering::Equal,
            (Some(a), None) => compare_with_nothing(a),
            (None, Some(b)) => compare_with_nothing(b).reverse(),
            (Some(a), Some(b)) => compare_pieces(a, b),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Zero is nothing, other numbers are more; a qualifier is what it is to a release. For a list, all that is in
/// it is compared with nothing in turn.
fn compare_with_nothing(piece: Piece<'_>) -> Ordering {
    match piece {
        Piece::List => Ordering::Equal,
        Piece::Number(digits) => (!number::strip_zeros(digits.as_bytes()).is_empty()).cmp(&false),
        Piece::Qualifier(word) => rank(word).cmp(&RELEASE),
    }
}

/// Qualifiers before lists before numbers, whatever they hold.
fn compare_pieces(a: Piece<'_>, b: Piece<'_>) -> Ordering {
    let class = |piece: Piece<'_>| match piece {
        Piece::Qualifier(_) => 0,
        Piece::List => 1,
        Piece::Number(_) => 2,
    };
    match (a, b) {
        (Piece::Number(a), Piece::Number(b)) => compare_numbers(a, b),
        (Piece::Qualifier(a), Piece::Qualifier(b)) => compare_qualifiers(a, b),
        (a, b) => class(a).cmp(&class(b)),
    }
}

/// Maven holds numbers of up to 9 and 18 digits and longer ones in three classes, and a longer class is more
/// even where it is all zeros.
fn compare_numbers(a: &str, b: &str) -> Ordering {
    let class = |digits: &str| match digits.len() {
        0..=9 => 0,
        10..=18 => 1,
        _ => 2,
    };
    class(a).cmp(&class(b)).then_with(|| number::compare(a.as_bytes(), b.as_bytes()))
}

/// Unknown qualifiers come after all known ones, by their letters.
fn compare_qualifiers(a: &str, b: &str) -> Ordering {
    rank(a).cmp(&rank(b)).then_with(|| if rank(a) == UNKNOWN { a.cmp(b) } else { Ordering::Equal })
}

const RELEASE: u8 = 5;
const UNKNOWN: u8 = 7;

fn rank(word: &str) -> u8 {
    match word {
        "alpha" => 0,
        "beta" => 1,
        "milestone" => 2,
        "rc" => 3,
        "snapshot" => 4,
        "" => RELEASE,
        "sp" => 6,
        _ => UNKNOWN,
    }
}
