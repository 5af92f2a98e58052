//! The report as GitLab's security dashboard reads it: container scanning for images, dependency scanning for
//! source trees.
//!
//! Suppressed findings are left out, and their number is told in `scan.messages`: GitLab keeps a register of
//! dismissals of its own and would list them as open.
//!
//! <https://gitlab.com/gitlab-org/security-products/security-report-schemas>, version 15.2.1

use std::fmt::Write as _;
use std::io::{self, Write};

use seawall_model::text::escaped;
use seawall_model::{Finding, FindingId, Package, Severity, SubjectKind, Timestamp};
use serde_json::{Value, json};

use super::log_safe::write_pretty;
use crate::ScanReport;
use crate::describe::{self, Line};
use crate::escape::{cut, markdown, markdown_code};

const SCHEMA_VERSION: &str = "15.2.1";
/// Characters of a name.
const MAX_NAME: usize = 255;
/// Characters of a solution; the schema allows 7000.
const MAX_SOLUTION: usize = 2_000;
/// Characters of a summary.
const MAX_SUMMARY: usize = 10_000;
/// Identifiers that GitLab takes for one vulnerability; it refuses the report beyond that.
const MAX_IDENTIFIERS: usize = 20;
const MAX_LINKS: usize = 20;
const MAX_MESSAGES: usize = 100;

/// Writes the report in GitLab's form.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_gitlab(report: &ScanReport, out: &mut dyn Write) -> io::Result<()> {
    let kind = Kind::of(report);
    let lines = describe::lines(report);
    let open = lines.into_iter().filter(|line| line.finding.suppression.is_none());
    let vulnerabilities: Vec<Value> = open.map(|line| vulnerability(report, kind, line)).collect();
    let document = json!({
        "version": SCHEMA_VERSION,
        "schema": format!(
            "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/v{SCHEMA_VERSION}/dist/{}-report-format.json",
            kind.as_str().replace('_', "-")
        ),
        "scan": scan(report, kind),
        "vulnerabilities": vulnerabilities,
        "remediations": [],
    });
    write_pretty(&document, out)
}

/// Which of GitLab's reports it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Container,
    Dependency,
}

impl Kind {
    fn of(report: &ScanReport) -> Self {
        match report.kind {
            SubjectKind::Image | SubjectKind::RootFileSystem => Self::Container,
            // A list of the packages of an image has a distribution.
            SubjectKind::Sbom | SubjectKind::PurlList if report.distro.is_some() => Self::Container,
            SubjectKind::SourceTree | SubjectKind::Sbom | SubjectKind::PurlList => Self::Dependency,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Container => "container_scanning",
            Self::Dependency => "dependency_scanning",
        }
    }
}

fn scan(report: &ScanReport, kind: Kind) -> Value {
    let tool = json!({
        "id": "seawall",
        "name": "Seawall",
        "version": report.tool_version,
        "vendor": {"name": "Seawall"},
    });
    let now = report.now.to_string();
    let now = now.trim_end_matches('Z');
    let is_complete = report.coverage.is_complete();
    json!({
        "analyzer": tool,
        "scanner": tool,
        "type": kind.as_str(),
        "start_time": now,
        "end_time": now,
        "status": if is_complete { "success" } else { "failure" },
        "messages": messages(report),
    })
}

fn messages(report: &ScanReport) -> Vec<Value> {
    let message = |level: &str, text: &str| json!({"level": level, "value": escaped(text)});
    let mut messages = Vec::new();
    if !report.coverage.is_complete() {
        messages.push(message("warn", "the result is incomplete"));
    }
    messages.extend(describe::gaps(report).iter().map(|gap| message("warn", gap)));
    let problems = &report.coverage.problems;
    messages.extend(
        problems.iter().take(MAX_MESSAGES).map(|problem| message("warn", &describe::problem(problem))),
    );
    if problems.len() > MAX_MESSAGES {
        let more = problems.len() - MAX_MESSAGES;
        messages.push(message("warn", &format!("{more} more problems are left out")));
    }
    messages.extend(describe::left_out(report).iter().map(|text| message("info", text)));
    let suppressed = report.totals().suppressed;
    if suppressed > 0 {
        let findings = describe::count(suppressed, "finding is", "findings are");
        messages.push(message("info", &format!("{findings} suppressed and left out")));
    }
    messages
}

fn vulnerability(report: &ScanReport, kind: Kind, line: Line<'_>) -> Value {
    let Line { finding, package } = line;
    let summary = describe::summary(finding);
    let name = if summary.is_empty() { finding.vulnerability.as_str() } else { summary };
    let mut value = json!({
        "id": uuid(finding.id),
        "name": cut(&escaped(name), MAX_NAME),
        "description": description(report, line),
        "severity": severity(finding),
        "identifiers": identifiers(finding),
        "links": describe::links(finding, MAX_LINKS).iter().map(|link| json!({"url": link})).collect::<Vec<_>>(),
        "location": location(report, kind, package),
        "details": details(report, line),
    });
    if let Some(version) = finding.fix.nearest() {
        let solution = format!("Upgrade {} from {} to {version}", package.name, package.version);
        value["solution"] = json!(cut(&escaped(&solution), MAX_SOLUTION));
    }
    if let Some(vector) = finding.cvss_vector.as_deref().filter(|vector| is_cvss3(vector)) {
        value["cvss_vectors"] = json!([{"vendor": "unknown", "vector": vector}]);
    }
    value
}

/// GitLab reads it as Markdown.
fn description(report: &ScanReport, line: Line<'_>) -> String {
    let Line { finding, package } = line;
    let mut text = markdown(&cut(describe::summary(finding), MAX_SUMMARY));
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    let code = |text: &str| markdown_code(&cut(text, MAX_NAME));
    // Writing to a String does not fail.
    let _ = write!(text, "{} {} is affected.", code(&package.name), code(&package.version));
    if let Some(layer) = describe::layer(report, package) {
        let _ = write!(text, " It was brought by {}.", code(&layer));
    }
    text
}

const fn severity(finding: &Finding) -> &'static str {
    if !finding.kind.is_security_fault() {
        return "Info";
    }
    match finding.severity {
        Some(Severity::Critical) => "Critical",
        Some(Severity::High) => "High",
        Some(Severity::Medium) => "Medium",
        Some(Severity::Low) => "Low",
        Some(Severity::Negligible) => "Info",
        None => "Unknown",
    }
}

/// The name of the vulnerability first: GitLab takes it for the primary identifier.
fn identifiers(finding: &Finding) -> Vec<Value> {
    let names = std::iter::once(&finding.vulnerability).chain(&finding.aliases);
    let advisories = finding.advisories.iter().map(|advisory| &advisory.id);
    let mut known: Vec<&str> = Vec::new();
    for name in names.chain(advisories) {
        if !name.is_empty() && !known.contains(&name.as_str()) && known.len() < MAX_IDENTIFIERS {
            known.push(name);
        }
    }
    known.into_iter().map(identifier).collect()
}

fn identifier(name: &str) -> Value {
    let kind = match name.split('-').next() {
        Some("CVE") => "cve",
        Some("GHSA") => "ghsa",
        Some("DSA" | "DLA") => "dsa",
        Some("USN") => "usn",
        Some("RHSA" | "RHBA" | "RHEA") => "rhsa",
        Some("ELSA") => "elsa",
        _ => "osv",
    };
    let mut value = json!({"type": kind, "name": escaped(name), "value": escaped(name)});
    if let Some(page) = describe::page(name) {
        value["url"] = json!(page);
    }
    value
}

fn location(report: &ScanReport, kind: Kind, package: &Package) -> Value {
    let target = match escaped(&report.target) {
        empty if empty.is_empty() => "target".to_owned(),
        target => target,
    };
    let dependency =
        json!({"package": {"name": escaped(&package.name)}, "version": escaped(&package.version)});
    match kind {
        Kind::Container => {
            let system = report.distro.as_ref().map(|distro| escaped(&distro.display_name()));
            let system = system.filter(|system| !system.is_empty()).unwrap_or_else(|| "unknown".to_owned());
            json!({"dependency": dependency, "operating_system": system, "image": target})
        }
        Kind::Dependency => {
            let path = package.places.first().map(|place| escaped(&describe::in_repository(report, place)));
            let file = path.filter(|path| !path.is_empty()).unwrap_or(target);
            json!({"dependency": dependency, "file": file})
        }
    }
}

fn details(report: &ScanReport, line: Line<'_>) -> Value {
    let Line { finding, package } = line;
    let mut details = serde_json::Map::new();
    let mut add = |key: &str, name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let value = cut(&escaped(&value), MAX_SUMMARY);
            details.insert(key.to_owned(), json!({"type": "text", "name": name, "value": value}));
        }
    };
    add("package_url", "Package URL", Some(package.purl(report.distro.as_ref()).to_string()));
    add("path", "Path", package.places.first().map(describe::path));
    add("layer", "Layer", describe::layer(report, package));
    add("exploited", "Known to be exploited since", finding.kev_since.map(Timestamp::date));
    add("likelihood", "Likelihood of exploitation (EPSS)", finding.epss.map(|(score, _)| score.to_string()));
    add("finding", "Seawall finding", Some(finding.id.to_string()));
    Value::Object(details)
}

/// A UUID of version 8, made of the finding's identifier, so that it is the same in every run.
fn uuid(id: FindingId) -> String {
    let high = id.to_string();
    let low = FindingId::of(&["gitlab", &high]).to_string();
    format!("{}-{}-8{}-8{}-{}", &high[..8], &high[8..12], &high[13..], &low[1..4], &low[4..])
}

/// Whether GitLab's schema takes the vector: CVSS 3.0 or 3.1 with metrics that it knows.
fn is_cvss3(vector: &str) -> bool {
    let metrics = vector.strip_prefix("CVSS:3.1/").or_else(|| vector.strip_prefix("CVSS:3.0/"));
    let Some(metrics) = metrics else { return false };
    (32..=128).contains(&vector.len()) && metrics.split('/').all(is_cvss3_metric)
}

fn is_cvss3_metric(metric: &str) -> bool {
    let Some((name, value)) = metric.split_once(':') else { return false };
    let allowed = match name {
        "AV" => "NALP",
        "AC" => "LH",
        "UI" => "NR",
        "S" => "UC",
        "PR" | "C" | "I" | "A" => "NLH",
        "E" => "XUPFH",
        "RL" => "XOTWU",
        "RC" => "XURC",
        "CR" | "IR" | "AR" => "XLMH",
        "MAV" => "XNALP",
        "MAC" => "XLH",
        "MPR" | "MC" | "MI" | "MA" => "XNLH",
        "MUI" => "XNR",
        "MS" => "XUC",
        _ => return false,
    };
    value.len() == 1 && allowed.contains(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_vectors_of_the_schema_are_passed_on() {
        assert!(is_cvss3("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"));
        assert!(!is_cvss3("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"));
        assert!(!is_cvss3("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:Hx"));
        assert!(!is_cvss3("CVSS:3.1/"));
    }

    #[test]
    fn the_identifier_is_a_uuid_of_version_8() {
        let id = uuid(FindingId::of(&["a"]));
        assert_eq!(id.len(), 36);
        assert_eq!((&id[14..15], &id[19..20]), ("8", "8"));
        assert_eq!(id.matches('-').count(), 4);
    }
}
