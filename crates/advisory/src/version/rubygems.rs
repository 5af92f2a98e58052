//! Ruby gem versions, as `Gem::Version` orders them.
//!
//! <https://docs.ruby-lang.org/en/master/Gem/Version.html>

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Order, number};

pub(super) const ORDER: Order = Order { canonical, compare };

fn canonical(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim_ascii();
    let (numbers, pre) = match text.split_once('-') {
        Some((numbers, pre)) => (numbers, Some(pre)),
        None => (text, None),
    };
    let mut parts = numbers.split('.');
    let is_good = parts.next().is_some_and(number::is_number)
        && parts.all(|part| is_made_of(part, u8::is_ascii_alphanumeric))
        && pre.is_none_or(|pre| {
            pre.split('.').all(|part| is_made_of(part, |byte| byte.is_ascii_alphanumeric() || *byte == b'-'))
        });
    is_good.then_some(Cow::Borrowed(text))
}

fn is_made_of(part: &str, belongs: impl Fn(&u8) -> bool) -> bool {
    !part.is_empty() && part.bytes().all(|byte| belongs(&byte))
}

fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (Segments::of(a), Segments::of(b));
    loop {
        let (x, y) = (a.next(), b.next());
        if x.is_none() && y.is_none() {
            return Ordering::Equal;
        }
        let order = x.unwrap_or(Segment::Number(b"")).cmp(&y.unwrap_or(Segment::Number(b"")));
        if order.is_ne() {
            return order;
        }
    }
}

/// A run of digits or of letters. Letters come before numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Segment<'a> {
    Letters(&'a [u8]),
    Number(&'a [u8]),
}

impl Segment<'_> {
    fn is_zero(self) -> bool {
        matches!(self, Self::Number(digits) if number::strip_zeros(digits).is_empty())
    }

    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Letters(a), Self::Letters(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => number::compare(a, b),
            (Self::Letters(_), Self::Number(_)) => Ordering::Less,
            (Self::Number(_), Self::Letters(_)) => Ordering::Greater,
        }
    }
}

/// The segments that count: zeros at the end of the numbers and at the end of the whole are left out.
struct Segments<'a> {
    rest: &'a [u8],
    /// Zeros that are due before what `rest` begins with.
    zeros: usize,
    after_letters: bool,
}

impl<'a> Segments<'a> {
    fn of(text: &'a str) -> Self {
        Self { rest: text.as_bytes(), zeros: 0, after_letters: false }
    }

    fn next(&mut self) -> Option<Segment<'a>> {
        if self.zeros == 0 {
            self.count_zeros();
        }
        if self.zeros > 0 {
            self.zeros -= 1;
            return Some(Segment::Number(b"0"));
        }
        let (segment, rest) = split_segment(self.rest)?;
        self.rest = rest;
        self.after_letters |= matches!(segment, Segment::Letters(_));
        Some(segment)
    }

    /// Passes over zeros; they are due only where a segment follows that keeps them from being the end.
    fn count_zeros(&mut self) {
        let mut zeros = 0;
        while let Some((segment, rest)) = split_segment(self.rest) {
            if !segment.is_zero() {
                let kept = self.after_letters || matches!(segment, Segment::Number(_));
                self.zeros = if kept { zeros } else { 0 };
                return;
            }
            zeros += 1;
            self.rest = rest;
        }
    }
}

/// The first segment and what follows it. A hyphen stands for the segment `pre`.
fn split_segment(text: &[u8]) -> Option<(Segment<'_>, &[u8])> {
    let (_, text) = number::split_while(text, |byte| *byte == b'.');
    match text.split_first()? {
        (b'-', rest) => Some((Segment::Letters(b"pre"), rest)),
        (byte, _) if byte.is_ascii_digit() => {
            let (digits, rest) = number::split_digits(text);
            Some((Segment::Number(digits), rest))
        }
        _ => {
            let (letters, rest) = number::split_while(text, u8::is_ascii_alphabetic);
            // INVARIANT: `canonical` lets nothing but letters, digits, dots and hyphens in.
            (!letters.is_empty()).then_some((Segment::Letters(letters), rest))
        }
    }
}
