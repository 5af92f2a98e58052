//! What was examined and what was not: the half of a result that proves the other.

use crate::{Ecosystem, Problem, Timestamp};

/// How new a feed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeedDate {
    /// The server's `Last-Modified`, or else the newest plausible `modified` of its records.
    Known(Timestamp),
    /// Neither said.
    Unknown,
}

/// The packages of one ecosystem, and whether anything could be said of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcosystemCoverage {
    /// The words for people: `Debian:12`, `npm`, `Swift package`.
    pub name: String,
    /// The feed that was asked; `None` where the database holds none for these packages.
    pub feed: Option<(Ecosystem, FeedDate)>,
    /// Packages found.
    pub packages: usize,
    /// Of these, packages that were compared with the feed.
    pub matched: usize,
    /// Packages whose version the ecosystem's order cannot read, or that have none: judged *unknown*.
    pub unknown_version: usize,
    /// Records that name a package of the scan and whose range could not be read: judged *unknown*.
    pub unknown_ranges: usize,
    /// Packages of this ecosystem that another party built, so that the feed does not speak of them.
    pub third_party: usize,
    /// Development dependencies that were not judged.
    pub development: usize,
}

/// What a whole scan examined.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// One entry for each ecosystem met, sorted by name.
    pub ecosystems: Vec<EcosystemCoverage>,
    /// Everything that could not be used, sorted.
    pub problems: Vec<Problem>,
    /// Files seen in all layers or directories.
    pub files_seen: u64,
    /// Files that an analyser read.
    pub files_read: u64,
    /// Layers of the image and how many of them came from the cache; zero outside images.
    pub layers: usize,
    pub layers_cached: usize,
    /// Whether the distribution is known and has a feed; `None` where there is no distribution.
    pub distribution_judged: Option<bool>,
}

impl Coverage {
    /// Whether the result may be called complete without any flag: something was examined, every layer and
    /// package database was read, and the distribution has a feed.
    pub fn is_complete(&self) -> bool {
        let packages: usize = self.ecosystems.iter().map(|ecosystem| ecosystem.packages).sum();
        packages > 0
            && self.distribution_judged != Some(false)
            && !self.problems.iter().any(|problem| problem.kind.breaks_completeness())
    }

    /// Whether nothing at all was left unexamined: what `--strict` asks.
    pub fn is_spotless(&self) -> bool {
        self.is_complete()
            && self.problems.is_empty()
            && self
                .ecosystems
                .iter()
                .all(|ecosystem| ecosystem.matched == ecosystem.packages && ecosystem.unknown_ranges == 0)
    }
}
