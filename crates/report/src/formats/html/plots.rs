//! The summary: what to look at first, and plots of the open findings.
//!
//! Each plot is a table or a list whose bars are drawn; the numbers beside them, or the title of the drawing, are
//! its text. Colours are never alone:
//! severities have words and shapes, what has no fix is hatched.

use std::fmt::Write as _;

use seawall_model::Finding;

use super::text::{Grouped, Prose, Text, percent};
use super::view::{Bar, Tally, View, published};
use crate::describe::{Grade, summary};

/// Findings under *Look at these first*.
const MAX_FIRST: usize = 5;
/// From this probability of exploitation within 30 days a finding is called likely to be exploited.
pub(super) const LIKELY: f32 = 0.1;

pub(super) fn write(page: &mut String, view: &View<'_>) {
    if view.open.is_empty() {
        return;
    }
    page.push_str("<section id=\"summary\" aria-labelledby=\"summary-title\">\n<h2 id=\"summary-title\">Summary</h2>\n<div class=\"plots\">\n");
    first(page, view);
    severity(page, view);
    age(page, view);
    if !view.report.layers.is_empty() {
        stacked(page, "By layer", "Layer", &view.by_layer());
    }
    stacked(page, "By kind of package", "Kind", &view.by_kind());
    page.push_str("</div>\n</section>\n");
}

/// The findings that matter most: known to be exploited, likely to be, then the most severe.
fn first(page: &mut String, view: &View<'_>) {
    let mut findings: Vec<&Finding> = view.open.clone();
    let epss = |finding: &Finding| finding.epss.map_or(0.0, |(probability, _)| probability);
    // The sort is stable: within each the order of severity holds.
    findings.sort_by_key(|finding| (finding.kev_since.is_none(), epss(finding) < LIKELY));
    page.push_str("<div class=\"plot first\">\n<h3>Look at these first</h3>\n<p class=\"lede\">");
    let database = view.report.database.as_ref();
    if database.is_some_and(|database| database.kev.is_some()) {
        let exploited = view.exploited();
        let verb = if exploited == 1 { "is" } else { "are" };
        put!(page, "<b>{}</b> {verb} known to be exploited", Grouped(exploited));
    } else {
        page.push_str("The database has no list of exploited vulnerabilities");
    }
    if database.is_some_and(|database| database.epss.is_some()) {
        let likely = view.open.iter().filter(|finding| epss(finding) >= LIKELY).count();
        put!(page, "; <b>{}</b> likely to be within 30 days (EPSS of 10 % or more)", Grouped(likely));
    } else {
        page.push_str("; the database has no likelihoods (EPSS)");
    }
    page.push_str(".</p>\n<ol>\n");
    for finding in findings.into_iter().take(MAX_FIRST) {
        let grade = Grade::of(finding).as_str();
        let package = view.package_of(finding);
        put!(
            page,
            "<li><span class=\"grade {grade}\">{grade}</span> <a href=\"#f-{}\">{}</a> <span class=\"in\">{}</span> <span>{}</span> <span class=\"about\">{}</span></li>\n",
            finding.id,
            Text(&finding.vulnerability),
            Text(package.map(|package| package.name.as_str()).unwrap_or_default()),
            exploitation(finding),
            Prose(summary(finding)),
        );
    }
    page.push_str("</ol>\n</div>\n");
}

/// Badges: exploited, likely to be. Empty where nothing is known.
pub(super) fn exploitation(finding: &Finding) -> String {
    let mut badges = String::new();
    if let Some(since) = finding.kev_since {
        put!(
            badges,
            "<span class=\"badge kev\">exploited<span class=\"since\"> since {}</span></span> ",
            since.date()
        );
    }
    if let Some((probability, _)) = finding.epss {
        let likely = if probability >= LIKELY { " likely" } else { "" };
        put!(badges, "<span class=\"badge epss{likely}\">EPSS {}</span> ", percent(probability));
    }
    badges
}

/// Open findings by severity, divided by whether a mended version is known.
fn severity(page: &mut String, view: &View<'_>) {
    let most = Grade::ALL.iter().map(|grade| view.total.of(*grade)).max().unwrap_or(0);
    page.push_str(
        "<div class=\"plot\">\n<h3>By severity</h3>\n<p class=\"legend\"><svg class=\"key\" aria-hidden=\"true\" focusable=\"false\"><rect class=\"ink\" width=\"100%\" height=\"100%\"/></svg> with a fix \
         <svg class=\"key\" aria-hidden=\"true\" focusable=\"false\"><rect class=\"ink\" width=\"100%\" height=\"100%\"/><rect class=\"hatched\" width=\"100%\" height=\"100%\"/></svg> without</p>\n\
         <table class=\"bars\">\n<caption class=\"unseen\">Open findings by severity</caption>\n\
         <thead class=\"unseen\"><tr><th scope=\"col\">Severity</th><th scope=\"col\">Share</th><th scope=\"col\">All, and those with a fix</th></tr></thead>\n<tbody>\n",
    );
    for grade in Grade::ALL {
        let (all, fixable) = (view.total.of(grade), view.total.fixable(grade));
        if all == 0 {
            continue;
        }
        let word = grade.as_str();
        put!(
            page,
            "<tr><th scope=\"row\"><span class=\"grade {word}\">{word}</span></th><td><svg class=\"bar\" aria-hidden=\"true\" focusable=\"false\">"
        );
        let (solid, hatched) = (share(fixable, most), share(all - fixable, most));
        rect(page, word, 0.0, solid);
        rect(page, word, solid, hatched);
        rect(page, "hatched", solid, hatched);
        put!(
            page,
            "</svg></td><td class=\"number\"><b>{}</b> <span class=\"of\">{} with a fix</span></td></tr>\n",
            Grouped(all),
            Grouped(fixable)
        );
    }
    page.push_str("</tbody>\n</table>\n</div>\n");
}

/// Open findings by the time since they were published, as columns.
fn age(page: &mut String, view: &View<'_>) {
    let mut bars = view.by_age();
    if bars.last().is_some_and(|bar| bar.tally.sum() == 0) {
        bars.pop();
    }
    let most = bars.iter().map(|bar| bar.tally.sum()).max().unwrap_or(0);
    let oldest = view.open.iter().filter_map(|finding| published(finding)).min();
    put!(page, "<div class=\"plot\">\n<h3>By time since publication</h3>\n<p class=\"lede\">");
    match oldest {
        Some(at) => put!(page, "The oldest was published on {}.", at.date()),
        None => page.push_str("No advisory says when it was published."),
    }
    page.push_str("</p>\n<ol class=\"columns\">\n");
    for bar in &bars {
        column(page, bar, most);
    }
    page.push_str("</ol>\n</div>\n");
}

/// One column, the worst at its foot, its number above it.
fn column(page: &mut String, bar: &Bar, most: usize) {
    /// The share of the height that the highest column takes: above it stands its number.
    const ROOM: f64 = 0.85;
    put!(
        page,
        "<li><svg role=\"img\"><title>{}</title><rect class=\"ground\" y=\"99%\" width=\"100%\" height=\"1%\"/>",
        parts(&bar.tally)
    );
    let mut top = 100.0;
    for grade in Grade::ALL {
        let height = share(bar.tally.of(grade), most) * ROOM;
        if height > 0.0 {
            top -= height;
            let word = grade.as_str();
            put!(
                page,
                "<rect class=\"{word}\" x=\"0\" y=\"{top:.2}%\" width=\"100%\" height=\"{height:.2}%\"/>"
            );
        }
    }
    let count = Grouped(bar.tally.sum());
    put!(
        page,
        "<text x=\"50%\" y=\"{top:.2}%\" dy=\"-7\" text-anchor=\"middle\">{count}</text></svg><span>{}</span></li>\n",
        bar.label
    );
}

/// Bars of open findings, divided by severity.
fn stacked(page: &mut String, title: &str, what: &str, bars: &[Bar]) {
    let most = bars.iter().map(|bar| bar.tally.sum()).max().unwrap_or(0);
    put!(
        page,
        "<div class=\"plot\">\n<h3>{title}</h3>\n<table class=\"bars\">\n<caption class=\"unseen\">Open findings: {}</caption>\n\
         <thead class=\"unseen\"><tr><th scope=\"col\">{what}</th><th scope=\"col\">Share</th><th scope=\"col\">Open findings</th></tr></thead>\n<tbody>\n",
        title.to_lowercase()
    );
    for bar in bars {
        put!(page, "<tr><th scope=\"row\"><span class=\"label\">{}</span></th><td>", Text(&bar.label));
        stack(page, &bar.tally, most);
        put!(
            page,
            "</td><td class=\"number\"><b>{}</b> {}</td></tr>\n",
            Grouped(bar.tally.sum()),
            worst(&bar.tally)
        );
    }
    page.push_str("</tbody>\n</table>\n</div>\n");
}

/// `2 critical`: what the worst of them are, beside a bar.
pub(super) fn worst(tally: &Tally) -> String {
    let Some(grade) = Grade::ALL.into_iter().find(|grade| tally.of(*grade) > 0) else {
        return String::new();
    };
    let word = grade.as_str();
    format!(
        "<span class=\"of\">{} <span class=\"grade {word}\">{word}</span></span>",
        Grouped(tally.of(grade))
    )
}

/// `2 critical, 1 low`: what a drawing says, in words.
fn parts(tally: &Tally) -> String {
    let counted = Grade::ALL.into_iter().filter(|grade| tally.of(*grade) > 0);
    let parts: Vec<String> =
        counted.map(|grade| format!("{} {}", Grouped(tally.of(grade)), grade.as_str())).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

/// A bar of pieces, one for each severity.
pub(super) fn stack(page: &mut String, tally: &Tally, most: usize) {
    put!(page, "<svg class=\"bar\" role=\"img\"><title>{}</title>", parts(tally));
    let mut left = 0.0;
    for grade in Grade::ALL {
        let width = share(tally.of(grade), most);
        rect(page, grade.as_str(), left, width);
        left += width;
    }
    page.push_str("</svg>");
}

fn rect(page: &mut String, class: &str, left: f64, width: f64) {
    if width > 0.0 {
        put!(page, "<rect class=\"{class}\" x=\"{left:.2}%\" width=\"{width:.2}%\" height=\"100%\"/>");
    }
}

fn share(count: usize, most: usize) -> f64 {
    if most == 0 { 0.0 } else { count as f64 * 100.0 / most as f64 }
}
