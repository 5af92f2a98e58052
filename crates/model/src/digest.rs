//! A content digest as OCI writes it (`sha256:<64 hex>`), and nothing that computes one.

use std::fmt;
use std::str::FromStr;

/// A SHA-256 content digest.
///
/// OCI registers `sha512` too, but no registry or builder in use addresses content by it; a reference that
/// uses it is refused as [`DigestError::UnsupportedAlgorithm`], never treated as verified.
/// Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests>.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// Why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError {
    /// The part before the colon is not an algorithm that Seawall can verify.
    #[error("digest algorithm {0:?} is not supported, only sha256 is")]
    UnsupportedAlgorithm(String),
    /// The text is not `sha256:` and 64 lower-case hexadecimal digits.
    #[error("{0:?} is not a digest of the form sha256:<64 hexadecimal digits>")]
    Malformed(String),
}

impl Digest {
    /// The digest whose 32 bytes these are.
    pub const fn from_sha256(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 64 hexadecimal digits without the algorithm.
    pub fn hex(&self) -> String {
        use fmt::Write;
        self.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The first twelve hexadecimal digits, as people quote a layer.
    pub fn short(&self) -> String {
        self.hex()[..12].to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let malformed = || DigestError::Malformed(text.to_owned());
        let (algorithm, hex) = text.split_once(':').ok_or_else(malformed)?;
        if algorithm != "sha256" {
            return Err(DigestError::UnsupportedAlgorithm(algorithm.to_owned()));
        }
        Self::from_hex(hex).ok_or_else(malformed)
    }
}

impl Digest {
    /// The digest of 64 lower-case hexadecimal digits, as file names in an OCI layout spell it.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let hex = hex.as_bytes();
        if hex.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Some(Self(bytes))
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_as_it_is_written() {
        let text = format!("sha256:{}", "0123456789abcdef".repeat(4));
        assert_eq!(text.parse::<Digest>().unwrap().to_string(), text);
    }

    #[test]
    fn what_could_not_be_verified_is_not_a_digest() {
        for text in ["", "sha256", "sha256:", "sha256:AB", "sha512:00", "sha256:../../etc/passwd"] {
            assert!(text.parse::<Digest>().is_err(), "{text:?}");
        }
        let upper = format!("sha256:{}", "A".repeat(64));
        assert!(upper.parse::<Digest>().is_err(), "OCI wants lower case");
    }
}
