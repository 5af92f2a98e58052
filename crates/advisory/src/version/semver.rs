//! SemVer 2 and the dialects that differ from it only in what they accept or in whether builds count.
//!
//! <https://semver.org/>

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Order, number};

/// As crates.io: the numbers fit 64 bits.
pub(super) const STRICT: Order =
    Order { canonical: |text| check(text, &Grammar { max: Some(u64::MAX), ..SEMVER }), compare };
/// As Elixir's `Version`: numbers have no bound.
pub(super) const HEX: Order = Order { canonical: |text| check(text, &SEMVER), compare };
pub(super) const LENIENT: Order = Order {
    canonical: |text| check(text, &Grammar { v: true, min_numbers: 1, zeros: true, ..SEMVER }),
    compare,
};
pub(super) const SWIFT: Order = Order {
    canonical: |text| check(text, &Grammar { v: true, min_numbers: 2, zeros: true, ..SEMVER }),
    compare,
};
/// As `pub_semver`: leading zeros are read, numbers fit a signed 64-bit integer, builds count.
/// <https://pub.dev/documentation/pub_semver/latest/>
pub(super) const PUB: Order = Order {
    canonical: |text| check(text, &Grammar { zeros: true, max: Some(i64::MAX as u64), ..SEMVER }),
    compare: compare_with_build,
};

/// What a dialect accepts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grammar {
    /// A `v` in front.
    pub(super) v: bool,
    /// How many of the three numbers must be there.
    pub(super) min_numbers: usize,
    /// Leading zeros of numbers.
    pub(super) zeros: bool,
    /// The largest of the three numbers.
    pub(super) max: Option<u64>,
}

pub(super) const SEMVER: Grammar = Grammar { v: false, min_numbers: 3, zeros: false, max: None };

fn check<'a>(text: &'a str, grammar: &Grammar) -> Option<Cow<'a, str>> {
    let text = if grammar.v { text.strip_prefix(['v', 'V']).unwrap_or(text) } else { text };
    is_valid(text, grammar).then_some(Cow::Borrowed(text))
}

/// Whether a text without `v` is a version of the dialect.
pub(super) fn is_valid(text: &str, grammar: &Grammar) -> bool {
    let version = SemVer::of(text);
    let mut count = 0;
    for part in version.numbers.split('.') {
        count += 1;
        let in_bounds = grammar.max.is_none_or(|max| number::is_number_up_to(part, max));
        if !number::is_number(part) || !in_bounds || (!grammar.zeros && has_leading_zero(part)) {
            return false;
        }
    }
    let pre_is_good = |part: &str| is_identifier(part) && (grammar.zeros || !has_leading_zero(part));
    (grammar.min_numbers..=3).contains(&count)
        && version.pre.is_none_or(|pre| pre.split('.').all(pre_is_good))
        && version.build.is_none_or(|build| build.split('.').all(is_identifier))
}

pub(super) fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether it is a number written with more digits than it needs.
pub(super) fn has_leading_zero(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0') && number::is_number(text)
}

/// The parts of a version; each may still be malformed.
pub(super) struct SemVer<'a> {
    /// Numbers joined by dots.
    pub(super) numbers: &'a str,
    pub(super) pre: Option<&'a str>,
    pub(super) build: Option<&'a str>,
}

impl<'a> SemVer<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let (text, build) = split(text, '+');
        let (numbers, pre) = split(text, '-');
        Self { numbers, pre, build }
    }

    pub(super) fn compare_numbers(&self, other: &Self) -> Ordering {
        number::compare_lists(self.numbers.split('.'), other.numbers.split('.'), |a, b| {
            number::compare(a.unwrap_or("").as_bytes(), b.unwrap_or("").as_bytes())
        })
    }
}

fn split(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// The precedence of SemVer 2: builds do not count.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (SemVer::of(a), SemVer::of(b));
    a.compare_numbers(&b).then_with(|| compare_pre(a.pre, b.pre, compare_identifiers))
}

fn compare_with_build(a: &str, b: &str) -> Ordering {
    let (a, b) = (SemVer::of(a), SemVer::of(b));
    let build = || match (a.build, b.build) {
        (Some(a), Some(b)) => compare_dotted(a, b, compare_dart_identifiers),
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    a.compare_numbers(&b).then_with(|| compare_pre(a.pre, b.pre, compare_dart_identifiers)).then_with(build)
}

/// Pre-releases come before the release.
pub(super) fn compare_pre(a: Option<&str>, b: Option<&str>, compare: fn(&str, &str) -> Ordering) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => compare_dotted(a, b, compare),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// Compares identifier by identifier; of two that begin alike the longer is the later.
pub(super) fn compare_dotted(a: &str, b: &str, compare: fn(&str, &str) -> Ordering) -> Ordering {
    number::compare_lists(a.split('.'), b.split('.'), |a, b| match (a, b) {
        (Some(a), Some(b)) => compare(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    })
}

/// Numbers by value and before texts, texts by their bytes.
pub(super) fn compare_identifiers(a: &str, b: &str) -> Ordering {
    match (number::is_number(a), number::is_number(b)) {
        (true, true) => number::compare(a.as_bytes(), b.as_bytes()),
        (false, false) => a.cmp(b),
        (a_is_number, b_is_number) => b_is_number.cmp(&a_is_number),
    }
}

/// Dart takes for a number whatever its `int.tryParse` does: `-1` and `0x1f` too, but nothing over 64 bits.
fn compare_dart_identifiers(a: &str, b: &str) -> Ordering {
    match (dart_int(a), dart_int(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (None, None) => a.cmp(b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn dart_int(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let value = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) if !hex.starts_with(['+', '-']) => i128::from_str_radix(hex, 16).ok()?,
        None if number::is_number(digits) => digits.parse().ok()?,
        _ => return None,
    };
    i64::try_from(value * sign).ok()
}
