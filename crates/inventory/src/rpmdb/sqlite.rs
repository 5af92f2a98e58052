//! `rpmdb.sqlite`: the blobs of the table `Packages`, by a walk over its b-tree.
//!
//! <https://www.sqlite.org/fileformat2.html>. Changes that stand in a write-ahead log only are not read,
//! but seen: [`has_pending_changes`].

use seawall_model::Content;

use super::pages::{Pages, be16, be32};
use super::{Damage, Visit};

const MAGIC: &[u8] = b"SQLite format 3\0";
/// The header of the file, in front of the first page's own.
const FILE_HEADER: usize = 100;
/// A tree of the largest database has no more than a dozen levels.
const MAX_DEPTH: usize = 40;
const INTERIOR_TABLE: u8 = 0x05;
const LEAF_TABLE: u8 = 0x0d;

pub(super) fn is_one(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

pub(super) fn read(content: Content<'_>, visit: &mut Visit<'_>) -> Result<(), Damage> {
    let mut head = [0; FILE_HEADER];
    content.read_exact_at(&mut head, 0).map_err(|_| Damage::new("the database is cut short"))?;
    let page_size = match be16(&head, 16) {
        Some(1) => 65_536,
        Some(size) if size >= 512 && size.is_power_of_two() => usize::from(size),
        _ => return Err(Damage::new("the page size is none that SQLite has")),
    };
    if !matches!(head[56..60], [0, 0, 0, 0 | 1]) {
        return Err(Damage::new("its texts are in UTF-16, which rpm never uses"));
    }
    let usable = page_size - usize::from(head[20]);
    let mut root = None;
    let mut schema_damage = None;
    Walk::new(content, page_size, usable).rows(1, 0, &mut |row| match row {
        Ok(row) => root = root.or_else(|| root_of_packages(&row)),
        Err(damage) => schema_damage = Some(damage),
    });
    let Some(root) = root else {
        return Err(schema_damage.unwrap_or_else(|| Damage::new("there is no table Packages in it")));
    };
    Walk::new(content, page_size, usable).rows(root, 0, &mut |row| {
        let blob = row.and_then(|row| {
            let blob = columns(&row).and_then(|columns| Some(columns.into_iter().nth(1)?.bytes.to_vec()));
            blob.ok_or_else(|| Damage::new("a row of the table Packages is malformed"))
        });
        visit(blob);
    });
    Ok(())
}

/// Whether a write-ahead log has frames. The first frame must carry the salt of the log's header: after
/// a restart of the log old frames are left behind it, and they are in the database already.
///
/// <https://www.sqlite.org/walformat.html>
pub(crate) fn has_pending_changes(content: Content<'_>) -> bool {
    let mut head = [0; 32 + 24];
    if content.read_exact_at(&mut head, 0).is_err() {
        return false;
    }
    matches!(be32(&head, 0), Some(0x377f_0682 | 0x377f_0683)) && head[16..24] == head[32 + 8..32 + 16]
}

/// A walk over one b-tree.
struct Walk<'a> {
    pages: Pages<'a>,
    /// Bytes of a page that hold data.
    usable: usize,
}

impl<'a> Walk<'a> {
    fn new(content: Content<'a>, page_size: usize, usable: usize) -> Self {
        Self { pages: Pages::new(content, page_size, 1), usable }
    }

    /// Shows the record of each row below a page, in the order of their keys.
    fn rows(&mut self, number: u32, depth: usize, each: &mut dyn FnMut(Result<Vec<u8>, Damage>)) {
        let page = match self.pages.take(number) {
            Ok(_) if depth > MAX_DEPTH => return each(Err(Damage::new("the tree of a table is too deep"))),
            Ok(page) => page,
            Err(damage) => return each(Err(damage)),
        };
        let start = if number == 1 { FILE_HEADER } else { 0 };
        match page.get(start) {
            Some(&LEAF_TABLE) => {
                for cell in cells(&page, start + 8, start + 3) {
                    each(self.record(&page, cell));
                }
            }
            Some(&INTERIOR_TABLE) => {
                let children = cells(&page, start + 12, start + 3).map(|cell| be32(&page, cell));
                for child in children.chain([be32(&page, start + 8)]) {
                    match child {
                        Some(child) => self.rows(child, depth + 1, each),
                        None => each(Err(Damage::new(format!("page {number} points outside itself")))),
                    }
                }
            }
            _ => each(Err(Damage::new(format!("page {number} is no page of a table")))),
        }
    }

    /// The record of a leaf's cell, put together with what stands on overflow pages.
    fn record(&mut self, page: &[u8], cell: usize) -> Result<Vec<u8>, Damage> {
        let outside = || Damage::new("a row reaches beyond its page");
        let rest = page.get(cell..self.usable).ok_or_else(outside)?;
        let (length, rest) = varint(rest).ok_or_else(outside)?;
        let (_row, rest) = varint(rest).ok_or_else(outside)?;
        self.pages.spend(length)?;
        let length = length as usize;
        let local = self.local_bytes(length);
        let mut record = rest.get(..local).ok_or_else(outside)?.to_vec();
        if local == length {
            return Ok(record);
        }
        let mut next = be32(rest, local).ok_or_else(outside)?;
        while record.len() < length {
            let overflow = self.pages.take(next)?;
            let count = (self.usable - 4).min(length - record.len());
            record.extend_from_slice(overflow.get(4..4 + count).ok_or_else(outside)?);
            next = be32(&overflow, 0).ok_or_else(outside)?;
        }
        Ok(record)
    }

    /// How much of a record of this length stands in its leaf. Section 1.6 of the format.
    fn local_bytes(&self, length: usize) -> usize {
        let usable = self.usable;
        if length <= usable - 35 {
            return length;
        }
        let least = (usable - 12) * 32 / 255 - 23;
        let most = least + (length - least) % (usable - 4);
        if most <= usable - 35 { most } else { least }
    }
}

/// Where the cells of a page begin. Every page has at least 512 bytes, so that its header is there.
fn cells(page: &[u8], pointers: usize, count_at: usize) -> impl Iterator<Item = usize> {
    let count = usize::from(be16(page, count_at).unwrap_or(0));
    (0..count).map_while(move |index| be16(page, pointers + 2 * index)).map(usize::from)
}

/// A number of one to nine bytes, seven bits in each but the last.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for index in 0..8 {
        let byte = *bytes.get(index)?;
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    Some((value << 8 | u64::from(*bytes.get(8)?), &bytes[9..]))
}

/// A value of a record: its serial type and its bytes.
struct Column<'a> {
    kind: u64,
    bytes: &'a [u8],
}

/// The first columns of a record; the tables that are read have no more than five.
fn columns(record: &[u8]) -> Option<Vec<Column<'_>>> {
    let (header_length, after) = varint(record)?;
    let header_length = usize::try_from(header_length).ok()?;
    let mut kinds = after.get(..header_length.checked_sub(record.len() - after.len())?)?;
    let mut body = record.get(header_length..)?;
    let mut columns = Vec::new();
    while !kinds.is_empty() && columns.len() < 5 {
        let (kind, rest) = varint(kinds)?;
        let length = match kind {
            0..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            8..=11 => 0,
            _ => (kind - 12) / 2,
        };
        let (bytes, after) = body.split_at_checked(usize::try_from(length).ok()?)?;
        columns.push(Column { kind, bytes });
        (kinds, body) = (rest, after);
    }
    Some(columns)
}

/// The root page of the table `Packages`, where this row of the schema describes it.
fn root_of_packages(row: &[u8]) -> Option<u32> {
    let columns = columns(row)?;
    let [kind, name, _, root, ..] = &columns[..] else { return None };
    if kind.bytes != b"table" || name.bytes != b"Packages" {
        return None;
    }
    match root.kind {
        9 => Some(1),
        1..=4 => Some(root.bytes.iter().fold(0, |value: u32, byte| value.wrapping_shl(8) | u32::from(*byte))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_numbers() {
        for (bytes, expected) in [
            (&[0x7f][..], Some(127)),
            (&[0x81, 0x00], Some(128)),
            (&[0xff; 9], Some(u64::MAX)),
            (&[0x80], None),
            (&[0xff; 8], None),
            (&[], None),
        ] {
            assert_eq!(varint(bytes).map(|(value, _)| value), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_log_without_frames_of_its_own_has_no_changes() {
        let mut log = vec![0; 100];
        log[..4].copy_from_slice(&0x377f_0682_u32.to_be_bytes());
        log[16..24].copy_from_slice(b"saltsalt");
        assert!(!has_pending_changes(Content::Memory(&log)), "frames of another salt");
        log[40..48].copy_from_slice(b"saltsalt");
        assert!(has_pending_changes(Content::Memory(&log)));
        assert!(!has_pending_changes(Content::Memory(&log[..32])), "a header alone");
        assert!(!has_pending_changes(Content::Memory(b"")));
    }
}
