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
    pub(crate) vulnerability: &'a str,
    /// Sorted, without the vulnerability itself.
    pub(crate) aliases: Vec<&'a str>,
    pub(super) hits: Vec<Rc<Hit<'a>>>,
    /// How many of the hits, at the front, began the finding; those after them joined it by alias.
    leaders: usize,
}

impl<'a> Draft<'a> {
    fn leading(&self) -> impl Iterator<Item = &Hit<'a>> {
        self.hits.iter().take(self.leaders).map(Rc::as_ref)
    }

    /// All names of the fault.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        std::iter::once(self.vulnerability).chain(self.aliases.iter().copied())
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
    let mut drafts: BTreeMap<&'a str, Draft<'a>> = BTreeMap::new();
    let mut alone = Vec::new();
    let empty = |name: &'a str| Draft {
        package,
        vulnerability: name,
        aliases: Vec::new(),
        hits: Vec::new(),
        leaders: 0,
    };
    for hit in hits {
        let hit = Rc::new(hit);
        let Told::Names(names) = told(&hit.record) else {
            alone.push(hit);
            continue;
        };
        let other_names = if names.len() > 1 { names_of_one(index, &hit.record)? } else { Vec::new() };
        for name in &names {
            let draft = drafts.entry(name).or_insert_with(|| empty(name));
            if names.len() == 1 {
                draft.aliases.extend(names_with(&hit.record, name));
            } else {
                let meant = other_names.iter().filter(|(_, cve)| cve == name);
                draft.aliases.extend(meant.map(|(other, _)| *other));
            }
            draft.hits.push(Rc::clone(&hit));
        }
    }
    // Compared with those that began a finding only: names are not followed from one that joined.
    for draft in drafts.values_mut() {
        draft.leaders = draft.hits.len();
    }
    for hit in alone {
        let names: Vec<&str> = drafts
            .iter()
            .filter(|(_, draft)| draft.leading().any(|leader| name_each_other(&leader.record, &hit.record)))
            .map(|(name, _)| *name)
            .collect();
        // A finding without a CVE takes a record in alone; a record that names faults with CVEs is told by each.
        let (cves, others): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| is_cve(name));
        let joined = if cves.is_empty() { others.into_iter().take(1).collect() } else { cves };
        for name in &joined {
            if let Some(draft) = drafts.get_mut(name) {
                draft.aliases.push(hit.record.id);
                draft.hits.push(Rc::clone(&hit));
            }
        }
        if joined.is_empty() {
            let draft = drafts.entry(hit.record.id).or_insert_with_key(|name| empty(name));
            draft.aliases.extend(&hit.record.aliases);
            draft.hits.push(hit);
            draft.leaders = draft.hits.len();
        }
    }
    let drafts = drafts.into_values().map(|mut draft| {
        draft.aliases.retain(|alias| *alias != draft.vulnerability);
        draft.aliases.sort_unstable();
        draft.aliases.dedup();
        draft.hits.sort_by(|a, b| a.record.id.cmp(b.record.id));
        draft
    });
    Ok(drafts.collect())
}

fn name_each_other(a: &RecordView<'_>, b: &RecordView<'_>) -> bool {
    a.id == b.id || a.aliases.contains(&b.id) || b.aliases.contains(&a.id)
}

/// What else a record calls the only vulnerability that it tells of: all of its names.
fn names_with<'a>(record: &RecordView<'a>, name: &str) -> impl Iterator<Item = &'a str> {
    // A record that has a fault upstream of it is an advisory, not another name of the fault.
    let is_advisory = record.upstream.contains(&name) || record.related.contains(&name);
    let own = (!is_advisory).then_some(record.id);
    record.aliases.iter().chain(&record.upstream).copied().chain(own)
}

/// The names of a record that tells of several vulnerabilities, each with the CVE that it means: the one with
/// which another record of the database joins it, and no further. What none joins is left out.
fn names_of_one<'a>(index: &Index<'a>, record: &RecordView<'a>) -> Result<Vec<(&'a str, &'a str)>, DbError> {
    let mut names = Vec::new();
    for other in record.aliases.iter().chain(&record.upstream).filter(|other| !is_cve(other)) {
        for segment in &index.segments {
            for named in segment.records_naming(other)? {
                let mut cves = named.aliases.iter().filter(|alias| is_cve(alias));
                // It must be the record itself, and name no other CVE.
                if let (true, Some(cve), None) = (named.id == *other, cves.next(), cves.next()) {
                    names.push((*other, *cve));
                }
            }
        }
    }
    Ok(names)
}
