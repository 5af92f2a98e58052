//! What was examined: the head of the page.

use std::fmt::Write as _;

use seawall_model::{SubjectKind, Timestamp};

use super::text::{Grouped, Text, plural, size};
use super::view::View;
use crate::scan_report::{DatabaseInfo, EndOfLife, ScanReport};

/// A wave that breaks on a wall.
const MARK: &str = "<svg class=\"mark\" width=\"28\" height=\"28\" viewBox=\"0 0 32 32\" aria-hidden=\"true\" focusable=\"false\">\
    <path d=\"M2 25h9v5H2zM13 25h10v5H13zM25 25h5v5h-5zM2 18h5v5H2zM9 18h10v5H9zM21 18h9v5h-9z\"/>\
    <path class=\"wave\" d=\"M2 13c5 0 5-8 10-8 4 0 5 6 9.500 6 3.500 0 4.500-3 8.500-3\"/></svg>";

pub(super) fn write(page: &mut String, view: &View<'_>) {
    let report = view.report;
    put!(
        page,
        "<header>\n<p class=\"brand\">{MARK}<b>Seawall</b> <span>{} · {} report</span></p>\n\
         <h1>{}</h1>\n<dl class=\"facts\">\n",
        Text(&report.tool_version),
        subject(report.kind),
        breakable(&report.target),
    );
    if let Some(image) = &report.image {
        if let Some(digest) = &image.manifest_digest {
            code(page, "Digest", &digest.to_string());
        } else {
            code(page, "Image ID", &image.id.to_string());
        }
        fact(page, "Platform", &Text(&image.platform).to_string());
        if let Some(created) = image.created {
            fact(page, "Created", &time(created));
        }
        let bytes: u64 = report.layers.iter().fold(0, |sum, layer| sum.saturating_add(layer.bytes));
        let layers = plural(report.layers.len(), "layer", "layers");
        fact(page, "Size", &format!("{} in {layers}", size(bytes)));
    }
    fact(page, "Distribution", &distribution(report));
    fact(page, "Examined", &time(report.now));
    fact(page, "Advisories", &database(report.database.as_ref()));
    page.push_str("</dl>\n</header>\n");
}

/// A name that may be broken after the parts of a path or an image's name.
fn breakable(name: &str) -> String {
    // Where a character of foreign text is escaped, none of these is part of it.
    let escaped = Text(name).to_string();
    escaped.split_inclusive(['/', ':', '@']).collect::<Vec<_>>().join("<wbr>")
}

fn fact(page: &mut String, name: &str, html: &str) {
    put!(page, "<div><dt>{name}</dt><dd>{html}</dd></div>\n");
}

fn code(page: &mut String, name: &str, text: &str) {
    put!(page, "<div class=\"wide\"><dt>{name}</dt><dd><code>{}</code></dd></div>\n", Text(text));
}

const fn subject(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Image => "image",
        SubjectKind::RootFileSystem => "root file system",
        SubjectKind::SourceTree => "source tree",
        SubjectKind::Sbom => "bill of materials",
        SubjectKind::PurlList => "package list",
    }
}

fn time(at: Timestamp) -> String {
    let text = at.to_string();
    let clock = text.get(11..16).unwrap_or_default();
    format!("<time datetime=\"{text}\">{} {clock} UTC</time>", at.date())
}

fn distribution(report: &ScanReport) -> String {
    let Some(distro) = &report.distro else {
        return "none recognised".to_owned();
    };
    let name = distro.display_name();
    let support = match report.end_of_life {
        EndOfLife::Supported(until) => format!("supported until {}", until.date()),
        EndOfLife::Ended { since, extended_until: Some(until) } if until > report.now => {
            format!("standard support ended {}, extended until {}", since.date(), until.date())
        }
        EndOfLife::Ended { since, .. } => {
            format!("<strong class=\"warn\">out of support since {}</strong>", since.date())
        }
        EndOfLife::Unknown => "support not known".to_owned(),
    };
    format!("{} <small>{support}</small>", Text(&name))
}

fn database(database: Option<&DatabaseInfo>) -> String {
    let Some(database) = database else {
        return "<strong class=\"warn\">no database was asked</strong>".to_owned();
    };
    let dates = || database.feeds.iter().filter_map(|feed| feed.date);
    let mut text = plural(database.feeds.len(), "feed", "feeds");
    let records: usize = database.feeds.iter().map(|feed| feed.records).sum();
    put!(text, ", {} records", Grouped(records));
    let mut notes = Vec::new();
    match (dates().min(), dates().max()) {
        (Some(first), Some(last)) if first.date() != last.date() => {
            notes.push(format!("dated {} to {}", first.date(), last.date()));
        }
        (Some(only), _) => notes.push(format!("dated {}", only.date())),
        _ => {}
    }
    notes.push(dated("known exploited", database.kev));
    notes.push(dated("EPSS", database.epss));
    format!("{text} <small>{}</small>", notes.join(" · "))
}

fn dated(what: &str, date: Option<Timestamp>) -> String {
    date.map_or_else(|| format!("no {what}"), |date| format!("{what} {}", date.date()))
}
