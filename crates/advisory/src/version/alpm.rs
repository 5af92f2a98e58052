//! Pacman's `vercmp`: RPM's order from before `~` and `^`, with its own rule for a longer version.
//!
//! <https://man.archlinux.org/man/vercmp.8>

use std::borrow::Cow;
use std::cmp::Ordering;

use super::rpm::{Evr, compare_segment};
use super::{Order, number};

pub(super) const ORDER: Order = Order { canonical, compare };

fn canonical(text: &str) -> Option<Cow<'_, str>> {
    // Which bytes beyond ASCII are letters depends on pacman's locale.
    text.is_ascii().then_some(Cow::Borrowed(text))
}

fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Evr::of(a), Evr::of(b));
    let release = || match (a.release, b.release) {
        (Some(a), Some(b)) => compare_part(a, b),
        _ => Ordering::Equal,
    };
    compare_part(a.epoch_digits(), b.epoch_digits())
        .then_with(|| compare_part(a.version, b.version))
        .then_with(release)
}

fn compare_part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() && !b.is_empty() {
        let ((separator_a, rest_a), (separator_b, rest_b)) = (split_separator(a), split_separator(b));
        (a, b) = (rest_a, rest_b);
        if a.is_empty() || b.is_empty() {
            break;
        }
        let order = separator_a.len().cmp(&separator_b.len());
        if order.is_ne() {
            return order;
        }
        let order;
        (order, a, b) = compare_segment(a, b);
        if order.is_ne() {
            return order;
        }
    }
    compare_rest(a, b)
}

fn split_separator(text: &[u8]) -> (&[u8], &[u8]) {
    number::split_while(text, |byte| !byte.is_ascii_alphanumeric())
}

/// Letters that only one of them has make it older (`1.0beta`), anything else makes it newer.
fn compare_rest(a: &[u8], b: &[u8]) -> Ordering {
    let is_letter = |text: &[u8]| text.first().is_some_and(u8::is_ascii_alphabetic);
    match (a.is_empty(), b.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) if is_letter(b) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, _) if is_letter(a) => Ordering::Less,
        (false, _) => Ordering::Greater,
    }
}
