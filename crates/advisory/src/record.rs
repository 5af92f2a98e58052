//! An OSV record as far as matching and explaining need it, whatever file it came from.
//!
//! It is what a source hands to [`crate::db::SegmentBuilder`]. Reading JSON is the adapter's work.
//! <https://ossf.github.io/osv-schema/>

use seawall_model::{FindingKind, Severity, Timestamp};

/// One record. Errata that are no faults never become one, see [`Refusal`]; of withdrawn ones only the names are
/// kept, see [`Withdrawn`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    pub id: String,
    /// `None` means [`FindingKind::Vulnerability`].
    pub kind: Option<FindingKind>,
    /// Other names of the same fault.
    pub aliases: Vec<String>,
    /// What the record covers: the CVEs of a distribution's advisory.
    pub upstream: Vec<String>,
    /// Kept only where the feed lists its CVEs there.
    pub related: Vec<String>,
    /// The modules (`nodejs:18`) that a record about modular packages names.
    pub modules: Vec<String>,
    pub published: Option<Timestamp>,
    pub modified: Option<Timestamp>,
    /// CVSS vectors of the record as a whole.
    pub severities: Vec<String>,
    /// `database_specific.severity`.
    pub database_severity: Option<Severity>,
    /// The distribution's own rating of the whole record.
    pub distribution_severity: Option<Severity>,
    pub summary: String,
    pub details: String,
    pub references: Vec<String>,
    pub affected: Vec<Affected>,
}

/// One package that a record speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Affected {
    /// With its release, as the record spells it: `Debian:12`.
    pub ecosystem: String,
    /// As the record spells it.
    pub name: String,
    /// Without those of type `GIT`, which speak of commits.
    pub ranges: Vec<Range>,
    /// The enumerated versions.
    pub versions: Vec<String>,
    /// CVSS vectors for this package.
    pub severities: Vec<String>,
    /// The distribution's own rating for this package.
    pub distribution_severity: Option<Severity>,
    /// Why there will be no mended version, where the feed says so.
    pub no_fix: Option<NoFix>,
}

/// Why a package will not be mended, in the words of its feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoFix {
    /// Its maintainers have decided against it.
    WillNotFix,
    /// The package is no longer supported in this release.
    EndOfLife,
}

/// What is kept of a record that its feed took back: enough to say so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Withdrawn {
    pub id: String,
    /// When; `None` where the record's date can't be read.
    pub at: Option<Timestamp>,
    /// Its other names.
    pub aliases: Vec<String>,
}

/// One range: a list of events, in any order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Range {
    pub kind: RangeKind,
    pub events: Vec<Event>,
}

/// Which order its versions have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub enum RangeKind {
    /// The ecosystem's own.
    #[default]
    Ecosystem,
    /// Semantic Versioning 2.0.
    Semver,
    /// A type that the schema does not know: its meaning is unknown.
    Other,
}

/// One event of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub kind: EventKind,
    pub version: String,
}

/// What happens at the version of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    Introduced,
    Fixed,
    LastAffected,
    Limit,
}

impl EventKind {
    pub(crate) const ALL: [Self; 4] = [Self::Introduced, Self::Fixed, Self::LastAffected, Self::Limit];
}

/// Why a record of a feed is not in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The feed took it back: its names are kept as [`Withdrawn`].
    Withdrawn,
    /// A bug fix or an enhancement, no fault.
    Erratum,
    /// It is no record, or says something that the schema does not allow.
    Unreadable,
    /// It names an ecosystem that is none of the schema's; what it says of others is kept.
    UnknownEcosystem,
}

impl Refusal {
    /// Every reason, in order of declaration.
    pub const ALL: [Self; 4] = [Self::Withdrawn, Self::Erratum, Self::Unreadable, Self::UnknownEcosystem];

    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Erratum => "erratum",
            Self::Unreadable => "unreadable",
            Self::UnknownEcosystem => "unknown-ecosystem",
        }
    }
}

/// Whether an identifier is one of a bug-fix or enhancement erratum of AlmaLinux or Rocky Linux.
pub fn is_erratum(id: &str) -> bool {
    ["ALBA-", "ALEA-", "RLBA-", "RLEA-"].iter().any(|prefix| id.starts_with(prefix))
}

/// Whether a fixed version of an rpm was built as part of a module.
pub fn is_modular(version: &str) -> bool {
    version.contains(".module")
}

/// The modules that the summary of a modular erratum names: `Important: nodejs:18 security update`.
///
/// A word in front that ends in a colon is the severity. The advisories of AlmaLinux and Rocky Linux say the
/// stream nowhere else.
pub fn modules_of_summary(summary: &str) -> Vec<String> {
    let mut modules: Vec<String> = summary
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| matches!(c, ',' | ';' | '(' | ')')))
        .filter(|word| {
            word.split_once(':').is_some_and(|(name, stream)| {
                name.starts_with(|c: char| c.is_ascii_lowercase()) && !stream.is_empty()
            })
        })
        .map(str::to_owned)
        .collect();
    modules.sort();
    modules.dedup();
    modules
}

/// The year and number of a CVE, in 32 bits: six for the years from 1999, the rest for the number.
/// `None` for what is no CVE identifier or lies outside.
pub fn cve_key(id: &str) -> Option<u32> {
    let (year, number) = id.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |text: &str| text.len() >= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(year) || !digits(number) || year.len() != 4 {
        return None;
    }
    let year = year.parse::<u32>().ok()?.checked_sub(1999).filter(|year| *year < 64)?;
    let number = number.parse::<u32>().ok().filter(|number| *number < 1 << 26)?;
    Some(year << 26 | number)
}

/// Whether an identifier is one of the CVE list.
pub fn is_cve(id: &str) -> bool {
    id.starts_with("CVE-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_read_from_summaries() {
        for (summary, expected) in [
            ("Important: nodejs:18 security update", vec!["nodejs:18"]),
            ("Moderate: virt:rhel and virt-devel:rhel security update", vec!["virt-devel:rhel", "virt:rhel"]),
            ("Moderate: expat security update", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(modules_of_summary(summary), expected, "{summary}");
        }
    }

    #[test]
    fn cve_keys_keep_the_order_of_year_and_number() {
        assert_eq!(cve_key("CVE-1999-0001"), Some(1));
        assert!(cve_key("CVE-2024-9999") < cve_key("CVE-2024-10000"));
        for id in ["CVE-1998-0001", "CVE-2024-1", "CVE-2024-99999999999", "GHSA-x", "CVE-20240-0001", ""] {
            assert_eq!(cve_key(id), None, "{id}");
        }
    }
}
