//! A file or a URL, and how its bytes are fetched: HTTPS, or HTTP from this machine only.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::blocking::{Client, Response};
use reqwest::header::{ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use reqwest::redirect::Policy;
use reqwest::{Url, header::HeaderName};

use crate::FeedError;

/// LIMIT: bytes of one downloaded feed; the largest public one has some hundred MB. A larger one ends the
/// update.
pub const MAX_DOWNLOAD_BYTES: u64 = 8 << 30;
/// LIMIT: bytes of a list (exploited vulnerabilities, scores) as it is fetched.
pub const MAX_LIST_BYTES: u64 = 256 << 20;

const ATTEMPTS: u32 = 3;
const REDIRECTS: usize = 5;

/// Where a feed or list lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    Url(String),
    Path(PathBuf),
}

impl Location {
    /// A text with `://` is a URL, any other a path.
    pub fn of(text: &str) -> Self {
        if text.contains("://") { Self::Url(text.to_owned()) } else { Self::Path(text.into()) }
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url(url) => f.write_str(url),
            Self::Path(path) => write!(f, "{}", path.display()),
        }
    }
}

/// What a server said of a file that it sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Validators {
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
}

/// The answer to a conditional request.
pub(crate) enum Fetched {
    Unchanged,
    Missing,
    /// An anonymous file, at its start.
    New(File, Validators),
}

/// An HTTP client for feeds.
pub(crate) struct Web {
    client: Client,
}

impl Web {
    /// A client for what lies below a URL. A proxy is never asked for this machine itself.
    pub(crate) fn new(base: &str) -> Result<Self, FeedError> {
        let policy = Policy::custom(|attempt| {
            if attempt.previous().len() > REDIRECTS {
                attempt.error("too many redirects")
            } else if may_fetch(attempt.url()) {
                attempt.follow()
            } else {
                attempt.error("a redirect leads to plain HTTP")
            }
        });
        let is_local = Url::parse(base).is_ok_and(|url| is_loopback(&url));
        let builder = if is_local { Client::builder().no_proxy() } else { Client::builder() };
        let client = builder
            .redirect(policy)
            .user_agent(concat!("seawall/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(30))
            .timeout(Duration::from_hours(1))
            .build()
            .map_err(|source| FeedError::Fetch { url: base.to_owned(), source })?;
        Ok(Self { client })
    }

    /// Fetches into an anonymous file in `dir`, unless what `known` describes has not changed.
    pub(crate) fn fetch(&self, url: &str, known: &Validators, dir: &Path) -> Result<Fetched, FeedError> {
        let parsed = checked(url)?;
        let mut attempt = 1;
        loop {
            let outcome = self.attempt(url, &parsed, known, dir);
            let again = match &outcome {
                Err(FeedError::Fetch { .. }) => true,
                Err(FeedError::Answer { status, .. }) => matches!(status, 429 | 500..=599),
                _ => false,
            };
            if !again || attempt == ATTEMPTS {
                return outcome;
            }
            std::thread::sleep(Duration::from_secs(u64::from(attempt) * 2));
            attempt += 1;
        }
    }

    fn attempt(&self, url: &str, parsed: &Url, known: &Validators, dir: &Path) -> Result<Fetched, FeedError> {
        let fetch_error = |source| FeedError::Fetch { url: url.to_owned(), source };
        let mut request = self.client.get(parsed.clone());
        if let Some(etag) = &known.etag {
            request = request.header(IF_NONE_MATCH, etag);
        } else if let Some(date) = &known.last_modified {
            request = request.header(IF_MODIFIED_SINCE, date);
        }
        let response = request.send().map_err(fetch_error)?;
        match response.status() {
            StatusCode::OK => {
                let validators = Validators {
                    etag: header(response.headers(), ETAG),
                    last_modified: header(response.headers(), LAST_MODIFIED),
                };
                Ok(Fetched::New(save(url, response, dir)?, validators))
            }
            StatusCode::NOT_MODIFIED => Ok(Fetched::Unchanged),
            StatusCode::NOT_FOUND => Ok(Fetched::Missing),
            status => Err(FeedError::Answer { url: url.to_owned(), status: status.as_u16() }),
        }
    }
}

fn save(url: &str, response: Response, dir: &Path) -> Result<File, FeedError> {
    let too_large = || FeedError::TooLarge { feed: url.to_owned(), limit: MAX_DOWNLOAD_BYTES };
    if response.content_length().is_some_and(|length| length > MAX_DOWNLOAD_BYTES) {
        return Err(too_large());
    }
    let mut file = anonymous_file(dir)?;
    let mut body = response.take(MAX_DOWNLOAD_BYTES + 1);
    let mut buffer = vec![0; 256 << 10];
    let mut total = 0;
    loop {
        let count = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let why = format!("the download broke off: {error}");
                return Err(FeedError::Damaged { feed: url.to_owned(), why });
            }
        };
        total += count as u64;
        file.write_all(&buffer[..count]).map_err(FeedError::file("write a download in", dir))?;
    }
    if total > MAX_DOWNLOAD_BYTES {
        return Err(too_large());
    }
    file.rewind().map_err(FeedError::file("read a download in", dir))?;
    Ok(file)
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn checked(url: &str) -> Result<Url, FeedError> {
    let refuse = |why| FeedError::Url { url: url.to_owned(), why };
    let parsed = Url::parse(url).map_err(|_| refuse("it is malformed"))?;
    if may_fetch(&parsed) {
        Ok(parsed)
    } else {
        Err(refuse("only https is fetched, and http from a loopback address"))
    }
}

fn may_fetch(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => is_loopback(url),
        _ => false,
    }
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

/// A file without a name: gone when it is closed, whatever happens.
fn anonymous_file(dir: &Path) -> Result<File, FeedError> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    match rustix::fs::open(dir, flags, Mode::RUSR | Mode::WUSR) {
        Ok(descriptor) => Ok(File::from(descriptor)),
        // Some network and overlay file systems have no anonymous files.
        Err(_) => named_then_removed(dir).map_err(FeedError::file("create a temporary file in", dir)),
    }
}

fn named_then_removed(dir: &Path) -> io::Result<File> {
    let path =
        dir.join(format!(".seawall-download-{}-{:?}", std::process::id(), std::thread::current().id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// All bytes of a list.
pub(crate) fn read_list(location: &Location, dir: &Path) -> Result<Vec<u8>, FeedError> {
    let (file, name) = match location {
        Location::Path(path) => (File::open(path).map_err(FeedError::file("open", path))?, path.clone()),
        Location::Url(url) => match Web::new(url)?.fetch(url, &Validators::default(), dir)? {
            Fetched::New(file, _) => (file, PathBuf::from(url)),
            Fetched::Missing | Fetched::Unchanged => return Err(FeedError::Missing { feed: url.clone() }),
        },
    };
    seawall_model::limits::read_bounded(file, MAX_LIST_BYTES).map_err(FeedError::file("read", name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for (url, expected) in [
            ("https://example.org/x", true),
            ("http://127.0.0.1:8080/x", true),
            ("http://[::1]/x", true),
            ("http://localhost:1/x", true),
            ("http://example.org/x", false),
            ("http://127.0.0.1.example.org/x", false),
            ("ftp://127.0.0.1/x", false),
            ("file:///etc/passwd", false),
            ("nonsense", false),
        ] {
            assert_eq!(checked(url).is_ok(), expected, "{url}");
        }
    }

    #[test]
    fn urls_and_paths_are_told_apart() {
        assert_eq!(Location::of("https://x/y"), Location::Url("https://x/y".into()));
        assert_eq!(Location::of("../osv"), Location::Path("../osv".into()));
    }
}
