//! `pnpm-lock.yaml`, versions 5, 6 and 9.
//!
//! Packages are named by keys: `/a/1.2.3_peer@1.0.0` in version 5, `/a@1.2.3(peer@1.0.0)` in 6,
//! `a@1.2.3` in 9, which keeps what each one needs in a list of its own. Up to 6 a package says whether it is
//! for development; in 9 those are that only development dependencies reach.
//! <https://github.com/pnpm/spec/tree/master/lockfile>

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use seawall_model::{ProblemKind, Scope};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Text};
use crate::node;
use crate::reach::Graph;
use crate::repository;

pub(super) struct NodePnpm;

impl Cataloger for NodePnpm {
    fn name(&self) -> &'static str {
        "node/pnpm"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("pnpm-lock.yaml")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        // A second document may hold the packages of pnpm itself.
        let Some(documents) = document::yaml::<Lock<'_>>(&text, file.limits, found) else { return };
        for lock in &documents {
            lock.list(found);
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Lock<'a> {
    #[serde(rename = "lockfileVersion", borrow)]
    version: Text<'a>,
    #[serde(borrow)]
    importers: Option<BTreeMap<Text<'a>, Option<Importer<'a>>>>,
    #[serde(borrow)]
    packages: Option<BTreeMap<Text<'a>, Option<Locked<'a>>>>,
    #[serde(borrow)]
    snapshots: Option<BTreeMap<Text<'a>, Option<Snapshot<'a>>>>,
}

/// A member of the workspace, or the project itself.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Importer<'a> {
    #[serde(borrow)]
    dependencies: Option<BTreeMap<Text<'a>, Resolved<'a>>>,
    #[serde(rename = "optionalDependencies", borrow)]
    optional: Option<BTreeMap<Text<'a>, Resolved<'a>>>,
}

/// A number in version 5, later what was asked for and what came of it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Resolved<'a> {
    Both {
        #[serde(borrow)]
        version: Text<'a>,
    },
    Plain(#[serde(borrow)] Text<'a>),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Locked<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    version: Option<Text<'a>>,
    dev: bool,
    #[serde(borrow)]
    resolution: Resolution<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Resolution<'a> {
    #[serde(borrow)]
    tarball: Option<Text<'a>>,
    #[serde(borrow)]
    repo: Option<Text<'a>>,
    #[serde(borrow)]
    commit: Option<Text<'a>>,
    /// A folder of the project.
    #[serde(borrow)]
    directory: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Snapshot<'a> {
    #[serde(borrow)]
    dependencies: Option<BTreeMap<Text<'a>, Text<'a>>>,
    #[serde(rename = "optionalDependencies", borrow)]
    optional: Option<BTreeMap<Text<'a>, Text<'a>>>,
}

impl Lock<'_> {
    fn list(&self, found: &mut Found<'_>) {
        let needed = self.needed_at_run_time();
        for (key, locked) in self.packages.iter().flatten() {
            let unsaid = Locked::default();
            let locked = locked.as_ref().unwrap_or(&unsaid);
            if locked.resolution.directory.is_some() {
                continue;
            }
            let is_development = match &needed {
                Some(needed) => !needed.contains(&**key),
                None => locked.dev,
            };
            let scope = if is_development { Scope::Development } else { Scope::Runtime };
            self.push(key, locked, scope, found);
        }
    }

    fn push(&self, key: &str, locked: &Locked<'_>, scope: Scope, found: &mut Found<'_>) {
        let in_key = self.split_key(key);
        let name = locked.name.as_deref().or(in_key.map(|(name, _)| name));
        let version = locked.version.as_deref().or(in_key.map(|(_, version)| version));
        let package = name.zip(version).and_then(|(name, version)| node::package(name, version, found));
        let Some(mut package) = package else {
            // Folders of the project are named by the way to them.
            if !key.contains("file:") && !key.contains("link:") {
                found.problem(ProblemKind::Malformed, format!("{key:?} names no package with a version"));
            }
            return;
        };
        if let Some(address) = locked.resolution.address() {
            package.qualifiers.retain(|(name, _)| name != "vcs_url" && name != "download_url");
            package.qualifiers.push(address);
        }
        package.scope = scope;
        found.push(package);
    }

    /// Name and version in the key of a package, without the versions of its peers.
    fn split_key<'k>(&self, key: &'k str) -> Option<(&'k str, &'k str)> {
        let key = without_peers(key);
        if !self.version.starts_with('5') {
            return node::split_name(key.strip_prefix('/').unwrap_or(key));
        }
        let (name, version) = key.strip_prefix('/')?.rsplit_once('/')?;
        Some((name, version.split('_').next().unwrap_or_default()))
    }

    /// The keys of packages that the project needs at run time; `None` where packages say it themselves.
    fn needed_at_run_time(&self) -> Option<HashSet<&str>> {
        let snapshots = self.snapshots.as_ref()?;
        let keys: Vec<&str> = snapshots.keys().map(|key| &**key).collect();
        let index: HashMap<&str, usize> = keys.iter().enumerate().map(|(index, key)| (*key, index)).collect();
        let number = |name: &str, version: &str| index.get(&*reference(name, version)?).copied();

        let mut graph = Graph::new(keys.len());
        for (from, snapshot) in snapshots.values().enumerate() {
            let lists = snapshot.iter().flat_map(|snapshot| [&snapshot.dependencies, &snapshot.optional]);
            for (name, version) in lists.flatten().flatten() {
                if let Some(to) = number(name, version) {
                    graph.add(from, to);
                }
            }
        }
        let importers = self.importers.iter().flatten().filter_map(|(_, importer)| importer.as_ref());
        let lists = importers.flat_map(|importer| [&importer.dependencies, &importer.optional]);
        let roots = lists.flatten().flatten().filter_map(|(name, resolved)| number(name, resolved.version()));
        let reached = graph.reachable(roots.collect::<Vec<_>>());
        let needed = keys.iter().zip(reached).filter(|(_, is_reached)| *is_reached);
        Some(needed.map(|(key, _)| without_peers(key)).collect())
    }
}

impl Resolved<'_> {
    fn version(&self) -> &str {
        match self {
            Self::Both { version } | Self::Plain(version) => version,
        }
    }
}

impl Resolution<'_> {
    /// Where it comes from, if that is no registry.
    fn address(&self) -> Option<(String, String)> {
        if let (Some(address), Some(commit)) = (&self.repo, &self.commit) {
            return Some(repository::qualifier(address, commit));
        }
        let tarball = self.tarball.as_deref().filter(|tarball| tarball.starts_with("http"))?;
        Some(("download_url".to_owned(), tarball.to_owned()))
    }
}

/// The key of the package that stands behind `name: version`: mostly both joined. An alias, and what comes
/// from elsewhere, is named by the whole key.
fn reference<'a>(name: &str, version: &'a str) -> Option<Cow<'a, str>> {
    if version.starts_with("link:") {
        return None;
    }
    let before = |mark: char| version.find(mark).unwrap_or(usize::MAX);
    let is_key = version.starts_with('@') || (before('@') < before(':') && before('@') < before('('));
    Some(if is_key { Cow::Borrowed(version) } else { Cow::Owned(format!("{name}@{version}")) })
}

/// The key without `(peer@1.0.0)`.
fn without_peers(key: &str) -> &str {
    key.find('(').and_then(|at| key.get(..at)).unwrap_or(key)
}
