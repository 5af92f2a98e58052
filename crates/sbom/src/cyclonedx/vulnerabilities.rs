//! From findings to the `vulnerabilities` of a CycloneDX document: what is the same of several packages stands
//! once and lists them.

use std::collections::HashMap;

use seawall_model::{Finding, FixState, Severity, Suppression};

use super::build::{named, version_text};
use super::document::{
    Advisory, AffectedVersion, Affects, Analysis, Property, Rating, Reference, Source, Vulnerability,
};
use crate::safe_text::{line, url};
use crate::{Bill, advisory_source};

/// The vulnerabilities in order of their first package; `refs` are the names of the packages.
pub(super) fn grouped(findings: &[Finding], bill: &Bill, refs: &[String]) -> Vec<Vulnerability> {
    let mut out: Vec<Vulnerability> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut entries: HashMap<String, usize> = HashMap::new();
    for finding in findings {
        let Some(reference) = refs.get(finding.package) else { continue };
        let mut one = vulnerability(finding);
        // The name and the packages are not part of what must be the same.
        let same = serde_json::to_string(&one).expect("a vulnerability is made of strings and numbers");
        let at = *known.entry(same).or_insert_with(|| {
            let count = entries.entry(one.id.clone()).or_default();
            *count += 1;
            let number = if *count == 1 { String::new() } else { format!("#{count}") };
            one.bom_ref = format!("vulnerability:{}{number}", one.id);
            out.push(one);
            out.len() - 1
        });
        out[at].affects.push(affects(finding, bill, reference));
        out[at].properties.push(Property {
            name: "seawall:finding".to_owned(),
            value: format!("{} {reference}", finding.id),
        });
    }
    for vulnerability in &mut out {
        // The schema wants each package once; one that is there twice has two findings.
        vulnerability.affects.dedup();
    }
    out
}

/// A finding without what tells of its package.
fn vulnerability(finding: &Finding) -> Vulnerability {
    let texts = || finding.advisories.iter();
    Vulnerability {
        bom_ref: String::new(),
        id: line(&finding.vulnerability),
        source: source(&finding.vulnerability),
        references: other_names(finding),
        ratings: rating(finding).into_iter().collect(),
        description: texts().map(|advisory| line(&advisory.summary)).find(|summary| !summary.is_empty()),
        recommendation: match &finding.fix {
            FixState::Fixed(versions) if !versions.is_empty() => {
                Some(line(&format!("Upgrade to {}", versions.join(" or "))))
            }
            _ => None,
        },
        advisories: links(finding),
        published: texts().filter_map(|advisory| advisory.published).min().map(|time| time.to_string()),
        updated: texts().filter_map(|advisory| advisory.modified).max().map(|time| time.to_string()),
        analysis: finding.suppression.as_ref().map(analysis),
        affects: Vec::new(),
        properties: named(properties(finding)),
    }
}

fn source(id: &str) -> Source {
    let (name, address) = advisory_source::of(id);
    Source { name: name.to_owned(), url: url(&address) }
}

/// Aliases, and the advisories that told.
fn other_names(finding: &Finding) -> Vec<Reference> {
    let advisories = finding.advisories.iter().map(|advisory| &advisory.id);
    let mut names: Vec<&String> = finding.aliases.iter().chain(advisories).collect();
    names.sort();
    names.dedup();
    names.retain(|name| **name != finding.vulnerability);
    names.into_iter().map(|name| Reference { id: line(name), source: source(name) }).collect()
}

fn rating(finding: &Finding) -> Option<Rating> {
    if !finding.kind.is_security_fault() && finding.severity.is_none() {
        return None;
    }
    let severity = match finding.severity {
        Some(Severity::Critical) => "critical",
        Some(Severity::High) => "high",
        Some(Severity::Medium) => "medium",
        Some(Severity::Low) => "low",
        Some(Severity::Negligible) => "info",
        None => "unknown",
    };
    let method = |vector: &str| match vector.get(..8) {
        Some("CVSS:4.0") => "CVSSv4",
        Some("CVSS:3.1") => "CVSSv31",
        Some("CVSS:3.0") => "CVSSv3",
        _ if vector.starts_with("AV:") => "CVSSv2",
        _ => "other",
    };
    let source = finding.severity_source.map_or("unknown", seawall_model::SeveritySource::as_str);
    Some(Rating {
        source: Source { name: source.to_owned(), url: None },
        score: finding.cvss_score,
        severity,
        method: finding.cvss_vector.as_deref().map(method),
        vector: finding.cvss_vector.as_deref().map(line),
    })
}

/// The advisories' links, each once.
fn links(finding: &Finding) -> Vec<Advisory> {
    let mut links: Vec<Advisory> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for advisory in &finding.advisories {
        for address in advisory.references.iter().filter_map(|reference| url(reference)) {
            if seen.insert(address.clone()) {
                links.push(Advisory { title: Some(line(&advisory.id)), url: address });
            }
        }
    }
    links
}

/// What a suppression means to who reads a VEX document. An exception says nothing about the fault itself, so it
/// gives no state.
fn analysis(suppression: &Suppression) -> Analysis {
    let (state, justification, responses, detail) = match suppression {
        Suppression::DistributionFixed { owner, evidence } => {
            (Some("resolved"), None, vec![], format!("in the distribution's package {owner}: {evidence}"))
        }
        Suppression::HeadersOnly { source } => (
            Some("not_affected"),
            Some("code_not_present"),
            vec![],
            format!("headers of {source} hold no code that runs"),
        ),
        Suppression::KnownWrong { reason } => (Some("false_positive"), None, vec![], reason.clone()),
        Suppression::Vex { source, status, reason } => {
            let state = match *status {
                "fixed" => "resolved",
                "false_positive" => "false_positive",
                _ => "not_affected",
            };
            (
                Some(state),
                None,
                vec![],
                format!("{} ({source})", reason.as_deref().unwrap_or("no reason given")),
            )
        }
        Suppression::Exception { source, reason, expires } => {
            let until = expires.map_or(String::new(), |time| format!(" until {}", time.date()));
            let reason = reason.as_deref().unwrap_or("no reason given");
            (None, None, vec!["will_not_fix"], format!("accepted{until}: {reason} ({source})"))
        }
    };
    Analysis { state, justification, responses, detail: line(&detail) }
}

fn affects(finding: &Finding, bill: &Bill, reference: &str) -> Affects {
    let is_affected = matches!(finding.suppression, None | Some(Suppression::Exception { .. }));
    let installed = bill.packages.get(finding.package).map(|package| package.version.as_str());
    let version = |version: &str, status| AffectedVersion { version: version_text(version), status };
    let mut versions = Vec::new();
    if let Some(installed) = installed.filter(|version| !version.is_empty()) {
        versions.push(version(installed, if is_affected { "affected" } else { "unaffected" }));
    }
    if let FixState::Fixed(fixed) = &finding.fix {
        let others = fixed.iter().filter(|fixed| Some(fixed.as_str()) != installed);
        versions.extend(others.map(|fixed| version(fixed, "unaffected")));
    }
    Affects { reference: reference.to_owned(), versions }
}

fn properties(finding: &Finding) -> Vec<(String, String)> {
    let mut out = vec![("seawall:finding:kind".to_owned(), finding.kind.as_str().to_owned())];
    let mut put = |name: &str, value: String| out.push((format!("seawall:finding:{name}"), line(&value)));
    put("priority", finding.priority.to_string());
    for reason in &finding.priority_reasons {
        put("priority-reason", reason.to_string());
    }
    if !matches!(finding.fix, FixState::Fixed(_)) {
        put("fix-state", finding.fix.as_str().to_owned());
    }
    if let Some(since) = finding.kev_since {
        put("known-exploited-since", since.date());
    }
    if let Some((score, percentile)) = finding.epss {
        put("epss", score.to_string());
        put("epss-percentile", percentile.to_string());
    }
    if finding.perhaps_backported {
        put("perhaps-backported", "true".to_owned());
    }
    for advisory in &finding.advisories {
        put(
            "range",
            format!("{} {} {}: {}", advisory.id, advisory.ecosystem, advisory.matched_name, advisory.range),
        );
    }
    out
}
