//! From what packages say they need to which package needs which.
//!
//! A need is met by a package of the same package system whose name, or one of whose further names, it is.
//! Where several versions of a package are there (an npm tree), the nearest one is meant: the one whose place
//! lies in the closest enclosing directory. What nothing meets is left out: bills of materials say which
//! packages are there, not which are missing.

use std::collections::HashMap;

use seawall_model::{Dependency, Package, PackageKind};

/// Needs of one package that are followed; more than any real package has.
const MAX_NEEDS: usize = 10_000;

/// Which package needs which; sorted, each pair once, no package itself.
pub(crate) fn resolve(packages: &[Package]) -> Vec<Dependency> {
    let mut by_name: HashMap<(PackageKind, &str), Vec<usize>> = HashMap::new();
    for (index, package) in packages.iter().enumerate() {
        let names = std::iter::once(package.name.as_str()).chain(package.provides.iter().map(String::as_str));
        for name in names {
            let known = by_name.entry((package.kind, name)).or_default();
            if known.last() != Some(&index) {
                known.push(index);
            }
        }
    }
    let mut dependencies = Vec::new();
    for (from, package) in packages.iter().enumerate() {
        for need in package.needs.iter().take(MAX_NEEDS) {
            let Some(candidates) = by_name.get(&(package.kind, need.as_str())) else { continue };
            if let Some(to) = nearest(packages, from, candidates)
                && to != from
            {
                dependencies.push(Dependency { from, to });
            }
        }
    }
    dependencies.sort_unstable();
    dependencies.dedup();
    dependencies
}

/// The candidate whose place shares the most leading directories with a place of the one that needs it; of
/// equal ones, one that bears the name before one that provides it, and the newer layer.
fn nearest(packages: &[Package], from: usize, candidates: &[usize]) -> Option<usize> {
    if let [only] = candidates {
        return Some(*only);
    }
    let shared = |to: usize| {
        let pairs = packages[from]
            .places
            .iter()
            .take(8)
            .flat_map(|ours| packages[to].places.iter().take(64).map(move |theirs| (ours, theirs)));
        pairs.map(|(ours, theirs)| shared_directories(ours.path.as_bytes(), theirs.path.as_bytes())).max()
    };
    candidates.iter().copied().max_by_key(|to| (shared(*to), std::cmp::Reverse(*to)))
}

/// The number of leading directories that two paths share, where the second lies in one of the first's
/// enclosing directories: a package may use what lies beside it or above it.
fn shared_directories(ours: &[u8], theirs: &[u8]) -> usize {
    ours.split(|byte| *byte == b'/')
        .zip(theirs.split(|byte| *byte == b'/'))
        .take_while(|(a, b)| a == b)
        .count()
}

#[cfg(test)]
mod tests {
    use seawall_model::{FilePathBuf, Place};

    use super::*;

    fn package(kind: PackageKind, name: &str, path: &str, needs: &[&str], provides: &[&str]) -> Package {
        let mut package = Package::new(kind, name, "1", "test");
        package.needs = needs.iter().map(ToString::to_string).collect();
        package.provides = provides.iter().map(ToString::to_string).collect();
        package.places = vec![Place { path: FilePathBuf::from(path), inside: None, layer: None }];
        package
    }

    fn pairs(packages: &[Package]) -> Vec<(usize, usize)> {
        resolve(packages).into_iter().map(|dependency| (dependency.from, dependency.to)).collect()
    }

    #[test]
    fn a_need_is_met_by_a_name_or_by_what_is_provided_of_the_same_system() {
        let packages = [
            package(PackageKind::Deb, "postfix", "s", &["libc6", "absent"], &["mail-transport-agent"]),
            package(PackageKind::Deb, "libc6", "s", &["libc6"], &[]),
            package(PackageKind::Deb, "mutt", "s", &["mail-transport-agent", "libc6", "libc6"], &[]),
            package(PackageKind::Npm, "libc6", "n", &["mutt"], &[]),
        ];
        assert_eq!(pairs(&packages), [(0, 1), (2, 0), (2, 1)]);
    }

    #[test]
    fn of_several_versions_the_nearest_is_meant() {
        let packages = [
            package(PackageKind::Npm, "a", "app/node_modules/a/package.json", &["b"], &[]),
            package(PackageKind::Npm, "b", "app/node_modules/b/package.json", &[], &[]),
            package(PackageKind::Npm, "b", "app/node_modules/a/node_modules/b/package.json", &[], &[]),
            package(PackageKind::Npm, "c", "app/node_modules/c/package.json", &["b"], &[]),
        ];
        assert_eq!(pairs(&packages), [(0, 2), (3, 1)]);
    }
}
