//! The fewest upgrades that mend the most.
//!
//! Each package, or all that were built from one source, is one step: it goes to the lowest version that mends
//! every finding of it that has a fix. Steps are ordered by what they mend, the most urgent findings first,
//! then by how many. So the first steps of a plan are those that remove the most risk for the least work.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use seawall_model::{Distro, Finding, FixPlan, Package, PackageKind, Priority, Upgrade};

use crate::feed_of::{Asked, feed_of};
use crate::version::VersionScheme;

/// What is upgraded in one step: the kind, the name, the version, and whether a distribution put it there.
type Step<'a> = (PackageKind, &'a str, &'a str, Option<&'a str>);

/// Makes a plan of the open findings.
pub fn fix_plan(packages: &[Package], findings: &[Finding], distro: Option<&Distro>) -> FixPlan {
    let mut plan = FixPlan::default();
    let mut steps: BTreeMap<Step<'_>, Vec<usize>> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        let Some(package) = packages.get(finding.package) else { continue };
        if finding.suppression.is_none() {
            steps.entry(step_of(package)).or_default().push(index);
        }
    }
    for (step, open) in steps {
        let (mends, leaves): (Vec<usize>, Vec<usize>) =
            open.into_iter().partition(|index| findings[*index].fix.nearest().is_some());
        match mends.first() {
            Some(first) => {
                let first = &packages[findings[*first].package];
                plan.upgrades.push(upgrade(step, first, mends, leaves, packages, findings, distro));
            }
            None => plan.without_fix.extend(leaves),
        }
    }
    plan.upgrades.sort_by(by_use);
    plan.without_fix.sort_unstable();
    plan
}

/// Binary packages of one source are upgraded together.
fn step_of(package: &Package) -> Step<'_> {
    let (name, version) = if package.kind.is_distribution() {
        package.source_or_self()
    } else {
        (&*package.name, &*package.version)
    };
    (package.kind, name, version, package.owner.as_ref().map(|owner| owner.name.as_str()))
}

fn upgrade(
    (kind, name, from, _): Step<'_>,
    first: &Package,
    mends: Vec<usize>,
    leaves: Vec<usize>,
    packages: &[Package],
    findings: &[Finding],
    distro: Option<&Distro>,
) -> Upgrade {
    let scheme = match feed_of(first, distro) {
        Asked::Feed(feed) => feed.scheme,
        _ => None,
    };
    let wanted = mends.iter().filter_map(|index| findings[*index].fix.nearest());
    let to = wanted.max_by(|a, b| order(scheme, a, b)).unwrap_or_default().to_owned();
    let mut by_priority = [0; Priority::ALL.len()];
    for index in &mends {
        by_priority[urgency(findings[*index].priority)] += 1;
    }
    let mut touched: Vec<usize> = mends.iter().chain(&leaves).map(|index| findings[*index].package).collect();
    touched.sort_unstable();
    touched.dedup();
    let places = touched.iter().flat_map(|package| &packages[*package].places);
    let mut layers: Vec<usize> = places.filter_map(|place| place.layer).collect();
    layers.sort_unstable();
    layers.dedup();
    Upgrade {
        packages: touched,
        kind,
        name: name.to_owned(),
        from: from.to_owned(),
        to,
        mends,
        leaves,
        by_priority,
        layers,
        owner: first.owner.clone(),
    }
}

/// 0 is the most urgent.
fn urgency(priority: Priority) -> usize {
    Priority::ALL.iter().rev().position(|known| *known == priority).unwrap_or(Priority::ALL.len() - 1)
}

/// By the order of the ecosystem; versions that it cannot read by their text, so that the plan is the same
/// every time.
fn order(scheme: Option<VersionScheme>, a: &str, b: &str) -> Ordering {
    scheme.and_then(|scheme| scheme.compare(a, b).ok()).unwrap_or_else(|| a.cmp(b))
}

fn by_use(a: &Upgrade, b: &Upgrade) -> Ordering {
    let key = |upgrade: &Upgrade| (Reverse(upgrade.by_priority), Reverse(upgrade.mends.len()));
    key(a).cmp(&key(b)).then_with(|| (a.kind, &a.name, &a.from).cmp(&(b.kind, &b.name, &b.from)))
}

#[cfg(test)]
mod tests {
    use seawall_model::{FilePathBuf, FindingId, FixState, Place, SourcePackage, Suppression};

    use super::*;

    fn package(kind: PackageKind, name: &str, version: &str, source: Option<&str>, layer: usize) -> Package {
        let mut package = Package::new(kind, name, version, "test");
        package.source =
            source.map(|name| SourcePackage { name: name.to_owned(), version: version.to_owned() });
        package.places = vec![Place { path: FilePathBuf::from("x"), inside: None, layer: Some(layer) }];
        package
    }

    fn open(package: usize, priority: Priority, fixed: Option<&str>) -> Finding {
        let mut finding = Finding::new(FindingId::of(&["test"]), "CVE-2026-0001", package);
        finding.priority = priority;
        finding.fix = fixed.map_or(FixState::NotFixed, |version| FixState::Fixed(vec![version.to_owned()]));
        finding
    }

    fn told(packages: &[Package], findings: &[Finding]) -> String {
        let debian = Distro { id: "debian".into(), version_id: Some("12".into()), ..Distro::default() };
        let plan = fix_plan(packages, findings, Some(&debian));
        let line = |upgrade: &Upgrade| {
            let Upgrade { name, from, to, mends, leaves, packages, layers, .. } = upgrade;
            let priority = upgrade.priority();
            format!(
                "{priority} {name} {from}->{to} {packages:?} mends {mends:?} leaves {leaves:?} in {layers:?}"
            )
        };
        let mut lines: Vec<String> = plan.upgrades.iter().map(line).collect();
        lines.push(format!("without fix {:?}", plan.without_fix));
        lines.join("\n")
    }

    #[test]
    fn what_mends_the_most_urgent_comes_first() {
        let packages = [
            package(PackageKind::Npm, "many", "1.0.0", None, 1),
            package(PackageKind::Npm, "urgent", "1.0.0", None, 2),
            package(PackageKind::Npm, "hopeless", "1.0.0", None, 2),
        ];
        let findings = [
            open(0, Priority::Track, Some("1.9.0")),
            open(0, Priority::Attend, Some("1.10.0")),
            open(0, Priority::Attend, None),
            open(1, Priority::Act, Some("2.0.0")),
            open(2, Priority::Act, None),
        ];
        assert_eq!(
            told(&packages, &findings),
            "act urgent 1.0.0->2.0.0 [1] mends [3] leaves [] in [2]\n\
             attend many 1.0.0->1.10.0 [0] mends [0, 1] leaves [2] in [1]\n\
             without fix [4]"
        );
    }

    #[test]
    fn packages_of_one_source_are_one_step() {
        let packages = [
            package(PackageKind::Deb, "libssl3", "3.0.9-1", Some("openssl"), 0),
            package(PackageKind::Deb, "openssl", "3.0.9-1", Some("openssl"), 3),
        ];
        let findings = [
            open(0, Priority::Attend, Some("3.0.11-1~deb12u2")),
            open(1, Priority::Attend, Some("3.0.11-1~deb12u10")),
        ];
        assert_eq!(
            told(&packages, &findings),
            "attend openssl 3.0.9-1->3.0.11-1~deb12u10 [0, 1] mends [0, 1] leaves [] in [0, 3]\nwithout fix []"
        );
    }

    #[test]
    fn what_is_suppressed_needs_no_upgrade() {
        let packages = [package(PackageKind::Npm, "a", "1.0.0", None, 0)];
        let mut suppressed = open(0, Priority::Act, Some("2.0.0"));
        suppressed.suppression = Some(Suppression::KnownWrong { reason: "x".into() });
        assert_eq!(told(&packages, &[suppressed]), "without fix []");
    }
}
