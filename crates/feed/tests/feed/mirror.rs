//! The mirror of real records, where it is there: `SEAWALL_OSV_MIRROR`, or beside the repository.

use std::path::PathBuf;

use seawall_advisory::{MatchOptions, match_packages};
use seawall_feed::{Location, NoProgress, Update, open, update};

use crate::common::package;

fn mirror() -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/osv-mirror"));
    let dir = std::env::var_os("SEAWALL_OSV_MIRROR").map_or_else(beside, PathBuf::from);
    dir.is_dir().then_some(dir)
}

#[test]
fn the_whole_mirror_makes_a_small_database_without_a_broken_record() {
    let Some(mirror) = mirror() else {
        eprintln!("skipped: there is no mirror of OSV records");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let request = Update {
        database: dir.path().join("advisories.db"),
        kev: Some(Location::Path(mirror.join("kev.json"))).filter(|_| mirror.join("kev.json").is_file()),
        from: Location::Path(mirror),
        ecosystems: Vec::new(),
        epss: None,
        now: "2026-12-01".parse().unwrap(),
        threads: 2,
    };
    let report = update(&request, &NoProgress).unwrap();
    let records: usize = report.feeds.iter().map(|feed| feed.feed.records).sum();
    let refused = report.feeds.iter().flat_map(|feed| &feed.feed.refused);
    for refused in refused {
        assert!(refused.named.is_empty(), "{refused:?}");
    }
    // 12 MB for the 48,438 records of the whole mirror.
    assert!(
        report.bytes * 48_438 <= 12_000_000 * records as u64,
        "{} bytes, {records} records",
        report.bytes
    );
    let database = open(&request.database).unwrap();
    let withdrawn = database.withdrawn("PYSEC-2019-144").unwrap();
    assert_eq!(withdrawn.map(seawall_model::Timestamp::date).as_deref(), Some("2022-09-09"));
    let packages = [package("pypi Django 3.2.1")];
    let matches = match_packages(&database, &packages, None, MatchOptions::default()).unwrap();
    let cve = matches.findings.iter().find(|finding| finding.vulnerability == "CVE-2021-33203").unwrap();
    assert_eq!(cve.fix.nearest(), Some("3.2.4"));
    assert!(!cve.advisories[0].references.is_empty());
}
