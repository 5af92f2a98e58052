//! The HTML report: what it says, that nothing foreign acts in it, that it needs nothing from outside.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use base64::Engine as _;
use seawall_model::{EcosystemCoverage, FeedDate, Problem, ProblemKind};
use seawall_report::{Format, ScanReport, write_html};
use sha2::{Digest as _, Sha256};

#[path = "../examples/sample_report/reports.rs"]
mod reports;

fn page(report: &ScanReport) -> String {
    let mut out = Vec::new();
    write_html(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// What stands between two texts, of which each occurs once.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    assert_eq!(text.matches(from).count(), 1, "{from:?}");
    let (_, rest) = text.split_once(from).unwrap();
    rest.split_once(to).unwrap().0
}

/// The text of a section without its tags, each run of white space one space.
fn section(page: &str, id: &str) -> String {
    let (_, rest) = page.split_once(&format!("<section id=\"{id}\"")).unwrap();
    let html = rest.split("\n<section id=\"").next().unwrap();
    let mut text = String::new();
    for piece in html.split('<') {
        text.push_str(piece.split_once('>').map_or("", |(_, text)| text));
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_page_of_one_of_everything() {
    let page = page(&reports::small());
    let page = page.replace(between(&page, "<style>", "</style>"), "…");
    let page = page.replace(between(&page, "<script>", "</script>"), "…");
    let policy = between(&page, "style-src '", "; base-uri").to_owned();
    insta::assert_snapshot!(page.replace(&policy, "…"));
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    assert_eq!(page(&reports::typical()), page(&reports::typical()));
    assert_eq!("html".parse(), Ok(Format::Html));
}

#[test]
fn the_verdict_says_what_was_not_examined() {
    let verdict = |report: &ScanReport| section(&page(report), "verdict");
    let clean = reports::clean();
    let text = verdict(&clean);
    assert!(text.contains("No known vulnerability in 1 package"), "{text}");
    assert!(text.contains("✓ Complete Every layer"), "{text}");

    let mut no_feed = clean.clone();
    no_feed.coverage.ecosystems[0].feed = None;
    no_feed.coverage.ecosystems[0].matched = 0;
    no_feed.coverage.distribution_judged = Some(false);
    let text = verdict(&no_feed);
    assert!(text.contains("Nothing is known of 1 package: none could be judged"), "{text}");
    assert!(text.contains("! Not complete"), "{text}");
    assert!(text.contains("Debian:12 : 1 package, no feed"), "{text}");

    let mut nothing = clean.clone();
    nothing.packages.clear();
    nothing.coverage.ecosystems.clear();
    let text = verdict(&nothing);
    assert!(
        text.contains("Nothing found, and nothing to judge") && text.contains("! Not complete"),
        "{text}"
    );

    let mut gaps = clean.clone();
    gaps.coverage.ecosystems.push(EcosystemCoverage {
        name: "npm".to_owned(),
        feed: Some(("npm".parse().unwrap(), FeedDate::Unknown)),
        packages: 9,
        matched: 4,
        unknown_version: 2,
        unknown_ranges: 1,
        third_party: 0,
        development: 3,
    });
    let text = verdict(&gaps);
    assert!(text.contains("in 5 of 10 packages; the others were not judged"), "{text}");
    assert!(text.contains("◐ Complete, with gaps"), "{text}");
    assert!(text.contains("npm : 2 packages with a version that can’t be compared"), "{text}");
    assert!(text.contains("npm : 3 packages for development only"), "{text}");
    assert!(text.contains("npm : 1 advisory that could not be judged"), "{text}");

    let mut broken = clean.clone();
    broken.coverage.problems = vec![Problem::general(ProblemKind::LayerUnreadable, "cut off")];
    assert!(verdict(&broken).contains("1 layer or package database could not be read"));

    let mut no_database = clean;
    no_database.database = None;
    let text = verdict(&no_database);
    assert!(text.contains("! Not complete") && text.contains("no advisory database was asked"), "{text}");
}

#[test]
fn suppressed_findings_are_shown_with_their_justification() {
    let page = page(&reports::small());
    let text = section(&page, "suppressed");
    assert!(
        text.contains("the service draws no charts of others seawall.yaml:12 · until 2027-01-31"),
        "{text}"
    );
    assert!(text.contains("Mended by the distribution"), "{text}");
    assert!(!section(&page, "findings").contains("CVE-2026-0004"));
}

/// A tag of the page with its attributes.
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

/// Every tag, by a scanner that knows nothing of the writer. The contents of style and script are left out.
fn tags(page: &str) -> Vec<Tag> {
    let page = page
        .replace(between(page, "<style>", "</style>"), "")
        .replace(between(page, "<script>", "</script>"), "");
    let mut tags = Vec::new();
    let mut rest = page.as_str();
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let end = rest.find('>').unwrap();
        tags.push(tag(&rest[..end]));
        rest = &rest[end + 1..];
    }
    tags
}

fn tag(text: &str) -> Tag {
    let (name, mut rest) = text.split_once(' ').unwrap_or((text, ""));
    let mut attributes = Vec::new();
    rest = rest.trim_end_matches('/').trim();
    while !rest.is_empty() {
        let end = rest.find(['=', ' ']).unwrap_or(rest.len());
        let (name, value) = rest.split_at(end);
        if let Some(value) = value.strip_prefix("=\"") {
            let (value, after) = value.split_once('"').unwrap();
            attributes.push((name.to_owned(), value.to_owned()));
            rest = after.trim_start();
        } else {
            attributes.push((name.to_owned(), String::new()));
            rest = value.trim_start();
        }
    }
    Tag { name: name.to_owned(), attributes }
}

const ELEMENTS: &[&str] = &[
    "!DOCTYPE", "a", "b", "body", "br", "button", "caption", "code", "dd", "defs", "details", "div", "dl",
    "dt", "footer", "form", "h1", "h2", "h3", "head", "header", "html", "i", "input", "label", "li", "main",
    "meta", "nav", "ol", "option", "output", "p", "path", "pattern", "rect", "script", "section", "select",
    "small", "span", "strong", "style", "summary", "svg", "table", "tbody", "td", "text", "th", "thead",
    "time", "title", "tr", "ul", "wbr",
];

#[test]
fn nothing_foreign_becomes_markup_or_an_address() {
    for report in [reports::small(), reports::hostile()] {
        let page = page(&report);
        assert!(
            page.is_ascii() || !page.contains(['\u{202e}', '\u{61c}', '\u{200b}', '\u{fffe}', '\0', '\x1b'])
        );
        for tag in tags(&page) {
            let name = tag.name.trim_start_matches('/');
            assert!(ELEMENTS.contains(&name), "<{name}>");
            for (attribute, value) in &tag.attributes {
                assert!(
                    !attribute.starts_with("on") && attribute != "style" && attribute != "src",
                    "{attribute}"
                );
                let is_inside = value.starts_with('#');
                if attribute == "href" && !is_inside {
                    assert!(value.starts_with("https://") || value.starts_with("http://"), "{value:?}");
                    let rel =
                        tag.attributes.iter().find(|(name, _)| name == "rel").map(|(_, rel)| rel.as_str());
                    assert_eq!((name, rel), ("a", Some("noreferrer noopener")));
                }
            }
        }
    }
}

#[test]
fn tags_are_closed_in_the_order_in_which_they_were_opened() {
    const VOID: &[&str] = &["!DOCTYPE", "meta", "input", "br", "wbr", "rect", "path"];
    for report in [reports::small(), reports::typical(), reports::hostile(), reports::clean()] {
        let mut open: Vec<String> = Vec::new();
        for tag in tags(&page(&report)) {
            match tag.name.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop().as_deref(), Some(name)),
                None if VOID.contains(&tag.name.as_str()) => {}
                None => open.push(tag.name),
            }
        }
        assert_eq!(open, [""; 0]);
    }
}

#[test]
fn names_of_places_are_unique_and_links_lead_to_them() {
    let page = page(&reports::typical());
    let attributes: Vec<(String, String)> = tags(&page).into_iter().flat_map(|tag| tag.attributes).collect();
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, id) in attributes.iter().filter(|(name, _)| name == "id") {
        *ids.entry(id).or_default() += 1;
    }
    assert!(ids.values().all(|count| *count == 1));
    for (name, value) in &attributes {
        if name == "href"
            && let Some(id) = value.strip_prefix('#')
        {
            assert!(ids.contains_key(id), "#{id}");
        }
    }
}

#[test]
fn the_policy_lets_in_only_the_style_and_the_script_of_the_page() {
    let page = page(&reports::small());
    let digest = |text: &str| {
        format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text)))
    };
    let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
            digest(between(&page, "<style>", "</style>")),
            digest(between(&page, "<script>", "</script>")),
        )
    );
}

#[test]
fn what_a_very_large_report_leaves_out_is_said() {
    let page = page(&reports::large(10_050, 25_010));
    assert!(section(&page, "findings").contains("50 findings more are left out"));
    assert!(section(&page, "packages").contains("10 packages more are left out"));
    assert!(page.len() < 64 << 20, "{}", page.len());
}

#[test]
fn a_large_report_stays_within_bytes_that_a_browser_copes_with() {
    let page = page(&reports::large(5_000, 20_000));
    assert!(!page.contains("left-out\""), "nothing is left out");
    assert!(page.len() < 16 << 20, "{}", page.len());
}

#[test]
fn long_names_do_not_make_the_page_long() {
    assert!(page(&reports::hostile()).len() < 400_000);
}

/// The colours of the light, the dark and the printed page, by name.
fn palettes(page: &str) -> Vec<BTreeMap<String, [f64; 3]>> {
    let style = between(page, "<style>", "</style>");
    let palette = |block: &str| {
        let declarations =
            block.split(';').filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"));
        declarations.map(|(name, hex)| (name.to_owned(), channels(hex))).collect()
    };
    let blocks = style.split(":root {").skip(1).map(|block| block.split('}').next().unwrap());
    blocks.map(palette).collect()
}

fn channels(hex: &str) -> [f64; 3] {
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0)
}

/// <https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio>
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let linear = |c: f64| if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2])
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn colours_are_told_apart_as_wcag_asks() {
    let palettes = palettes(&page(&reports::small()));
    assert_eq!(palettes.len(), 3, "light, dark and print");
    let text: &[(&[&str], &[&str])] = &[
        (&["ink", "muted", "accent", "warn", "good"], &["paper", "card", "raised"]),
        (&["ink", "accent", "muted"], &["accent-soft", "good-soft", "warn-soft"]),
        (&["good"], &["good-soft"]),
        (&["warn"], &["warn-soft"]),
        (&["ink"], &["stone", "stone-2"]),
        (&["card"], &["critical"]),
    ];
    let shapes = ["malware", "critical", "high", "unknown", "medium", "low", "negligible", "notice"];
    for palette in palettes {
        for (foregrounds, backgrounds) in text {
            for (front, back) in foregrounds.iter().flat_map(|f| backgrounds.iter().map(move |b| (*f, *b))) {
                let ratio = contrast(palette[front], palette[back]);
                assert!(ratio >= 4.5, "{front} on {back}: {ratio:.2}");
            }
        }
        for (shape, back) in shapes.iter().flat_map(|shape| ["paper", "card"].map(|back| (*shape, back))) {
            let ratio = contrast(palette[shape], palette[back]);
            assert!(ratio >= 3.0, "{shape} on {back}: {ratio:.2}");
        }
    }
}
