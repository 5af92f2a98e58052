//! Every form of every report, compared with what was looked at and committed. The files under `snapshots/` that
//! are no `.snap` are the forms as they are: `script/formats/check` gives them to foreign validators.
#![expect(clippy::unwrap_used, reason = "a test fails where a report is not what it was")]

mod bounds;
mod reports;
mod templates;

use seawall_report::{
    Format, ScanReport, Submission, TableOptions, write_csv, write_github, write_gitlab, write_html,
    write_json, write_junit, write_markdown, write_sarif, write_table,
};

pub(crate) fn submission() -> Submission {
    Submission {
        sha: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        reference: "refs/heads/main".to_owned(),
        job_id: "4711".to_owned(),
        correlator: "build scan".to_owned(),
        job_page: Some("https://github.com/owner/repository/actions/runs/4711".to_owned()),
        repository_page: Some("https://github.com/owner/repository".to_owned()),
    }
}

fn table(width: usize) -> TableOptions {
    TableOptions { width, show_suppressed: true, list_all: false }
}

pub(crate) fn written(report: &ScanReport, format: Format) -> String {
    let mut out = Vec::new();
    match format {
        Format::Table => write_table(report, table(100), &mut out),
        Format::Json => write_json(report, &mut out),
        Format::Html => write_html(report, &mut out),
        Format::Sarif => write_sarif(report, &mut out),
        Format::Markdown => write_markdown(report, &mut out),
        Format::Junit => write_junit(report, &mut out),
        Format::Gitlab => write_gitlab(report, &mut out),
        Format::Github => write_github(report, &submission(), &mut out),
        Format::Csv => write_csv(report, &mut out),
    }
    .unwrap();
    String::from_utf8(out).unwrap()
}

/// What stands behind the name of a report in the name of a snapshot. The ending is what foreign tools go by.
const fn ending(format: Format) -> &'static str {
    match format {
        Format::Table => "table.txt",
        Format::Json => "json.json",
        Format::Html => "html.html",
        Format::Sarif => "sarif.sarif",
        Format::Markdown => "markdown.md",
        Format::Junit => "junit.xml",
        Format::Gitlab => "gitlab.json",
        Format::Github => "github.json",
        Format::Csv => "csv.csv",
    }
}

/// The text without colours.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    out + rest
}

#[test]
fn every_report_in_every_form() {
    for (name, report) in reports::all() {
        // The page has tests of its own.
        for format in Format::ALL.into_iter().filter(|format| *format != Format::Html) {
            let text = written(&report, format);
            let text = if format == Format::Table { plain(&text) } else { text };
            let file = format!("{name}-{}", ending(format));
            insta::assert_binary_snapshot!(&file, text.into_bytes());
        }
    }
}

#[test]
fn tables_of_every_width() {
    for (name, report) in reports::all() {
        for width in [40, 72, 200] {
            let mut out = Vec::new();
            write_table(&report, table(width), &mut out).unwrap();
            let text = plain(&String::from_utf8(out).unwrap());
            let file = format!("{name}-table-{width}.txt");
            insta::assert_binary_snapshot!(&file, text.into_bytes());
        }
    }
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for format in Format::ALL {
        assert_eq!(written(&reports::full(), format), written(&reports::full(), format), "{format}");
    }
}

#[test]
fn a_report_that_was_stored_reads_back() {
    for (name, report) in reports::all() {
        let stored = written(&report, Format::Json);
        let read = seawall_report::read_json(stored.as_bytes()).map_err(|error| format!("{name}: {error}"));
        let again = written(&read.unwrap(), Format::Json);
        assert!(stored == again, "{name} is not the same after reading");
    }
}

#[test]
fn what_is_no_report_is_refused() {
    let stored = written(&reports::clean(), Format::Json);
    let error = |text: &str| seawall_report::read_json(text.as_bytes()).unwrap_err().to_string();
    assert!(error("").starts_with("it is no report"));
    assert!(error("{}").contains("schema_version"));
    assert!(error(&stored.replacen("\"1.0\"", "\"2.0\"", 1)).contains("has schema version 2.0"));
    assert!(error(&stored.replacen("\"image\"", "\"cat\"", 1)).contains("kind of subject"));
}
