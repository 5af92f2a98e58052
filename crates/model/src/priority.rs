//! How urgent a finding is, and why. What decides is in `docs/priority.md` and in the advisory engine.
//!
//! The words are the decisions of CISA's guide to stakeholder-specific vulnerability categorisation (SSVC). The
//! guide also asks about the mission of a system, which no scan can see; so the way to a word is another one.
//! <https://www.cisa.gov/ssvc>

use std::fmt;

use crate::{FindingKind, Severity, Timestamp};

/// What to do about a finding, from the least to the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Mend it with the usual updates.
    Track,
    /// Mend it with the usual updates, and watch for news of it. SSVC writes `Track*`.
    TrackClosely,
    /// Mend it sooner than with the usual updates.
    Attend,
    /// Mend it now, or take the program out of reach.
    Act,
}

impl Priority {
    /// From the least to the most urgent.
    pub const ALL: [Self; 4] = [Self::Track, Self::TrackClosely, Self::Attend, Self::Act];

    /// The lower-case word of SSVC.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::TrackClosely => "track*",
            Self::Attend => "attend",
            Self::Act => "act",
        }
    }

    /// The next lower one; [`Priority::Track`] stays.
    #[must_use]
    pub const fn lower(self) -> Self {
        match self {
            Self::Track | Self::TrackClosely => Self::Track,
            Self::Attend => Self::TrackClosely,
            Self::Act => Self::Attend,
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One thing that had a part in the priority of a finding. Its `Display` is the line for people.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PriorityReason {
    /// Published to do harm: it decides alone.
    Malware,
    /// A remark on a package, no fault that can be exploited: it decides alone.
    Notice(FindingKind),
    /// In CISA's catalogue of known exploited vulnerabilities since then.
    Exploited(Timestamp),
    /// EPSS gives this probability of exploitation in the next 30 days, which counts as likely.
    Likely(f32),
    /// EPSS gives this probability, which does not count as likely.
    NotLikely(f32),
    /// Nothing is known of exploitation: it is not in the catalogue, and has no score or no scores were there.
    NoWordOfExploitation,
    /// How bad it is; `None` is unknown and taken as high.
    Severity(Option<Severity>),
    /// No mended version yet: one step lower.
    NoFix,
    /// There will be no mended version, by decision of the maintainers: one step lower.
    WillNotFix,
    /// The package is no longer supported: waiting brings no mended version, so it is not lowered.
    EndOfLife,
    /// Needed for development only: one step lower.
    DevelopmentOnly,
}

impl PriorityReason {
    /// A short stable word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malware => "malware",
            Self::Notice(_) => "notice",
            Self::Exploited(_) => "exploited",
            Self::Likely(_) => "exploitation-likely",
            Self::NotLikely(_) => "exploitation-not-likely",
            Self::NoWordOfExploitation => "exploitation-unknown",
            Self::Severity(_) => "severity",
            Self::NoFix => "no-fix",
            Self::WillNotFix => "will-not-fix",
            Self::EndOfLife => "end-of-life",
            Self::DevelopmentOnly => "development-only",
        }
    }
}

impl fmt::Display for PriorityReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malware => f.write_str("published to do harm"),
            Self::Notice(kind) => write!(f, "a remark ({}), no fault to exploit", kind.as_str()),
            Self::Exploited(since) => write!(f, "exploited since {}", since.date()),
            Self::Likely(score) => write!(f, "likely to be exploited (EPSS {score:.3})"),
            Self::NotLikely(score) => write!(f, "not likely to be exploited (EPSS {score:.3})"),
            Self::NoWordOfExploitation => f.write_str("no word of exploitation"),
            Self::Severity(Some(severity)) => write!(f, "severity {severity}"),
            Self::Severity(None) => f.write_str("severity unknown, taken as high"),
            Self::NoFix => f.write_str("no mended version yet: one step lower"),
            Self::WillNotFix => f.write_str("will not be mended: one step lower"),
            Self::EndOfLife => f.write_str("no longer supported: waiting brings no mended version"),
            Self::DevelopmentOnly => f.write_str("for development only: one step lower"),
        }
    }
}
