//! What changed between two bills: packages, licences, vulnerabilities.

mod json;
mod table;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use seawall_model::{Finding, Package, PackageKind, Severity};

use crate::Bill;
use crate::search::CompareVersions;

pub use json::{schema, write_json};
pub use table::write_table;

/// The difference between two bills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub before: Side,
    pub after: Side,
    /// Sorted by kind and name.
    pub packages: Vec<PackageChange>,
    /// `None` where no database was asked. Sorted by vulnerability and package.
    pub vulnerabilities: Option<Vec<VulnerabilityChange>>,
}

/// One of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    pub name: String,
    /// For people; `None` where it has none.
    pub distribution: Option<String>,
    pub packages: usize,
    /// What could not be read or used, so that the difference may be less or more.
    pub problems: usize,
}

/// What became of the packages of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageChange {
    pub kind: PackageKind,
    pub name: String,
    pub change: Change,
    /// Versions that only one of the two has, in the order of their text.
    pub before: Vec<String>,
    pub after: Vec<String>,
    /// Licences before and after, where they differ and both have the package.
    pub licences: Option<(Vec<String>, Vec<String>)>,
}

/// The direction of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Added,
    Removed,
    Upgraded,
    Downgraded,
    /// To a version that can't be compared with the one before.
    Changed,
    /// The versions are the same, the licences are not.
    Relicensed,
}

impl Change {
    /// Every change, in the order of tables.
    pub const ALL: [Self; 6] =
        [Self::Added, Self::Removed, Self::Upgraded, Self::Downgraded, Self::Changed, Self::Relicensed];

    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Upgraded => "upgraded",
            Self::Downgraded => "downgraded",
            Self::Changed => "changed",
            Self::Relicensed => "relicensed",
        }
    }
}

/// A vulnerability that only one of the two has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VulnerabilityChange {
    /// Whether it came or went.
    pub came: bool,
    pub vulnerability: String,
    pub severity: Option<Severity>,
    pub kind: PackageKind,
    pub package: String,
    /// The versions that have it, in the order of their text.
    pub versions: Vec<String>,
}

impl Difference {
    /// Compares two bills. Vulnerabilities are compared where both were looked at; suppressed ones do not count.
    pub fn between(before: &Bill, after: &Bill, compare: &CompareVersions<'_>) -> Self {
        let findings = before.findings.as_ref().zip(after.findings.as_ref());
        Self {
            packages: package_changes(before, after, compare),
            vulnerabilities: findings.map(|_| vulnerability_changes(before, after)),
            before: side(before),
            after: side(after),
        }
    }

    /// Whether nothing at all differs.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.vulnerabilities.as_ref().is_none_or(Vec::is_empty)
    }
}

fn side(bill: &Bill) -> Side {
    Side {
        name: bill.name.clone(),
        distribution: bill.distro.as_ref().map(seawall_model::Distro::display_name),
        packages: bill.packages.len(),
        problems: bill.problems.len(),
    }
}

/// The packages of one name.
#[derive(Default)]
struct Named<'a> {
    versions: BTreeSet<&'a str>,
    licences: BTreeSet<&'a str>,
}

type ByName<'a> = BTreeMap<(PackageKind, &'a str), Named<'a>>;

fn by_name(packages: &[Package]) -> ByName<'_> {
    let mut out = ByName::new();
    for package in packages {
        let named = out.entry((package.kind, package.name.as_str())).or_default();
        named.versions.insert(&package.version);
        named.licences.extend(package.licences.iter().map(String::as_str));
    }
    out
}

fn package_changes(before: &Bill, after: &Bill, compare: &CompareVersions<'_>) -> Vec<PackageChange> {
    let (old, new) = (by_name(&before.packages), by_name(&after.packages));
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
    let none = Named::default();
    let change = |key: (PackageKind, &str)| {
        let (was, is) = (old.get(&key).unwrap_or(&none), new.get(&key).unwrap_or(&none));
        let texts = |versions: &mut dyn Iterator<Item = &&str>| -> Vec<String> {
            versions.map(|text| (*text).to_owned()).collect()
        };
        let gone = texts(&mut was.versions.difference(&is.versions));
        let come = texts(&mut is.versions.difference(&was.versions));
        let has_both = !was.versions.is_empty() && !is.versions.is_empty();
        let licences = (has_both && was.licences != is.licences)
            .then(|| (texts(&mut was.licences.iter()), texts(&mut is.licences.iter())));
        let change = match (gone.is_empty(), come.is_empty()) {
            (true, true) => licences.as_ref().map(|_| Change::Relicensed)?,
            (true, false) => Change::Added,
            (false, true) => Change::Removed,
            (false, false) => direction(key.0, &gone, &come, compare),
        };
        Some(PackageChange {
            kind: key.0,
            name: key.1.to_owned(),
            change,
            before: gone,
            after: come,
            licences,
        })
    };
    keys.into_iter().filter_map(change).collect()
}

/// Of several versions the highest ones decide.
fn direction(
    kind: PackageKind,
    before: &[String],
    after: &[String],
    compare: &CompareVersions<'_>,
) -> Change {
    let highest = |versions: &[String]| -> Option<String> {
        let mut highest = versions.first()?;
        for version in &versions[1..] {
            if compare(kind, version, highest)?.is_gt() {
                highest = version;
            }
        }
        Some(highest.clone())
    };
    let order =
        highest(before).zip(highest(after)).and_then(|(before, after)| compare(kind, &before, &after));
    match order {
        Some(Ordering::Less) => Change::Upgraded,
        Some(Ordering::Greater) => Change::Downgraded,
        _ => Change::Changed,
    }
}

/// What tells one vulnerability of a package from others, whatever the version.
type Fault<'a> = (&'a str, PackageKind, &'a str);

/// The worst severity, and the versions.
type Faults<'a> = BTreeMap<Fault<'a>, (Option<Severity>, BTreeSet<&'a str>)>;

fn faults(bill: &Bill) -> Faults<'_> {
    let mut out = Faults::new();
    let is_open = |finding: &&Finding| finding.suppression.is_none();
    for finding in bill.findings.iter().flatten().filter(is_open) {
        let Some(package) = bill.packages.get(finding.package) else { continue };
        let key = (finding.vulnerability.as_str(), package.kind, package.name.as_str());
        let entry = out.entry(key).or_insert((finding.severity, BTreeSet::new()));
        entry.0 = entry.0.max(finding.severity);
        entry.1.insert(&package.version);
    }
    out
}

fn vulnerability_changes(before: &Bill, after: &Bill) -> Vec<VulnerabilityChange> {
    let (old, new) = (faults(before), faults(after));
    let only = |these: &Faults<'_>, others: &Faults<'_>, came: bool| -> Vec<VulnerabilityChange> {
        let left = these.iter().filter(|(key, _)| !others.contains_key(*key));
        let change = |(key, value): (&Fault<'_>, &(Option<Severity>, BTreeSet<&str>))| VulnerabilityChange {
            came,
            vulnerability: key.0.to_owned(),
            severity: value.0,
            kind: key.1,
            package: key.2.to_owned(),
            versions: value.1.iter().map(|text| (*text).to_owned()).collect(),
        };
        left.map(change).collect()
    };
    let mut changes = only(&new, &old, true);
    changes.extend(only(&old, &new, false));
    changes
        .sort_by(|a, b| (&a.vulnerability, a.kind, &a.package).cmp(&(&b.vulnerability, b.kind, &b.package)));
    changes
}
