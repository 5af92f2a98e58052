//! `Packages`: a hash table of Berkeley DB, as rpm had it until 2020, in either byte order.
//!
//! Hash buckets are not followed: every page of the table is visited in its place. Only what a page calls
//! an item is read, so that deleted headers, whose pages were freed, do not come back.
//!
//! Layout: <https://github.com/berkeleydb/libdb/blob/v5.3.28/src/dbinc/db_page.h>

use seawall_model::Content;

use super::pages::Pages;
use super::{Damage, Visit};

const HASH_MAGIC: u32 = 0x0006_1561;
/// Every page but the first begins with this many bytes of header.
const PAGE_HEADER: usize = 26;
const UNSORTED_HASH_PAGE: u8 = 2;
const OVERFLOW_PAGE: u8 = 7;
const HASH_META_PAGE: u8 = 8;
const HASH_PAGE: u8 = 13;
/// Items: bytes on the page itself, or the start of a chain of overflow pages.
const ITEM_INLINE: u8 = 1;
const ITEM_OVERFLOW: u8 = 3;

pub(super) fn is_one(head: &[u8]) -> bool {
    Order::of(head).is_some()
}

pub(super) fn read(content: Content<'_>, visit: &mut Visit<'_>) -> Result<(), Damage> {
    let mut meta = [0; 72];
    content.read_exact_at(&mut meta, 0).map_err(|_| Damage::new("the database is cut short"))?;
    let order = Order::of(&meta).ok_or_else(|| Damage::new("it is no hash table of Berkeley DB"))?;
    let page_size = order.u32(&meta, 20).unwrap_or(0);
    if !(512..=65_536).contains(&page_size) || !page_size.is_power_of_two() {
        return Err(Damage::new("the page size is none that Berkeley DB has"));
    }
    // Encrypted pages, or checksums in front of the items: rpm has never used either.
    if meta[24] != 0 || meta[26] & 1 != 0 || meta[25] != HASH_META_PAGE {
        return Err(Damage::new("it is a hash table of a kind that rpm never uses"));
    }
    let last = order.u32(&meta, 32).unwrap_or(0);
    let mut table = Table { pages: Pages::new(content, page_size as usize, 0), order };
    if u64::from(last) >= table.pages.count() {
        visit(Err(Damage::new("the database is cut short")));
    }
    for number in 1..=last.min(u32::try_from(table.pages.count()).unwrap_or(u32::MAX).saturating_sub(1)) {
        table.read_page(content, number, visit);
    }
    Ok(())
}

/// The byte order of the machine that wrote the database.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn of(head: &[u8]) -> Option<Self> {
        let magic = head.get(12..)?.first_chunk()?;
        match (u32::from_le_bytes(*magic), u32::from_be_bytes(*magic)) {
            (HASH_MAGIC, _) => Some(Self::Little),
            (_, HASH_MAGIC) => Some(Self::Big),
            _ => None,
        }
    }

    fn u16(self, bytes: &[u8], at: usize) -> Option<usize> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(usize::from(match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }))
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
    }
}

struct Table<'a> {
    pages: Pages<'a>,
    order: Order,
}

impl Table<'_> {
    /// Shows the values of a page, if it is one of the hash table.
    fn read_page(&mut self, content: Content<'_>, number: u32, visit: &mut Visit<'_>) {
        let mut head = [0; PAGE_HEADER];
        let offset = u64::from(number) * self.pages.page_size() as u64;
        if content.read_exact_at(&mut head, offset).is_err() {
            return visit(Err(Damage::new(format!("page {number} can't be read"))));
        }
        // Overflow pages are read with the item that they belong to, freed ones not at all.
        if !matches!(head[25], HASH_PAGE | UNSORTED_HASH_PAGE) {
            return;
        }
        let page = match self.pages.take(number) {
            Ok(page) => page,
            Err(damage) => return visit(Err(damage)),
        };
        let items = self.order.u16(&page, 20).unwrap_or(0);
        for pair in 0..items / 2 {
            match self.pair(&page, 2 * pair) {
                Ok(None) => {}
                Ok(Some(value)) => visit(Ok(value)),
                Err(why) => visit(Err(Damage::new(format!("page {number}: {why}")))),
            }
        }
    }

    /// The value whose key is this item of the page; `None` for the record of key 0, which counts packages.
    fn pair(&mut self, page: &[u8], item: usize) -> Result<Option<Vec<u8>>, Damage> {
        let key = self.item(page, item)?;
        if let [ITEM_INLINE, 0, 0, 0, 0] = key {
            return Ok(None);
        }
        let value = self.item(page, item + 1)?;
        match value.first() {
            Some(&ITEM_INLINE) => {
                self.pages.spend(value.len() as u64)?;
                Ok(Some(value[1..].to_vec()))
            }
            Some(&ITEM_OVERFLOW) => {
                let start = self.order.u32(value, 4).zip(self.order.u32(value, 8));
                let (start, length) = start.ok_or_else(|| Damage::new("an item is cut short"))?;
                self.chain(start, u64::from(length)).map(Some)
            }
            _ => Err(Damage::new("an item is of a kind that rpm never uses")),
        }
    }

    /// The bytes of an item: from its offset to that of the item before, for they grow downwards.
    fn item<'p>(&self, page: &'p [u8], item: usize) -> Result<&'p [u8], Damage> {
        let offset = |item: usize| self.order.u16(page, PAGE_HEADER + 2 * item);
        let end = if item == 0 { Some(page.len()) } else { offset(item - 1) };
        let bytes = offset(item).zip(end).and_then(|(start, end)| page.get(start..end));
        bytes.ok_or_else(|| Damage::new("an item lies outside its page"))
    }

    /// The bytes of a chain of overflow pages.
    fn chain(&mut self, start: u32, length: u64) -> Result<Vec<u8>, Damage> {
        self.pages.spend(length)?;
        let length = length as usize;
        let mut bytes = Vec::new();
        let mut next = start;
        while bytes.len() < length {
            let page = self.pages.take(next)?;
            if page[25] != OVERFLOW_PAGE {
                return Err(Damage::new(format!("page {next} is no page of a long item")));
            }
            let count = self.order.u16(&page, 22).unwrap_or(0).min(length - bytes.len());
            let data = page.get(PAGE_HEADER..PAGE_HEADER + count).filter(|data| !data.is_empty());
            bytes.extend_from_slice(data.ok_or_else(|| Damage::new(format!("page {next} has no data")))?);
            next = self.order.u32(&page, 16).unwrap_or(0);
        }
        Ok(bytes)
    }
}
