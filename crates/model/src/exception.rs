//! An approved exception: one type for every kind of finding and every file that it may stand in.

use crate::Timestamp;

/// "This finding is known, and accepted until then."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// `vuln/CVE-2023-0001`, a bare identifier of an advisory, or later a rule's name.
    pub rule: String,
    /// Only for packages whose package URL starts with this; `None` is any.
    pub purl_prefix: Option<String>,
    /// Only for packages found below this path; `None` is any.
    pub path_prefix: Option<String>,
    pub reason: Option<String>,
    pub ticket: Option<String>,
    pub approved_by: Option<String>,
    /// The first moment at which it no longer holds.
    pub expires: Option<Timestamp>,
    /// The file and line that it stands in, for people.
    pub source: String,
}

impl Exception {
    /// Whether it no longer holds.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// The identifier it excepts, without the `vuln/` in front.
    pub fn vulnerability(&self) -> &str {
        self.rule.strip_prefix("vuln/").unwrap_or(&self.rule)
    }
}
