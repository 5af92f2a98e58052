//! Damaged images: a named problem, the rest of the result intact, and exit code 3; or 2 where nothing can be read.

use seawall_testkit::{Image, Layer, Layout, gzip, packages, write_files};
use serde_json::{Value, json};

use crate::lab::{Lab, application, blob_of, debian, open, packages_of, problems, remove};

/// Changes the blob of the second layer in a layout and gives what the scan then says.
fn with_damaged_layer(change: impl FnOnce(&std::path::Path)) -> (i32, Value) {
    let lab = Lab::new();
    let target = lab.layout(&Layout::new([application()]).files());
    let good = lab.report(&target, &["--no-cache"]);
    assert_eq!(open(&good).len(), 4);
    change(&lab.path("layout").join(blob_of(&good, 1)));
    let run = lab.scan(&target, &["--format", "json", "--platform", "linux/amd64"]);
    // A damaged layer must not be remembered as one that was read.
    let again = lab.scan(&target, &["--format", "json", "--platform", "linux/amd64"]);
    assert_eq!((again.code, problems(&again.report())), (run.code, problems(&run.report())));
    (run.code, run.report())
}

fn assert_named_problem((code, report): (i32, Value), words: &str) {
    assert_eq!(code, 3);
    let problems = problems(&report);
    assert!(!problems.is_empty(), "{report}");
    assert!(problems.iter().all(|problem| problem.starts_with("layer-unreadable 1")), "{problems:?}");
    assert!(problems[0].contains(words), "{problems:?}");
    // The other layers are judged.
    let found = open(&report);
    assert!(found.contains(&"CVE-2026-0001") && found.contains(&"CVE-2026-0004"), "{found:?}");
    assert_eq!(report["summary"]["complete"], false);
}

#[test]
fn a_truncated_layer() {
    let outcome = with_damaged_layer(|path| {
        let bytes = std::fs::read(path).unwrap();
        std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    });
    assert_named_problem(outcome, "");
}

#[test]
fn a_layer_with_another_digest() {
    let outcome = with_damaged_layer(|path| {
        let other = Layer::new("x").file("srv/evil", "text").tar();
        std::fs::write(path, gzip(&other)).unwrap();
    });
    assert_named_problem(outcome, "sha256:");
}

#[test]
fn a_layer_that_is_no_archive() {
    assert_named_problem(with_damaged_layer(|path| std::fs::write(path, "nonsense").unwrap()), "");
}

#[test]
fn a_layer_that_is_not_there() {
    assert_named_problem(with_damaged_layer(remove), "");
}

/// An archive of Docker whose members stand in this order, so that its end is the second layer.
fn archive_with_layers_last() -> Layer {
    let image = application();
    let manifest =
        json!([{"Config": "config.json", "RepoTags": ["app:1"], "Layers": ["1.tar", "2.tar", "3.tar"]}]);
    Layer::new("an archive is built like a layer")
        .file("manifest.json", manifest.to_string())
        .file("config.json", image.config())
        .file("1.tar", image.layers[0].tar())
        .file("3.tar", image.layers[2].tar())
        .file("2.tar", image.layers[1].tar())
}

#[test]
fn an_archive_that_ends_within_a_layer() {
    let lab = Lab::new();
    let whole = archive_with_layers_last().tar();
    // Within the contents of the second layer: its header, and something of its own first header.
    let cut = whole.len() - 1024 - application().layers[1].tar().len() + 700;
    let mut cut_gzip = gzip(&whole);
    cut_gzip.truncate(cut_gzip.len() - 100);
    for (name, bytes) in [
        ("cut.tar", whole[..cut].to_vec()),
        ("cut.tar.gz", gzip(&whole[..cut])),
        ("cut-gzip.tar.gz", cut_gzip),
    ] {
        lab.write(name, bytes);
        let run = lab.scan(&format!("docker-archive:{name}"), &["--format", "json", "--no-cache"]);
        assert_named_problem((run.code, run.report()), "");
    }
}

#[test]
fn an_archive_that_ends_behind_its_layers_is_judged_and_named() {
    let lab = Lab::new();
    let whole = archive_with_layers_last().file("repositories", [b' '; 4096]).tar();
    lab.write("cut.tar.gz", gzip(&whole[..whole.len() - 2048]));
    let flags = ["--format", "json", "--no-cache"];
    let run = lab.scan("docker-archive:cut.tar.gz", &flags);
    assert_eq!((run.code, open(&run.report()).len()), (0, 4));
    assert!(problems(&run.report())[0].starts_with("malformed"), "{:?}", problems(&run.report()));
    assert_eq!(lab.scan("docker-archive:cut.tar.gz", &["--strict"]).code, 3);
}

#[test]
fn an_archive_without_its_manifest_can_not_be_scanned() {
    let lab = Lab::new();
    let whole = application().docker_archive(seawall_testkit::DockerForm::Old, "app:1");
    lab.write("cut.tar", &whole[..whole.len() / 3]);
    let mut cut_gzip = gzip(&whole);
    cut_gzip.truncate(cut_gzip.len() / 3);
    lab.write("cut.tar.gz", cut_gzip);
    for name in ["cut.tar", "cut.tar.gz"] {
        let run = lab.scan(&format!("docker-archive:{name}"), &[]);
        assert_eq!(run.code, 2, "{name}: {}", run.stdout);
        assert!(run.stderr.contains(name), "{}", run.stderr);
    }
}

#[test]
fn a_manifest_or_configuration_with_another_digest_is_refused() {
    let lab = Lab::new();
    for blob in [application().manifest(), application().config()] {
        let mut files = Layout::new([application()]).files();
        let content = files.values_mut().find(|content| **content == blob).unwrap();
        content.push(b' ');
        write_files(&lab.path("layout"), &files);
        let run = lab.scan("oci-layout:layout", &["--platform", "linux/amd64"]);
        assert_eq!(run.code, 2, "{}", run.stdout);
    }
}

#[test]
fn a_damaged_package_database_loses_no_more_than_what_is_damaged() {
    let good = packages::dpkg_status(&[("libssl3", "3.0.1-1", Some(("openssl", "3.0.1-1")))]);
    let damages = [
        format!(
            "{good}\u{0}\u{1}\u{2} binary rubbish\n\n{}",
            packages::dpkg_status(&[("bash", "5.2", None)])
        ),
        format!("{good}Package: half\nStatus: install ok installed\n\n"),
        format!("{good}Package: cut\nStatus: install ok instal"),
    ];
    for status in damages {
        let lab = Lab::new();
        let base = Layer::new("ADD base")
            .file("etc/os-release", packages::os_release("debian", "12"))
            .file("var/lib/dpkg/status", &status);
        let target = lab.docker_archive(&Image::new([base]));
        let run = lab.scan(&target, &["--format", "json"]);
        let report = run.report();
        assert_eq!(run.code, 3, "{status:?}");
        assert!(
            problems(&report)[0].starts_with("database-unreadable 0 var/lib/dpkg/status: "),
            "{status:?}"
        );
        assert_eq!(open(&report), ["CVE-2026-0001"], "{:?}", packages_of(&report));
    }
}

#[test]
fn a_damaged_rpm_database_is_told_and_the_rest_is_judged() {
    let lab = Lab::new();
    let (path, content) = packages::npm("srv/app", "left-thing", "1.0.0");
    let base = Layer::new("ADD base")
        .file("etc/os-release", packages::os_release("almalinux", "9.4"))
        .file("var/lib/rpm/rpmdb.sqlite", b"SQLite format 3\0 and then nothing that helps")
        .file(&path, content);
    let run = lab.scan(&lab.docker_archive(&Image::new([base])), &["--format", "json"]);
    assert_eq!(run.code, 3);
    assert!(problems(&run.report())[0].starts_with("database-unreadable 0 var/lib/rpm/rpmdb.sqlite: "));
    assert_eq!(open(&run.report()), ["CVE-2026-0003"]);
}

#[test]
fn text_of_an_image_can_not_steer_the_terminal() {
    let lab = Lab::new();
    let status = packages::dpkg_status(&[("libssl3\u{1b}[2J", "3.0.1-1", Some(("openssl", "3.0.1-1")))]);
    let base = debian().file("var/lib/dpkg/status", status);
    let run = lab.scan(&lab.docker_archive(&Image::new([base])), &[]);
    assert!(!run.stdout.contains('\u{1b}'), "{:?}", run.stdout);
}
