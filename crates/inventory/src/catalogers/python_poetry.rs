//! `poetry.lock`.
//!
//! Which packages are for development stands in it until Poetry 1.5 (`category`) and since 2.0 (`groups`); in
//! between only `pyproject.toml` knows, and all count as needed at run time.
//! <https://python-poetry.org/docs/basic-usage/#installing-with-poetrylock>

use seawall_model::{PackageKind, Scope};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Text};
use crate::python::normalised;
use crate::repository;

pub(super) struct PythonPoetry;

impl Cataloger for PythonPoetry {
    fn name(&self) -> &'static str {
        "python/poetry"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("poetry.lock")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(lock) = document::toml::<Lock<'_>>(&text, found) else { return };
        for locked in lock.package {
            let mut package = found.package(PackageKind::Pypi, normalised(&locked.name), &*locked.version);
            package.scope = locked.scope();
            if let Some(source) = &locked.source {
                package.qualifiers.extend(source.qualifier());
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
    #[serde(borrow)]
    category: Option<Text<'a>>,
    #[serde(default, borrow)]
    groups: Vec<Text<'a>>,
    #[serde(borrow)]
    source: Option<Source<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Source<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    url: Text<'a>,
    #[serde(borrow)]
    resolved_reference: Text<'a>,
}

impl Locked<'_> {
    /// Everything in Poetry outside the group `main` is for developers.
    fn scope(&self) -> Scope {
        let is_main = match &self.category {
            Some(category) => &**category == "main",
            None => self.groups.is_empty() || self.groups.iter().any(|group| &**group == "main"),
        };
        if is_main { Scope::Runtime } else { Scope::Development }
    }
}

impl Source<'_> {
    fn qualifier(&self) -> Option<(String, String)> {
        let is_git = &*self.kind == "git";
        is_git.then(|| repository::qualifier(&self.url, &self.resolved_reference))
    }
}
