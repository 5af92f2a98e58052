//! A digest of a file or an archive, in whatever algorithm its package system chose.

use std::fmt;

/// The algorithms that package systems and bills of materials use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChecksumAlgorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl ChecksumAlgorithm {
    /// Every algorithm, weakest first.
    pub const ALL: [Self; 5] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// Lower case, without a dash: `sha256`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// Bytes of a digest.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// A digest of something, as its package system states it; nobody has computed it again.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Checksum {
    pub algorithm: ChecksumAlgorithm,
    /// Lower-case hexadecimal digits, as many as the algorithm has.
    hex: String,
}

impl Checksum {
    /// A checksum of hexadecimal digits in any case; `None` where they are none, too few or too many.
    pub fn from_hex(algorithm: ChecksumAlgorithm, hex: &str) -> Option<Self> {
        let is_digest =
            hex.len() == algorithm.bytes() * 2 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_digest.then(|| Self { algorithm, hex: hex.to_ascii_lowercase() })
    }

    /// A checksum of bytes; `None` where their number is not the algorithm's.
    pub fn from_bytes(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> Option<Self> {
        use fmt::Write;
        let mut hex = String::with_capacity(bytes.len() * 2);
        for byte in bytes {
            // Writing to a String does not fail.
            let _ = write!(hex, "{byte:02x}");
        }
        (bytes.len() == algorithm.bytes()).then_some(Self { algorithm, hex })
    }

    /// Lower-case hexadecimal digits.
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.as_str(), self.hex)
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_of_the_right_number_are_a_checksum() {
        let sha1 = |hex: &str| Checksum::from_hex(ChecksumAlgorithm::Sha1, hex).map(|sum| sum.to_string());
        let digits = "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709";
        assert_eq!(sha1(digits), Some(format!("sha1:{}", digits.to_lowercase())));
        assert_eq!(sha1(&digits[1..]), None);
        assert_eq!(sha1(&digits.replace('D', "G")), None);
        assert_eq!(Checksum::from_bytes(ChecksumAlgorithm::Md5, &[0; 15]), None);
        assert_eq!(
            Checksum::from_bytes(ChecksumAlgorithm::Md5, &[0xab; 16]).map(|sum| sum.hex().to_owned()),
            Some("ab".repeat(16))
        );
    }
}
