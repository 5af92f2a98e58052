//! `Packages.db`: rpm's own database of SUSE and others: slots in front, then a blob for each package.
//!
//! All numbers are little-endian. <https://github.com/rpm-software-management/rpm/blob/rpm-4.18.x/lib/backend/ndb/rpmpkg.c>

use seawall_model::Content;

use super::pages::le32;
use super::{Damage, Visit};

const DATABASE: &[u8] = b"RpmP";
const SLOT: &[u8] = b"Slot";
const BLOB_START: &[u8] = b"BlbS";
const BLOB_END: &[u8] = b"BlbE";

/// The table of slots comes in pages of this size; the first two slots are the header of the file.
const PAGE: u64 = 4096;
const SLOT_BYTES: u64 = 16;
/// Blobs begin at multiples of this.
const BLOCK: u64 = 16;
/// Magic, package index, generation, length.
const BLOB_HEAD: u64 = 16;
/// Checksum, length, magic.
const BLOB_TAIL: u64 = 12;

pub(super) fn is_one(head: &[u8]) -> bool {
    head.starts_with(DATABASE)
}

pub(super) fn read(content: Content<'_>, visit: &mut Visit<'_>) -> Result<(), Damage> {
    let mut head = [0; 32];
    content.read_exact_at(&mut head, 0).map_err(|_| Damage::new("the database is cut short"))?;
    if le32(&head, 4) != Some(0) {
        return Err(Damage::new("it is of a later version of the format"));
    }
    let slot_pages = u64::from(le32(&head, 12).unwrap_or(0));
    let slots_end = slot_pages * PAGE;
    if slot_pages == 0 || slots_end > content.size() {
        return Err(Damage::new("the table of packages reaches beyond the file"));
    }
    // Blobs lie beside each other: together they can't be longer than the file.
    let mut budget = content.size();
    for page in 0..slot_pages {
        let mut slots = [0; PAGE as usize];
        content
            .read_exact_at(&mut slots, page * PAGE)
            .map_err(|error| Damage::new(format!("the table of packages can't be read: {error}")))?;
        let skipped = if page == 0 { 2 } else { 0 };
        for slot in slots.chunks_exact(SLOT_BYTES as usize).skip(skipped) {
            match read_slot(content, slot, &mut budget) {
                Ok(None) => {}
                Ok(Some(blob)) => visit(Ok(blob)),
                Err(damage) => visit(Err(damage)),
            }
        }
    }
    Ok(())
}

/// The blob of a slot; `None` where the slot is free.
fn read_slot(content: Content<'_>, slot: &[u8], budget: &mut u64) -> Result<Option<Vec<u8>>, Damage> {
    let word = |index: usize| le32(slot, 4 * index).unwrap_or(0);
    if !slot.starts_with(SLOT) {
        return Err(Damage::new("a slot of the table of packages is malformed"));
    }
    let (package, offset, blocks) = (word(1), u64::from(word(2)) * BLOCK, u64::from(word(3)));
    if offset == 0 {
        return Ok(None);
    }
    let outside = |_| Damage::new(format!("the header of package {package} lies outside the file"));
    let mut head = [0; BLOB_HEAD as usize];
    content.read_exact_at(&mut head, offset).map_err(outside)?;
    let length = u64::from(le32(&head, 12).unwrap_or(0));
    let fits = (BLOB_HEAD + length + BLOB_TAIL).div_ceil(BLOCK) == blocks;
    if !head.starts_with(BLOB_START) || le32(&head, 4) != Some(package) || !fits {
        return Err(Damage::new(format!("the header of package {package} is not where it should be")));
    }
    let mut tail = [0; BLOB_TAIL as usize];
    content.read_exact_at(&mut tail, offset + blocks * BLOCK - BLOB_TAIL).map_err(outside)?;
    if !tail.ends_with(BLOB_END) || le32(&tail, 4).map(u64::from) != Some(length) {
        return Err(Damage::new(format!("the header of package {package} has no proper end")));
    }
    *budget = budget
        .checked_sub(length)
        .ok_or_else(|| Damage::new(format!("the header of package {package} overlaps others")))?;
    let mut blob = vec![0; length as usize];
    content.read_exact_at(&mut blob, offset + BLOB_HEAD).map_err(outside)?;
    Ok(Some(blob))
}
