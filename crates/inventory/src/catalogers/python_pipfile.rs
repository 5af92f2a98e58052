//! `Pipfile.lock` of Pipenv.
//!
//! Entries that name a folder or a repository instead of a version are the project's own or not examined.
//! <https://pipenv.pypa.io/en/stable/pipfile.html>

use std::collections::BTreeMap;

use seawall_model::{PackageKind, Scope};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Entry, Text};
use crate::python::normalised;
use crate::repository;

pub(super) struct PythonPipfile;

impl Cataloger for PythonPipfile {
    fn name(&self) -> &'static str {
        "python/pipfile"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("Pipfile.lock")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(lock) = document::json::<BTreeMap<Text<'_>, Group<'_>>>(&*text, found) else { return };
        // Every category of packages is a map of its own; the first word of the file is about itself.
        for (category, group) in lock.into_iter().filter(|(category, _)| &**category != "_meta") {
            let scope = if &*category == "default" { Scope::Runtime } else { Scope::Development };
            for (name, entry) in group.0 {
                let Some(entry) = entry.or_problem(&name, found) else { continue };
                list(&name, &entry, scope, found);
            }
        }
    }
}

/// The packages of a category.
#[derive(Deserialize)]
#[serde(transparent)]
struct Group<'a>(#[serde(borrow)] BTreeMap<Text<'a>, Entry<Locked<'a>>>);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Locked<'a> {
    #[serde(borrow)]
    version: Text<'a>,
    #[serde(borrow)]
    git: Text<'a>,
    #[serde(rename = "ref", borrow)]
    reference: Text<'a>,
}

fn list(name: &str, locked: &Locked<'_>, scope: Scope, found: &mut Found<'_>) {
    let version = locked.version.trim_start_matches('=').trim();
    let mut package = found.package(PackageKind::Pypi, normalised(name), version);
    package.scope = scope;
    if !locked.git.is_empty() {
        package.version = locked.reference.to_string();
        package.qualifiers.push(repository::qualifier(&locked.git, &locked.reference));
    }
    // Folders have no version.
    if !package.version.is_empty() {
        found.push(package);
    }
}
