//! Matching at its worst: 10,000 packages that feeds of real records name, each at a version that they hold.
//!
//! `cargo bench --manifest-path bench/micro/Cargo.toml --bench extreme`. It needs a mirror of the OSV bucket:
//! `SEAWALL_OSV_MIRROR`, or `osv-mirror` in a folder `shared` beside the repository; without one it says so.

use std::collections::BTreeSet;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use seawall_advisory::matching::{MatchOptions, match_packages};
use seawall_feed::{Location, NoProgress, Update};
use seawall_model::{Distro, Package, PackageKind, Timestamp};
use serde_json::Value;

const PACKAGES: usize = 10_000;

/// The feeds that packages are taken from. One image has one distribution; the others are of languages.
const FEEDS: &[(&str, &str, PackageKind)] = &[
    ("Debian", "Debian:11", PackageKind::Deb),
    ("Go", "Go", PackageKind::Golang),
    ("Maven", "Maven", PackageKind::Maven),
    ("Packagist", "Packagist", PackageKind::Composer),
    ("PyPI", "PyPI", PackageKind::Pypi),
    ("RubyGems", "RubyGems", PackageKind::Gem),
    ("crates.io", "crates.io", PackageKind::Cargo),
    ("npm", "npm", PackageKind::Npm),
];

fn mirror() -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/osv-mirror"));
    let dir = std::env::var_os("SEAWALL_OSV_MIRROR").map_or_else(beside, PathBuf::from);
    dir.is_dir().then_some(dir)
}

fn records(zip: &Path) -> Vec<Value> {
    let file = File::open(zip).expect("the feed is there");
    let mut archive = zip::ZipArchive::new(file).expect("the feed is a zip");
    (0..archive.len())
        .map(|index| serde_json::from_reader(archive.by_index(index).expect("an entry")).expect("a record"))
        .collect()
}

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// The versions of the events of an entry, and the first that it lists.
fn versions(affected: &Value) -> BTreeSet<&str> {
    let events = items(affected, "ranges").flat_map(|range| items(range, "events"));
    let said = events.filter_map(Value::as_object).flatten().filter_map(|(_, version)| version.as_str());
    let said = said.map(|version| if version == "0" { "0.0.1" } else { version });
    said.chain(items(affected, "versions").take(1).filter_map(Value::as_str)).collect()
}

/// Packages as the feeds name them, as many of each feed as its part of all of them, always the same ones.
fn write_packages(mirror: &Path, to: &Path) {
    let mut named = BTreeSet::new();
    for (feed, ecosystem, kind) in FEEDS {
        for record in records(&mirror.join(feed).join("all.zip")) {
            for affected in items(&record, "affected") {
                let text = |key: &str| affected["package"].get(key).and_then(Value::as_str);
                let (Some(name), Some(of)) = (text("name"), text("ecosystem")) else { continue };
                if of == *ecosystem {
                    let named_at = |version: &str| (*kind, name.to_owned(), version.to_owned());
                    named.extend(versions(affected).into_iter().map(named_at));
                }
            }
        }
    }
    let of = named.len().max(PACKAGES);
    let is_chosen = |index: &usize| index * PACKAGES / of != (index + 1) * PACKAGES / of;
    let mut text = String::new();
    for (_, (kind, name, version)) in named.into_iter().enumerate().filter(|(index, _)| is_chosen(index)) {
        text += &format!("{}\t{name}\t{version}\n", kind.purl_type());
    }
    std::fs::write(to, text).expect("the disk has room");
}

fn read_packages(from: &Path) -> Vec<Package> {
    let text = std::fs::read_to_string(from).expect("it was written");
    let package = |line: &str| {
        let mut fields = line.split('\t');
        let mut field = || fields.next().expect("three fields");
        let kind = PackageKind::from_purl_type(field()).expect("one of the kinds above");
        Package::new(kind, field(), field(), "bench")
    };
    text.lines().map(package).collect()
}

/// A line of `/proc/self/status` in KiB; 0 where there is none.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
    found.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn extreme(criterion: &mut Criterion) {
    let Some(mirror) = mirror() else {
        eprintln!("skipped: there is no mirror of OSV records");
        return;
    };
    // The input is made by a process of its own, so that its memory is not taken for that of matching.
    if let Some(folder) = std::env::var_os("SEAWALL_BENCH_INPUT") {
        build(&mirror, Path::new(&folder));
        std::process::exit(0);
    }
    let work = tempfile::tempdir().expect("a folder can be made");
    let built = std::process::Command::new(std::env::current_exe().expect("it runs"))
        .env("SEAWALL_BENCH_INPUT", work.path())
        .status();
    assert!(built.expect("it can be started").success(), "the input can be made");

    let packages = read_packages(&work.path().join("packages"));
    let path = work.path().join("advisories.db");
    let database = seawall_feed::open(&path).expect("the database is sound");
    let distro = Distro { id: "debian".into(), version_id: Some("11".into()), ..Distro::default() };
    let run = || match_packages(&database, black_box(&packages), Some(&distro), MatchOptions::default());
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let (before, started) = (memory("VmRSS"), Instant::now());
    let matches = run().expect("the database is sound");
    let first = started.elapsed();
    eprintln!(
        "{} packages, {} findings of {} advisories; first run {:.1} ms, {:.1} MB more at its peak",
        packages.len(),
        matches.findings.len(),
        matches.findings.iter().map(|finding| finding.advisories.len()).sum::<usize>(),
        first.as_secs_f64() * 1e3,
        memory("VmHWM").saturating_sub(before) as f64 / 1024.0,
    );
    let mut hasher = DefaultHasher::new();
    format!("{matches:?}").hash(&mut hasher);
    eprintln!(
        "the result is {:016x}: the same before and after a change that only makes it faster",
        hasher.finish()
    );
    drop(matches);
    let mut group = criterion.benchmark_group("extreme");
    group.throughput(Throughput::Elements(packages.len() as u64));
    group.sample_size(10);
    group.bench_function("10,000 packages, every one named by a feed", |bencher| bencher.iter(run));
    group.finish();
}

fn build(mirror: &Path, folder: &Path) {
    write_packages(mirror, &folder.join("packages"));
    let update = Update {
        database: folder.join("advisories.db"),
        from: Location::Path(mirror.to_owned()),
        ecosystems: Vec::new(),
        kev: None,
        epss: None,
        now: Timestamp::from_unix(1_790_000_000),
        threads: 2,
    };
    seawall_feed::update(&update, &NoProgress).expect("the mirror is sound");
}

criterion_group!(benches, extreme);
criterion_main!(benches);
