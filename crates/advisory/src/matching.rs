//! Packages and the database in, findings and coverage out.
//!
//! A finding is one package and one vulnerability. Each package is judged against its feed (`judge`), the
//! records that hold it are joined (`join`), and what comes of it is finished with texts and severity
//! (`finish`). What a distribution's feed can say of files that it owns is in [`crate::ownership`].

mod finish;
mod index;
mod join;
mod judge;

use std::collections::BTreeMap;

use seawall_model::{Distro, EcosystemCoverage, Finding, Package, Scope};

use crate::db::{Database, DbError};
use crate::feed_of::{Asked, feed_of, feed_of_distro};
use crate::ownership::Owners;

pub(crate) use index::Index;
pub(crate) use join::Draft;
pub(crate) use judge::{each_record, same_modularity, same_module};

use finish::Finisher;
use join::group;
use judge::Judge;

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
    let mut judge = Judge::new(&index);
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
        let judged = judge.package(package, &feed)?;
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
