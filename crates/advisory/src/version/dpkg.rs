//! Debian package versions, as `dpkg --compare-versions` orders them.
//!
//! dpkg warns of odd characters and compares all the same, and so does this; what makes dpkg stop is refused.
//! <https://manpages.debian.org/stable/dpkg-dev/deb-version.7.en.html>

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Order, number};

pub(super) const ORDER: Order = Order { canonical, compare };

fn canonical(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim_matches(is_space);
    // How bytes beyond ASCII compare depends on the machine that dpkg was built for.
    if !text.is_ascii() || text.contains(is_space) {
        return None;
    }
    let (epoch, rest) = split_epoch(text);
    let epoch_is_good =
        epoch.is_none_or(|text| text.parse::<i64>().is_ok_and(|n| (0..=i32::MAX.into()).contains(&n)));
    let (upstream, revision) = split_revision(rest);
    let parts_are_there = !upstream.is_empty() && revision.is_none_or(|text| !text.is_empty());
    (epoch_is_good && parts_are_there).then_some(Cow::Borrowed(text))
}

fn compare(a: &str, b: &str) -> Ordering {
    let ((epoch_a, a), (epoch_b, b)) = (split_epoch(a), split_epoch(b));
    epoch_value(epoch_a).cmp(&epoch_value(epoch_b)).then_with(|| compare_without_epoch(a, b))
}

/// Compares `upstream[-revision]`; a missing revision is empty and equals `0`.
pub(super) fn compare_without_epoch(a: &str, b: &str) -> Ordering {
    let ((a, revision_a), (b, revision_b)) = (split_revision(a), split_revision(b));
    compare_part(a, b).then_with(|| compare_part(revision_a.unwrap_or(""), revision_b.unwrap_or("")))
}

fn is_space(character: char) -> bool {
    character.is_ascii_whitespace() || character == '\x0b'
}

fn split_epoch(text: &str) -> (Option<&str>, &str) {
    match text.split_once(':') {
        Some((epoch, rest)) => (Some(epoch), rest),
        None => (None, text),
    }
}

fn split_revision(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once('-') {
        Some((upstream, revision)) => (upstream, Some(revision)),
        None => (text, None),
    }
}

fn epoch_value(epoch: Option<&str>) -> i64 {
    epoch.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Compares runs of other characters and runs of digits in turn.
fn compare_part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        while is_other(a) || is_other(b) {
            let order = weight(a.first()).cmp(&weight(b.first()));
            if order.is_ne() {
                return order;
            }
            (a, b) = (rest(a), rest(b));
        }
        let ((digits_a, rest_a), (digits_b, rest_b)) = (number::split_digits(a), number::split_digits(b));
        let order = number::compare(digits_a, digits_b);
        if order.is_ne() {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    Ordering::Equal
}

fn is_other(text: &[u8]) -> bool {
    text.first().is_some_and(|byte| !byte.is_ascii_digit())
}

fn rest(text: &[u8]) -> &[u8] {
    text.split_first().map_or(text, |(_, rest)| rest)
}

/// `~` before the end, the end and digits before letters, letters before everything else.
fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        Some(b'~') => -1,
        None | Some(b'0'..=b'9') => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    }
}
