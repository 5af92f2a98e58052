//! The package formats of `seawall-inventory`, each under a path that its cataloger wants.

use std::sync::LazyLock;

use seawall_inventory::{Facts, Inventory, LayerFacts, assemble};
use seawall_model::{Analyser, Content, EntryKind, EntryMeta, FilePathBuf, Interest, Limits};

/// Cataloger and path, as they stand in the fixtures.
const PATHS: &str = include_str!("../paths.txt");

/// `SEAWALL_FUZZ_CATALOGER=node/yarn` tries this format alone.
static CHOSEN: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let wanted = std::env::var("SEAWALL_FUZZ_CATALOGER").unwrap_or_default();
    let lines = PATHS.lines().filter_map(|line| line.split_once('\t'));
    let paths: Vec<_> =
        lines.filter(|(name, _)| wanted.is_empty() || *name == wanted).map(|(_, path)| path).collect();
    assert!(!paths.is_empty(), "there is no cataloger {wanted:?} in paths.txt");
    paths
});

static INVENTORIES: LazyLock<[Inventory; 2]> = LazyLock::new(|| {
    let limits = || Limits {
        max_archive_bytes: 16 << 20,
        max_archive_entries: 10_000,
        max_packages_per_file: 10_000,
        ..Limits::default()
    };
    [Inventory::of_installed(limits()), Inventory::of_source(limits())]
});

/// The first byte chooses a path, the rest is the file.
pub fn cataloger(bytes: &[u8]) {
    if let Some((choice, content)) = bytes.split_first() {
        file(CHOSEN[usize::from(*choice) % CHOSEN.len()], content);
    }
}

/// A package database of rpm, of any of its three kinds.
pub fn rpm_database(bytes: &[u8]) {
    file("var/lib/rpm/Packages", bytes);
}

/// A jar, and what lies in it.
pub fn jar(bytes: &[u8]) {
    file("opt/app-1.0.jar", bytes);
}

/// An executable: Go's and Rust's lists in ELF, PE and Mach-O.
pub fn executable(bytes: &[u8]) {
    file("usr/bin/program", bytes);
}

/// Debian's paragraphs.
pub fn deb822(bytes: &[u8]) {
    file("var/lib/dpkg/status", bytes);
}

/// Offers a file as an image's and as a source tree's. Its facts must survive the cache.
fn file(path: &str, bytes: &[u8]) {
    let path = FilePathBuf::from(path);
    let entry =
        EntryMeta { path: path.as_path(), kind: EntryKind::File, size: bytes.len() as u64, mode: 0o755 };
    for inventory in &*INVENTORIES {
        let wanted = match inventory.interest(&entry) {
            Interest::Skip => false,
            Interest::Sniff => inventory.wants_content(&entry, &bytes[..bytes.len().min(512)]),
            Interest::Read => true,
        };
        if wanted {
            let mut facts = Facts::default();
            inventory.analyse(&entry, Content::Memory(bytes), &mut facts);
            judge(inventory, &facts);
        }
    }
}

fn judge(inventory: &Inventory, facts: &Facts) {
    assert_eq!(inventory.decode(&inventory.encode(facts)).as_ref(), Some(facts), "the cache changes facts");
    let assembled = assemble(&[LayerFacts { index: None, facts }], &|_, _| true);
    for package in &assembled.packages {
        let purl = package.purl(assembled.distro.as_ref()).to_string();
        assert!(package.name.is_empty() || purl.parse::<seawall_model::Purl>().is_ok(), "{purl}");
    }
}

/// Facts as the cache keeps them: what is read must be written as it was read.
pub fn facts(bytes: &[u8]) {
    let inventory = &INVENTORIES[0];
    if let Some(facts) = inventory.decode(bytes) {
        judge(inventory, &facts);
    }
}
