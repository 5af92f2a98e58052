//! How bad a finding is, and who says so.

use std::fmt;
use std::str::FromStr;

/// The words of CVSS, and `Negligible` for what distributions call unimportant.
///
/// An unknown severity is no member: it is `None` beside a finding, counted apart, so that nobody takes it
/// for harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Negligible,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// From the least to the most severe.
    pub const ALL: [Self; 5] = [Self::Negligible, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The lower-case word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Negligible => "negligible",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The qualitative rating of a CVSS score; the same bounds hold for v3 and v4, and are used for v2.
    /// <https://www.first.org/cvss/v4.0/specification-document#Qualitative-Severity-Rating-Scale>
    pub fn from_cvss_score(score: f64) -> Self {
        match score {
            s if s >= 9.0 => Self::Critical,
            s if s >= 7.0 => Self::High,
            s if s >= 4.0 => Self::Medium,
            s if s > 0.0 => Self::Low,
            _ => Self::Negligible,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text is none of the words for a severity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a severity: one of negligible, low, medium, high, critical")]
pub struct SeverityError(String);

impl FromStr for Severity {
    type Err = SeverityError;

    /// Reads our words and those of the feeds: `moderate`, `important`, `unimportant`, in any case.
    fn from_str(text: &str) -> Result<Self, SeverityError> {
        match text.to_ascii_lowercase().as_str() {
            "negligible" | "unimportant" | "none" => Ok(Self::Negligible),
            "low" | "minor" => Ok(Self::Low),
            "medium" | "moderate" => Ok(Self::Medium),
            "high" | "important" => Ok(Self::High),
            "critical" => Ok(Self::Critical),
            _ => Err(SeverityError(text.to_owned())),
        }
    }
}

/// Where a severity was read, in the order in which the sources are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SeveritySource {
    /// The distribution's own rating of the fault in its package.
    Distribution,
    /// `affected[].severity` of the record.
    Affected,
    /// The record's own `severity`, a CVSS vector whose score was computed.
    Record,
    /// `database_specific.severity` of the record.
    DatabaseSpecific,
    /// Another record that names the same fault as its alias or upstream.
    Joined,
}

impl SeveritySource {
    /// Every source.
    pub const ALL: [Self; 5] =
        [Self::Distribution, Self::Affected, Self::Record, Self::DatabaseSpecific, Self::Joined];

    /// A short word for reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Distribution => "distribution",
            Self::Affected => "affected-package",
            Self::Record => "record",
            Self::DatabaseSpecific => "database-specific",
            Self::Joined => "joined-record",
        }
    }
}
