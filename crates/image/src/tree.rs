//! What a layer does to the file system below it: the little that must be remembered of every entry.
//!
//! Eight bytes for each file and directory, and the names only of links, of removals and of claimed files.

use seawall_model::{FilePath, FilePathBuf};
use serde::{Deserialize, Serialize};

/// The shape of one layer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LayerTree {
    /// Paths that this layer removes (`.wh.name`).
    pub whiteouts: Vec<FilePathBuf>,
    /// Directories whose content from lower layers is gone (`.wh..wh..opq`).
    pub opaque: Vec<FilePathBuf>,
    /// Symbolic links and their targets as written.
    pub symlinks: Vec<(FilePathBuf, Vec<u8>)>,
    /// Hard links that an analyser would want under their name, and their targets.
    pub hardlinks: Vec<(FilePathBuf, FilePathBuf)>,
    /// Files that an analyser claimed.
    pub claimed: Vec<FilePathBuf>,
    /// [`path_key`] of everything that is no directory, sorted.
    pub files: Vec<u64>,
    /// [`path_key`] of every directory, sorted.
    pub directories: Vec<u64>,
    /// Files whose content an analyser was shown.
    pub files_read: u64,
    /// Bytes of the tar archive.
    pub tar_bytes: u64,
}

/// A stable 64-bit name of exactly this path. (Unlike [`FilePath::hash`], `bin` and `usr/bin` differ.)
pub(crate) fn path_key(path: FilePath<'_>) -> u64 {
    xxhash_rust::xxh3::xxh3_64(path.as_bytes())
}

impl LayerTree {
    /// Whether the layer has something that is no directory at this path.
    pub(crate) fn has_file(&self, path: FilePath<'_>) -> bool {
        self.files.binary_search(&path_key(path)).is_ok()
    }

    /// Whether the layer has a directory at this path.
    pub(crate) fn has_directory(&self, path: FilePath<'_>) -> bool {
        self.directories.binary_search(&path_key(path)).is_ok()
    }

    /// Brings the sets into order; called once, when the layer has been read.
    pub(crate) fn seal(&mut self) {
        for keys in [&mut self.files, &mut self.directories] {
            keys.sort_unstable();
            keys.dedup();
            keys.shrink_to_fit();
        }
    }

    /// The tree as bytes for the cache.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let plain = |paths: &[FilePathBuf]| paths.iter().map(|path| path.as_bytes().to_vec()).collect();
        let wire = TreeWire {
            whiteouts: plain(&self.whiteouts),
            opaque: plain(&self.opaque),
            symlinks: self.symlinks.iter().map(|(path, to)| (path.as_bytes().to_vec(), to.clone())).collect(),
            hardlinks: self
                .hardlinks
                .iter()
                .map(|(path, to)| (path.as_bytes().to_vec(), to.as_bytes().to_vec()))
                .collect(),
            claimed: plain(&self.claimed),
            files: to_bytes(&self.files),
            directories: to_bytes(&self.directories),
            files_read: self.files_read,
            tar_bytes: self.tar_bytes,
        };
        postcard::to_stdvec(&wire).expect("writing to memory does not fail, and every length is known")
    }

    /// The tree of bytes that [`Self::encode`] wrote; `None` for any others.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let wire: TreeWire = postcard::from_bytes(bytes).ok()?;
        let paths = |paths: Vec<Vec<u8>>| paths.iter().map(|path| FilePathBuf::normalise(path)).collect();
        Some(Self {
            whiteouts: paths(wire.whiteouts),
            opaque: paths(wire.opaque),
            symlinks: wire
                .symlinks
                .into_iter()
                .map(|(path, to)| (FilePathBuf::normalise(&path), to))
                .collect(),
            hardlinks: wire
                .hardlinks
                .iter()
                .map(|(path, to)| (FilePathBuf::normalise(path), FilePathBuf::normalise(to)))
                .collect(),
            claimed: paths(wire.claimed),
            files: from_bytes(&wire.files)?,
            directories: from_bytes(&wire.directories)?,
            files_read: wire.files_read,
            tar_bytes: wire.tar_bytes,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct TreeWire {
    whiteouts: Vec<Vec<u8>>,
    opaque: Vec<Vec<u8>>,
    symlinks: Vec<(Vec<u8>, Vec<u8>)>,
    hardlinks: Vec<(Vec<u8>, Vec<u8>)>,
    claimed: Vec<Vec<u8>>,
    files: Vec<u8>,
    directories: Vec<u8>,
    files_read: u64,
    tar_bytes: u64,
}

fn to_bytes(keys: &[u64]) -> Vec<u8> {
    keys.iter().flat_map(|key| key.to_le_bytes()).collect()
}

fn from_bytes(bytes: &[u8]) -> Option<Vec<u64>> {
    let (chunks, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| chunks.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect())
}
