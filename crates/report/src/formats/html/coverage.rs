//! What was examined and what was not: ecosystems, feeds, problems, and exceptions without effect.

use std::fmt::Write as _;

use seawall_model::{EcosystemCoverage, FeedDate, Timestamp};

use super::findings::left_out;
use super::text::{Grouped, Prose, Text, plural};
use super::view::View;
use crate::scan_report::DatabaseInfo;

/// Rows of each of the tables here.
const MAX_ROWS: usize = 1_000;

pub(super) fn write(page: &mut String, view: &View<'_>) {
    page.push_str("<section id=\"coverage\" aria-labelledby=\"coverage-title\">\n<h2 id=\"coverage-title\">Coverage</h2>\n");
    let coverage = &view.report.coverage;
    page.push_str("<p class=\"lede\">");
    if coverage.layers > 0 {
        put!(page, "{} examined", plural(coverage.layers, "layer", "layers"));
        if coverage.layers_cached > 0 {
            put!(page, ", {} of them from the cache of layers", Grouped(coverage.layers_cached));
        }
        page.push_str("; ");
    }
    let seen = usize::try_from(coverage.files_seen).unwrap_or(usize::MAX);
    let read = usize::try_from(coverage.files_read).unwrap_or(usize::MAX);
    put!(page, "{} seen, {} of them read.</p>\n", plural(seen, "file", "files"), Grouped(read));
    ecosystems(page, &coverage.ecosystems);
    unjudged(page, view);
    problems(page, view);
    exceptions(page, view);
    if let Some(database) = &view.report.database {
        feeds(page, database);
    }
    page.push_str("</section>\n");
}

/// Opens a table that can be scrolled sideways where it does not fit. `columns` are the words of its head.
fn open_table(page: &mut String, id: &str, title: &str, columns: &[&str]) {
    put!(
        page,
        "<section class=\"scroll\" aria-labelledby=\"{id}\" tabindex=\"0\">\n<h3 id=\"{id}\">{title}</h3>\n<table class=\"plain\">\n<thead><tr>"
    );
    for column in columns {
        put!(page, "<th scope=\"col\">{column}</th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
}

fn close_table(page: &mut String, rows: usize, one: &str, many: &str) {
    page.push_str("</tbody>\n</table></section>\n");
    if rows > MAX_ROWS {
        left_out(page, rows - MAX_ROWS, one, many, "");
    }
}

fn ecosystems(page: &mut String, ecosystems: &[EcosystemCoverage]) {
    if ecosystems.is_empty() {
        page.push_str("<p class=\"left-out\">No packages were found.</p>\n");
        return;
    }
    open_table(
        page,
        "ecosystems",
        "Packages and the feeds that judged them",
        &["Ecosystem", "Packages", "Judged", "Feed", "Not judged"],
    );
    for ecosystem in ecosystems.iter().take(MAX_ROWS) {
        let feed = match &ecosystem.feed {
            Some((feed, FeedDate::Known(date))) => format!("{} of {}", Text(&feed.to_string()), date.date()),
            Some((feed, FeedDate::Unknown)) => format!("{} of unknown date", Text(&feed.to_string())),
            None => "<strong class=\"warn\">no feed</strong>".to_owned(),
        };
        put!(
            page,
            "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td><td>{feed}</td><td>{}</td></tr>\n",
            Text(&ecosystem.name),
            Grouped(ecosystem.packages),
            Grouped(ecosystem.matched),
            not_judged(ecosystem),
        );
    }
    close_table(page, ecosystems.len(), "ecosystem", "ecosystems");
}

fn not_judged(ecosystem: &EcosystemCoverage) -> String {
    if ecosystem.feed.is_none() {
        return format!("all {}", Grouped(ecosystem.packages));
    }
    let reasons = [
        (ecosystem.unknown_version, "with a version that can’t be compared"),
        (ecosystem.unknown_ranges, "advisories that could not be judged"),
        (ecosystem.third_party, "built by others than the distribution"),
        (ecosystem.development, "for development only"),
    ];
    let reasons: Vec<String> = reasons
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", Grouped(count)))
        .collect();
    if reasons.is_empty() { "–".to_owned() } else { reasons.join("; ") }
}

fn unjudged(page: &mut String, view: &View<'_>) {
    let notes = &view.report.unknown;
    if notes.is_empty() {
        return;
    }
    open_table(page, "unknown", "Neither affected nor not affected", &["Package", "Advisory", "Why"]);
    for note in notes.iter().take(MAX_ROWS) {
        put!(page, "<tr><th scope=\"row\">");
        if let Some(package) = view.report.packages.get(note.package) {
            put!(page, "{} <span class=\"version\">{}</span>", Text(&package.name), Text(&package.version));
        }
        put!(page, "</th><td>{}</td><td>{}</td></tr>\n", Text(&note.advisory), Prose(&note.reason));
    }
    close_table(page, notes.len(), "advisory", "advisories");
}

fn problems(page: &mut String, view: &View<'_>) {
    let problems = &view.report.coverage.problems;
    if problems.is_empty() {
        page.push_str("<h3 id=\"problems\">Not examined</h3>\n<p>Nothing: every file that was wanted could be read.</p>\n");
        return;
    }
    open_table(page, "problems", "Not examined", &["Kind", "Layer", "File", "What happened"]);
    for problem in problems.iter().take(MAX_ROWS) {
        let warn = if problem.kind.breaks_completeness() { " class=\"warn\"" } else { "" };
        put!(page, "<tr><th scope=\"row\"><span{warn}>{}</span></th><td>", problem.kind.as_str());
        if let Some(layer) = problem.layer {
            put!(page, "{layer}");
        }
        page.push_str("</td><td class=\"path\">");
        if let Some(path) = &problem.path {
            put!(page, "{}", Text(&path.to_string()));
        }
        put!(page, "</td><td>{}</td></tr>\n", Prose(&problem.message));
    }
    close_table(page, problems.len(), "problem", "problems");
}

fn exceptions(page: &mut String, view: &View<'_>) {
    let notes = &view.report.exceptions;
    if notes.is_empty() {
        return;
    }
    open_table(page, "exceptions", "Exceptions without effect", &["Rule", "Where", "Why"]);
    for note in notes.iter().take(MAX_ROWS) {
        put!(
            page,
            "<tr><th scope=\"row\">{}</th><td class=\"path\">{}</td><td>{}</td></tr>\n",
            Text(&note.rule),
            Text(&note.source),
            Prose(&note.message)
        );
    }
    close_table(page, notes.len(), "exception", "exceptions");
}

fn feeds(page: &mut String, database: &DatabaseInfo) {
    open_table(page, "feeds", "The advisory database", &["Feed", "Records", "Date"]);
    let date = |date: Option<Timestamp>| date.map_or_else(|| "unknown".to_owned(), Timestamp::date);
    for feed in database.feeds.iter().take(MAX_ROWS) {
        put!(
            page,
            "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td>{}</td></tr>\n",
            Text(&feed.ecosystem),
            Grouped(feed.records),
            date(feed.date)
        );
    }
    for (name, at) in [("Known exploited (CISA)", database.kev), ("Likelihood (EPSS)", database.epss)] {
        let text =
            at.map_or_else(|| "<span class=\"warn\">not in the database</span>".to_owned(), Timestamp::date);
        put!(page, "<tr><th scope=\"row\">{name}</th><td></td><td>{text}</td></tr>\n");
    }
    close_table(page, database.feeds.len(), "feed", "feeds");
}
