//! Exceptions of `.trivyignore` and `seawall.yaml`.

use serde_json::Value;

use crate::lab::{Lab, application, open, remove};

fn notes(report: &Value) -> Vec<String> {
    let notes = report["exceptions_without_effect"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    notes.map(|note| format!("{}: {}", text(&note["rule"]), text(&note["message"]))).collect()
}

/// `vulnerability by source: reason` of each suppressed finding.
fn suppressed(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let suppressed = findings.filter(|finding| !finding["suppression"].is_null());
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    suppressed
        .map(|finding| {
            let by = &finding["suppression"];
            format!("{} by {}: {}", text(&finding["vulnerability"]), text(&by["source"]), text(&by["reason"]))
        })
        .collect()
}

#[test]
fn trivyignore_suppresses_by_any_name_until_the_date_and_says_what_did_nothing() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    let text = "# not reachable\nTEST-2026-0001\nCVE-2026-0003 exp:2026-05-31\nCVE-2026-0002 exp:2027-01-01\nCVE-2020-1\n";
    lab.write(".trivyignore", text);
    let report = lab.report(&target, &[]);
    assert_eq!(open(&report), ["CVE-2026-0003", "CVE-2026-0004"]);
    assert_eq!(suppressed(&report).len(), 2);
    assert!(suppressed(&report).contains(&"CVE-2026-0001 by .trivyignore:2: not reachable".to_owned()));
    assert_eq!(
        notes(&report),
        ["CVE-2026-0003: expired on 2026-05-31, and no longer holds", "CVE-2020-1: matched nothing"]
    );
    let table = lab.scan(&target, &[]).stdout;
    assert!(table.contains("2 suppressed (--show-suppressed)"), "{table}");
    assert!(table.contains("exception CVE-2020-1 at .trivyignore:5: matched nothing"), "{table}");
}

#[test]
fn what_is_suppressed_does_not_meet_the_threshold() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    let flags = ["--fail-on", "critical", "--ignore-unknown-severity"];
    assert_eq!(lab.scan(&target, &flags).code, 1);
    lab.write(".trivyignore", "CVE-2026-0001\n");
    assert_eq!(lab.scan(&target, &flags).code, 0);
    remove(&lab.path(".trivyignore"));
    assert_eq!(lab.scan(&target, &flags).code, 1);
}

#[test]
fn the_settings_hold_exceptions_narrowed_by_package_and_path() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    let entry = |rule: &str, more: &str| {
        format!(
            "- {{rule: vuln/{rule}, {more} reason: not reachable, approved_by: security, expires: 2027-01-31}}\n"
        )
    };
    let text = [
        "apiVersion: seawall/v1\nkind: Settings\nscan: {fail_on: critical}\nexceptions:\n".to_owned(),
        entry("CVE-2026-0001", "purl: 'pkg:deb/debian/libssl3',"),
        entry("CVE-2026-0003", "path: srv/app,"),
        entry("CVE-2026-0004", "path: srv/app,"),
        entry("CVE-2026-0002", "purl: 'pkg:npm/',"),
    ];
    lab.write("seawall.yaml", text.concat());
    let report = lab.report(&target, &[]);
    assert_eq!(open(&report), ["CVE-2026-0002", "CVE-2026-0004"]);
    assert_eq!(
        notes(&report),
        ["vuln/CVE-2026-0004: matched nothing", "vuln/CVE-2026-0002: matched nothing"]
    );
    // The threshold of the settings holds, and a flag wins over it.
    assert_eq!(lab.scan(&target, &[]).code, 1);
    assert_eq!(lab.scan(&target, &["--ignore-unknown-severity"]).code, 0);
    assert_eq!(lab.scan(&target, &["--fail-on", "none"]).code, 0);
}

#[test]
fn settings_that_are_not_understood_end_the_run() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    lab.write("seawall.yaml", "apiVersion: seawall/v1\nkind: Settings\nscan: {fail_onn: high}\n");
    let run = lab.scan(&target, &[]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("fail_onn"), "{}", run.stderr);
    lab.write("seawall.yaml", "apiVersion: seawall/v1\nkind: Settings\n");
    lab.write(".trivyignore", "CVE-2026-0001 until:2027\n");
    let run = lab.scan(&target, &[]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("until:2027"), "{}", run.stderr);
}
