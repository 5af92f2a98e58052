//! What a document states, whichever format it came in.

use std::fmt;

use seawall_model::Timestamp;

use crate::identifier::Component;

/// One VEX document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it was read, for people: a path, or the artefact attached to an image.
    pub source: String,
    /// `OpenVEX`, `CSAF` or `CycloneDX`.
    pub format: &'static str,
    /// Its own identifier, where it has one.
    pub id: Option<String>,
    /// Who states it.
    pub author: Option<String>,
    pub statements: Vec<Statement>,
    /// Statements that cannot be used, and why.
    pub problems: Vec<String>,
}

/// "This product is affected by that vulnerability, or not, because …"
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// All names of the vulnerability: a CVE and its aliases.
    pub vulnerabilities: Vec<String>,
    pub products: Vec<Product>,
    pub status: Status,
    /// Why it is not affected, in the word of the format: `component_not_present`.
    pub justification: Option<String>,
    /// The same in the words of the author; for affected products what to do.
    pub text: Option<String>,
    /// When it was stated; a later statement replaces an earlier one.
    pub time: Option<Timestamp>,
}

/// What a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Product {
    /// An image, a package, a distribution.
    pub component: Component,
    /// The parts of it that the vulnerability is in; empty means the product as such.
    pub parts: Vec<Component>,
}

/// What is stated, the most cautious first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    Affected,
    UnderInvestigation,
    Fixed,
    NotAffected,
    /// The vulnerability was reported by mistake.
    FalsePositive,
}

impl Status {
    /// The word of reports, which is OpenVEX's.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Affected => "affected",
            Self::UnderInvestigation => "under_investigation",
            Self::Fixed => "fixed",
            Self::NotAffected => "not_affected",
            Self::FalsePositive => "false_positive",
        }
    }

    /// Whether a finding that it is stated of need not be acted on.
    pub const fn suppresses(self) -> bool {
        matches!(self, Self::Fixed | Self::NotAffected | Self::FalsePositive)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Statement {
    /// Why the statement cannot be used, if it cannot.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        if self.vulnerabilities.is_empty() {
            return Some("it names no vulnerability");
        }
        // A suppression must show why. Both OpenVEX and the CSAF profile demand it.
        if self.status == Status::NotAffected && self.justification.is_none() && self.text.is_none() {
            return Some("it says not affected without a justification or an impact statement");
        }
        if self.products.iter().all(|product| product.component.is_empty()) {
            return Some("it names no product that could be compared");
        }
        None
    }
}
