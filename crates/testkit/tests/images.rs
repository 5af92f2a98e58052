//! What the builders give, seen by readers that are not ours.
#![expect(clippy::unwrap_used, reason = "a test fails where it can't read what it built")]

use std::collections::BTreeSet;
use std::io::Read;

use seawall_testkit::{Compression, DockerForm, Image, Layer, Layout, osv, packages, rpm, write_root};
use serde_json::Value;

fn members(archive: &[u8]) -> BTreeSet<String> {
    let mut archive = tar::Archive::new(archive);
    let entries =
        archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string());
    entries.collect()
}

fn image() -> Image {
    Image::new([
        Layer::new("ADD base").folder("etc").file("etc/a", "one").file("etc/b", "two").file("opt/c", "three"),
        Layer::new("RUN rm")
            .whiteout("etc/b")
            .opaque("opt")
            .symlink("etc/link", "a")
            .hardlink("etc/d", "etc/a"),
    ])
}

#[test]
fn markers_links_and_folders_are_entries_of_a_layer() {
    let second = &Image::new([Layer::new("x").folder("d").whiteout("top").opaque("d").symlink("l", "../x")]);
    let names: Vec<String> = members(&second.layers[0].tar()).into_iter().collect();
    assert_eq!(names, [".wh.top", "d", "d/.wh..wh..opq", "l"]);
}

#[test]
fn compressed_blobs_hold_the_same_archive() {
    let layer = Layer::new("x").file("a", "text");
    let unzip = |blob: Vec<u8>| {
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(blob.as_slice()).read_to_end(&mut bytes).unwrap();
        bytes
    };
    assert_eq!(unzip(layer.clone().compressed(Compression::Gzip).blob()), layer.tar());
    let zstd = layer.clone().compressed(Compression::Zstd);
    assert_eq!(zstd::decode_all(zstd.blob().as_slice()).unwrap(), layer.tar());
    assert_eq!(zstd.diff_id(), layer.diff_id());
}

#[test]
fn both_forms_of_docker_name_members_that_are_there() {
    for form in [DockerForm::Old, DockerForm::Blobs] {
        let archive = image().docker_archive(form, "app:1");
        let names = members(&archive);
        let mut text = String::new();
        for entry in tar::Archive::new(archive.as_slice()).entries().unwrap() {
            let mut entry = entry.unwrap();
            if entry.path().unwrap().ends_with("manifest.json") {
                entry.read_to_string(&mut text).unwrap();
            }
        }
        let manifest: Value = serde_json::from_str(&text).unwrap();
        let layers = manifest[0]["Layers"].as_array().unwrap();
        assert_eq!(layers.len(), 2);
        for name in layers.iter().chain([&manifest[0]["Config"]]) {
            assert!(names.contains(name.as_str().unwrap()), "{form:?}: {name}");
        }
    }
}

#[test]
fn several_platforms_stand_in_an_index_behind_the_attestation() {
    let layout = Layout::new([image(), image().on("linux/arm64")]).with_attestation().files();
    let outer: Value = serde_json::from_slice(&layout["index.json"]).unwrap();
    let digest = outer["manifests"][0]["digest"].as_str().unwrap().replace(':', "/");
    let inner: Value = serde_json::from_slice(&layout[&format!("blobs/{digest}")]).unwrap();
    let platforms: Vec<&Value> = inner["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["platform"]["architecture"])
        .collect();
    assert_eq!(platforms, ["unknown", "amd64", "arm64"]);
}

#[test]
fn a_root_file_system_is_what_is_left_of_all_layers() {
    let folder = tempfile::tempdir().unwrap();
    write_root(folder.path(), &image());
    let read = |path: &str| std::fs::read_to_string(folder.path().join(path)).ok();
    assert_eq!(read("etc/link").as_deref(), Some("one"));
    assert_eq!(read("etc/d").as_deref(), Some("one"));
    assert_eq!((read("etc/b"), read("opt/c")), (None, None));
}

#[test]
fn a_mirror_has_one_archive_for_all_releases() {
    let records = [
        osv::record("TEST-2026-0001", "Debian:12", "zlib", Some("1")),
        osv::record("TEST-2026-0002", "Debian:11", "zlib", None),
        osv::record("TEST-2026-0003", "npm", "left", None),
    ];
    let mirror = osv::mirror(&records);
    assert_eq!(mirror.keys().collect::<Vec<_>>(), ["Debian/all.zip", "npm/all.zip"]);
    assert_eq!(packages::jar("g", "a", "1")[..2], *b"PK");
}

#[test]
fn rpm_makes_a_database_where_it_is_installed() {
    if let Some(database) = rpm::database(&[("a", "1.0", "1.el9"), ("b", "2", "3")], "AlmaLinux") {
        assert!(database.starts_with(b"SQLite format 3"));
    }
}
