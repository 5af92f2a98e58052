//! Judging one package: which records of its feed hold its version, and which can't be judged.

use std::collections::HashSet;

use seawall_model::{Package, PackageKind, Severity};

use super::index::Index;
use crate::db::{DbError, Posting, RecordView};
use crate::evaluate::{Affected, Candidate, Verdict, evaluate};
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
pub(super) struct Judged<'a> {
    pub(super) hits: Vec<Hit<'a>>,
    /// The numbers of records of which no more is asked: they hold the version, or their word is settled.
    held: HashSet<u32>,
    /// Record, reason, and whether the reason is the version of the package.
    pub(super) unknown: Vec<(String, String, bool)>,
}

pub(super) fn judge<'a>(
    index: &Index<'a>,
    package: &Package,
    feed: &Feed<'_>,
) -> Result<Judged<'a>, DbError> {
    let mut judged = Judged { hits: Vec::new(), held: HashSet::new(), unknown: Vec::new() };
    let Some((segment, releases)) = index.feed(feed) else { return Ok(judged) };
    for lookup in &feed.lookups {
        let candidate = Candidate::new(&lookup.version, feed.scheme);
        for release in &releases {
            each_record(index, segment, feed, lookup, release, |postings| {
                judge_record(
                    index,
                    segment,
                    package,
                    feed,
                    lookup,
                    (&candidate, release),
                    postings,
                    &mut judged,
                )
            })?;
        }
    }
    Ok(judged)
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

#[expect(
    clippy::too_many_arguments,
    reason = "the innermost step of four loops; a struct would only rename them"
)]
fn judge_record<'a>(
    index: &Index<'a>,
    segment: usize,
    package: &Package,
    feed: &Feed<'_>,
    lookup: &Lookup<'_>,
    (candidate, release): (&Candidate<'_>, &'a str),
    postings: &[Posting<'a>],
    judged: &mut Judged<'a>,
) -> Result<(), DbError> {
    let Some(first) = postings.first() else { return Ok(()) };
    // A package may be named by its own name and by its source's, and in several repositories.
    if judged.held.contains(&first.record) {
        return Ok(());
    }
    let verdict = evaluate(candidate, postings, &|fixed| same_modularity(package, fixed))?;
    if feed.releases.settles(release) {
        judged.held.insert(first.record);
    }
    let affected = match verdict {
        Verdict::NotAffected { .. } | Verdict::NotMeant => return Ok(()),
        Verdict::Affected(affected) => affected,
        Verdict::Unknown { reason } => {
            let record = index.segments[segment].record(first.record)?;
            judged.unknown.push((record.id.to_owned(), reason, !candidate.is_readable()));
            return Ok(());
        }
    };
    let record = index.segments[segment].record(first.record)?;
    if !same_module(package, &record) {
        return Ok(());
    }
    let mut severities = Vec::new();
    for posting in postings {
        severities.extend(posting.severities()?);
    }
    judged.held.insert(first.record);
    judged.hits.push(Hit {
        segment,
        ecosystem: release,
        matched_name: lookup.name.to_owned(),
        matched_version: lookup.version.clone().into_owned(),
        through_source: lookup.through_source,
        affected,
        scheme: feed.scheme,
        distribution_severity: postings.iter().filter_map(|posting| posting.distribution_severity).max(),
        no_fix: postings.iter().filter_map(|posting| posting.no_fix).max(),
        severities,
        record,
    });
    Ok(())
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
