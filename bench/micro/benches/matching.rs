//! Version orders and matching: `cargo bench --manifest-path bench/micro/Cargo.toml --bench matching`.

use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use seawall_advisory::matching::{MatchOptions, match_packages};
use seawall_advisory::version::VersionScheme;
use seawall_feed::{Location, NoProgress, Update};
use seawall_model::{Distro, Package, PackageKind, Timestamp};

fn versions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("versions");
    for (scheme, a, b) in [
        (VersionScheme::Dpkg, "1:2.36-9+deb12u4", "1:2.36-9+deb12u10"),
        (VersionScheme::Rpm, "0:5.14.0-427.13.1.el9_4", "0:5.14.0-427.16.1.el9_4"),
        (VersionScheme::Apk, "1.36.1-r29", "1.36.1_p1-r2"),
        (VersionScheme::Npm, "1.2.3-beta.4", "1.2.3-beta.11"),
        (VersionScheme::Pep440, "1.2.3rc1.post2", "1.2.3"),
        (VersionScheme::Maven, "2.0.0.RELEASE", "2.0.1-SNAPSHOT"),
    ] {
        group.bench_function(scheme.as_str(), |bencher| {
            bencher.iter(|| scheme.compare(black_box(a), black_box(b)));
        });
    }
    group.finish();
}

/// A mirror of one feed: as many records as packages, each with one range.
fn write_mirror(folder: &Path, records: usize) {
    std::fs::create_dir_all(folder.join("Debian")).expect("a folder can be made");
    let file = File::create(folder.join("Debian/all.zip")).expect("a file can be made");
    let mut zip = zip::ZipWriter::new(file);
    for number in 0..records {
        let record = format!(
            r#"{{"id":"TEST-{number}","modified":"2026-01-01T00:00:00Z","upstream":["CVE-2026-{number:05}"],"affected":[{{"package":{{"ecosystem":"Debian:12","name":"package-{number}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"1.5-{number}"}}]}}]}}]}}"#
        );
        zip.start_file(format!("TEST-{number}.json"), zip::write::SimpleFileOptions::default())
            .expect("a new name");
        zip.write_all(record.as_bytes()).expect("the disk has room");
    }
    zip.finish().expect("the disk has room");
}

fn matching(criterion: &mut Criterion) {
    let work = tempfile::tempdir().expect("a folder can be made");
    write_mirror(work.path(), 10_000);
    let path = work.path().join("advisories.db");
    let update = Update {
        database: path.clone(),
        from: Location::Path(work.path().to_owned()),
        ecosystems: Vec::new(),
        kev: None,
        epss: None,
        now: Timestamp::from_unix(1_790_000_000),
        threads: 2,
    };
    seawall_feed::update(&update, &NoProgress).expect("the mirror is sound");
    let database = seawall_feed::open(&path).expect("the database is sound");
    let distro = Distro { id: "debian".into(), version_id: Some("12".into()), ..Distro::default() };
    // Every second package is mended.
    let version = |number: usize| if number.is_multiple_of(2) { "2.0-1" } else { "1.0-1" };
    let packages: Vec<Package> = (0..10_000)
        .map(|number| Package::new(PackageKind::Deb, format!("package-{number}"), version(number), "bench"))
        .collect();
    let mut group = criterion.benchmark_group("matching");
    group.throughput(Throughput::Elements(packages.len() as u64));
    group.sample_size(20);
    group.bench_function("10,000 packages, every second one vulnerable", |bencher| {
        bencher
            .iter(|| match_packages(&database, black_box(&packages), Some(&distro), MatchOptions::default()));
    });
    group.bench_function("open", |bencher| bencher.iter(|| seawall_feed::open(black_box(&path))));
    group.finish();
}

criterion_group!(benches, versions, matching);
criterion_main!(benches);
