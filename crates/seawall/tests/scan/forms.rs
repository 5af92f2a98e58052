//! One image in every form that it may be kept in gives one result.

use seawall_testkit::{DockerForm, Image, Layer, Layout, gzip, packages, rpm, write_files, write_root};
use serde_json::{Value, json};

use crate::lab::{Lab, application, debian, open, packages_of, problems};

/// A report without what tells of the form: where it came from, its layers, and how many files they hold.
fn content(mut report: Value) -> Value {
    for key in ["subject", "layers"] {
        report[key] = Value::Null;
    }
    for key in ["layers", "layers_cached", "files_seen", "files_read"] {
        report["coverage"][key] = Value::Null;
    }
    for package in report["packages"].as_array_mut().unwrap() {
        for place in package["places"].as_array_mut().unwrap() {
            place["layer"] = Value::Null;
        }
    }
    report
}

fn all_forms(lab: &Lab, image: &Image) -> Vec<(&'static str, Value)> {
    lab.write("old.tar", image.docker_archive(DockerForm::Old, "app:1"));
    lab.write("new.tar", image.docker_archive(DockerForm::Blobs, "app:1"));
    lab.write("new.tar.gz", gzip(&image.docker_archive(DockerForm::Blobs, "app:1")));
    let layout = Layout::new([image.clone()]);
    write_files(&lab.path("layout"), &layout.files());
    lab.write("oci.tar", layout.archive());
    lab.write("oci.tar.gz", gzip(&layout.archive()));
    write_root(&lab.path("root"), image);
    let targets = [
        "docker-archive:old.tar",
        "docker-archive:new.tar",
        "docker-archive:new.tar.gz",
        "oci-layout:layout",
        "oci-archive:oci.tar",
        "oci-archive:oci.tar.gz",
        "rootfs:root",
        // Recognised without a prefix.
        "./old.tar",
        "./oci.tar",
        "./layout",
        "./root",
    ];
    targets.map(|target| (target, lab.report(target, &["--no-cache"]))).into()
}

fn assert_same_in_all_forms(image: &Image, vulnerabilities: &[&str]) {
    let lab = Lab::new();
    let reports = all_forms(&lab, image);
    assert_eq!(open(&reports[0].1), vulnerabilities);
    let first = content(reports[0].1.clone());
    for (target, report) in reports {
        assert_eq!(content(report), first, "{target}");
    }
}

#[test]
fn every_form_of_an_image_gives_the_same_packages_and_vulnerabilities() {
    let image = application();
    assert_same_in_all_forms(&image, &["CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003", "CVE-2026-0004"]);
}

#[test]
fn what_a_layer_takes_away_or_replaces_is_the_same_in_every_form() {
    let (npm, content) = packages::npm("srv/app", "left-thing", "2.0.0");
    let (python, _) = packages::dist_info("usr/local/lib/python3.12/site-packages", "py-thing", "1.4");
    let mut image = application();
    image.layers.push(Layer::new("RUN mend").file(&npm, content).whiteout(&python));
    assert_same_in_all_forms(&image, &["CVE-2026-0001", "CVE-2026-0002"]);
}

#[test]
fn alpine_with_a_jar_and_a_gem() {
    let (gem, specification) = packages::gemspec("usr/local/bundle", "gem-thing", "2.2.2");
    let image = Image::new([
        Layer::new("ADD alpine").file("etc/os-release", packages::os_release("alpine", "3.20.1")).file(
            "lib/apk/db/installed",
            packages::apk_installed(&[("ssl_client", "1.36.1-r28", "busybox")]),
        ),
        Layer::new("COPY . .")
            .file("app/jar-thing-4.0.jar", packages::jar("org.example", "jar-thing", "4.0"))
            .file(&gem, specification),
    ]);
    assert_same_in_all_forms(&image, &["CVE-2026-0005", "CVE-2026-0009", "CVE-2026-0010"]);
}

#[test]
fn a_database_that_rpm_made() {
    let installed = [("bash", "5.1.8", "6.el9"), ("zlib", "1.2.11", "40.el9")];
    let Some(database) = rpm::database(&installed, "AlmaLinux") else {
        eprintln!("skipped: rpm and rpmbuild are not installed");
        return;
    };
    let image = Image::new([Layer::new("ADD almalinux")
        .file("etc/os-release", packages::os_release("almalinux", "9.4"))
        .file("var/lib/rpm/rpmdb.sqlite", database)]);
    assert_same_in_all_forms(&image, &["CVE-2026-0006"]);
}

#[test]
fn an_archive_from_standard_input_tells_what_the_file_tells() {
    let lab = Lab::new();
    let image = application();
    let from_file = lab.report(&lab.docker_archive(&image), &["--no-cache"]);
    for bytes in
        [image.docker_archive(DockerForm::Old, "app:1"), gzip(&Layout::new([image.clone()]).archive())]
    {
        let run = lab.scan_input("docker-archive:-", bytes, &["--format", "json", "--no-cache"]);
        assert_eq!(content(run.report()), content(from_file.clone()));
    }
}

#[test]
fn an_image_of_a_layout_is_picked_by_tag_or_digest() {
    let lab = Lab::new();
    let target = lab.layout(&Layout::new([application()]).files());
    let report = lab.report(&target, &[]);
    let digest = report["subject"]["manifest_digest"].as_str().unwrap();
    for picked in [format!("{target}:1"), format!("{target}@{digest}")] {
        assert_eq!(lab.report(&picked, &[])["packages"], report["packages"], "{picked}");
    }
    let other = format!("{target}@sha256:{}", "0".repeat(64));
    for missing in [format!("{target}:2"), other] {
        assert_eq!(lab.scan(&missing, &[]).code, 2, "{missing}");
    }
}

#[test]
fn a_source_tree_is_judged_by_its_lockfiles() {
    let lab = Lab::new();
    std::fs::create_dir(lab.path("tree")).unwrap();
    lab.write("tree/go.mod", packages::go_mod(&[("example.org/module", "v1.1.0")]));
    lab.write("tree/Cargo.lock", packages::cargo_lock(&[("crate-thing", "0.2.9"), ("other", "1.0.0")]));
    let report = lab.report("dir:tree", &[]);
    assert_eq!(report["subject"]["kind"], "source-tree");
    assert_eq!(open(&report), ["CVE-2026-0007", "CVE-2026-0008"]);
}

#[test]
fn the_image_of_the_wanted_platform_is_chosen_and_never_the_attestation() {
    let lab = Lab::new();
    let other = Image::new([debian()]).on("linux/arm64");
    let target = lab.layout(&Layout::new([application(), other]).with_attestation().files());
    let chosen = |platform: &str| lab.scan(&target, &["--format", "json", "--platform", platform]).report();
    assert!(packages_of(&chosen("linux/amd64")).contains(&"left-thing 1.0.0".to_owned()));
    let report = chosen("linux/arm64");
    assert_eq!(report["subject"]["platform"], "linux/arm64");
    assert!(!packages_of(&report).contains(&"left-thing 1.0.0".to_owned()));

    let run = lab.scan(&target, &["--platform", "linux/s390x"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("linux/amd64") && run.stderr.contains("linux/arm64"), "{}", run.stderr);
    assert!(!run.stderr.contains("unknown/unknown"), "{}", run.stderr);
}

#[test]
fn without_a_flag_the_platform_is_this_machines() {
    let lab = Lab::new();
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let host = format!("linux/{architecture}");
    let images = [Image::new([debian()]).on("linux/mips"), Image::new([debian()]).on(&host)];
    let target = lab.layout(&Layout::new(images).with_attestation().files());
    let report = lab.scan(&target, &["--format", "json"]).report();
    assert_eq!(report["subject"]["platform"], json!(host));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    let run = |jobs: &str| lab.scan(&target, &["--format", "json", "--no-cache", "--jobs", jobs]).stdout;
    let first = run("1");
    assert!(first.contains("2026-06-01"));
    assert_eq!(run("1"), first);
    assert_eq!(run("4"), first);
}

/// A jar of 80 MiB, a hundred kilobytes once compressed, in a war.
fn war_with_a_large_jar() -> Vec<u8> {
    use std::io::{Cursor, Write};
    use zip::CompressionMethod::{Deflated, Stored};
    let archive = |method, files: &[(&str, &[u8])]| {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            let options = zip::write::SimpleFileOptions::default().compression_method(method);
            writer.start_file(*name, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    };
    let description = b"groupId=org.acme\nartifactId=deep\nversion=1.0\n";
    let zeros = vec![0; 80 << 20];
    let files = [("zeros", &zeros[..]), ("META-INF/maven/org.acme/deep/pom.properties", description)];
    archive(Deflated, &[("WEB-INF/lib/deep.jar", &archive(Stored, &files))])
}

#[test]
fn a_large_archive_inside_another_is_read_in_images_and_directories() {
    let lab = Lab::new();
    let war = war_with_a_large_jar();
    std::fs::create_dir(lab.path("tree")).unwrap();
    lab.write("tree/app.war", &war);
    for report in [lab.report("dir:tree", &[]), lab.report_of([debian().file("app.war", war)])] {
        let packages = packages_of(&report);
        assert!(packages.contains(&"org.acme:deep 1.0".to_owned()), "{packages:?}");
        assert_eq!(problems(&report), Vec::<String>::new());
    }
}
