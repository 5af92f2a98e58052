//! Where the manifests, configurations and layers of an image come from, and how their bytes are verified.
//!
//! It knows no format: what the bytes mean is told by the code that asks for them.

use std::io::{self, Read};

use seawall_model::Digest;
use sha2::{Digest as _, Sha256};

use crate::containerd::ContainerdError;
use crate::registry::RegistryError;

/// A manifest, index or configuration as it was stored, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawManifest {
    /// The SHA-256 of `bytes`, computed and not believed.
    pub digest: Digest,
    /// What the source says the bytes are, where it says so.
    pub media_type: Option<String>,
    /// The bytes. Writing them anew from parsed values would change the digest, so they are kept.
    pub bytes: Vec<u8>,
}

impl RawManifest {
    /// Bytes that have the digest they were asked for by.
    pub(crate) fn verified(expected: &Digest, bytes: Vec<u8>) -> Result<Self, BlobError> {
        let actual = digest_of(&bytes);
        if actual != *expected {
            return Err(BlobError::WrongDigest { expected: *expected, actual });
        }
        Ok(Self { digest: actual, media_type: None, bytes })
    }
}

/// Content of one image, addressed by digest. Several threads may read at the same time.
pub trait BlobSource: Sync {
    /// A manifest or index, whole and verified. `size` is what the index says, where there is one.
    fn fetch_manifest(&self, digest: &Digest, size: Option<u64>) -> Result<RawManifest, BlobError>;

    /// A configuration or layer as a stream that verifies itself.
    ///
    /// The reader returns an error, never an end, where digest or size is not what was asked for. So only
    /// who reads to the end (`Ok(0)`) has verified bytes; a parser that stops early must drain the rest.
    /// With a known size the last bytes are given out only after the digest was found right.
    fn open(&self, digest: &Digest, size: Option<u64>) -> Result<Box<dyn Read + Send + '_>, BlobError>;
}

/// Why a blob can't be had. Inside a stream it comes wrapped in an [`io::Error`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The source does not have it.
    #[error("{0} is not there")]
    NotFound(Digest),
    /// The bytes are others than the digest promised.
    #[error("content of {expected} has the digest {actual}: it is damaged or was tampered with")]
    WrongDigest { expected: Digest, actual: Digest },
    /// There are fewer or more bytes than the manifest promised.
    #[error("{digest} has {} bytes instead of {expected}", at_least(*.actual, *.expected))]
    WrongSize { digest: Digest, expected: u64, actual: u64 },
    /// There are more bytes than the limit for this kind of content.
    #[error("{digest} has more than {limit} bytes, the limit for this kind of content")]
    TooLarge { digest: Digest, limit: u64 },
    /// The operating system did not let us read it.
    #[error("can't read {digest}")]
    Io { digest: Digest, source: io::Error },
    /// The registry did not give it.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// containerd did not give it.
    #[error(transparent)]
    Containerd(#[from] ContainerdError),
}

/// A longer content is not read to its end, so its length is only known to be more.
fn at_least(actual: u64, expected: u64) -> String {
    if actual > expected { format!("at least {actual}") } else { actual.to_string() }
}

impl From<BlobError> for io::Error {
    fn from(error: BlobError) -> Self {
        let kind = match &error {
            BlobError::WrongSize { expected, actual, .. } if actual < expected => {
                io::ErrorKind::UnexpectedEof
            }
            BlobError::WrongDigest { .. } | BlobError::WrongSize { .. } => io::ErrorKind::InvalidData,
            BlobError::TooLarge { .. } => io::ErrorKind::FileTooLarge,
            BlobError::NotFound(_) => io::ErrorKind::NotFound,
            BlobError::Io { source, .. } => source.kind(),
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

/// A stream that checks the digest, and the size where it is known, of what passes through it.
pub struct VerifiedReader<R> {
    inner: R,
    digest: Digest,
    size: Option<u64>,
    limit: u64,
    hash: Sha256,
    seen: u64,
    verified: bool,
}

impl<R: Read> VerifiedReader<R> {
    /// Verifies `inner`, of which at most `limit` bytes are read where `size` is not known.
    pub fn new(inner: R, digest: Digest, size: Option<u64>, limit: u64) -> Self {
        Self { inner, digest, size, limit, hash: Sha256::new(), seen: 0, verified: false }
    }

    fn verify(&mut self) -> Result<(), BlobError> {
        if let Some(expected) = self.size.filter(|expected| *expected != self.seen) {
            return Err(BlobError::WrongSize { digest: self.digest, expected, actual: self.seen });
        }
        let actual = Digest::from_sha256(std::mem::take(&mut self.hash).finalize().into());
        if actual != self.digest {
            return Err(BlobError::WrongDigest { expected: self.digest, actual });
        }
        self.verified = true;
        Ok(())
    }

    fn take_in(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.seen = self.seen.saturating_add(bytes.len() as u64);
        match self.size {
            Some(expected) if self.seen > expected => {
                return Err(BlobError::WrongSize { digest: self.digest, expected, actual: self.seen });
            }
            None if self.seen > self.limit => {
                return Err(BlobError::TooLarge { digest: self.digest, limit: self.limit });
            }
            _ => {}
        }
        self.hash.update(bytes);
        if self.size == Some(self.seen) { self.verify() } else { Ok(()) }
    }
}

impl<R: Read> Read for VerifiedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.inner.read(buffer)?;
        if count == 0 {
            if !self.verified {
                self.verify()?;
            }
            return Ok(0);
        }
        self.take_in(buffer.get(..count).unwrap_or(buffer))?;
        Ok(count)
    }
}

/// The digest of bytes at hand.
pub fn digest_of(bytes: &[u8]) -> Digest {
    Digest::from_sha256(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], of: &[u8], size: Option<u64>) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        VerifiedReader::new(bytes, digest_of(of), size, 8)
            .read_to_end(&mut out)
            .map_err(|error| error.to_string().replace(&digest_of(of).to_string(), "D"))?;
        Ok(out)
    }

    #[test]
    fn right_bytes_pass() {
        for size in [None, Some(3)] {
            assert_eq!(read(b"abc", b"abc", size), Ok(b"abc".to_vec()));
        }
        assert_eq!(read(b"", b"", Some(0)), Ok(Vec::new()));
    }

    #[test]
    fn wrong_bytes_never_end_in_silence() {
        let x = digest_of(b"abx");
        let wrong = Err(format!("content of D has the digest {x}: it is damaged or was tampered with"));
        assert_eq!(read(b"abx", b"abc", None), wrong);
        assert_eq!(read(b"abx", b"abc", Some(3)), wrong);
        assert_eq!(read(b"ab", b"abc", Some(3)), Err("D has 2 bytes instead of 3".into()));
        assert_eq!(read(b"abcd", b"abc", Some(3)), Err("D has at least 4 bytes instead of 3".into()));
        assert_eq!(
            read(b"123456789", b"123456789", None),
            Err("D has more than 8 bytes, the limit for this kind of content".into())
        );
    }

    #[test]
    fn with_a_known_size_no_wrong_last_byte_is_given_out() {
        let mut reader = VerifiedReader::new(&b"abx"[..], digest_of(b"abc"), Some(3), 8);
        assert!(reader.read(&mut [0; 3]).is_err());
    }
}
