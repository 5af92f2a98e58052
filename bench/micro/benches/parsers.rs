//! The hot parsers: `cargo bench --manifest-path bench/micro/Cargo.toml --bench parsers`.

use std::hint::black_box;
use std::sync::atomic::AtomicU64;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use seawall_bench::{apk_installed, dpkg_status, package_lock, tar_of};
use seawall_image::HeldBytes;
use seawall_image::layer::{PassContext, read_layer};
use seawall_image::tar::TarWalk;
use seawall_inventory::{Facts, Inventory};
use seawall_model::{Analyser, Content, EntryKind, EntryMeta, FilePathBuf, Limits};

/// One file of a format, shown to the inventory.
fn format(criterion: &mut Criterion, name: &str, inventory: &Inventory, path: &str, bytes: &[u8]) {
    let path = FilePathBuf::from(path);
    let entry =
        EntryMeta { path: path.as_path(), kind: EntryKind::File, size: bytes.len() as u64, mode: 0o644 };
    let mut group = criterion.benchmark_group("formats");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            let mut facts = Facts::default();
            inventory.analyse(&entry, Content::Memory(black_box(bytes)), &mut facts);
            facts
        });
    });
    group.finish();
}

fn formats(criterion: &mut Criterion) {
    let installed = Inventory::of_installed(Limits::default());
    let source = Inventory::of_source(Limits::default());
    format(
        criterion,
        "dpkg, 1,000 packages",
        &installed,
        "var/lib/dpkg/status",
        dpkg_status(1000).as_bytes(),
    );
    format(
        criterion,
        "apk, 1,000 packages",
        &installed,
        "lib/apk/db/installed",
        apk_installed(1000).as_bytes(),
    );
    let package_json =
        br#"{"name":"left-pad","version":"1.3.0","license":"WTFPL","dependencies":{"a":"^1"}}"#;
    format(criterion, "package.json", &installed, "app/node_modules/left-pad/package.json", package_json);
    format(
        criterion,
        "package-lock, 1,000 packages",
        &source,
        "package-lock.json",
        package_lock(1000).as_bytes(),
    );
    let sqlite = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../crates/inventory/fixtures/redhat/rpmdb/sqlite/var/lib/rpm/rpmdb.sqlite"
    );
    if let Ok(bytes) = std::fs::read(sqlite) {
        format(criterion, "rpmdb, SQLite", &installed, "var/lib/rpm/rpmdb.sqlite", &bytes);
    }
    if let Ok(bytes) = std::env::current_exe().and_then(std::fs::read) {
        format(criterion, "an executable without package data", &installed, "usr/bin/bench", &bytes);
    }
}

/// The question that is asked of every file.
fn interest(criterion: &mut Criterion) {
    let inventory = Inventory::of_installed(Limits::default());
    let paths: Vec<FilePathBuf> = (0..1000)
        .map(|number| {
            FilePathBuf::from(format!("usr/share/doc/package-{number}/changelog.Debian.gz").as_str())
        })
        .collect();
    let mut group = criterion.benchmark_group("names");
    group.throughput(Throughput::Elements(paths.len() as u64));
    group.bench_function("is this file wanted?", |bencher| {
        bencher.iter(|| {
            for path in &paths {
                let entry = EntryMeta { path: path.as_path(), kind: EntryKind::File, size: 10, mode: 0o644 };
                black_box(inventory.interest(&entry));
            }
        });
    });
    group.finish();
}

fn layers(criterion: &mut Criterion) {
    let bytes = tar_of(10_000);
    let mut group = criterion.benchmark_group("layers");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("tar walk, 10,000 files", |bencher| {
        bencher.iter(|| {
            let mut walk = TarWalk::new(black_box(bytes.as_slice()));
            let mut count = 0;
            while let Ok(Some(_)) = walk.next_entry() {
                count += 1;
            }
            count
        });
    });
    let inventory = Inventory::of_installed(Limits::default());
    let limits = Limits::default();
    group.bench_function("whole pass with digests, 10,000 files", |bencher| {
        bencher.iter(|| {
            let (held, bytes_read) = (HeldBytes::new(limits.max_held_bytes), AtomicU64::new(0));
            let context = PassContext { limits: &limits, held: &held, bytes_read: &bytes_read };
            read_layer(black_box(bytes.as_slice()), &inventory, &context).diff_id
        });
    });
    group.finish();
}

criterion_group!(benches, formats, interest, layers);
criterion_main!(benches);
