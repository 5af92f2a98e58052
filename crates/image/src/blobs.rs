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

    /// A configuration or layer whose bytes nobody has verified yet. `size` is what the manifest says.
    fn open_unverified(&self, digest: &Digest, size: Option<u64>) -> Result<UnverifiedBlob<'_>, BlobError>;

    /// A configuration or layer as a stream that verifies itself.
    ///
    /// The reader returns an error, never an end, where digest or size is not what was asked for. So only
    /// who reads to the end (`Ok(0)`) has verified bytes; a parser that stops early must drain the rest.
    /// With a known size the last bytes are given out only after the digest was found right.
    fn open(&self, digest: &Digest, size: Option<u64>) -> Result<VerifiedReader<'_>, BlobError> {
        Ok(self.open_unverified(digest, size)?.verified(*digest))
    }
}

/// A blob as its source gives it: it may be damaged, or another one than was asked for.
///
/// It is no [`Read`] itself, so that its bytes can be had in two ways only: through [`Self::verified`], and by
/// the pass over a layer ([`crate::layer`]), which hashes everything it reads and compares. Its length is
/// bounded in both.
pub struct UnverifiedBlob<'s> {
    bytes: Box<dyn Read + Send + 's>,
    length: Length,
}

impl<'s> UnverifiedBlob<'s> {
    /// At most `limit` bytes, and exactly `size` where that is known. Any others are an error of the stream,
    /// which names the digest that was asked for.
    pub fn new(bytes: impl Read + Send + 's, digest: &Digest, size: Option<u64>, limit: u64) -> Self {
        Self { bytes: Box::new(bytes), length: Length { digest: Some(*digest), size, limit, seen: 0 } }
    }

    /// Bytes of a source that has no digests, only the configuration that promises those of the tars.
    pub fn without_digest(bytes: impl Read + Send + 's, limit: u64) -> Self {
        Self { bytes: Box::new(bytes), length: Length { digest: None, size: None, limit, seen: 0 } }
    }

    /// The bytes as a stream that ends in an error where they are not those of this digest.
    pub fn verified(self, digest: Digest) -> VerifiedReader<'s> {
        VerifiedReader { inner: self.dangerous_unverified(), digest, hash: Sha256::new(), is_verified: false }
    }

    /// The bytes as they come, for who hashes them himself and compares before he believes them.
    pub(crate) fn dangerous_unverified(self) -> Measured<'s> {
        Measured { bytes: self.bytes, length: self.length }
    }
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

impl BlobError {
    /// Takes the error of a stream out of its wrapping again.
    pub(crate) fn of_stream(error: io::Error, digest: &Digest) -> Self {
        match error.downcast() {
            Ok(error) => error,
            Err(source) => Self::Io { digest: *digest, source },
        }
    }
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

/// How many bytes a blob may have, and how many came.
struct Length {
    digest: Option<Digest>,
    size: Option<u64>,
    limit: u64,
    seen: u64,
}

impl Length {
    fn take_in(&mut self, count: usize) -> io::Result<()> {
        self.seen = self.seen.saturating_add(count as u64);
        if self.size.is_some_and(|expected| self.seen > expected) {
            return Err(self.wrong_size());
        }
        if self.seen <= self.limit {
            return Ok(());
        }
        let limit = self.limit;
        Err(match self.digest {
            Some(digest) => BlobError::TooLarge { digest, limit }.into(),
            None => io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {limit} bytes")),
        })
    }

    fn end(&self) -> io::Result<()> {
        if self.size.is_some_and(|expected| self.seen < expected) { Err(self.wrong_size()) } else { Ok(()) }
    }

    fn wrong_size(&self) -> io::Error {
        match (self.digest, self.size) {
            (Some(digest), Some(expected)) => {
                BlobError::WrongSize { digest, expected, actual: self.seen }.into()
            }
            _ => io::ErrorKind::UnexpectedEof.into(),
        }
    }

    fn is_complete(&self) -> bool {
        self.size == Some(self.seen)
    }
}

/// A stream of bounded length.
pub(crate) struct Measured<'s> {
    bytes: Box<dyn Read + Send + 's>,
    length: Length,
}

impl Read for Measured<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        match count {
            0 if !buffer.is_empty() => self.length.end()?,
            _ => self.length.take_in(count)?,
        }
        Ok(count)
    }
}

/// A stream that checks the digest, and the size where it is known, of what passes through it.
pub struct VerifiedReader<'s> {
    inner: Measured<'s>,
    digest: Digest,
    hash: Sha256,
    is_verified: bool,
}

impl VerifiedReader<'_> {
    fn verify(&mut self) -> Result<(), BlobError> {
        let actual = Digest::from_sha256(std::mem::take(&mut self.hash).finalize().into());
        if actual != self.digest {
            return Err(BlobError::WrongDigest { expected: self.digest, actual });
        }
        self.is_verified = true;
        Ok(())
    }
}

impl Read for VerifiedReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.inner.read(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or(buffer));
        // The last bytes are held back until the digest was found right.
        if !self.is_verified && (count == 0 || self.inner.length.is_complete()) {
            self.verify()?;
        }
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
        UnverifiedBlob::new(bytes, &digest_of(of), size, 8)
            .verified(digest_of(of))
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
        let digest = digest_of(b"abc");
        let mut reader = UnverifiedBlob::new(&b"abx"[..], &digest, Some(3), 8).verified(digest);
        assert!(reader.read(&mut [0; 3]).is_err());
    }
}
