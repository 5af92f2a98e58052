//! The header of one installed package: tags and their values.
//!
//! All numbers are big-endian. <https://rpm-software-management.github.io/rpm/manual/format_header.html>
//! Signatures are not looked at: they speak of the package file, not of what is installed.

use std::borrow::Cow;

use super::Damage;
use super::pages::be32;

/// Tags of <https://rpm-software-management.github.io/rpm/manual/tags.html>.
pub(crate) const NAME: u32 = 1000;
pub(crate) const VERSION: u32 = 1001;
pub(crate) const RELEASE: u32 = 1002;
pub(crate) const EPOCH: u32 = 1003;
pub(crate) const VENDOR: u32 = 1011;
pub(crate) const LICENCE: u32 = 1014;
pub(crate) const ARCH: u32 = 1022;
pub(crate) const OLD_FILE_NAMES: u32 = 1027;
pub(crate) const SOURCE_RPM: u32 = 1044;
pub(crate) const DIRECTORY_INDEXES: u32 = 1116;
pub(crate) const BASE_NAMES: u32 = 1117;
pub(crate) const DIRECTORY_NAMES: u32 = 1118;
pub(crate) const MODULARITY_LABEL: u32 = 5096;

const INT32: u32 = 4;
const STRING: u32 = 6;
const STRING_ARRAY: u32 = 8;
const I18N_STRING: u32 = 9;

/// Tag, type, offset, count.
const INDEX_ENTRY: usize = 16;
/// rpm refuses headers with more; so no header costs more than this many look-ups for each tag.
const MAX_INDEX_ENTRIES: usize = 0xffff;

/// A header whose two parts lie inside its bytes.
pub(crate) struct Header<'a> {
    index: &'a [u8],
    data: &'a [u8],
}

impl<'a> Header<'a> {
    pub(crate) fn parse(blob: &'a [u8]) -> Result<Self, Damage> {
        let cut_short = || Damage::new("a header is cut short");
        let entries = be32(blob, 0).ok_or_else(cut_short)? as usize;
        let data_bytes = be32(blob, 4).ok_or_else(cut_short)? as usize;
        if entries == 0 || entries > MAX_INDEX_ENTRIES {
            return Err(Damage::new("a header has no tags, or more than a header may have"));
        }
        let rest = blob.get(8..).ok_or_else(cut_short)?;
        let (index, rest) = rest.split_at_checked(entries * INDEX_ENTRY).ok_or_else(cut_short)?;
        let data = rest.get(..data_bytes).ok_or_else(cut_short)?;
        Ok(Self { index, data })
    }

    /// The first string of a tag; `None` where there is none, or it is empty.
    pub(crate) fn string(&self, tag: u32) -> Option<Cow<'a, str>> {
        let bytes = self.strings(tag).next().filter(|bytes| !bytes.is_empty())?;
        Some(String::from_utf8_lossy(bytes))
    }

    /// All strings of a tag.
    pub(crate) fn strings(&self, tag: u32) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (mut data, count) = match self.entry(tag) {
            Some((STRING, data, _)) => (data, 1),
            Some((STRING_ARRAY | I18N_STRING, data, count)) => (data, count),
            _ => (&[][..], 0),
        };
        (0..count).map_while(move |_| {
            let end = memchr::memchr(0, data)?;
            let (string, rest) = data.split_at(end);
            data = &rest[1..];
            Some(string)
        })
    }

    /// All numbers of a tag.
    pub(crate) fn numbers(&self, tag: u32) -> impl Iterator<Item = u32> + use<'a> {
        let (data, count) = match self.entry(tag) {
            Some((INT32, data, count)) => (data, count),
            _ => (&[][..], 0),
        };
        data.as_chunks::<4>().0.iter().take(count).map(|bytes| u32::from_be_bytes(*bytes))
    }

    /// Type, data and count of a tag.
    fn entry(&self, tag: u32) -> Option<(u32, &'a [u8], usize)> {
        let entry = self.index.chunks_exact(INDEX_ENTRY).find(|entry| be32(entry, 0) == Some(tag))?;
        let offset = be32(entry, 8)? as usize;
        Some((be32(entry, 4)?, self.data.get(offset..)?, be32(entry, 12)? as usize))
    }
}
