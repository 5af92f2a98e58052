//! A finding for tests.

use seawall_model::{Finding, FindingId, FindingKind, FixState, Priority};

/// An open finding of a package, about which nothing else is known.
pub(crate) fn finding(package: usize) -> Finding {
    Finding {
        id: FindingId::of(&["test"]),
        kind: FindingKind::Vulnerability,
        vulnerability: "CVE-2026-0001".to_owned(),
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
