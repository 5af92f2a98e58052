//! The database on disk: mapped to be read, replaced only by rename, moved with its checksum verified.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;
use seawall_advisory::Database;
use seawall_advisory::db::{CHECKED_FROM, DbError, FeedMeta, ListMeta, MAGIC};
use seawall_model::{Digest, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::FeedError;

/// LIMIT: bytes of a database that is imported. The largest that was ever built has some hundred MB.
const MAX_DATABASE_BYTES: u64 = 16 << 30;

/// Opens a database by mapping it; nothing but its header is read. The file must not be written to while it
/// is open, only replaced: which is what this crate does.
pub fn open(path: &Path) -> Result<Database, FeedError> {
    let file = File::open(path).map_err(FeedError::file("open", path))?;
    let length = file.metadata().map_err(FeedError::file("read", path))?.len();
    // An empty file can't be mapped.
    if length < CHECKED_FROM as u64 {
        return Err(FeedError::Database { path: path.into(), source: DbError::NotADatabase });
    }
    let map = map(&file).map_err(FeedError::file("map", path))?;
    Database::open(Arc::new(map)).map_err(|source| FeedError::Database { path: path.into(), source })
}

#[expect(unsafe_code, reason = "a memory map is what lets a scan touch only the pages that it needs")]
fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the bytes must not change while they are mapped. The file is one of our own cache or one that
    // the user named; this crate writes a database under another name and renames it, so the mapped inode is
    // never written to after it was finished. Every value read from it is checked, so that even a file that
    // someone else changes gives wrong answers or errors, or ends the process by a signal where it is cut
    // off, but breaks no memory.
    unsafe { Mmap::map(file) }
}

/// Whether the content has the checksum that the header states.
pub fn is_intact(database: &Database) -> bool {
    let content = database.as_bytes().get(CHECKED_FROM..).unwrap_or_default();
    Sha256::digest(content).as_slice() == database.stated_checksum()
}

/// What a database file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub path: PathBuf,
    pub bytes: u64,
    /// The checksum that the file states of its content: the name of this database in reports.
    pub checksum: Digest,
    /// When the feeds were last asked whether they have changed.
    pub checked: Option<Timestamp>,
    /// Sorted by ecosystem.
    pub feeds: Vec<FeedMeta>,
    pub kev: Option<ListMeta>,
    pub epss: Option<ListMeta>,
}

/// Reads what a database says of itself.
pub fn status(path: &Path) -> Result<Status, FeedError> {
    status_of(path, &open(path)?)
}

/// The same for an open database.
pub fn status_of(path: &Path, database: &Database) -> Result<Status, FeedError> {
    let feeds = database.segments().map(|segment| segment?.meta()).collect::<Result<_, _>>();
    Ok(Status {
        path: path.into(),
        bytes: database.as_bytes().len() as u64,
        checksum: Digest::from_sha256(database.stated_checksum()),
        checked: database.checked(),
        feeds: feeds.map_err(|source| FeedError::Database { path: path.into(), source })?,
        kev: database.kev().meta(),
        epss: database.epss().meta(),
    })
}

/// Copies a database to a file that another machine can import. The checksum is verified.
pub fn export(database: &Path, to: &Path) -> Result<Status, FeedError> {
    copy_verified(database, to)
}

/// Takes a file over as the database, if its content has the checksum that it states. The old database stays
/// where it does not.
pub fn import(from: &Path, database: &Path) -> Result<Status, FeedError> {
    copy_verified(from, database)
}

fn copy_verified(from: &Path, to: &Path) -> Result<Status, FeedError> {
    let source = File::open(from).map_err(FeedError::file("open", from))?;
    let mut source = source.take(MAX_DATABASE_BYTES + 1);
    let mut header = [0; CHECKED_FROM];
    let no_database = |source| FeedError::Database { path: from.into(), source };
    match source.read_exact(&mut header) {
        Ok(()) if header.starts_with(&MAGIC) => {}
        Ok(()) => return Err(no_database(DbError::NotADatabase)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(no_database(DbError::NotADatabase));
        }
        Err(error) => return Err(FeedError::file("read", from)(error)),
    }
    let stated: [u8; 32] = *header.last_chunk().expect("the header is longer than a checksum");
    replace(to, |file| {
        file.write_all(&header).map_err(FeedError::file("write", to))?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 256 << 10];
        loop {
            let count = source.read(&mut buffer).map_err(FeedError::file("read", from))?;
            if count == 0 {
                break;
            }
            hasher.update(&buffer[..count]);
            file.write_all(&buffer[..count]).map_err(FeedError::file("write", to))?;
        }
        if source.limit() == 0 {
            let feed = from.display().to_string();
            return Err(FeedError::TooLarge { feed, limit: MAX_DATABASE_BYTES });
        }
        if hasher.finalize().as_slice() != stated {
            return Err(FeedError::Checksum { path: from.into() });
        }
        // The header is not covered by the checksum, and the format may be one of another version.
        let map = map(file).map_err(FeedError::file("map", to))?;
        let opened = Database::open(Arc::new(map)).map_err(no_database)?;
        status_of(to, &opened)
    })
}

/// Writes an assembled database, with its checksum filled in.
pub(crate) fn write(path: &Path, mut bytes: Vec<u8>) -> Result<(), FeedError> {
    let checksum = Sha256::digest(bytes.get(CHECKED_FROM..).unwrap_or_default());
    if let Some(place) = bytes.get_mut(CHECKED_FROM - 32..CHECKED_FROM) {
        place.copy_from_slice(&checksum);
    }
    replace(path, |file| file.write_all(&bytes).map_err(FeedError::file("write", path)))
}

/// Replaces a file by one that `fill` writes: wholly, or not at all.
fn replace<T>(path: &Path, fill: impl FnOnce(&mut File) -> Result<T, FeedError>) -> Result<T, FeedError> {
    let dir = directory_of(path);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = dir.join(format!(".{name}.{}.tmp", std::process::id()));
    // One left by a process of the same number that was killed.
    let _ = std::fs::remove_file(&temporary);
    let create = File::options().read(true).write(true).create_new(true).open(&temporary);
    let mut file = create.map_err(FeedError::file("create", &temporary))?;
    let outcome = fill(&mut file).and_then(|value| {
        file.sync_all().map_err(FeedError::file("write", &temporary))?;
        std::fs::rename(&temporary, path).map_err(FeedError::file("replace", path))?;
        Ok(value)
    });
    match outcome {
        Ok(value) => {
            // The name is on disk only when the directory is. Not every file system lets it be synced.
            let _ = File::open(&dir).and_then(|dir| dir.sync_all());
            Ok(value)
        }
        Err(error) => {
            let _ = std::fs::remove_file(&temporary);
            Err(error)
        }
    }
}

/// The directory in which a file lies.
pub(crate) fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir.into(),
        _ => PathBuf::from("."),
    }
}
