//! Packages and the database in, findings and coverage out.
//!
//! A finding is one package and one vulnerability. Each CVE among a record's id, aliases and upstream (for
//! AlmaLinux also related) is one; a record without a CVE gives one for each upstream, else one under its own
//! id. Records of one package that give the same name are joined, and so is a record without a CVE with one
//! that it names as alias, or that names it. Names are never followed any further.
//!
//! What a distribution's feed can say of files that it owns is in [`crate::ownership`].

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use seawall_model::{
    Advisory, Distro, Ecosystem, EcosystemCoverage, FeedDate, Finding, FindingId, FindingKind, FixState,
    Package, PackageKind, Scope, Severity, SeveritySource, Suppression,
};

use crate::db::{Database, DbError, Posting, RecordView, Segment, TextSection};
use crate::evaluate::{Affected, Candidate, Verdict, evaluate};
use crate::feed_of::{Asked, Feed, Lookup, Releases, feed_of, feed_of_distro};
use crate::known_wrong;
use crate::names::normalised;
use crate::ownership::Owners;
use crate::record::{is_cve, is_modular};
use crate::severity::Rating;
use crate::version::VersionScheme;

/// What to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MatchOptions {
    /// Judge dependencies that are needed for development only, too.
    pub development: bool,
}

/// What the database says of a list of packages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Matches {
    /// Sorted by package and vulnerability; suppressed ones among them.
    pub findings: Vec<Finding>,
    /// One entry for each ecosystem met, sorted by name.
    pub coverage: Vec<EcosystemCoverage>,
    /// What could be judged neither affected nor not affected, sorted by package and record.
    pub unknown: Vec<Unknown>,
    /// Whether the database has a feed for the distribution; `None` where there is none to judge.
    pub distribution_judged: Option<bool>,
}

/// A record that names a package and could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    /// The position of the package in the list.
    pub package: usize,
    /// The record's identifier.
    pub record: String,
    /// One line for people.
    pub reason: String,
}

/// Compares packages with the database. The same input gives the same result, in the same order.
pub fn match_packages(
    database: &Database,
    packages: &[Package],
    distro: Option<&Distro>,
    options: MatchOptions,
) -> Result<Matches, DbError> {
    let index = Index::new(database)?;
    let owners = Owners::new(packages, distro);
    let mut coverage = BTreeMap::new();
    let mut drafts = Vec::new();
    let mut unknown = Vec::new();
    for (position, package) in packages.iter().enumerate() {
        let asked = feed_of(package, distro);
        let entry = entry_of(&mut coverage, &asked, &index)?;
        entry.packages += 1;
        let feed = match asked {
            Asked::ThirdParty(_) => {
                entry.third_party += 1;
                continue;
            }
            Asked::Feed(feed) if entry.feed.is_some() => feed,
            _ => continue,
        };
        if package.scope == Scope::Development && !options.development {
            entry.development += 1;
            continue;
        }
        let judged = judge(&index, package, &feed)?;
        entry.unknown_ranges += judged.unknown.iter().filter(|(_, _, of_version)| !of_version).count();
        if judged.unknown.iter().any(|(_, _, of_version)| *of_version) {
            entry.unknown_version += 1;
        } else {
            entry.matched += 1;
        }
        let as_unknown = |(record, reason, _)| Unknown { package: position, record, reason };
        unknown.extend(judged.unknown.into_iter().map(as_unknown));
        drafts.extend(group(&index, position, judged.hits)?);
    }
    unknown.sort();
    let findings = Finisher::new(database, &index, packages, distro, owners).finish(drafts)?;
    Ok(Matches {
        findings,
        coverage: coverage.into_values().collect(),
        unknown,
        distribution_judged: distribution_judged(&index, packages, distro),
    })
}

fn distribution_judged(index: &Index<'_>, packages: &[Package], distro: Option<&Distro>) -> Option<bool> {
    match distro {
        Some(distro) => Some(
            feed_of_distro(distro)
                .is_some_and(|(ecosystem, releases)| index.releases_of(&ecosystem, &releases).is_some()),
        ),
        // Packages of a distribution that nothing names.
        None => packages.iter().any(|package| package.kind.is_distribution()).then_some(false),
    }
}

/// The segments and what they hold, looked up once for each run.
pub(crate) struct Index<'a> {
    pub(crate) segments: Vec<Segment<'a>>,
    names: Vec<&'a str>,
    releases: Vec<Vec<&'a str>>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(database: &'a Database) -> Result<Self, DbError> {
        let segments: Vec<_> = database.segments().collect::<Result<_, _>>()?;
        let names = segments.iter().map(|segment| segment.ecosystem()).collect::<Result<_, _>>()?;
        let releases = segments
            .iter()
            .map(|segment| Ok(segment.releases()?.into_iter().map(|(release, _)| release).collect()))
            .collect::<Result<_, DbError>>()?;
        Ok(Self { segments, names, releases })
    }

    /// The segment of a feed and the ecosystems in it that speak of the package; `None` without any.
    pub(crate) fn feed(&self, feed: &Feed<'_>) -> Option<(usize, Vec<&'a str>)> {
        self.releases_of(&feed.ecosystem, &feed.releases)
    }

    fn releases_of(&self, ecosystem: &Ecosystem, releases: &Releases) -> Option<(usize, Vec<&'a str>)> {
        let segment = self.names.iter().position(|name| *name == ecosystem.name.as_str())?;
        let mut meant: Vec<_> = self.releases[segment]
            .iter()
            .copied()
            .filter(|spelled| releases.include(ecosystem, spelled))
            .collect();
        // Whose word settles a record is asked first.
        meant.sort_by_key(|spelled| !releases.settles(spelled));
        if meant.is_empty() { None } else { Some((segment, meant)) }
    }

    fn date(&self, segment: usize) -> Result<FeedDate, DbError> {
        Ok(self.segments[segment].date()?.map_or(FeedDate::Unknown, FeedDate::Known))
    }
}

/// The coverage entry of what is asked, made where it is the first of its name.
fn entry_of<'c>(
    coverage: &'c mut BTreeMap<String, EcosystemCoverage>,
    asked: &Asked<'_>,
    index: &Index<'_>,
) -> Result<&'c mut EcosystemCoverage, DbError> {
    let name = match asked {
        Asked::Feed(feed) => feed.ecosystem.to_string(),
        Asked::ThirdParty(ecosystem) => ecosystem.to_string(),
        Asked::None(words) => words.clone(),
    };
    let entry = coverage.entry(name).or_insert_with_key(|name| EcosystemCoverage {
        name: name.clone(),
        feed: None,
        packages: 0,
        matched: 0,
        unknown_version: 0,
        unknown_ranges: 0,
        third_party: 0,
        development: 0,
    });
    if entry.feed.is_none()
        && let Asked::Feed(feed) = asked
        && let Some((segment, _)) = index.feed(feed)
    {
        entry.feed = Some((feed.ecosystem.clone(), index.date(segment)?));
    }
    Ok(entry)
}

/// A record that holds the version of a package.
pub(crate) struct Hit<'a> {
    segment: usize,
    record: RecordView<'a>,
    ecosystem: &'a str,
    matched_name: String,
    matched_version: String,
    through_source: bool,
    affected: Affected,
    scheme: Option<VersionScheme>,
    distribution_severity: Option<Severity>,
    severities: Vec<&'a str>,
}

/// What the feed's records say of one package.
struct Judged<'a> {
    hits: Vec<Hit<'a>>,
    /// The numbers of records of which no more is asked: they hold the version, or their word is settled.
    held: HashSet<u32>,
    /// Record, reason, and whether the reason is the version of the package.
    unknown: Vec<(String, String, bool)>,
}

fn judge<'a>(index: &Index<'a>, package: &Package, feed: &Feed<'_>) -> Result<Judged<'a>, DbError> {
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

/// A finding before texts and severities are read.
pub(crate) struct Draft<'a> {
    pub(crate) package: usize,
    pub(crate) vulnerability: String,
    pub(crate) aliases: BTreeSet<String>,
    hits: Vec<Rc<Hit<'a>>>,
    /// How many of the hits, at the front, began the finding; those after them joined it by alias.
    leaders: usize,
}

impl<'a> Draft<'a> {
    fn leading(&self) -> impl Iterator<Item = &Hit<'a>> {
        self.hits.iter().take(self.leaders).map(Rc::as_ref)
    }

    /// All names of the fault.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.vulnerability.as_str()).chain(self.aliases.iter().map(String::as_str))
    }
}

/// The names under which a record gives findings.
enum Told<'a> {
    /// CVEs, or upstream names of another kind.
    Names(Vec<&'a str>),
    /// Only its own.
    Itself,
}

fn told<'a>(record: &RecordView<'a>) -> Told<'a> {
    let own =
        std::iter::once(&record.id).chain(&record.aliases).chain(&record.upstream).chain(&record.related);
    let cves: BTreeSet<&str> = own.copied().filter(|id| is_cve(id)).collect();
    if !cves.is_empty() {
        Told::Names(cves.into_iter().collect())
    } else if !record.upstream.is_empty() {
        Told::Names(record.upstream.iter().copied().collect::<BTreeSet<_>>().into_iter().collect())
    } else {
        Told::Itself
    }
}

/// Joins the hits of one package to findings.
fn group<'a>(index: &Index<'a>, package: usize, mut hits: Vec<Hit<'a>>) -> Result<Vec<Draft<'a>>, DbError> {
    hits.sort_by(|a, b| a.record.id.cmp(b.record.id));
    let mut drafts: BTreeMap<String, Draft<'a>> = BTreeMap::new();
    let mut alone = Vec::new();
    let empty = |name: &str| Draft {
        package,
        vulnerability: name.to_owned(),
        aliases: BTreeSet::new(),
        hits: Vec::new(),
        leaders: 0,
    };
    for hit in hits {
        let hit = Rc::new(hit);
        let Told::Names(names) = told(&hit.record) else {
            alone.push(hit);
            continue;
        };
        for name in &names {
            let draft = drafts.entry((*name).to_owned()).or_insert_with(|| empty(name));
            draft.aliases.extend(aliases_of(index, &hit.record, name, names.len())?);
            draft.hits.push(Rc::clone(&hit));
        }
    }
    // Compared with those that began a finding only: names are not followed from one that joined.
    for draft in drafts.values_mut() {
        draft.leaders = draft.hits.len();
    }
    for hit in alone {
        let names: Vec<String> = drafts
            .iter()
            .filter(|(_, draft)| draft.leading().any(|leader| name_each_other(&leader.record, &hit.record)))
            .map(|(name, _)| name.clone())
            .collect();
        // A finding without a CVE takes a record in alone; a record that names faults with CVEs is told by each.
        let (cves, others): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| is_cve(name));
        let joined = if cves.is_empty() { others.into_iter().take(1).collect() } else { cves };
        for name in &joined {
            if let Some(draft) = drafts.get_mut(name) {
                draft.aliases.insert(hit.record.id.to_owned());
                draft.hits.push(Rc::clone(&hit));
            }
        }
        if joined.is_empty() {
            let draft = drafts.entry(hit.record.id.to_owned()).or_insert_with_key(|name| empty(name));
            draft.aliases.extend(hit.record.aliases.iter().map(|alias| (*alias).to_owned()));
            draft.hits.push(hit);
            draft.leaders = draft.hits.len();
        }
    }
    let drafts = drafts.into_values().map(|mut draft| {
        draft.aliases.remove(&draft.vulnerability);
        draft.hits.sort_by(|a, b| a.record.id.cmp(b.record.id));
        draft
    });
    Ok(drafts.collect())
}

fn name_each_other(a: &RecordView<'_>, b: &RecordView<'_>) -> bool {
    a.id == b.id || a.aliases.contains(&b.id) || b.aliases.contains(&a.id)
}

/// What else a record calls the vulnerability `name`, one of `count` that it tells of.
///
/// With a single one, all of the record's names are names of it. With several, a name belongs to the one
/// with which another record of the database joins it, and no further.
fn aliases_of(
    index: &Index<'_>,
    record: &RecordView<'_>,
    name: &str,
    count: usize,
) -> Result<Vec<String>, DbError> {
    let mut aliases = Vec::new();
    // A record that has a fault upstream of it is an advisory, not another name of the fault.
    let is_advisory = record.upstream.contains(&name) || record.related.contains(&name);
    if count == 1 {
        aliases.extend(record.aliases.iter().chain(&record.upstream).map(|alias| (*alias).to_owned()));
        if !is_advisory {
            aliases.push(record.id.to_owned());
        }
        return Ok(aliases);
    }
    for other in record.aliases.iter().chain(&record.upstream).filter(|other| !is_cve(other)) {
        if says_same(index, other, name)? {
            aliases.push((*other).to_owned());
        }
    }
    Ok(aliases)
}

/// Whether the record `id` itself names `cve` as alias, and no other CVE.
fn says_same(index: &Index<'_>, id: &str, cve: &str) -> Result<bool, DbError> {
    for segment in &index.segments {
        for number in segment.records_naming(id)? {
            let record = segment.record(number)?;
            let mut cves = record.aliases.iter().filter(|alias| is_cve(alias));
            if record.id == id && cves.next() == Some(&cve) && cves.next().is_none() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Turns drafts into findings: texts, severities, suppressions.
struct Finisher<'a, 'p> {
    database: &'a Database,
    index: &'p Index<'a>,
    packages: &'p [Package],
    distro: Option<&'p Distro>,
    owners: Owners<'p>,
    /// Severities of other records by the name they share; they are asked for again and again.
    joined: HashMap<String, Option<Rating>>,
}

/// Summary and references of a record, by segment and number.
type Texts = HashMap<(usize, u32), (String, Vec<String>)>;

impl<'a, 'p> Finisher<'a, 'p> {
    fn new(
        database: &'a Database,
        index: &'p Index<'a>,
        packages: &'p [Package],
        distro: Option<&'p Distro>,
        owners: Owners<'p>,
    ) -> Self {
        Self { database, index, packages, distro, owners, joined: HashMap::new() }
    }

    fn finish(mut self, drafts: Vec<Draft<'a>>) -> Result<Vec<Finding>, DbError> {
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
        Ok(Finding {
            id: FindingId::of(&["vuln", &draft.vulnerability, purl]),
            kind,
            vulnerability: draft.vulnerability.clone(),
            aliases: draft.aliases.iter().cloned().collect(),
            package: draft.package,
            severity: rating.as_ref().map(|rating| rating.severity),
            severity_source: rating.as_ref().map(|rating| rating.source),
            cvss_score: cvss.as_ref().map(|(_, score)| *score),
            cvss_vector: cvss.map(|(vector, _)| vector),
            fix: fix_of(&draft.hits),
            advisories: draft.hits.iter().map(|hit| advisory(hit, texts)).collect(),
            kev_since: draft.names().find_map(|name| self.database.kev().since(name)),
            epss: draft.names().find_map(|name| self.database.epss().score(name)),
            suppression,
            perhaps_backported,
        })
    }

    fn rating(&mut self, draft: &Draft<'a>) -> Result<Option<Rating>, DbError> {
        if let Some(rating) = own_rating(&draft.hits) {
            return Ok(Some(rating));
        }
        for name in draft.names() {
            if !self.joined.contains_key(name) {
                let rating = joined_rating(self.index, name)?;
                self.joined.insert(name.to_owned(), rating);
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
        for number in segment.records_naming(name)? {
            let record = segment.record(number)?;
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

/// The highest of the versions that the advisories call mended: below it one of them still applies.
fn fix_of(hits: &[Rc<Hit<'_>>]) -> FixState {
    let scheme = hits.iter().find_map(|hit| hit.scheme);
    let fixes = hits.iter().filter_map(|hit| hit.affected.fixed.as_deref());
    let highest = fixes.reduce(|a, b| {
        let order = scheme.and_then(|scheme| scheme.compare(a, b).ok());
        if order.is_some_and(std::cmp::Ordering::is_lt) { b } else { a }
    });
    highest.map_or(FixState::NotFixed, |fix| FixState::Fixed(vec![fix.to_owned()]))
}

fn advisory(hit: &Hit<'_>, texts: &Texts) -> Advisory {
    let (summary, references) = texts.get(&(hit.segment, hit.record.number)).cloned().unwrap_or_default();
    Advisory {
        id: hit.record.id.to_owned(),
        ecosystem: parse_ecosystem(hit.ecosystem),
        matched_name: hit.matched_name.clone(),
        matched_version: hit.matched_version.clone(),
        range: hit.affected.range.clone(),
        fixed: hit.affected.fixed.clone(),
        summary,
        published: hit.record.published,
        modified: hit.record.modified,
        references,
    }
}

/// The database holds only names that were read as ecosystems when it was built.
fn parse_ecosystem(text: &str) -> Ecosystem {
    text.parse().unwrap_or_else(|_| Ecosystem::whole(seawall_model::EcosystemName::Linux))
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
            texts.insert((segment, *number), (summary.to_owned(), references));
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
