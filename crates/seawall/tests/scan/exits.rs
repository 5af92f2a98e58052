//! Exit codes, and the flags that change what is shown and what counts.

use seawall_testkit::{Image, Layer, packages};

use crate::lab::{Lab, application, debian, open, with_npm, with_python};

const UNKNOWN: &str = "CVE-2026-0004";

fn without_feed() -> Layer {
    Layer::new("ADD base")
        .file("etc/os-release", packages::os_release("devuan", "5"))
        .file("var/lib/dpkg/status", packages::dpkg_status(&[("bash", "5.2.15-2", None)]))
}

#[test]
fn findings_alone_are_no_failure_and_a_threshold_makes_them_one() {
    let lab = Lab::new();
    let target = lab.docker_archive(&Image::new([debian(), with_npm()]));
    for (flags, code) in [
        (&[][..], 0),
        (&["--fail-on", "none"], 0),
        (&["--fail-on", "low"], 1),
        (&["--fail-on", "critical"], 1),
        // What is not shown counts all the same.
        (&["--fail-on", "critical", "--severity", "low"], 1),
    ] {
        assert_eq!(lab.scan(&target, flags).code, code, "{flags:?}");
    }
    let target = lab.docker_archive(&Image::new([
        Layer::new("COPY").file("etc/os-release", packages::os_release("debian", "12")),
        with_npm(),
    ]));
    assert_eq!(lab.scan(&target, &["--fail-on", "high"]).code, 1);
    assert_eq!(lab.scan(&target, &["--fail-on", "critical"]).code, 0);
}

#[test]
fn an_unknown_severity_meets_every_threshold_unless_it_is_ignored() {
    let lab = Lab::new();
    let target = lab.docker_archive(&Image::new([with_python()]));
    assert_eq!(open(&lab.report(&target, &[])), [UNKNOWN]);
    assert_eq!(lab.scan(&target, &["--fail-on", "critical"]).code, 1);
    assert_eq!(lab.scan(&target, &["--fail-on", "critical", "--ignore-unknown-severity"]).code, 0);
}

#[test]
fn a_distribution_without_a_feed_is_incomplete_and_never_looks_clean() {
    let lab = Lab::new();
    let target = lab.docker_archive(&Image::new([without_feed()]));
    let run = lab.scan(&target, &[]);
    assert_eq!(run.code, 3);
    assert!(
        run.stdout.contains("no feed") && !run.stdout.contains("no known vulnerability"),
        "{}",
        run.stdout
    );
    assert_eq!(lab.scan(&target, &["--allow-incomplete"]).code, 0);
    let report = lab.report(&target, &[]);
    assert_eq!(report["summary"]["complete"], false);
    assert_eq!(report["coverage"]["distribution_judged"], false);
}

#[test]
fn a_release_that_the_feed_does_not_name_is_incomplete() {
    let lab = Lab::new();
    let base = Layer::new("ADD base")
        .file("etc/os-release", packages::os_release("debian", "11"))
        .file("var/lib/dpkg/status", packages::dpkg_status(&[("bash", "5.1-2", None)]));
    assert_eq!(lab.scan(&lab.docker_archive(&Image::new([base])), &[]).code, 3);
}

#[test]
fn nothing_examined_is_incomplete() {
    let lab = Lab::new();
    let target = lab.docker_archive(&Image::new([Layer::new("COPY").file("hello", "text")]));
    assert_eq!(lab.scan(&target, &[]).code, 3);
    assert_eq!(lab.scan(&target, &["--allow-incomplete"]).code, 0);
}

#[test]
fn findings_win_over_incompleteness() {
    let lab = Lab::new();
    let target = lab.docker_archive(&Image::new([without_feed(), with_npm()]));
    assert_eq!(lab.scan(&target, &[]).code, 3);
    assert_eq!(lab.scan(&target, &["--fail-on", "high"]).code, 1);
    assert_eq!(lab.scan(&target, &["--fail-on", "high", "--allow-incomplete"]).code, 1);
    assert_eq!(lab.scan(&target, &["--fail-on", "critical"]).code, 3);
}

#[test]
fn what_can_not_be_done_wins_over_all() {
    let lab = Lab::new();
    lab.write("text.tar", "this is no archive of any kind, however long one looks at it");
    let good = lab.docker_archive(&application());
    for (target, flags) in [
        ("docker-archive:not-there.tar", &["--allow-incomplete"][..]),
        ("docker-archive:text.tar", &["--allow-incomplete"]),
        ("oci-layout:cache", &[]),
        ("", &[]),
        (&good, &["--no-such-flag"]),
        (&good, &["--fail-on", "terrible"]),
        (&good, &["--config", "not-there.yaml"]),
    ] {
        let run = lab.scan(target, flags);
        assert_eq!(run.code, 2, "{target} {flags:?}");
        assert!(!run.stderr.is_empty() && run.stdout.is_empty(), "{target} {flags:?}");
    }
    let run = lab.run(&["scan", &good, "--db", "none.db"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("seawall db update"), "{}", run.stderr);
}

#[test]
fn strict_counts_every_problem() {
    let lab = Lab::new();
    let broken = Layer::new("COPY").file("srv/app/node_modules/broken/package.json", "{\"name\": ");
    let target = lab.docker_archive(&Image::new([debian(), broken]));
    assert_eq!(lab.scan(&target, &[]).code, 0);
    assert_eq!(lab.scan(&target, &["--strict"]).code, 3);
    assert_eq!(lab.scan(&target, &["--strict", "--allow-incomplete"]).code, 2);
}

#[test]
fn filters_say_what_they_hid() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    let report = lab.report(&target, &["--severity", "critical,unknown"]);
    assert_eq!(open(&report), ["CVE-2026-0001", UNKNOWN]);
    assert_eq!(report["summary"]["hidden_by_severity"], 2);
    let table = lab.scan(&target, &["--severity", "critical"]).stdout;
    assert!(table.contains("3 of lower severity not shown (--severity)"), "{table}");

    let report = lab.report(&target, &["--only-fixed"]);
    assert_eq!(open(&report), ["CVE-2026-0001", "CVE-2026-0003", UNKNOWN]);
    assert_eq!(report["summary"]["hidden_not_fixed"], 1);
    let table = lab.scan(&target, &["--only-fixed"]).stdout;
    assert!(table.contains("1 without a mended version not shown (--only-fixed)"), "{table}");
}

#[test]
fn reports_to_files_are_those_of_standard_output() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    let flags =
        ["--format", "json", "--no-cache", "--output", "table=report.txt", "--output", "json=report.json"];
    let run = lab.scan(&target, &flags);
    assert_eq!(std::fs::read_to_string(lab.path("report.json")).unwrap(), run.stdout);
    assert!(std::fs::read_to_string(lab.path("report.txt")).unwrap().contains("CVE-2026-0001"));
}
