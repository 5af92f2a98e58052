//! Decimal numbers of any length, compared as text: versions count in dates and hashes that fit no integer.

use std::cmp::Ordering;

/// Compares two runs of digits by value; an empty run is zero.
pub(super) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (strip_zeros(a), strip_zeros(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// The digits without leading zeros; empty for zero.
pub(super) fn strip_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
    digits.split_at(zeros).1
}

/// Splits after the bytes at the front for which `belongs` holds.
pub(super) fn split_while(text: &[u8], belongs: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !belongs(byte)).unwrap_or(text.len());
    text.split_at(end)
}

/// Splits after the digits at the front.
pub(super) fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    split_while(text, u8::is_ascii_digit)
}

/// Whether the text is one or more ASCII digits.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the text is a number of at most this value.
pub(super) fn is_number_up_to(text: &str, max: u64) -> bool {
    is_number(text) && text.parse::<u64>().is_ok_and(|value| value <= max)
}

/// Compares two lists that are still text, item by item; `None` stands for a missing item.
pub(super) fn compare_lists<'a>(
    mut a: impl Iterator<Item = &'a str>,
    mut b: impl Iterator<Item = &'a str>,
    compare: impl Fn(Option<&str>, Option<&str>) -> Ordering,
) -> Ordering {
    loop {
        let (x, y) = (a.next(), b.next());
        if x.is_none() && y.is_none() {
            return Ordering::Equal;
        }
        let order = compare(x, y);
        if order.is_ne() {
            return order;
        }
    }
}
