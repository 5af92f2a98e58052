//! `uv.lock` of a project, and `<script>.py.lock` of a single script.
//!
//! The project and the members of its workspace stand in it too; they are not listed. Packages that only their
//! groups of dependencies reach are for development.
//! <https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile>

use std::collections::{BTreeMap, HashMap};

use seawall_model::{FilePath, PackageKind, Scope};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Text};
use crate::python::normalised;
use crate::reach::Graph;
use crate::repository;

pub(super) struct PythonUv;

impl Cataloger for PythonUv {
    fn name(&self) -> &'static str {
        "python/uv"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("uv.lock"), Trigger::Extension("lock")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        path.file_name() == b"uv.lock" || path.file_name().ends_with(b".py.lock")
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(lock) = document::toml::<Lock<'_>>(&text, found) else { return };
        let is_needed = lock.needed_at_run_time();
        for (locked, is_needed) in lock.package.iter().zip(is_needed) {
            let Some(version) = locked.version.as_ref().filter(|_| !locked.source.is_own()) else { continue };
            let mut package = found.package(PackageKind::Pypi, normalised(&locked.name), &**version);
            package.scope = if is_needed { Scope::Runtime } else { Scope::Development };
            if let Some(git) = &locked.source.git {
                package.qualifiers.push(repository::qualifier_of_address(git));
            }
            found.push(package);
        }
    }
}

#[derive(Deserialize)]
struct Lock<'a> {
    #[serde(default, borrow)]
    package: Vec<Locked<'a>>,
}

type Groups<'a> = BTreeMap<Text<'a>, Vec<Dependency<'a>>>;

#[derive(Deserialize)]
struct Locked<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    /// Missing where the project computes it.
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(default, borrow)]
    source: Source<'a>,
    #[serde(default, borrow)]
    dependencies: Vec<Dependency<'a>>,
    #[serde(default, rename = "optional-dependencies", borrow)]
    optional: Groups<'a>,
    #[serde(default, rename = "dev-dependencies", borrow)]
    development: Groups<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Source<'a> {
    #[serde(borrow)]
    git: Option<Text<'a>>,
    #[serde(borrow)]
    editable: Option<Text<'a>>,
    #[serde(borrow)]
    r#virtual: Option<Text<'a>>,
}

impl Source<'_> {
    /// Whether it is the project itself or a member of its workspace.
    fn is_own(&self) -> bool {
        self.editable.is_some() || self.r#virtual.is_some()
    }
}

/// A version is named only where the lockfile holds several of that name.
#[derive(Deserialize)]
struct Dependency<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    version: Option<Text<'a>>,
}

impl Lock<'_> {
    /// For each package whether something other than a development group needs it. Without a project in the
    /// file (a script, a damaged one) all are.
    fn needed_at_run_time(&self) -> Vec<bool> {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, locked) in self.package.iter().enumerate() {
            by_name.entry(&locked.name).or_default().push(index);
        }
        let mut graph = Graph::new(self.package.len());
        let mut is_wanted_by_developers = false;
        for (index, locked) in self.package.iter().enumerate() {
            is_wanted_by_developers |= !locked.development.is_empty();
            for dependency in locked.dependencies.iter().chain(locked.optional.values().flatten()) {
                for other in by_name.get(&*dependency.name).into_iter().flatten() {
                    let version = self.package.get(*other).and_then(|other| other.version.as_ref());
                    if dependency.version.is_none() || dependency.version.as_ref() == version {
                        graph.add(index, *other);
                    }
                }
            }
        }
        if !is_wanted_by_developers {
            return vec![true; self.package.len()];
        }
        let own = self.package.iter().enumerate().filter(|(_, locked)| locked.source.is_own());
        graph.reachable(own.map(|(index, _)| index))
    }
}
