//! Archives of Java against the bounds of a scan: what lies beyond is named, what lies before it counts.
#![expect(clippy::unwrap_used, reason = "a test of bounds builds its archives")]

use std::io::{Cursor, Write};

use seawall_inventory::{Facts, Inventory};
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
    let inventory = Inventory::of_installed(limits);
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
    assert_eq!(seen(&nested(Deflated, &["a", "b"]), limits()), "g:a\n! inner.jar: more than 100 bytes");
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
