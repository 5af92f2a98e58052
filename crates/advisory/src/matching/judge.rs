//! Judging one package: which records of its feed hold its version, and which can't be judged.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use seawall_model::{Package, PackageKind, Severity};

use super::index::Index;
use crate::db::{DbError, Posting, RecordView};
use crate::evaluate::{Affected, Candidate, Entries, Verdict};
use crate::feed_of::{Feed, Lookup};
use crate::names::normalised;
use crate::record::{NoFix, is_modular};
use crate::version::VersionScheme;

/// A record that holds the version of a package.
pub(crate) struct Hit<'a> {
    pub(super) segment: usize,
    pub(super) record: RecordView<'a>,
    pub(super) ecosystem: &'a str,
    pub(super) matched_name: String,
    pub(super) matched_version: String,
    pub(super) through_source: bool,
    pub(super) affected: Affected<'a>,
    pub(super) scheme: Option<VersionScheme>,
    pub(super) distribution_severity: Option<Severity>,
    pub(super) no_fix: Option<NoFix>,
    pub(super) severities: Vec<&'a str>,
}

/// What the feed's records say of one package.
#[derive(Default)]
pub(super) struct Judged<'a> {
    pub(super) hits: Vec<Hit<'a>>,
    /// The numbers of records of which no more is asked: they hold the version, or their word is settled.
    held: HashSet<u32>,
    /// Record, reason, and whether the reason is the version of the package.
    pub(super) unknown: Vec<(String, String, bool)>,
}

/// LIMIT: texts of entries that are kept read, some MB. Beyond it all are read anew.
const MAX_KEPT_TEXTS: usize = 1 << 16;

/// Judges one package after another. What the records say of a name is read once for the packages that share
/// it: binaries of one source, copies of one library in several versions.
pub(super) struct Judge<'i, 'a> {
    index: &'i Index<'a>,
    read: HashMap<Key<'a>, Vec<ReadRecord<'a>>>,
    /// How many texts are kept in them.
    kept: usize,
}

/// A name in one release of a feed, and how its versions are read.
#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    segment: usize,
    release: &'a str,
    name: String,
    scheme: Option<VersionScheme>,
    /// For an rpm, whether its stream is that of a module.
    is_modular: Option<bool>,
}

/// All that one record says of a name.
struct ReadRecord<'a> {
    number: u32,
    postings: Vec<Posting<'a>>,
    entries: Entries<'a>,
}

/// One of the names of a package, asked in one release.
struct Question<'q, 'a> {
    package: &'q Package,
    feed: &'q Feed<'q>,
    lookup: &'q Lookup<'q>,
    candidate: &'q Candidate<'q>,
    segment: usize,
    release: &'a str,
}

impl<'i, 'a> Judge<'i, 'a> {
    pub(super) fn new(index: &'i Index<'a>) -> Self {
        Self { index, read: HashMap::new(), kept: 0 }
    }

    pub(super) fn package(&mut self, package: &Package, feed: &Feed<'_>) -> Result<Judged<'a>, DbError> {
        let mut judged = Judged::default();
        let index = self.index;
        let Some((segment, releases)) = index.feed(feed) else { return Ok(judged) };
        for lookup in &feed.lookups {
            let candidate = &Candidate::new(&lookup.version, feed.scheme);
            for release in &releases {
                let question = Question { package, feed, lookup, candidate, segment, release };
                for record in self.records(&question)? {
                    judged.add(index, &question, record)?;
                }
            }
        }
        Ok(judged)
    }

    /// The records of the name that is asked for.
    fn records(&mut self, question: &Question<'_, 'a>) -> Result<&[ReadRecord<'a>], DbError> {
        let &Question { package, feed, lookup, segment, release, .. } = question;
        if self.kept > MAX_KEPT_TEXTS {
            self.read.clear();
            self.kept = 0;
        }
        let is_modular = (package.kind == PackageKind::Rpm).then(|| is_modular_package(package));
        let name = normalised(feed.ecosystem.name, lookup.name).into_owned();
        let slot = match self.read.entry(Key { segment, release, name, scheme: feed.scheme, is_modular }) {
            Entry::Occupied(known) => return Ok(known.into_mut()),
            Entry::Vacant(slot) => slot,
        };
        let mut records = Vec::new();
        each_record(self.index, segment, feed, lookup, release, |postings| {
            let Some(first) = postings.first() else { return Ok(()) };
            let entries = Entries::read(feed.scheme, postings, &|fixed| same_modularity(package, fixed))?;
            self.kept += entries.texts();
            records.push(ReadRecord { number: first.record, postings: postings.to_vec(), entries });
            Ok(())
        })?;
        Ok(slot.insert(records))
    }
}

/// Calls `judge` with all postings of each record that names a package in one release.
pub(crate) fn each_record<'a>(
    index: &Index<'a>,
    segment: usize,
    feed: &Feed<'_>,
    lookup: &Lookup<'_>,
    release: &str,
    mut judge: impl FnMut(&[Posting<'a>]) -> Result<(), DbError>,
) -> Result<(), DbError> {
    let name = normalised(feed.ecosystem.name, lookup.name);
    let postings = index.segments[segment].postings(release, &name)?;
    postings.chunk_by(|a, b| a.record == b.record).try_for_each(&mut judge)
}

impl<'a> Judged<'a> {
    /// Judges one record and takes it in where it holds the version.
    fn add(
        &mut self,
        index: &Index<'a>,
        question: &Question<'_, 'a>,
        read: &ReadRecord<'a>,
    ) -> Result<(), DbError> {
        // A package may be named by its own name and by its source's, and in several repositories.
        if self.held.contains(&read.number) {
            return Ok(());
        }
        let &Question { package, feed, lookup, candidate, segment, release } = question;
        let verdict = read.entries.judge(candidate);
        if feed.releases.settles(release) {
            self.held.insert(read.number);
        }
        let affected = match verdict {
            Verdict::NotAffected { .. } | Verdict::NotMeant => return Ok(()),
            Verdict::Affected(affected) => affected,
            Verdict::Unknown { reason } => {
                let record = index.segments[segment].record(read.number)?;
                self.unknown.push((record.id.to_owned(), reason, !candidate.is_readable()));
                return Ok(());
            }
        };
        let record = index.segments[segment].record(read.number)?;
        if !same_module(package, &record) {
            return Ok(());
        }
        let mut severities = Vec::new();
        for posting in &read.postings {
            severities.extend(posting.severities()?);
        }
        let postings = || read.postings.iter();
        self.held.insert(read.number);
        self.hits.push(Hit {
            segment,
            ecosystem: release,
            matched_name: lookup.name.to_owned(),
            matched_version: lookup.version.clone().into_owned(),
            through_source: lookup.through_source,
            affected,
            scheme: feed.scheme,
            distribution_severity: postings().filter_map(|posting| posting.distribution_severity).max(),
            no_fix: postings().filter_map(|posting| posting.no_fix).max(),
            severities,
            record,
        });
        Ok(())
    }
}

/// Whether a fixed version belongs to the package's kind of stream: modular rpms have versions of their own
/// (`…module_el8…`), which must not be compared with those of the plain package of the same name.
pub(crate) fn same_modularity(package: &Package, fixed: &str) -> bool {
    package.kind != PackageKind::Rpm || is_modular(fixed) == is_modular_package(package)
}

fn is_modular_package(package: &Package) -> bool {
    package.modularity.as_deref().is_some_and(|label| !label.is_empty()) || is_modular(&package.version)
}

/// Whether a record about modules speaks of the package's module: name and stream must be equal. Where the
/// record names no module, or the package's label is not known, the version alone decides.
pub(crate) fn same_module(package: &Package, record: &RecordView<'_>) -> bool {
    let Some(label) = package.modularity.as_deref().filter(|label| !label.is_empty()) else { return true };
    let mut parts = label.splitn(3, ':');
    let (name, stream) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    record.modules.is_empty()
        || record.modules.iter().any(|module| module.split_once(':') == Some((name, stream)))
}
