//! NuGet versions: SemVer 2 with one to four numbers and labels without regard to case.
//!
//! What .NET's number parser would also read (blanks and signs inside) is refused.
//! <https://learn.microsoft.com/nuget/concepts/package-versioning>

use std::borrow::Cow;
use std::cmp::Ordering;

use super::semver::{SemVer, compare_pre, has_leading_zero, is_identifier};
use super::{Order, number};

pub(super) const ORDER: Order = Order { canonical, compare };

fn canonical(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    let version = SemVer::of(text);
    let numbers_are_good =
        version.numbers.split('.').all(|part| number::is_number_up_to(part, i32::MAX as u64))
            && version.numbers.split('.').count() <= 4;
    let label_is_good = |label: &str| is_identifier(label) && !has_leading_zero(label);
    let is_good = numbers_are_good
        && version.pre.is_none_or(|pre| pre.split('.').all(label_is_good))
        && version.build.is_none_or(|build| build.split('.').all(is_identifier));
    is_good.then_some(Cow::Borrowed(text))
}

fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (SemVer::of(a), SemVer::of(b));
    a.compare_numbers(&b).then_with(|| compare_pre(a.pre, b.pre, compare_labels))
}

/// Numbers before texts. A label is a number where .NET reads a 32-bit integer, so `-1` is one.
fn compare_labels(a: &str, b: &str) -> Ordering {
    match (a.parse::<i32>(), b.parse::<i32>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        (Err(_), Err(_)) => uppercase(a).cmp(uppercase(b)),
        (a, b) => b.is_ok().cmp(&a.is_ok()),
    }
}

fn uppercase(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().map(|byte| byte.to_ascii_uppercase())
}
