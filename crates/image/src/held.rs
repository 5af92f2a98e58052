//! Room for claimed files: in memory up to a bound over all workers, beyond it in anonymous temporary files.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};

use seawall_model::Content;
use seawall_model::analysis::{self, HoldError, ReadAt, Room};

/// The bytes that may be held in memory, and how many are.
pub struct HeldBytes {
    used: AtomicU64,
    limit: u64,
}

impl HeldBytes {
    pub const fn new(limit: u64) -> Self {
        Self { used: AtomicU64::new(0), limit }
    }

    /// Takes in a file of this many bytes.
    pub(crate) fn take_in(&self, content: impl Read, size: u64) -> Result<Held<'_>, HoldError> {
        if self.reserve(size) {
            let mut held = Held { budget: Some((self, size)), bytes: Bytes::Memory(Vec::new()) };
            let mut bytes = Vec::with_capacity(size as usize);
            content
                .take(size)
                .read_to_end(&mut bytes)
                .map_err(|error| HoldError { error, is_source: true })?;
            held.bytes = Bytes::Memory(bytes);
            return Ok(held);
        }
        Ok(Held { budget: None, bytes: Bytes::File(spill(content.take(size))?) })
    }

    fn reserve(&self, size: u64) -> bool {
        let fits = |used: u64| used.checked_add(size).filter(|sum| *sum <= self.limit);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }
}

impl Room for HeldBytes {
    fn take_in<'r>(
        &'r self,
        content: &mut dyn Read,
        size: u64,
    ) -> Result<Box<dyn analysis::Held + 'r>, HoldError> {
        Ok(Box::new(Self::take_in(self, content, size)?))
    }
}

/// The file has no name and is gone when it is closed.
fn spill(mut content: impl Read) -> Result<FileOnDisk, HoldError> {
    let own = |error| HoldError { error, is_source: false };
    let mut file = tempfile::tempfile().map_err(own)?;
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        match content.read(&mut buffer) {
            Ok(0) => return Ok(FileOnDisk { file, size }),
            Ok(count) => {
                file.write_all(&buffer[..count]).map_err(own)?;
                size += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(HoldError { error, is_source: true }),
        }
    }
}

/// A file being held; its room is free again when this is dropped.
pub(crate) struct Held<'h> {
    budget: Option<(&'h HeldBytes, u64)>,
    bytes: Bytes,
}

enum Bytes {
    Memory(Vec<u8>),
    File(FileOnDisk),
}

impl analysis::Held for Held<'_> {
    fn content(&self) -> Content<'_> {
        match &self.bytes {
            Bytes::Memory(bytes) => Content::Memory(bytes),
            Bytes::File(file) => Content::Spilled(file),
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some((held, size)) = self.budget {
            held.used.fetch_sub(size, Ordering::Relaxed);
        }
    }
}

/// A file of known size, read at any place.
pub(crate) struct FileOnDisk {
    pub(crate) file: File,
    pub(crate) size: u64,
}

impl ReadAt for FileOnDisk {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
}

#[cfg(test)]
mod tests {
    use seawall_model::analysis::Held;

    use super::*;

    #[test]
    fn beyond_the_bound_files_go_to_disk_and_read_the_same() {
        let held = HeldBytes::new(10);
        let Ok(first) = held.take_in(&b"12345678"[..], 8) else { panic!("fits") };
        assert!(matches!(first.content(), Content::Memory(b"12345678")));
        let Ok(second) = held.take_in(&b"abcdefgh"[..], 8) else { panic!("spills") };
        assert!(matches!(second.content(), Content::Spilled(_)));
        assert_eq!(second.content().bytes(8).unwrap().as_ref(), b"abcdefgh");
        drop(first);
        let Ok(third) = held.take_in(&b"ABCDEFGH"[..], 8) else { panic!("fits again") };
        assert!(matches!(third.content(), Content::Memory(_)));
    }

    #[test]
    fn what_ends_before_its_size_is_as_long_as_it_is() {
        for limit in [10, 0] {
            let held = HeldBytes::new(limit);
            let Ok(short) = held.take_in(&b"123"[..], 8) else { panic!("there is room") };
            assert_eq!(
                (short.content().size(), short.content().bytes(8).unwrap().as_ref()),
                (3, &b"123"[..])
            );
        }
    }
}
