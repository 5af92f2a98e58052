//! The forms of a report as a user asks for them; what stands in them is tested where they are made.

use crate::lab::{Lab, application};

#[test]
fn one_scan_writes_every_form() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    lab.write("own.txt.j2", "{{ summary.critical }} critical\n");
    let files = [
        ("a.sarif", "sarif-2.1.0.json"),
        ("a.md", "## Seawall: `image.tar`"),
        ("a.xml", "<testsuites "),
        ("gl-container-scanning-report.json", "\"container_scanning\""),
        ("a.csv", "severity,vulnerability,"),
        ("a.json", "\"schema_version\""),
        ("a.txt", "Examined"),
        ("template=own.txt.j2=own.txt", "1 critical\n"),
    ];
    let mut flags = vec!["--format", "table", "--platform", "linux/amd64"];
    for (file, _) in files {
        flags.extend(["--output", file]);
    }
    let run = lab.scan(&target, &flags);
    assert_eq!(run.code, 0, "{}", run.stderr);
    for (file, expected) in files {
        let name = file.rsplit('=').next().unwrap();
        let text = std::fs::read_to_string(lab.path(name)).unwrap();
        assert!(text.contains(expected), "{name}: {text}");
        assert!(!text.contains('\u{1b}'), "{name} has colours");
        assert!(
            name == "a.json" || name == "own.txt" || name == "a.txt" || text.contains("CVE-2026-0001"),
            "{name}"
        );
    }
}

#[test]
fn a_snapshot_for_github_needs_a_commit_and_says_so_before_the_scan() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    let run = lab.scan(&target, &["--format", "github"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--github-sha"), "{}", run.stderr);
    let sha = "0123456789abcdef0123456789abcdef01234567";
    let flags = ["--format", "github", "--github-sha", sha, "--github-ref", "refs/heads/main"];
    let snapshot = lab.scan(&target, &flags).report();
    assert_eq!((snapshot["sha"].as_str(), snapshot["ref"].as_str()), (Some(sha), Some("refs/heads/main")));
    assert!(!snapshot["manifests"].as_object().unwrap().is_empty());
}

#[test]
fn a_wrong_template_is_told_before_the_scan() {
    let lab = Lab::new();
    lab.write("bad.j2", "\n{% if %}");
    let run = lab.scan("docker-archive:nothing.tar", &["--format", "template=bad.j2"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("bad.j2, line 2"), "{}", run.stderr);
    let run = lab.scan("docker-archive:nothing.tar", &["--format", "template=missing.j2"]);
    assert!(run.stderr.contains("can't read the template missing.j2"), "{}", run.stderr);
}
