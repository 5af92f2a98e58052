//! What records mean: packages and records in, findings out, through the whole of building and matching.

use crate::common::{Mirror, affected, affected_of, judged, lines, record};

/// Which of some versions one entry of PyPI's affects.
fn affected_versions(entry: &str, versions: &[&str]) -> String {
    let json = record("TEST-2026-0001", r#""aliases":["CVE-2026-0001"]"#, &[entry.to_owned()]);
    let packages: Vec<String> = versions.iter().map(|version| format!("pypi x {version}")).collect();
    let (packages, matches) = Mirror::of(&[("PyPI", &json)]).matches("", &packages.join("\n"));
    let mut words: Vec<String> = Vec::new();
    for (position, package) in packages.iter().enumerate() {
        if let Some(finding) = matches.findings.iter().find(|finding| finding.package == position) {
            words.push(format!("{}->{}", package.version, finding.fix.nearest().unwrap_or("none")));
        }
        if matches.unknown.iter().any(|unknown| unknown.package == position) {
            words.push(format!("{}?", package.version));
        }
    }
    words.join(" ")
}

#[test]
fn events_of_ranges() {
    let versions = ["0.9", "1.0", "1.4", "1.5", "1.9", "2.0", "2.3"];
    for (events, expected) in [
        ("introduced 0, fixed 1.5", "0.9->1.5 1.0->1.5 1.4->1.5"),
        ("fixed 1.5, introduced 0", "0.9->1.5 1.0->1.5 1.4->1.5"),
        ("introduced 1.0", "1.0->none 1.4->none 1.5->none 1.9->none 2.0->none 2.3->none"),
        ("introduced 1.0, last_affected 1.5", "1.0->none 1.4->none 1.5->none"),
        ("introduced 1.5, last_affected 1.5", "1.5->none"),
        // Several events of one range, out of order.
        ("fixed 2.3, introduced 0, introduced 1.9, fixed 1.0", "0.9->1.0 1.9->2.3 2.0->2.3"),
        // What ends and begins at one version goes on.
        ("introduced 0, fixed 1.4, introduced 1.4, fixed 1.9", "0.9->1.9 1.0->1.9 1.4->1.9 1.5->1.9"),
        // Begun and fixed at one version is empty, as is what was fixed in 0.
        ("introduced 1.5, fixed 1.5", ""),
        ("introduced 0, fixed 0", ""),
        // A limit ends what the range can say.
        ("introduced 1.0, limit 1.5", "1.0->none 1.4->none"),
        ("introduced 1.9, limit *", "1.9->none 2.0->none 2.3->none"),
        // Several ranges; the fix of one lies in the other, so that it is none.
        ("introduced 1.0, fixed 1.5; introduced 1.4, fixed 2.0", "1.0->2.0 1.4->2.0 1.5->2.0 1.9->2.0"),
        ("introduced 0, fixed 1.0; introduced 1.9, fixed 2.0", "0.9->1.0 1.9->2.0"),
    ] {
        assert_eq!(affected_versions(&affected("PyPI", "x", events), &versions), expected, "{events}");
    }
}

#[test]
fn enumerated_versions_are_joined_with_ranges() {
    let listed = |versions: &str, events: &str| {
        let fields = format!(r#""versions":[{versions}]"#);
        affected_of("ECOSYSTEM", "PyPI", "x", events, &fields)
    };
    let versions = ["1.0", "1.0.0", "1.1", "2.0"];
    assert_eq!(affected_versions(&listed(r#""1.0""#, ""), &versions), "1.0->none 1.0.0->none");
    assert_eq!(
        affected_versions(&listed(r#""2.0""#, "introduced 0, fixed 1.0.1"), &versions),
        "1.0->1.0.1 1.0.0->1.0.1 2.0->none"
    );
}

#[test]
fn commits_are_passed_over() {
    let git = r#"{"type":"GIT","repo":"https://example.org/x","events":[{"introduced":"0"}]}"#;
    let entry =
        |ranges: &str| format!(r#"{{"package":{{"ecosystem":"PyPI","name":"x"}},"ranges":[{ranges}]}}"#);
    let ordinary = r#"{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2"}]}"#;
    assert_eq!(affected_versions(&entry(&format!("{git},{ordinary}")), &["1", "2"]), "1->2");
    // Commits alone say nothing about a version: not "not affected".
    assert_eq!(affected_versions(&entry(git), &["1"]), "1?");
    let unknown = r#"{"type":"LUNAR","events":[{"introduced":"0"}]}"#;
    assert_eq!(affected_versions(&entry(&format!("{unknown},{ordinary}")), &["1", "2"]), "1->2 2?");
}

#[test]
fn semantic_ranges_in_an_ecosystem_of_another_order() {
    let entry = affected_of("SEMVER", "PyPI", "x", "introduced 0, fixed 1.0.0", "");
    assert_eq!(
        affected_versions(&entry, &["1.0.0-rc.1", "1.0.0", "1.0.0.post1"]),
        "1.0.0-rc.1->1.0.0 1.0.0.post1?"
    );
}

#[test]
fn what_cannot_be_ordered_is_unknown_and_never_harmless() {
    let fields = r#""versions":["not a version","strange"]"#;
    let entry = affected_of("ECOSYSTEM", "PyPI", "x", "introduced 0, fixed 1.5", fields);
    assert_eq!(affected_versions(&entry, &["strange", "odd", "?", "2"]), "strange->none odd? ?");
    let entry = affected("PyPI", "x", "introduced 0, fixed what is this");
    assert_eq!(affected_versions(&entry, &["1.0"]), "1.0?");
    // Everything is affected, whatever the version is.
    assert_eq!(affected_versions(&affected("PyPI", "x", "introduced 0"), &["odd"]), "odd->none");
}

#[test]
fn the_coverage_counts_what_was_not_judged() {
    let one = record("TEST-2026-0001", "", &[affected("PyPI", "x", "introduced 0, fixed 1")]);
    let broken = record("TEST-2026-0002", "", &[affected("PyPI", "y", "introduced 0, fixed ???")]);
    let (packages, matches) = Mirror::of(&[("PyPI", &one), ("PyPI", &broken)]).matches(
        "debian 12",
        "pypi x odd
         pypi y 1.0
         pypi unnamed odd
         pypi z 1.0 dev
         npm z 1.0
         deb z 1.0
         conda z 1.0",
    );
    assert_eq!(
        lines(&packages, &matches),
        "x: TEST-2026-0001 unknown: the installed version \"odd\" can't be ordered\n\
         y: TEST-2026-0002 unknown: its version \"???\" can't be ordered"
    );
    let coverage: Vec<String> = matches
        .coverage
        .iter()
        .map(|entry| {
            format!(
                "{}: {} packages, feed {}, {} matched, {} unknown version, {} unknown ranges, {} for development",
                entry.name,
                entry.packages,
                entry.feed.is_some(),
                entry.matched,
                entry.unknown_version,
                entry.unknown_ranges,
                entry.development
            )
        })
        .collect();
    assert_eq!(
        coverage,
        [
            "Debian:12: 1 packages, feed false, 0 matched, 0 unknown version, 0 unknown ranges, 0 for development",
            "PyPI: 4 packages, feed true, 2 matched, 1 unknown version, 1 unknown ranges, 1 for development",
            "conda package: 1 packages, feed false, 0 matched, 0 unknown version, 0 unknown ranges, 0 for development",
            "npm: 1 packages, feed false, 0 matched, 0 unknown version, 0 unknown ranges, 0 for development",
        ]
    );
}

#[test]
fn a_finding_for_each_cve() {
    let entry = || [affected("Debian:12", "x", "introduced 0, fixed 2-1")];
    let covers = record("DSA-1", r#""upstream":["CVE-2026-0001","CVE-2026-0002"]"#, &entry());
    let none = record("DSA-2", "", &entry());
    let other = record("DSA-3", r#""upstream":["TEMP-1","TEMP-2"]"#, &entry());
    let related = record("DSA-4", r#""related":["CVE-2026-0009"]"#, &entry());
    let records = [("Debian", &*covers), ("Debian", &none), ("Debian", &other), ("Debian", &related)];
    assert_eq!(
        judged(&records, "debian 12", "deb libx1 1-1 source=x@1-1"),
        "libx1 1-1: CVE-2026-0001 -> 2-1\n\
         libx1 1-1: CVE-2026-0002 -> 2-1\n\
         libx1 1-1: DSA-2 -> 2-1\n\
         libx1 1-1: DSA-4 -> 2-1\n\
         libx1 1-1: TEMP-1 -> 2-1\n\
         libx1 1-1: TEMP-2 -> 2-1"
    );
}

#[test]
fn records_of_one_fault_are_one_finding() {
    let entry = |events| [affected("PyPI", "x", events)];
    let records = [
        record("GHSA-aaaa", r#""aliases":["CVE-2026-0001"]"#, &entry("introduced 0, fixed 1.5")),
        record(
            "PYSEC-2026-1",
            r#""aliases":["CVE-2026-0001","GHSA-aaaa"]"#,
            &entry("introduced 0, fixed 1.6"),
        ),
        // Without a CVE, joined by direct alias: to a record with one, and to each other.
        record("OTHER-1", r#""aliases":["GHSA-aaaa"]"#, &entry("introduced 0")),
        record("PYSEC-2026-2", r#""aliases":["GHSA-dddd"]"#, &entry("introduced 0")),
        record("GHSA-dddd", "", &entry("introduced 0")),
        // GHSA-dddd is not named by this one, so it is another fault.
        record("OTHER-2", r#""aliases":["PYSEC-2026-2"]"#, &entry("introduced 0")),
    ];
    let records: Vec<_> = records.iter().map(|json| ("PyPI", json.as_str())).collect();
    let (packages, matches) = Mirror::of(&records).matches("", "pypi x 1.0");
    let told: Vec<String> = matches
        .findings
        .iter()
        .map(|finding| {
            let by: Vec<_> = finding.advisories.iter().map(|advisory| advisory.id.as_str()).collect();
            format!("{} = {} by {}", finding.vulnerability, finding.aliases.join(" "), by.join(" "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "CVE-2026-0001 = GHSA-aaaa OTHER-1 PYSEC-2026-1 by GHSA-aaaa OTHER-1 PYSEC-2026-1",
            "GHSA-dddd = PYSEC-2026-2 by GHSA-dddd PYSEC-2026-2",
            "OTHER-2 = PYSEC-2026-2 by OTHER-2",
        ]
    );
    // Below the highest of the fixes one of the advisories still applies.
    assert_eq!(crate::common::line(&packages, &matches.findings[0]), "x 1.0: CVE-2026-0001 -> 1.6");
}

#[test]
fn an_alias_of_one_of_several_cves_goes_where_a_record_says_so() {
    let entry = || [affected("crates.io", "x", "introduced 0")];
    let many = record(
        "RUSTSEC-2026-0001",
        r#""aliases":["CVE-2026-0001","CVE-2026-0002","GHSA-a","GHSA-b"]"#,
        &entry(),
    );
    let says =
        record("GHSA-b", r#""aliases":["CVE-2026-0002"]"#, &[affected("npm", "elsewhere", "introduced 0")]);
    let (_, matches) = Mirror::of(&[("crates.io", &many), ("npm", &says)]).matches("", "cargo x 1.0.0");
    let aliases: Vec<_> = matches
        .findings
        .iter()
        .map(|finding| format!("{} = {:?}", finding.vulnerability, finding.aliases))
        .collect();
    assert_eq!(aliases, ["CVE-2026-0001 = []", r#"CVE-2026-0002 = ["GHSA-b"]"#]);
}

#[test]
fn kinds_that_are_no_vulnerabilities() {
    let notice = |id: &str, word: &str| {
        let fields = format!(r#""database_specific":{{"informational":"{word}","categories":[]}}"#);
        record(id, "", &[affected_of("SEMVER", "crates.io", "x", "introduced 0.0.0-0", &fields)])
    };
    let records = [
        notice("RUSTSEC-2026-0001", "unmaintained"),
        notice("RUSTSEC-2026-0002", "unsound"),
        notice("RUSTSEC-2026-0003", "notice"),
    ];
    let records = [&records[0], &records[1], &records[2]].map(|json| ("crates.io", json.as_str()));
    assert_eq!(
        judged(&records, "", "cargo x 1.0.0"),
        "x 1.0.0: RUSTSEC-2026-0001 unmaintained -> none\n\
         x 1.0.0: RUSTSEC-2026-0002 unsound -> none\n\
         x 1.0.0: RUSTSEC-2026-0003 notice -> none"
    );
    let entry = affected_of("SEMVER", "npm", "x", "", r#""versions":["1.0.1"]"#);
    let malware = record("MAL-2026-1", "", &[entry]);
    assert_eq!(
        judged(&[("npm", &malware)], "", "npm x 1.0.0\nnpm x 1.0.1"),
        "x 1.0.1: MAL-2026-1 malware -> none"
    );
}

#[test]
fn withdrawn_records_and_errata_are_no_findings() {
    let entry = || [affected("AlmaLinux:9", "x", "introduced 0, fixed 2-1.el9")];
    let withdrawn = record("ALSA-2026:1", r#""withdrawn":"2026-01-02T00:00:00Z""#, &entry());
    let bug = record("ALBA-2026:2", r#""related":["CVE-2026-0002"]"#, &entry());
    let enhancement = record("ALEA-2026:3", "", &entry());
    let fault = record(
        "ALSA-2026:4",
        r#""related":["CVE-2026-0004"],"summary":"Important: x security update""#,
        &entry(),
    );
    let mirror =
        Mirror::of(&[&withdrawn, &bug, &enhancement, &fault].map(|json| ("AlmaLinux", json.as_str())));
    let (packages, matches) = mirror.matches("almalinux 9.4", "rpm x 1-1.el9");
    assert_eq!(lines(&packages, &matches), "x 1-1.el9: CVE-2026-0004 high (distribution) -> 2-1.el9");
    let feed = &seawall_feed::status(&mirror.database()).unwrap().feeds[0];
    let refused: Vec<_> =
        feed.refused.iter().map(|refused| (refused.reason.as_str(), refused.count)).collect();
    assert_eq!((feed.records, refused), (1, vec![("withdrawn", 1), ("erratum", 2)]));
}

#[test]
fn feeds_say_that_there_will_be_no_fix() {
    let debian = |urgency: &str, events: &str| {
        let fields = format!(r#""ecosystem_specific":{{"urgency":"{urgency}"}}"#);
        let entry = affected_of("ECOSYSTEM", "Debian:12", "x", events, &fields);
        let json = record("DEBIAN-CVE-2026-0001", r#""upstream":["CVE-2026-0001"]"#, &[entry]);
        judged(&[("Debian", &json)], "debian 12", "deb x 1-1")
    };
    assert_eq!(debian("end-of-life", "introduced 0"), "x 1-1: CVE-2026-0001 -> none, end-of-life");
    assert_eq!(debian("not yet assigned", "introduced 0"), "x 1-1: CVE-2026-0001 -> none");
    let unimportant = "x 1-1: CVE-2026-0001 negligible (distribution) -> none";
    assert_eq!(debian("unimportant", "introduced 0"), unimportant);
    assert_eq!(debian("end-of-life", "introduced 0, fixed 2-1"), "x 1-1: CVE-2026-0001 -> 2-1");

    let ubuntu = |status: &str| {
        let fields = format!(r#""database_specific":{{"anchore":{{"status":"{status}"}}}}"#);
        let entry = affected_of("ECOSYSTEM", "Ubuntu:24.04:LTS", "x", "introduced 0", &fields);
        let json = record("UBUNTU-CVE-2026-0001", r#""upstream":["CVE-2026-0001"]"#, &[entry]);
        judged(&[("Ubuntu", &json)], "ubuntu 24.04", "deb x 1-1")
    };
    assert_eq!(ubuntu("wont-fix"), "x 1-1: CVE-2026-0001 -> none, will-not-fix");
    assert_eq!(ubuntu("not-fixed"), "x 1-1: CVE-2026-0001 -> none");
    // Words of one feed mean nothing in another.
    let fields = r#""ecosystem_specific":{"urgency":"end-of-life"},"database_specific":{"anchore":7}"#;
    let entry = affected_of("ECOSYSTEM", "PyPI", "x", "introduced 0", fields);
    let json = record("PYSEC-1", "", &[entry]);
    assert_eq!(judged(&[("PyPI", &json)], "", "pypi x 1"), "x 1: PYSEC-1 -> none");
}

#[test]
fn the_silence_of_one_record_does_not_hide_the_word_of_another() {
    let debian = |id: &str, fields: &str| {
        let entry = affected_of("ECOSYSTEM", "Debian:12", "x", "introduced 0", fields);
        record(id, r#""upstream":["CVE-2026-0001"]"#, &[entry])
    };
    let (silent, said) =
        (debian("DSA-1", ""), debian("DSA-2", r#""ecosystem_specific":{"urgency":"end-of-life"}"#));
    assert_eq!(
        judged(&[("Debian", &silent), ("Debian", &said)], "debian 12", "deb x 1-1"),
        "x 1-1: CVE-2026-0001 -> none, end-of-life"
    );
}

#[test]
fn severity_comes_from_the_first_source_that_has_one() {
    const HIGH: &str =
        r#""severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}]"#;
    const LOW: &str =
        r#""severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N"}]"#;
    let says = |fields: &str, in_entry: &str| {
        let entry = affected_of("ECOSYSTEM", "Ubuntu:22.04:LTS", "x", "introduced 0", in_entry);
        let alias = r#""upstream":["CVE-2026-0001"]"#;
        let fields = if fields.is_empty() { alias.to_owned() } else { format!("{alias},{fields}") };
        let elsewhere = record("GHSA-a", &format!(r#""aliases":["CVE-2026-0001"],{HIGH}"#), &[]);
        judged(
            &[("Ubuntu", &record("UBUNTU-CVE-2026-0001", &fields, &[entry])), ("npm", &elsewhere)],
            "ubuntu 22.04",
            "deb x 1-1",
        )
    };
    let specific = r#""database_specific":{"severity":"CRITICAL"}"#;
    let ubuntu = r#""severity":[{"type":"Ubuntu","score":"low"},{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]"#;
    for (fields, in_entry, expected) in [
        (ubuntu.to_owned(), LOW, "low (distribution)"),
        (HIGH.to_owned(), LOW, "low (affected-package)"),
        (format!("{HIGH},{specific}"), "", "high (record)"),
        (specific.to_owned(), "", "critical (database-specific)"),
        (String::new(), "", "high (joined-record)"),
    ] {
        assert_eq!(says(&fields, in_entry), format!("x 1-1: CVE-2026-0001 {expected} -> none"), "{fields}");
    }
    let urgency = affected_of(
        "ECOSYSTEM",
        "Debian:12",
        "x",
        "introduced 0",
        r#""ecosystem_specific":{"urgency":"unimportant"}"#,
    );
    let not_yet = affected_of(
        "ECOSYSTEM",
        "Debian:12",
        "y",
        "introduced 0",
        r#""ecosystem_specific":{"urgency":"not yet assigned"}"#,
    );
    let json = record("DEBIAN-CVE-2026-0001", r#""upstream":["CVE-2026-0001"]"#, &[urgency, not_yet]);
    assert_eq!(
        judged(&[("Debian", &json)], "debian 12", "deb x 1\ndeb y 1"),
        "x 1: CVE-2026-0001 negligible (distribution) -> none\ny 1: CVE-2026-0001 -> none"
    );
}

#[test]
fn modular_and_plain_rpms_have_streams_of_their_own() {
    let entry = |fixed: &str| [affected("AlmaLinux:8", "nodejs", &format!("introduced 0, fixed {fixed}"))];
    let plain = record("ALSA-2026:1", r#""related":["CVE-2026-0001"]"#, &entry("1:16.1-1.el8"));
    let fields = |cve: &str, stream: &str| {
        format!(r#""related":["{cve}"],"summary":"Important: nodejs:{stream} security update""#)
    };
    let eighteen = record("ALSA-2026:2", &fields("CVE-2026-0002", "18"), &entry("1:18.5-1.module_el8.8.0+1"));
    let twenty = record("ALSA-2026:3", &fields("CVE-2026-0003", "20"), &entry("1:20.5-1.module_el8.8.0+1"));
    let records = [&plain, &eighteen, &twenty].map(|json| ("AlmaLinux", json.as_str()));
    for (package, expected) in [
        ("rpm nodejs 1:10.1-1.el8", "CVE-2026-0001"),
        ("rpm nodejs 1:18.1-1.module_el8.8.0+1 module=nodejs:18:808:x", "CVE-2026-0002"),
        ("rpm nodejs 1:18.1-1.module_el8.8.0+1 module=nodejs:20:808:x", "CVE-2026-0003"),
        // Without a label, version and advisory still have to be modular both.
        ("rpm nodejs 1:18.1-1.module_el8.8.0+1", "CVE-2026-0002 CVE-2026-0003"),
    ] {
        let (_, matches) = Mirror::of(&records).matches("almalinux 8.8", package);
        let found: Vec<_> = matches.findings.iter().map(|finding| finding.vulnerability.as_str()).collect();
        assert_eq!(found.join(" "), expected, "{package}");
    }
}

#[test]
fn packages_of_others_are_not_judged() {
    let json = record("DSA-1", "", &[affected("Debian:12", "nodejs", "introduced 0")]);
    let (packages, matches) = Mirror::of(&[("Debian", &json)]).matches(
        "debian 12",
        "deb nodejs 20.1-1nodesource1 vendor=NodeSource_<x@nodesource.com>
         deb nodejs 18.1-1 vendor=Debian_<x@lists.debian.org>
         deb nodejs 18.2-1",
    );
    assert_eq!(lines(&packages, &matches), "nodejs 18.1-1: DSA-1 -> none\nnodejs 18.2-1: DSA-1 -> none");
    let coverage = &matches.coverage[0];
    assert_eq!((coverage.packages, coverage.matched, coverage.third_party), (3, 2, 1));
}

#[test]
fn headers_of_the_kernel_are_suppressed_and_shown() {
    let json =
        record("DSA-1", r#""upstream":["CVE-2026-0001"]"#, &[affected("Debian:12", "linux", "introduced 0")]);
    assert_eq!(
        judged(
            &[("Debian", &json)],
            "debian 12",
            "deb linux-libc-dev 6.1.1-1 source=linux@6.1.1-1\ndeb linux-image-amd64 6.1.1-1 source=linux@6.1.1-1",
        ),
        "linux-libc-dev 6.1.1-1: CVE-2026-0001 -> none [headers of linux]\n\
         linux-image-amd64 6.1.1-1: CVE-2026-0001 -> none"
    );
}

#[test]
fn files_of_the_distribution_are_judged_by_its_own_feed() {
    let in_python = |id: &str, cve: &str| {
        record(
            id,
            &format!(r#""aliases":["{cve}"]"#),
            &[affected("PyPI", "requests", "introduced 0, fixed 2.31")],
        )
    };
    let fixed = record(
        "DSA-1",
        r#""upstream":["CVE-2026-0001"]"#,
        &[affected("Debian:12", "requests", "introduced 0, fixed 2.28-1+deb12u1")],
    );
    let open = record(
        "DSA-2",
        r#""upstream":["CVE-2026-0002"]"#,
        &[affected("Debian:12", "requests", "introduced 0")],
    );
    let pypi = [
        in_python("PYSEC-1", "CVE-2026-0001"),
        in_python("PYSEC-2", "CVE-2026-0002"),
        in_python("PYSEC-3", "CVE-2026-0003"),
    ];
    let mut records = vec![("Debian", fixed.as_str()), ("Debian", open.as_str())];
    records.extend(pypi.iter().map(|json| ("PyPI", json.as_str())));
    let packages = "deb python3-requests 2.28-1+deb12u1 source=requests@2.28-1+deb12u1
                    pypi requests 2.28 owner=deb/python3-requests@2.28-1+deb12u1";
    assert_eq!(
        judged(&records, "debian 12", packages),
        "python3-requests 2.28-1+deb12u1: CVE-2026-0002 -> none\n\
         requests 2.28: CVE-2026-0001 -> 2.31 [python3-requests 2.28-1+deb12u1: DSA-1: requests fixed in \
         2.28-1+deb12u1 in Debian:12]\n\
         requests 2.28: CVE-2026-0002 -> 2.31\n\
         requests 2.28: CVE-2026-0003 -> 2.31 perhaps backported"
    );
    // A tracker that lists every fault of the package, and not this one.
    let tracked = record(
        "DEBIAN-CVE-2026-0002",
        r#""upstream":["CVE-2026-0002"]"#,
        &[affected("Debian:12", "requests", "introduced 0")],
    );
    records[1] = ("Debian", tracked.as_str());
    let told = judged(&records, "debian 12", packages);
    assert!(told.ends_with("[python3-requests 2.28-1+deb12u1: Debian:12 lists every known fault of python3-requests and not this one]"), "{told}");
    // Without a feed nothing is said.
    assert!(judged(&records, "fedora 40", packages).contains("CVE-2026-0001 -> 2.31 perhaps backported"));
}

#[test]
fn advisories_of_other_streams_say_nothing_of_an_owner() {
    let modular = record(
        "ALSA-2026:1",
        r#""related":["CVE-2026-0001"],"summary":"Low: python39:3.9 security update""#,
        &[affected("AlmaLinux:8", "python3-pip", "introduced 0, fixed 9.0-1.module_el8.8.0+1")],
    );
    let pypi =
        record("PYSEC-1", r#""aliases":["CVE-2026-0001"]"#, &[affected("PyPI", "pip", "introduced 0")]);
    assert_eq!(
        judged(
            &[("AlmaLinux", &modular), ("PyPI", &pypi)],
            "almalinux 8.8",
            "rpm python3-pip 9.0.3-1.el8\npypi pip 9.0.3 owner=rpm/python3-pip@9.0.3-1.el8",
        ),
        "pip 9.0.3: CVE-2026-0001 -> none perhaps backported"
    );
}

#[test]
fn not_affected_says_the_owner_for_its_files() {
    // Wolfi says "fixed in 0" of what never affected its package.
    let never = record(
        "CGA-1",
        r#""upstream":["CVE-2026-0001"]"#,
        &[affected("Wolfi", "app", "introduced 0, fixed 0")],
    );
    let go = record(
        "GO-1",
        r#""aliases":["CVE-2026-0001"]"#,
        &[affected_of("SEMVER", "Go", "example.com/x", "introduced 0", "")],
    );
    assert_eq!(
        judged(
            &[("Wolfi", &never), ("Go", &go)],
            "wolfi",
            "apk app 1-r0\ngolang example.com/x v1.0.0 owner=apk/app@1-r0"
        ),
        "example.com/x v1.0.0: CVE-2026-0001 -> none [app 1-r0: CGA-1: app not affected in Wolfi]"
    );
}

#[test]
fn names_meet_as_the_ecosystem_spells_them() {
    let json = |ecosystem: &str, name: &str| {
        record("TEST-2026-0001", "", &[affected(ecosystem, name, "introduced 0")])
    };
    for (ecosystem, name, package, meets) in [
        ("PyPI", "Foo_Bar", "pypi foo.bar 1.0", true),
        ("npm", "JSONStream", "npm jsonstream 1.0.0", false),
        ("npm", "@scope/x", "npm @scope/x 1.0.0", true),
        ("Maven", "org.example:x", "maven org.example:x 1.0", true),
        ("Maven", "org.example:x", "maven org.other:x 1.0", false),
        ("Go", "example.com/Foo", "golang example.com/foo v1.0.0", false),
        ("Go", "stdlib", "golang stdlib go1.21.1", true),
        ("NuGet", "Newtonsoft.Json", "nuget newtonsoft.json 1.0.0", true),
        ("Packagist", "Vendor/X", "composer vendor/x 1.0.0", true),
        ("crates.io", "serde_json", "cargo serde-json 1.0.0", false),
    ] {
        let told = judged(&[(ecosystem, &json(ecosystem, name))], "", package);
        assert_eq!(!told.is_empty(), meets, "{name} {package}: {told}");
    }
}

#[test]
fn main_modules_without_a_version_are_unknown() {
    let json =
        record("GO-1", "", &[affected_of("SEMVER", "Go", "example.com/x", "introduced 0, fixed 1.0.0", "")]);
    assert_eq!(
        judged(
            &[("Go", &json)],
            "",
            "golang example.com/x (devel)\ngolang example.com/x v0.9.0+incompatible"
        ),
        "example.com/x v0.9.0+incompatible: GO-1 -> 1.0.0\n\
         example.com/x: GO-1 unknown: the installed version \"\" can't be ordered"
    );
}

#[test]
fn a_distribution_without_a_feed_is_said_to_have_none() {
    let json = record("DSA-1", "", &[affected("Debian:12", "x", "introduced 0")]);
    let mirror = Mirror::of(&[("Debian", &json)]);
    for (on, packages, expected) in [
        ("debian 12", "deb x 1-1", Some(true)),
        ("debian 13", "deb x 1-1", Some(false)),
        ("fedora 40", "rpm x 1-1", Some(false)),
        ("", "deb x 1-1", Some(false)),
        ("", "npm x 1.0.0", None),
    ] {
        assert_eq!(mirror.matches(on, packages).1.distribution_judged, expected, "{on}");
    }
}

#[test]
fn pairs_that_are_known_to_be_wrong_are_shown_and_not_counted() {
    let json =
        record("DSA-1", r#""upstream":["CVE-2023-45853"]"#, &[affected("Debian:12", "zlib", "introduced 0")]);
    assert_eq!(
        judged(&[("Debian", &json)], "debian 12", "deb zlib1g 1:1.2.13-1 source=zlib@1:1.2.13-1"),
        "zlib1g 1:1.2.13-1: CVE-2023-45853 -> none [known wrong]"
    );
}

#[test]
fn identifiers_of_findings_do_not_change() {
    let json =
        record("DSA-1", r#""upstream":["CVE-2026-0001"]"#, &[affected("Debian:12", "x", "introduced 0")]);
    let mirror = Mirror::of(&[("Debian", &json)]);
    let id = |on: &str| mirror.matches(on, "deb x 1-1").1.findings[0].id.to_string();
    assert_eq!(id("debian 12"), "7c813115b57dca9b");
    assert_eq!(id("debian 12.5"), id("debian 12"));
}

#[test]
fn extended_support_has_fixes_that_the_release_does_not_get() {
    let base = |name: &str, events: &str| affected("Ubuntu:22.04:LTS", name, events);
    let pro = |name: &str, events: &str| affected("Ubuntu:Pro:22.04:LTS", name, events);
    let other = |name: &str| affected("Ubuntu:Pro:FIPS-updates:22.04:LTS", name, "introduced 0, fixed 99");
    let cve = |number: u32| format!(r#""upstream":["CVE-2026-000{number}"]"#);
    let records = [
        // Never mended in the release itself.
        record(
            "UBUNTU-CVE-2026-0001",
            &cve(1),
            &[base("vim", "introduced 0"), pro("vim", "introduced 0, fixed 2-1+esm1"), other("vim")],
        ),
        // Mended for all.
        record("UBUNTU-CVE-2026-0002", &cve(2), &[base("vim", "introduced 0, fixed 2-2")]),
        record("UBUNTU-CVE-2026-0003", &cve(3), &[other("openssl")]),
        record("UBUNTU-CVE-2026-0004", &cve(4), &[base("openssl", "introduced 0, fixed 3-2")]),
    ];
    let records: Vec<_> = records.iter().map(|record| ("Ubuntu", record.as_str())).collect();
    let on = |on: &str, packages: &str| judged(&records, on, packages);

    assert_eq!(
        on("ubuntu 22.04", "deb vim 2-1+esm1"),
        "vim 2-1+esm1: CVE-2026-0001 -> none\nvim 2-1+esm1: CVE-2026-0002 -> 2-2"
    );
    assert_eq!(on("ubuntu 22.04+esm", "deb vim 2-1+esm1"), "vim 2-1+esm1: CVE-2026-0002 -> 2-2");
    assert_eq!(
        on("ubuntu 22.04+esm", "deb vim 2-1"),
        "vim 2-1: CVE-2026-0001 -> 2-1+esm1\nvim 2-1: CVE-2026-0002 -> 2-2"
    );
    // Certified builds are numbered apart, and neither compared with the release nor with its channel.
    for release in ["ubuntu 22.04", "ubuntu 22.04+esm"] {
        assert_eq!(on(release, "deb openssl 3-1+Fips1"), "");
        assert_eq!(on(release, "deb openssl 3-1"), "openssl 3-1: CVE-2026-0004 -> 3-2");
    }
    let owned = "deb vim 2-1+esm1\npypi vimlib 1 owner=deb/vim@2-1+esm1";
    let python =
        record("GHSA-1", r#""aliases":["CVE-2026-0001"]"#, &[affected("PyPI", "vimlib", "introduced 0")]);
    let with_python = [&records[..], &[("PyPI", &python)]].concat();
    let found = judged(&with_python, "ubuntu 22.04+esm", owned);
    assert!(found.contains("vimlib 1: CVE-2026-0001 -> none [vim 2-1+esm1: "), "{found}");
}
