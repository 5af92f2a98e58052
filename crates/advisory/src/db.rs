//! The database file: read in place, with every offset checked, never deserialised as a whole.
//!
//! A header (magic, format version, SHA-256 of what follows, table of sections), then one segment for each
//! ecosystem of the feed, the catalogue of exploited vulnerabilities and the EPSS scores. Numbers are
//! little-endian. Segments refer to nothing outside themselves, so that an update copies the unchanged ones.
//!
//! Damage gives an error or a wrong answer, never a panic or a large allocation; the checksum tells damage
//! for certain and is verified where a file comes from elsewhere.

mod build;
mod bytes;
mod scores;
mod segment;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use seawall_model::Timestamp;

pub use build::{BuildError, SegmentBuilder, assemble};
pub use scores::{Epss, Kev, ListMeta};
pub use segment::{FeedMeta, Refused, Segment};
pub(crate) use segment::{Posting, RecordView, TextSection};

use bytes::Cursor;

/// The first bytes of every database.
pub const MAGIC: [u8; 8] = *b"SEAWALL\n";
/// Raised with every change of the format; another version is refused and built anew.
pub const FORMAT: u32 = 2;
/// Where the bytes begin that the checksum covers.
pub const CHECKED_FROM: usize = 8 + 4 + 4 + 32;

const SECTION_ENTRY: usize = 4 + 8 + 8;
const SEGMENT: u32 = 1;
const KEV: u32 = 2;
const EPSS: u32 = 3;
const INFO: u32 = 4;

/// Why a database can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// The file is something else.
    #[error("this is no advisory database")]
    NotADatabase,
    /// Another version of Seawall wrote it.
    #[error("the advisory database has format {0}, this program reads format {FORMAT}; update the database")]
    Format(u32),
    /// Bytes contradict each other.
    #[error("the advisory database is damaged: {0}")]
    Damaged(&'static str),
}

/// An open database over bytes that may be a memory map. Cloning shares the bytes.
#[derive(Clone)]
pub struct Database {
    bytes: Arc<dyn AsRef<[u8]> + Send + Sync>,
    segments: Vec<Range<usize>>,
    kev: Range<usize>,
    epss: Range<usize>,
    info: Range<usize>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("segments", &self.segments.len()).finish_non_exhaustive()
    }
}

impl Database {
    /// Reads the header and the table of sections, and nothing else.
    pub fn open(bytes: Arc<dyn AsRef<[u8]> + Send + Sync>) -> Result<Self, DbError> {
        let all = (*bytes).as_ref();
        let mut cursor = Cursor::at(all, 0)?;
        if cursor.bytes(MAGIC.len()).map_err(|_| DbError::NotADatabase)? != MAGIC {
            return Err(DbError::NotADatabase);
        }
        let format = cursor.u32()?;
        if format != FORMAT {
            return Err(DbError::Format(format));
        }
        let count = cursor.u32()? as usize;
        cursor.bytes(32)?;
        if count > all.len() / SECTION_ENTRY {
            return Err(DbError::Damaged("the table of sections is larger than the file"));
        }
        let mut database =
            Self { bytes: Arc::clone(&bytes), segments: Vec::new(), kev: 0..0, epss: 0..0, info: 0..0 };
        for _ in 0..count {
            let kind = cursor.u32()?;
            let section = section_range(all.len(), cursor.u64()?, cursor.u64()?)?;
            match kind {
                SEGMENT => database.segments.push(section),
                KEV => database.kev = section,
                EPSS => database.epss = section,
                INFO => database.info = section,
                _ => return Err(DbError::Damaged("an unknown section")),
            }
        }
        for segment in database.segments() {
            segment?;
        }
        Ok(database)
    }

    /// All bytes of the file.
    pub fn as_bytes(&self) -> &[u8] {
        (*self.bytes).as_ref()
    }

    /// The checksum that the header states, over everything from [`CHECKED_FROM`].
    pub fn stated_checksum(&self) -> [u8; 32] {
        let mut checksum = [0; 32];
        if let Some(stated) = self.as_bytes().get(CHECKED_FROM - 32..CHECKED_FROM) {
            checksum.copy_from_slice(stated);
        }
        checksum
    }

    /// When the feeds were last asked whether they have changed.
    pub fn checked(&self) -> Option<Timestamp> {
        let mut cursor = Cursor::at(self.as_bytes(), self.info.start).ok()?;
        cursor.optional_signed().ok().flatten().map(Timestamp::from_unix)
    }

    /// The segments, in the order of the file: sorted by ecosystem.
    pub fn segments(&self) -> impl Iterator<Item = Result<Segment<'_>, DbError>> {
        self.segments.iter().map(|range| Segment::open(&self.as_bytes()[range.clone()]))
    }

    /// When the record of this identifier was withdrawn; `None` where it was not, is not known, or its date
    /// can't be read ([`crate::explain::withdrawn_records`] tells these apart).
    pub fn withdrawn(&self, id: &str) -> Result<Option<Timestamp>, DbError> {
        let mut latest = None;
        for segment in self.segments() {
            let records = segment?.withdrawn(id)?;
            latest = records
                .into_iter()
                .filter(|record| record.id == id)
                .map(|record| record.at)
                .fold(latest, Ord::max);
        }
        Ok(latest)
    }

    /// The catalogue of known exploited vulnerabilities; empty where the database was built without.
    pub fn kev(&self) -> Kev<'_> {
        Kev::new(&self.as_bytes()[self.kev.clone()])
    }

    /// The section of exploited vulnerabilities as it stands in the file, to be copied.
    pub fn kev_bytes(&self) -> &[u8] {
        &self.as_bytes()[self.kev.clone()]
    }

    /// The section of EPSS scores as it stands in the file, to be copied.
    pub fn epss_bytes(&self) -> &[u8] {
        &self.as_bytes()[self.epss.clone()]
    }

    /// The EPSS scores; empty where the database was built without.
    pub fn epss(&self) -> Epss<'_> {
        Epss::new(&self.as_bytes()[self.epss.clone()])
    }
}

/// INVARIANT of every range in [`Database`]: it lies within the file.
fn section_range(file: usize, offset: u64, length: u64) -> Result<Range<usize>, DbError> {
    let end = offset.checked_add(length).filter(|end| *end <= file as u64);
    let end = end.ok_or(DbError::Damaged("a section ends beyond the file"))?;
    Ok(offset as usize..end as usize)
}
