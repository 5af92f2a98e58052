//! A feed's zip, read entry by entry in the order of names; never more than one record in memory.

use std::fs::File;
use std::io::BufReader;

use zip::ZipArchive;

use crate::FeedError;

/// LIMIT: bytes of one record after decompression; the largest public ones have some MB. A larger one is
/// named and left out.
pub(crate) const MAX_RECORD_BYTES: u64 = 64 << 20;
/// LIMIT: records of one feed. More end the update.
const MAX_RECORDS: usize = 8_000_000;

/// The records of one feed.
pub(crate) struct Archive {
    feed: String,
    zip: ZipArchive<BufReader<File>>,
    /// Indices of the entries that are records, in order of name, so that the order in the zip is nothing to
    /// the database.
    order: Vec<u32>,
}

/// One entry of the zip.
pub(crate) enum Entry {
    Record,
    TooLarge,
}

impl Archive {
    /// Reads the list of entries; a zip that is cut off has none.
    pub(crate) fn open(feed: &str, file: File) -> Result<Self, FeedError> {
        let damaged = |why: String| FeedError::Damaged { feed: feed.to_owned(), why };
        let zip = ZipArchive::new(BufReader::with_capacity(64 << 10, file))
            .map_err(|error| damaged(error.to_string()))?;
        if zip.len() > MAX_RECORDS {
            return Err(damaged(format!("it has more than {MAX_RECORDS} entries")));
        }
        let mut names = Vec::with_capacity(zip.len());
        for index in 0..zip.len() {
            let name = zip.name_for_index(index).ok_or_else(|| damaged("an entry has no name".to_owned()))?;
            let name = name.map_err(|error| damaged(error.to_string()))?;
            if name.ends_with(".json") {
                names.push((name.into_owned(), index as u32));
            }
        }
        names.sort_unstable();
        let order = names.into_iter().map(|(_, index)| index).collect();
        Ok(Self { feed: feed.to_owned(), zip, order })
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Reads the entry at a position of the order into `buffer`, and gives its name.
    pub(crate) fn read(
        &mut self,
        position: usize,
        buffer: &mut Vec<u8>,
    ) -> Result<(String, Entry), FeedError> {
        use std::io::Read;
        let feed = &self.feed;
        let damaged = |why: String| FeedError::Damaged { feed: feed.clone(), why };
        let index = self.order.get(position).ok_or_else(|| damaged("an entry is missing".to_owned()))?;
        let mut file = self.zip.by_index(*index as usize).map_err(|error| damaged(error.to_string()))?;
        let name = file.name().map_err(|error| damaged(error.to_string()))?.into_owned();
        buffer.clear();
        // Reading to the end also compares the checksum.
        let read = (&mut file).take(MAX_RECORD_BYTES + 1).read_to_end(buffer);
        read.map_err(|error| damaged(format!("{name}: {error}")))?;
        let fits = buffer.len() as u64 <= MAX_RECORD_BYTES;
        Ok((name, if fits { Entry::Record } else { Entry::TooLarge }))
    }
}
