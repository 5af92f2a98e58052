//! Maven versions, as `ComparableVersion` of Maven 3.9 and 4 orders them.
//!
//! Maven accepts every text. Texts with characters beyond ASCII or with control characters are refused here: no
//! repository holds them, and their order hangs on Java's tables of Unicode digits.
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
    Qualifier(&'a str),
    /// A qualifier with its number: `rc1`, `rc-1`.
    Numbered(&'a str, &'a str),
}

/// The canonical text is the pieces, each behind the mark of its kind.
const LIST: char = '\x01';
const NUMBER: char = '\x02';
const QUALIFIER: char = '\x03';
const NUMBERED: char = '\x04';
const ITS_NUMBER: char = '\x05';

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
        let bytes = self.text.as_bytes();
        let (mut in_digits, mut is_numbered) = (false, false);
        for (at, byte) in bytes.iter().enumerate() {
            let piece_is_empty = at == self.start;
            match byte {
                b'.' => {
                    self.end_piece(at, in_digits, is_numbered);
                    is_numbered = false;
                }
                b'-' => {
                    let digit_follows = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
                    if !piece_is_empty && !in_digits && digit_follows {
                        // `rc-1` is read as `rc1`.
                        is_numbered = true;
                        continue;
                    }
                    self.end_piece(at, in_digits, is_numbered);
                    self.begin_list();
                    is_numbered = false;
                }
                b'0'..=b'9' => {
                    if !in_digits && !piece_is_empty {
                        is_numbered = true;
                        self.begin_list();
                    }
                    in_digits = true;
                }
                _ => {
                    if in_digits && !piece_is_empty {
                        self.end_piece(at, true, is_numbered);
                        self.start = at;
                        self.begin_list();
                        is_numbered = false;
                    }
                    in_digits = false;
                }
            }
        }
        if self.start < bytes.len() {
            if !in_digits {
                self.begin_list();
            }
            self.end_piece(bytes.len(), in_digits, is_numbered);
        }
    }

    /// Adds what was read up to here; an empty piece is a zero.
    fn end_piece(&mut self, end: usize, is_number: bool, is_numbered: bool) {
        let piece = self.text.get(self.start..end).unwrap_or("");
        self.start = end + 1;
        self.pieces.push(match piece {
            "" => Piece::Number("0"),
            _ if is_numbered => numbered(piece),
            _ if is_number => Piece::Number(strip_zeros(piece)),
            _ => Piece::Qualifier(alias(piece)),
        });
    }

    /// An empty list is not begun twice.
    fn begin_list(&mut self) {
        if self.pieces.last().is_some_and(|piece| *piece != Piece::List) {
            self.pieces.push(Piece::List);
        }
    }
}

fn numbered(piece: &str) -> Piece<'_> {
    let (word, number) =
        piece.split_at(piece.bytes().position(|byte| byte.is_ascii_digit()).unwrap_or(piece.len()));
    let word = match word.trim_end_matches('-') {
        "a" => "alpha",
        "b" => "beta",
        "m" => "milestone",
        word => alias(word),
    };
    Piece::Numbered(word, strip_zeros(number))
}

fn alias(word: &str) -> &str {
    if word == "cr" { "rc" } else { word }
}

/// Drops leading zeros, but keeps a number that is nothing but zeros as it is: its length says its class.
fn strip_zeros(digits: &str) -> &str {
    let stripped = digits.trim_start_matches('0');
    if stripped.is_empty() { digits } else { stripped }
}

/// Drops zeros before a qualifier and at the end of each list, and lists that become empty, from the innermost
/// list outwards.
fn normalise(pieces: &mut Vec<Piece<'_>>) {
    /// What comes next in the same list.
    #[derive(Clone, Copy, PartialEq)]
    enum Next {
        Nothing,
        Qualifier,
        Numbered,
        ListOfQualifier,
        Other,
    }
    let mut next = Next::Nothing;
    let mut keep = vec![true; pieces.len()];
    for (piece, keep) in pieces.iter().zip(&mut keep).rev() {
        let is_dropped = match piece {
            Piece::Number(digits) if is_zero(digits) => !matches!(next, Next::Numbered | Next::Other),
            Piece::List => next == Next::Nothing,
            _ => false,
        };
        if is_dropped {
            *keep = false;
            continue;
        }
        next = match (piece, next) {
            (Piece::List, Next::Qualifier | Next::Numbered) => Next::ListOfQualifier,
            (Piece::Qualifier(_), _) => Next::Qualifier,
            (Piece::Numbered(..), _) => Next::Numbered,
            _ => Next::Other,
        };
    }
    let mut keep = keep.into_iter();
    pieces.retain(|_| keep.next().unwrap_or(true));
}

fn is_zero(digits: &str) -> bool {
    number::strip_zeros(digits.as_bytes()).is_empty()
}

fn write(pieces: &[Piece<'_>]) -> String {
    let mut text = String::with_capacity(32);
    let mut add = |mark: char, content: &str| {
        text.push(mark);
        text.push_str(content);
    };
    for piece in pieces {
        match piece {
            Piece::List => add(LIST, ""),
            Piece::Number(digits) => add(NUMBER, digits),
            Piece::Qualifier(word) => add(QUALIFIER, word),
            Piece::Numbered(word, digits) => {
                add(NUMBERED, word);
                add(ITS_NUMBER, digits);
            }
        }
    }
    text
}

/// Takes the first piece off a canonical text.
fn take_piece<'a>(text: &mut &'a str) -> Option<Piece<'a>> {
    let mut characters = text.chars();
    let mark = characters.next()?;
    let content = take_content(characters.as_str(), text);
    Some(match mark {
        NUMBER => Piece::Number(content),
        QUALIFIER => Piece::Qualifier(content),
        NUMBERED => Piece::Numbered(content, take_content(text.strip_prefix(ITS_NUMBER)?, text)),
        _ => Piece::List,
    })
}

/// What stands before the next mark; `rest` becomes what follows.
fn take_content<'a>(from: &'a str, rest: &mut &'a str) -> &'a str {
    let (content, after) =
        from.split_at(from.find(|character| character <= ITS_NUMBER).unwrap_or(from.len()));
    *rest = after;
    content
}

fn compare(a: &str, b: &str) -> Ordering {
    let (mut rest_a, mut rest_b) = (a, b);
    loop {
        let order = match (take_piece(&mut rest_a), take_piece(&mut rest_b)) {
            (None, None) => return Ordering::Equal,
            // A list against nothing: all that is in it against nothing, which is what the loop goes on to do.
            (Some(Piece::List), None) | (None, Some(Piece::List)) => Ordering::Equal,
            (Some(a), None) => compare_with_nothing(a),
            (None, Some(b)) => compare_with_nothing(b).reverse(),
            (Some(a), Some(b)) => compare_pieces(a, b),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Zero is nothing, other numbers are more; a qualifier is what it is to a release.
fn compare_with_nothing(piece: Piece<'_>) -> Ordering {
    match piece {
        Piece::List => Ordering::Equal,
        Piece::Number(digits) => (!is_zero(digits)).cmp(&false),
        Piece::Qualifier(word) | Piece::Numbered(word, _) => rank(word).cmp(&RELEASE),
    }
}

/// Qualifiers before lists before numbers, whatever they hold.
fn compare_pieces(a: Piece<'_>, b: Piece<'_>) -> Ordering {
    let class = |piece: Piece<'_>| match piece {
        Piece::Qualifier(_) | Piece::Numbered(..) => 0,
        Piece::List => 1,
        Piece::Number(_) => 2,
    };
    match (a, b) {
        (Piece::Number(a), Piece::Number(b)) => compare_numbers(a, b),
        (Piece::Qualifier(a), Piece::Qualifier(b)) => compare_qualifiers(a, b),
        (Piece::Numbered(a, number_a), Piece::Numbered(b, number_b)) => {
            compare_qualifiers(a, b).then_with(|| compare_numbers(number_a, number_b))
        }
        // X is before X1.
        (Piece::Qualifier(a), Piece::Numbered(b, _)) => compare_qualifiers(a, b).then(Ordering::Less),
        (Piece::Numbered(a, _), Piece::Qualifier(b)) => compare_qualifiers(a, b).then(Ordering::Greater),
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
        "" | "ga" | "final" | "release" => RELEASE,
        "sp" => 6,
        _ => UNKNOWN,
    }
}
