//! The report as JUnit XML, as Jenkins, GitLab and others read it.
//!
//! One suite for each ecosystem: an open finding fails, a suppressed one is skipped. A last suite says what
//! was judged, so that a report without findings is not an empty one, and what could not be read is an error.
//!
//! There is no standard; the schema followed is that of the Jenkins xUnit plug-in.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use seawall_model::{EcosystemCoverage, Timestamp};

use crate::ScanReport;
use crate::describe::{self, Line};
use crate::escape::{cut, xml};

/// Characters of a message, which some readers show on one line.
const MAX_MESSAGE: usize = 500;
/// Problems listed in the error; the JSON report lists all.
const MAX_PROBLEMS: usize = 100;

/// Writes the report as JUnit XML.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_junit(report: &ScanReport, out: &mut dyn Write) -> io::Result<()> {
    let suites = suites(report);
    let mut total = Counts::default();
    for suite in &suites {
        total.add(&suite.counts());
    }
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let Counts { tests, failures, errors, .. } = total;
    let name = xml(&report.target);
    line(
        &mut text,
        &format!(
            "<testsuites name=\"seawall: {name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">"
        ),
    );
    for suite in &suites {
        suite.write(report, &mut text);
    }
    text.push_str("</testsuites>\n");
    out.write_all(text.as_bytes())
}

fn line(text: &mut String, content: &str) {
    text.push_str(content);
    text.push('\n');
}

struct Suite {
    name: String,
    cases: Vec<Case>,
}

struct Case {
    class: String,
    name: String,
    outcome: Outcome,
}

enum Outcome {
    Passed,
    Failed { severity: &'static str, message: String, body: String },
    Skipped { message: String },
    Error { message: String, body: String },
}

#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
    }
}

impl Suite {
    fn counts(&self) -> Counts {
        let mut counts = Counts { tests: self.cases.len(), ..Counts::default() };
        for case in &self.cases {
            match case.outcome {
                Outcome::Passed => {}
                Outcome::Failed { .. } => counts.failures += 1,
                Outcome::Skipped { .. } => counts.skipped += 1,
                Outcome::Error { .. } => counts.errors += 1,
            }
        }
        counts
    }

    fn write(&self, report: &ScanReport, text: &mut String) {
        let Counts { tests, failures, errors, skipped } = self.counts();
        let name = xml(&format!("{}: {}", report.target, self.name));
        let time = report.now.to_string();
        let time = time.trim_end_matches('Z');
        line(
            text,
            &format!(
                "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" timestamp=\"{time}\">"
            ),
        );
        for case in &self.cases {
            case.write(text);
        }
        line(text, "  </testsuite>");
    }
}

impl Case {
    fn write(&self, text: &mut String) {
        let head = format!("    <testcase classname=\"{}\" name=\"{}\"", xml(&self.class), xml(&self.name));
        let inner = match &self.outcome {
            Outcome::Passed => {
                line(text, &format!("{head}/>"));
                return;
            }
            Outcome::Failed { severity, message, body } => {
                format!(
                    "<failure type=\"{severity}\" message=\"{}\">{}</failure>",
                    short(message),
                    lines(body)
                )
            }
            Outcome::Skipped { message } => format!("<skipped message=\"{}\"/>", short(message)),
            Outcome::Error { message, body } => {
                format!("<error type=\"incomplete\" message=\"{}\">{}</error>", short(message), lines(body))
            }
        };
        line(text, &format!("{head}>\n      {inner}\n    </testcase>"));
    }
}

fn short(message: &str) -> String {
    xml(&cut(message, MAX_MESSAGE))
}

/// Our own line ends stay, those of foreign text do not.
fn lines(body: &str) -> String {
    body.split('\n').map(xml).collect::<Vec<_>>().join("\n")
}

fn suites(report: &ScanReport) -> Vec<Suite> {
    let mut by_kind: BTreeMap<&'static str, Vec<Case>> = BTreeMap::new();
    for finding in describe::lines(report) {
        by_kind.entry(finding.package.kind.purl_type()).or_default().push(finding_case(report, finding));
    }
    let mut suites: Vec<Suite> =
        by_kind.into_iter().map(|(kind, cases)| Suite { name: kind.to_owned(), cases }).collect();
    let mut cases: Vec<Case> = report.coverage.ecosystems.iter().map(coverage_case).collect();
    cases.push(completeness_case(report));
    suites.push(Suite { name: "coverage".to_owned(), cases });
    suites
}

fn finding_case(report: &ScanReport, finding: Line<'_>) -> Case {
    let Line { finding, package } = finding;
    let what = format!("{} in {} {}", finding.vulnerability, package.name, package.version);
    let summary = describe::summary(finding);
    let outcome = match &finding.suppression {
        Some(suppression) => {
            Outcome::Skipped { message: format!("suppressed: {}", describe::suppression(suppression)) }
        }
        None => Outcome::Failed {
            severity: describe::severity_word(finding),
            message: format!("{what}: {}", describe::fix(finding)),
            body: body(report, Line { finding, package }, summary),
        },
    };
    // Jenkins takes what stands before the last dot for a Java package.
    let class = format!("{}.{}", package.kind.purl_type(), package.name.replace('.', "_"));
    // Readers join cases of the same name, so each has the identifier of its finding.
    Case { class, name: format!("{what} ({})", &finding.id.to_string()[..8]), outcome }
}

fn body(report: &ScanReport, line: Line<'_>, summary: &str) -> String {
    let Line { finding, package } = line;
    let one_line = |text: &str| text.replace('\n', " ");
    let mut body = String::new();
    let mut add = |label: &str, value: &str| {
        if !value.is_empty() {
            // Writing to a String does not fail.
            let _ = write!(body, "{}{label}: {}", if body.is_empty() { "" } else { "\n" }, one_line(value));
        }
    };
    add("severity", describe::severity_word(finding));
    add("summary", summary);
    add("fix", &describe::fix(finding));
    add("package", &package.purl(report.distro.as_ref()).to_string());
    for place in package.places.iter().take(10) {
        add("path", &describe::path(place));
    }
    add("brought by", &describe::layer(report, package).unwrap_or_default());
    add("exploited since", &finding.kev_since.map(Timestamp::date).unwrap_or_default());
    add("advisories", &describe::advisory_ids(finding));
    add("more", &describe::page(&finding.vulnerability).unwrap_or_default());
    body
}

fn coverage_case(ecosystem: &EcosystemCoverage) -> Case {
    let left = ecosystem.packages.saturating_sub(ecosystem.matched);
    let mut missing = Vec::new();
    if ecosystem.feed.is_none() {
        missing.push("the database has no feed for these packages".to_owned());
    } else if left > 0 {
        missing.push(format!("{} of {} packages were not judged", left, ecosystem.packages));
    }
    if ecosystem.unknown_ranges > 0 {
        let advisories = describe::count(ecosystem.unknown_ranges, "advisory", "advisories");
        missing.push(format!("{advisories} could not be compared"));
    }
    let outcome =
        if missing.is_empty() { Outcome::Passed } else { Outcome::Skipped { message: missing.join(", ") } };
    // Without the number of packages, which would make a new test of it at every build.
    Case { class: "coverage".to_owned(), name: format!("{} was judged", ecosystem.name), outcome }
}

fn completeness_case(report: &ScanReport) -> Case {
    let problems = &report.coverage.problems;
    let outcome = if report.coverage.is_complete() {
        Outcome::Passed
    } else {
        let mut told = describe::gaps(report);
        told.extend(problems.iter().take(MAX_PROBLEMS).map(describe::problem));
        if problems.len() > MAX_PROBLEMS {
            told.push(format!("and {} more problems", problems.len() - MAX_PROBLEMS));
        }
        let told: Vec<String> = told.iter().map(|text| text.replace('\n', " ")).collect();
        Outcome::Error { message: "the result is incomplete".to_owned(), body: told.join("\n") }
    };
    Case { class: "coverage".to_owned(), name: "everything was examined".to_owned(), outcome }
}
