//! Writing the database: segments from records, a file from segments. It computes no checksum and writes no
//! file; the adapter does.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use seawall_model::{EcosystemName, FindingKind, Timestamp};

use super::bytes::{put_optional_signed, put_text, put_texts, put_varint};
use super::segment::{
    BLOCK_OFFSETS, BRIEF, DETAILS, FeedMeta, ID_KEYS, ID_RECORDS, LISTS, MAX_BLOCK_BYTES, META, PACKAGE_KEYS,
    PACKAGE_OFFSETS, POSTINGS, Posting, RECORD_OFFSETS, RECORDS, RELEASES, SECTIONS, WITHDRAWN,
    WITHDRAWN_INDEX, id_key, package_key, record_flags, severity_code,
};
use super::{EPSS, FORMAT, INFO, KEV, MAGIC, SECTION_ENTRY, SEGMENT};
use crate::names::normalised;
use crate::record::{Affected, NoFix, Record, Withdrawn};

/// Texts are compressed in blocks that are cut once they reach this.
const BLOCK_BYTES: usize = 128 << 10;
/// Higher levels take twice the time for two parts in a thousand.
const COMPRESSION_LEVEL: i32 = 15;

/// Why a segment can't be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A section would pass the 4 GiB that its offsets can reach.
    #[error("the feed {0} is too large for one segment")]
    TooLarge(String),
    /// One record's texts are longer than a block may be.
    #[error("the texts of record {0} are too long")]
    TextTooLong(String),
    /// The compressor failed.
    #[error("cannot compress texts")]
    Compress(#[source] std::io::Error),
}

/// Collects the records of one feed. The same records in the same order give the same bytes.
pub struct SegmentBuilder {
    ecosystem: EcosystemName,
    lists: Vec<u8>,
    known_lists: HashMap<Box<[u8]>, u32>,
    packages: HashMap<(String, String), Vec<PendingPosting>>,
    releases: BTreeMap<String, usize>,
    record_offsets: Vec<u32>,
    records: Vec<u8>,
    ids: Vec<(u32, u32)>,
    withdrawn: BTreeSet<Withdrawn>,
    texts: Texts,
    compressor: zstd::bulk::Compressor<'static>,
}

struct PendingPosting {
    record: u32,
    distribution_severity: u8,
    no_fix: Option<NoFix>,
    /// Offsets of ranges, versions and severities in the list section.
    lists: [Option<u32>; 3],
}

/// The text sections as far as they are written.
#[derive(Default)]
struct Texts {
    offsets: Vec<u8>,
    blocks: usize,
    brief: Vec<u8>,
    details: Vec<u8>,
    open_brief: Vec<u8>,
    open_details: Vec<u8>,
}

impl SegmentBuilder {
    /// An empty segment of one ecosystem.
    pub fn new(ecosystem: EcosystemName) -> Result<Self, BuildError> {
        Ok(Self {
            ecosystem,
            lists: Vec::new(),
            known_lists: HashMap::new(),
            packages: HashMap::new(),
            releases: BTreeMap::new(),
            record_offsets: Vec::new(),
            records: Vec::new(),
            ids: Vec::new(),
            withdrawn: BTreeSet::new(),
            texts: Texts::default(),
            compressor: zstd::bulk::Compressor::new(COMPRESSION_LEVEL).map_err(BuildError::Compress)?,
        })
    }

    /// How many records it holds so far.
    pub fn record_count(&self) -> usize {
        self.record_offsets.len()
    }

    /// Adds a record.
    pub fn add(&mut self, record: &Record) -> Result<(), BuildError> {
        let number = self.offset(self.record_offsets.len())?;
        let texts_at = self.texts.push(record, &mut self.compressor)?;
        self.record_offsets.push(self.offset(self.records.len())?);
        put_record(&mut self.records, record, texts_at);
        let names = [&record.id].into_iter().chain(&record.aliases).chain(&record.upstream);
        self.ids.extend(names.chain(&record.related).map(|id| (id_key(id), number)));
        for affected in &record.affected {
            self.add_affected(number, affected)?;
        }
        Ok(())
    }

    /// Notes a record that was taken back: it gives no findings, but can be asked for.
    pub fn add_withdrawn(&mut self, record: Withdrawn) {
        self.withdrawn.insert(record);
    }

    fn add_affected(&mut self, record: u32, affected: &Affected) -> Result<(), BuildError> {
        let mut ranges = Vec::new();
        put_varint(&mut ranges, affected.ranges.len() as u64);
        for range in &affected.ranges {
            ranges.push(range.kind as u8);
            put_varint(&mut ranges, range.events.len() as u64);
            for event in &range.events {
                ranges.push(event.kind as u8);
                put_text(&mut ranges, &event.version);
            }
        }
        let lists = [
            if affected.ranges.is_empty() { None } else { Some(self.list(ranges)?) },
            self.text_list(&affected.versions)?,
            self.text_list(&affected.severities)?,
        ];
        let posting = PendingPosting {
            record,
            distribution_severity: severity_code(affected.distribution_severity),
            no_fix: affected.no_fix,
            lists,
        };
        *self.releases.entry(affected.ecosystem.clone()).or_default() += 1;
        let name = normalised(self.ecosystem, &affected.name).into_owned();
        self.packages.entry((affected.ecosystem.clone(), name)).or_default().push(posting);
        Ok(())
    }

    fn text_list(&mut self, texts: &[String]) -> Result<Option<u32>, BuildError> {
        if texts.is_empty() {
            return Ok(None);
        }
        let mut list = Vec::new();
        put_texts(&mut list, texts);
        self.list(list).map(Some)
    }

    /// The place of a list, which is written once however often it occurs.
    fn list(&mut self, list: Vec<u8>) -> Result<u32, BuildError> {
        let list = list.into_boxed_slice();
        if let Some(known) = self.known_lists.get(&list) {
            return Ok(*known);
        }
        let offset = self.offset(self.lists.len())?;
        self.lists.extend_from_slice(&list);
        self.known_lists.insert(list, offset);
        Ok(offset)
    }

    fn offset(&self, value: usize) -> Result<u32, BuildError> {
        u32::try_from(value).map_err(|_| BuildError::TooLarge(self.ecosystem.to_string()))
    }

    /// The segment's bytes.
    pub fn finish(mut self, meta: &FeedMeta) -> Result<Vec<u8>, BuildError> {
        self.texts.cut(&mut self.compressor)?;
        let mut sections: [Vec<u8>; SECTIONS] = Default::default();
        sections[META] = meta.encode();
        put_varint(&mut sections[RELEASES], self.releases.len() as u64);
        for (release, count) in &self.releases {
            put_text(&mut sections[RELEASES], release);
            put_varint(&mut sections[RELEASES], *count as u64);
        }
        self.put_packages(&mut sections)?;
        for offset in &self.record_offsets {
            sections[RECORD_OFFSETS].extend_from_slice(&offset.to_le_bytes());
        }
        self.ids.sort_unstable();
        self.ids.dedup();
        for (key, record) in &self.ids {
            sections[ID_KEYS].extend_from_slice(&key.to_le_bytes());
            sections[ID_RECORDS].extend_from_slice(&record.to_le_bytes());
        }
        self.put_withdrawn(&mut sections)?;
        let ecosystem = self.ecosystem;
        sections[LISTS] = self.lists;
        sections[RECORDS] = self.records;
        sections[BLOCK_OFFSETS] = self.texts.offsets;
        sections[BRIEF] = self.texts.brief;
        sections[DETAILS] = self.texts.details;
        join(&sections).ok_or_else(|| BuildError::TooLarge(ecosystem.to_string()))
    }

    fn put_withdrawn(&self, sections: &mut [Vec<u8>; SECTIONS]) -> Result<(), BuildError> {
        let mut index = Vec::new();
        for record in &self.withdrawn {
            let place = self.offset(sections[WITHDRAWN].len())?;
            let names = std::iter::once(&record.id).chain(&record.aliases);
            index.extend(names.map(|name| (id_key(name), place)));
            put_text(&mut sections[WITHDRAWN], &record.id);
            put_optional_signed(&mut sections[WITHDRAWN], record.at.map(Timestamp::unix));
            put_texts(&mut sections[WITHDRAWN], &record.aliases);
        }
        index.sort_unstable();
        index.dedup();
        for (key, place) in index {
            sections[WITHDRAWN_INDEX].extend_from_slice(&key.to_le_bytes());
            sections[WITHDRAWN_INDEX].extend_from_slice(&place.to_le_bytes());
        }
        Ok(())
    }

    fn put_packages(&mut self, sections: &mut [Vec<u8>; SECTIONS]) -> Result<(), BuildError> {
        let mut packages: Vec<_> = std::mem::take(&mut self.packages)
            .into_iter()
            .map(|((ecosystem, name), postings)| (package_key(&ecosystem, &name), ecosystem, name, postings))
            .collect();
        packages.sort_unstable_by(|a, b| (a.0, &a.1, &a.2).cmp(&(b.0, &b.1, &b.2)));
        for (key, ecosystem, name, mut postings) in packages {
            let offset = self.offset(sections[POSTINGS].len())?;
            sections[PACKAGE_KEYS].extend_from_slice(&key.to_le_bytes());
            sections[PACKAGE_OFFSETS].extend_from_slice(&offset.to_le_bytes());
            let out = &mut sections[POSTINGS];
            put_text(out, &ecosystem);
            put_text(out, &name);
            put_varint(out, postings.len() as u64);
            // Stable: entries of one record keep its order.
            postings.sort_by_key(|posting| posting.record);
            let mut previous = 0;
            for posting in postings {
                put_varint(out, u64::from(posting.record - previous));
                previous = posting.record;
                put_posting(out, &posting);
            }
        }
        Ok(())
    }
}

fn put_posting(out: &mut Vec<u8>, posting: &PendingPosting) {
    let bits = [Posting::HAS_RANGES, Posting::HAS_VERSIONS, Posting::HAS_SEVERITIES];
    let present = posting.lists.iter().zip(bits).filter(|(list, _)| list.is_some());
    let no_fix: u8 = match posting.no_fix {
        None => 0,
        Some(NoFix::WillNotFix) => 1,
        Some(NoFix::EndOfLife) => 2,
    };
    let flags = present.map(|(_, bit)| bit).sum::<u8>();
    out.push(
        flags | no_fix << Posting::NO_FIX_SHIFT | posting.distribution_severity << Posting::SEVERITY_SHIFT,
    );
    for list in posting.lists.iter().flatten() {
        put_varint(out, u64::from(*list));
    }
}

fn put_record(out: &mut Vec<u8>, record: &Record, texts_at: [usize; 3]) {
    let lists = [
        (&record.aliases, record_flags::ALIASES),
        (&record.upstream, record_flags::UPSTREAM),
        (&record.related, record_flags::RELATED),
        (&record.modules, record_flags::MODULES),
        (&record.severities, record_flags::SEVERITIES),
    ];
    let kind: u8 = match record.kind {
        None | Some(FindingKind::Vulnerability) => 0,
        Some(FindingKind::Malware) => 1,
        Some(FindingKind::Unmaintained) => 2,
        Some(FindingKind::Unsound) => 3,
        Some(FindingKind::Notice) => 4,
    };
    let present = lists.iter().filter(|(list, _)| !list.is_empty()).map(|(_, bit)| bit);
    put_text(out, &record.id);
    out.push(present.sum::<u8>() | kind << 5);
    out.push(severity_code(record.database_severity) | severity_code(record.distribution_severity) << 4);
    for (list, _) in lists {
        if !list.is_empty() {
            put_texts(out, list);
        }
    }
    put_optional_signed(out, record.published.map(Timestamp::unix));
    put_optional_signed(out, record.modified.map(Timestamp::unix));
    for place in texts_at {
        put_varint(out, place as u64);
    }
}

impl Texts {
    /// Adds the texts of a record, and gives block, place in brief and place in details.
    fn push(
        &mut self,
        record: &Record,
        compressor: &mut zstd::bulk::Compressor<'static>,
    ) -> Result<[usize; 3], BuildError> {
        if self.open_brief.len() >= BLOCK_BYTES || self.open_details.len() >= BLOCK_BYTES {
            self.cut(compressor)?;
        }
        let place = [self.blocks, self.open_brief.len(), self.open_details.len()];
        put_text(&mut self.open_brief, &record.summary);
        put_texts(&mut self.open_brief, &record.references);
        put_text(&mut self.open_details, &record.details);
        if self.open_brief.len().max(self.open_details.len()) > MAX_BLOCK_BYTES {
            return Err(BuildError::TextTooLong(record.id.clone()));
        }
        Ok(place)
    }

    fn cut(&mut self, compressor: &mut zstd::bulk::Compressor<'static>) -> Result<(), BuildError> {
        for (open, section) in
            [(&mut self.open_brief, &mut self.brief), (&mut self.open_details, &mut self.details)]
        {
            section.extend_from_slice(&compressor.compress(open).map_err(BuildError::Compress)?);
            open.clear();
            let end =
                u32::try_from(section.len()).map_err(|_| BuildError::TooLarge("of texts".to_owned()))?;
            self.offsets.extend_from_slice(&end.to_le_bytes());
        }
        self.blocks += 1;
        Ok(())
    }
}

/// The lengths of the sections, then the sections.
fn join(sections: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(sections.iter().map(|section| section.len() + 4).sum());
    for section in sections {
        out.extend_from_slice(&u32::try_from(section.len()).ok()?.to_le_bytes());
    }
    for section in sections {
        out.extend_from_slice(section);
    }
    Some(out)
}

/// A whole database with an empty checksum, in pieces that follow each other; the adapter hashes what lies
/// beyond [`super::CHECKED_FROM`] and fills the checksum in.
///
/// `segments` are sorted by ecosystem by the caller.
pub fn assemble(segments: &[&[u8]], kev: &[u8], epss: &[u8], checked: Timestamp) -> Vec<u8> {
    let info = super::scores::encode_info(checked);
    let mut sections: Vec<(u32, &[u8])> = segments.iter().map(|segment| (SEGMENT, *segment)).collect();
    sections.extend([(KEV, kev), (EPSS, epss), (INFO, &info)]);
    let header = super::CHECKED_FROM + sections.len() * SECTION_ENTRY;
    let total: usize = sections.iter().map(|(_, section)| section.len()).sum();
    let mut out = Vec::with_capacity(header + total);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&FORMAT.to_le_bytes());
    out.extend_from_slice(&(sections.len() as u32).to_le_bytes());
    out.extend_from_slice(&[0; 32]);
    let mut offset = header as u64;
    for (kind, section) in &sections {
        out.extend_from_slice(&kind.to_le_bytes());
        out.extend_from_slice(&offset.to_le_bytes());
        out.extend_from_slice(&(section.len() as u64).to_le_bytes());
        offset += section.len() as u64;
    }
    for (_, section) in &sections {
        out.extend_from_slice(section);
    }
    out
}
