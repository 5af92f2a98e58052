//! Pod versions, as `Pod::Version` orders them: build metadata does not count, and of two pre-releases that
//! begin alike the longer is the later.
//!
//! <https://github.com/CocoaPods/Core/blob/master/lib/cocoapods-core/version.rb>

use std::borrow::Cow;
use std::cmp::Ordering;

use super::semver::compare_identifiers;
use super::{Order, number};

pub(super) const ORDER: Order = Order { canonical, compare };

fn canonical(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim_ascii();
    let (version, metadata) = match text.split_once('+') {
        Some((version, metadata)) => (version, Some(metadata)),
        None => (text, None),
    };
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let mut parts = version.split('.');
    let is_good = parts.next().is_some_and(number::is_number)
        && parts.all(|part| !part.is_empty() && part.bytes().all(is_word))
        && metadata
            .is_none_or(|text| !text.is_empty() && text.bytes().all(|byte| is_word(byte) || byte == b'.'));
    is_good.then_some(Cow::Borrowed(version))
}

fn compare(a: &str, b: &str) -> Ordering {
    let ((numbers_a, pre_a), (numbers_b, pre_b)) = (split(a), split(b));
    number::compare_lists(segments(numbers_a), segments(numbers_b), compare_numbers)
        // Without a pre-release part it is the release, which comes after all of them.
        .then_with(|| pre_a.is_empty().cmp(&pre_b.is_empty()))
        .then_with(|| number::compare_lists(segments(pre_a), segments(pre_b), compare_pre))
}

/// Splits before the first letter.
fn split(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().position(|byte| byte.is_ascii_alphabetic()).unwrap_or(text.len()))
}

/// Runs of digits and runs of letters.
fn segments(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(['.', '-']);
        let is_digit = rest.bytes().next()?.is_ascii_digit();
        let belongs = |byte: u8| if is_digit { byte.is_ascii_digit() } else { byte.is_ascii_alphabetic() };
        let end = rest.bytes().position(|byte| !belongs(byte)).unwrap_or(rest.len());
        let (segment, after) = rest.split_at(end);
        rest = after;
        (!segment.is_empty()).then_some(segment)
    })
}

fn compare_numbers(a: Option<&str>, b: Option<&str>) -> Ordering {
    number::compare(a.unwrap_or("").as_bytes(), b.unwrap_or("").as_bytes())
}

fn compare_pre(a: Option<&str>, b: Option<&str>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => compare_identifiers(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}
