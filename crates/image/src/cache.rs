//! Facts of layers that were read before, in small files named by digest.
//!
//! An entry is written under a temporary name and renamed, so that several processes can share the folder
//! without a lock. Each carries a checksum; one that does not fit is as good as none. The folder is bounded:
//! what was used longest ago goes first.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use seawall_model::{Analyser, Digest};

use crate::blobs::digest_of;
use crate::tree::LayerTree;

/// A folder of cached facts.
#[derive(Debug, Clone)]
pub struct Cache {
    dir: PathBuf,
    max_bytes: u64,
}

/// Default bound of the folder: 5 GB.
pub const DEFAULT_MAX_BYTES: u64 = 5_000_000_000;

/// Raised when the form of an entry changes.
const FORMAT: &str = "seawall-cache/1";

/// The size of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStatus {
    pub entries: u64,
    pub bytes: u64,
    pub max_bytes: u64,
}

impl Cache {
    /// The cache in this folder, which need not exist yet.
    pub const fn new(dir: PathBuf, max_bytes: u64) -> Self {
        Self { dir, max_bytes }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// How much there is.
    ///
    /// # Errors
    /// The folder is there and cannot be read.
    pub fn status(&self) -> io::Result<CacheStatus> {
        let entries = self.entries()?;
        let bytes = entries.iter().map(|entry| entry.bytes).sum();
        Ok(CacheStatus { entries: entries.len() as u64, bytes, max_bytes: self.max_bytes })
    }

    /// Removes everything, and says how much that was.
    ///
    /// # Errors
    /// An entry cannot be removed.
    pub fn clear(&self) -> io::Result<CacheStatus> {
        let status = self.status()?;
        for entry in self.entries()? {
            remove(&entry.path)?;
        }
        Ok(status)
    }

    /// Brings the folder below its bound, least recently used entries first.
    ///
    /// # Errors
    /// The folder cannot be read or an entry not removed.
    pub fn prune(&self) -> io::Result<()> {
        let mut entries = self.entries()?;
        let mut bytes: u64 = entries.iter().map(|entry| entry.bytes).sum();
        if bytes <= self.max_bytes {
            return Ok(());
        }
        entries.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
        // A tenth below the bound, so that not every scan prunes.
        let target = self.max_bytes / 10 * 9;
        for entry in entries {
            if bytes <= target {
                break;
            }
            remove(&entry.path)?;
            bytes -= entry.bytes;
        }
        Ok(())
    }

    /// What a layer told, by the digest of its uncompressed tar.
    pub fn layer<A: Analyser>(&self, diff_id: &Digest, analyser: &A) -> Option<(A::Facts, LayerTree)> {
        let bytes = self.get(&layer_key(diff_id, analyser))?;
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let (tree, facts) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        Some((analyser.decode(facts)?, LayerTree::decode(tree)?))
    }

    /// Keeps what a layer told.
    ///
    /// # Errors
    /// The entry cannot be written.
    pub fn keep_layer<A: Analyser>(
        &self,
        diff_id: &Digest,
        analyser: &A,
        facts: &A::Facts,
        tree: &LayerTree,
    ) -> io::Result<()> {
        let tree = tree.encode();
        let mut bytes = (tree.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(&tree);
        bytes.extend_from_slice(&analyser.encode(facts));
        self.put(&layer_key(diff_id, analyser), &bytes)
    }

    /// The digest of the uncompressed tar in a blob: known once the blob was read and both were verified.
    ///
    /// A configuration that merely claims a layer's digest is not believed: it could name the innocent layer
    /// of another image and hide its own.
    pub fn diff_id_of(&self, blob: &Digest) -> Option<Digest> {
        let bytes = self.get(&format!("blob {blob}"))?;
        Some(Digest::from_sha256(bytes.try_into().ok()?))
    }

    /// Keeps the digest of the uncompressed tar in a blob.
    ///
    /// # Errors
    /// The entry cannot be written.
    pub fn keep_diff_id(&self, blob: &Digest, diff_id: &Digest) -> io::Result<()> {
        self.put(&format!("blob {blob}"), diff_id.as_bytes())
    }

    /// A small document by the name of an image that never changes: a configuration by image ID.
    pub fn document(&self, name: &str) -> Option<Vec<u8>> {
        self.get(&format!("document {name}"))
    }

    /// Keeps a small document.
    ///
    /// # Errors
    /// The entry cannot be written.
    pub fn keep_document(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.put(&format!("document {name}"), bytes)
    }

    fn path(&self, key: &str) -> PathBuf {
        let name = digest_of(format!("{FORMAT} {key}").as_bytes()).hex();
        self.dir.join(&name[..2]).join(&name[2..])
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        let path = self.path(key);
        let bytes = fs::read(&path).ok()?;
        let (payload, checksum) = bytes.split_last_chunk::<8>()?;
        if xxhash_rust::xxh3::xxh3_64(payload) != u64::from_le_bytes(*checksum) {
            return None;
        }
        // Best effort: a folder that cannot be written is still good to read from.
        if let Ok(file) = File::options().append(true).open(&path) {
            let _ = file.set_modified(SystemTime::now());
        }
        let length = payload.len();
        let mut bytes = bytes;
        bytes.truncate(length);
        Some(bytes)
    }

    fn put(&self, key: &str, payload: &[u8]) -> io::Result<()> {
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.dir);
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(payload)?;
        file.write_all(&xxhash_rust::xxh3::xxh3_64(payload).to_le_bytes())?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    }

    fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for folder in read_dir(&self.dir)? {
            if !folder.is_dir() || folder.file_name().is_none_or(|name| name.len() != 2) {
                continue;
            }
            for path in read_dir(&folder)? {
                // Another process may have removed it since.
                let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
                if metadata.is_file() {
                    let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    entries.push(Entry { path, bytes: metadata.len(), used });
                }
            }
        }
        Ok(entries)
    }
}

struct Entry {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

fn layer_key(diff_id: &Digest, analyser: &impl Analyser) -> String {
    format!("layer {diff_id} {}", analyser.identity())
}

fn read_dir(dir: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(dir) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_what_is_damaged_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path().join("cache"), 1000);
        assert_eq!(cache.status().unwrap().entries, 0, "a folder that is not there is empty");
        let blob = digest_of(b"blob");
        let diff_id = digest_of(b"tar");
        assert_eq!(cache.diff_id_of(&blob), None);
        cache.keep_diff_id(&blob, &diff_id).unwrap();
        assert_eq!(cache.diff_id_of(&blob), Some(diff_id));
        let path = cache.path(&format!("blob {blob}"));
        let mut bytes = fs::read(&path).unwrap();
        bytes[3] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert_eq!(cache.diff_id_of(&blob), None);
        assert_eq!(cache.clear().unwrap().entries, 1);
        assert_eq!(cache.status().unwrap().entries, 0);
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path().to_owned(), 1000);
        for (age, name) in [(30, "old"), (20, "older-but-used"), (10, "new")] {
            cache.keep_document(name, &[0; 392]).unwrap();
            let file = File::options().append(true).open(cache.path(&format!("document {name}"))).unwrap();
            file.set_modified(SystemTime::now() - std::time::Duration::from_secs(age)).unwrap();
        }
        cache.document("older-but-used").unwrap();
        cache.prune().unwrap();
        assert!(cache.document("old").is_none());
        assert!(cache.document("older-but-used").is_some());
        assert!(cache.document("new").is_some());
    }

    #[test]
    fn several_users_of_one_folder_never_see_half_an_entry_nor_exceed_the_bound() {
        let dir = tempfile::tempdir().unwrap();
        // Each stands for a process: they share nothing but the folder.
        let user = |seed: u8| {
            let cache = Cache::new(dir.path().to_owned(), 40_000);
            for round in 0..50_u8 {
                let name = format!("document {}", round % 10);
                cache.keep_document(&name, &vec![round % 10; 2000 + usize::from(seed)]).unwrap();
                for other in 0..10 {
                    if let Some(bytes) = cache.document(&format!("document {other}")) {
                        assert!(bytes.len() >= 2000 && bytes.iter().all(|byte| *byte == other));
                    }
                }
                cache.keep_document(&format!("{seed} {round}"), &[seed; 1000]).unwrap();
                cache.prune().unwrap();
            }
        };
        std::thread::scope(|scope| {
            for seed in 0..4 {
                scope.spawn(move || user(seed));
            }
        });
        let cache = Cache::new(dir.path().to_owned(), 40_000);
        cache.prune().unwrap();
        let status = cache.status().unwrap();
        assert!(status.entries > 0 && status.bytes <= 40_000, "{status:?}");
    }

    #[test]
    fn a_folder_that_cannot_be_written_keeps_nothing_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a file in its place");
        fs::write(&file, "").unwrap();
        let cache = Cache::new(file, 1000);
        assert!(cache.keep_document("name", b"text").is_err());
        assert_eq!(cache.document("name"), None);
    }
}
