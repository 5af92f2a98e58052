//! Building the database from feeds: `<Ecosystem>/all.zip` below a URL or in a directory.
//!
//! What has not changed since the last time is copied. One broken record is counted and named; a feed that
//! is broken as a whole ends the update, and the database stays as it was.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::UNIX_EPOCH;

use seawall_advisory::Database;
use seawall_advisory::db::{Epss, FeedMeta, Kev, Refused, Segment, SegmentBuilder, assemble};
use seawall_advisory::feed_of::ASKED_ECOSYSTEMS;
use seawall_advisory::record::Refusal;
use seawall_model::{EcosystemName, Timestamp};

use crate::archive::{Archive, Entry};
use crate::file::{directory_of, is_intact, open, write};
use crate::location::{Fetched, Validators, Web, read_list};
use crate::osv::{Read, read};
use crate::{FeedError, Location, lists};

/// The public bucket of OSV.
pub const DEFAULT_BASE: &str = "https://osv-vulnerabilities.storage.googleapis.com";

/// How many broken records of one feed are named; the rest is counted.
const MAX_NAMED: usize = 50;
/// How often progress is told, in records.
const PROGRESS_EVERY: usize = 256;

/// What to build from what.
#[derive(Debug, Clone)]
pub struct Update {
    /// The database: read where it is there, then replaced.
    pub database: PathBuf,
    pub from: Location,
    /// Which feeds. Without any: all of a directory; of a URL all that can be asked and are there.
    pub ecosystems: Vec<EcosystemName>,
    /// The lists by CVE. What is not given stays as it is in the database.
    pub kev: Option<Location>,
    pub epss: Option<Location>,
    /// The present: a feed's records from the future do not date it.
    pub now: Timestamp,
    /// Feeds that are read at once; each takes some MB and a processor.
    pub threads: usize,
}

/// Who wants to know how far it is. Called from several threads.
pub trait Progress: Sync {
    /// A feed is being fetched or opened.
    fn started(&self, _feed: &str) {}
    /// So many of its records are read.
    fn advanced(&self, _feed: &str, _records: usize, _of: usize) {}
    /// It is done.
    fn finished(&self, _feed: &str, _outcome: Outcome) {}
}

/// Reads the name of a feed as a user gives it.
///
/// # Errors
/// [`FeedError::Ecosystem`] lists names that look like it.
pub fn ecosystem_named(text: &str) -> Result<EcosystemName, FeedError> {
    text.parse().map_err(|_| {
        let plain = |text: &str| text.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "");
        // `debian`, `crates`, `Debian:12`: the same letters, or one the beginning of the other.
        let wanted = plain(text.split(':').next().unwrap_or_default());
        let is_near = |name: &&EcosystemName| {
            let name = plain(name.as_str());
            !wanted.is_empty()
                && (name.starts_with(&wanted) || wanted.starts_with(&name) || distance(&name, &wanted) <= 2)
        };
        let near: Vec<_> = EcosystemName::ALL.iter().filter(is_near).map(|name| name.as_str()).collect();
        let hint =
            if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
        FeedError::Ecosystem { name: text.to_owned(), hint }
    })
}

/// How many letters have to be put in, taken out or replaced.
fn distance(a: &str, b: &str) -> usize {
    // LIMIT: names are short; a long argument is near none of them.
    if b.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Nobody wants to know.
pub struct NoProgress;

impl Progress for NoProgress {}

/// What became of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Read anew.
    Built,
    /// It has not changed since the last time.
    Unchanged,
    /// It was not asked for and stays as it was.
    Kept,
    /// The server has no such feed.
    Missing,
}

/// One feed of the new database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedReport {
    pub feed: FeedMeta,
    pub outcome: Outcome,
}

/// What an update did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpdateReport {
    /// Sorted by ecosystem.
    pub feeds: Vec<FeedReport>,
    /// Feeds that were asked for by default and that the server does not have.
    pub missing: Vec<EcosystemName>,
    /// Directories with an `all.zip` whose name is no ecosystem, and a database that had to be built anew
    /// because the old one could not be used.
    pub notes: Vec<String>,
    pub kev_entries: Option<usize>,
    pub epss_entries: Option<usize>,
    pub bytes: u64,
}

/// Builds the database, or what has changed of it.
pub fn update(request: &Update, progress: &dyn Progress) -> Result<UpdateReport, FeedError> {
    let mut report = UpdateReport::default();
    let old = old_database(&request.database, &mut report);
    let wanted = wanted(request, &mut report)?;
    let old_segments = segments_of(old.as_ref());
    let worker = Worker { request, progress, web: web(request)?, old: &old_segments };
    let built = worker.run(&wanted)?;
    report.missing = missing(&built, &wanted, !request.ecosystems.is_empty())?;
    let dir = directory_of(&request.database);
    let kev = kev_section(request.kev.as_ref(), old.as_ref(), &dir)?;
    let epss = epss_section(request.epss.as_ref(), old.as_ref(), &dir)?;

    let mut segments: BTreeMap<&str, (FeedReport, &[u8])> = BTreeMap::new();
    for segment in old_segments.values() {
        if let (Ok(name), Ok(feed)) = (segment.ecosystem(), segment.meta())
            && !wanted.iter().any(|wanted| wanted.as_str() == name)
        {
            let report = FeedReport { feed, outcome: Outcome::Kept };
            segments.insert(name, (report, segment.as_bytes()));
        }
    }
    for (name, built) in wanted.iter().zip(&built) {
        match built {
            Built::New(feed, bytes) => {
                let report = FeedReport { feed: (**feed).clone(), outcome: Outcome::Built };
                segments.insert(name.as_str(), (report, bytes));
            }
            Built::Old => {
                if let Some(segment) = old_segments.get(name.as_str())
                    && let Ok(feed) = segment.meta()
                {
                    let report = FeedReport { feed, outcome: Outcome::Unchanged };
                    segments.insert(name.as_str(), (report, segment.as_bytes()));
                }
            }
            Built::Missing => {}
        }
    }
    let bytes: Vec<&[u8]> = segments.values().map(|(_, bytes)| *bytes).collect();
    let file = assemble(&bytes, &kev, &epss, request.now);
    report.bytes = file.len() as u64;
    report.feeds = segments.into_values().map(|(report, _)| report).collect();
    write(&request.database, file)?;
    let written = open(&request.database)?;
    report.kev_entries = written.kev().meta().map(|meta| meta.entries);
    report.epss_entries = written.epss().meta().map(|meta| meta.entries);
    Ok(report)
}

/// The database as it is, where it can be built upon.
fn old_database(path: &Path, report: &mut UpdateReport) -> Option<Database> {
    if !path.exists() {
        return None;
    }
    match open(path) {
        Ok(database) if is_intact(&database) => Some(database),
        Ok(_) => {
            report.notes.push("the old database was damaged, so everything is built anew".to_owned());
            None
        }
        Err(error) => {
            let mut why = error.to_string();
            if let Some(source) = std::error::Error::source(&error) {
                why = format!("{why}: {source}");
            }
            report.notes.push(format!("{why}; everything is built anew"));
            None
        }
    }
}

fn segments_of(database: Option<&Database>) -> BTreeMap<String, Segment<'_>> {
    let segments = database.into_iter().flat_map(Database::segments).flatten();
    segments.filter_map(|segment| Some((segment.ecosystem().ok()?.to_owned(), segment))).collect()
}

fn web(request: &Update) -> Result<Option<Web>, FeedError> {
    match &request.from {
        Location::Url(base) => Web::new(base).map(Some),
        Location::Path(_) => Ok(None),
    }
}

/// The feeds to look at, sorted by name.
fn wanted(request: &Update, report: &mut UpdateReport) -> Result<Vec<EcosystemName>, FeedError> {
    let mut wanted = match (request.ecosystems.as_slice(), &request.from) {
        ([], Location::Path(dir)) => feeds_in(dir, report)?,
        ([], Location::Url(_)) => ASKED_ECOSYSTEMS.to_vec(),
        (named, _) => named.to_vec(),
    };
    wanted.sort_by_key(|name| name.as_str());
    wanted.dedup();
    Ok(wanted)
}

fn feeds_in(dir: &Path, report: &mut UpdateReport) -> Result<Vec<EcosystemName>, FeedError> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(FeedError::file("list", dir))? {
        let entry = entry.map_err(FeedError::file("list", dir))?;
        if !entry.path().join("all.zip").is_file() {
            continue;
        }
        let name = entry.file_name();
        match name.to_str().and_then(|name| name.parse().ok()) {
            Some(name) => found.push(name),
            None => {
                report.notes.push(format!("\"{}\" is not an ecosystem of the OSV schema", name.display()));
            }
        }
    }
    report.notes.sort();
    if found.is_empty() {
        return Err(FeedError::Empty { place: dir.display().to_string() });
    }
    Ok(found)
}

/// A feed that was named must be there; of those that are asked by default some may be missing, not all.
fn missing(built: &[Built], wanted: &[EcosystemName], named: bool) -> Result<Vec<EcosystemName>, FeedError> {
    let missing: Vec<_> = wanted
        .iter()
        .zip(built)
        .filter(|(_, built)| matches!(built, Built::Missing))
        .map(|(name, _)| *name)
        .collect();
    match missing.first() {
        Some(first) if named || missing.len() == wanted.len() => {
            Err(FeedError::Missing { feed: first.to_string() })
        }
        _ => Ok(missing),
    }
}

/// What became of one feed.
enum Built {
    New(Box<FeedMeta>, Vec<u8>),
    /// The segment of the old database still holds.
    Old,
    Missing,
}

struct Worker<'a> {
    request: &'a Update,
    progress: &'a dyn Progress,
    web: Option<Web>,
    old: &'a BTreeMap<String, Segment<'a>>,
}

impl Worker<'_> {
    /// Builds all feeds, some at once; the result is in the order of `wanted`. The first error wins.
    fn run(&self, wanted: &[EcosystemName]) -> Result<Vec<Built>, FeedError> {
        let next = AtomicUsize::new(0);
        let order = self.largest_first(wanted);
        let results: Vec<Mutex<Option<Result<Built, FeedError>>>> =
            wanted.iter().map(|_| Mutex::new(None)).collect();
        let failed = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..self.request.threads.clamp(1, wanted.len().max(1)) {
                scope.spawn(|| {
                    while let Some(position) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if failed.load(Ordering::Relaxed) {
                            break;
                        }
                        let result = self.feed(wanted[*position]);
                        failed.fetch_or(result.is_err(), Ordering::Relaxed);
                        if let Ok(mut slot) = results[*position].lock() {
                            *slot = Some(result);
                        }
                    }
                });
            }
        });
        let finished = results.into_iter().filter_map(|slot| slot.into_inner().ok().flatten());
        finished.collect()
    }

    /// Positions of the feeds, the largest first, so that none is left to run alone at the end.
    fn largest_first(&self, wanted: &[EcosystemName]) -> Vec<usize> {
        let size = |name: &EcosystemName| match &self.request.from {
            Location::Path(dir) => std::fs::metadata(zip_path(dir, *name)).map_or(0, |meta| meta.len()),
            Location::Url(_) => self
                .old
                .get(name.as_str())
                .and_then(|segment| segment.meta().ok())
                .map_or(0, |meta| meta.size),
        };
        let mut order: Vec<usize> = (0..wanted.len()).collect();
        order.sort_by_key(|position| std::cmp::Reverse(size(&wanted[*position])));
        order
    }

    fn feed(&self, name: EcosystemName) -> Result<Built, FeedError> {
        self.progress.started(name.as_str());
        let built = match &self.request.from {
            Location::Path(dir) => self.read_directory(dir, name),
            Location::Url(base) => self.read_web(base, name),
        }?;
        self.progress.finished(
            name.as_str(),
            match &built {
                Built::New(..) => Outcome::Built,
                Built::Old => Outcome::Unchanged,
                Built::Missing => Outcome::Missing,
            },
        );
        Ok(built)
    }

    fn read_directory(&self, dir: &Path, name: EcosystemName) -> Result<Built, FeedError> {
        let path = zip_path(dir, name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Built::Missing),
            Err(error) => return Err(FeedError::file("open", &path)(error)),
        };
        let metadata = file.metadata().map_err(FeedError::file("read", &path))?;
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let meta = FeedMeta {
            ecosystem: name.to_string(),
            source: path.display().to_string(),
            size: metadata.len(),
            modified_ns: modified.and_then(|time| i64::try_from(time.as_nanos()).ok()),
            ..FeedMeta::default()
        };
        let is_same = |old: &FeedMeta| {
            old.source == meta.source
                && old.size == meta.size
                && old.modified_ns == meta.modified_ns
                && meta.modified_ns.is_some()
        };
        if self.old_meta(name).is_some_and(|old| is_same(&old)) {
            return Ok(Built::Old);
        }
        self.build(name, file, meta)
    }

    fn read_web(&self, base: &str, name: EcosystemName) -> Result<Built, FeedError> {
        let Some(web) = &self.web else { return Ok(Built::Missing) };
        // Names have spaces and nothing else that a URL would misread.
        let url = format!("{}/{}/all.zip", base.trim_end_matches('/'), name.as_str().replace(' ', "%20"));
        let known = match self.old_meta(name) {
            Some(old) if old.source == url => Validators { etag: old.etag, last_modified: old.last_modified },
            _ => Validators::default(),
        };
        let (file, validators) = match web.fetch(&url, &known, &directory_of(&self.request.database))? {
            Fetched::Unchanged => return Ok(Built::Old),
            Fetched::Missing => return Ok(Built::Missing),
            Fetched::New(file, validators) => (file, validators),
        };
        let now = self.request.now;
        let date = validators.last_modified.as_deref().and_then(http_date).filter(|date| *date <= now);
        let meta = FeedMeta {
            ecosystem: name.to_string(),
            source: url,
            date,
            size: file.metadata().map_or(0, |metadata| metadata.len()),
            etag: validators.etag,
            last_modified: validators.last_modified,
            ..FeedMeta::default()
        };
        self.build(name, file, meta)
    }

    fn old_meta(&self, name: EcosystemName) -> Option<FeedMeta> {
        self.old.get(name.as_str())?.meta().ok()
    }

    fn build(&self, name: EcosystemName, file: File, mut meta: FeedMeta) -> Result<Built, FeedError> {
        let mut archive = Archive::open(name.as_str(), file)?;
        let mut builder = SegmentBuilder::new(name)?;
        let mut refused = RefusedRecords::default();
        let mut newest = None;
        let mut buffer = Vec::new();
        for position in 0..archive.len() {
            if position % PROGRESS_EVERY == 0 {
                self.progress.advanced(name.as_str(), position, archive.len());
            }
            let (entry, kind) = archive.read(position, &mut buffer)?;
            if matches!(kind, Entry::TooLarge) {
                refused.add(Refusal::Unreadable, &entry, "it is larger than any record may be");
                continue;
            }
            match read(&buffer, name) {
                Read::Withdrawn(record) => {
                    refused.add(Refusal::Withdrawn, &entry, "");
                    builder.add_withdrawn(record);
                }
                Read::Refused(reason, why) => refused.add(reason, &entry, &why),
                Read::Record(record, unknown) => {
                    for ecosystem in unknown {
                        let why = format!("{ecosystem:?} is not an ecosystem of the OSV schema");
                        refused.add(Refusal::UnknownEcosystem, &entry, &why);
                    }
                    newest = newest.max(record.modified.filter(|time| self.is_plausible(*time)));
                    builder.add(&record)?;
                }
            }
        }
        meta.date = meta.date.or(newest);
        meta.records = builder.record_count();
        meta.refused = refused.finish();
        let bytes = builder.finish(&meta)?;
        Ok(Built::New(Box::new(meta), bytes))
    }

    /// Whether a record may have been changed then: the list of CVEs begins in 1999.
    fn is_plausible(&self, time: Timestamp) -> bool {
        const FIRST: Timestamp = Timestamp::from_unix(915_148_800);
        (FIRST..=self.request.now).contains(&time)
    }
}

fn zip_path(dir: &Path, name: EcosystemName) -> PathBuf {
    dir.join(name.as_str()).join("all.zip")
}

/// Counts of refused records, and the names of the first ones that are broken.
#[derive(Default)]
struct RefusedRecords(BTreeMap<Refusal, (usize, Vec<(String, String)>)>);

impl RefusedRecords {
    fn add(&mut self, reason: Refusal, name: &str, why: &str) {
        let (count, named) = self.0.entry(reason).or_default();
        *count += 1;
        let is_broken = matches!(reason, Refusal::Unreadable | Refusal::UnknownEcosystem);
        if is_broken && named.len() < MAX_NAMED {
            let shorten = |text: &str| text.chars().take(300).collect();
            named.push((shorten(name), shorten(why)));
        }
    }

    fn finish(self) -> Vec<Refused> {
        let refused = self.0.into_iter().map(|(reason, (count, named))| Refused { reason, count, named });
        refused.collect()
    }
}

fn kev_section(
    location: Option<&Location>,
    old: Option<&Database>,
    dir: &Path,
) -> Result<Vec<u8>, FeedError> {
    let Some(location) = location else {
        return Ok(old.map(|old| old.kev_bytes().to_vec()).unwrap_or_default());
    };
    let list = lists::read_kev(&read_list(location, dir)?);
    let list = list.map_err(|why| FeedError::List { list: location.to_string(), why })?;
    Ok(Kev::encode(&location.to_string(), list.date, &list.entries))
}

fn epss_section(
    location: Option<&Location>,
    old: Option<&Database>,
    dir: &Path,
) -> Result<Vec<u8>, FeedError> {
    let Some(location) = location else {
        return Ok(old.map(|old| old.epss_bytes().to_vec()).unwrap_or_default());
    };
    let list = lists::read_epss(&read_list(location, dir)?);
    let list = list.map_err(|why| FeedError::List { list: location.to_string(), why })?;
    Ok(Epss::encode(&location.to_string(), list.date, &list.entries))
}

/// The form of dates that HTTP prefers, `Sun, 06 Nov 1994 08:49:37 GMT`.
/// <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>
fn http_date(text: &str) -> Option<Timestamp> {
    let mut fields = text.split_once(", ")?.1.split(' ');
    let (day, month, year) = (fields.next()?, fields.next()?, fields.next()?);
    let clock = fields.next().filter(|_| fields.next() == Some("GMT"))?;
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| *name == month)? + 1;
    format!("{year}-{month:02}-{day}T{clock}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_nearly_right_are_suggested() {
        let told =
            |text| ecosystem_named(text).map_or_else(|error| error.to_string(), |name| name.to_string());
        assert_eq!(told("npm"), "npm");
        let not = "is not an ecosystem of the OSV schema";
        assert_eq!(told("debian"), format!("\"debian\" {not}; did you mean Debian?"));
        assert_eq!(told("Debian:12"), format!("\"Debian:12\" {not}; did you mean Debian?"));
        assert_eq!(told("crates"), format!("\"crates\" {not}; did you mean crates.io?"));
        assert_eq!(told("PiPy"), format!("\"PiPy\" {not}; did you mean PyPI?"));
        assert_eq!(told("nonsense"), format!("\"nonsense\" {not}"));
    }

    #[test]
    fn dates_of_http() {
        let read = |text| http_date(text).map(|date| date.to_string());
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT").as_deref(), Some("1994-11-06T08:49:37Z"));
        for text in ["", "1994-11-06", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 2026 00:00:00 GMT"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
