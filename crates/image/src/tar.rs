//! A walk over a tar stream that touches each byte once and allocates nothing for an entry that passes by.
//!
//! It understands ustar, GNU and PAX headers: long names, sizes in base 256, sparse files. It extracts
//! nothing, follows no link and gives every name as a normalised [`FilePath`].
//! <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html>,
//! <https://www.gnu.org/software/tar/manual/html_node/Standard.html>

use std::io::{self, Read};

use seawall_model::{EntryKind, FilePath, FilePathBuf};

mod header;
mod pax;
mod sparse;

use header::RawHeader;
use pax::PaxRecords;
use sparse::SparseMap;

/// Tar counts in blocks of this many bytes.
pub(crate) const BLOCK: usize = 512;

/// Bytes that are read at a time: large reads keep the decoder in its fast loop.
const BUFFER_BYTES: usize = 1 << 20;

/// Bytes of one extended header (a long name, PAX records): Go's reader, which Docker and containerd use,
/// has the same bound.
const MAX_EXTENDED_BYTES: u64 = 1 << 20;

/// The largest content that a header may state: what is added to it stays within 64 bits.
const MAX_ENTRY_BYTES: u64 = i64::MAX as u64;

/// Why the walk ended before the end of the archive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TarError {
    /// The stream below failed: a broken download, a corrupt compression.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// A header breaks the format.
    #[error("damaged tar header at byte {offset}: {why}")]
    Malformed { offset: u64, why: &'static str },
    /// The stream ended inside an entry.
    #[error("the tar archive is cut off at byte {0}")]
    Truncated(u64),
}

/// A tar archive being walked.
pub struct TarWalk<R> {
    reader: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Bytes of the archive before `start`.
    offset: u64,
    /// Bytes of the current entry's stored content that are still to come, without padding.
    remaining: u64,
    padding: usize,
    current: Current,
}

/// What is known of the current entry; the buffers are kept from entry to entry.
struct Current {
    path: FilePathBuf,
    raw_path: Vec<u8>,
    link: Vec<u8>,
    kind: EntryKind,
    /// Bytes of content with holes filled.
    size: u64,
    mode: u32,
    sparse: Option<SparseMap>,
}

/// One entry of the archive.
#[derive(Debug, Clone, Copy)]
pub struct TarEntry<'a> {
    /// Normalised: relative to the root, without `.` and `..`.
    pub path: FilePath<'a>,
    pub kind: EntryKind,
    /// Bytes of content; holes of a sparse file count.
    pub size: u64,
    pub mode: u32,
    /// The target of a link, as it was written; empty for anything else.
    pub link: &'a [u8],
    /// Where the content starts in the archive.
    pub content_offset: u64,
}

impl<R: Read> TarWalk<R> {
    pub fn new(reader: R) -> Self {
        Self::with_buffer(reader, BUFFER_BYTES)
    }

    fn with_buffer(reader: R, buffer_bytes: usize) -> Self {
        Self {
            reader,
            buffer: vec![0; buffer_bytes].into_boxed_slice(),
            start: 0,
            end: 0,
            offset: 0,
            remaining: 0,
            padding: 0,
            current: Current {
                path: FilePathBuf::default(),
                raw_path: Vec::new(),
                link: Vec::new(),
                kind: EntryKind::Other,
                size: 0,
                mode: 0,
                sparse: None,
            },
        }
    }

    /// The next entry; `None` at the end of the archive. What is left of the content before it is passed over.
    ///
    /// # Errors
    /// The walk cannot go on after an error.
    pub fn next_entry(&mut self) -> Result<Option<TarEntry<'_>>, TarError> {
        self.finish_entry()?;
        let mut extended = Extended::default();
        loop {
            let at = self.offset;
            let Some(block) = self.take_block()? else { return Ok(None) };
            if block.iter().all(|byte| *byte == 0) {
                // Two zero blocks end an archive; one, and the end of the stream, does as well.
                return match self.take_block()? {
                    Some(next) if next.iter().any(|byte| *byte != 0) => {
                        Err(TarError::Malformed { offset: at, why: "a zero block in the middle" })
                    }
                    _ => Ok(None),
                };
            }
            let header = RawHeader::new(&block).map_err(|why| TarError::Malformed { offset: at, why })?;
            let size = header.size().map_err(|why| TarError::Malformed { offset: at, why })?;
            match header.type_flag() {
                b'L' => extended.name = Some(self.extended_text(size, at)?),
                b'K' => extended.link = Some(self.extended_text(size, at)?),
                b'x' | b'X' => {
                    let bytes = self.extended_bytes(size, at)?;
                    extended.pax =
                        PaxRecords::parse(&bytes).map_err(|why| TarError::Malformed { offset: at, why })?;
                }
                // Global records would rename or resize everything after them; builders write only comments
                // there, and the runtimes ignore them.
                b'g' => drop(self.extended_bytes(size, at)?),
                _ => {
                    self.begin(&header, size, extended, at)?;
                    return Ok(Some(self.entry()));
                }
            }
        }
    }

    /// Reads the rest of the stream, so that everything below has seen all of it.
    ///
    /// # Errors
    /// The stream failed.
    pub fn drain(&mut self) -> Result<(), TarError> {
        loop {
            self.offset += (self.end - self.start) as u64;
            (self.start, self.end) = (0, 0);
            if !self.fill()? {
                return Ok(());
            }
        }
    }

    /// Up to `limit` bytes from the start of the current content, without taking them: for a look at the
    /// first bytes. Fewer where the content or the buffered piece is shorter; none for sparse files.
    ///
    /// # Errors
    /// The stream failed.
    pub fn peek(&mut self, limit: usize) -> Result<&[u8], TarError> {
        if self.current.sparse.is_some() {
            return Ok(&[]);
        }
        let wanted = limit.min(usize::try_from(self.remaining).unwrap_or(limit));
        self.ensure(wanted)?;
        let available = wanted.min(self.end - self.start);
        Ok(&self.buffer[self.start..self.start + available])
    }

    /// The current content if it is in the buffer as a whole: then nothing need be copied.
    ///
    /// # Errors
    /// The stream failed or ended.
    pub fn content_in_buffer(&mut self) -> Result<Option<&[u8]>, TarError> {
        if self.current.sparse.is_some() || self.remaining > (self.buffer.len() / 2) as u64 {
            return Ok(None);
        }
        let size = self.remaining as usize;
        if !self.ensure(size)? {
            return Err(TarError::Truncated(self.offset));
        }
        Ok(Some(&self.buffer[self.start..self.start + size]))
    }

    /// Whether the current entry has holes: its size is then larger than what is stored.
    pub fn is_sparse(&self) -> bool {
        self.current.sparse.is_some()
    }

    /// The content of the current entry, holes filled with zeros.
    pub fn content(&mut self) -> EntryContent<'_, R> {
        EntryContent { position: 0, hole_index: 0, walk: self }
    }

    /// The entry that the walk stands at.
    pub(crate) fn entry(&self) -> TarEntry<'_> {
        TarEntry {
            path: self.current.path.as_path(),
            kind: self.current.kind,
            size: self.current.size,
            mode: self.current.mode,
            link: &self.current.link,
            content_offset: self.offset,
        }
    }

    fn begin(
        &mut self,
        header: &RawHeader<'_>,
        size: u64,
        extended: Extended,
        at: u64,
    ) -> Result<(), TarError> {
        let malformed = |why| TarError::Malformed { offset: at, why };
        let pax = &extended.pax;
        let stored = pax.size.unwrap_or(size);
        let current = &mut self.current;
        current.kind = header.kind();
        current.mode = header.mode();
        current.raw_path.clear();
        match pax.sparse_name.as_ref().or(pax.path.as_ref()).or(extended.name.as_ref()) {
            Some(name) => current.raw_path.extend_from_slice(name),
            None => header.append_name(&mut current.raw_path),
        }
        current.link.clear();
        match pax.link.as_ref().or(extended.link.as_ref()) {
            _ if !matches!(current.kind, EntryKind::Symlink | EntryKind::Hardlink) => {}
            Some(link) => current.link.extend_from_slice(link),
            None => current.link.extend_from_slice(header.link()),
        }
        // Before ustar, a directory was a file whose name ends in a slash.
        if current.kind == EntryKind::File && current.raw_path.ends_with(b"/") {
            current.kind = EntryKind::Directory;
        }
        current.path = FilePathBuf::normalise(&current.raw_path);
        // Links and devices have no content, whatever their size says; directories neither.
        let stored = if header.has_content() { stored } else { 0 };
        if stored > MAX_ENTRY_BYTES {
            return Err(malformed("a size beyond 63 bits"));
        }
        self.remaining = stored;
        self.padding = (BLOCK - (stored % BLOCK as u64) as usize) % BLOCK;
        self.current.size = if self.current.kind == EntryKind::File { stored } else { 0 };
        self.current.sparse = self.sparse_map(header, extended.pax, at).map_err(|error| match error {
            sparse::SparseError::Malformed(why) => malformed(why),
            sparse::SparseError::Tar(error) => error,
        })?;
        if let Some(map) = &self.current.sparse {
            self.current.size = map.real_size();
        }
        Ok(())
    }

    /// The map of a sparse file in any of its four notations.
    fn sparse_map(
        &mut self,
        header: &RawHeader<'_>,
        pax: PaxRecords,
        at: u64,
    ) -> Result<Option<SparseMap>, sparse::SparseError> {
        let stored = self.remaining;
        if header.type_flag() == b'S' {
            let mut map = SparseMap::old_gnu(header)?;
            while map.has_extension {
                let Some(block) = self.take_block()? else { return Err(TarError::Truncated(at).into()) };
                map.extend_old_gnu(&block)?;
            }
            return map.finish(header.real_size()?, stored).map(Some);
        }
        if pax.sparse_in_content {
            let map = self.sparse_from_content(pax.sparse_real_size)?;
            return map.finish(pax.sparse_real_size.unwrap_or(0), self.remaining).map(Some);
        }
        match (pax.sparse_map, pax.sparse_real_size) {
            (Some(map), Some(real_size)) => SparseMap::of_pairs(map)?.finish(real_size, stored).map(Some),
            _ => Ok(None),
        }
    }

    /// PAX sparse format 1.0: the map stands in decimal lines at the start of the content.
    fn sparse_from_content(&mut self, real_size: Option<u64>) -> Result<SparseMap, sparse::SparseError> {
        real_size.ok_or(sparse::SparseError::Malformed("a sparse file without its real size"))?;
        let mut text = sparse::MapText::default();
        while !text.is_complete() {
            if self.remaining < BLOCK as u64 {
                return Err(sparse::SparseError::Malformed("the map of a sparse file is cut off"));
            }
            let offset = self.offset;
            let Some(block) = self.take_block()? else { return Err(TarError::Truncated(offset).into()) };
            self.remaining -= BLOCK as u64;
            text.push(&block)?;
        }
        Ok(text.into_map())
    }

    fn extended_text(&mut self, size: u64, at: u64) -> Result<Vec<u8>, TarError> {
        let mut bytes = self.extended_bytes(size, at)?;
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        bytes.truncate(end);
        Ok(bytes)
    }

    fn extended_bytes(&mut self, size: u64, at: u64) -> Result<Vec<u8>, TarError> {
        if size > MAX_EXTENDED_BYTES {
            return Err(TarError::Malformed { offset: at, why: "an extended header of more than 1 MiB" });
        }
        let mut bytes = Vec::new();
        let mut left = size as usize;
        while left > 0 {
            let Some(block) = self.take_block()? else { return Err(TarError::Truncated(self.offset)) };
            bytes.extend_from_slice(&block[..left.min(BLOCK)]);
            left = left.saturating_sub(BLOCK);
        }
        Ok(bytes)
    }

    /// Passes over what is left of the current entry.
    fn finish_entry(&mut self) -> Result<(), TarError> {
        let mut left = self.remaining + self.padding as u64;
        self.remaining = 0;
        while left > 0 {
            if self.start == self.end && !self.fill()? {
                // The padding of the last entry may be missing; content may not.
                return if left <= self.padding as u64 {
                    Ok(())
                } else {
                    Err(TarError::Truncated(self.offset))
                };
            }
            let step = left.min((self.end - self.start) as u64);
            self.advance(step as usize);
            left -= step;
        }
        self.padding = 0;
        Ok(())
    }

    /// The next block of 512 bytes; `None` at the end of the stream.
    fn take_block(&mut self) -> Result<Option<[u8; BLOCK]>, TarError> {
        if !self.ensure(BLOCK)? {
            return if self.start == self.end { Ok(None) } else { Err(TarError::Truncated(self.offset)) };
        }
        let mut block = [0; BLOCK];
        block.copy_from_slice(&self.buffer[self.start..self.start + BLOCK]);
        self.advance(BLOCK);
        Ok(Some(block))
    }

    /// Makes `count` bytes available in the buffer; `false` where the stream ends before.
    fn ensure(&mut self, count: usize) -> Result<bool, TarError> {
        debug_assert!(count <= self.buffer.len());
        while self.end - self.start < count {
            if !self.fill()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads some more into the buffer; `false` at the end of the stream.
    fn fill(&mut self) -> Result<bool, TarError> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.end += count;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn advance(&mut self, count: usize) {
        self.start += count;
        self.offset += count as u64;
    }
}

/// What extended headers said of the entry that follows them.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    pax: PaxRecords,
}

/// The content of one entry, read in order.
pub struct EntryContent<'w, R> {
    walk: &'w mut TarWalk<R>,
    /// In the file with its holes.
    position: u64,
    hole_index: usize,
}

impl<R: Read> Read for EntryContent<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(map) = &self.walk.current.sparse else { return read_stored(self.walk, out) };
        if self.position >= map.real_size() {
            return Ok(0);
        }
        let (is_data, length) = map.run_at(self.position, &mut self.hole_index);
        let count = out.len().min(usize::try_from(length).unwrap_or(usize::MAX));
        let count = if is_data {
            let count = read_stored(self.walk, &mut out[..count])?;
            if count == 0 && length > 0 && !out.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            count
        } else {
            out[..count].fill(0);
            count
        };
        self.position += count as u64;
        Ok(count)
    }
}

/// Reads stored bytes of the current entry.
fn read_stored<R: Read>(walk: &mut TarWalk<R>, out: &mut [u8]) -> io::Result<usize> {
    let wanted = out.len().min(usize::try_from(walk.remaining).unwrap_or(usize::MAX));
    if wanted == 0 {
        return Ok(0);
    }
    if walk.start == walk.end && !walk.fill().map_err(into_io)? {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, TarError::Truncated(walk.offset)));
    }
    let count = wanted.min(walk.end - walk.start);
    out[..count].copy_from_slice(&walk.buffer[walk.start..walk.start + count]);
    walk.advance(count);
    walk.remaining -= count as u64;
    Ok(count)
}

/// Walks the headers of a tar file and seeks over the contents.
pub(crate) fn header_walk(
    file: &std::fs::File,
    mut visit: impl FnMut(&TarEntry<'_>) -> Result<(), &'static str>,
) -> Result<(), TarError> {
    let mut walk = TarWalk::with_buffer(Seeking { file, position: 0 }, 16 * BLOCK);
    while let Some(entry) = walk.next_entry()? {
        let at = entry.content_offset;
        visit(&entry).map_err(|why| TarError::Malformed { offset: at, why })?;
        walk.seek_over_content();
    }
    Ok(())
}

/// A file that can be read from any place on.
struct Seeking<'f> {
    file: &'f std::fs::File,
    position: u64,
}

impl Read for Seeking<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = std::os::unix::fs::FileExt::read_at(self.file, out, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl TarWalk<Seeking<'_>> {
    /// Passes over the current content without reading it; what ends too early is found at the next header.
    fn seek_over_content(&mut self) {
        let buffered = (self.end - self.start) as u64;
        if let Some(beyond) = self.remaining.checked_sub(buffered).filter(|beyond| *beyond > 0) {
            self.reader.position = self.reader.position.saturating_add(beyond);
            self.offset = self.offset.saturating_add(self.remaining);
            (self.start, self.end, self.remaining) = (0, 0, 0);
        }
    }
}

fn into_io(error: TarError) -> io::Error {
    match error {
        TarError::Read(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}

#[cfg(test)]
mod tests;
