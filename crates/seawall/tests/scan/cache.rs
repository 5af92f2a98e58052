//! The cache of layers: what it saves, and that it never changes a result.

use seawall_testkit::Layout;
use serde_json::Value;

use crate::lab::{Lab, application, blob_of, problems};

fn cached(report: &Value) -> u64 {
    report["coverage"]["layers_cached"].as_u64().unwrap()
}

/// A report without what tells of the cache.
fn content(mut report: Value) -> Value {
    report["coverage"]["layers_cached"] = Value::Null;
    for layer in report["layers"].as_array_mut().unwrap() {
        layer["from_cache"] = Value::Null;
    }
    report
}

#[test]
fn a_second_scan_takes_its_layers_from_the_cache_and_says_the_same() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    let first = lab.report(&target, &[]);
    let second = lab.report(&target, &[]);
    assert_eq!((cached(&first), cached(&second)), (0, 3));
    assert_eq!(content(first), content(second));
    assert!(lab.scan(&target, &[]).stdout.contains("3 of them not read again"));
}

#[test]
fn without_a_cache_it_is_neither_read_nor_written() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    assert_eq!(cached(&lab.report(&target, &["--no-cache"])), 0);
    assert_eq!(cached(&lab.report(&target, &[])), 0, "the first run wrote nothing");
    assert_eq!(cached(&lab.report(&target, &["--no-cache"])), 0, "nor is anything read");
    assert_eq!(cached(&lab.report(&target, &[])), 3);
}

#[test]
fn other_exclusions_are_not_answered_from_the_cache() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    lab.report(&target, &[]);
    let report = lab.report(&target, &["--exclude", "/srv/**"]);
    assert_eq!(cached(&report), 0);
    assert_eq!(report["summary"]["high"], 0);
}

#[test]
fn a_damaged_cache_is_read_anew() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    let first = lab.report(&target, &[]);
    let mut folders = vec![lab.path("cache/layers")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
            }
        }
    }
    let second = lab.report(&target, &[]);
    assert_eq!(cached(&second), 0);
    assert_eq!(content(first), content(second));
}

#[test]
fn status_and_clear() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    lab.report(&target, &[]);
    let status = lab.run(&["cache", "status"]).stdout;
    assert!(status.contains("cache/layers") && !status.contains("holds 0 entries"), "{status}");
    assert_eq!(lab.run(&["cache", "clear"]).code, 0);
    assert!(lab.run(&["cache", "status"]).stdout.contains("holds 0 entries"));
    assert_eq!(cached(&lab.report(&target, &[])), 0);
}

#[test]
fn a_cached_layer_is_trusted_by_its_digest_and_verified_where_that_is_asked_for() {
    let lab = Lab::new();
    let target = lab.layout(&Layout::new([application()]).files());
    let first = lab.report(&target, &[]);
    lab.write(&format!("layout/{}", blob_of(&first, 1)), "another layer");
    let trusted = lab.report(&target, &[]);
    assert_eq!(cached(&trusted), 3);
    assert_eq!(content(trusted), content(first));
    let verified = lab.report(&target, &["--verify-blobs"]);
    assert_eq!(cached(&verified), 0);
    let problems = problems(&verified);
    assert!(matches!(problems.as_slice(), [one] if one.starts_with("layer-unreadable 1 ")), "{problems:?}");
    assert_eq!(lab.scan(&target, &["--verify-blobs"]).code, 3);
}

#[test]
fn several_processes_share_a_cache() {
    let lab = Lab::new();
    let target = lab.docker_archive(&application());
    let reports = std::thread::scope(|scope| {
        let scans: Vec<_> = (0..4).map(|_| scope.spawn(|| lab.report(&target, &[]))).collect();
        scans.into_iter().map(|scan| content(scan.join().unwrap())).collect::<Vec<_>>()
    });
    assert!(reports.iter().all(|report| *report == reports[0]));
    assert_eq!(cached(&lab.report(&target, &[])), 3);
}
