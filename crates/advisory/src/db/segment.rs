//! One ecosystem's part of the database, read in place.
//!
//! | section | content |
//! |---|---|
//! | meta | where the feed came from, its date, counts |
//! | releases | the ecosystems with release that its records name |
//! | lists | ranges, version lists and severity lists, each once |
//! | package keys, package offsets | sorted hashes of (ecosystem, name), and where their postings are |
//! | postings | for each package, what each record says of it |
//! | record offsets, records | identifiers, dates, severities |
//! | identifier keys, identifier records | sorted hashes of identifiers, and the records that hold them |
//! | brief, details | texts in compressed blocks |
//! | withdrawn index, withdrawn | sorted hashes of names with places, and the records that were taken back |

use seawall_model::{FindingKind, Severity, Timestamp};

use super::DbError;
use super::bytes::{Cursor, put_optional_signed, put_optional_text, put_text, put_varint};
use crate::record::{EventKind, NoFix, RangeKind, Refusal, Withdrawn};

pub(super) const SECTIONS: usize = 15;
pub(super) const META: usize = 0;
pub(super) const RELEASES: usize = 1;
pub(super) const LISTS: usize = 2;
pub(super) const PACKAGE_KEYS: usize = 3;
pub(super) const PACKAGE_OFFSETS: usize = 4;
pub(super) const POSTINGS: usize = 5;
pub(super) const RECORD_OFFSETS: usize = 6;
pub(super) const RECORDS: usize = 7;
pub(super) const ID_KEYS: usize = 8;
pub(super) const ID_RECORDS: usize = 9;
pub(super) const BLOCK_OFFSETS: usize = 10;
pub(super) const BRIEF: usize = 11;
pub(super) const DETAILS: usize = 12;
pub(super) const WITHDRAWN_INDEX: usize = 13;
pub(super) const WITHDRAWN: usize = 14;

/// LIMIT: bytes of one block of texts after decompression; blocks are cut at 128 KiB, and only a record with
/// longer texts makes a larger one. A larger one is called damaged.
pub(super) const MAX_BLOCK_BYTES: usize = 96 << 20;

/// Entries for which room is made before they are read.
const MAX_RESERVED: usize = 1024;

/// What a segment says of the feed that it was built from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedMeta {
    /// The name of the feed's directory, an ecosystem without release.
    pub ecosystem: String,
    /// The URL or file that was read.
    pub source: String,
    /// How new the feed is: `Last-Modified`, else the newest plausible `modified`; `None` is unknown.
    pub date: Option<Timestamp>,
    /// `ETag` of the answer, to ask whether it has changed.
    pub etag: Option<String>,
    /// `Last-Modified` of the answer as it was written.
    pub last_modified: Option<String>,
    /// Bytes of the zip.
    pub size: u64,
    /// Modification time of the zip in nanoseconds, for feeds from a directory.
    pub modified_ns: Option<i64>,
    /// Records in the segment.
    pub records: usize,
    /// Records that are not in it.
    pub refused: Vec<Refused>,
}

/// How many records of a feed are not in the database for one reason, and the first of their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub reason: Refusal,
    pub count: usize,
    /// Name and explanation of the first ones; only for those that could not be read.
    pub named: Vec<(String, String)>,
}

impl FeedMeta {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_text(&mut out, &self.ecosystem);
        put_text(&mut out, &self.source);
        put_optional_signed(&mut out, self.date.map(Timestamp::unix));
        put_optional_text(&mut out, self.etag.as_deref());
        put_optional_text(&mut out, self.last_modified.as_deref());
        put_varint(&mut out, self.size);
        put_optional_signed(&mut out, self.modified_ns);
        put_varint(&mut out, self.records as u64);
        put_varint(&mut out, self.refused.len() as u64);
        for refused in &self.refused {
            out.push(refused.reason as u8);
            put_varint(&mut out, refused.count as u64);
            put_varint(&mut out, refused.named.len() as u64);
            for (name, why) in &refused.named {
                put_text(&mut out, name);
                put_text(&mut out, why);
            }
        }
        out
    }

    fn decode(bytes: &[u8]) -> Result<Self, DbError> {
        let mut cursor = Cursor::at(bytes, 0)?;
        let mut meta = Self {
            ecosystem: cursor.text()?.to_owned(),
            source: cursor.text()?.to_owned(),
            date: cursor.optional_signed()?.map(Timestamp::from_unix),
            etag: cursor.optional_text()?.map(str::to_owned),
            last_modified: cursor.optional_text()?.map(str::to_owned),
            size: cursor.varint()?,
            modified_ns: cursor.optional_signed()?,
            records: cursor.size()?,
            refused: Vec::new(),
        };
        for _ in 0..cursor.count()? {
            let reason =
                *Refusal::ALL.get(usize::from(cursor.u8()?)).ok_or(DbError::Damaged("an unknown reason"))?;
            let count = cursor.size()?;
            let mut named = Vec::new();
            for _ in 0..cursor.count()? {
                named.push((cursor.text()?.to_owned(), cursor.text()?.to_owned()));
            }
            meta.refused.push(Refused { reason, count, named });
        }
        Ok(meta)
    }
}

/// One segment. Copying it copies references only.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    bytes: &'a [u8],
    sections: [&'a [u8]; SECTIONS],
}

impl<'a> Segment<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, DbError> {
        let mut header = Cursor::at(bytes, 0)?;
        let mut body = Cursor::at(bytes, SECTIONS * 4)?;
        let mut sections = [&bytes[..0]; SECTIONS];
        for section in &mut sections {
            *section = body.bytes(header.u32()? as usize)?;
        }
        let segment = Self { bytes, sections };
        let same = |a: usize, a_size: usize, b: usize, b_size: usize| {
            segment.sections[a].len() / a_size == segment.sections[b].len() / b_size
        };
        if !same(PACKAGE_KEYS, 8, PACKAGE_OFFSETS, 4) || !same(ID_KEYS, 4, ID_RECORDS, 4) {
            return Err(DbError::Damaged("an index has not as many keys as values"));
        }
        Ok(segment)
    }

    /// The segment as it stands in the file, to be copied.
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// What it says of its feed.
    pub fn meta(self) -> Result<FeedMeta, DbError> {
        FeedMeta::decode(self.sections[META])
    }

    /// The ecosystem it holds, without decoding the rest of [`Segment::meta`].
    pub fn ecosystem(self) -> Result<&'a str, DbError> {
        Cursor::at(self.sections[META], 0)?.text()
    }

    /// When the feed was new; `None` is unknown.
    pub fn date(self) -> Result<Option<Timestamp>, DbError> {
        let mut cursor = Cursor::at(self.sections[META], 0)?;
        cursor.text()?;
        cursor.text()?;
        Ok(cursor.optional_signed()?.map(Timestamp::from_unix))
    }

    /// The ecosystems with release that its records name, sorted, and how many entries each has.
    pub fn releases(self) -> Result<Vec<(&'a str, usize)>, DbError> {
        let mut cursor = Cursor::at(self.sections[RELEASES], 0)?;
        let count = cursor.count()?;
        (0..count).map(|_| Ok((cursor.text()?, cursor.size()?))).collect()
    }

    /// How many records it holds.
    pub fn record_count(self) -> usize {
        self.sections[RECORD_OFFSETS].len() / 4
    }

    /// What the records say of a package. `name` is normalised already.
    pub(crate) fn postings(self, ecosystem: &str, name: &str) -> Result<Vec<Posting<'a>>, DbError> {
        let key = package_key(ecosystem, name);
        let (keys, _) = self.sections[PACKAGE_KEYS].as_chunks::<8>();
        let first = keys.partition_point(|entry| u64::from_le_bytes(*entry) < key);
        for (index, _) in
            keys.iter().enumerate().skip(first).take_while(|(_, entry)| u64::from_le_bytes(**entry) == key)
        {
            let offset = nth(self.sections[PACKAGE_OFFSETS], index)? as usize;
            let mut cursor = Cursor::at(self.sections[POSTINGS], offset)?;
            let (held_ecosystem, held_name) = (cursor.text()?, cursor.text()?);
            if held_ecosystem == ecosystem && held_name == name {
                return self.read_postings(cursor);
            }
        }
        Ok(Vec::new())
    }

    /// The names of packages of which any of these records speaks.
    pub(crate) fn packages_of(self, records: &[u32]) -> Result<Vec<&'a str>, DbError> {
        let count = self.sections[PACKAGE_OFFSETS].len() / 4;
        let mut names = Vec::new();
        for index in 0..count {
            let offset = nth(self.sections[PACKAGE_OFFSETS], index)? as usize;
            let mut cursor = Cursor::at(self.sections[POSTINGS], offset)?;
            let (_ecosystem, name) = (cursor.text()?, cursor.text()?);
            if self.read_postings(cursor)?.iter().any(|posting| records.contains(&posting.record)) {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn read_postings(self, mut cursor: Cursor<'a>) -> Result<Vec<Posting<'a>>, DbError> {
        let count = cursor.count()?;
        // Grows as it is filled: a damaged count must not allocate by its word.
        let mut postings = Vec::with_capacity(count.min(MAX_RESERVED));
        let mut record = 0_u64;
        for _ in 0..count {
            record = record.checked_add(cursor.varint()?).ok_or(DbError::Damaged("a record's number"))?;
            let flags = cursor.u8()?;
            let mut list = |present: u8| {
                if flags & present == 0 { Ok(None) } else { cursor.size().map(Some) }
            };
            postings.push(Posting {
                section: self.sections[LISTS],
                record: u32::try_from(record).map_err(|_| DbError::Damaged("a record's number"))?,
                distribution_severity: severity_of(flags >> Posting::SEVERITY_SHIFT)?,
                no_fix: match flags >> Posting::NO_FIX_SHIFT & 3 {
                    0 => None,
                    1 => Some(NoFix::WillNotFix),
                    2 => Some(NoFix::EndOfLife),
                    _ => return Err(DbError::Damaged("an unknown state of mending")),
                },
                ranges: list(Posting::HAS_RANGES)?,
                versions: list(Posting::HAS_VERSIONS)?,
                severities: list(Posting::HAS_SEVERITIES)?,
            });
        }
        Ok(postings)
    }

    /// One record by its number.
    pub(crate) fn record(self, number: u32) -> Result<RecordView<'a>, DbError> {
        let offset = nth(self.sections[RECORD_OFFSETS], number as usize)? as usize;
        RecordView::read(number, Cursor::at(self.sections[RECORDS], offset)?)
    }

    /// The records whose id, aliases, upstream or (where kept) related hold an identifier.
    pub(crate) fn records_naming(self, id: &str) -> Result<Vec<RecordView<'a>>, DbError> {
        let key = id_key(id);
        let (keys, _) = self.sections[ID_KEYS].as_chunks::<4>();
        let first = keys.partition_point(|entry| u32::from_le_bytes(*entry) < key);
        let mut records = Vec::new();
        for (index, entry) in keys.iter().enumerate().skip(first) {
            if u32::from_le_bytes(*entry) != key {
                break;
            }
            let record = self.record(nth(self.sections[ID_RECORDS], index)?)?;
            if record.names(id) {
                records.push(record);
            }
        }
        Ok(records)
    }

    /// The withdrawn records that have an identifier as their own or as alias, in the order of their own.
    pub(crate) fn withdrawn(self, id: &str) -> Result<Vec<Withdrawn>, DbError> {
        let key = id_key(id);
        let (index, _) = self.sections[WITHDRAWN_INDEX].as_chunks::<8>();
        let key_of = |entry: &[u8; 8]| u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]);
        let first = index.partition_point(|entry| key_of(entry) < key);
        let mut found = Vec::new();
        for entry in index.iter().skip(first).take_while(|entry| key_of(entry) == key) {
            let place = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]);
            let mut cursor = Cursor::at(self.sections[WITHDRAWN], place as usize)?;
            let record = Withdrawn {
                id: cursor.text()?.to_owned(),
                at: cursor.optional_signed()?.map(Timestamp::from_unix),
                aliases: cursor.texts()?.into_iter().map(str::to_owned).collect(),
            };
            if record.id == id || record.aliases.iter().any(|alias| alias == id) {
                found.push(record);
            }
        }
        Ok(found)
    }

    /// The decompressed block of a text section.
    pub(crate) fn block(self, section: TextSection, number: usize) -> Result<Vec<u8>, DbError> {
        let (section, column) = match section {
            TextSection::Brief => (BRIEF, 0),
            TextSection::Details => (DETAILS, 1),
        };
        let end = |number: usize| nth(self.sections[BLOCK_OFFSETS], number * 2 + column);
        let from = if number == 0 { 0 } else { end(number - 1)? as usize };
        let to = end(number)? as usize;
        let packed = self.sections[section].get(from..to).ok_or(DbError::Damaged("a block lies outside"))?;
        let damaged = |_| DbError::Damaged("a block of texts can't be decompressed");
        let size = zstd::zstd_safe::get_frame_content_size(packed)
            .ok()
            .flatten()
            .and_then(|size| usize::try_from(size).ok())
            .filter(|size| *size <= MAX_BLOCK_BYTES)
            .ok_or(DbError::Damaged("a block of texts has no plausible size"))?;
        zstd::bulk::decompress(packed, size).map_err(damaged)
    }
}

/// Which texts of a record: those that every report shows, or the long one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextSection {
    Brief,
    Details,
}

/// What one record says of one package.
#[derive(Clone, Copy)]
pub(crate) struct Posting<'a> {
    section: &'a [u8],
    /// The record's number in its segment.
    pub(crate) record: u32,
    pub(crate) distribution_severity: Option<Severity>,
    pub(crate) no_fix: Option<NoFix>,
    ranges: Option<usize>,
    versions: Option<usize>,
    severities: Option<usize>,
}

impl<'a> Posting<'a> {
    pub(super) const HAS_RANGES: u8 = 1;
    pub(super) const HAS_VERSIONS: u8 = 2;
    pub(super) const HAS_SEVERITIES: u8 = 4;
    /// Two bits of the same byte say why there is no fix, the upper three the severity.
    pub(super) const NO_FIX_SHIFT: u8 = 3;
    pub(super) const SEVERITY_SHIFT: u8 = 5;

    /// Its ranges with their events.
    pub(crate) fn ranges(&self) -> Result<Vec<RangeView<'a>>, DbError> {
        let Some(mut cursor) = self.list(self.ranges)? else { return Ok(Vec::new()) };
        let count = cursor.count()?;
        (0..count).map(|_| RangeView::read(&mut cursor)).collect()
    }

    /// The enumerated versions.
    pub(crate) fn versions(&self) -> Result<Vec<&'a str>, DbError> {
        self.texts(self.versions)
    }

    /// CVSS vectors for this package.
    pub(crate) fn severities(&self) -> Result<Vec<&'a str>, DbError> {
        self.texts(self.severities)
    }

    fn texts(&self, list: Option<usize>) -> Result<Vec<&'a str>, DbError> {
        self.list(list)?.map_or(Ok(Vec::new()), |mut cursor| cursor.texts())
    }

    fn list(&self, list: Option<usize>) -> Result<Option<Cursor<'a>>, DbError> {
        list.map(|offset| Cursor::at(self.section, offset)).transpose()
    }
}

/// One range as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RangeView<'a> {
    pub(crate) kind: RangeKind,
    pub(crate) events: Vec<(EventKind, &'a str)>,
}

impl<'a> RangeView<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, DbError> {
        let kind = match cursor.u8()? {
            0 => RangeKind::Ecosystem,
            1 => RangeKind::Semver,
            _ => RangeKind::Other,
        };
        let count = cursor.count()?;
        let mut events = Vec::with_capacity(count.min(MAX_RESERVED));
        for _ in 0..count {
            let event = *EventKind::ALL
                .get(usize::from(cursor.u8()?))
                .ok_or(DbError::Damaged("an unknown kind of event"))?;
            events.push((event, cursor.text()?));
        }
        Ok(Self { kind, events })
    }
}

/// One record without its texts.
#[derive(Clone)]
pub(crate) struct RecordView<'a> {
    /// Its place in the segment.
    pub(crate) number: u32,
    pub(crate) id: &'a str,
    pub(crate) kind: FindingKind,
    pub(crate) aliases: Vec<&'a str>,
    pub(crate) upstream: Vec<&'a str>,
    pub(crate) related: Vec<&'a str>,
    pub(crate) modules: Vec<&'a str>,
    pub(crate) published: Option<Timestamp>,
    pub(crate) modified: Option<Timestamp>,
    pub(crate) severities: Vec<&'a str>,
    pub(crate) database_severity: Option<Severity>,
    pub(crate) distribution_severity: Option<Severity>,
    /// Number of the block and the place in it, for both text sections.
    block: usize,
    brief_at: usize,
    details_at: usize,
}

impl<'a> RecordView<'a> {
    fn read(number: u32, mut cursor: Cursor<'a>) -> Result<Self, DbError> {
        let id = cursor.text()?;
        let flags = cursor.u8()?;
        let severities_flags = cursor.u8()?;
        let mut texts = |present: u8| if flags & present == 0 { Ok(Vec::new()) } else { cursor.texts() };
        let aliases = texts(record_flags::ALIASES)?;
        let upstream = texts(record_flags::UPSTREAM)?;
        let related = texts(record_flags::RELATED)?;
        let modules = texts(record_flags::MODULES)?;
        let severities = texts(record_flags::SEVERITIES)?;
        let kind = match flags >> 5 {
            0 => FindingKind::Vulnerability,
            1 => FindingKind::Malware,
            2 => FindingKind::Unmaintained,
            3 => FindingKind::Unsound,
            4 => FindingKind::Notice,
            _ => return Err(DbError::Damaged("an unknown kind of record")),
        };
        Ok(Self {
            number,
            id,
            kind,
            aliases,
            upstream,
            related,
            modules,
            severities,
            database_severity: severity_of(severities_flags & 0x0f)?,
            distribution_severity: severity_of(severities_flags >> 4)?,
            published: cursor.optional_signed()?.map(Timestamp::from_unix),
            modified: cursor.optional_signed()?.map(Timestamp::from_unix),
            block: cursor.size()?,
            brief_at: cursor.size()?,
            details_at: cursor.size()?,
        })
    }

    /// Whether an identifier is among its own, its aliases, its upstream or what is kept of its related.
    pub(crate) fn names(&self, id: &str) -> bool {
        self.id == id
            || self.aliases.contains(&id)
            || self.upstream.contains(&id)
            || self.related.contains(&id)
    }

    /// Where its texts are: segment order, then block.
    pub(crate) fn block(&self) -> usize {
        self.block
    }

    /// Summary and references, from the block of [`TextSection::Brief`].
    pub(crate) fn brief<'b>(&self, block: &'b [u8]) -> Result<(&'b str, Vec<&'b str>), DbError> {
        let mut cursor = Cursor::at(block, self.brief_at)?;
        Ok((cursor.text()?, cursor.texts()?))
    }

    /// The long text, from the block of [`TextSection::Details`].
    pub(crate) fn details<'b>(&self, block: &'b [u8]) -> Result<&'b str, DbError> {
        Cursor::at(block, self.details_at)?.text()
    }
}

/// Bits of the byte that says which lists a record has; the upper three hold its kind.
pub(super) mod record_flags {
    pub(in crate::db) const ALIASES: u8 = 1;
    pub(in crate::db) const UPSTREAM: u8 = 2;
    pub(in crate::db) const RELATED: u8 = 4;
    pub(in crate::db) const MODULES: u8 = 8;
    pub(in crate::db) const SEVERITIES: u8 = 16;
}

/// The key of a package in the index: stored in files, so it must not change.
pub(super) fn package_key(ecosystem: &str, name: &str) -> u64 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    hasher.update(ecosystem.as_bytes());
    hasher.update(&[0]);
    hasher.update(name.as_bytes());
    hasher.digest()
}

/// The key of an identifier in the index: stored in files, so it must not change.
pub(super) fn id_key(id: &str) -> u32 {
    xxhash_rust::xxh3::xxh3_64(id.as_bytes()) as u32
}

/// A severity in three bits; 0 is unknown.
pub(super) fn severity_code(severity: Option<Severity>) -> u8 {
    severity.map_or(0, |severity| severity as u8 + 1)
}

fn severity_of(code: u8) -> Result<Option<Severity>, DbError> {
    match code {
        0 => Ok(None),
        _ => match Severity::ALL.get(usize::from(code) - 1) {
            Some(severity) => Ok(Some(*severity)),
            None => Err(DbError::Damaged("an unknown severity")),
        },
    }
}

fn nth(section: &[u8], index: usize) -> Result<u32, DbError> {
    let (values, _) = section.as_chunks::<4>();
    values.get(index).map(|value| u32::from_le_bytes(*value)).ok_or(DbError::Damaged("an index ends early"))
}
