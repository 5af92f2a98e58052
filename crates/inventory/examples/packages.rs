//! Lists the packages of a directory: `packages installed|source DIR`. Links are not followed.
//!
//! The scanner itself reads images and directories in the crates `image` and `source`; this is the shortest
//! program that drives the inventory.
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "an example reads real files")]

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

use seawall_inventory::{Facts, Inventory, LayerFacts, assemble};
use seawall_model::analysis::{ReadAt, SNIFF_BYTES};
use seawall_model::{Analyser, Content, EntryKind, EntryMeta, FilePathBuf, Interest, Limits, Scope};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, target, root] = &arguments[..] else {
        return Err(io::Error::other("usage: packages installed|source DIR"));
    };
    let inventory = match target.as_str() {
        "installed" => Inventory::of_installed(Limits::default()),
        _ => Inventory::of_source(Limits::default()),
    };
    let start = Instant::now();
    let mut facts = Facts::default();
    let mut count = Count::default();
    let mut folders = vec![PathBuf::from(root)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                offer(&inventory, Path::new(root), &entry.path(), &mut facts, &mut count)?;
            }
        }
    }
    let elapsed = start.elapsed();
    let assembled = assemble(&[LayerFacts { index: None, facts: &facts }], &|_, _| true);
    for package in &assembled.packages {
        let scope = if package.scope == Scope::Development { " development" } else { "" };
        println!("{} {:?}{scope}", package.purl(assembled.distro.as_ref()), package.licences);
    }
    for problem in &assembled.problems {
        println!(
            "! {}: {}: {}",
            problem.path.clone().unwrap_or_default(),
            problem.kind.as_str(),
            problem.message
        );
    }
    eprintln!(
        "{} files, {} claimed, {} packages, {:.3} s, {:.0} claimed files/s",
        count.files,
        count.claimed,
        assembled.packages.len(),
        elapsed.as_secs_f64(),
        f64::from(count.claimed) / elapsed.as_secs_f64(),
    );
    Ok(())
}

#[derive(Default)]
struct Count {
    files: u32,
    claimed: u32,
}

struct OnDisk(File, u64);

impl ReadAt for OnDisk {
    fn size(&self) -> u64 {
        self.1
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }
}

fn offer(
    inventory: &Inventory,
    root: &Path,
    path: &Path,
    facts: &mut Facts,
    count: &mut Count,
) -> io::Result<()> {
    count.files += 1;
    let metadata = fs::metadata(path)?;
    let inside = path.strip_prefix(root).unwrap_or(path);
    let inside = FilePathBuf::normalise(inside.as_os_str().as_encoded_bytes());
    let entry = EntryMeta {
        path: inside.as_path(),
        kind: EntryKind::File,
        size: metadata.len(),
        mode: metadata.mode() & 0o7777,
    };
    let interest = inventory.interest(&entry);
    if interest == Interest::Skip {
        return Ok(());
    }
    let file = OnDisk(File::open(path)?, metadata.len());
    let mut head = [0; SNIFF_BYTES];
    let length = file.read_at(&mut head, 0)?;
    if interest == Interest::Sniff && !inventory.wants_content(&entry, &head[..length]) {
        return Ok(());
    }
    count.claimed += 1;
    inventory.analyse(&entry, Content::Spilled(&file), facts);
    Ok(())
}
