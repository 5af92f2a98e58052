//! The findings as CSV by RFC 4180, for spreadsheets: one line each, most severe first, suppressed ones last.
//!
//! It holds findings only. What was not examined is told by the exit code and by the other forms.

use std::io::{self, Write};

use seawall_model::{FindingKind, FixState, Severity, Timestamp};

use crate::ScanReport;
use crate::describe::{self, Line};
use crate::escape::csv;

/// The names of the columns.
const HEADER: [&str; 25] = [
    "severity",
    "vulnerability",
    "kind",
    "package",
    "version",
    "type",
    "fix_state",
    "fixed_versions",
    "priority",
    "path",
    "layer",
    "instruction",
    "cvss_score",
    "cvss_vector",
    "epss",
    "epss_percentile",
    "known_exploited_since",
    "perhaps_backported",
    "suppressed",
    "suppression_reason",
    "aliases",
    "summary",
    "link",
    "purl",
    "id",
];

/// Writes the findings as CSV, with a header and lines that end in CR LF.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_csv(report: &ScanReport, out: &mut dyn Write) -> io::Result<()> {
    write_line(&HEADER.map(str::to_owned), out)?;
    for line in describe::lines(report) {
        write_line(&cells(report, line), out)?;
    }
    Ok(())
}

fn write_line(cells: &[String], out: &mut dyn Write) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|cell| csv(cell)).collect();
    write!(out, "{}\r\n", cells.join(","))
}

fn cells(report: &ScanReport, line: Line<'_>) -> [String; HEADER.len()] {
    let Line { finding, package } = line;
    let severity = match finding.kind {
        FindingKind::Vulnerability | FindingKind::Malware => {
            finding.severity.map_or("unknown", Severity::as_str)
        }
        _ => "none",
    };
    let fixed = match &finding.fix {
        FixState::Fixed(versions) => versions.join(" "),
        FixState::NotFixed | FixState::WillNotFix | FixState::EndOfLife => String::new(),
    };
    let place = package.places.first();
    let paths: Vec<String> = package.places.iter().map(describe::path).collect();
    let text = |value: Option<String>| value.unwrap_or_default();
    [
        severity.to_owned(),
        finding.vulnerability.clone(),
        finding.kind.as_str().to_owned(),
        package.name.clone(),
        package.version.clone(),
        package.kind.purl_type().to_owned(),
        finding.fix.as_str().to_owned(),
        fixed,
        finding.priority.to_string(),
        paths.join(" "),
        text(place.and_then(|place| place.layer).map(|layer| layer.to_string())),
        text(place.and_then(|place| describe::instruction(report, place.layer?))),
        text(finding.cvss_score.map(|score| format!("{score:.1}"))),
        finding.cvss_vector.clone().unwrap_or_default(),
        text(finding.epss.map(|(score, _)| score.to_string())),
        text(finding.epss.map(|(_, percentile)| percentile.to_string())),
        text(finding.kev_since.map(Timestamp::date)),
        finding.perhaps_backported.to_string(),
        finding.suppression.is_some().to_string(),
        text(finding.suppression.as_ref().map(describe::suppression)),
        finding.aliases.join(" "),
        describe::summary(finding).to_owned(),
        text(describe::page(&finding.vulnerability)),
        package.purl(report.distro.as_ref()).to_string(),
        finding.id.to_string(),
    ]
}
