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

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of entries (tag, type, offset, count) and data.
    fn header(entries: &[[u32; 4]], data: &[u8]) -> Vec<u8> {
        let mut blob = Vec::new();
        for number in [entries.len() as u32, data.len() as u32].iter().chain(entries.iter().flatten()) {
            blob.extend_from_slice(&number.to_be_bytes());
        }
        blob.extend_from_slice(data);
        blob
    }

    #[test]
    fn values_of_all_kinds() {
        let entries = [
            [NAME, STRING, 0, 1],
            [VENDOR, I18N_STRING, 5, 2],
            [BASE_NAMES, STRING_ARRAY, 5, 2],
            [EPOCH, INT32, 12, 1],
            [LICENCE, INT32, 0, 1],
        ];
        let blob = header(&entries, b"bash\0one\0tw\0\0\0\0\x20");
        let header = Header::parse(&blob).unwrap();
        assert_eq!(header.string(NAME).as_deref(), Some("bash"));
        assert_eq!(header.string(VENDOR).as_deref(), Some("one"));
        assert_eq!(header.strings(BASE_NAMES).collect::<Vec<_>>(), [&b"one"[..], b"tw"]);
        assert_eq!(header.numbers(EPOCH).collect::<Vec<_>>(), [32]);
        assert_eq!(header.string(LICENCE), None, "a number is no text");
        assert_eq!(header.string(ARCH), None, "not there");
    }

    #[test]
    fn counts_and_offsets_beyond_the_data_give_what_is_there() {
        let entries = [
            [BASE_NAMES, STRING_ARRAY, 0, u32::MAX],
            [DIRECTORY_INDEXES, INT32, 4, u32::MAX],
            [NAME, STRING, 5000, 1],
            [VERSION, STRING, 6, 1],
        ];
        let blob = header(&entries, b"a\0b\0\0\0\0\x01x");
        let header = Header::parse(&blob).unwrap();
        assert_eq!(header.strings(BASE_NAMES).take(2).collect::<Vec<_>>(), [b"a", b"b"]);
        assert!(header.strings(BASE_NAMES).count() <= 9);
        assert_eq!(header.numbers(DIRECTORY_INDEXES).collect::<Vec<_>>(), [1]);
        assert_eq!(header.string(NAME), None);
        assert_eq!(header.string(VERSION), None, "no end before the end of the data");
    }

    #[test]
    fn what_is_no_header() {
        let whole = header(&[[NAME, STRING, 0, 1]], b"bash\0");
        for length in 0..whole.len() {
            assert!(Header::parse(&whole[..length]).is_err(), "cut at {length}");
        }
        assert!(Header::parse(&[0xff; 64]).is_err());
        assert!(Header::parse(&header(&[], b"")).is_err());
    }
}
