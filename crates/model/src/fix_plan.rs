//! What to upgrade, and what that mends.

use crate::{LayerIndex, Owner, PackageKind, Priority};

/// The upgrades that mend what can be mended, the most urgent first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FixPlan {
    pub upgrades: Vec<Upgrade>,
    /// Open findings that no upgrade mends; positions in the report's list.
    pub without_fix: Vec<usize>,
}

/// One step: packages that change together.
#[derive(Debug, Clone, PartialEq)]
pub struct Upgrade {
    /// Positions in the report's list: all packages that were built from one source, or one package.
    pub packages: Vec<usize>,
    pub kind: PackageKind,
    /// The name to ask for: of the source package where several were built from it.
    pub name: String,
    pub from: String,
    /// The lowest known version that mends all of [`Upgrade::mends`].
    pub to: String,
    /// Open findings that are gone afterwards; positions in the report's list.
    pub mends: Vec<usize>,
    /// Open findings of the same packages that stay.
    pub leaves: Vec<usize>,
    /// How many findings of each priority it mends, from the most to the least urgent.
    pub by_priority: [usize; 4],
    /// The layers that brought the packages; empty outside images.
    pub layers: Vec<LayerIndex>,
    /// The distribution package to upgrade instead, where the distribution installed it.
    pub owner: Option<Owner>,
}

impl Upgrade {
    /// The most urgent priority that it mends.
    pub fn priority(&self) -> Priority {
        let most = self.by_priority.iter().position(|count| *count > 0).unwrap_or(Priority::ALL.len() - 1);
        Priority::ALL[Priority::ALL.len() - 1 - most]
    }
}
