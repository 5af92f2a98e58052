//! Joining the records that hold one package to findings: those that say the same become one.
//!
//! Each CVE among a record's id, aliases and upstream (for AlmaLinux also related) is a finding; a record
//! without a CVE gives one for each upstream, else one under its own id. Records of one package that give the
//! same name are joined, and so is a record without a CVE with one that it names as alias, or that names it.
//! Names are never followed any further.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::index::Index;
use super::judge::Hit;
use crate::db::{DbError, RecordView};
use crate::record::is_cve;

/// A finding before texts and severities are read.
pub(crate) struct Draft<'a> {
    pub(crate) package: usize,
    pub(crate) vulnerability: String,
    pub(crate) aliases: BTreeSet<String>,
    pub(super) hits: Vec<Rc<Hit<'a>>>,
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
pub(super) fn group<'a>(
    index: &Index<'a>,
    package: usize,
    mut hits: Vec<Hit<'a>>,
) -> Result<Vec<Draft<'a>>, DbError> {
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
