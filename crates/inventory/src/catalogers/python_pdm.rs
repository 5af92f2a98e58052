//! `pdm.lock`.
//!
//! It names the groups that want a package, but not which of them are optional parts of the program and which
//! are for its developers: those with a usual name count as for developers.
//! <https://pdm-project.org/latest/usage/lockfile/>

use seawall_model::{PackageKind, Scope};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Text};
use crate::python::{is_development_group, normalised};
use crate::repository;

pub(super) struct PythonPdm;

impl Cataloger for PythonPdm {
    fn name(&self) -> &'static str {
        "python/pdm"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("pdm.lock")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(lock) = document::toml::<Lock<'_>>(&text, found) else { return };
        for locked in lock.package.into_iter().filter(|locked| locked.path.is_none()) {
            let mut package = found.package(PackageKind::Pypi, normalised(&locked.name), &*locked.version);
            if !locked.groups.is_empty() && locked.groups.iter().all(|group| is_development_group(group)) {
                package.scope = Scope::Development;
            }
            if let (Some(git), Some(revision)) = (&locked.git, &locked.revision) {
                package.qualifiers.push(repository::qualifier(git, revision));
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

#[derive(Deserialize)]
struct Locked<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    version: Text<'a>,
    #[serde(default, borrow)]
    groups: Vec<Text<'a>>,
    #[serde(borrow)]
    git: Option<Text<'a>>,
    #[serde(borrow)]
    revision: Option<Text<'a>>,
    /// A folder of the project itself.
    #[serde(borrow)]
    path: Option<Text<'a>>,
}
