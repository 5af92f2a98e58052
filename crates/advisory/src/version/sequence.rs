//! Versions that are nothing but numbers: R's `package_version`, and Haskell's package versioning policy.
//!
//! <https://stat.ethz.ch/R-manual/R-devel/library/base/html/numeric_version.html>, <https://pvp.haskell.org/>

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Order, number};

/// Missing numbers are zero.
pub(super) const CRAN: Order = Order { canonical: canonical_cran, compare: compare_cran };
/// Of two that begin alike the longer is the later: 1.0 is before 1.0.0.
pub(super) const PVP: Order = Order { canonical: canonical_pvp, compare: compare_pvp };

fn canonical_cran(text: &str) -> Option<Cow<'_, str>> {
    // R turns what fits no 32-bit integer into "not available".
    let is_good = |part: &str| number::is_number_up_to(part, i32::MAX as u64);
    let has_two = text.contains(is_cran_separator);
    (has_two && text.split(is_cran_separator).all(is_good)).then_some(Cow::Borrowed(text))
}

fn is_cran_separator(character: char) -> bool {
    matches!(character, '.' | '-')
}

fn compare_cran(a: &str, b: &str) -> Ordering {
    number::compare_lists(a.split(is_cran_separator), b.split(is_cran_separator), |a, b| {
        number::compare(a.unwrap_or("").as_bytes(), b.unwrap_or("").as_bytes())
    })
}

fn canonical_pvp(text: &str) -> Option<Cow<'_, str>> {
    // Cabal reads neither leading zeros nor more than nine digits.
    let is_good =
        |part: &str| number::is_number(part) && part.len() <= 9 && (part == "0" || !part.starts_with('0'));
    text.split('.').all(is_good).then_some(Cow::Borrowed(text))
}

fn compare_pvp(a: &str, b: &str) -> Ordering {
    number::compare_lists(a.split('.'), b.split('.'), |a, b| match (a, b) {
        (Some(a), Some(b)) => number::compare(a.as_bytes(), b.as_bytes()),
        (a, b) => a.is_some().cmp(&b.is_some()),
    })
}
