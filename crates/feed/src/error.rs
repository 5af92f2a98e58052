//! Why the database can't be built, opened or moved.

use std::io;
use std::path::PathBuf;

use seawall_advisory::DbError;

/// What went wrong with a feed or with the database file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// A file can't be read or written.
    #[error("cannot {action} {path:?}")]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The file is no usable database.
    #[error("cannot use {path:?}")]
    Database {
        path: PathBuf,
        #[source]
        source: DbError,
    },
    /// The file's content is not what its checksum says.
    #[error("{path:?} is damaged: its content does not have the checksum that it states")]
    Checksum { path: PathBuf },
    /// A zip can't be read to its end. Nothing is replaced.
    #[error("the feed {feed} is damaged: {why}")]
    Damaged { feed: String, why: String },
    /// A feed or list is larger than any that is known.
    #[error("{feed} has more than {limit} bytes")]
    TooLarge { feed: String, limit: u64 },
    /// There is no such feed at the place given.
    #[error("there is no feed {feed}")]
    Missing { feed: String },
    /// A feed was asked for by a name that OSV does not know.
    #[error("{name:?} is not an ecosystem of the OSV schema{hint}")]
    Ecosystem { name: String, hint: String },
    /// The place holds no feed at all.
    #[error("{place} holds no feed: it has no <Ecosystem>/all.zip")]
    Empty { place: String },
    /// A server can't be reached, or broke off.
    #[error("cannot fetch {url}")]
    Fetch {
        url: String,
        #[source]
        source: reqwest::Error,
    },
    /// A server answered something else than the file.
    #[error("cannot fetch {url}: the server answered {status}")]
    Answer { url: String, status: u16 },
    /// The URL can't be used.
    #[error("{url:?} is not a URL that can be fetched: {why}")]
    Url { url: String, why: &'static str },
    /// A list of exploited vulnerabilities or of EPSS scores is malformed.
    #[error("cannot read {list}: {why}")]
    List { list: String, why: String },
    /// A feed can't be written as a segment.
    #[error(transparent)]
    Build(#[from] seawall_advisory::db::BuildError),
}

impl FeedError {
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}
