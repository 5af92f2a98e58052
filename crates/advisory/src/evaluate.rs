//! Whether a version is affected, as the OSV schema says, and what would mend it.
//!
//! <https://ossf.github.io/osv-schema/#evaluation>
//!
//! Enumerated versions and ranges are joined. The events of a range are sorted by version, so that their
//! order in the record says nothing. Events at one version are judged together: what ends there and begins
//! there goes on, and what begins and is fixed at one version is empty.

use std::cmp::Ordering;

use crate::db::{DbError, Posting};
use crate::record::{EventKind, RangeKind};
use crate::version::{ReadVersion, VersionScheme};

/// The answer for one version and one record's entries for its package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict<'a> {
    Affected(Affected<'a>),
    /// `fixed` is the highest mended version up to it, where a range ends there.
    NotAffected {
        fixed: Option<&'a str>,
    },
    /// A range or the version can't be read, and nothing else says affected.
    Unknown {
        reason: String,
    },
    /// The record speaks of other streams of the package only.
    NotMeant,
}

/// How a version is affected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Affected<'a> {
    /// The range or list that holds the version.
    pub(crate) range: String,
    /// The lowest mended version above it that is not affected itself.
    pub(crate) fixed: Option<&'a str>,
}

/// The version to judge, and the order to judge it by.
pub(crate) struct Candidate<'a> {
    pub(crate) text: &'a str,
    pub(crate) scheme: Option<VersionScheme>,
    /// `None` where the scheme can't read the text, or there is no scheme.
    parsed: Option<ReadVersion<'a>>,
    /// The same text for ranges of type `SEMVER` in ecosystems that order versions in another way.
    semver: Option<ReadVersion<'a>>,
}

impl<'a> Candidate<'a> {
    pub(crate) fn new(text: &'a str, scheme: Option<VersionScheme>) -> Self {
        let parsed = scheme.and_then(|scheme| scheme.read(text));
        let foreign = scheme.filter(|scheme| !is_semver(*scheme));
        let semver = foreign.and_then(|_| VersionScheme::LenientSemVer.read(text));
        Self { text, scheme, parsed, semver }
    }

    /// The version in the order of a range.
    fn in_order_of(&self, range: &ReadRange<'_>) -> Option<&ReadVersion<'a>> {
        if range.by_semver { self.semver.as_ref() } else { self.parsed.as_ref() }
    }

    /// Whether the ecosystem's order can read it.
    pub(crate) fn is_readable(&self) -> bool {
        self.parsed.is_some()
    }
}

/// Whether an order agrees with Semantic Versioning on all semantic versions.
const fn is_semver(scheme: VersionScheme) -> bool {
    matches!(
        scheme,
        VersionScheme::Npm
            | VersionScheme::SemVer
            | VersionScheme::LenientSemVer
            | VersionScheme::Go
            | VersionScheme::NuGet
            | VersionScheme::Hex
            | VersionScheme::Pub
            | VersionScheme::Swift
            | VersionScheme::Julia
    )
}

/// Where an interval ends.
#[derive(Debug)]
enum End<'a> {
    /// The first version that is not affected.
    Before(Point<'a>),
    /// The last affected version.
    At(Point<'a>),
    Open,
}

/// A version of an event; `parsed` is `None` for the literal `0`, which lies below every version.
#[derive(Debug, Clone)]
struct Point<'a> {
    text: &'a str,
    parsed: Option<ReadVersion<'a>>,
}

impl Point<'_> {
    fn order(&self, other: &Self) -> Ordering {
        match (&self.parsed, &other.parsed) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            // Both come from one scheme.
            (Some(a), Some(b)) => a.order(b).unwrap_or(Ordering::Equal),
        }
    }

    /// How this lies to the version being judged.
    fn to(&self, version: &ReadVersion<'_>) -> Ordering {
        self.parsed.as_ref().map_or(Ordering::Less, |parsed| parsed.order(version).unwrap_or(Ordering::Equal))
    }
}

/// From a version on, up to an end.
#[derive(Debug)]
struct Interval<'a> {
    start: Point<'a>,
    end: End<'a>,
}

impl Interval<'_> {
    fn holds(&self, version: &ReadVersion<'_>) -> bool {
        self.start.to(version) != Ordering::Greater
            && match &self.end {
                End::Before(end) => end.to(version) == Ordering::Greater,
                End::At(end) => end.to(version) != Ordering::Less,
                End::Open => true,
            }
    }

    fn describe(&self) -> String {
        let from = if self.start.parsed.is_none() { String::new() } else { format!(">={}", self.start.text) };
        let to = match &self.end {
            End::Before(end) => format!("<{}", end.text),
            End::At(end) => format!("<={}", end.text),
            End::Open if from.is_empty() => "all versions".to_owned(),
            End::Open => String::new(),
        };
        let separator = if from.is_empty() || to.is_empty() { "" } else { ", " };
        format!("{from}{separator}{to}")
    }
}

/// One range after reading: intervals, and versions beyond which it says nothing.
#[derive(Default)]
struct ReadRange<'a> {
    intervals: Vec<Interval<'a>>,
    limits: Vec<Point<'a>>,
    /// Its versions are semantic ones, and the ecosystem's are not.
    by_semver: bool,
}

impl ReadRange<'_> {
    fn holding(&self, version: &ReadVersion<'_>) -> Option<&Interval<'_>> {
        let within =
            self.limits.is_empty() || self.limits.iter().any(|limit| limit.to(version) == Ordering::Greater);
        if within { self.intervals.iter().find(|interval| interval.holds(version)) } else { None }
    }
}

/// Judges a version against all entries that one record has for one package. See [`Entries::read`].
pub(crate) fn evaluate<'a>(
    candidate: &Candidate<'_>,
    postings: &[Posting<'a>],
    relevant: &dyn Fn(&str) -> bool,
) -> Result<Verdict<'a>, DbError> {
    Ok(Entries::read(candidate.scheme, postings, relevant)?.judge(candidate))
}

/// All entries that one record has for one package, read to judge any number of versions.
pub(crate) struct Entries<'a> {
    is_meant: bool,
    listed: Vec<&'a str>,
    ranges: Vec<ReadRange<'a>>,
    /// Why one of them can't be read.
    unreadable: Option<String>,
}

impl<'a> Entries<'a> {
    /// Reads the entries in the order of a scheme.
    ///
    /// `relevant` says which fixed versions are meant for this package at all: a modular rpm and one that is no
    /// part of a module have separate streams of versions. An entry with none that is relevant is passed over.
    pub(crate) fn read(
        scheme: Option<VersionScheme>,
        postings: &[Posting<'a>],
        relevant: &dyn Fn(&str) -> bool,
    ) -> Result<Self, DbError> {
        let mut read = Self { is_meant: false, listed: Vec::new(), ranges: Vec::new(), unreadable: None };
        for posting in postings {
            let views = posting.ranges()?;
            let is_relevant = views
                .iter()
                .flat_map(|range| &range.events)
                .filter(|(kind, _)| *kind == EventKind::Fixed)
                .all(|(_, version)| relevant(version));
            if !is_relevant {
                continue;
            }
            read.is_meant = true;
            let versions = posting.versions()?;
            if views.is_empty() && versions.is_empty() {
                let why = || "it gives commits only, or no versions at all".to_owned();
                read.unreadable.get_or_insert_with(why);
            }
            read.listed.extend(versions);
            for view in views {
                match read_range(scheme, view.kind, &view.events) {
                    Ok(range) => read.ranges.push(range),
                    Err(reason) => {
                        read.unreadable.get_or_insert(reason);
                    }
                }
            }
        }
        Ok(read)
    }

    /// How many texts it holds, about: what it costs to keep.
    pub(crate) fn texts(&self) -> usize {
        let intervals: usize = self.ranges.iter().map(|range| range.intervals.len()).sum();
        // A record without any takes room too.
        8 + self.listed.len() + 8 * intervals
    }

    /// Judges one version, which must be in the order of the scheme that the entries were read by.
    pub(crate) fn judge(&self, candidate: &Candidate<'_>) -> Verdict<'a> {
        if !self.is_meant {
            return Verdict::NotMeant;
        }
        let Self { listed, ranges, unreadable, .. } = self;
        let Some(version) = &candidate.parsed else {
            return judge_unreadable(candidate, listed, ranges);
        };
        let holding = ranges.iter().find_map(|range| range.holding(candidate.in_order_of(range)?));
        let range = match holding {
            Some(interval) => Some(interval.describe()),
            None => is_listed(candidate.text, candidate.scheme, version, listed).then(|| "listed".to_owned()),
        };
        if let Some(range) = range {
            return Verdict::Affected(Affected {
                range,
                fixed: nearest_fix(candidate, version, listed, ranges),
            });
        }
        let unreadable = unreadable.clone().or_else(|| {
            let unordered = ranges.iter().any(|range| candidate.in_order_of(range).is_none());
            unordered.then(|| format!("the installed version {:?} is no semantic version", candidate.text))
        });
        match unreadable {
            Some(reason) => Verdict::Unknown { reason },
            None => Verdict::NotAffected { fixed: highest_end(version, ranges) },
        }
    }
}

/// A version that can't be ordered is affected where it is listed as it is written, or where everything is.
fn judge_unreadable<'a>(candidate: &Candidate<'_>, listed: &[&str], ranges: &[ReadRange<'a>]) -> Verdict<'a> {
    let everything = |range: &ReadRange<'_>| {
        range.limits.is_empty()
            && range
                .intervals
                .iter()
                .any(|interval| interval.start.parsed.is_none() && matches!(interval.end, End::Open))
    };
    if !candidate.text.is_empty() && listed.contains(&candidate.text) {
        Verdict::Affected(Affected { range: "listed".to_owned(), fixed: None })
    } else if ranges.iter().any(everything) {
        Verdict::Affected(Affected { range: "all versions".to_owned(), fixed: None })
    } else {
        Verdict::Unknown { reason: format!("the installed version {:?} can't be ordered", candidate.text) }
    }
}

/// Listed as it is written, or under another spelling of the same version (`1.0` and `1.0.0` in PyPI).
fn is_listed(text: &str, scheme: Option<VersionScheme>, version: &ReadVersion<'_>, listed: &[&str]) -> bool {
    listed.iter().any(|other| {
        *other == text
            || scheme.is_some_and(|scheme| {
                may_be_equal(scheme, text, other)
                    && scheme.read(other).is_some_and(|other| other.order(version) == Some(Ordering::Equal))
            })
    })
}

/// A cheap test that spares most reading: two spellings of one version have the same numbers but for zeros.
/// What follows a `+` is left out, because many orders pass over it.
fn may_be_equal(scheme: VersionScheme, a: &str, b: &str) -> bool {
    let (mut a, mut b) = (numbers(a), numbers(b));
    match scheme {
        // It reads `1_0` as 10.
        VersionScheme::Conan => true,
        // Composer writes `1.x` as `1.9999999`, pacman compares a release only with a release, and a label in
        // Dart may be hexadecimal.
        VersionScheme::Composer | VersionScheme::Alpm | VersionScheme::Pub => a.next() == b.next(),
        _ => a.eq(b),
    }
}

/// The digits of each number without leading zeros, without those that are zero.
fn numbers(text: &str) -> impl Iterator<Item = &[u8]> {
    let text = text.split('+').next().unwrap_or_default().as_bytes();
    text.split(|byte| !byte.is_ascii_digit()).filter_map(|digits| {
        let first = digits.iter().position(|digit| *digit != b'0')?;
        digits.get(first..)
    })
}

fn nearest_fix<'a>(
    candidate: &Candidate<'_>,
    version: &ReadVersion<'_>,
    listed: &[&str],
    ranges: &[ReadRange<'a>],
) -> Option<&'a str> {
    let ranges: Vec<_> = ranges.iter().filter(|range| !range.by_semver || ranges.len() == 1).collect();
    let version = ranges.first().and_then(|range| candidate.in_order_of(range)).unwrap_or(version);
    let mut fixes: Vec<&Point<'a>> = ranges
        .iter()
        .flat_map(|range| &range.intervals)
        .filter_map(|interval| match &interval.end {
            End::Before(end) if end.to(version) == Ordering::Greater => Some(end),
            _ => None,
        })
        .collect();
    fixes.sort_by(|a, b| a.order(b).then_with(|| a.text.cmp(b.text)));
    let still_affected = |fix: &&&Point<'a>| {
        fix.parsed.as_ref().is_some_and(|parsed| {
            ranges.iter().any(|range| range.holding(parsed).is_some())
                || is_listed(fix.text, candidate.scheme, parsed, listed)
        })
    };
    fixes.iter().find(|fix| !still_affected(fix)).map(|fix| fix.text)
}

/// The highest end of a range that does not lie above a version.
fn highest_end<'a>(version: &ReadVersion<'_>, ranges: &[ReadRange<'a>]) -> Option<&'a str> {
    let intervals = ranges.iter().filter(|range| !range.by_semver).flat_map(|range| &range.intervals);
    let ends = intervals.filter_map(|interval| match &interval.end {
        End::Before(end) if end.to(version) != Ordering::Greater => Some(end),
        _ => None,
    });
    ends.max_by(|a, b| a.order(b).then_with(|| a.text.cmp(b.text))).map(|end| end.text)
}

fn read_range<'a>(
    ecosystem: Option<VersionScheme>,
    kind: RangeKind,
    events: &[(EventKind, &'a str)],
) -> Result<ReadRange<'a>, String> {
    let ecosystem = ecosystem.ok_or_else(|| "the order of its versions is not known".to_owned());
    let (scheme, by_semver) = match kind {
        RangeKind::Other => return Err("it has a range of an unknown type".to_owned()),
        RangeKind::Ecosystem => (ecosystem?, false),
        // Ecosystems that order semantic versions as SemVer does also read what is nearly one.
        RangeKind::Semver => match ecosystem? {
            scheme if is_semver(scheme) => (scheme, false),
            _ => (VersionScheme::LenientSemVer, true),
        },
    };
    let mut limits = Vec::new();
    let mut points = Vec::new();
    for (event, text) in events {
        match (event, *text) {
            (EventKind::Limit, "*") => {}
            (EventKind::Limit, text) => limits.push(point(scheme, text)?),
            // Fixed in `0`: no version was ever affected (Alpine, Wolfi and Chainguard say it so).
            (EventKind::Fixed, "0") => return Ok(ReadRange::default()),
            (EventKind::Introduced, "0") => points.push((*event, Point { text: "0", parsed: None })),
            (event, text) => points.push((*event, point(scheme, text)?)),
        }
    }
    Ok(ReadRange { intervals: intervals(points), limits, by_semver })
}

fn point(scheme: VersionScheme, text: &str) -> Result<Point<'_>, String> {
    match scheme.read(text) {
        Some(parsed) => Ok(Point { text, parsed: Some(parsed) }),
        None => Err(format!("its version {text:?} can't be ordered")),
    }
}

fn intervals(mut points: Vec<(EventKind, Point<'_>)>) -> Vec<Interval<'_>> {
    points.sort_by(|a, b| a.1.order(&b.1));
    let mut intervals = Vec::new();
    let mut open: Option<Point<'_>> = None;
    for group in points.chunk_by(|a, b| a.1.order(&b.1) == Ordering::Equal) {
        let at = |kind| group.iter().find(|(event, _)| *event == kind).map(|(_, point)| point.clone());
        let introduced = at(EventKind::Introduced);
        let end = match (at(EventKind::Fixed), at(EventKind::LastAffected)) {
            (Some(fixed), _) => Some(End::Before(fixed)),
            (None, Some(last)) => Some(End::At(last)),
            (None, None) => None,
        };
        open = match (open, introduced, end) {
            // What ends and begins at one version goes on.
            (Some(start), Some(_), _) | (Some(start), None, None) => Some(start),
            // The end of what was begun, or one version alone.
            (Some(start), None, Some(end)) | (None, Some(start), Some(end @ End::At(_))) => {
                intervals.push(Interval { start, end });
                None
            }
            // Begun and fixed at one version: empty. An end without a beginning: nothing to end.
            (None, _, Some(_)) => None,
            (None, start, None) => start,
        };
    }
    intervals.extend(open.map(|start| Interval { start, end: End::Open }));
    intervals
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! tables {
        ($($file:literal),+) => {
            &[$(($file, include_str!(concat!("../fixtures/versions/", $file, ".tsv")))),+]
        };
    }

    #[test]
    fn equal_versions_pass_the_cheap_test() {
        let tables: &[(&str, &str)] = tables!(
            "alpm",
            "apk",
            "cocoapods",
            "composer",
            "conan",
            "cran",
            "dpkg",
            "go",
            "hex",
            "julia",
            "lenient-semver",
            "maven",
            "npm",
            "nuget",
            "opam",
            "pep440",
            "pub",
            "pvp",
            "rpm",
            "rubygems",
            "semver",
            "swift"
        );
        let (mut equal, mut missed) = (0, Vec::new());
        for (name, table) in tables {
            let scheme = VersionScheme::ALL.iter().copied().find(|scheme| scheme.as_str() == *name).unwrap();
            let rows = table.lines().filter(|line| !line.starts_with('#'));
            let versions: Vec<&str> = rows.flat_map(|row| row.split('\t').step_by(2)).collect();
            for (index, a) in versions.iter().enumerate() {
                for b in &versions[..index] {
                    if a != b && scheme.compare(a, b).is_ok_and(Ordering::is_eq) {
                        equal += 1;
                        if !may_be_equal(scheme, a, b) {
                            missed.push(format!("{name}: {a} = {b}"));
                        }
                    }
                }
            }
        }
        assert!(missed.is_empty(), "{missed:#?}");
        assert!(equal > 200, "{equal}");
    }

    #[test]
    fn versions_with_other_numbers_are_told_apart_without_reading_them() {
        for (a, b) in [("3.2.1", "3.2.10"), ("1.0", "1.0.1"), ("2", "0.2.1"), ("1.0rc1", "1.0rc2")] {
            assert!(!may_be_equal(VersionScheme::Pep440, a, b), "{a} {b}");
        }
    }
}
