//! The report as Markdown, for a comment on a pull request or a job's summary: the numbers first, then the worst
//! findings, then what was not examined.
//!
//! GitHub refuses comments of more than 65,536 characters; this is always shorter, and says what it leaves out.
//! Names from the target stand in code spans, where they are neither markup nor a mention of anybody.

use std::fmt::Write as _;
use std::io::{self, Write};

use seawall_model::{Finding, FindingKind, Severity};

use crate::ScanReport;
use crate::describe::{self, Line, count};
use crate::escape::{cut, markdown, markdown_code};
use crate::scan_report::EndOfLife;

/// Bytes of the whole text; GitHub counts characters, of which there are never more.
const MAX_BYTES: usize = 60_000;
/// Rows of the table of findings: more than that nobody reads in a comment.
const MAX_ROWS: usize = 100;
/// Characters of a cell.
const MAX_CELL: usize = 120;
/// Problems, gaps and suppressed findings listed, each.
const MAX_NOTES: usize = 20;

/// Writes the report as Markdown.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_markdown(report: &ScanReport, out: &mut dyn Write) -> io::Result<()> {
    let head = head(report);
    let tail = tail(report);
    let room = MAX_BYTES.saturating_sub(head.len() + tail.len());
    out.write_all(head.as_bytes())?;
    out.write_all(findings(report, room).as_bytes())?;
    out.write_all(tail.as_bytes())
}

fn code(text: &str) -> String {
    markdown_code(&cut(text, MAX_CELL))
}

fn head(report: &ScanReport) -> String {
    let mut text = format!("## Seawall: {}\n\n", code(&report.target));
    let mut subject = Vec::new();
    if let Some(image) = &report.image {
        subject.push(code(&image.platform));
        subject.push(code(&image.manifest_digest.unwrap_or(image.id).to_string()));
    }
    if let Some(distro) = &report.distro {
        subject.push(code(&distro.display_name()));
    }
    if !subject.is_empty() {
        // Writing to a String does not fail.
        let _ = write!(text, "{}\n\n", subject.join(" · "));
    }
    text.push_str(&verdict(report));
    text.push_str(&numbers(report));
    text
}

/// One sentence. Nothing found is good news only as far as packages were judged.
fn verdict(report: &ScanReport) -> String {
    let totals = report.totals();
    let packages = count(report.packages.len(), "package", "packages");
    let open = totals.open() + totals.notices;
    let mut text = if open > 0 {
        format!("**{} in {} of {packages}.**", count(open, "finding", "findings"), totals.packages)
    } else if let Some(text) = describe::left_out(report) {
        format!("**Nothing to show: {text}.**")
    } else if report.coverage.is_spotless() {
        format!("**No known vulnerability in {packages}.**")
    } else {
        format!("**Nothing found in {packages}, but not everything was examined.**")
    };
    if totals.fixable > 0 {
        let _ = write!(text, " {} can be mended by an upgrade.", totals.fixable);
    }
    if let EndOfLife::Ended { since, .. } = report.end_of_life {
        let _ = write!(text, " The distribution is out of support since {}.", since.date());
    }
    text.push_str("\n\n");
    text
}

fn numbers(report: &ScanReport) -> String {
    let totals = report.totals();
    let number = |severity| totals.by_severity.get(&severity).copied().unwrap_or(0);
    format!(
        "| Critical | High | Medium | Low | Negligible | Unknown | Notices | Suppressed | Hidden |\n\
         |---:|---:|---:|---:|---:|---:|---:|---:|---:|\n\
         | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n\n",
        number(Severity::Critical),
        number(Severity::High),
        number(Severity::Medium),
        number(Severity::Low),
        number(Severity::Negligible),
        totals.unknown,
        totals.notices,
        totals.suppressed,
        report.hidden.below_severity + report.hidden.not_fixed,
    )
}

fn findings(report: &ScanReport, room: usize) -> String {
    let lines = describe::lines(report);
    let open: Vec<Line<'_>> = lines.into_iter().filter(|line| line.finding.suppression.is_none()).collect();
    if open.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "| Severity | Vulnerability | Package | Installed | Fixed in | Where |\n|---|---|---|---|---|---|\n",
    );
    let mut shown = 0;
    for line in open.iter().take(MAX_ROWS) {
        let row = row(report, *line);
        // Room for the line that says how many are left out.
        if text.len() + row.len() + 200 > room {
            break;
        }
        text.push_str(&row);
        shown += 1;
    }
    if shown < open.len() {
        let more = count(open.len() - shown, "more finding", "more findings");
        let _ = writeln!(text, "\nand {more}, none of them more severe.");
    }
    text.push('\n');
    text
}

fn row(report: &ScanReport, line: Line<'_>) -> String {
    let Line { finding, package } = line;
    let name = code(&finding.vulnerability);
    let name = match describe::page(&finding.vulnerability) {
        Some(page) => format!("[{name}]({page})"),
        None => name,
    };
    let path = || package.places.first().map(describe::path).unwrap_or_default();
    let place = describe::layer(report, package).unwrap_or_else(path);
    let exploited = if finding.kev_since.is_some() { " **exploited**" } else { "" };
    let backported = if finding.perhaps_backported { " (perhaps mended)" } else { "" };
    format!(
        "| {}{exploited} | {name} | {} | {} | {}{backported} | {} |\n",
        severity(finding),
        code(&package.name),
        code(&package.version),
        finding.fix.nearest().map(code).unwrap_or_default(),
        code(&place),
    )
}

fn severity(finding: &Finding) -> &'static str {
    match finding.kind {
        FindingKind::Malware => "🟣 malware",
        FindingKind::Vulnerability => match finding.severity {
            Some(Severity::Critical) => "🔴 critical",
            Some(Severity::High) => "🟠 high",
            Some(Severity::Medium) => "🟡 medium",
            Some(Severity::Low) => "🔵 low",
            Some(Severity::Negligible) => "⚪ negligible",
            None => "❔ unknown",
        },
        other => other.as_str(),
    }
}

/// What was not examined, and what is not counted.
fn tail(report: &ScanReport) -> String {
    let mut text = String::new();
    let problems = &report.coverage.problems;
    let mut told = describe::gaps(report);
    told.extend(problems.iter().take(MAX_NOTES).map(describe::problem));
    if problems.len() > MAX_NOTES {
        told.push(format!("and {} more problems", problems.len() - MAX_NOTES));
    }
    let exceptions = report.exceptions.iter().take(MAX_NOTES);
    told.extend(
        exceptions.map(|note| format!("exception {} at {}: {}", note.rule, note.source, note.message)),
    );
    if !told.is_empty() {
        let title = if report.coverage.is_complete() { "Not examined" } else { "The result is incomplete" };
        text.push_str(&details(title, told.len(), &told));
    }
    let lines = describe::lines(report);
    let suppressed = lines.iter().filter_map(|line| Some((line, line.finding.suppression.as_ref()?)));
    let suppressed: Vec<String> = suppressed
        .map(|(line, why)| {
            let Line { finding, package } = line;
            format!("{} in {}: {}", finding.vulnerability, package.name, describe::suppression(why))
        })
        .collect();
    if !suppressed.is_empty() {
        text.push_str(&details("Suppressed", suppressed.len(), &suppressed));
    }
    text
}

/// A section that is folded where the reader can fold.
fn details(title: &str, number: usize, notes: &[String]) -> String {
    let mut text = format!("<details><summary>{title} ({number})</summary>\n\n");
    for note in notes.iter().take(MAX_NOTES * 2) {
        let _ = writeln!(text, "- {}", markdown(&cut(note, MAX_CELL * 2)));
    }
    if notes.len() > MAX_NOTES * 2 {
        let _ = writeln!(text, "- and {} more", notes.len() - MAX_NOTES * 2);
    }
    text.push_str("\n</details>\n\n");
    text
}
