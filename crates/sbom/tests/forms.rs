//! What holds for every form: read back without loss, the same bytes, both forms of a standard alike.
#![expect(clippy::unwrap_used, reason = "a test fails where it can't have what it needs")]

mod samples;

use std::collections::{BTreeMap, HashMap, HashSet};

use seawall_model::{Digest, Timestamp};
use seawall_sbom::{Bill, CycloneDxVersion, Form, native, write};
use serde_json::Value;

fn bills() -> [Bill; 3] {
    [samples::empty(), samples::image(), samples::hostile()]
}

fn text(bill: &Bill, form: Form) -> String {
    let mut out = Vec::new();
    write(bill, form, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn json(bill: &Bill, form: Form) -> Value {
    serde_json::from_str(&text(bill, form)).unwrap()
}

fn cyclonedx(bill: &Bill) -> Value {
    json(bill, Form::CycloneDxJson(CycloneDxVersion::V1_7))
}

fn spdx(bill: &Bill) -> Value {
    json(bill, Form::SpdxJson)
}

#[test]
fn our_own_form_loses_nothing() {
    for mut bill in bills() {
        // Findings are a matter of the report.
        bill.findings = None;
        let read = native::read(text(&bill, Form::SeawallJson).as_bytes()).unwrap();
        assert_eq!(format!("{read:#?}"), format!("{bill:#?}"));
    }
}

#[test]
fn a_damaged_bill_of_our_own_is_refused() {
    let good = text(&samples::image(), Form::SeawallJson);
    let refused = |text: &str| native::read(text.as_bytes()).map(drop).unwrap_err().to_string();
    for (from, to, reason) in [
        ("\"1.0\"", "\"2.0\"", "version \"2.0\""),
        ("\"seawall-sbom\"", "\"other\"", "format \"other\""),
        ("\"image\",", "\"thing\",", "\"thing\" is no kind of subject"),
        ("\"deb\"", "\"dep\"", "\"dep\" is no type of package"),
        ("sha256:0707", "sha256:x707", "is no digest"),
        ("\"layer\": 1", "\"layer\": 2", "layer 2 does not exist"),
        ("      1,\n      0", "      1,\n      9", "package 9 does not exist"),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(refused(&good.replace(from, to)).contains(reason), "{}", refused(&good.replace(from, to)));
    }
    for end in [0, 1, good.len() / 2] {
        assert!(refused(&good[..end]).contains("no bill of materials"));
    }
}

#[test]
fn the_same_bill_has_the_same_bytes_and_another_one_another_name() {
    for form in Form::ALL {
        assert_eq!(text(&samples::hostile(), form), text(&samples::hostile(), form));
    }
    let first = cyclonedx(&samples::image());
    let mut other = samples::image();
    other.packages[0].version.push('1');
    assert_ne!(first["serialNumber"], cyclonedx(&other)["serialNumber"]);
    let uuid = first["serialNumber"].as_str().unwrap().strip_prefix("urn:uuid:").unwrap();
    assert!(spdx(&samples::image())["documentNamespace"].as_str().unwrap().ends_with(uuid));
    assert_eq!(&uuid[14..15], "5", "{uuid} is of version 5");
}

#[test]
fn whether_layers_came_from_the_cache_changes_nothing() {
    let mut cached = samples::image();
    cached.layers[0].from_cache = true;
    for form in Form::ALL {
        assert_eq!(text(&cached, form), text(&samples::image(), form));
    }
}

#[test]
fn no_form_holds_a_control_character() {
    for form in Form::ALL {
        let text = text(&samples::hostile(), form);
        let bad =
            text.chars().find(|&one| one != '\n' && one != '\t' && one.is_control() || one == '\u{ffff}');
        // JSON strings of our own form may hold U+FFFF; escapes keep control characters away everywhere.
        assert!(bad.is_none_or(|one| one == '\u{ffff}' && form == Form::SeawallJson), "{form}: {bad:?}");
    }
}

#[test]
fn every_name_is_given_once_and_every_reference_leads_somewhere() {
    let document = cyclonedx(&samples::hostile());
    let components = document["components"].as_array().unwrap().iter();
    let mut names: Vec<&str> = components.map(|one| one["bom-ref"].as_str().unwrap()).collect();
    names.push(document["metadata"]["component"]["bom-ref"].as_str().unwrap());
    let given: HashSet<&str> = names.iter().copied().collect();
    assert_eq!(given.len(), names.len());
    let dependencies = document["dependencies"].as_array().unwrap();
    assert_eq!(dependencies.len(), names.len(), "each has an entry in the graph");
    for dependency in dependencies {
        let needed = dependency["dependsOn"].as_array().into_iter().flatten();
        for reference in needed.chain([&dependency["ref"]]) {
            assert!(given.contains(reference.as_str().unwrap()), "{reference}");
        }
    }
    let document = spdx(&samples::hostile());
    let ids: Vec<&str> = ["packages", "files"]
        .iter()
        .flat_map(|key| document[key].as_array().unwrap())
        .map(|part| part["SPDXID"].as_str().unwrap())
        .collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
}

#[test]
fn both_forms_of_cyclonedx_hold_the_same() {
    let document = cyclonedx(&samples::hostile());
    let xml = text(&samples::hostile(), Form::CycloneDxXml(CycloneDxVersion::V1_7));
    // What stands between tags and between quotes.
    let mut held = HashMap::<&str, usize>::new();
    for piece in xml.split(['<', '>', '"']) {
        *held.entry(piece).or_default() += 1;
    }
    let mut wanted = BTreeMap::<String, usize>::new();
    strings(&document, &mut |text| *wanted.entry(escaped(text)).or_default() += 1);
    for (text, times) in wanted {
        let is_name_space =
            text.starts_with("http://cyclonedx.org") || ["CycloneDX", "1.7"].contains(&&*text);
        assert!(is_name_space || held.get(&*text).is_some_and(|count| *count >= times), "{text}");
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn strings(value: &Value, visit: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(list) => list.iter().for_each(|one| strings(one, visit)),
        Value::Object(map) => map.values().for_each(|one| strings(one, visit)),
        _ => {}
    }
}

#[test]
fn a_package_says_all_that_is_known_of_it() {
    let document = cyclonedx(&samples::image());
    let zlib = &document["components"][1];
    assert_eq!(zlib["purl"], "pkg:deb/debian/zlib1g@1:1.2.13?arch=amd64&distro=debian-12&upstream=zlib");
    assert_eq!(zlib["supplier"]["contact"][0]["email"], "team@example.org");
    assert_eq!(zlib["licenses"][0]["license"]["id"], "Zlib");
    assert_eq!(zlib["licenses"][1]["license"]["id"], "GPL-2.0-or-later");
    let occurrence = &zlib["evidence"]["occurrences"][0];
    assert_eq!(occurrence["location"], "/var/lib/dpkg/status");
    let layer = format!("layer {}", Digest::from_sha256([1; 32]));
    assert_eq!(occurrence["additionalContext"], Value::String(layer));
    let idna = &document["components"][2];
    assert_eq!(idna["licenses"][0]["expression"], "BSD-3-Clause OR LicenseRef-Foo");
    assert_eq!(idna["hashes"][0]["alg"], "SHA-256");
    let needs = |at: usize| document["dependencies"][at]["dependsOn"].clone();
    assert_eq!(needs(0), serde_json::json!(["distribution", "pkg:pypi/idna@3.4"]));
    assert_eq!(needs(3)[0], zlib["bom-ref"]);

    let document = spdx(&samples::image());
    let zlib = &document["packages"][2];
    assert_eq!(zlib["supplier"], "Organization: A Team (team@example.org)");
    assert_eq!(zlib["licenseDeclared"], "Zlib AND GPL-2.0-or-later");
    assert_eq!(zlib["sourceInfo"], "found by debian/dpkg in /var/lib/dpkg/status; built from zlib 1:1.2.13");
    assert_eq!(document["hasExtractedLicensingInfos"][0]["extractedText"], "Foo");
}

#[test]
fn an_image_is_named_by_its_repository_and_its_digest() {
    let digest = samples::digest(7);
    for (name, shown, purl) in [
        (
            "alpine:3.20",
            "alpine",
            "alpine@{}?arch=amd64&repository_url=docker.io%2Flibrary%2Falpine&tag=3.20",
        ),
        ("team/App:1", "team/App", "app@{}?arch=amd64&repository_url=docker.io%2Fteam%2FApp&tag=1"),
        ("localhost:5000/a", "localhost:5000/a", "a@{}?arch=amd64&repository_url=localhost:5000%2Fa"),
        ("docker-archive:dir/image.tar", "docker-archive:dir/image.tar", "image@{}?arch=amd64"),
        ("oci-layout:layout", "oci-layout:layout", "layout@{}?arch=amd64"),
    ] {
        let subject =
            cyclonedx(&Bill { name: name.into(), ..samples::image() })["metadata"]["component"].clone();
        assert_eq!(subject["name"], shown);
        assert_eq!(subject["purl"], format!("pkg:oci/{}", purl.replace("{}", &digest.to_string())));
        assert_eq!(subject["version"], digest.to_string());
    }
}

#[test]
fn findings_say_what_suppresses_them() {
    let document = cyclonedx(&samples::hostile());
    let vulnerabilities = document["vulnerabilities"].as_array().unwrap();
    let states: HashSet<Option<&str>> =
        vulnerabilities.iter().map(|one| one["analysis"]["state"].as_str()).collect();
    assert_eq!(states, HashSet::from([None, Some("resolved"), Some("not_affected"), Some("false_positive")]));
    // What is the same of many packages stands once.
    assert!(vulnerabilities.len() < 20, "{}", vulnerabilities.len());
    assert_eq!(vulnerabilities[0]["affects"].as_array().unwrap().len(), samples::hostile().packages.len());
    assert_eq!(document["compositions"][0]["aggregate"], "incomplete");
    assert!(cyclonedx(&samples::image()).get("vulnerabilities").is_none(), "nobody looked");
    let looked = Bill { findings: Some(Vec::new()), ..samples::image() };
    assert_eq!(cyclonedx(&looked)["vulnerabilities"], serde_json::json!([]));
}

#[test]
fn times_are_those_of_the_bill() {
    let mut bill = samples::empty();
    bill.created = Timestamp::from_unix(0);
    assert_eq!(cyclonedx(&bill)["metadata"]["timestamp"], "1970-01-01T00:00:00Z");
    assert_eq!(spdx(&bill)["creationInfo"]["created"], "1970-01-01T00:00:00Z");
}
