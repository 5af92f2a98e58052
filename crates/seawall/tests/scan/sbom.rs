//! Bills of materials on the command line: forms, files, times and exit codes.

use seawall_testkit::{Image, Layer};
use serde_json::Value;

use crate::lab::{Lab, Run, application, debian};

fn sbom(lab: &Lab, target: &str, flags: &[&str]) -> Run {
    lab.run(&[&["sbom", target], flags].concat())
}

/// `name version` of the components, sorted.
fn components(document: &Value) -> Vec<String> {
    let word = |part: &Value, key: &str| part[key].as_str().unwrap_or("-").to_owned();
    let components = document["components"].as_array().unwrap().iter();
    let mut names: Vec<String> =
        components.map(|part| format!("{} {}", word(part, "name"), word(part, "version"))).collect();
    names.sort();
    names
}

#[test]
fn a_bill_needs_no_advisory_database() {
    let lab = Lab::new();
    std::fs::remove_file(lab.path("advisories.db")).unwrap();
    let run = sbom(&lab, &lab.docker_archive(&application()), &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let names = [
        "bash 5.2.15-2",
        "debian 12",
        "left-thing 1.0.0",
        "libssl3 3.0.1-1+b2",
        "py-thing 1.4",
        "zlib1g 1:1.2.13",
    ];
    assert_eq!(components(&run.report()), names);
    assert!(run.report().get("vulnerabilities").is_none());
}

#[test]
fn a_scan_adds_the_vulnerabilities() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    let document = lab.scan(&target, &["--format", "cyclonedx-json"]).report();
    let vulnerabilities = document["vulnerabilities"].as_array().unwrap();
    let mut ids: Vec<&str> = vulnerabilities.iter().map(|one| one["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003", "CVE-2026-0004"]);
    let bill = sbom(&lab, &target, &["--now", "2026-06-01"]).report();
    assert_eq!(document["components"], bill["components"]);
    assert_eq!(document["dependencies"], bill["dependencies"]);
}

#[test]
fn each_form_is_written_in_the_version_that_was_asked_for() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    for (flags, expected) in [
        (&["--format", "cyclonedx-json"][..], "\"specVersion\": \"1.7\""),
        (&["--format", "cyclonedx-json@1.5"], "\"specVersion\": \"1.5\""),
        (&["--spec-version", "1.6"], "\"specVersion\": \"1.6\""),
        (&["--format", "cyclonedx-xml", "--spec-version", "1.5"], "http://cyclonedx.org/schema/bom/1.5"),
        (&["--format", "spdx-json"], "\"spdxVersion\": \"SPDX-2.3\""),
        (&["--format", "spdx-tag-value"], "SPDXVersion: SPDX-2.3"),
        (&["--format", "seawall-json"], "\"format\": \"seawall-sbom\""),
    ] {
        let run = sbom(&lab, &target, flags);
        assert!(run.code == 0 && run.stdout.contains(expected), "{flags:?}: {}", run.stdout);
    }
    for flags in [
        &["--format", "cyclonedx"][..],
        &["--spec-version", "1.4"],
        &["--format", "spdx-json", "--spec-version", "1.5"],
    ] {
        let run = sbom(&lab, &target, flags);
        assert!(run.code == 2 && run.stdout.is_empty() && !run.stderr.is_empty(), "{flags:?}");
    }
}

#[test]
fn files_are_told_by_their_names() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    let flags = ["-o", "a.spdx.json", "-o", "b.cdx.xml", "-o", "seawall-json=c", "--spec-version", "1.6"];
    assert_eq!(sbom(&lab, &target, &flags).code, 0);
    let read = |name: &str| std::fs::read_to_string(lab.path(name)).unwrap();
    assert!(read("a.spdx.json").contains("SPDX-2.3"));
    assert!(read("b.cdx.xml").contains("http://cyclonedx.org/schema/bom/1.6"));
    assert!(read("c").contains("seawall-sbom"));
}

#[test]
fn an_image_gives_the_same_bytes_whenever_it_is_read() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    let first = sbom(&lab, &target, &["--no-cache"]);
    for flags in [&[][..], &["--jobs", "1"]] {
        assert_eq!(sbom(&lab, &target, flags).stdout, first.stdout, "cached or not");
    }
    let stamped = sbom(&lab, &target, &["--now", "2026-06-01T12:00:00Z"]).report();
    assert_eq!(stamped["metadata"]["timestamp"], "2026-06-01T12:00:00Z");
}

#[test]
fn a_bill_of_nothing_or_of_a_part_is_incomplete() {
    let lab = Lab::new();
    let target = lab.docker_archive(&Image::new([Layer::new("COPY").file("hello", "text")]));
    assert_eq!(sbom(&lab, &target, &[]).code, 3);
    assert_eq!(sbom(&lab, &target, &["--allow-incomplete"]).code, 0);
    let broken = Layer::new("COPY").file("srv/app/node_modules/broken/package.json", "{\"name\": ");
    let target = lab.docker_archive(&Image::new([debian(), broken]));
    let run = sbom(&lab, &target, &[]);
    assert_eq!(run.code, 0);
    assert_eq!(run.report()["compositions"][0]["aggregate"], "incomplete");
    assert!(run.report()["annotations"][0]["text"].as_str().unwrap().contains("broken/package.json"));
    assert_eq!(sbom(&lab, &target, &["--strict"]).code, 3);
    assert_eq!(sbom(&lab, "docker-archive:not-there.tar", &["--allow-incomplete"]).code, 2);
}
