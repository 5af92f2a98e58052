//! PHP package versions: Composer's `VersionParser::normalize`, then PHP's `version_compare`.
//!
//! Branches (`dev-main`) are refused: Composer never lets one satisfy an ordering.
//! <https://getcomposer.org/doc/articles/versions.md>, <https://www.php.net/version_compare>

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Order, number};

pub(super) const ORDER: Order = Order { canonical, compare };

const STABILITY_FLAGS: &[&str] = &["stable", "rc", "beta", "alpha", "dev"];
/// Longer words first: `p` must not take the front of `patch`.
const STABILITIES: &[(&str, &str)] = &[
    ("stable", "stable"),
    ("beta", "beta"),
    ("b", "beta"),
    ("rc", "RC"),
    ("alpha", "alpha"),
    ("a", "alpha"),
    ("patch", "patch"),
    ("pl", "patch"),
    ("p", "patch"),
];
/// What Composer puts for `x` in a branch such as `1.x-dev`.
const ANY: &str = "9999999";

fn canonical(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim_matches(|character| " \t\n\r\0\x0b".contains(character));
    let text = strip_flag(strip_alias(text));
    if matches!(text, "master" | "trunk" | "default") || starts_with(text, "dev-") {
        return None;
    }
    let text = strip_build(text);
    classic(text).or_else(|| dated(text)).or_else(|| numeric_branch(text)).map(Cow::Owned)
}

/// `1.0 as 2.0` is `1.0`.
fn strip_alias(text: &str) -> &str {
    let is_word = |word: &str| !word.contains([',', '\t', '\n', '\r', '\x0b', '\x0c']);
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(version), Some("as"), Some(alias), None) if is_word(version) && is_word(alias) => version,
        _ => text,
    }
}

fn strip_flag(text: &str) -> &str {
    match text.rsplit_once('@') {
        Some((version, flag)) if STABILITY_FLAGS.iter().any(|known| flag.eq_ignore_ascii_case(known)) => {
            version
        }
        _ => text,
    }
}

fn strip_build(text: &str) -> &str {
    match text.split_once('+') {
        Some((version, build))
            if !version.is_empty()
                && !build.is_empty()
                && !version.contains(',')
                && !text.contains(|character: char| character.is_ascii_whitespace()) =>
        {
            version
        }
        _ => text,
    }
}

fn starts_with(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|front| front.eq_ignore_ascii_case(word))
}

fn strip_v(text: &str) -> &str {
    text.strip_prefix(['v', 'V']).unwrap_or(text)
}

/// One to four numbers and a stability; the missing numbers are zero.
fn classic(text: &str) -> Option<String> {
    let text = strip_v(text);
    let (first, mut rest) = take_digits(text);
    if first.is_empty() || first.len() > 5 {
        return None;
    }
    let mut version = String::with_capacity(text.len() + 8);
    version.push_str(first);
    for _ in 0..3 {
        let (digits, after) = rest.strip_prefix('.').map(take_digits).unwrap_or_default();
        version.push('.');
        if digits.is_empty() {
            version.push('0');
        } else {
            version.push_str(digits);
            rest = after;
        }
    }
    push_modifiers(version, rest)
}

/// A date with or without time, such as `2010-01-02` and `20100102-203040`.
fn dated(text: &str) -> Option<String> {
    let text = strip_v(text);
    let run = text.find(|character: char| !character.is_ascii_digit() && !".:-".contains(character));
    let (date, _) = text.split_at(run.unwrap_or(text.len()));
    let date = date.trim_end_matches(['.', ':', '-']);
    let (year, rest) = date.split_at_checked(4)?;
    if !number::is_number(year) || !is_date_rest(rest, 0) {
        return None;
    }
    push_modifiers(date.replace([':', '-'], "."), text.get(date.len()..)?)
}

/// Whether the text is one to six groups of two digits and at most one of up to three more.
fn is_date_rest(text: &str, groups: usize) -> bool {
    let group = |digits: usize| {
        let text = text.strip_prefix(['.', ':', '-']).unwrap_or(text);
        text.split_at_checked(digits).filter(|(front, _)| number::is_number(front)).map(|(_, rest)| rest)
    };
    let ends_here = groups > 0 && (text.is_empty() || (1..=3).any(|digits| group(digits) == Some("")));
    ends_here || (groups < 6 && group(2).is_some_and(|rest| is_date_rest(rest, groups + 1)))
}

/// `1.x-dev` and `2.1-dev`: a branch that has a place in the order, above all its releases.
fn numeric_branch(text: &str) -> Option<String> {
    let end = text.len().checked_sub(3)?;
    let (name, dev) = text.split_at_checked(end)?;
    if !dev.eq_ignore_ascii_case("dev") {
        return None;
    }
    let name = strip_v(name.strip_suffix(['.', '-']).unwrap_or(name).trim());
    let parts: Vec<&str> = name.split('.').collect();
    let (first, others) = parts.split_first()?;
    let is_part = |part: &&str| number::is_number(part) || matches!(*part, "x" | "X" | "*");
    if !number::is_number(first) || others.len() > 3 || !others.iter().all(is_part) {
        return None;
    }
    let mut version = (*first).to_owned();
    for part in others.iter().copied().chain(std::iter::repeat("x")).take(3) {
        version.push('.');
        version.push_str(if number::is_number(part) { part } else { ANY });
    }
    version.push_str("-dev");
    Some(version)
}

/// Adds `[sep][stability[numbers]][[sep]dev]` in its normal form; `None` where something else stands there.
fn push_modifiers(mut version: String, text: &str) -> Option<String> {
    let mut rest = text.strip_prefix(['.', '_', '-']).unwrap_or(text);
    if let Some((word, stability)) = STABILITIES.iter().find(|(word, _)| starts_with(rest, word)) {
        let (written, after) = rest.split_at(word.len());
        let (numbers, after) = take_counts(after);
        rest = after;
        let is_dev = is_dev(rest)?;
        if written == "stable" {
            return Some(version);
        }
        version.push('-');
        version.push_str(stability);
        version.push_str(numbers.trim_start_matches(['.', '-']));
        version.push_str(if is_dev { "-dev" } else { "" });
        return Some(version);
    }
    version.push_str(if is_dev(rest)? { "-dev" } else { "" });
    Some(version)
}

/// Whether the rest is `dev` (true) or nothing (false).
fn is_dev(rest: &str) -> Option<bool> {
    let word = rest.strip_prefix(['.', '-']).unwrap_or(rest);
    if rest.is_empty() {
        return Some(false);
    }
    word.eq_ignore_ascii_case("dev").then_some(true)
}

/// Takes `([.-]digits)*`, where the separators may be left out.
fn take_counts(text: &str) -> (&str, &str) {
    let mut rest = text;
    loop {
        let (digits, after) = take_digits(rest.strip_prefix(['.', '-']).unwrap_or(rest));
        if digits.is_empty() {
            return text.split_at(text.len() - rest.len());
        }
        rest = after;
    }
}

fn take_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len()))
}

/// PHP's `version_compare`. Runs of digits and runs of letters are parts, whatever separates them.
fn compare(a: &str, b: &str) -> Ordering {
    let (mut rest_a, mut rest_b) = (a, b);
    loop {
        let order = match (take_part(&mut rest_a), take_part(&mut rest_b)) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) => compare_parts(a, b),
            // A number that the other lacks is more, even 0; a word is compared with a number's rank.
            (Some(a), None) => return compare_with_nothing(a),
            (None, Some(b)) => return compare_with_nothing(b).reverse(),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn take_part<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let text = rest.trim_start_matches(|character: char| !character.is_ascii_alphanumeric());
    let is_digits = text.bytes().next()?.is_ascii_digit();
    let belongs = |byte: u8| byte.is_ascii_alphanumeric() && byte.is_ascii_digit() == is_digits;
    let (part, after) = text.split_at(text.bytes().position(|byte| !belongs(byte)).unwrap_or(text.len()));
    *rest = after;
    Some(part)
}

fn compare_with_nothing(part: &str) -> Ordering {
    if number::is_number(part) { Ordering::Greater } else { rank(part).cmp(&NUMBER_RANK) }
}

fn compare_parts(a: &str, b: &str) -> Ordering {
    match (number::is_number(a), number::is_number(b)) {
        (true, true) => long(a).cmp(&long(b)),
        _ => rank(a).cmp(&rank(b)),
    }
}

/// PHP reads numbers with `strtol`, which stops at the largest.
fn long(digits: &str) -> i64 {
    digits.parse().unwrap_or(i64::MAX)
}

const NUMBER_RANK: i8 = 4;

/// PHP knows a word by its first letters; one that it does not know comes first.
fn rank(part: &str) -> i8 {
    match part {
        _ if number::is_number(part) => NUMBER_RANK,
        _ if part.starts_with("dev") => 0,
        _ if part.starts_with('a') => 1,
        _ if part.starts_with('b') => 2,
        _ if part.starts_with("RC") || part.starts_with("rc") => 3,
        _ if part.starts_with('p') => 5,
        _ => -1,
    }
}
