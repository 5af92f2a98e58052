//! A reader that hashes and counts what passes through it.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use seawall_model::Digest;
use sha2::{Digest as _, Sha256};

/// SHA-256 and length of everything read through it.
pub(crate) struct HashingReader<'c, R> {
    inner: R,
    hasher: Sha256,
    bytes: u64,
    counter: Option<&'c AtomicU64>,
}

impl<'c, R: Read> HashingReader<'c, R> {
    pub(crate) fn new(inner: R, counter: Option<&'c AtomicU64>) -> Self {
        Self { inner, hasher: Sha256::new(), bytes: 0, counter }
    }

    /// Reads to the end, for the digest's sake.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 256 << 10];
        loop {
            match self.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn finish(self) -> (Digest, u64) {
        (Digest::from_sha256(self.hasher.finalize().into()), self.bytes)
    }
}

impl<R: Read> Read for HashingReader<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.hasher.update(&out[..count]);
        self.bytes += count as u64;
        if let Some(counter) = self.counter {
            counter.fetch_add(count as u64, Ordering::Relaxed);
        }
        Ok(count)
    }
}
