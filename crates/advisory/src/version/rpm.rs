//! RPM's `[epoch:]version[-release]`, as `rpm.ver` orders it.
//!
//! RPM accepts every text but the empty one: what is neither letter, digit, `~` nor `^` only separates.
//! <https://rpm.org/docs/latest/man/rpm-version.7>

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Order, number};

pub(super) const ORDER: Order = Order { canonical, compare };

fn canonical(text: &str) -> Option<Cow<'_, str>> {
    // RPM truncates a larger epoch without a word; such a version has no place that can be relied on.
    let epoch_is_good =
        Evr::of(text).epoch.is_none_or(|epoch| epoch.is_empty() || epoch.parse::<u32>().is_ok());
    epoch_is_good.then_some(Cow::Borrowed(text))
}

fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Evr::of(a), Evr::of(b));
    let release = || match (a.release, b.release) {
        (Some(a), Some(b)) => compare_part(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    a.epoch_value().cmp(&b.epoch_value()).then_with(|| compare_part(a.version, b.version)).then_with(release)
}

/// Epoch, version and release, which pacman splits in the same way.
pub(super) struct Evr<'a> {
    epoch: Option<&'a str>,
    pub(super) version: &'a str,
    pub(super) release: Option<&'a str>,
}

impl<'a> Evr<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => (Some(epoch), rest),
            _ => (None, text),
        };
        match rest.rsplit_once('-') {
            Some((version, release)) => Self { epoch, version, release: Some(release) },
            None => Self { epoch, version: rest, release: None },
        }
    }

    fn epoch_value(&self) -> u32 {
        self.epoch.and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// The epoch as digits, `0` where there is none.
    pub(super) fn epoch_digits(&self) -> &'a str {
        self.epoch.filter(|text| !text.is_empty()).unwrap_or("0")
    }
}

fn compare_part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        (a, b) = (skip_separators(a), skip_separators(b));
        match (a.split_first(), b.split_first()) {
            (Some((b'~', rest_a)), Some((b'~', rest_b))) | (Some((b'^', rest_a)), Some((b'^', rest_b))) => {
                (a, b) = (rest_a, rest_b);
                continue;
            }
            (Some((b'~', _)), _) => return Ordering::Less,
            (_, Some((b'~', _))) => return Ordering::Greater,
            // A caret is more than the end and less than anything that follows.
            (Some((b'^', _)), other) => {
                return if other.is_none() { Ordering::Greater } else { Ordering::Less };
            }
            (other, Some((b'^', _))) => {
                return if other.is_none() { Ordering::Less } else { Ordering::Greater };
            }
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(_), Some(_)) => {}
        }
        let order;
        (order, a, b) = compare_segment(a, b);
        if order.is_ne() {
            return order;
        }
    }
}

fn skip_separators(text: &[u8]) -> &[u8] {
    number::split_while(text, |byte| !byte.is_ascii_alphanumeric() && *byte != b'~' && *byte != b'^').1
}

/// Compares one run of digits or of letters at the front of both, and gives what follows.
/// Digits are newer than letters.
pub(super) fn compare_segment<'a>(a: &'a [u8], b: &'a [u8]) -> (Ordering, &'a [u8], &'a [u8]) {
    let are_digits = |text: &[u8]| text.first().is_some_and(u8::is_ascii_digit);
    match (are_digits(a), are_digits(b)) {
        (true, true) => {
            let ((a, rest_a), (b, rest_b)) = (number::split_digits(a), number::split_digits(b));
            (number::compare(a, b), rest_a, rest_b)
        }
        (false, false) => {
            let letters = |text: &'a [u8]| number::split_while(text, u8::is_ascii_alphabetic);
            let ((a, rest_a), (b, rest_b)) = (letters(a), letters(b));
            (a.cmp(b), rest_a, rest_b)
        }
        (a_digits, b_digits) => (a_digits.cmp(&b_digits), a, b),
    }
}
