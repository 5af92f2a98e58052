//! The name of a bill, made of its content: the same bill has the same one in every form.

use std::fmt::Write as _;
use std::io;

use sha1::{Digest as _, Sha1};

use crate::Bill;

/// The name space of Seawall's bills, itself a random UUID. Part of the format: it must not change.
const NAMESPACE: [u8; 16] =
    [0x5e, 0xa1, 0xa1, 0x1b, 0x0f, 0x3d, 0x4c, 0x52, 0x9a, 0x77, 0x21, 0xd4, 0x60, 0x8e, 0x3b, 0xc9];

/// A UUID of version 5 as text, of everything in the bill.
/// <https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5>
pub(crate) fn uuid_of(bill: &Bill) -> String {
    let mut hasher = Hasher(Sha1::new());
    hasher.0.update(NAMESPACE);
    crate::native::write_compact(bill, &mut hasher).expect("a hasher takes every byte");
    // Seawall's own form carries no findings.
    crate::cyclonedx::write_vulnerabilities(bill, &mut hasher).expect("a hasher takes every byte");
    let hash = hasher.0.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// Eight hexadecimal digits that tell texts apart; no protection against who wants two texts to be alike.
pub(crate) fn short_hash(text: &str) -> String {
    hex(&Sha1::digest(text.as_bytes())[..4])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

struct Hasher(Sha1);

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
