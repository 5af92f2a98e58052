//! Zip archives through their central directory, in memory that does not grow with them.
//!
//! Entries are read one by one from the directory and only those that the caller keeps stay; the content of
//! one is a stream, or a part of the archive that can itself be read at any place where it is stored without
//! compression. Nothing is unpacked to disk, names are never used as paths of the host. Encrypted entries,
//! archives of several parts and methods but *stored* and *deflated* are named and not read.
//! <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;
use seawall_model::Content;
use seawall_model::analysis::{ContentReader, ReadAt};

/// Why an archive or an entry of it could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    #[error("not a zip archive: there is no end of a central directory in it")]
    NoDirectory,
    #[error("the central directory is damaged after {0} entries")]
    Directory(u64),
    #[error("an archive of several parts")]
    Split,
    #[error("more than {0} entries")]
    TooManyEntries(u64),
    #[error("the entry is encrypted")]
    Encrypted,
    #[error("the entry is compressed with method {0}")]
    Method(u16),
    #[error("the entry does not lie where the central directory says")]
    Misplaced,
    #[error("the entry is longer than the {0} bytes that the central directory says")]
    Longer(u64),
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// A part of a claimed file that can be read at any place.
#[derive(Clone, Copy)]
pub(crate) struct Section<'a> {
    content: Content<'a>,
    start: u64,
    length: u64,
}

impl<'a> Section<'a> {
    /// The whole of it.
    pub(crate) fn whole(content: Content<'a>) -> Self {
        Self { content, start: 0, length: content.size() }
    }

    /// The part from `start`, cut at the end of this one.
    fn part(self, start: u64, length: u64) -> Self {
        let start = start.min(self.length);
        Self { start: self.start + start, length: length.min(self.length - start), ..self }
    }

    fn reader(self) -> io::Result<io::Take<ContentReader<'a>>> {
        let mut reader = self.content.reader();
        reader.seek(SeekFrom::Start(self.start))?;
        Ok(reader.take(self.length))
    }
}

impl ReadAt for Section<'_> {
    fn size(&self) -> u64 {
        self.length
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.part(offset, u64::MAX).reader()?.read(buffer)
    }
}

/// One line of the central directory.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// As it is written, with `/` between folders; bytes of another encoding are replaced.
    pub(crate) name: String,
    /// Bytes after decompression, as the directory claims.
    pub(crate) size: u64,
    compressed_size: u64,
    offset: u64,
    flags: u16,
    method: u16,
}

/// A zip archive whose directory has been found.
pub(crate) struct Archive<'a> {
    section: Section<'a>,
    directory: Section<'a>,
    entries: u64,
    /// Where the archive begins: a shell script may stand before it.
    base: u64,
}

const END_SIGNATURE: u32 = 0x0605_4b50;
const END_LENGTH: u64 = 22;
const ZIP64_LOCATOR_SIGNATURE: u32 = 0x0706_4b50;
const ZIP64_LOCATOR_LENGTH: u64 = 20;
const ZIP64_END_SIGNATURE: u32 = 0x0606_4b50;
const ZIP64_END_LENGTH: u64 = 56;
const ENTRY_SIGNATURE: u32 = 0x0201_4b50;
const ENTRY_LENGTH: usize = 46;
const LOCAL_SIGNATURE: u32 = 0x0403_4b50;
const LOCAL_LENGTH: usize = 30;
const MAX_COMMENT: u64 = 0xffff;

impl<'a> Archive<'a> {
    /// Finds the central directory at the end.
    pub(crate) fn open(section: Section<'a>) -> Result<Self, ArchiveError> {
        let tail_length = section.length.min(END_LENGTH + MAX_COMMENT);
        let tail_start = section.length - tail_length;
        let mut tail = Vec::new();
        section.part(tail_start, tail_length).reader()?.read_to_end(&mut tail)?;
        let position = find_end(&tail).ok_or(ArchiveError::NoDirectory)?;
        let end = tail.get(position..).unwrap_or_default();
        let end_position = tail_start + position as u64;
        if le16(end, 4) != le16(end, 6) {
            return Err(ArchiveError::Split);
        }
        let mut found = Directory {
            entries: u64::from(le16(end, 10)),
            size: u64::from(le32(end, 12)),
            offset: u64::from(le32(end, 16)),
            end: end_position,
        };
        if found.entries == 0xffff || found.size == 0xffff_ffff || found.offset == 0xffff_ffff {
            found = zip64_directory(section, end_position)?.unwrap_or(found);
        }
        // What stands before the archive shifts everything, and nothing in the archive says so. Where
        // something stands between directory and end instead, the offset is right as it is.
        let start = found.end.checked_sub(found.size).ok_or(ArchiveError::NoDirectory)?;
        let start = if begins_entry(section, start) { start } else { found.offset };
        let base = start.checked_sub(found.offset).ok_or(ArchiveError::NoDirectory)?;
        let directory = section.part(start, found.size);
        Ok(Self { section, directory, entries: found.entries, base })
    }

    /// Bytes that finding and reading the directory costs.
    pub(crate) fn directory_bytes(&self) -> u64 {
        self.directory.length.saturating_add(END_LENGTH + MAX_COMMENT)
    }

    /// Offers every entry to `visit`, in the order of the directory. What was offered before an error counts.
    pub(crate) fn each_entry(
        &self,
        max_entries: u64,
        mut visit: impl FnMut(Entry),
    ) -> Result<u64, ArchiveError> {
        let mut reader = BufReader::with_capacity(1 << 16, self.directory.reader()?);
        let mut name = Vec::new();
        for index in 0..self.entries {
            if index >= max_entries {
                return Err(ArchiveError::TooManyEntries(max_entries));
            }
            let damaged = |_| ArchiveError::Directory(index);
            visit(read_entry(&mut reader, &mut name).map_err(damaged)?);
        }
        Ok(self.entries)
    }

    /// The content as it lies in the archive, where it is not compressed.
    pub(crate) fn stored(&self, entry: &Entry) -> Result<Option<Section<'a>>, ArchiveError> {
        Ok((entry.method == 0).then_some(self.raw(entry)?))
    }

    /// The content as a stream, without a bound: the caller knows how much it wants.
    pub(crate) fn stream(&self, entry: &Entry) -> Result<Box<dyn Read + 'a>, ArchiveError> {
        let raw = BufReader::new(self.raw(entry)?.reader()?);
        match entry.method {
            0 => Ok(Box::new(raw)),
            8 => Ok(Box::new(DeflateDecoder::new(raw))),
            other => Err(ArchiveError::Method(other)),
        }
    }

    fn raw(&self, entry: &Entry) -> Result<Section<'a>, ArchiveError> {
        if entry.flags & 1 != 0 {
            return Err(ArchiveError::Encrypted);
        }
        let header_start = self.base.checked_add(entry.offset).ok_or(ArchiveError::Misplaced)?;
        let mut header = [0; LOCAL_LENGTH];
        let read = self.section.part(header_start, LOCAL_LENGTH as u64).reader()?.read_exact(&mut header);
        read.map_err(|_| ArchiveError::Misplaced)?;
        if le32(&header, 0) != LOCAL_SIGNATURE {
            return Err(ArchiveError::Misplaced);
        }
        let skipped = LOCAL_LENGTH as u64 + u64::from(le16(&header, 26)) + u64::from(le16(&header, 28));
        let start = header_start.checked_add(skipped).ok_or(ArchiveError::Misplaced)?;
        Ok(self.section.part(start, entry.compressed_size))
    }
}

/// Where the central directory is, as the end of the archive says.
struct Directory {
    entries: u64,
    size: u64,
    offset: u64,
    /// Where it ends in the section.
    end: u64,
}

fn begins_entry(section: Section<'_>, start: u64) -> bool {
    let mut signature = [0; 4];
    let read = section.part(start, 4).reader().and_then(|mut reader| reader.read_exact(&mut signature));
    read.is_ok() && le32(&signature, 0) == ENTRY_SIGNATURE
}

/// The last place where the end record and its comment fill the tail.
fn find_end(tail: &[u8]) -> Option<usize> {
    let last = tail.len().checked_sub(END_LENGTH as usize)?;
    let matches = |position: &usize| le32(tail, *position) == END_SIGNATURE;
    let fills = |position: &usize| {
        position + END_LENGTH as usize + usize::from(le16(tail, position + 20)) == tail.len()
    };
    let mut candidates = (0..=last).rev().filter(matches);
    // Some writers append padding after the comment; the last record then still counts.
    candidates.clone().find(fills).or_else(|| candidates.next())
}

/// The directory of an archive with 64-bit fields; `None` where there are none after all.
fn zip64_directory(section: Section<'_>, end: u64) -> Result<Option<Directory>, ArchiveError> {
    let Some(locator_start) = end.checked_sub(ZIP64_LOCATOR_LENGTH) else { return Ok(None) };
    let mut locator = [0; ZIP64_LOCATOR_LENGTH as usize];
    section.part(locator_start, ZIP64_LOCATOR_LENGTH).reader()?.read_exact(&mut locator)?;
    if le32(&locator, 0) != ZIP64_LOCATOR_SIGNATURE {
        return Ok(None);
    }
    // The record stands before its locator; the offset that is written ignores what precedes the archive.
    for start in [locator_start.checked_sub(ZIP64_END_LENGTH), Some(le64(&locator, 8))].into_iter().flatten()
    {
        let mut record = [0; ZIP64_END_LENGTH as usize];
        if section.part(start, ZIP64_END_LENGTH).reader()?.read_exact(&mut record).is_ok()
            && le32(&record, 0) == ZIP64_END_SIGNATURE
        {
            let (entries, size, offset) = (le64(&record, 32), le64(&record, 40), le64(&record, 48));
            return Ok(Some(Directory { entries, size, offset, end: start }));
        }
    }
    Err(ArchiveError::NoDirectory)
}

/// Reads the next line of the directory. `scratch` saves an allocation for each.
fn read_entry(reader: &mut impl Read, scratch: &mut Vec<u8>) -> io::Result<Entry> {
    let mut fixed = [0; ENTRY_LENGTH];
    reader.read_exact(&mut fixed)?;
    if le32(&fixed, 0) != ENTRY_SIGNATURE {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let name_length = usize::from(le16(&fixed, 28));
    let extra_length = usize::from(le16(&fixed, 30));
    let comment_length = usize::from(le16(&fixed, 32));
    scratch.clear();
    scratch.resize(name_length + extra_length + comment_length, 0);
    reader.read_exact(scratch)?;
    let (name, rest) = scratch.split_at(name_length);
    let mut entry = Entry {
        name: String::from_utf8_lossy(name).into_owned(),
        size: u64::from(le32(&fixed, 24)),
        compressed_size: u64::from(le32(&fixed, 20)),
        offset: u64::from(le32(&fixed, 42)),
        flags: le16(&fixed, 8),
        method: le16(&fixed, 10),
    };
    apply_zip64(&mut entry, rest.get(..extra_length).unwrap_or_default());
    Ok(entry)
}

/// Replaces the 32-bit fields that are full by the 64-bit ones of the extra field 1, in their fixed order.
fn apply_zip64(entry: &mut Entry, mut extra: &[u8]) {
    while extra.len() >= 4 {
        let (id, length) = (le16(extra, 0), usize::from(le16(extra, 2)));
        let Some(value) = extra.get(4..4 + length) else { return };
        if id == 1 {
            let mut values = value.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
            for field in [&mut entry.size, &mut entry.compressed_size, &mut entry.offset] {
                if *field == 0xffff_ffff {
                    *field = values.next().unwrap_or(*field);
                }
            }
            return;
        }
        extra = &extra[4 + length..];
    }
}

/// The number at this place; 0 beyond the end.
fn le16(bytes: &[u8], at: usize) -> u16 {
    array(bytes, at).map_or(0, u16::from_le_bytes)
}

fn le32(bytes: &[u8], at: usize) -> u32 {
    array(bytes, at).map_or(0, u32::from_le_bytes)
}

fn le64(bytes: &[u8], at: usize) -> u64 {
    array(bytes, at).map_or(0, u64::from_le_bytes)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;

    fn made(files: &[(&str, &[u8])], method: zip::CompressionMethod, large: bool) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(method).large_file(large);
        for (name, bytes) in files {
            writer.start_file(*name, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    /// Names and contents, or the error.
    fn read(bytes: &[u8]) -> String {
        let list = || -> Result<String, ArchiveError> {
            let archive = Archive::open(Section::whole(Content::Memory(bytes)))?;
            let mut entries = Vec::new();
            archive.each_entry(3, |entry| entries.push(entry))?;
            let mut text = String::new();
            for entry in entries {
                let mut content = String::new();
                archive.stream(&entry)?.read_to_string(&mut content)?;
                text += &entry.name;
                text += "=";
                text += &content;
                text += " ";
            }
            Ok(text)
        };
        list().unwrap_or_else(|error| format!("! {error}"))
    }

    const FILES: &[(&str, &[u8])] = &[("a", b"aaaaaaaaaaaaaaaaaaaaaaaaaa"), ("b/c", b"x")];
    const SEEN: &str = "a=aaaaaaaaaaaaaaaaaaaaaaaaaa b/c=x ";

    #[test]
    fn stored_deflated_and_large_archives_read_the_same() {
        for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
            for large in [false, true] {
                assert_eq!(read(&made(FILES, method, large)), SEEN, "{method} {large}");
            }
        }
    }

    #[test]
    fn what_stands_around_the_archive_is_no_obstacle() {
        let archive = made(FILES, zip::CompressionMethod::Deflated, false);
        assert_eq!(read(&[b"#!/bin/sh\nexec java -jar $0\n", &archive[..]].concat()), SEEN);
        assert_eq!(read(&[&archive[..], b"\0\0\0"].concat()), SEEN);
    }

    #[test]
    fn too_many_entries_and_broken_archives_are_errors() {
        let four: Vec<(&str, &[u8])> = ["a", "b", "c", "d"].map(|name| (name, &b""[..])).to_vec();
        assert_eq!(read(&made(&four, zip::CompressionMethod::Stored, false)), "! more than 3 entries");
        assert!(read(b"").starts_with("! not a zip archive"));
        assert!(read(&vec![b'P'; 100_000]).starts_with("! not a zip archive"));
        let mut archive = made(FILES, zip::CompressionMethod::Stored, false);
        let directory = archive.len() - 22 - 2 * 46 - 4;
        archive[directory] = b'X';
        assert_eq!(read(&archive), "! the central directory is damaged after 0 entries");
    }

    #[test]
    fn a_stored_entry_is_a_part_of_the_archive() {
        let inner = made(FILES, zip::CompressionMethod::Stored, false);
        let bytes = made(&[("inner.jar", &inner)], zip::CompressionMethod::Stored, false);
        let archive = Archive::open(Section::whole(Content::Memory(&bytes))).unwrap();
        let mut entries = Vec::new();
        archive.each_entry(10, |entry| entries.push(entry)).unwrap();
        let section = archive.stored(&entries[0]).unwrap().unwrap();
        let mut read = Vec::new();
        section.reader().unwrap().read_to_end(&mut read).unwrap();
        assert_eq!(read, inner);
    }
}
