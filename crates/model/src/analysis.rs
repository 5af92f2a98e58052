//! The contract between who reads images and directories and who understands the files in them.
//!
//! The reader offers each entry once, by name, then by its first bytes; only what an analyser claims is
//! held, and only while it looks at it. The analyser never opens anything itself.

use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom};

use crate::FilePath;

/// What a directory entry or a tar entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    File,
    Directory,
    Symlink,
    Hardlink,
    /// Devices, pipes, sockets.
    Other,
}

/// One entry, without its content.
#[derive(Debug, Clone, Copy)]
pub struct EntryMeta<'a> {
    pub path: FilePath<'a>,
    pub kind: EntryKind,
    /// Bytes of content; 0 for everything that is no file.
    pub size: u64,
    /// Permission bits, with setuid, setgid and sticky.
    pub mode: u32,
}

/// How much of a file an analyser wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interest {
    /// Nothing: it passes by.
    Skip,
    /// Perhaps: ask [`Analyser::wants_content`] with the first bytes.
    Sniff,
    /// All of it.
    Read,
}

/// Bytes that [`Analyser::wants_content`] is shown, or fewer where the file is shorter.
pub const SNIFF_BYTES: usize = 512;

/// Who understands files. One value serves all worker threads.
pub trait Analyser: Sync {
    /// What is learned of the files of one layer or directory.
    type Facts: Default + Send;

    /// Names and versions of everything that could change the facts: part of the cache's key.
    fn identity(&self) -> String;

    /// Whether a file of this name is of interest. Called for every regular file: it must not allocate.
    fn interest(&self, entry: &EntryMeta<'_>) -> Interest;

    /// Whether a file that begins with these bytes is of interest, after [`Interest::Sniff`].
    fn wants_content(&self, entry: &EntryMeta<'_>, head: &[u8]) -> bool;

    /// Takes in a file that was claimed.
    fn analyse(&self, entry: &EntryMeta<'_>, content: Content<'_>, facts: &mut Self::Facts);

    /// Notes that a claimed file could not be read; the reader says why.
    fn unreadable(&self, problem: crate::Problem, facts: &mut Self::Facts);

    /// Paths that must be found even behind links: `var/lib/dpkg/status`. The reader resolves them in the
    /// finished file system and offers the target under the path given here.
    fn fixed_paths(&self) -> &[&'static str];

    /// The facts as bytes for a cache.
    fn encode(&self, facts: &Self::Facts) -> Vec<u8>;

    /// The facts of a cache; `None` where the bytes are not what [`Analyser::encode`] wrote.
    fn decode(&self, bytes: &[u8]) -> Option<Self::Facts>;
}

/// Bytes that can be read at any place.
pub trait ReadAt: Sync {
    /// How many there are.
    fn size(&self) -> u64;
    /// Reads some bytes from `offset`; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl ReadAt for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len());
        let count = buffer.len().min(self.len() - start);
        buffer[..count].copy_from_slice(&self[start..start + count]);
        Ok(count)
    }
}

/// The content of a claimed file: in memory, or in an anonymous file where it is large.
#[derive(Clone, Copy)]
pub enum Content<'a> {
    Memory(&'a [u8]),
    Spilled(&'a dyn ReadAt),
}

impl<'a> Content<'a> {
    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Spilled(file) => file.size(),
        }
    }

    /// All bytes, copied only where they are not in memory.
    ///
    /// # Errors
    /// [`io::ErrorKind::FileTooLarge`] above `limit`, and what reading says.
    pub fn bytes(&self, limit: u64) -> io::Result<Cow<'a, [u8]>> {
        match self {
            Self::Memory(bytes) if bytes.len() as u64 <= limit => Ok(Cow::Borrowed(bytes)),
            _ => crate::limits::read_bounded(self.reader(), limit).map(Cow::Owned),
        }
    }

    /// A reader that can seek.
    pub fn reader(&self) -> ContentReader<'a> {
        ContentReader { content: *self, position: 0 }
    }

    /// Reads exactly the bytes of `buffer` from `offset`.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] where the content ends before.
    pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let mut reader = self.reader();
        reader.seek(SeekFrom::Start(offset))?;
        reader.read_exact(buffer)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::Memory(bytes) => bytes.read_at(buffer, offset),
            Self::Spilled(file) => file.read_at(buffer, offset),
        }
    }
}

/// Room for what an analyser takes out of a claimed file and must read at any place: an archive that lies
/// compressed in another one. An analyser opens no files, so whoever runs it has the room.
pub trait Room: Send + Sync {
    /// Takes in so many bytes, or fewer where `content` ends before. They are given up when the result is dropped.
    ///
    /// # Errors
    /// `content` can't be read, or there is no room.
    fn take_in<'r>(&'r self, content: &mut dyn Read, size: u64) -> Result<Box<dyn Held + 'r>, HoldError>;
}

/// Bytes that a [`Room`] holds.
pub trait Held {
    /// The bytes.
    fn content(&self) -> Content<'_>;
}

/// Why bytes could not be held.
#[derive(Debug)]
pub struct HoldError {
    pub error: io::Error,
    /// Whether where they come from is broken, and not where they should go.
    pub is_source: bool,
}

/// Room in memory for so many bytes at a time, and no more: for tests, and for whoever has no other.
#[derive(Debug, Clone, Copy)]
pub struct MemoryRoom(pub u64);

impl Room for MemoryRoom {
    fn take_in<'r>(&'r self, content: &mut dyn Read, size: u64) -> Result<Box<dyn Held + 'r>, HoldError> {
        let refused = |error| HoldError { error, is_source: false };
        if size > self.0 {
            let message = format!("more than {} bytes", self.0);
            return Err(refused(io::Error::new(io::ErrorKind::FileTooLarge, message)));
        }
        let mut bytes = Vec::new();
        let read = content.take(size).read_to_end(&mut bytes);
        read.map_err(|error| HoldError { error, is_source: true })?;
        Ok(Box::new(bytes))
    }
}

impl Held for Vec<u8> {
    fn content(&self) -> Content<'_> {
        Content::Memory(self)
    }
}

/// A [`Content`] as `Read` and `Seek`.
#[derive(Clone)]
pub struct ContentReader<'a> {
    content: Content<'a>,
    position: u64,
}

impl Read for ContentReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read_at(buffer, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for ContentReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, offset) = match to {
            SeekFrom::Start(position) => {
                self.position = position;
                return Ok(position);
            }
            SeekFrom::End(offset) => (self.content.size(), offset),
            SeekFrom::Current(offset) => (self.position, offset),
        };
        self.position = base
            .checked_add_signed(offset)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek before the start"))?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_and_seeking_memory() {
        let content = Content::Memory(b"0123456789");
        let mut reader = content.reader();
        reader.seek(SeekFrom::End(-3)).unwrap();
        let mut tail = Vec::new();
        reader.read_to_end(&mut tail).unwrap();
        assert_eq!(tail, b"789");
        assert!(reader.seek(SeekFrom::Current(-100)).is_err());
        assert!(content.read_exact_at(&mut [0; 4], 8).is_err(), "beyond the end");
        assert_eq!(content.bytes(9).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
