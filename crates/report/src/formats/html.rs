//! The report as one HTML file: verdict, plots, layers, findings, packages, and what was examined.
//!
//! The file stands alone. It loads nothing, and is read, searched and printed without its script, which only
//! sorts and filters. A content security policy lets in nothing but its own style sheet and script, by their
//! digests. Foreign text passes through [`text`] and nowhere else.
//! What a very large report leaves out is said where it is missing; the JSON report has everything.

use std::fmt::Write as _;
use std::io::{self, Write};

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use crate::scan_report::ScanReport;

/// Appends to the page. Writing to a `String` does not fail.
macro_rules! put {
    ($page:expr, $($argument:tt)*) => {{ let _ = write!($page, $($argument)*); }};
}

mod coverage;
mod findings;
mod header;
mod layers;
mod packages;
mod plots;
mod text;
mod verdict;
mod view;

use text::{Grouped, Text};
use view::View;

const STYLE: &str = include_str!("html/report.css");
const SCRIPT: &str = include_str!("html/report.js");
/// Shapes that the page uses more than once.
const SHAPES: &str = include_str!("html/shapes.svg");

/// Writes the report.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_html(report: &ScanReport, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(page(report).as_bytes())
}

fn page(report: &ScanReport) -> String {
    let view = View::of(report);
    let mut page = String::new();
    head(&mut page, report);
    page.push_str("<body>\n<a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n");
    page.push_str(SHAPES);
    header::write(&mut page, &view);
    navigation(&mut page, &view);
    page.push_str("<main>\n");
    verdict::write(&mut page, &view);
    plots::write(&mut page, &view);
    layers::write(&mut page, &view);
    findings::write(&mut page, &view);
    packages::write(&mut page, &view);
    coverage::write(&mut page, &view);
    page.push_str("</main>\n");
    put!(
        page,
        "<footer>Written by Seawall {} from the report of {}. The same image, database and time give the same \
         page.</footer>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        Text(&report.tool_version),
        report.now,
    );
    page
}

fn head(page: &mut String, report: &ScanReport) {
    put!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{}'; script-src '{}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{} – Seawall</title>\n<style>{STYLE}</style>\n</head>\n",
        source_digest(STYLE),
        source_digest(SCRIPT),
        Text(&report.target),
    );
}

/// What a content security policy calls the hash of an inline block.
fn source_digest(text: &str) -> String {
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes())))
}

fn navigation(page: &mut String, view: &View<'_>) {
    let link = |page: &mut String, id: &str, name: &str, count: Option<usize>| {
        put!(page, "<li><a href=\"#{id}\">{name}");
        if let Some(count) = count {
            put!(page, " <span class=\"count\">{}</span>", Grouped(count));
        }
        page.push_str("</a></li>");
    };
    page.push_str("<nav aria-label=\"Sections\"><ul>");
    link(page, "verdict", "Verdict", None);
    if !view.open.is_empty() {
        link(page, "summary", "Summary", None);
    }
    if !view.report.layers.is_empty() {
        link(page, "layers", "Layers", Some(view.report.layers.len()));
    }
    link(page, "findings", "Findings", Some(view.open.len()));
    if !view.suppressed.is_empty() {
        link(page, "suppressed", "Suppressed", Some(view.suppressed.len()));
    }
    link(page, "packages", "Packages", Some(view.report.packages.len()));
    link(page, "coverage", "Coverage", None);
    page.push_str("</ul></nav>\n");
}
