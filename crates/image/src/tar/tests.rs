//! The walk against archives written by hand, by the `tar` crate and by GNU tar's notations.

use std::fmt::Write as _;
use std::io::{Cursor, Read};

use super::*;

/// A header with the fields that matter; the checksum is filled in.
fn header(name: &[u8], type_flag: u8, size: u64, link: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..name.len()].copy_from_slice(name);
    block[100..108].copy_from_slice(b"0000755\0");
    block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    block[156] = type_flag;
    block[157..157 + link.len()].copy_from_slice(link);
    block[257..265].copy_from_slice(b"ustar\x0000");
    checksummed(block)
}

fn checksummed(mut block: [u8; BLOCK]) -> [u8; BLOCK] {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

fn padded(content: &[u8]) -> Vec<u8> {
    let mut bytes = content.to_vec();
    bytes.resize(content.len().next_multiple_of(BLOCK), 0);
    bytes
}

fn archive(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = parts.concat();
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    bytes
}

fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let mut body = String::new();
    for (key, value) in records {
        let mut length = key.len() + value.len() + 3;
        length += length.to_string().len();
        if length.to_string().len() + key.len() + value.len() + 3 != length {
            length += 1;
        }
        writeln!(body, "{length} {key}={value}").unwrap();
    }
    [header(b"pax", b'x', body.len() as u64, b"").to_vec(), padded(body.as_bytes())].concat()
}

/// Everything that a walk sees, one entry a line.
fn walk(bytes: &[u8]) -> String {
    walk_from(Cursor::new(bytes))
}

fn walk_from(reader: impl Read) -> String {
    let mut walk = TarWalk::with_buffer(reader, 1 << 16);
    let mut text = String::new();
    loop {
        match walk.next_entry() {
            Ok(None) => return text,
            Err(error) => return text + &format!("error: {error}\n"),
            Ok(Some(entry)) => {
                write!(text, "{:?} {} {}", entry.kind, entry.path, entry.size).unwrap();
                if !entry.link.is_empty() {
                    write!(text, " -> {}", String::from_utf8_lossy(entry.link)).unwrap();
                }
            }
        }
        let mut content = Vec::new();
        match walk.content().take(1 << 16).read_to_end(&mut content) {
            Ok(_) => writeln!(text, " {:?}", String::from_utf8_lossy(&content)).unwrap(),
            Err(error) => writeln!(text, " {error}").unwrap(),
        }
    }
}

#[test]
fn files_links_and_directories() {
    let bytes = archive(&[
        &header(b"./etc/", b'5', 0, b""),
        &header(b"/etc/../etc/passwd", b'0', 5, b""),
        &padded(b"root\n"),
        &header(b"etc/link", b'2', 99, b"../target"),
        &header(b"hard", b'1', 5, b"etc/passwd"),
        &header(b"dev/null", b'3', 0, b""),
        &header(b"old-dir/", 0, 0, b""),
    ]);
    insta::assert_snapshot!(walk(&bytes), @r#"
    Directory etc 0 ""
    File etc/passwd 5 "root\n"
    Symlink etc/link 0 -> ../target ""
    Hardlink hard 0 -> etc/passwd ""
    Other dev/null 0 ""
    Directory old-dir 0 ""
    "#);
}

#[test]
fn long_names_of_gnu_and_pax() {
    let long = "d/".repeat(100) + "file";
    let name = format!("{long}\0");
    let bytes = archive(&[
        &header(b"././@LongLink", b'L', name.len() as u64, b""),
        &padded(name.as_bytes()),
        &header(b"short", b'0', 1, b""),
        &padded(b"a"),
        &pax(&[("path", "größe"), ("mtime", "1.5"), ("size", "2")]),
        &header(b"other", b'0', 0, b""),
        &padded(b"bc"),
        &header(b"next", b'0', 1, b""),
        &padded(b"d"),
    ]);
    let walked = walk(&bytes);
    assert!(walked.starts_with(&format!("File {long} 1 \"a\"\n")), "{walked}");
    assert!(walked.ends_with("File größe 2 \"bc\"\nFile next 1 \"d\"\n"), "{walked}");
}

#[test]
fn a_name_that_is_no_text_is_kept_byte_for_byte() {
    let bytes = archive(&[&header(b"bin/\xff\xfe", b'0', 0, b"")]);
    let mut walk = TarWalk::new(Cursor::new(bytes));
    let entry = walk.next_entry().unwrap().unwrap();
    assert_eq!(entry.path.as_bytes(), b"bin/\xff\xfe");
}

#[test]
fn sizes_beyond_eight_gigabytes_are_in_base_256() {
    let mut block = header(b"big", b'0', 0, b"");
    block[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0]);
    let bytes = checksummed(block);
    let mut walk = TarWalk::new(Cursor::new(bytes));
    assert_eq!(walk.next_entry().unwrap().unwrap().size, 3 << 32);
}

#[test]
fn sparse_files_in_all_notations_have_their_holes_filled() {
    let version_1 = [
        pax(&[
            ("GNU.sparse.major", "1"),
            ("GNU.sparse.minor", "0"),
            ("GNU.sparse.name", "v1"),
            ("GNU.sparse.realsize", "8"),
        ]),
        header(b"GNUSparseFile.0/v1", b'0', BLOCK as u64 + 4, b"").to_vec(),
        padded(b"2\n2\n2\n6\n2\n"),
        padded(b"abcd"),
    ]
    .concat();
    let version_0 = [
        pax(&[("GNU.sparse.size", "6"), ("GNU.sparse.map", "1,2,4,1")]),
        header(b"v0", b'0', 3, b"").to_vec(),
        padded(b"xyz"),
    ]
    .concat();
    let mut old = header(b"old", b'S', 2, b"");
    old[257..265].copy_from_slice(b"ustar  \0");
    old[386..398].copy_from_slice(b"00000000003\0");
    old[398..410].copy_from_slice(b"00000000002\0");
    old[483..495].copy_from_slice(b"00000000005\0");
    let old = [checksummed(old).to_vec(), padded(b"no")].concat();
    let bytes = archive(&[&version_1, &version_0, &old, &header(b"next", b'0', 0, b"")]);
    insta::assert_snapshot!(walk(&bytes), @r#"
    File v1 8 "\0\0ab\0\0cd"
    File v0 6 "\0xy\0z\0"
    File old 5 "\0\0\0no"
    File next 0 ""
    "#);
}

#[test]
fn damage_is_an_error_that_says_where() {
    let good = archive(&[&header(b"a", b'0', 5, b""), &padded(b"12345")]);
    insta::assert_snapshot!(walk(&good[..600]), @r#"File a 5 "12345""#);
    insta::assert_snapshot!(walk(&good[..514]), @r"
    File a 5 the tar archive is cut off at byte 514
    error: the tar archive is cut off at byte 514
    ");
    insta::assert_snapshot!(walk(&good[..100]), @"error: the tar archive is cut off at byte 0");
    let mut flipped = good.clone();
    flipped[3] ^= 1;
    insta::assert_snapshot!(walk(&flipped), @"error: damaged tar header at byte 0: the checksum is wrong");
    let huge = header(b"x", b'x', 1 << 32, b"");
    insta::assert_snapshot!(walk(&huge), @"error: damaged tar header at byte 0: an extended header of more than 1 MiB");
}

#[test]
fn every_cut_and_every_flip_ends_without_panic() {
    let bytes = archive(&[
        &pax(&[("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "8")]),
        &header(b"v1", b'0', BLOCK as u64 + 4, b""),
        &padded(b"2\n2\n2\n6\n2\n"),
        &padded(b"abcd"),
        &header(b"etc/link", b'2', 0, b"../target"),
    ]);
    for at in 0..bytes.len() {
        walk(&bytes[..at]);
        let mut flipped = bytes.clone();
        flipped[at] ^= 0xff;
        walk(&flipped);
    }
}

#[test]
fn what_the_tar_crate_writes_is_read() {
    let mut builder = tar::Builder::new(Vec::new());
    for index in 0..50 {
        let name = format!("{}{index}", "very/long/".repeat(index));
        let mut header = tar::Header::new_gnu();
        header.set_size(index as u64 * 100);
        builder.append_data(&mut header, name, vec![b'x'; index * 100].as_slice()).unwrap();
    }
    let bytes = builder.into_inner().unwrap();
    let walked = walk(&bytes);
    assert_eq!(walked.lines().count(), 50);
    assert!(walked.lines().last().unwrap().contains("very/long/49 4900"), "{walked}");
}

#[test]
fn a_size_that_no_archive_can_have_is_refused() {
    let mut block = header(b"etc/passwd", b'0', 0, b"");
    block[124..136].fill(0xff);
    block[124] = 0x80;
    block[125..128].fill(0);
    let huge = [&checksummed(block)[..], &header(b"hidden", b'0', 0, b"")].concat();
    assert_eq!(walk(&archive(&[&huge])), "error: damaged tar header at byte 0: a size beyond 63 bits\n");
}

/// Gives so many bytes at a time.
struct Pieces<'b> {
    bytes: &'b [u8],
    length: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.length.min(out.len());
        self.bytes.read(&mut out[..length])
    }
}

#[test]
fn the_pieces_in_which_an_archive_comes_change_nothing() {
    let bytes = archive(&[
        &pax(&[("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "8")]),
        &header(b"v1", b'0', BLOCK as u64 + 4, b""),
        &padded(b"2\n2\n2\n6\n2\n"),
        &padded(b"abcd"),
        &pax(&[("path", &"deep/".repeat(100))]),
        &header(b"long", b'0', 1300, b""),
        &padded(&[b'x'; 1300]),
        &header(b"etc/link", b'2', 0, b"../target"),
    ]);
    let whole = walk(&bytes);
    assert_eq!(whole.lines().count(), 3, "{whole}");
    for length in 1..=1100 {
        assert_eq!(walk_from(Pieces { bytes: &bytes, length }), whole, "{length} bytes at a time");
    }
    for cut in (0..bytes.len()).step_by(7) {
        let whole = walk(&bytes[..cut]);
        assert_eq!(walk_from(Pieces { bytes: &bytes[..cut], length: 13 }), whole, "cut off at {cut}");
    }
}
