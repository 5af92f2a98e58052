//! Which packages of a bill a pattern means, and which documents need not be read to know that they hold none.
//!
//! A pattern is a package URL in which the name may have `*` and the version may be a range by the ecosystem's order:
//! `pkg:npm/lodash@<4.17.21`, `pkg:*/log4j*`, `pkg:maven/org.apache.*/*@>=2.0,<2.17`. Whether a version is below
//! another one is asked of the caller, who knows the orders.

use std::cmp::Ordering;

use aho_corasick::AhoCorasick;
use seawall_model::{Package, PackageKind, Purl, purl::percent_decoded};

use crate::Bill;

/// Compares two versions of a kind of package; `None` where one of them can't be read.
pub type CompareVersions<'a> = dyn Fn(PackageKind, &str, &str) -> Option<Ordering> + Sync + 'a;

/// A package URL with wild cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The type, namespace and name, lower case, in which `*` stands for any text.
    purl_type: String,
    /// `namespace/name`, or `name`.
    path: String,
    /// All must hold.
    versions: Vec<Bound>,
}

/// One condition on the version.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Bound {
    /// The same text, in which `*` stands for any.
    Like(String),
    Order(Relation, String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    #[error("{0:?} is no pattern: it does not have the form pkg:TYPE/NAME[@VERSION]")]
    Form(String),
    #[error("{0:?} is no type of package URL that is known, nor *")]
    Type(String),
    #[error("{0:?} has a condition on the version that names none")]
    Version(String),
}

/// Whether a package is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant {
    Yes,
    No,
    /// Its version can't be compared.
    Unknown,
}

impl std::str::FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let form = || PatternError::Form(text.to_owned());
        let rest = text.strip_prefix("pkg:").ok_or_else(form)?;
        let (purl_type, rest) = rest.split_once('/').ok_or_else(form)?;
        // A scope of npm has the same sign in front as a version, but no version has a slash.
        let (path, version) = match rest.rfind('@') {
            Some(at) if at > 0 && !rest[at..].contains('/') => (&rest[..at], Some(&rest[at + 1..])),
            _ => (rest, None),
        };
        let purl_type = purl_type.to_ascii_lowercase();
        if !purl_type.contains('*') && PackageKind::from_purl_type(&purl_type).is_none() {
            return Err(PatternError::Type(purl_type));
        }
        let path = percent_decoded(path.trim_matches('/')).ok_or_else(form)?.to_lowercase();
        if path.is_empty() {
            return Err(form());
        }
        let versions = version.map_or(Ok(Vec::new()), |version| bounds(text, version))?;
        Ok(Self { purl_type, path, versions })
    }
}

fn bounds(text: &str, version: &str) -> Result<Vec<Bound>, PatternError> {
    let bound = |part: &str| {
        let relations = [
            ("<=", Some(Relation::AtMost)),
            (">=", Some(Relation::AtLeast)),
            ("<", Some(Relation::Below)),
            (">", Some(Relation::Above)),
            ("=", None),
            ("", None),
        ];
        let part = part.trim();
        let (rest, relation) =
            relations.iter().find_map(|(sign, relation)| Some((part.strip_prefix(sign)?, *relation)))?;
        let version = percent_decoded(rest.trim()).filter(|version| !version.is_empty())?;
        Some(relation.map_or(Bound::Like(version.clone()), |relation| Bound::Order(relation, version)))
    };
    let read: Option<Vec<Bound>> = version.split(',').map(bound).collect();
    read.ok_or_else(|| PatternError::Version(text.to_owned()))
}

impl Pattern {
    /// Whether it means a package of a bill.
    pub fn means(&self, package: &Package, bill: &Bill, compare: &CompareVersions<'_>) -> Meant {
        if !like(&self.purl_type, package.kind.purl_type())
            || !self.names(&package.purl(bill.distro.as_ref()))
        {
            return Meant::No;
        }
        let mut meant = Meant::Yes;
        for bound in &self.versions {
            match bound.holds(package, compare) {
                Some(true) => {}
                Some(false) => return Meant::No,
                None => meant = Meant::Unknown,
            }
        }
        meant
    }

    /// With the namespace or without it, where the pattern has none.
    fn names(&self, purl: &Purl) -> bool {
        let name = purl.name.to_lowercase();
        let with_namespace = || {
            let namespace = purl.namespace.as_ref()?;
            Some(format!("{}/{name}", namespace.to_lowercase()))
        };
        like(&self.path, &name) && (purl.namespace.is_none() || is_distribution(purl))
            || with_namespace().is_some_and(|path| like(&self.path, &path))
    }

    /// What every document that holds such a package holds, too.
    pub fn prefilter(&self) -> Prefilter {
        Prefilter::of_names(std::iter::once(self.path.as_str()))
    }
}

fn is_distribution(purl: &Purl) -> bool {
    PackageKind::from_purl_type(&purl.purl_type).is_some_and(PackageKind::is_distribution)
}

impl Bound {
    fn holds(&self, package: &Package, compare: &CompareVersions<'_>) -> Option<bool> {
        match self {
            Self::Like(text) if like(text, &package.version) => Some(true),
            Self::Like(text) if text.contains('*') => Some(false),
            Self::Like(text) => Some(compare(package.kind, &package.version, text) == Some(Ordering::Equal)),
            Self::Order(relation, version) => {
                let order = compare(package.kind, &package.version, version)?;
                Some(match relation {
                    Relation::Below => order.is_lt(),
                    Relation::AtMost => order.is_le(),
                    Relation::Above => order.is_gt(),
                    Relation::AtLeast => order.is_ge(),
                })
            }
        }
    }
}

/// Whether a text is what a pattern means, in which `*` stands for any text.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut from) = (0, 0);
    // Where the last star stands, and where in the text it was tried to end.
    let mut star = None;
    while from < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, from));
            at += 1;
        } else if pattern.get(at) == Some(&text[from]) {
            at += 1;
            from += 1;
        } else if let Some((star_at, ended)) = star {
            star = Some((star_at, ended + 1));
            at = star_at + 1;
            from = ended + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// Tells documents that can't hold any of some names, without parsing them.
#[derive(Debug)]
pub struct Prefilter {
    /// `None`: any document may.
    words: Option<AhoCorasick>,
}

impl Prefilter {
    /// Of names of packages, which documents may write in other case of letters, percent-encoded, or in parts: what
    /// stays as it is are rows of letters and digits.
    pub fn of_names<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let words: Option<Vec<&str>> = names.map(longest_word).collect();
        let build = |words: Vec<&str>| {
            (!words.is_empty())
                .then(|| AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok())?
        };
        Self { words: words.and_then(build) }
    }

    /// Whether a document may hold one of the names. Never `false` for one that does.
    pub fn may_hold(&self, bytes: &[u8]) -> bool {
        let Some(words) = &self.words else { return true };
        is_encoded(bytes) || words.is_match(bytes)
    }
}

/// The longest row of letters and digits in the last part of a name that has one of some length.
fn longest_word(name: &str) -> Option<&str> {
    let longest = |part: &'_ str| -> Option<std::ops::Range<usize>> {
        let start = part.as_ptr().addr() - name.as_ptr().addr();
        let words = part.split(|character: char| !character.is_ascii_alphanumeric());
        let word = words.max_by_key(|word| word.len())?;
        let from = start + (word.as_ptr().addr() - part.as_ptr().addr());
        Some(from..from + word.len())
    };
    let last = name.rsplit(['/', ':']).next().and_then(longest).filter(|range| range.len() > 2);
    let range = last.or_else(|| longest(name))?;
    Some(&name[range]).filter(|word| word.len() > 1)
}

/// Whether letters and digits in a document may be written as something else: UTF-16, escapes of single letters, or
/// base64 of an attestation.
fn is_encoded(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(4)];
    let is_letter = |escaped: &[u8]| match escaped {
        [b'4'..=b'7', ..] => true,
        [b'3', digit, ..] => digit.is_ascii_digit(),
        _ => false,
    };
    head.contains(&0)
        || matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
        || memchr::memmem::find_iter(bytes, b"\\u00").any(|at| is_letter(&bytes[at + 4..]))
        || (head.first() == Some(&b'<') && memchr::memmem::find(bytes, b"&#").is_some())
        || memchr::memmem::find(bytes, b"\"payload\"").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Versions of one number each.
    fn numbers(_: PackageKind, a: &str, b: &str) -> Option<Ordering> {
        Some(a.parse::<u32>().ok()?.cmp(&b.parse::<u32>().ok()?))
    }

    fn means(pattern: &str, purl: &str) -> Meant {
        let bill = crate::read_purls(purl.as_bytes(), "x", &seawall_model::Limits::default()).unwrap();
        pattern.parse::<Pattern>().unwrap().means(&bill.packages[0], &bill, &numbers)
    }

    #[test]
    fn patterns_mean_names_and_ranges() {
        use Meant::{No, Unknown, Yes};
        for (pattern, purl, expected) in [
            ("pkg:npm/lodash", "pkg:npm/lodash@4", Yes),
            ("pkg:npm/lodash", "pkg:npm/lodash.merge@4", No),
            ("pkg:npm/lodash", "pkg:npm/%40types/lodash@4", No),
            ("pkg:npm/lodash", "pkg:pypi/lodash@4", No),
            ("pkg:npm/@types/*", "pkg:npm/%40types/lodash@4", Yes),
            ("pkg:npm/%40types/lodash@<5", "pkg:npm/%40types/lodash@4", Yes),
            ("pkg:npm/*lodash*", "pkg:npm/a-lodash-b@4", Yes),
            ("pkg:*/lodash", "pkg:pypi/lodash@4", Yes),
            ("pkg:pypi/Django", "pkg:pypi/django@4", Yes),
            ("pkg:deb/openssl", "pkg:deb/debian/openssl@3?distro=debian-12", Yes),
            ("pkg:deb/debian/openssl", "pkg:deb/debian/openssl@3?distro=debian-12", Yes),
            ("pkg:deb/ubuntu/openssl", "pkg:deb/debian/openssl@3?distro=debian-12", No),
            ("pkg:npm/a@4", "pkg:npm/a@4", Yes),
            ("pkg:npm/a@4", "pkg:npm/a@04", Yes),
            ("pkg:npm/a@4", "pkg:npm/a@5", No),
            ("pkg:npm/a@4.*", "pkg:npm/a@4.1", Yes),
            ("pkg:npm/a@<4", "pkg:npm/a@4", No),
            ("pkg:npm/a@<=4", "pkg:npm/a@4", Yes),
            ("pkg:npm/a@>=2,<4", "pkg:npm/a@3", Yes),
            ("pkg:npm/a@>=2, <4", "pkg:npm/a@4", No),
            ("pkg:npm/a@>4", "pkg:npm/a@x", Unknown),
        ] {
            assert_eq!(means(pattern, purl), expected, "{pattern} {purl}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_an_error() {
        for text in
            ["", "lodash", "pkg:npm", "pkg:npm/", "pkg:nope/a", "pkg:npm/a@", "pkg:npm/a@<", "CVE-2026-1"]
        {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
    }

    #[test]
    fn stars_do_not_take_time() {
        assert!(!like(&"*a".repeat(200), &"a".repeat(10_000).replace("aaaa", "aaab")));
        assert!(like("*", "") && like("a*b*c", "axxbxxc") && !like("a*b", "axxc"));
    }

    #[test]
    fn the_prefilter_never_says_no_to_a_document_that_holds_the_name() {
        let filter = |name: &str| Prefilter::of_names(std::iter::once(name));
        for (name, document, expected) in [
            ("lodash", "{\"purl\": \"pkg:npm/lodash@1\"}", true),
            ("lodash", "{\"purl\": \"pkg:npm/LoDash@1\"}", true),
            ("lodash", "{\"purl\": \"pkg:npm/\\u006codash@1\"}", true),
            ("lodash", "{\"purl\": \"pkg:npm/other@1\\u0026a\\u003cb\"}", false),
            ("lodash", "<bom>&#108;odash</bom>", true),
            ("lodash", "{\"payload\": \"bG9kYXNo\"}", true),
            ("@angular/core", "pkg:npm/%40angular/core", true),
            ("org.apache:log4j", "<group>org.apache</group><name>log4j</name>", true),
            ("github.com/a/b", "nothing of it", false),
            ("c++", "anything", true),
            ("*", "anything", true),
        ] {
            assert_eq!(filter(name).may_hold(document.as_bytes()), expected, "{name} in {document}");
        }
        let wide: Vec<u8> = "{lodash".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(filter("lodash").may_hold(&wide));
    }
}
