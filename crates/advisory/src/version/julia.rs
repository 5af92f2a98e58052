//! Julia versions, as `VersionNumber` reads and orders them.
//!
//! Unlike SemVer, builds count, a pre-release that begins with a letter needs no hyphen, and a hyphen or a plus
//! at the end stands for the bound below or above everything that begins so.
//! <https://docs.julialang.org/en/v1/manual/strings/#man-version-number-literals>

use std::borrow::Cow;
use std::cmp::Ordering;

use super::semver::{compare_dotted, is_identifier};
use super::{Order, number};

pub(super) const ORDER: Order = Order { canonical, compare };

struct Parts<'a> {
    /// One to three numbers joined by dots.
    numbers: &'a str,
    /// An empty text is the bound below everything.
    pre: Option<&'a str>,
    /// An empty text is the bound above everything.
    build: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (text, build) = match text.split_once('+') {
            Some((text, build)) => (text, Some(build)),
            None => (text, None),
        };
        let end = text.find(|character: char| !character.is_ascii_digit() && character != '.');
        let (numbers, pre) = text.split_at(end.unwrap_or(text.len()));
        let pre = end.map(|_| pre.strip_prefix('-').unwrap_or(pre));
        Self { numbers, pre, build }
    }

    fn is_valid(&self) -> bool {
        let number_is_good = |part: &str| number::is_number_up_to(part, i64::MAX as u64);
        let parts_are_good = |text: &str| {
            text.split('.')
                .all(|part| is_identifier(part) && (!number::is_number(part) || number_is_good(part)))
        };
        // A hyphen that ends the version can't be followed by a build.
        let pre_is_good = match self.pre {
            None => true,
            Some("") => self.build.is_none(),
            Some(pre) => parts_are_good(pre),
        };
        self.numbers.split('.').count() <= 3
            && self.numbers.split('.').all(number_is_good)
            && pre_is_good
            && self.build.is_none_or(|build| build.is_empty() || parts_are_good(build))
    }
}

fn canonical(text: &str) -> Option<Cow<'_, str>> {
    Parts::of(text).is_valid().then_some(Cow::Borrowed(text))
}

fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Parts::of(a), Parts::of(b));
    let numbers = number::compare_lists(a.numbers.split('.'), b.numbers.split('.'), |a, b| {
        number::compare(a.unwrap_or("").as_bytes(), b.unwrap_or("").as_bytes())
    });
    let pre = || match (a.pre, b.pre) {
        (Some(a), Some(b)) => compare_dotted(a, b, compare_identifiers),
        (a, b) => b.is_some().cmp(&a.is_some()),
    };
    let build = || match (a.build, b.build) {
        (Some(a), Some(b)) if a.is_empty() || b.is_empty() => a.is_empty().cmp(&b.is_empty()),
        (Some(""), None) => Ordering::Greater,
        (Some(a), Some(b)) => compare_dotted(a, b, compare_identifiers),
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    numbers.then_with(pre).then_with(build)
}

/// The empty text before numbers, numbers before texts.
fn compare_identifiers(a: &str, b: &str) -> Ordering {
    let rank = |text: &str| {
        if text.is_empty() {
            0
        } else if number::is_number(text) {
            1
        } else {
            2
        }
    };
    match (rank(a), rank(b)) {
        (1, 1) => number::compare(a.as_bytes(), b.as_bytes()),
        (rank_a, rank_b) => rank_a.cmp(&rank_b).then_with(|| a.cmp(b)),
    }
}
