//! Packages as Composer writes them, into its lockfile and beside what it installed.

use seawall_model::{PackageKind, Scope};
use serde::Deserialize;

use crate::cataloger::Found;
use crate::document::{Entry, Text};

/// One package of a lockfile or of `installed.json`.
#[derive(Deserialize)]
pub(crate) struct ComposerPackage<'a> {
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
    #[serde(borrow)]
    version: Text<'a>,
    /// One licence, or a choice of several.
    #[serde(default, borrow)]
    license: Licence<'a>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Licence<'a> {
    Many(#[serde(borrow)] Vec<Text<'a>>),
    One(#[serde(borrow)] Text<'a>),
}

impl Default for Licence<'_> {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

/// Lists the packages; `scope` says what each is for.
pub(crate) fn list<'a>(
    packages: Vec<Entry<ComposerPackage<'a>>>,
    found: &mut Found<'_>,
    scope: impl Fn(&ComposerPackage<'a>) -> Scope,
) {
    for (index, entry) in packages.into_iter().enumerate() {
        let Some(package) = entry.or_problem(&format!("packages[{index}]"), found) else { continue };
        let scope = scope(&package);
        let mut listed = found.package(PackageKind::Composer, &*package.name, &*package.version);
        listed.scope = scope;
        match package.license {
            Licence::Many(licences) => {
                listed.licences.extend(licences.iter().map(|licence| licence.to_string()));
            }
            Licence::One(licence) => listed.licences.push(licence.to_string()),
        }
        found.push(listed);
    }
}
