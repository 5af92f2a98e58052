//! Every bound over foreign input, in one place.

use std::io::{self, Read};

/// Bounds that hold for one scan. Bytes are counted after decompression.
///
/// The defaults are generous for real images and small enough that no image can exhaust the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one manifest, index or configuration. Beyond it the image is refused. Default: 16 MiB.
    pub max_manifest_bytes: u64,
    /// Bytes of one layer after decompression. Beyond it the rest of the layer is not examined and the
    /// layer becomes a [`crate::ProblemKind::LayerUnreadable`]. Default: 64 GiB.
    pub max_layer_bytes: u64,
    /// How many times larger than its compressed form a layer may grow once it passes 1 GiB: a gzip bomb is
    /// stopped early. Beyond it as for `max_layer_bytes`. Default: 200.
    pub max_layer_expansion: u64,
    /// Entries of one layer. Beyond it as for `max_layer_bytes`. Default: 20 million.
    pub max_layer_entries: u64,
    /// Files of one layer that analysers may claim. Beyond it as for `max_layer_bytes`. Default: 1 million.
    pub max_claimed_files: u64,
    /// Bytes of names that are kept of one layer: of links and their targets, of removals, of claimed files.
    /// Beyond it as for `max_layer_bytes`. Default: 256 MiB.
    pub max_name_bytes: u64,
    /// Bytes of the sparse files of one layer that analysers claim, holes filled. A file that would exceed it
    /// becomes a [`crate::ProblemKind::TooLarge`]. Default: 4 GiB.
    pub max_sparse_bytes: u64,
    /// Layers of one image. Beyond it the image is refused. Default: 1,000.
    pub max_layers: usize,
    /// Bytes of one text file that an analyser claims (a lockfile, a manifest, a package database in text).
    /// A larger one becomes a [`crate::ProblemKind::TooLarge`]. Default: 256 MiB.
    pub max_text_bytes: u64,
    /// Bytes of one file that needs random access (archive, executable, rpm database). A larger one becomes
    /// a [`crate::ProblemKind::TooLarge`]. Default: 4 GiB.
    pub max_random_access_bytes: u64,
    /// Bytes of claimed files held in memory over all workers, and as many of archives that lie compressed in
    /// them; beyond it they go to an anonymous temporary file. Default: 64 MiB.
    pub max_held_bytes: u64,
    /// Archives inside archives: a jar in a war in an ear is 3. Deeper ones are named and left out.
    /// Default: 8.
    pub max_archive_depth: u32,
    /// Bytes unpacked from one claimed archive, all nested ones together. Beyond it the rest is named and
    /// left out. Default: 4 GiB.
    pub max_archive_bytes: u64,
    /// Entries of one claimed archive. Beyond it the rest is named and left out. Default: 1 million.
    pub max_archive_entries: u64,
    /// Packages that one file may tell. Beyond it the rest is named and left out. Default: 1 million.
    pub max_packages_per_file: usize,
    /// Nested values in a JSON, YAML, TOML or XML document. Deeper ones make it malformed. Default: 128.
    pub max_nesting: usize,
    /// Symbolic links followed for one path. A longer chain is a loop. Default: 40, as in Linux.
    pub max_links: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        const GIB: u64 = 1 << 30;
        Self {
            max_manifest_bytes: 16 * MIB,
            max_layer_bytes: 64 * GIB,
            max_layer_expansion: 200,
            max_layer_entries: 20_000_000,
            max_claimed_files: 1_000_000,
            max_name_bytes: 256 * MIB,
            max_sparse_bytes: 4 * GIB,
            max_layers: 1000,
            max_text_bytes: 256 * MIB,
            max_random_access_bytes: 4 * GIB,
            max_held_bytes: 64 * MIB,
            max_archive_depth: 8,
            max_archive_bytes: 4 * GIB,
            max_archive_entries: 1_000_000,
            max_packages_per_file: 1_000_000,
            max_nesting: 128,
            max_links: 40,
        }
    }
}

/// Reads to the end, or to one byte past `limit`, which is an error: the bounded form of `read_to_end`.
///
/// # Errors
/// Whatever the reader says, and [`io::ErrorKind::FileTooLarge`] where there is more than `limit` bytes.
pub fn read_bounded(reader: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("more than {limit} bytes, the limit for this kind of file"),
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_still_fits() {
        assert_eq!(read_bounded(&b"abc"[..], 3).unwrap(), b"abc");
        let error = read_bounded(&b"abcd"[..], 3).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(read_bounded(io::repeat(0), 1000).is_err());
    }
}
