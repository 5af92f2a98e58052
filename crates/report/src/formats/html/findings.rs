//! The tables of open and of suppressed findings; each row opens to show why it is there.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use seawall_model::{Advisory, Finding, FixState, Package, Suppression};

use super::plots::exploitation;
use super::text::{Grouped, Prose, Reference, Text, percent, plural};
use super::view::{View, layer_of, published};
use crate::describe::{self, Grade, summary};

/// Rows of one table. The most severe come first, so that the least severe are left out.
const MAX_ROWS: usize = 10_000;
/// Bytes of one table beyond which rows have no details, and beyond which there are no more rows.
const MAX_BYTES_WITH_DETAILS: usize = 24 << 20;
const MAX_BYTES: usize = 32 << 20;
/// More rows than these are laid out only when they come into sight.
const ROWS_AT_ONCE: usize = 300;
/// Of one finding: advisories, and references of each.
const MAX_ADVISORIES: usize = 10;
const MAX_REFERENCES: usize = 12;
/// Of one package: places, and packages that need it.
const MAX_PLACES: usize = 8;
const MAX_NEEDED_BY: usize = 8;
/// Mended versions and other names of one finding.
const MAX_WORDS: usize = 12;

const HEAD: &str = "<thead><tr><th scope=\"col\" data-sort=\"severity\">Severity</th><th scope=\"col\" data-sort=\"text\">Vulnerability</th>\
    <th scope=\"col\" data-sort=\"text\">Package</th><th scope=\"col\" data-sort=\"fix\">Fixed in</th>\
    <th scope=\"col\" data-sort=\"risk\">Exploitation</th><th scope=\"col\" data-sort=\"layer\">Layer</th>\
    <th scope=\"col\" data-sort=\"published\">Published</th></tr></thead>\n";

pub(super) fn write(page: &mut String, view: &View<'_>) {
    put!(
        page,
        "<section id=\"findings\" aria-labelledby=\"findings-title\">\n<h2 id=\"findings-title\">Findings <span class=\"count\">{}</span></h2>\n",
        Grouped(view.open.len())
    );
    if view.open.is_empty() {
        page.push_str("<p class=\"lede\">None is open. What was examined stands under <a href=\"#coverage\">Coverage</a>.</p>\n");
    } else {
        page.push_str("<p class=\"lede\">The most severe first; among equals those that are exploited, then those likely to be. A row opens to show the evidence.</p>\n");
        filters(page, view);
        table(page, view, &view.open, "Open findings");
    }
    page.push_str("</section>\n");
    if view.suppressed.is_empty() {
        return;
    }
    put!(
        page,
        "<section id=\"suppressed\" aria-labelledby=\"suppressed-title\">\n<h2 id=\"suppressed-title\">Suppressed <span class=\"count\">{}</span></h2>\n\
         <p class=\"lede\">Found, and not counted, each for the reason that stands with it.</p>\n",
        Grouped(view.suppressed.len())
    );
    table(page, view, &view.suppressed, "Suppressed findings");
    page.push_str("</section>\n");
}

/// Without the script this stays hidden: it would do nothing.
fn filters(page: &mut String, view: &View<'_>) {
    page.push_str(
        "<form id=\"filter\" class=\"filter\" hidden>\n<label class=\"search\">Search <input type=\"search\" name=\"text\" placeholder=\"CVE, package, word\" autocomplete=\"off\" spellcheck=\"false\"></label>\n\
         <label>Severity <select name=\"severity\"><option value=\"\">all</option>",
    );
    for grade in Grade::ALL.into_iter().filter(|grade| view.total.of(*grade) > 0) {
        put!(page, "<option value=\"{}\">{}</option>", grade as usize, grade.as_str());
    }
    page.push_str("</select></label>\n<label>Kind <select name=\"kind\"><option value=\"\">all</option>");
    let kinds: BTreeSet<_> =
        view.open.iter().filter_map(|finding| view.package_of(finding)).map(|package| package.kind).collect();
    for kind in kinds {
        put!(page, "<option value=\"{}\">{}</option>", kind.purl_type(), kind.title());
    }
    page.push_str("</select></label>\n");
    if !view.report.layers.is_empty() {
        page.push_str("<label>Layer <select name=\"layer\"><option value=\"\">all</option>");
        for (index, layer) in view.layers.iter().enumerate().filter(|(_, layer)| layer.tally.sum() > 0) {
            put!(page, "<option value=\"{index}\">{index} ({})</option>", Grouped(layer.tally.sum()));
        }
        page.push_str("</select></label>\n");
    }
    page.push_str(
        "<label>Fix <select name=\"fix\"><option value=\"\">all</option><option value=\"1\">with a fix</option><option value=\"0\">without</option></select></label>\n\
         <label>Exploitation <select name=\"risk\"><option value=\"\">all</option><option value=\"2\">known</option><option value=\"1\">known or likely</option></select></label>\n\
         <button type=\"button\" name=\"open\">Open all</button> <button type=\"reset\">Reset</button>\n\
         <output name=\"shown\" aria-live=\"polite\"></output>\n</form>\n",
    );
}

fn table(page: &mut String, view: &View<'_>, findings: &[&Finding], title: &str) {
    let many = if findings.len() > ROWS_AT_ONCE { " many" } else { "" };
    put!(page, "<table class=\"findings{many}\">\n<caption class=\"unseen\">{title}</caption>\n{HEAD}");
    let start = page.len();
    let (mut rows, mut without_details) = (0, 0);
    for finding in findings.iter().take(MAX_ROWS) {
        let bytes = page.len() - start;
        if bytes > MAX_BYTES {
            break;
        }
        let has_details = bytes <= MAX_BYTES_WITH_DETAILS;
        row(page, view, finding, has_details);
        rows += 1;
        without_details += usize::from(!has_details);
    }
    page.push_str("</table>\n");
    if rows < findings.len() {
        left_out(page, findings.len() - rows, "finding", "findings", "");
    }
    if without_details > 0 {
        left_out(page, without_details, "finding", "findings", "The details of ");
    }
}

/// Says what the page lacks. Nothing is left out in silence.
pub(super) fn left_out(page: &mut String, count: usize, one: &str, many: &str, what: &str) {
    let verb = if count == 1 && what.is_empty() { "is" } else { "are" };
    put!(
        page,
        "<p class=\"left-out\">{what}{} more {verb} left out to keep this page usable; <code>--format json</code> has everything.</p>\n",
        plural(count, one, many)
    );
}

/// Two rows of a table, so that the second has the whole width.
fn row(page: &mut String, view: &View<'_>, finding: &Finding, has_details: bool) {
    let package = view.package_of(finding);
    attributes(page, finding, package);
    cells(page, finding, package);
    page.push_str("<tr><td colspan=\"7\">");
    if let Some(suppression) = &finding.suppression {
        put!(page, "<p class=\"why\">{}</p>", justification(suppression));
    }
    let summary = summary(finding);
    if has_details {
        page.push_str("<details><summary>");
        if summary.is_empty() {
            page.push_str("<i>the advisories have no summary</i>");
        } else {
            put!(page, "{}", Prose(summary));
        }
        page.push_str("</summary>");
        details(page, view, finding, package);
        page.push_str("</details>");
    } else {
        put!(page, "{}", Prose(summary));
    }
    page.push_str("</td></tr></tbody>\n");
}

/// What the script sorts and filters by.
fn attributes(page: &mut String, finding: &Finding, package: Option<&Package>) {
    put!(page, "<tbody id=\"f-{}\" data-severity=\"{}\"", finding.id, Grade::of(finding) as usize);
    if let Some(package) = package {
        put!(page, " data-kind=\"{}\"", package.kind.purl_type());
    }
    if let Some(layer) = package.and_then(layer_of) {
        put!(page, " data-layer=\"{layer}\"");
    }
    put!(page, " data-fix=\"{}\"", u8::from(finding.fix.nearest().is_some()));
    // Known exploitation weighs more than any likelihood, which is at most 1.
    let likelihood = finding.epss.map_or(0.0, |(probability, _)| probability);
    let risk = likelihood + if finding.kev_since.is_some() { 2.0 } else { 0.0 };
    if risk > 0.0 {
        put!(page, " data-risk=\"{risk:.4}\"");
    }
    page.push('>');
}

fn cells(page: &mut String, finding: &Finding, package: Option<&Package>) {
    let grade = Grade::of(finding).as_str();
    // Of notices the kind says more than that they are some.
    let word = if grade == "notice" { finding.kind.as_str() } else { grade };
    put!(page, "<tr><td><span class=\"grade {grade}\">{word}</span>");
    if let Some(score) = finding.cvss_score {
        put!(page, " <small>{score:.1}</small>");
    }
    put!(page, "</td><th scope=\"row\">{}</th>", Text(&finding.vulnerability));
    match package {
        Some(package) => {
            put!(
                page,
                "<td>{} <span class=\"version\">{}</span></td>",
                Text(&package.name),
                Text(&package.version)
            );
        }
        None => page.push_str("<td></td>"),
    }
    match finding.fix.nearest() {
        Some(version) => put!(page, "<td class=\"fix\">{}</td>", Text(version)),
        None => put!(page, "<td class=\"no-fix\">{}</td>", describe::fix(finding)),
    }
    put!(page, "<td>{}</td>", exploitation(finding).trim_end());
    match package.and_then(layer_of) {
        Some(layer) => put!(page, "<td><a href=\"#layer-{layer}\">{layer}</a></td>"),
        None => page.push_str("<td></td>"),
    }
    let date = published(finding).map(seawall_model::Timestamp::date).unwrap_or_default();
    put!(page, "<td>{date}</td></tr>");
}

fn justification(suppression: &Suppression) -> String {
    match suppression {
        Suppression::DistributionFixed { owner, evidence } => {
            format!("<b>Mended by the distribution</b> {} <small>{}</small>", Prose(evidence), Text(owner))
        }
        Suppression::HeadersOnly { source } => {
            format!("<b>Headers only</b> kernel headers of {} hold no code that runs", Text(source))
        }
        Suppression::KnownWrong { reason } => format!("<b>The feed is wrong</b> {}", Prose(reason)),
        Suppression::Vex { source, status, reason } => {
            let reason = reason.as_deref().unwrap_or("no reason given");
            let status = status.replace('_', " ");
            format!("<b>Stated {status}</b> {} <small>{}</small>", Prose(reason), Text(source))
        }
        Suppression::Exception { source, reason, expires } => {
            let reason = reason.as_deref().unwrap_or("no reason given");
            let until = expires.map_or_else(|| "no expiry".to_owned(), |at| format!("until {}", at.date()));
            format!("<b>Exception</b> {} <small>{} · {until}</small>", Prose(reason), Text(source))
        }
    }
}

fn details(page: &mut String, view: &View<'_>, finding: &Finding, package: Option<&Package>) {
    page.push_str("<div class=\"detail\"><dl>");
    if !finding.aliases.is_empty() {
        term(page, "Also known as", &words(&finding.aliases));
    }
    term(page, "Severity", &severity(finding));
    if let Some((probability, percentile)) = finding.epss {
        let text = format!(
            "{} within 30 days, more than {} of all",
            percent(probability),
            percent((percentile * 100.0).floor() / 100.0)
        );
        term(page, "EPSS", &text);
    }
    let reasons: Vec<String> = finding.priority_reasons.iter().map(ToString::to_string).collect();
    term(page, "Priority", &format!("{}: {}", finding.priority, Text(&reasons.join("; "))));
    if let Some(since) = finding.kev_since {
        term(page, "Exploited", &format!("in CISA’s catalogue since {}", since.date()));
    }
    if let FixState::Fixed(versions) = &finding.fix
        && versions.len() > 1
    {
        term(page, "Fixed in", &words(versions));
    }
    if finding.perhaps_backported {
        term(page, "Note", "the distribution may have mended the file without changing the version it shows");
    }
    if let Some(package) = package {
        package_terms(page, view, finding.package, package);
    }
    term(page, "Finding", &format!("<code>{}</code>", finding.id));
    page.push_str("</dl><ul class=\"advisories\">");
    let row_summary = summary(finding);
    for advisory in finding.advisories.iter().take(MAX_ADVISORIES) {
        self::advisory(page, advisory, row_summary);
    }
    if finding.advisories.len() > MAX_ADVISORIES {
        put!(page, "<li>and {} more advisories</li>", finding.advisories.len() - MAX_ADVISORIES);
    }
    page.push_str("</ul></div>");
}

fn term(page: &mut String, name: &str, html: &str) {
    put!(page, "<dt>{name}</dt><dd>{html}</dd>");
}

/// Words beside each other, and how many more there are.
fn words(words: &[String]) -> String {
    let mut html = String::new();
    for (index, word) in words.iter().take(MAX_WORDS).enumerate() {
        put!(html, "{}{}", if index > 0 { ", " } else { "" }, Text(word));
    }
    if words.len() > MAX_WORDS {
        put!(html, " and {} more", Grouped(words.len() - MAX_WORDS));
    }
    html
}

fn severity(finding: &Finding) -> String {
    if !finding.kind.is_security_fault() {
        return "none: a notice, not a vulnerability".to_owned();
    }
    let Some(severity) = finding.severity else {
        return "unknown, which is not harmless".to_owned();
    };
    let mut text = severity.to_string();
    if let Some(source) = finding.severity_source {
        put!(text, ", says {}", source_words(source.as_str()));
    }
    if let Some(score) = finding.cvss_score {
        put!(text, "; CVSS {score:.1}");
    }
    if let Some(vector) = &finding.cvss_vector {
        put!(text, " <code>{}</code>", Text(vector));
    }
    text
}

fn source_words(source: &str) -> &str {
    match source {
        "distribution" => "the distribution",
        "affected-package" => "the record of this package",
        "record" => "the record",
        "database-specific" => "the record’s database",
        "joined-record" => "another record of the same fault",
        other => other,
    }
}

fn package_terms(page: &mut String, view: &View<'_>, index: usize, package: &Package) {
    let purl = package.purl(view.report.distro.as_ref()).to_string();
    term(page, "Package", &format!("<code>{}</code>", Text(&purl)));
    term(page, "Found", &places(package));
    if let Some(owner) = &package.owner {
        term(page, "Installed by", &format!("{} {}", Text(&owner.name), Text(&owner.version)));
    }
    let Some(needed_by) = view.needed_by.get(&index) else { return };
    let names: BTreeSet<&str> = needed_by
        .iter()
        .filter_map(|index| view.report.packages.get(*index))
        .map(|package| package.name.as_str())
        .collect();
    let mut html: Vec<String> = names.iter().take(MAX_NEEDED_BY).map(|name| Text(name).to_string()).collect();
    if names.len() > MAX_NEEDED_BY {
        html.push(format!("and {} more", Grouped(names.len() - MAX_NEEDED_BY)));
    }
    term(page, "Needed by", &html.join(", "));
}

/// Files that show the package, with their layers.
fn places(package: &Package) -> String {
    let mut html = String::new();
    for (index, place) in package.places.iter().take(MAX_PLACES).enumerate() {
        put!(html, "{}<code>{}", if index > 0 { "<br>" } else { "" }, Text(&place.path.to_string()));
        if let Some(inside) = &place.inside {
            put!(html, "!/{}", Text(inside));
        }
        html.push_str("</code>");
        if let Some(layer) = place.layer {
            put!(html, " in layer {layer}");
        }
    }
    if package.places.len() > MAX_PLACES {
        put!(html, "<br>and at {} more places", Grouped(package.places.len() - MAX_PLACES));
    }
    html
}

fn advisory(page: &mut String, advisory: &Advisory, row_summary: &str) {
    put!(page, "<li><p><b>{}</b> <small>{}", Text(&advisory.id), Text(&advisory.ecosystem.to_string()));
    if let Some(published) = advisory.published {
        put!(page, " · published {}", published.date());
    }
    if let Some(modified) = advisory.modified {
        put!(page, " · changed {}", modified.date());
    }
    put!(
        page,
        "</small></p><p class=\"match\"><span>{} <code>{}</code></span> <span>is in <code>{}</code>,</span> ",
        Text(&advisory.matched_name),
        Text(&advisory.matched_version),
        Text(&advisory.range),
    );
    match &advisory.fixed {
        Some(fixed) => put!(page, "<span>fixed in <code>{}</code></span>", Text(fixed)),
        None => page.push_str("<span>no fix</span>"),
    }
    page.push_str("</p>");
    let summary = advisory.summary.trim();
    if !summary.is_empty() && summary != row_summary {
        put!(page, "<p>{}</p>", Prose(summary));
    }
    if !advisory.references.is_empty() {
        page.push_str("<ul class=\"references\">");
        for reference in advisory.references.iter().take(MAX_REFERENCES) {
            put!(page, "<li>{}</li>", Reference(reference));
        }
        if advisory.references.len() > MAX_REFERENCES {
            put!(page, "<li>and {} more</li>", Grouped(advisory.references.len() - MAX_REFERENCES));
        }
        page.push_str("</ul>");
    }
    page.push_str("</li>");
}
