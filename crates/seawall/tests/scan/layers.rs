//! What layers do to each other: whiteouts, links, and which layer a package came with.

use seawall_testkit::{Compression, Layer, packages};
use serde_json::Value;

use crate::lab::{Lab, application, debian, open, packages_of, problems, with_npm, with_python};

fn package<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut packages = report["packages"].as_array().unwrap().iter();
    packages.find(|package| package["name"] == name).unwrap_or_else(|| panic!("no package {name}"))
}

/// The instruction of the layer that a package's first place is in.
fn instruction(report: &Value, name: &str) -> String {
    let layer = package(report, name)["places"][0]["layer"].as_u64().unwrap();
    let layer = &report["layers"][usize::try_from(layer).unwrap()];
    layer["instruction"].as_str().unwrap().to_owned()
}

#[test]
fn a_package_is_attributed_to_the_layer_and_instruction_that_brought_it() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    let report = lab.report(&target, &[]);
    assert_eq!(instruction(&report, "libssl3"), "ADD rootfs.tar /");
    assert_eq!(instruction(&report, "left-thing"), "COPY app /srv/app");
    assert_eq!(instruction(&report, "py-thing"), "RUN pip install py-thing");
    let table = lab.scan(&target, &["--platform", "linux/amd64"]).stdout;
    assert!(table.contains("layer 1: COPY app /srv/app"), "{table}");
}

#[test]
fn a_package_that_a_later_database_brings_belongs_to_that_layer() {
    let lab = Lab::new();
    let status = packages::dpkg_status(&[("bash", "5.2.15-2", None), ("curl", "7.88-1", None)]);
    let report =
        lab.report_of([debian(), Layer::new("RUN apt-get install curl").file("var/lib/dpkg/status", status)]);
    // libssl3 and zlib1g were removed by that instruction, bash was there before.
    assert_eq!(packages_of(&report), ["bash 5.2.15-2", "curl 7.88-1"]);
    assert_eq!(instruction(&report, "curl"), "RUN apt-get install curl");
    assert_eq!(instruction(&report, "bash"), "ADD rootfs.tar /");
}

#[test]
fn whiteouts_and_opaque_folders_hide_packages() {
    let hiding = [
        Layer::new("RUN rm").whiteout("srv/app/node_modules/left-thing/package.json"),
        Layer::new("RUN rm").whiteout("srv/app/node_modules"),
        Layer::new("RUN rm").whiteout("srv"),
        Layer::new("RUN rm").opaque("srv/app"),
        Layer::new("RUN rm").folder("srv").opaque("srv"),
        // A file in place of the folder.
        Layer::new("RUN rm").file("srv/app", "text"),
    ];
    for hiding in hiding {
        let lab = Lab::new();
        let shown = format!("{hiding:?}");
        let report = lab.report_of([debian(), with_npm(), hiding]);
        assert_eq!(open(&report), ["CVE-2026-0001", "CVE-2026-0002"], "{shown}");
    }
}

#[test]
fn a_whiteout_hides_nothing_of_its_own_layer_and_of_later_ones() {
    let lab = Lab::new();
    let (path, content) = packages::npm("srv/app", "left-thing", "2.0.0");
    let same_layer = Layer::new("RUN both").opaque("srv/app").file(&path, &content);
    let report = lab.report_of([debian(), with_npm(), same_layer.clone()]);
    assert!(packages_of(&report).contains(&"left-thing 2.0.0".to_owned()));
    assert!(!packages_of(&report).contains(&"left-thing 1.0.0".to_owned()));

    let report = lab.report_of([debian(), Layer::new("RUN rm").whiteout("srv"), with_npm()]);
    assert_eq!(instruction(&report, "left-thing"), "COPY app /srv/app");
}

#[test]
fn links_lead_inside_the_image_only() {
    for target in ["../usr/lib/os-release", "/usr/lib/os-release", "../../../../../../usr/lib/os-release"] {
        let lab = Lab::new();
        let status = packages::dpkg_status(&[("libssl3", "3.0.1-1", Some(("openssl", "3.0.1-1")))]);
        let base = Layer::new("ADD base")
            .symlink("etc/os-release", target)
            .file("usr/lib/os-release", packages::os_release("debian", "12"))
            .file("var/lib/dpkg/status", status);
        let report = lab.report_of([base]);
        assert_eq!(report["subject"]["distribution"]["version"], "12", "{target}");
        assert_eq!(open(&report), ["CVE-2026-0001"], "{target}");
    }
}

#[test]
fn a_link_of_a_later_layer_leads_to_the_file_of_an_earlier() {
    let lab = Lab::new();
    let status = packages::dpkg_status(&[("libssl3", "3.0.1-1", Some(("openssl", "3.0.1-1")))]);
    let base = Layer::new("ADD base")
        .file("etc/os-release", packages::os_release("debian", "12"))
        .file("data/dpkg/status", status);
    let report = lab.report_of([base, Layer::new("RUN ln -s").symlink("var/lib/dpkg", "../../data/dpkg")]);
    assert_eq!(open(&report), ["CVE-2026-0001"]);
}

#[test]
fn another_name_of_a_file_is_read_as_the_file() {
    let lab = Lab::new();
    let (path, content) = packages::npm("srv/app", "left-thing", "1.0.0");
    let layer = Layer::new("COPY").file("srv/store/content", content).hardlink(&path, "srv/store/content");
    let report = lab.report_of([debian(), layer]);
    assert!(open(&report).contains(&"CVE-2026-0003"), "{:?}", packages_of(&report));
}

#[test]
fn a_hard_link_to_a_file_of_an_earlier_layer_is_read_as_that_file() {
    let lab = Lab::new();
    let (path, content) = packages::npm("srv/app", "left-thing", "1.0.0");
    let store = Layer::new("COPY store").file("srv/store/content", content);
    let report = lab.report_of([debian(), store, Layer::new("RUN ln").hardlink(&path, "srv/store/content")]);
    assert!(open(&report).contains(&"CVE-2026-0003"), "{:?} {:?}", packages_of(&report), problems(&report));
}

#[test]
fn links_in_a_circle_end() {
    let lab = Lab::new();
    let layer = Layer::new("RUN ln")
        .symlink("usr/lib/os-release", "../../etc/release")
        .symlink("etc/release", "../usr/lib/os-release");
    let report = lab.report_of([debian(), layer, with_python().compressed(Compression::Gzip)]);
    assert_eq!(open(&report), ["CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0004"], "{:?}", problems(&report));
}
