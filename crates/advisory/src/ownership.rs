//! What a distribution says of language packages on files that it owns.
//!
//! Distributions mend faults without changing the version that a file shows. Such a finding is suppressed
//! only where the owner's feed for its release says that this very fault is mended in, or does not affect,
//! the owner's version, or where that feed lists every known fault of the owner and not this one.

use std::collections::{HashMap, HashSet};

use seawall_model::{Distro, Owner, Package, Suppression};

use crate::db::DbError;
use crate::evaluate::{Candidate, Verdict, evaluate};
use crate::feed_of::{Asked, feed_of};
use crate::matching::{Draft, Index, each_record, same_modularity, same_module};

/// Records of these names say the state of every fault that a distribution tracks, open ones too: a package
/// that they name at all is covered wholly. Other records of the same feeds tell of mended faults only.
const TRACKERS: &[&str] = &["DEBIAN-CVE-", "UBUNTU-CVE-"];

/// The distribution packages by name, and what their feeds say of them.
pub(crate) struct Owners<'p> {
    packages: HashMap<(&'static str, &'p str, &'p str), &'p Package>,
    distro: Option<&'p Distro>,
    said: HashMap<Owner, Said>,
}

/// What a feed says of one package.
#[derive(Default)]
struct Said {
    faults: HashMap<String, State>,
    /// The feed's release where it tracks every fault of the package.
    complete_in: Option<String>,
}

/// What its records together say of one fault; of two that differ the later of these holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// With the reason.
    NotAffected(String),
    Unknown,
    Affected,
}

/// The owner's word on one finding.
pub(crate) enum Word {
    /// Nothing: perhaps the file was patched.
    Silent,
    /// The owner is affected too, says its own feed.
    Affected,
    NotAffected {
        owner: String,
        evidence: String,
    },
}

impl Word {
    pub(crate) const fn is_silent(&self) -> bool {
        matches!(self, Self::Silent)
    }

    pub(crate) fn suppression(self) -> Option<Suppression> {
        match self {
            Self::NotAffected { owner, evidence } => Some(Suppression::DistributionFixed { owner, evidence }),
            Self::Silent | Self::Affected => None,
        }
    }
}

impl<'p> Owners<'p> {
    pub(crate) fn new(packages: &'p [Package], distro: Option<&'p Distro>) -> Self {
        let mut known = HashMap::new();
        if packages.iter().any(|package| package.owner.is_some()) {
            for package in packages.iter().filter(|package| package.kind.is_distribution()) {
                known
                    .entry((package.kind.purl_type(), package.name.as_str(), package.version.as_str()))
                    .or_insert(package);
            }
        }
        Self { packages: known, distro, said: HashMap::new() }
    }

    /// What the feed of the package's owner says of a finding.
    pub(crate) fn word(
        &mut self,
        index: &Index<'_>,
        package: &Package,
        draft: &Draft<'_>,
    ) -> Result<Word, DbError> {
        let Some(owner) = &package.owner else { return Ok(Word::Silent) };
        let key = (owner.kind.purl_type(), owner.name.as_str(), owner.version.as_str());
        let Some(owning) = self.packages.get(&key).copied() else { return Ok(Word::Silent) };
        if !self.said.contains_key(owner) {
            let said = said_of(index, owning, self.distro)?;
            self.said.insert(owner.clone(), said);
        }
        let Some(said) = self.said.get(owner) else { return Ok(Word::Silent) };
        let name = format!("{} {}", owner.name, owner.version);
        // Two names of the fault may be filed apart: one that says affected is enough.
        let state = draft.names().filter_map(|fault| said.faults.get(fault)).max();
        Ok(match (state, &said.complete_in) {
            (Some(State::Affected), _) => Word::Affected,
            (Some(State::NotAffected(why)), _) => Word::NotAffected { owner: name, evidence: why.clone() },
            (None, Some(release)) => Word::NotAffected {
                evidence: format!("{release} lists every known fault of {} and not this one", owner.name),
                owner: name,
            },
            (Some(State::Unknown), _) | (None, None) => Word::Silent,
        })
    }
}

fn said_of(index: &Index<'_>, owner: &Package, distro: Option<&Distro>) -> Result<Said, DbError> {
    let mut said = Said::default();
    let Asked::Feed(feed) = feed_of(owner, distro) else { return Ok(said) };
    let Some((segment, releases)) = index.feed(&feed) else { return Ok(said) };
    let mut settled = HashSet::new();
    for lookup in &feed.lookups {
        let candidate = Candidate::new(&lookup.version, feed.scheme);
        for release in &releases {
            each_record(index, segment, &feed, lookup, release, |postings| {
                let Some(first) = postings.first() else { return Ok(()) };
                let record = index.segments[segment].record(first.record)?;
                if !same_module(owner, &record) || settled.contains(&first.record) {
                    return Ok(());
                }
                if feed.releases.settles(release) {
                    settled.insert(first.record);
                }
                let state = match evaluate(&candidate, postings, &|fixed| same_modularity(owner, fixed))? {
                    Verdict::NotAffected { fixed } => {
                        let evidence =
                            fixed.map_or("not affected".to_owned(), |fixed| format!("fixed in {fixed}"));
                        let why = format!("{}: {} {evidence} in {release}", record.id, lookup.name);
                        State::NotAffected(why)
                    }
                    Verdict::Affected(_) => State::Affected,
                    Verdict::Unknown { .. } => State::Unknown,
                    Verdict::NotMeant => return Ok(()),
                };
                if TRACKERS.iter().any(|tracker| record.id.starts_with(tracker)) {
                    said.complete_in = Some((*release).to_owned());
                }
                let names = std::iter::once(&record.id).chain(&record.aliases).chain(&record.upstream);
                for name in names.chain(&record.related) {
                    let entry = said.faults.entry((*name).to_owned()).or_insert_with(|| state.clone());
                    if *entry < state {
                        entry.clone_from(&state);
                    }
                }
                Ok(())
            })?;
        }
    }
    Ok(said)
}
