//! Finishing findings: texts, severity, what would mend them, exploitation, and why some are not counted.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use seawall_model::{
    Advisory, Distro, Ecosystem, EcosystemName, Finding, FindingId, FindingKind, FixState, Package, Priority,
    Scope, SeveritySource, Suppression,
};

use super::index::Index;
use super::join::Draft;
use super::judge::Hit;
use crate::db::{Database, DbError, RecordView, TextSection};
use crate::known_wrong;
use crate::ownership::Owners;
use crate::priority::{Exposure, Signals, priority};
use crate::record::{NoFix, is_cve};
use crate::severity::Rating;

/// Turns drafts into findings: texts, severities, suppressions.
pub(super) struct Finisher<'a, 'p> {
    database: &'a Database,
    index: &'p Index<'a>,
    packages: &'p [Package],
    distro: Option<&'p Distro>,
    owners: Owners<'p>,
    /// Severities of other records by the name they share; they are asked for again and again.
    joined: HashMap<&'a str, Option<Rating>>,
}

/// Summary and references of a record, by segment and number. Findings share them.
type Texts = HashMap<(usize, u32), (Arc<str>, Arc<[String]>)>;

impl<'a, 'p> Finisher<'a, 'p> {
    pub(super) fn new(
        database: &'a Database,
        index: &'p Index<'a>,
        packages: &'p [Package],
        distro: Option<&'p Distro>,
        owners: Owners<'p>,
    ) -> Self {
        Self { database, index, packages, distro, owners, joined: HashMap::new() }
    }

    pub(super) fn finish(mut self, drafts: Vec<Draft<'a>>) -> Result<Vec<Finding>, DbError> {
        let texts = read_texts(self.index, &drafts)?;
        let mut findings = Vec::with_capacity(drafts.len());
        let mut purl = (usize::MAX, String::new());
        for draft in drafts {
            if purl.0 != draft.package {
                purl = (draft.package, stable_purl(&self.packages[draft.package], self.distro));
            }
            findings.push(self.finding(&draft, &purl.1, &texts)?);
        }
        Ok(findings)
    }

    fn finding(&mut self, draft: &Draft<'a>, purl: &str, texts: &Texts) -> Result<Finding, DbError> {
        let package = &self.packages[draft.package];
        let kind = kind_of(&draft.hits);
        let rating =
            if kind == FindingKind::Vulnerability { self.rating(draft)? } else { own_rating(&draft.hits) };
        let mut suppression =
            headers_only(package, draft).or_else(|| known_wrong::suppression(package, draft));
        let mut perhaps_backported = false;
        if suppression.is_none() && package.owner.is_some() {
            let word = self.owners.word(self.index, package, draft)?;
            perhaps_backported = word.is_silent();
            suppression = word.suppression();
        }
        let cvss = rating.as_ref().and_then(|rating| rating.cvss.clone());
        let mut finding = Finding {
            id: FindingId::of(&["vuln", draft.vulnerability, purl]),
            kind,
            vulnerability: draft.vulnerability.to_owned(),
            aliases: draft.aliases.iter().copied().map(str::to_owned).collect(),
            package: draft.package,
            severity: rating.as_ref().map(|rating| rating.severity),
            severity_source: rating.as_ref().map(|rating| rating.source),
            cvss_score: cvss.as_ref().map(|(_, score)| *score),
            cvss_vector: cvss.map(|(vector, _)| vector),
            fix: fix_of(&draft.hits),
            advisories: draft.hits.iter().map(|hit| advisory(hit, texts)).collect(),
            kev_since: draft.names().find_map(|name| self.database.kev().since(name)),
            epss: draft.names().find_map(|name| self.database.epss().score(name)),
            // Decided last, by what stands above.
            priority: Priority::Track,
            priority_reasons: Vec::new(),
            suppression,
            perhaps_backported,
        };
        let exposure = match package.scope {
            Scope::Runtime => Exposure::Runtime,
            Scope::Development => Exposure::DevelopmentOnly,
        };
        (finding.priority, finding.priority_reasons) = priority(&Signals::of(&finding, exposure));
        Ok(finding)
    }

    fn rating(&mut self, draft: &Draft<'a>) -> Result<Option<Rating>, DbError> {
        if let Some(rating) = own_rating(&draft.hits) {
            return Ok(Some(rating));
        }
        for name in draft.names() {
            if !self.joined.contains_key(name) {
                let rating = joined_rating(self.index, name)?;
                self.joined.insert(name, rating);
            }
            if let Some(Some(rating)) = self.joined.get(name) {
                return Ok(Some(rating.clone()));
            }
        }
        Ok(None)
    }
}

/// The rating by the records of the finding themselves: the first source that any of them has, and of that
/// the most severe.
fn own_rating(hits: &[Rc<Hit<'_>>]) -> Option<Rating> {
    type Source<'s> = &'s dyn Fn(&Hit<'_>) -> Option<Rating>;
    let sources: [Source<'_>; 4] = [
        &|hit| {
            let word = hit.distribution_severity.or(hit.record.distribution_severity)?;
            Some(Rating::word(word, SeveritySource::Distribution))
        },
        &|hit| Rating::of_vectors(&hit.severities, SeveritySource::Affected),
        &|hit| Rating::of_vectors(&hit.record.severities, SeveritySource::Record),
        &|hit| hit.record.database_severity.map(|word| Rating::word(word, SeveritySource::DatabaseSpecific)),
    ];
    sources.iter().find_map(|source| hits.iter().filter_map(|hit| source(hit)).reduce(Rating::worse))
}

/// The rating by another record that has this name alone: as its id, else as alias, else as its only
/// upstream. A distribution's rating is one of its own package and is never taken over.
fn joined_rating(index: &Index<'_>, name: &str) -> Result<Option<Rating>, DbError> {
    let mut best: [Option<Rating>; 3] = [None, None, None];
    for segment in &index.segments {
        for record in segment.records_naming(name)? {
            let cves = record.aliases.iter().chain(&record.upstream).filter(|id| is_cve(id)).count();
            let rank = match () {
                () if record.id == name => 0,
                () if cves > 1 => continue,
                () if record.aliases.contains(&name) => 1,
                () if record.upstream.contains(&name) => 2,
                () => continue,
            };
            let mut rating = Rating::of_vectors(&record.severities, SeveritySource::Joined);
            if rating.is_none() {
                rating = record.database_severity.map(|word| Rating::word(word, SeveritySource::Joined));
            }
            best[rank] = match (best[rank].take(), rating) {
                (Some(a), Some(b)) => Some(a.worse(b)),
                (a, b) => a.or(b),
            };
        }
    }
    Ok(best.into_iter().flatten().next())
}

/// Where records of several kinds are joined, the gravest names the finding.
fn kind_of(hits: &[Rc<Hit<'_>>]) -> FindingKind {
    let rank = |kind: &FindingKind| match kind {
        FindingKind::Malware => 0,
        FindingKind::Vulnerability => 1,
        FindingKind::Unsound => 2,
        FindingKind::Unmaintained => 3,
        FindingKind::Notice => 4,
    };
    hits.iter().map(|hit| hit.record.kind).min_by_key(rank).unwrap_or(FindingKind::Vulnerability)
}

/// The highest of the versions that the advisories call mended: below it one of them still applies. Where none is,
/// the word of a feed that there will be none counts for more than the silence of the others.
fn fix_of(hits: &[Rc<Hit<'_>>]) -> FixState {
    let scheme = hits.iter().find_map(|hit| hit.scheme);
    let fixes = hits.iter().filter_map(|hit| hit.affected.fixed);
    let highest = fixes.reduce(|a, b| {
        let order = scheme.and_then(|scheme| scheme.compare(a, b).ok());
        if order.is_some_and(std::cmp::Ordering::is_lt) { b } else { a }
    });
    if let Some(fix) = highest {
        return FixState::Fixed(vec![fix.to_owned()]);
    }
    match hits.iter().filter_map(|hit| hit.no_fix).max() {
        Some(NoFix::EndOfLife) => FixState::EndOfLife,
        Some(NoFix::WillNotFix) => FixState::WillNotFix,
        None => FixState::NotFixed,
    }
}

fn advisory(hit: &Hit<'_>, texts: &Texts) -> Advisory {
    let (summary, references) = match texts.get(&(hit.segment, hit.record.number)) {
        Some((summary, references)) => (Arc::clone(summary), Arc::clone(references)),
        None => (Arc::from(""), Arc::from([])),
    };
    Advisory {
        id: hit.record.id.to_owned(),
        ecosystem: parse_ecosystem(hit.ecosystem),
        matched_name: hit.matched_name.clone(),
        matched_version: hit.matched_version.clone(),
        range: hit.affected.range.clone(),
        fixed: hit.affected.fixed.map(str::to_owned),
        summary,
        published: hit.record.published,
        modified: hit.record.modified,
        references,
    }
}

/// The database holds only names that were read as ecosystems when it was built.
fn parse_ecosystem(text: &str) -> Ecosystem {
    text.parse().unwrap_or_else(|_| Ecosystem::whole(EcosystemName::Linux))
}

/// The package URL without the distribution: the same fault of the same package keeps its identifier when
/// the distribution's point release moves on.
fn stable_purl(package: &Package, distro: Option<&Distro>) -> String {
    let mut purl = package.purl(distro);
    purl.qualifiers.retain(|(key, _)| key != "distro");
    purl.to_string()
}

/// Reads the texts of all records of the findings, each compressed block once.
fn read_texts(index: &Index<'_>, drafts: &[Draft<'_>]) -> Result<Texts, DbError> {
    let mut wanted: Vec<(usize, usize, u32, &RecordView<'_>)> = drafts
        .iter()
        .flat_map(|draft| &draft.hits)
        .map(|hit| (hit.segment, hit.record.block(), hit.record.number, &hit.record))
        .collect();
    wanted.sort_by_key(|(segment, block, number, _)| (*segment, *block, *number));
    wanted.dedup_by_key(|(segment, _, number, _)| (*segment, *number));
    let mut texts = Texts::with_capacity(wanted.len());
    for same_block in wanted.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let (segment, block, _, _) = same_block[0];
        let bytes = index.segments[segment].block(TextSection::Brief, block)?;
        for (_, _, number, record) in same_block {
            let (summary, references) = record.brief(&bytes)?;
            let references = references.into_iter().map(str::to_owned).collect();
            texts.insert((segment, *number), (Arc::from(summary), references));
        }
    }
    Ok(texts)
}

/// Packages of the kernel's headers hold no code that runs: faults of `linux` are none of theirs.
fn headers_only(package: &Package, draft: &Draft<'_>) -> Option<Suppression> {
    let is_header = ["linux-libc-dev", "linux-headers", "linux-kbuild", "kernel-headers", "linux-compiler"]
        .iter()
        .any(|name| package.name.starts_with(name));
    let source = draft.hits.first().map(|hit| hit.matched_name.as_str())?;
    let only_through_kernel = draft.hits.iter().all(|hit| {
        hit.through_source && (hit.matched_name == "kernel" || hit.matched_name.starts_with("linux"))
    });
    (is_header && only_through_kernel).then(|| Suppression::HeadersOnly { source: source.to_owned() })
}
