//! The report as SARIF 2.1.0, within the limits of GitHub code scanning.
//!
//! One rule for each vulnerability, one result for each finding. What a package is, which layer and which
//! instruction brought it are logical locations; what could not be examined are notifications.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html>,
//! <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};

use seawall_model::text::escaped;
use seawall_model::{Finding, FindingKind, Package, Place, Severity, SubjectKind};
use serde_json::{Value, json};

use super::log_safe::write_pretty;
use crate::ScanReport;
use crate::describe::{self, Line};
use crate::escape::{cut, markdown, markdown_code, uri_path};

/// Results that GitHub takes in one run; beyond that it refuses the whole file.
const MAX_RESULTS: usize = 25_000;
/// Results that GitHub stores and shows of one run.
const SHOWN_RESULTS: usize = 5_000;
/// Locations that GitHub takes in one result.
const MAX_LOCATIONS: usize = 1_000;
/// Notifications about problems; the JSON report lists all.
const MAX_NOTIFICATIONS: usize = 1_000;
/// Characters of a description, which GitHub cuts there.
const MAX_DESCRIPTION: usize = 1_024;
/// Links in the help of a rule.
const MAX_LINKS: usize = 10;

/// Writes the report as SARIF.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_sarif(report: &ScanReport, out: &mut dyn Write) -> io::Result<()> {
    write_pretty(&Log::new(report).finish(), out)
}

/// What is collected while the findings are gone through.
struct Log<'a> {
    report: &'a ScanReport,
    rules: Rules<'a>,
    results: Vec<Value>,
    notifications: Vec<Value>,
}

impl<'a> Log<'a> {
    fn new(report: &'a ScanReport) -> Self {
        let mut log =
            Self { report, rules: Rules::default(), results: Vec::new(), notifications: Vec::new() };
        log.coverage();
        log.findings();
        log
    }

    fn finish(self) -> Value {
        let report = self.report;
        let is_read = !report.coverage.problems.iter().any(|problem| problem.kind.breaks_completeness());
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": "Seawall",
                    "version": report.tool_version,
                    "semanticVersion": report.tool_version,
                    "rules": self.rules.into_values(),
                }},
                "automationDetails": {"id": automation_id(report)},
                "invocations": [{
                    "executionSuccessful": is_read,
                    "endTimeUtc": report.now.to_string(),
                    "toolExecutionNotifications": self.notifications,
                }],
                "columnKind": "utf16CodeUnits",
                "results": self.results,
                "properties": properties(report),
            }],
        })
    }

    fn findings(&mut self) {
        let mut lines = describe::lines(self.report);
        let mut seen = BTreeSet::new();
        lines.retain(|line| seen.insert(line.finding.id));
        if lines.len() > MAX_RESULTS {
            let left_out = lines.len() - MAX_RESULTS;
            self.notify("error", "limit", &format!(
                "{left_out} findings are left out, the least severe ones: GitHub code scanning takes at most {MAX_RESULTS} results"
            ));
            lines.truncate(MAX_RESULTS);
        }
        if lines.len() > SHOWN_RESULTS {
            self.notify("warning", "limit", &format!(
                "GitHub code scanning shows only {SHOWN_RESULTS} of these {} results; the most severe ones stand first",
                lines.len()
            ));
        }
        for line in lines {
            let rule = self.rules.index_of(line);
            let result = self.result(line, rule);
            self.results.push(result);
        }
    }

    fn result(&mut self, line: Line<'_>, rule: usize) -> Value {
        let Line { finding, package } = line;
        let id = finding.id.to_string();
        if package.places.len() > MAX_LOCATIONS {
            let left_out = package.places.len() - MAX_LOCATIONS;
            self.notify("warning", "limit", &format!("{left_out} locations of finding {id} are left out"));
        }
        let mut result = json!({
            "ruleId": escaped(&finding.vulnerability),
            "ruleIndex": rule,
            "level": level(finding),
            "message": {"text": message(line)},
            "locations": self.locations(package),
            "partialFingerprints": {
                "seawallFinding/v1": id,
                // The only fingerprint that GitHub compares.
                "primaryLocationLineHash": format!("{id}:1"),
            },
            "properties": {
                "purl": package.purl(self.report.distro.as_ref()).to_string(),
                "severity": describe::severity_word(finding),
                "fixedVersion": finding.fix.nearest().map(escaped),
            },
        });
        if let Some(suppression) = &finding.suppression {
            let justification = escaped(&describe::suppression(suppression));
            result["suppressions"] =
                json!([{"kind": "external", "status": "accepted", "justification": justification}]);
        }
        result
    }

    fn locations(&self, package: &Package) -> Vec<Value> {
        let places = package.places.iter().take(MAX_LOCATIONS);
        let mut locations: Vec<Value> =
            places.map(|place| location(self.report, package, Some(place))).collect();
        if locations.is_empty() {
            locations.push(location(self.report, package, None));
        }
        locations
    }

    fn coverage(&mut self) {
        let coverage = &self.report.coverage;
        if !coverage.is_complete() {
            let text = "the result is incomplete: that nothing was found does not mean that nothing is there";
            self.notify("error", "incomplete", text);
        }
        for gap in describe::gaps(self.report) {
            self.notify("warning", "not-judged", &gap);
        }
        if let Some(text) = describe::left_out(self.report) {
            self.notify("note", "filter", &text);
        }
        for problem in coverage.problems.iter().take(MAX_NOTIFICATIONS) {
            let level = if problem.kind.breaks_completeness() { "error" } else { "warning" };
            self.notify(level, problem.kind.as_str(), &describe::problem(problem));
        }
        if coverage.problems.len() > MAX_NOTIFICATIONS {
            let more = coverage.problems.len() - MAX_NOTIFICATIONS;
            self.notify("warning", "limit", &format!("{more} more problems are left out"));
        }
        for note in &self.report.exceptions {
            let text = format!("exception {} at {}: {}", note.rule, note.source, note.message);
            self.notify("warning", "exception", &text);
        }
    }

    fn notify(&mut self, level: &str, id: &str, text: &str) {
        self.notifications.push(json!({
            "level": level,
            "descriptor": {"id": id},
            "message": {"text": message_text(text)},
        }));
    }
}

/// Rules in the order in which their first results come.
#[derive(Default)]
struct Rules<'a> {
    positions: BTreeMap<String, usize>,
    rules: Vec<Rule<'a>>,
}

struct Rule<'a> {
    /// The most severe finding of the vulnerability.
    finding: &'a Finding,
    score: Option<f64>,
    tags: BTreeSet<&'static str>,
}

impl<'a> Rules<'a> {
    fn index_of(&mut self, line: Line<'a>) -> usize {
        let Line { finding, package } = line;
        let next = self.rules.len();
        let position = *self.positions.entry(escaped(&finding.vulnerability)).or_insert(next);
        if position == next {
            self.rules.push(Rule { finding, score: None, tags: BTreeSet::new() });
        }
        let rule = &mut self.rules[position];
        rule.score = [rule.score, score(finding)].into_iter().flatten().reduce(f64::max);
        rule.tags.extend(["security", finding.kind.as_str(), package.kind.purl_type()]);
        if finding.kev_since.is_some() {
            rule.tags.insert("known-exploited");
        }
        position
    }

    fn into_values(self) -> Vec<Value> {
        self.rules.iter().map(Rule::value).collect()
    }
}

impl Rule<'_> {
    fn value(&self) -> Value {
        let finding = self.finding;
        let id = escaped(&finding.vulnerability);
        let summary = describe::summary(finding);
        let title = if summary.is_empty() { title(finding.kind).to_owned() } else { escaped(summary) };
        // GitHub shows ten tags; the first in the alphabet are as good as any, but these two must be there.
        let mut tags: Vec<&str> = vec!["security", finding.kind.as_str()];
        tags.extend(self.tags.iter().filter(|tag| **tag != "security" && **tag != finding.kind.as_str()));
        tags.truncate(10);
        let mut properties = json!({"tags": tags, "precision": "very-high"});
        if let Some(score) = self.score {
            properties["security-severity"] = json!(format!("{score:.1}"));
        }
        let mut rule = json!({
            "id": id,
            "name": rule_name(finding.kind),
            "shortDescription": {"text": message_text(&cut(&format!("{id}: {title}"), MAX_DESCRIPTION))},
            "fullDescription": {"text": message_text(&cut(&title, MAX_DESCRIPTION))},
            "help": {"text": help_text(finding), "markdown": help_markdown(finding)},
            "defaultConfiguration": {"level": level(finding)},
            "properties": properties,
        });
        if let Some(page) = describe::page(&finding.vulnerability) {
            rule["helpUri"] = json!(page);
        }
        rule
    }
}

const fn rule_name(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Vulnerability => "VulnerablePackage",
        FindingKind::Malware => "MaliciousPackage",
        FindingKind::Unmaintained => "UnmaintainedPackage",
        FindingKind::Unsound => "UnsoundPackage",
        FindingKind::Notice => "NoticeOnPackage",
    }
}

const fn title(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Vulnerability => "a known vulnerability",
        FindingKind::Malware => "a package that was published to do harm",
        FindingKind::Unmaintained => "a package that is no longer maintained",
        FindingKind::Unsound => "a package that is unsound",
        FindingKind::Notice => "a notice on a package",
    }
}

const fn level(finding: &Finding) -> &'static str {
    match (finding.kind, finding.severity) {
        (FindingKind::Malware, _)
        | (FindingKind::Vulnerability, Some(Severity::Critical | Severity::High)) => "error",
        (FindingKind::Vulnerability, Some(Severity::Medium) | None) => "warning",
        _ => "note",
    }
}

/// The score by which GitHub sorts: the computed one where it agrees with the severity of the finding, which
/// the distribution may have set, else the middle of that severity. None where the severity is unknown.
fn score(finding: &Finding) -> Option<f64> {
    if finding.kind == FindingKind::Malware {
        return Some(10.0);
    }
    let severity = finding.severity.filter(|_| finding.kind.is_security_fault())?;
    let computed = finding.cvss_score.filter(|score| Severity::from_cvss_score(*score) == severity);
    Some(
        computed
            .unwrap_or(match severity {
                Severity::Critical => 9.5,
                Severity::High => 8.0,
                Severity::Medium => 5.5,
                Severity::Low => 2.0,
                // Zero would mean: no security alert at all.
                Severity::Negligible => 0.1,
            })
            .max(0.1),
    )
}

/// Text of a message: braces and brackets would be place-holders and links.
fn message_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in escaped(text).chars() {
        match character {
            '{' => out.push_str("{{"),
            '}' => out.push_str("}}"),
            '[' => out.push_str("\\["),
            ']' => out.push_str("\\]"),
            '\\' => out.push_str("\\\\"),
            _ => out.push(character),
        }
    }
    out
}

fn message(line: Line<'_>) -> String {
    let Line { finding, package } = line;
    let what = format!("{} {} has {}", package.name, package.version, finding.vulnerability);
    let mut text = message_text(&what);
    let word = describe::severity_word(finding);
    // Writing to a String does not fail.
    let _ = write!(text, " ({word}): ");
    text.push_str(&message_text(&describe::fix(finding)));
    text.push('.');
    if let Some(since) = finding.kev_since {
        let _ = write!(text, " Known to be exploited since {}.", since.date());
    }
    if finding.perhaps_backported {
        text.push_str(" The distribution may have mended it without changing the version.");
    }
    let summary = describe::summary(finding);
    if !summary.is_empty() {
        text.push(' ');
        text.push_str(&message_text(&cut(summary, MAX_DESCRIPTION)));
    }
    text
}

/// What is known of the vulnerability, whatever package has it: label and plain value.
fn facts(finding: &Finding) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Severity", describe::severity_word(finding).to_owned())];
    if let (Some(score), Some(vector)) = (finding.cvss_score, &finding.cvss_vector) {
        facts.push(("CVSS", format!("{score:.1} {vector}")));
    }
    if let Some((score, percentile)) = finding.epss {
        let text = format!("{:.2} % within 30 days, percentile {:.0}", score * 100.0, percentile * 100.0);
        facts.push(("Likelihood of exploitation (EPSS)", text));
    }
    if let Some(since) = finding.kev_since {
        facts.push(("Known to be exploited since", since.date()));
    }
    if !finding.aliases.is_empty() {
        facts.push(("Also known as", finding.aliases.join(", ")));
    }
    facts.push(("Advisories", describe::advisory_ids(finding)));
    facts
}

fn help_text(finding: &Finding) -> String {
    let mut text = escaped(&cut(describe::summary(finding), MAX_DESCRIPTION));
    for (label, value) in facts(finding) {
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = write!(text, "{label}: {}", escaped(&cut(&value, MAX_DESCRIPTION)));
    }
    for link in describe::links(finding, MAX_LINKS) {
        text.push('\n');
        text.push_str(link);
    }
    text
}

fn help_markdown(finding: &Finding) -> String {
    let mut text = format!("**{}**\n", markdown_code(&finding.vulnerability));
    let summary = describe::summary(finding);
    if !summary.is_empty() {
        let _ = writeln!(text, "\n{}", markdown(&cut(summary, MAX_DESCRIPTION)));
    }
    text.push_str("\n| | |\n|---|---|\n");
    for (label, value) in facts(finding) {
        let _ = writeln!(text, "| {label} | {} |", markdown_code(&cut(&value, MAX_DESCRIPTION)));
    }
    let links = describe::links(finding, MAX_LINKS);
    if !links.is_empty() {
        text.push('\n');
    }
    for link in links {
        // Angle brackets end at the first closing one, which no link has unescaped.
        let _ = writeln!(text, "- <{}>", link.replace('<', "%3C").replace('>', "%3E"));
    }
    text
}

fn location(report: &ScanReport, package: &Package, place: Option<&Place>) -> Value {
    let mut logical = vec![json!({
        "kind": "package",
        "name": escaped(&package.name),
        "fullyQualifiedName": package.purl(report.distro.as_ref()).to_string(),
    })];
    if let Some(inside) = place.and_then(|place| place.inside.as_deref()) {
        logical.push(json!({"kind": "archive-entry", "name": escaped(inside)}));
    }
    if let Some(layer) = place.and_then(|place| place.layer) {
        let mut value = json!({"kind": "layer", "name": format!("layer {layer}")});
        if let Some(line) = report.layers.get(layer) {
            value["fullyQualifiedName"] = json!(line.diff_id.to_string());
        }
        logical.push(value);
    }
    if let Some(instruction) = place.and_then(|place| describe::instruction(report, place.layer?)) {
        logical.push(json!({"kind": "instruction", "name": escaped(&cut(&instruction, MAX_DESCRIPTION))}));
    }
    json!({
        "physicalLocation": {
            "artifactLocation": {"uri": uri(report, place)},
            // GitHub wants a region; packages have no line.
            "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
        },
        "logicalLocations": logical,
    })
}

/// The path of a place: from the root of an image, or from the working directory for a source tree, which is
/// how GitHub finds the file. Never empty, never with a scheme: the target's name where there is no path.
fn uri(report: &ScanReport, place: Option<&Place>) -> String {
    let path = place.map(|place| uri_path(place.path.as_bytes())).unwrap_or_default();
    let base = uri_path(describe::base(report).as_bytes());
    let joined = match (base.is_empty(), path.is_empty()) {
        (_, true) => target_path(report),
        (true, false) => path,
        (false, false) => format!("{base}/{path}"),
    };
    let trimmed = joined.trim_matches('/');
    if trimmed.is_empty() { "target".to_owned() } else { trimmed.to_owned() }
}

/// The target's name as a relative path without steps upward.
fn target_path(report: &ScanReport) -> String {
    let steps = report.target.split('/').filter(|step| !matches!(*step, "" | "." | ".."));
    steps.map(|step| uri_path(step.as_bytes())).collect::<Vec<_>>().join("/")
}

/// What GitHub takes as the category of the alerts. It has no tag and no digest: the next build of the same
/// image continues the same alerts instead of opening all of them anew.
fn automation_id(report: &ScanReport) -> String {
    let mut name = target_path(report);
    if report.kind == SubjectKind::Image {
        // Colon and at sign are encoded by now.
        let last = name.rfind('/').map_or(0, |slash| slash + 1);
        let end = ["%40", "%3A"].iter().filter_map(|mark| name[last..].find(mark)).min();
        name.truncate(end.map_or(name.len(), |end| last + end));
    }
    let name = if name.is_empty() { "target" } else { &name };
    format!("seawall/{}/{}/", report.kind.as_str(), cut(name, 200))
}

fn properties(report: &ScanReport) -> Value {
    let image = report.image.as_ref();
    let digest = image.and_then(|image| image.manifest_digest);
    json!({
        "target": escaped(&report.target),
        "imageDigest": digest.map(|digest| digest.to_string()),
        "imageId": image.map(|image| image.id.to_string()),
        "platform": image.map(|image| escaped(&image.platform)),
        "distribution": report.distro.as_ref().map(|distro| escaped(&distro.display_name())),
        "complete": report.coverage.is_complete(),
    })
}
