//! NuGet's `packages.lock.json`.
//!
//! <https://learn.microsoft.com/en-us/nuget/consume-packages/package-references-in-project-files#locking-dependencies>

use std::collections::BTreeMap;

use seawall_model::PackageKind;
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Entry, Text};

pub(super) struct DotnetLockfile;

#[derive(Deserialize)]
struct Lock<'a> {
    /// By framework, then by name.
    #[serde(borrow, default)]
    dependencies: BTreeMap<Text<'a>, BTreeMap<Text<'a>, Entry<Locked>>>,
}

#[derive(Deserialize)]
struct Locked {
    #[serde(rename = "type", default)]
    kind: String,
    /// Missing for projects.
    resolved: Option<String>,
}

impl Cataloger for DotnetLockfile {
    fn name(&self) -> &'static str {
        "dotnet/packages-lock"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("packages.lock.json")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(lock) = document::json::<Lock<'_>>(&*text, found) else { return };
        for (name, locked) in lock.dependencies.into_values().flatten() {
            let Some(locked) = locked.or_problem(&name, found) else { continue };
            if locked.kind.eq_ignore_ascii_case("project") {
                continue;
            }
            if let Some(version) = locked.resolved {
                found.push(found.package(PackageKind::Nuget, &*name, version));
            }
        }
    }
}
