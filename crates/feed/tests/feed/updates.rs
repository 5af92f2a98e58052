//! Building, updating and moving the database.

use std::io::{Read, Write};
use std::net::TcpListener;

use seawall_feed::{FeedError, Location, Outcome, export, import, open, status};
use seawall_model::EcosystemName;

use crate::common::{Mirror, affected, distro, package, record, write_zip};

fn simple(id: &str) -> String {
    record(id, r#""aliases":["CVE-2026-0001"]"#, &[affected("PyPI", "x", "introduced 0")])
}

#[test]
fn unchanged_feeds_are_copied() {
    let mut mirror = Mirror::of(&[("PyPI", &simple("PYSEC-1"))]);
    mirror.add("npm", &record("GHSA-1", "", &[affected("npm", "y", "introduced 0")]));
    let outcomes = |mirror: &Mirror| -> Vec<(String, Outcome)> {
        let report = mirror.update().unwrap();
        report.feeds.into_iter().map(|feed| (feed.feed.ecosystem, feed.outcome)).collect()
    };
    assert_eq!(outcomes(&mirror), [("PyPI".into(), Outcome::Built), ("npm".into(), Outcome::Built)]);
    let first = std::fs::read(mirror.database()).unwrap();
    assert_eq!(outcomes(&mirror), [("PyPI".into(), Outcome::Unchanged), ("npm".into(), Outcome::Unchanged)]);
    assert!(std::fs::read(mirror.database()).unwrap() == first, "the same input gives the same bytes");
    mirror.add("PyPI", &simple("PYSEC-2"));
    assert_eq!(outcomes(&mirror), [("PyPI".into(), Outcome::Built), ("npm".into(), Outcome::Unchanged)]);
    let report = mirror.update_with(|request| request.ecosystems = vec![EcosystemName::PyPi]).unwrap();
    assert_eq!(report.feeds[1].outcome, Outcome::Kept);
}

#[test]
fn the_order_of_records_in_the_zip_is_nothing_to_the_database() {
    let (a, b) = (("a.json".to_owned(), simple("PYSEC-1")), ("b.json".to_owned(), simple("PYSEC-2")));
    let mirror = Mirror::of(&[("PyPI", &simple("PYSEC-1"))]);
    let zip = mirror.path().join("PyPI/all.zip");
    let mut databases = Vec::new();
    for entries in [[a.clone(), b.clone()], [b, a]] {
        write_zip(&zip, &entries);
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        std::fs::File::options().write(true).open(&zip).unwrap().set_modified(time).unwrap();
        let _ = std::fs::remove_file(mirror.database());
        mirror.update().unwrap();
        databases.push(std::fs::read(mirror.database()).unwrap());
    }
    assert!(databases[0] == databases[1]);
}

#[test]
fn a_broken_record_is_named_and_the_rest_kept() {
    let mut mirror = Mirror::of(&[("PyPI", &simple("PYSEC-1"))]);
    for json in [
        "",
        "{",
        "[]",
        r#"{"id":7}"#,
        r#"{"id":""}"#,
        r#"{"id":"X","affected":[{"package":{"ecosystem":"PyPI","name":"x"},"versions":"1.0"}]}"#,
        r#"{"id":"X","affected":[{"package":{"ecosystem":"PyPI","name":"x"},"ranges":[{"type":"ECOSYSTEM","events":[{"fixed":1}]}]}]}"#,
    ] {
        mirror.add("PyPI", json);
    }
    mirror.add("PyPI", &"[".repeat(100_000));
    let elsewhere = record(
        "PYSEC-3",
        "",
        &[affected("pypi", "x", "introduced 0"), affected("PyPI", "z", "introduced 0")],
    );
    mirror.add("PyPI", &elsewhere);
    let report = mirror.update().unwrap();
    let feed = &report.feeds[0].feed;
    assert_eq!(feed.records, 2);
    let refused: Vec<_> =
        feed.refused.iter().map(|refused| (refused.reason.as_str(), refused.count)).collect();
    assert_eq!(refused, [("unreadable", 8), ("unknown-ecosystem", 1)]);
    assert_eq!(feed.refused[0].named[0].0, "001.json");
    let why = &feed.refused[1].named[0].1;
    assert_eq!(why, "\"pypi\" is not an ecosystem of the OSV schema");
}

#[test]
fn the_names_of_withdrawn_records_are_kept_with_the_date() {
    let withdrawn = |id: &str, date: &str, alias: &str| {
        let fields = format!(r#""withdrawn":"{date}","aliases":["{alias}","{id}"]"#);
        record(id, &fields, &[affected("PyPI", "x", "introduced 0")])
    };
    let mut mirror = Mirror::of(&[("PyPI", &simple("PYSEC-1"))]);
    mirror.add("PyPI", &withdrawn("PYSEC-2", "2025-03-04T05:06:07Z", "CVE-2025-0002"));
    mirror.add("PyPI", &withdrawn("PYSEC-3", "soon", "CVE-2025-0003"));
    mirror.add("npm", &withdrawn("GHSA-2", "2025-04-01", "CVE-2025-0002"));
    mirror.update().unwrap();
    let told = |database: &seawall_advisory::Database, id: &str| -> Vec<String> {
        let records = seawall_advisory::withdrawn_records(database, id).unwrap();
        let at = |record: &seawall_advisory::record::Withdrawn| record.at.map(seawall_model::Timestamp::date);
        records.iter().map(|(record, feed)| format!("{feed} {} {:?}", record.id, at(record))).collect()
    };
    for _ in 0..2 {
        let database = mirror.open();
        let since = |id: &str| database.withdrawn(id).unwrap().map(|at| at.to_string());
        assert_eq!(since("PYSEC-2").as_deref(), Some("2025-03-04T05:06:07Z"));
        for id in ["PYSEC-1", "PYSEC-3", "CVE-2025-0002", "CVE-2026-0001", ""] {
            assert_eq!(since(id), None, "{id}");
        }
        assert_eq!(told(&database, "PYSEC-3"), ["PyPI PYSEC-3 None"]);
        assert_eq!(
            told(&database, "CVE-2025-0002"),
            [r#"npm GHSA-2 Some("2025-04-01")"#, r#"PyPI PYSEC-2 Some("2025-03-04")"#]
        );
        assert!(told(&database, "PYSEC-1").is_empty());
        // A feed that has not changed is copied, and what it took back with it.
        mirror.add("npm", &record("GHSA-3", "", &[affected("npm", "y", "introduced 0")]));
        mirror.update().unwrap();
    }
}

#[test]
fn a_database_of_another_format_is_refused_and_built_anew() {
    let mirror = Mirror::of(&[("PyPI", &simple("PYSEC-1"))]);
    mirror.update().unwrap();
    let mut old = std::fs::read(mirror.database()).unwrap();
    old[8..12].copy_from_slice(&1_u32.to_le_bytes());
    std::fs::write(mirror.database(), old).unwrap();
    let error = open(&mirror.database()).unwrap_err();
    let why = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(why, "the advisory database has format 1, this program reads format 2; update the database");
    let report = mirror.update().unwrap();
    assert!(report.notes[0].ends_with("everything is built anew"), "{:?}", report.notes);
    assert!(open(&mirror.database()).is_ok());
}

#[test]
fn a_broken_zip_leaves_the_database_as_it_was() {
    let mirror = Mirror::of(&[("PyPI", &simple("PYSEC-1"))]);
    mirror.update().unwrap();
    let before = std::fs::read(mirror.database()).unwrap();
    let zip = mirror.path().join("PyPI/all.zip");
    let whole = std::fs::read(&zip).unwrap();
    let mut flipped = whole.clone();
    // A byte of the first entry's data: its checksum no longer holds.
    flipped[60] ^= 0x55;
    for damaged in [&whole[..whole.len() - 5], &whole[..whole.len() / 2], &b""[..], &flipped] {
        std::fs::write(&zip, damaged).unwrap();
        let error = mirror.update().unwrap_err();
        assert!(matches!(error, FeedError::Damaged { .. }), "{error}");
        assert!(std::fs::read(mirror.database()).unwrap() == before);
    }
    let left: Vec<_> = std::fs::read_dir(mirror.database().parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 2, "no temporary file is left: {left:?}");
}

#[test]
fn a_feed_that_was_named_must_be_there() {
    let mirror = Mirror::of(&[("PyPI", &simple("PYSEC-1"))]);
    let error = mirror.update_with(|request| request.ecosystems = vec![EcosystemName::Npm]).unwrap_err();
    assert_eq!(error.to_string(), "there is no feed npm");
    std::fs::remove_dir_all(mirror.path().join("PyPI")).unwrap();
    assert!(matches!(mirror.update(), Err(FeedError::Empty { .. })));
}

#[test]
fn feeds_are_dated_by_their_newest_plausible_record() {
    let dated =
        |id: &str, modified: &str| format!(r#"{{"id":"{id}","modified":"{modified}","affected":[]}}"#);
    for (dates, expected) in [
        (vec!["2025-05-01T00:00:00Z", "2024-01-01T00:00:00Z"], Some("2025-05-01")),
        // The future and the time before the list of CVEs are mistakes; `now` is June 2026.
        (vec!["2099-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2020-01-01T00:00:00Z"], Some("2020-01-01")),
        (vec!["0001-01-01T00:00:00Z", "soon"], None),
    ] {
        let mut mirror = Mirror::new();
        for (number, date) in dates.iter().enumerate() {
            mirror.add("PyPI", &dated(&format!("X-{number}"), date));
        }
        let report = mirror.update().unwrap();
        assert_eq!(report.feeds[0].feed.date.map(seawall_model::Timestamp::date).as_deref(), expected);
    }
}

#[test]
fn exported_files_are_imported_and_damaged_ones_refused() {
    let mirror = Mirror::of(&[("PyPI", &simple("PYSEC-1"))]);
    mirror.update().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (file, imported) = (dir.path().join("file"), dir.path().join("imported.db"));
    let exported = export(&mirror.database(), &file).unwrap();
    let status_after = import(&file, &imported).unwrap();
    assert_eq!(exported.checksum, status_after.checksum);
    assert_eq!(status_after, status(&imported).unwrap());
    let whole = std::fs::read(&file).unwrap();
    let before = std::fs::read(&imported).unwrap();
    for position in [0, 9, 20, 60, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[position] ^= 1;
        std::fs::write(&file, damaged).unwrap();
        assert!(import(&file, &imported).is_err(), "byte {position}");
    }
    std::fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    assert!(matches!(import(&file, &imported), Err(FeedError::Checksum { .. })));
    assert!(std::fs::read(&imported).unwrap() == before);
}

#[test]
fn a_damaged_database_is_built_anew() {
    let mirror = Mirror::of(&[("PyPI", &simple("PYSEC-1"))]);
    mirror.update().unwrap();
    let mut bytes = std::fs::read(mirror.database()).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(mirror.database(), bytes).unwrap();
    let report = mirror.update().unwrap();
    assert_eq!(report.feeds[0].outcome, Outcome::Built);
    assert_eq!(report.notes, ["the old database was damaged, so everything is built anew"]);
    std::fs::write(mirror.database(), "something else").unwrap();
    assert_eq!(mirror.update().unwrap().notes.len(), 1);
}

#[test]
fn exploited_vulnerabilities_and_scores_reach_findings_and_stay() {
    let mirror = Mirror::of(&[("PyPI", &simple("PYSEC-1"))]);
    let (kev, epss) = (mirror.path().join("kev.json"), mirror.path().join("epss.csv"));
    std::fs::write(&kev, r#"{"vulnerabilities":[{"cveID":"CVE-2026-0001","dateAdded":"2026-02-03"}]}"#)
        .unwrap();
    std::fs::write(
        &epss,
        "#score_date:2026-02-01T00:00:00+0000\ncve,epss,percentile\nCVE-2026-0001,0.5,0.75\n",
    )
    .unwrap();
    let report = mirror
        .update_with(|request| {
            request.kev = Some(Location::Path(kev));
            request.epss = Some(Location::Path(epss));
        })
        .unwrap();
    assert_eq!((report.kev_entries, report.epss_entries), (Some(1), Some(1)));
    let (_, matches) = mirror.matches("", "pypi x 1.0");
    let finding = &matches.findings[0];
    assert_eq!(finding.kev_since.map(seawall_model::Timestamp::date).as_deref(), Some("2026-02-03"));
    let (probability, percentile) = finding.epss.unwrap();
    assert!((probability - 0.5).abs() < 1e-4 && (percentile - 0.75).abs() < 1e-4);
}

#[test]
fn records_and_package_urls_are_answered() {
    let text = r#""aliases":["CVE-2026-0001"],"summary":"short","details":"long","references":[{"type":"WEB","url":"https://example.org"}]"#;
    let json = record("PYSEC-1", text, &[affected("PyPI", "x", "introduced 0, fixed 2")]);
    let debian =
        record("DSA-1", r#""upstream":["CVE-2026-0001"]"#, &[affected("Debian:12", "src", "introduced 0")]);
    let mirror = Mirror::of(&[("PyPI", &json), ("Debian", &debian)]);
    mirror.update().unwrap();
    let database = mirror.open();
    let records = seawall_advisory::records_by_id(&database, "CVE-2026-0001").unwrap();
    let ids: Vec<_> = records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids, ["DSA-1", "PYSEC-1"]);
    assert_eq!((records[1].summary.as_str(), records[1].details.as_str()), ("short", "long"));
    for (purl, expected) in [
        ("pkg:pypi/X@1.0", Some(1)),
        ("pkg:pypi/x@2", Some(0)),
        ("pkg:deb/debian/bin@1-1?distro=debian-12&upstream=src", Some(1)),
        ("pkg:deb/debian/bin@1-1?distro=debian-11&upstream=src", Some(0)),
        ("pkg:unheard-of/x@1", None),
    ] {
        let matches = seawall_advisory::query(&database, &purl.parse().unwrap()).unwrap();
        assert_eq!(matches.map(|matches| matches.findings.len()), expected, "{purl}");
    }
}

#[test]
fn feeds_are_fetched_and_asked_whether_they_changed() {
    let mirror = Mirror::of(&[("PyPI", &simple("PYSEC-1"))]);
    let zip = std::fs::read(mirror.path().join("PyPI/all.zip")).unwrap();
    let base = serve(zip, 2);
    let fetch = || {
        mirror.update_with(|request| {
            request.from = Location::Url(base.clone());
            request.ecosystems = vec![EcosystemName::PyPi];
        })
    };
    let report = fetch().unwrap();
    assert_eq!(report.feeds[0].outcome, Outcome::Built);
    assert_eq!(
        report.feeds[0].feed.date.map(|date| date.to_string()).as_deref(),
        Some("2026-03-01T08:00:00Z")
    );
    assert_eq!(fetch().unwrap().feeds[0].outcome, Outcome::Unchanged);
    let matches = seawall_advisory::match_packages(
        &open(&mirror.database()).unwrap(),
        &[package("pypi x 1.0")],
        distro("").as_ref(),
        seawall_advisory::MatchOptions::default(),
    );
    assert_eq!(matches.unwrap().findings.len(), 1);
}

#[test]
fn a_download_that_breaks_off_replaces_nothing() {
    let mirror = Mirror::of(&[("PyPI", &simple("PYSEC-1"))]);
    mirror.update().unwrap();
    let before = std::fs::read(mirror.database()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().take(4).flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 4096]);
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\nPK");
        }
    });
    let error = mirror.update_with(|request| {
        request.from = Location::Url(base);
        request.ecosystems = vec![EcosystemName::PyPi];
    });
    assert!(matches!(error, Err(FeedError::Damaged { .. })), "{error:?}");
    assert!(std::fs::read(mirror.database()).unwrap() == before);
}

/// Serves one zip at `/PyPI/all.zip` for so many requests: with a validator, and 304 to who has it.
fn serve(zip: Vec<u8>, requests: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().take(requests) {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap();
            let request = String::from_utf8_lossy(&request[..length]).to_lowercase();
            if request.contains("if-none-match: \"v1\"") {
                stream.write_all(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n").unwrap();
                continue;
            }
            let status = if request.starts_with("get /pypi/all.zip ") { "200 OK" } else { "404 Not Found" };
            let head = format!(
                "HTTP/1.1 {status}\r\nETag: \"v1\"\r\nLast-Modified: Sun, 01 Mar 2026 08:00:00 GMT\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                zip.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&zip).unwrap();
        }
    });
    base
}
