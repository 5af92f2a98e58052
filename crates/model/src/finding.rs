//! A finding: one fault of one thing, with the evidence and what would mend it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::{Ecosystem, Priority, PriorityReason, Severity, SeveritySource, Timestamp};

/// The short, stable name of a finding: 16 hexadecimal digits.
///
/// It depends on what was found and where, not on time, database or order, so that it can be quoted in a
/// ticket and found again in the next report. Eight digits are enough on a command line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId(u64);

impl FindingId {
    /// The identifier of a finding of this kind on this fault of this subject.
    ///
    /// `parts` are joined with a byte that none of them holds; the hash is XXH3 and part of the report
    /// format, so it must not change.
    pub fn of(parts: &[&str]) -> Self {
        Self(xxhash_rust::xxh3::xxh3_64(parts.join("\0").as_bytes()))
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The text is no identifier of a finding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no identifier of a finding: 16 hexadecimal digits")]
pub struct FindingIdError(String);

impl FromStr for FindingId {
    type Err = FindingIdError;

    fn from_str(text: &str) -> Result<Self, FindingIdError> {
        let is_id = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok().filter(|_| is_id);
        number.map(Self).ok_or_else(|| FindingIdError(text.to_owned()))
    }
}

impl fmt::Debug for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One package and one vulnerability that it has.
///
/// Advisories that name the same fault are joined: they are listed in [`Finding::advisories`].
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub id: FindingId,
    pub kind: FindingKind,
    /// The name of the fault: a CVE where there is one, else the identifier of the record.
    pub vulnerability: String,
    /// Its other names, sorted, without [`Finding::vulnerability`].
    pub aliases: Vec<String>,
    /// The position of the package in the inventory's list.
    pub package: usize,
    /// `None` is *unknown*, which is not harmless.
    pub severity: Option<Severity>,
    /// Where the severity was read; `None` with an unknown one.
    pub severity_source: Option<SeveritySource>,
    /// The computed score of the CVSS vector that gave the severity, 0.0 to 10.0.
    pub cvss_score: Option<f64>,
    /// That vector as it was written.
    pub cvss_vector: Option<String>,
    pub fix: FixState,
    /// The advisories that told, sorted by identifier; at least one.
    pub advisories: Vec<Advisory>,
    /// When it entered CISA's catalogue of known exploited vulnerabilities.
    pub kev_since: Option<Timestamp>,
    /// The probability of exploitation in the next 30 days and its percentile, both 0 to 1, from EPSS.
    pub epss: Option<(f32, f32)>,
    /// How urgent it is.
    pub priority: Priority,
    /// What the priority follows from, in the order in which it was asked; at least one.
    pub priority_reasons: Vec<PriorityReason>,
    /// Why it is not counted; `None` for an open finding.
    pub suppression: Option<Suppression>,
    /// Set where the finding may be one of a file that the distribution has patched without changing the
    /// version it shows: the owner, for the reader to judge.
    pub perhaps_backported: bool,
}

impl Finding {
    /// An open vulnerability of a package, about which nothing else is known.
    pub fn new(id: FindingId, vulnerability: impl Into<String>, package: usize) -> Self {
        Self {
            id,
            kind: FindingKind::Vulnerability,
            vulnerability: vulnerability.into(),
            aliases: Vec::new(),
            package,
            severity: None,
            severity_source: None,
            cvss_score: None,
            cvss_vector: None,
            fix: FixState::NotFixed,
            advisories: Vec::new(),
            kev_since: None,
            epss: None,
            priority: Priority::Track,
            priority_reasons: Vec::new(),
            suppression: None,
            perhaps_backported: false,
        }
    }

    /// Every name under which it may be meant: of the fault, its aliases and the records that told of it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.iter().map(String::as_str);
        let records = self.advisories.iter().map(|advisory| advisory.id.as_str());
        std::iter::once(self.vulnerability.as_str()).chain(aliases).chain(records)
    }
}

/// What sort of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// A known vulnerability.
    Vulnerability,
    /// Published to do harm.
    Malware,
    /// No longer maintained, so faults will stay.
    Unmaintained,
    /// Can break memory safety or another promise when used in some way.
    Unsound,
    /// A notice by the maintainers of the record.
    Notice,
}

impl FindingKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Vulnerability, Self::Malware, Self::Unmaintained, Self::Unsound, Self::Notice];

    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vulnerability => "vulnerability",
            Self::Malware => "malware",
            Self::Unmaintained => "unmaintained",
            Self::Unsound => "unsound",
            Self::Notice => "notice",
        }
    }

    /// Whether it has a severity and counts for `--fail-on`: a notice has none and does not.
    pub const fn is_security_fault(self) -> bool {
        matches!(self, Self::Vulnerability | Self::Malware)
    }
}

/// What would mend it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FixState {
    /// Mended in these versions, lowest first; the first is the nearest above the installed one.
    Fixed(Vec<String>),
    /// The advisory knows no mended version.
    NotFixed,
    /// There is none, and the feed says that the package's maintainers decided against one.
    WillNotFix,
    /// There is none, and the feed says that the package is no longer supported in this release.
    EndOfLife,
}

impl FixState {
    /// The nearest mended version.
    pub fn nearest(&self) -> Option<&str> {
        match self {
            Self::Fixed(versions) => versions.first().map(String::as_str),
            Self::NotFixed | Self::WillNotFix | Self::EndOfLife => None,
        }
    }

    /// The word in reports.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Fixed(_) => "fixed",
            Self::NotFixed => "not-fixed",
            Self::WillNotFix => "will-not-fix",
            Self::EndOfLife => "end-of-life",
        }
    }
}

/// One record that told of a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Advisory {
    /// The record's identifier: `DSA-5532-1`, `GHSA-…`, `PYSEC-…`.
    pub id: String,
    /// The feed it came from.
    pub ecosystem: Ecosystem,
    /// The name and version that were looked up: of the source package where the feed means that.
    pub matched_name: String,
    pub matched_version: String,
    /// The range or list that holds the version, for people: `>=1.0, <1.2.3`, `listed`.
    pub range: String,
    /// The mended version above the installed one, where the record says one.
    pub fixed: Option<String>,
    /// Shared, as are the references, by the findings that one record tells of.
    pub summary: Arc<str>,
    pub published: Option<Timestamp>,
    pub modified: Option<Timestamp>,
    /// Links, in the record's order.
    pub references: Arc<[String]>,
}

/// Why a finding is not counted. It is always shown on request, and its number always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suppression {
    /// The distribution package that owns the file is mended or not affected, says its own feed.
    DistributionFixed { owner: String, evidence: String },
    /// A package of kernel headers, named only through the kernel's source: it holds no code that runs.
    HeadersOnly { source: String },
    /// The feed is known to be wrong about this pair of package and fault.
    KnownWrong { reason: String },
    /// The maker of the software says that it need not be acted on.
    Vex {
        /// The document, and who states it.
        source: String,
        /// `not_affected`, `fixed` or `false_positive`.
        status: &'static str,
        /// The justification and the author's words.
        reason: Option<String>,
    },
    /// An exception of the register, of `.trivyignore` or of the place itself.
    Exception { source: String, reason: Option<String>, expires: Option<Timestamp> },
}
