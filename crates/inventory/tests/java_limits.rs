//! Archives of Java against the bounds of a scan: what lies beyond is named, what lies before it counts.
#![expect(clippy::disallowed_types, clippy::unwrap_used, reason = "a test of bounds builds its archives")]

use std::io::{Cursor, Read, Write};

use seawall_inventory::{Facts, Inventory};
use seawall_model::analysis::{Held, HoldError, ReadAt, Room};
use seawall_model::{Analyser, Content, EntryKind, EntryMeta, FilePathBuf, Limits};
use zip::CompressionMethod::{Deflated, Stored};
use zip::write::{SimpleFileOptions, ZipWriter};

fn archive(method: zip::CompressionMethod, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn description(name: &str) -> (String, Vec<u8>) {
    let text = format!("groupId=g\nartifactId={name}\nversion=1\n");
    (format!("META-INF/maven/g/{name}/pom.properties"), text.into_bytes())
}

/// Names of packages and messages of problems, one a line.
fn seen(bytes: &[u8], limits: Limits) -> String {
    seen_with(Inventory::of_installed(limits), bytes)
}

fn seen_with(inventory: Inventory, bytes: &[u8]) -> String {
    let path = FilePathBuf::from("a.jar");
    let entry =
        EntryMeta { path: path.as_path(), kind: EntryKind::File, size: bytes.len() as u64, mode: 0o644 };
    let mut facts = Facts::default();
    inventory.analyse(&entry, Content::Memory(bytes), &mut facts);
    let mut lines = Vec::new();
    for file in facts.files {
        lines.extend(file.packages.into_iter().map(|package| package.name));
        lines.extend(file.problems.into_iter().map(|problem| format!("! {}", problem.message)));
    }
    lines.join("\n")
}

/// `a.jar` with `b.jar` in it, and so on.
fn nested(method: zip::CompressionMethod, names: &[&str]) -> Vec<u8> {
    names.iter().rev().fold(Vec::new(), |inner, name| {
        let mut files = vec![description(name)];
        if !inner.is_empty() {
            files.push(("inner.jar".to_owned(), inner));
        }
        archive(method, &files)
    })
}

#[test]
fn archives_nest_only_so_deep() {
    for method in [Stored, Deflated] {
        let bytes = nested(method, &["a", "b", "c"]);
        assert_eq!(seen(&bytes, Limits::default()), "g:a\ng:b\ng:c");
        let limits = Limits { max_archive_depth: 2, ..Limits::default() };
        assert_eq!(seen(&bytes, limits), "g:a\ng:b\n! inner.jar: inner.jar: nested too deep, left out");
    }
}

#[test]
fn a_stored_archive_is_read_where_it_lies_and_a_compressed_one_only_within_the_memory_for_it() {
    let limits = || Limits { max_held_bytes: 100, ..Limits::default() };
    assert_eq!(seen(&nested(Stored, &["a", "b"]), limits()), "g:a\ng:b");
    let expected = "g:a\n! inner.jar: no room to hold it: more than 100 bytes";
    assert_eq!(seen(&nested(Deflated, &["a", "b"]), limits()), expected);
}

#[test]
fn a_compressed_archive_of_more_than_the_memory_for_it_goes_where_there_is_room() {
    // 80 MiB of zeros before the description: a hundred kilobytes once compressed.
    let inner = archive(Stored, &[("zeros".to_owned(), vec![0; 80 << 20]), description("b")]);
    let outer = archive(Deflated, &[description("a"), ("inner.jar".to_owned(), inner)]);
    let memory = Limits::default().max_held_bytes;
    let held = "! inner.jar: no room to hold it: more than 67108864 bytes";
    assert_eq!(seen(&outer, Limits::default()), format!("g:a\n{held}"));
    assert_eq!(seen_with(Inventory::of_installed(Limits::default()).with_room(Disk), &outer), "g:a\ng:b");
    let limits = Limits { max_archive_bytes: memory, ..Limits::default() };
    let expected = "g:a\n! inner.jar: more than 67108864 bytes unpacked from one file, left out";
    assert_eq!(seen_with(Inventory::of_installed(limits).with_room(Disk), &outer), expected);
}

#[test]
fn an_archive_that_is_longer_than_its_claim_is_named() {
    let mut outer = nested(Deflated, &["a", "b"]);
    // The size after decompression, in the last line of the directory.
    let line = outer.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
    outer[line + 24..line + 28].copy_from_slice(&10_u32.to_le_bytes());
    let expected = "g:a\n! inner.jar: the entry is longer than the 10 bytes that the central directory says";
    assert_eq!(seen(&outer, Limits::default()), expected);
}

/// Temporary files, read at any place.
struct Disk;

struct OnDisk(std::fs::File);

impl Room for Disk {
    fn take_in<'r>(&'r self, content: &mut dyn Read, size: u64) -> Result<Box<dyn Held + 'r>, HoldError> {
        let mut file = tempfile::tempfile().unwrap();
        std::io::copy(&mut content.take(size), &mut file).unwrap();
        Ok(Box::new(OnDisk(file)))
    }
}

impl Held for OnDisk {
    fn content(&self) -> Content<'_> {
        Content::Spilled(self)
    }
}

impl ReadAt for OnDisk {
    fn size(&self) -> u64 {
        self.0.metadata().unwrap().len()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.0, buffer, offset)
    }
}

#[test]
fn entries_are_counted_over_all_nested_archives() {
    let bytes = nested(Stored, &["a", "b", "c"]);
    let limits = Limits { max_archive_entries: 4, ..Limits::default() };
    assert_eq!(seen(&bytes, limits), "g:a\ng:b\n! inner.jar!/inner.jar: more than 0 entries");
}

#[test]
fn bytes_are_counted_over_all_nested_archives() {
    let limits = Limits { max_archive_bytes: 70_000, ..Limits::default() };
    let expected = "g:a\n! inner.jar: more than 70000 bytes unpacked from one file, left out";
    assert_eq!(seen(&nested(Stored, &["a", "b"]), limits), expected);
}

#[test]
fn an_entry_that_grows_beyond_its_claim_is_stopped() {
    let bomb = archive(Deflated, &[("META-INF/maven/g/a/pom.properties".to_owned(), vec![b' '; 20 << 20])]);
    let found = seen(&bomb, Limits::default());
    assert!(found.contains("pom.properties: more than 8388608 bytes"), "{found}");
}

#[test]
fn many_entries_pass_and_too_many_are_named() {
    let files: Vec<_> = (0..60_000).map(|index| (format!("org/acme/C{index}.class"), Vec::new())).collect();
    let bytes = archive(Stored, &[files, vec![description("a")]].concat());
    assert_eq!(seen(&bytes, Limits::default()), "g:a");
    let limits = Limits { max_archive_entries: 100, ..Limits::default() };
    assert_eq!(seen(&bytes, limits), "a\n! more than 100 entries");
}
