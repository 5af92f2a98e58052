//! What several forms say of a finding, in plain words. Nothing here is escaped: each form does that itself.

use std::cmp::Reverse;
use std::fmt::Write as _;

use seawall_model::{
    Advisory, Finding, FindingKind, FixState, LayerIndex, Package, Place, Problem, Severity, SubjectKind,
    Suppression,
};

use crate::ScanReport;

/// How bad a finding looks, worst first: the order of tables and pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grade {
    Malware,
    Critical,
    High,
    /// Behind high, before it is forgotten among the low ones.
    Unknown,
    Medium,
    Low,
    Negligible,
    /// Unmaintained, unsound and the like: no security fault, and no severity.
    Notice,
}

impl Grade {
    pub(crate) const ALL: [Self; 8] = [
        Self::Malware,
        Self::Critical,
        Self::High,
        Self::Unknown,
        Self::Medium,
        Self::Low,
        Self::Negligible,
        Self::Notice,
    ];

    pub(crate) fn of(finding: &Finding) -> Self {
        match (finding.kind, finding.severity) {
            (FindingKind::Malware, _) => Self::Malware,
            (FindingKind::Vulnerability, Some(Severity::Critical)) => Self::Critical,
            (FindingKind::Vulnerability, Some(Severity::High)) => Self::High,
            (FindingKind::Vulnerability, Some(Severity::Medium)) => Self::Medium,
            (FindingKind::Vulnerability, Some(Severity::Low)) => Self::Low,
            (FindingKind::Vulnerability, Some(Severity::Negligible)) => Self::Negligible,
            (FindingKind::Vulnerability, None) => Self::Unknown,
            (FindingKind::Unmaintained | FindingKind::Unsound | FindingKind::Notice, _) => Self::Notice,
        }
    }

    /// The word, which is also the name of its colour and shape in the style sheet.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Malware => "malware",
            Self::Critical => "critical",
            Self::High => "high",
            Self::Unknown => "unknown",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Negligible => "negligible",
            Self::Notice => "notice",
        }
    }
}

/// Worst first; suppressed ones last, and among them none before another.
pub(crate) fn rank(finding: &Finding) -> (bool, Option<Grade>) {
    let is_open = finding.suppression.is_none();
    (!is_open, is_open.then(|| Grade::of(finding)))
}

/// A finding with the package that has it.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) finding: &'a Finding,
    pub(crate) package: &'a Package,
}

/// Every finding whose package is there, most severe first, suppressed ones last.
pub(crate) fn lines(report: &ScanReport) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = report
        .findings
        .iter()
        .filter_map(|finding| Some(Line { finding, package: report.packages.get(finding.package)? }))
        .collect();
    lines.sort_by(|a, b| {
        let exploited = |line: &Line<'_>| Reverse(line.finding.kev_since.is_some());
        let key = |line: &Line<'_>| (rank(line.finding), exploited(line));
        key(a).cmp(&key(b)).then_with(|| {
            let names = |line: &Line<'_>| (line.finding.package, line.finding.id);
            a.finding.vulnerability.cmp(&b.finding.vulnerability).then_with(|| names(a).cmp(&names(b)))
        })
    });
    lines
}

/// The severity, or the kind of a notice that has none.
pub(crate) fn severity_word(finding: &Finding) -> &'static str {
    match finding.kind {
        FindingKind::Vulnerability => finding.severity.map_or("unknown", Severity::as_str),
        other => other.as_str(),
    }
}

/// The first summary that an advisory has; empty where none has one.
pub(crate) fn summary(finding: &Finding) -> &str {
    let summaries = finding.advisories.iter().map(|advisory| &*advisory.summary);
    summaries.map(str::trim).find(|text| !text.is_empty()).unwrap_or_default()
}

/// What would mend it: `fixed in 1.2.3`, `no fix`.
pub(crate) fn fix(finding: &Finding) -> String {
    match &finding.fix {
        FixState::Fixed(_) => format!("fixed in {}", finding.fix.nearest().unwrap_or_default()),
        FixState::NotFixed => "no fix".to_owned(),
        FixState::WillNotFix => "will not be fixed".to_owned(),
        FixState::EndOfLife => "end of life".to_owned(),
    }
}

/// Why a finding is not counted, and who says so.
pub(crate) fn suppression(suppression: &Suppression) -> String {
    match suppression {
        Suppression::DistributionFixed { owner, evidence } => format!("{evidence} ({owner})"),
        Suppression::HeadersOnly { source } => format!("kernel headers of {source} hold no code that runs"),
        Suppression::KnownWrong { reason } => reason.clone(),
        Suppression::Vex { source, status, reason } => {
            let reason = reason.as_deref().map(|reason| format!(", {reason}")).unwrap_or_default();
            format!("{source} states {status}{reason}")
        }
        Suppression::Exception { source, reason, expires } => {
            let until = expires.map(|at| format!(" until {}", at.date())).unwrap_or_default();
            format!("{} ({source}){until}", reason.as_deref().unwrap_or("no reason given"))
        }
    }
}

/// The page of a public database on a vulnerability; `None` where its name is not one that they would know.
pub(crate) fn page(id: &str) -> Option<String> {
    let is_plain = !id.is_empty()
        && id.len() <= 128
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    if !is_plain {
        return None;
    }
    Some(match id.split('-').next() {
        Some("CVE") => format!("https://nvd.nist.gov/vuln/detail/{id}"),
        Some("GHSA") => format!("https://github.com/advisories/{id}"),
        _ => format!("https://osv.dev/vulnerability/{id}"),
    })
}

/// Links of all advisories that lead to a web page, each once, in their order.
pub(crate) fn links(finding: &Finding, at_most: usize) -> Vec<&str> {
    let mut links: Vec<&str> = Vec::new();
    for link in finding.advisories.iter().flat_map(|advisory| advisory.references.iter()) {
        let is_page = link.starts_with("https://") || link.starts_with("http://");
        let is_plain = link.len() <= 2000 && link.bytes().all(|byte| byte.is_ascii_graphic());
        if is_page && is_plain && !links.contains(&link.as_str()) {
            links.push(link);
            if links.len() == at_most {
                break;
            }
        }
    }
    links
}

/// The names of the advisories that told.
pub(crate) fn advisory_ids(finding: &Finding) -> String {
    let ids: Vec<&str> = finding.advisories.iter().map(|Advisory { id, .. }| id.as_str()).collect();
    ids.join(", ")
}

/// Path, and the way inside an archive.
pub(crate) fn path(place: &Place) -> String {
    match &place.inside {
        Some(inside) => format!("{}!/{inside}", place.path),
        None => place.path.to_string(),
    }
}

/// The Dockerfile instruction of a layer, on one line.
pub(crate) fn instruction(report: &ScanReport, layer: LayerIndex) -> Option<String> {
    let text = report.instruction(layer)?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The layer and its instruction: `layer 2: RUN npm ci`; `None` where there are no layers.
pub(crate) fn layer(report: &ScanReport, package: &Package) -> Option<String> {
    let place = package.places.first()?;
    let layer = place.layer?;
    Some(match instruction(report, layer) {
        Some(text) => format!("layer {layer}: {text}"),
        None => format!("layer {layer}"),
    })
}

/// What could not be used, in one line.
pub(crate) fn problem(problem: &Problem) -> String {
    let mut text = problem.kind.as_str().to_owned();
    if let Some(layer) = problem.layer {
        // Writing to a String does not fail.
        let _ = write!(text, " layer {layer}");
    }
    if let Some(path) = &problem.path {
        let _ = write!(text, " {path}");
    }
    text.push_str(": ");
    text.push_str(&problem.message);
    text
}

/// What keeps the result from being called complete or wholly judged, other than problems with files.
pub(crate) fn gaps(report: &ScanReport) -> Vec<String> {
    let coverage = &report.coverage;
    let mut gaps = Vec::new();
    if report.database.is_none() {
        gaps.push("no advisory database was asked".to_owned());
    }
    if coverage.ecosystems.iter().all(|ecosystem| ecosystem.packages == 0) {
        gaps.push("no packages were found, so there was nothing to judge".to_owned());
    }
    if coverage.distribution_judged == Some(false) {
        gaps.push("the distribution is unknown or has no feed, so its packages were not judged".to_owned());
    }
    for ecosystem in &coverage.ecosystems {
        let mut add = |number: usize, one: &str, many: &str, why: &str| {
            if number > 0 {
                gaps.push(format!("{}: {} not judged ({why})", ecosystem.name, count(number, one, many)));
            }
        };
        if ecosystem.feed.is_none() {
            add(ecosystem.packages, "package", "packages", "the database has no feed");
            continue;
        }
        add(ecosystem.unknown_version, "package", "packages", "the version can't be compared");
        add(ecosystem.third_party, "package", "packages", "built by others than the distribution");
        add(ecosystem.unknown_ranges, "advisory", "advisories", "the range can't be compared");
    }
    gaps
}

/// How many findings the filters of the command line keep out of the report.
pub(crate) fn left_out(report: &ScanReport) -> Option<String> {
    let hidden = report.hidden.below_severity + report.hidden.not_fixed;
    let findings = count(hidden, "finding is", "findings are");
    (hidden > 0).then(|| format!("{findings} left out by --severity or --only-fixed"))
}

/// A number and its word.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Where a source tree lies below the working directory, which is the repository in a pipeline: `services/api`;
/// empty for the directory itself, for what lies elsewhere and for everything that is no source tree.
pub(crate) fn base(report: &ScanReport) -> String {
    if report.kind != SubjectKind::SourceTree || report.target.starts_with('/') {
        return String::new();
    }
    let steps: Vec<&str> = report.target.split('/').filter(|step| !matches!(*step, "" | ".")).collect();
    if steps.contains(&"..") { String::new() } else { steps.join("/") }
}

/// The path of a file as the repository has it.
pub(crate) fn in_repository(report: &ScanReport, place: &Place) -> String {
    match base(report) {
        base if base.is_empty() => place.path.to_string(),
        base => format!("{base}/{}", place.path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_have_a_page() {
        assert_eq!(page("CVE-2023-1").as_deref(), Some("https://nvd.nist.gov/vuln/detail/CVE-2023-1"));
        assert_eq!(page("GHSA-a-b-c").as_deref(), Some("https://github.com/advisories/GHSA-a-b-c"));
        assert_eq!(page("DSA-1-1").as_deref(), Some("https://osv.dev/vulnerability/DSA-1-1"));
        assert_eq!(page("../x"), None);
        assert_eq!(page(""), None);
    }
}
