//! The picture in ARCHITECTURE.md, held against the workspace as it is.
#![expect(clippy::unwrap_used, reason = "a test reads its own source tree")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// What each crate may stand on, among ours. A new arrow is a change of the architecture.
const ARROWS: &[(&str, &[&str])] = &[
    ("seawall-model", &[]),
    ("seawall-inventory", &["seawall-model"]),
    ("seawall-advisory", &["seawall-model"]),
    ("seawall-report", &["seawall-model"]),
    ("seawall-sbom", &["seawall-model"]),
    ("seawall-vex", &["seawall-model"]),
    ("seawall-image", &["seawall-model"]),
    ("seawall-source", &["seawall-model"]),
    ("seawall-feed", &["seawall-model", "seawall-advisory"]),
    (
        "seawall",
        &[
            "seawall-model",
            "seawall-inventory",
            "seawall-advisory",
            "seawall-report",
            "seawall-sbom",
            "seawall-vex",
            "seawall-image",
            "seawall-source",
            "seawall-feed",
        ],
    ),
    (
        "seawall-fuzz",
        &["seawall-model", "seawall-inventory", "seawall-advisory", "seawall-image", "seawall-feed"],
    ),
    ("seawall-testkit", &["seawall-model"]),
    ("xtask", &["seawall-report", "seawall-sbom"]),
];

/// Engines are pure: nothing that opens files, sockets or threads.
const ENGINES: &[&str] =
    &["seawall-inventory", "seawall-advisory", "seawall-report", "seawall-sbom", "seawall-vex"];
const NOT_IN_ENGINES: &[&str] = &["reqwest", "tokio", "tonic", "rustix", "memmap2", "tempfile", "ignore"];

fn packages() -> BTreeMap<String, Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(|package| (package["name"].as_str().unwrap().to_owned(), package.clone())).collect()
}

/// Normal dependencies: what tests need is their own affair.
fn dependencies(package: &Value) -> BTreeSet<String> {
    let all = package["dependencies"].as_array().unwrap();
    let normal = all.iter().filter(|dependency| dependency["kind"].is_null());
    normal.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn dependencies_point_down() {
    let packages = packages();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    for (name, package) in &packages {
        assert!(known.contains(name.as_str()), "{name} is missing in the picture of crates");
        let allowed = ARROWS.iter().find(|(crate_name, _)| crate_name == name).unwrap().1;
        for dependency in dependencies(package) {
            let is_ours = packages.contains_key(&dependency);
            assert!(
                !is_ours || allowed.contains(&dependency.as_str()),
                "{name} must not stand on {dependency}"
            );
        }
    }
}

#[test]
fn engines_have_no_hands() {
    let packages = packages();
    for engine in ENGINES {
        for dependency in dependencies(&packages[*engine]) {
            assert!(
                !NOT_IN_ENGINES.contains(&dependency.as_str()),
                "{engine} must not stand on {dependency}"
            );
        }
        let folder = engine.strip_prefix("seawall-").unwrap();
        let lints = fs::read_to_string(root().join(format!("crates/{folder}/clippy.toml"))).unwrap();
        assert!(lints.contains("disallowed-methods"), "{engine} does not ban files, clock and environment");
    }
}

#[test]
fn unsafe_code_is_forbidden_everywhere_but_where_the_database_is_mapped() {
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        let is_mapping = file.ends_with("crates/feed/src/file.rs");
        let block = ["unsafe", " {"].concat();
        assert!(is_mapping || !text.contains(&block), "{} has unsafe code", file.display());
    }
}

#[test]
fn every_file_says_what_it_is() {
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//!"), "{} does not begin with what it is", file.display());
    }
}

#[test]
fn nothing_is_left_behind() {
    let words = [
        ["todo", "!("].concat(),
        ["dbg", "!("].concat(),
        ["#[", "ignore"].concat(),
        ["should", "_panic"].concat(),
    ];
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        for word in &words {
            assert!(!text.contains(word.as_str()), "{} has {word:?}", file.display());
        }
    }
}

/// Every Rust file of the workspace.
fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root().join("crates"), root().join("xtask")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("fixtures") && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 100, "the source tree was not found");
    files
}
