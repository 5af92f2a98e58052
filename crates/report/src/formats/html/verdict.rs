//! The verdict: what was found and, with the same weight, what was not examined.

use std::fmt::Write as _;

use seawall_model::{EcosystemCoverage, FeedDate};

use super::text::{Grouped, Text, plural};
use super::view::View;
use crate::describe::Grade;
use crate::scan_report::EndOfLife;

/// Lines of each list of the verdict; the others stand under *Coverage*.
const MAX_ITEMS: usize = 6;

pub(super) fn write(page: &mut String, view: &View<'_>) {
    let state = State::of(view);
    put!(
        page,
        "<section id=\"verdict\" class=\"verdict is-{}\" aria-labelledby=\"verdict-title\">\n\
         <div class=\"finding-side\">\n<h2 id=\"verdict-title\">{}</h2>\n",
        state.class(),
        headline(view),
    );
    severities(page, view);
    notes(page, view);
    put!(
        page,
        "</div>\n<div class=\"proof-side\">\n<h3><span class=\"stamp\">{}</span></h3>\n<p>{}</p>\n",
        state.word(),
        state.meaning(),
    );
    list(page, &all_gaps(view));
    let judged = judged(view);
    if !judged.is_empty() {
        page.push_str("<p>Judged:</p>\n");
        list(page, &judged);
    }
    page.push_str("</div>\n</section>\n");
}

/// How far the result may be trusted to be all there is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was left out.
    Complete,
    /// Complete by the rules of the exit code; some packages were not judged, or some files not read.
    WithGaps,
    /// Exit code 3.
    Incomplete,
}

impl State {
    fn of(view: &View<'_>) -> Self {
        let coverage = &view.report.coverage;
        if !coverage.is_complete() || view.report.database.is_none() {
            Self::Incomplete
        } else if coverage.is_spotless() {
            Self::Complete
        } else {
            Self::WithGaps
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::WithGaps => "with-gaps",
            Self::Incomplete => "incomplete",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Complete => "✓ Complete",
            Self::WithGaps => "◐ Complete, with gaps",
            Self::Incomplete => "! Not complete",
        }
    }

    const fn meaning(self) -> &'static str {
        match self {
            Self::Complete => {
                "Every layer and package database was read, and every package was compared with a feed."
            }
            Self::WithGaps => "Every layer and package database was read. These were not judged:",
            Self::Incomplete => "What is not listed may still be there. Not examined or not judged:",
        }
    }
}

/// Nothing found is good news only as far as packages were judged.
fn headline(view: &View<'_>) -> String {
    let open = view.open.len();
    let packages = view.report.packages.len();
    if open > 0 {
        let findings = plural(open, "open finding", "open findings");
        return format!(
            "{findings} <small>in {} of {}</small>",
            Grouped(view.packages_hit()),
            plural(packages, "package", "packages")
        );
    }
    let ecosystems = &view.report.coverage.ecosystems;
    let judged: usize = ecosystems.iter().map(|ecosystem| ecosystem.matched).sum();
    let found: usize = ecosystems.iter().map(|ecosystem| ecosystem.packages).sum();
    let all = plural(found, "package", "packages");
    if found == 0 {
        "Nothing found, and nothing to judge".to_owned()
    } else if judged == 0 {
        format!("Nothing is known <small>of {all}: none could be judged</small>")
    } else if judged < found {
        format!(
            "No known vulnerability <small>in {} of {all}; the others were not judged</small>",
            Grouped(judged)
        )
    } else {
        format!("No known vulnerability <small>in {all}</small>")
    }
}

/// One tile for each severity; those that are always asked for are there even with nothing in them.
fn severities(page: &mut String, view: &View<'_>) {
    page.push_str("<ul class=\"tiles\">");
    for grade in Grade::ALL {
        let count = view.total.of(grade);
        let is_rare = matches!(grade, Grade::Malware | Grade::Unknown | Grade::Negligible | Grade::Notice);
        if count == 0 && is_rare {
            continue;
        }
        let word = grade.as_str();
        let empty = if count == 0 { " none" } else { "" };
        put!(
            page,
            "<li class=\"tile{empty}\"><a href=\"#findings\" data-show-severity=\"{word}\"><b>{}</b> <span class=\"grade {word}\">{word}</span></a></li>",
            Grouped(count)
        );
    }
    page.push_str("</ul>\n");
}

fn notes(page: &mut String, view: &View<'_>) {
    let mut notes = Vec::new();
    let fixable: usize = Grade::ALL.iter().map(|grade| view.total.fixable(*grade)).sum();
    let exploited = view.exploited();
    if exploited > 0 {
        notes.push(format!("<b class=\"warn\">{} known to be exploited</b>", Grouped(exploited)));
    }
    if !view.open.is_empty() {
        notes.push(format!("<b>{}</b> can be mended by an upgrade", Grouped(fixable)));
    }
    if !view.suppressed.is_empty() {
        notes.push(format!(
            "<a href=\"#suppressed\"><b>{}</b> suppressed</a>",
            Grouped(view.suppressed.len())
        ));
    }
    let hidden = view.report.hidden;
    if hidden.below_severity > 0 {
        notes.push(format!("<b>{}</b> left out by <code>--severity</code>", Grouped(hidden.below_severity)));
    }
    if hidden.not_fixed > 0 {
        notes.push(format!("<b>{}</b> left out by <code>--only-fixed</code>", Grouped(hidden.not_fixed)));
    }
    if let EndOfLife::Ended { since, extended_until } = view.report.end_of_life
        && extended_until.is_none_or(|until| until <= view.report.now)
    {
        notes.push(format!("<b class=\"warn\">out of support since {}</b>", since.date()));
    }
    if !notes.is_empty() {
        put!(page, "<ul class=\"notes\"><li>{}</li></ul>\n", notes.join("</li><li>"));
    }
}

fn list(page: &mut String, items: &[String]) {
    if items.is_empty() {
        return;
    }
    page.push_str("<ul class=\"gaps\">");
    for item in items.iter().take(MAX_ITEMS) {
        put!(page, "<li>{item}</li>");
    }
    if items.len() > MAX_ITEMS {
        put!(page, "<li><a href=\"#coverage\">and {} more</a></li>", items.len() - MAX_ITEMS);
    }
    page.push_str("</ul>\n");
}

/// What the feeds spoke of, and how old they are, as HTML.
fn judged(view: &View<'_>) -> Vec<String> {
    let judged = view.report.coverage.ecosystems.iter().filter(|ecosystem| ecosystem.matched > 0);
    let line = |ecosystem: &EcosystemCoverage| {
        let packages = plural(ecosystem.matched, "package", "packages");
        let feed = match &ecosystem.feed {
            Some((_, FeedDate::Known(date))) => format!("feed of {}", date.date()),
            Some((_, FeedDate::Unknown)) | None => "feed of unknown date".to_owned(),
        };
        format!("<b>{}</b>: {packages}, {feed}", Text(&ecosystem.name))
    };
    judged.map(line).collect()
}

/// Everything that stands between this result and the whole truth, the gravest first, as HTML.
fn all_gaps(view: &View<'_>) -> Vec<String> {
    let coverage = &view.report.coverage;
    let mut gaps = Vec::new();
    if view.report.database.is_none() {
        gaps.push("no advisory database was asked".to_owned());
    }
    if coverage.ecosystems.iter().all(|ecosystem| ecosystem.packages == 0) {
        gaps.push("no packages were found: nothing was there to judge".to_owned());
    }
    if coverage.distribution_judged == Some(false) {
        gaps.push("the distribution has no feed in the database".to_owned());
    }
    let grave = coverage.problems.iter().filter(|problem| problem.kind.breaks_completeness()).count();
    if grave > 0 {
        let what = plural(grave, "layer or package database", "layers or package databases");
        gaps.push(format!("<a href=\"#problems\">{what} could not be read</a>"));
    }
    for ecosystem in &coverage.ecosystems {
        ecosystem_gaps(&mut gaps, ecosystem);
    }
    let others = coverage.problems.len() - grave;
    if others > 0 {
        let what = plural(others, "other thing", "other things");
        gaps.push(format!("<a href=\"#problems\">{what} could not be examined</a>"));
    }
    gaps
}

fn ecosystem_gaps(gaps: &mut Vec<String>, ecosystem: &EcosystemCoverage) {
    let name = Text(&ecosystem.name);
    if ecosystem.feed.is_none() && ecosystem.packages > 0 {
        gaps.push(format!("<b>{name}</b>: {}, no feed", plural(ecosystem.packages, "package", "packages")));
        return;
    }
    for (count, what) in [
        (ecosystem.unknown_version, "with a version that can’t be compared"),
        (ecosystem.third_party, "built by others than the distribution"),
        (ecosystem.development, "for development only"),
    ] {
        if count > 0 {
            gaps.push(format!("<b>{name}</b>: {} {what}", plural(count, "package", "packages")));
        }
    }
    if ecosystem.unknown_ranges > 0 {
        let what = plural(ecosystem.unknown_ranges, "advisory", "advisories");
        gaps.push(format!("<b>{name}</b>: {what} that could not be judged"));
    }
}
