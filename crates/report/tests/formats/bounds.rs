//! What foreign names must not do in any form, and what readers refuse above a size.

use seawall_model::{FilePathBuf, FindingId, Place, Severity};
use seawall_report::Format;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::{plain, reports, written};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn no_form_carries_control_characters_or_commands() {
    for (name, report) in reports::all() {
        for format in Format::ALL {
            let text = plain(&written(&report, format));
            let at = format!("{name} as {format}");
            let is_control =
                |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
            let text = if format == Format::Csv { text.replace("\r\n", "\n") } else { text };
            assert!(!text.contains(is_control), "{at} has a control character");
            assert!(!text.contains("##vso[") && !text.contains("##["), "{at} has a command of Azure");
            for line in text.lines() {
                assert!(!line.trim_start().starts_with("::"), "{at} has a command of GitHub: {line}");
            }
        }
    }
}

#[test]
fn markup_in_a_name_stays_text() {
    let text = written(&reports::hostile(), Format::Junit);
    assert!(!text.contains("<script>") && !text.contains("]]>"), "{text}");
    let text = written(&reports::hostile(), Format::Markdown);
    assert!(!text.contains("@octocat #1"), "nobody is mentioned outside code spans: {text}");
}

#[test]
fn sarif_keeps_the_most_severe_results_and_says_what_it_leaves_out() {
    let sarif = json(&written(&reports::many(25_002), Format::Sarif));
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 25_000);
    assert_eq!(results[0]["ruleId"], "CVE-2026-25001", "the only critical one stands first");
    let told = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(told.contains("2 findings are left out"), "{told}");
    assert!(told.contains("shows only 5000"), "{told}");
    assert!(run["tool"]["driver"]["rules"].as_array().unwrap().len() <= 25_000);
}

#[test]
fn sarif_bounds_locations_tags_and_help() {
    let mut report = reports::full();
    let place = |index: usize| Place {
        path: FilePathBuf::from(format!("opt/{index}").as_str()),
        inside: None,
        layer: Some(0),
    };
    report.packages[0].places = (0..1_500).map(place).collect();
    report.findings[0].advisories[0].summary = "x".repeat(100_000).into();
    let sarif = json(&written(&report, Format::Sarif));
    let run = &sarif["runs"][0];
    assert_eq!(run["results"][1]["locations"].as_array().unwrap().len(), 1_000);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        assert!(rule["properties"]["tags"].as_array().unwrap().len() <= 10);
        assert!(rule["help"]["markdown"].as_str().unwrap().chars().count() < 20_000);
        assert!(rule["fullDescription"]["text"].as_str().unwrap().chars().count() <= 1_024);
    }
}

#[test]
fn sarif_has_one_rule_for_a_vulnerability_and_one_result_for_a_finding() {
    let mut report = reports::full();
    let twice = report.findings[0].clone();
    report.findings.push(twice);
    let sarif = json(&written(&report, Format::Sarif));
    let run = &sarif["runs"][0];
    let texts = |list: &Value, key: &str| -> Vec<String> {
        let mut texts: Vec<String> =
            list.as_array().unwrap().iter().map(|entry| entry[key].to_string()).collect();
        texts.sort();
        texts
    };
    let mut ids = texts(&run["tool"]["driver"]["rules"], "id");
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "rules");
    let mut prints = texts(&run["results"], "partialFingerprints");
    let count = prints.len();
    prints.dedup();
    assert_eq!(prints.len(), count, "results");
    for result in run["results"].as_array().unwrap() {
        let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
    }
}

#[test]
fn sarif_paths_are_relative_uris_without_a_scheme() {
    let mut report = reports::hostile();
    report.packages[0].places.clear();
    report.target = "debian:12".to_owned();
    let sarif = json(&written(&report, Format::Sarif));
    for result in sarif["runs"][0]["results"].as_array().unwrap() {
        for location in result["locations"].as_array().unwrap() {
            let uri = location["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.is_empty() && !uri.starts_with('/') && !uri.contains([':', ' ', '#', '?']), "{uri}");
        }
    }
    assert!(sarif.to_string().contains("debian%3A12"));
}

#[test]
fn the_category_of_sarif_outlives_a_tag() {
    let id = |target: &str| {
        let mut report = reports::clean();
        report.target = target.to_owned();
        let sarif = json(&written(&report, Format::Sarif));
        sarif["runs"][0]["automationDetails"]["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(id("registry.example:5000/team/app:1.0"), "seawall/image/registry.example%3A5000/team/app/");
    assert_eq!(id("debian:12"), "seawall/image/debian/");
    assert_eq!(id(&format!("app@sha256:{}", "0".repeat(64))), "seawall/image/app/");
    assert_eq!(id("/"), "seawall/image/target/");
}

#[test]
fn a_finding_of_a_source_tree_lies_where_the_repository_has_it() {
    let report = reports::incomplete();
    assert!(written(&report, Format::Sarif).contains("\"services/api/package-lock.json\""));
    assert!(written(&report, Format::Gitlab).contains("\"file\": \"services/api/package-lock.json\""));
    assert!(
        written(&report, Format::Github).contains("\"source_location\": \"services/api/package-lock.json\"")
    );
}

#[test]
fn markdown_fits_into_a_comment_and_says_what_it_leaves_out() {
    let mut report = reports::many(5_000);
    let text = written(&report, Format::Markdown);
    assert!(text.contains("and 4900 more findings"), "{}", &text[text.len() - 300..]);
    for finding in &mut report.findings {
        finding.vulnerability = "`|<漢".repeat(500);
        finding.id = FindingId::of(&[&finding.id.to_string()]);
    }
    report.target = "漢".repeat(100_000);
    for (position, finding) in report.findings.iter_mut().enumerate().take(100) {
        finding.severity = Severity::ALL.get(position % 5).copied();
    }
    let text = written(&report, Format::Markdown);
    assert!(text.len() < 65_536, "{}", text.len());
    assert!(text.contains("more findings, none of them more severe"));
}

#[test]
fn a_table_is_never_wider_than_its_terminal() {
    for (name, report) in reports::all() {
        for width in [40, 60, 80, 133] {
            let mut out = Vec::new();
            let options = seawall_report::TableOptions { width, show_suppressed: true, list_all: true };
            seawall_report::write_table(&report, options, &mut out).unwrap();
            for line in plain(&String::from_utf8(out).unwrap()).lines() {
                assert!(line.width() <= width, "{name} at {width}: {line:?} has {}", line.width());
            }
        }
    }
}

#[test]
fn a_narrow_table_still_tells_what_mends_it() {
    let mut out = Vec::new();
    let options = seawall_report::TableOptions { width: 40, show_suppressed: false, list_all: false };
    seawall_report::write_table(&reports::full(), options, &mut out).unwrap();
    let text = plain(&String::from_utf8(out).unwrap());
    assert!(text.contains("fixed in 3.0.11-1~deb12u3"), "{text}");
}

#[test]
fn junit_is_never_without_a_test() {
    for (name, report) in reports::all() {
        assert!(written(&report, Format::Junit).contains("<testcase "), "{name}");
    }
}

#[test]
fn cells_are_quoted_and_no_formulas() {
    let text = written(&reports::hostile(), Format::Csv);
    assert!(text.ends_with("\r\n"));
    for start in ["=", "+", "-", "@", "\t"] {
        assert!(!text.contains(&format!(",{start}")), "a cell begins with {start:?}");
        assert!(!text.contains(&format!(",\"{start}")), "a cell begins with {start:?}");
    }
}

#[test]
fn what_filters_leave_out_does_not_look_clean() {
    let mut report = reports::clean();
    report.hidden.below_severity = 3;
    for format in [Format::Table, Format::Markdown, Format::Sarif, Format::Gitlab] {
        let text = written(&report, format);
        assert!(text.contains("3 findings are left out by --severity"), "{format}: {text}");
        assert!(!text.to_lowercase().contains("no known vulnerability"), "{format}: {text}");
    }
}
