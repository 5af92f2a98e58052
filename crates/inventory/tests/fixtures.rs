//! Every file format on every case of `fixtures/<cataloger>/<case>/`: a small tree of files, beside it in
//! `<case>.txt` what must be found in it. `SEAWALL_BLESS=1` writes the texts anew; review them as code.
//!
//! Each file is then cut short and damaged in many ways: nothing may panic or run away.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "a test reads its fixtures"
)]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use seawall_inventory::catalogers::CATALOGERS;
use seawall_inventory::{Facts, Inventory, LayerFacts, assemble};
use seawall_model::{Analyser, Content, EntryKind, EntryMeta, FilePathBuf, Interest, Limits, Package, Scope};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The files of a case, by path inside it.
fn tree(case: &Path) -> Vec<(FilePathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![case.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let inside = path.strip_prefix(case).unwrap().to_str().unwrap();
                files.push((FilePathBuf::from(inside), fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

fn offer(inventory: &Inventory, path: &FilePathBuf, bytes: &[u8], facts: &mut Facts) {
    let entry =
        EntryMeta { path: path.as_path(), kind: EntryKind::File, size: bytes.len() as u64, mode: 0o755 };
    let head = &bytes[..bytes.len().min(512)];
    let wanted = match inventory.interest(&entry) {
        Interest::Skip => false,
        Interest::Sniff => inventory.wants_content(&entry, head),
        Interest::Read => true,
    };
    if wanted {
        inventory.analyse(&entry, Content::Memory(bytes), facts);
    }
}

/// Every cataloger sits under one of the two; a case is tried as both, and most give something as one.
fn render(files: &[(FilePathBuf, Vec<u8>)]) -> String {
    let mut text = String::new();
    for (title, inventory) in [
        ("installed", Inventory::of_installed(Limits::default())),
        ("source", Inventory::of_source(Limits::default())),
    ] {
        let mut facts = Facts::default();
        for (path, bytes) in files {
            offer(&inventory, path, bytes, &mut facts);
        }
        assert_eq!(inventory.decode(&inventory.encode(&facts)).as_ref(), Some(&facts), "cache round trip");
        let assembled = assemble(&[LayerFacts { index: None, facts: &facts }], &|_, _| true);
        if assembled == seawall_inventory::Assembled::default() {
            continue;
        }
        writeln!(text, "== {title}").unwrap();
        if let Some(distro) = &assembled.distro {
            writeln!(text, "distro {distro:?}").unwrap();
        }
        for package in &assembled.packages {
            text.push_str(&line(package, &assembled));
        }
        for owned in facts.files.iter().flat_map(|file| &file.owned) {
            let arch = owned.arch.as_deref().map(|arch| format!(":{arch}")).unwrap_or_default();
            writeln!(text, "{}{arch} owns {} paths", owned.name, owned.paths.len()).unwrap();
        }
        for problem in &assembled.problems {
            let path = problem.path.clone().unwrap_or_default();
            writeln!(text, "! {path}: {}: {}", problem.kind.as_str(), problem.message).unwrap();
        }
    }
    text
}

fn line(package: &Package, assembled: &seawall_inventory::Assembled) -> String {
    let mut line = package.purl(assembled.distro.as_ref()).to_string();
    if package.kind.purl_type() == "golang" || !package.name.is_ascii() {
        write!(line, " name={}", package.name).unwrap();
    }
    if let Some(vendor) = &package.vendor {
        write!(line, " vendor={vendor:?}").unwrap();
    }
    if !package.licences.is_empty() {
        write!(line, " licences={:?}", package.licences).unwrap();
    }
    if package.scope == Scope::Development {
        line.push_str(" development");
    }
    if let Some(owner) = &package.owner {
        write!(line, " owner={}@{}", owner.name, owner.version).unwrap();
    }
    line.push('\n');
    for place in &package.places {
        match &place.inside {
            Some(inside) => writeln!(line, "  at {} > {inside}", place.path).unwrap(),
            None => writeln!(line, "  at {}", place.path).unwrap(),
        }
    }
    line
}

/// All cases, with the cataloger that they are of.
fn cases() -> Vec<PathBuf> {
    let mut cases = Vec::new();
    for cataloger in CATALOGERS {
        let folder = fixtures().join(cataloger.name());
        assert!(folder.is_dir(), "{} has no fixtures", cataloger.name());
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                cases.push(path);
            }
        }
    }
    cases.sort();
    cases
}

#[test]
fn every_case_gives_what_stands_beside_it() {
    let bless = std::env::var_os("SEAWALL_BLESS").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let found = render(&tree(&case));
        let expected = case.with_added_extension("txt");
        if bless {
            fs::write(&expected, &found).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != found {
            wrong.push(format!("{}:\n{found}", expected.display()));
        }
    }
    assert!(wrong.is_empty(), "not what stands in the file:\n{}", wrong.join("\n"));
}

#[test]
fn every_cataloger_finds_something_in_one_of_its_cases() {
    for cataloger in CATALOGERS {
        let name = cataloger.name();
        let found = cases().iter().filter(|case| case.starts_with(fixtures().join(name))).any(|case| {
            [Inventory::of_installed(Limits::default()), Inventory::of_source(Limits::default())].iter().any(
                |inventory| {
                    let mut facts = Facts::default();
                    for (path, bytes) in tree(case) {
                        offer(inventory, &path, &bytes, &mut facts);
                    }
                    facts.files.iter().any(|file| {
                        file.cataloger == name
                            && !(file.packages.is_empty()
                                && file.distro.is_none()
                                && file.owned.is_empty()
                                && file.licences.is_empty())
                    })
                },
            )
        });
        assert!(found, "no case of {name} shows that it finds anything");
    }
}

#[test]
fn damaged_files_neither_panic_nor_run_away() {
    let inventories = [Inventory::of_installed(Limits::default()), Inventory::of_source(Limits::default())];
    for case in cases() {
        for (path, bytes) in tree(&case) {
            for damaged in damages(&bytes) {
                let start = Instant::now();
                for inventory in &inventories {
                    offer(inventory, &path, &damaged, &mut Facts::default());
                }
                assert!(start.elapsed() < Duration::from_secs(5), "{} took too long", case.display());
            }
        }
    }
}

/// Cuts and bit flips at a fixed set of places: repeatable, and dense in small files.
fn damages(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new(), vec![0; bytes.len().min(4096)], vec![0xff; bytes.len().min(4096)]];
    let step = (bytes.len() / 64).max(1);
    for at in (0..bytes.len()).step_by(step) {
        all.push(bytes[..at].to_vec());
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 0x55;
        all.push(flipped);
        let mut doubled = bytes[..at].to_vec();
        doubled.extend_from_slice(bytes);
        all.push(doubled);
    }
    all
}
