//! Python versions by PEP 440, as the `packaging` library reads and orders them.
//!
//! Versions from before PEP 440 (`2004d`, `1.0-custom`) are refused.
//! <https://packaging.python.org/en/latest/specifications/version-specifiers/>

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Order, number};

pub(super) const ORDER: Order = Order { canonical, compare };

/// The parts of a version, as digits and text of its spelling.
struct Parts<'a> {
    epoch: &'a str,
    /// Numbers joined by dots.
    release: &'a str,
    /// Which kind of pre-release, and its number.
    pre: Option<(PreKind, &'a str)>,
    post: Option<&'a str>,
    dev: Option<&'a str>,
    local: Option<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PreKind {
    Alpha,
    Beta,
    Candidate,
}

/// Longer words first: `a` must not take the front of `alpha`.
const PRE_WORDS: &[(&str, PreKind)] = &[
    ("alpha", PreKind::Alpha),
    ("a", PreKind::Alpha),
    ("beta", PreKind::Beta),
    ("b", PreKind::Beta),
    ("preview", PreKind::Candidate),
    ("pre", PreKind::Candidate),
    ("rc", PreKind::Candidate),
    ("c", PreKind::Candidate),
];
const POST_WORDS: &[(&str, ())] = &[("post", ()), ("rev", ()), ("r", ())];
const DEV_WORDS: &[(&str, ())] = &[("dev", ())];

fn canonical(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    Parts::of(text).map(|_| Cow::Borrowed(text))
}

fn compare(a: &str, b: &str) -> Ordering {
    match (Parts::of(a), Parts::of(b)) {
        (Some(a), Some(b)) => a.compare(&b),
        _ => Ordering::Equal,
    }
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut rest = Rest(text);
        rest.word("v");
        let epoch = rest.epoch();
        let release = rest.release()?;
        let pre = rest.labelled(PRE_WORDS);
        let post = match rest.implicit_post() {
            Some(digits) => Some(digits),
            None => rest.labelled(POST_WORDS).map(|((), digits)| digits),
        };
        let dev = rest.labelled(DEV_WORDS).map(|((), digits)| digits);
        let local = match rest.0.strip_prefix('+') {
            Some(local) if is_local(local) => Some(local),
            None if rest.0.is_empty() => None,
            _ => return None,
        };
        Some(Self { epoch, release, pre, post, dev, local })
    }

    fn compare(&self, other: &Self) -> Ordering {
        number::compare(self.epoch.as_bytes(), other.epoch.as_bytes())
            .then_with(|| {
                number::compare_lists(self.release.split('.'), other.release.split('.'), |a, b| {
                    number::compare(a.unwrap_or("0").as_bytes(), b.unwrap_or("0").as_bytes())
                })
            })
            .then_with(|| self.stage().cmp(&other.stage()))
            .then_with(|| compare_digits(self.pre.map(|pre| pre.1), other.pre.map(|pre| pre.1)))
            // No post-release is before any; no development release is after any.
            .then_with(|| compare_digits(self.post, other.post))
            .then_with(|| other.dev.is_some().cmp(&self.dev.is_some()))
            .then_with(|| compare_digits(self.dev, other.dev))
            .then_with(|| compare_local(self.local, other.local))
    }

    /// Development releases of the release itself come first, then pre-releases, then all others.
    fn stage(&self) -> (u8, Option<PreKind>) {
        match self.pre {
            Some((kind, _)) => (1, Some(kind)),
            None if self.post.is_none() && self.dev.is_some() => (0, None),
            None => (2, None),
        }
    }
}

/// Nothing before something, then by value.
fn compare_digits(a: Option<&str>, b: Option<&str>) -> Ordering {
    a.is_some()
        .cmp(&b.is_some())
        .then_with(|| number::compare(a.unwrap_or("").as_bytes(), b.unwrap_or("").as_bytes()))
}

fn compare_local(a: Option<&str>, b: Option<&str>) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else {
        return a.is_some().cmp(&b.is_some());
    };
    number::compare_lists(a.split(is_separator), b.split(is_separator), |a, b| match (a, b) {
        (Some(a), Some(b)) => match (number::is_number(a), number::is_number(b)) {
            (true, true) => number::compare(a.as_bytes(), b.as_bytes()),
            (false, false) => lowercase(a).cmp(lowercase(b)),
            (a_is_number, b_is_number) => a_is_number.cmp(&b_is_number),
        },
        _ => a.is_some().cmp(&b.is_some()),
    })
}

fn lowercase(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().map(|byte| byte.to_ascii_lowercase())
}

fn is_separator(character: char) -> bool {
    matches!(character, '-' | '_' | '.')
}

fn is_local(text: &str) -> bool {
    text.split(is_separator)
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// What is still to be read of a version.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// Takes the bytes at the front for which `belongs` holds; they must be ASCII.
    fn take(&mut self, belongs: impl Fn(u8) -> bool) -> &'a str {
        let end = self.0.bytes().position(|byte| !belongs(byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    /// Takes the word, in any case, where it stands at the front.
    fn word(&mut self, word: &str) -> bool {
        let found = self.0.get(..word.len()).is_some_and(|front| front.eq_ignore_ascii_case(word));
        if found {
            self.0 = self.0.get(word.len()..).unwrap_or("");
        }
        found
    }

    /// Takes `N!`; without it the epoch is 0.
    fn epoch(&mut self) -> &'a str {
        match self.0.split_once('!') {
            Some((epoch, rest)) if number::is_number(epoch) => {
                self.0 = rest;
                epoch
            }
            _ => "0",
        }
    }

    /// Takes `N(.N)*`.
    fn release(&mut self) -> Option<&'a str> {
        let start = self.0;
        let mut end = self.take(|byte| byte.is_ascii_digit()).len();
        if end == 0 {
            return None;
        }
        while let Some(after) = self.0.strip_prefix('.') {
            let mut next = Rest(after);
            let digits = next.take(|byte| byte.is_ascii_digit());
            if digits.is_empty() {
                break;
            }
            end += 1 + digits.len();
            *self = next;
        }
        start.get(..end)
    }

    /// Takes `[sep]word[sep][N]` where one of the words stands there; a missing number is 0.
    fn labelled<T: Copy>(&mut self, words: &[(&str, T)]) -> Option<(T, &'a str)> {
        let mut rest = Rest(self.0.strip_prefix(is_separator).unwrap_or(self.0));
        let (_, label) = words.iter().find(|(word, _)| rest.word(word))?;
        self.0 = rest.0.strip_prefix(is_separator).unwrap_or(rest.0);
        Some((*label, self.take(|byte| byte.is_ascii_digit())))
    }

    /// Takes `-N`, the short form of `.postN`.
    fn implicit_post(&mut self) -> Option<&'a str> {
        let mut rest = Rest(self.0.strip_prefix('-')?);
        let digits = rest.take(|byte| byte.is_ascii_digit());
        if digits.is_empty() {
            return None;
        }
        *self = rest;
        Some(digits)
    }
}
