//! Conan versions, as `conan.internal.model.version.Version` orders them.
//!
//! Any text is a version to Conan; only texts that Conan accepts in a reference are accepted here.
//! <https://docs.conan.io/2/tutorial/versioning/version_ranges.html>

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Order, number};

pub(super) const ORDER: Order = Order { canonical, compare };

fn canonical(text: &str) -> Option<Cow<'_, str>> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_good = text.bytes().next().is_some_and(is_word)
        && text.bytes().all(|byte| is_word(byte) || b"+.-".contains(&byte))
        // Python counts without bound; numbers beyond 128 bits are no versions.
        && text.split(['.', '-', '+']).all(|item| !number::is_number(item) || item.parse::<i128>().is_ok());
    is_good.then_some(Cow::Borrowed(text))
}

struct Parts<'a> {
    main: &'a str,
    pre: Option<&'a str>,
    build: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let (text, build) = match text.rsplit_once('+') {
            Some((text, build)) => (text, Some(build)),
            None => (text, None),
        };
        match text.split_once('-') {
            Some((main, pre)) => Self { main, pre: Some(pre), build },
            None => Self { main: text, pre: None, build },
        }
    }
}

fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Parts::of(a), Parts::of(b));
    let pre = || match (a.pre, b.pre) {
        (Some(a), Some(b)) => compare_items(a, b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    };
    let build = || match (a.build, b.build) {
        (Some(a), Some(b)) => compare_items(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    compare_items(a.main, b.main).then_with(pre).then_with(build)
}

/// Compares items between dots, without the zeros at the end; of two that begin alike the longer is the later.
fn compare_items(a: &str, b: &str) -> Ordering {
    let (count_a, count_b) = (count_items(a), count_items(b));
    let (a, b) = (a.split('.').take(count_a), b.split('.').take(count_b));
    number::compare_lists(a, b, |a, b| match (a, b) {
        (Some(a), Some(b)) => compare_item(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    })
}

fn count_items(text: &str) -> usize {
    let zeros = text.rsplit('.').take_while(|item| python_int(item) == Some(0)).count();
    text.split('.').count() - zeros
}

/// Two numbers by value; otherwise both as text, a number without leading zeros.
fn compare_item(a: &str, b: &str) -> Ordering {
    match (python_int(a), python_int(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (None, None) => a.cmp(b),
        (Some(a), None) => a.to_string().as_str().cmp(b),
        (None, Some(b)) => a.cmp(b.to_string().as_str()),
    }
}

/// What Python's `int` makes of an item: signs and single underscores between digits are allowed.
fn python_int(text: &str) -> Option<i128> {
    let (sign, digits) = match text.as_bytes() {
        [b'-', ..] => (-1, text.get(1..)?),
        [b'+', ..] => (1, text.get(1..)?),
        _ => (1, text),
    };
    let mut value: i128 = 0;
    for group in digits.split('_') {
        if !number::is_number(group) {
            return None;
        }
        for digit in group.bytes() {
            value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
    }
    Some(value * sign)
}
