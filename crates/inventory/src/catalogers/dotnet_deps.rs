//! The `*.deps.json` that .NET puts beside a program: the packages that were published with it.
//!
//! A package is there when the file gives it something to load for one of its targets; others, such as
//! analysers and those that the framework itself replaces, were only needed to build. A self-contained program
//! carries the runtime as a package of its own. Projects of the program itself are no packages. The files that it
//! lists are noted, so that their own words about their version, which are less sure, do not count.
//! <https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md>

use std::collections::BTreeMap;

use seawall_model::{FilePath, FilePathBuf, PackageKind, ProblemKind};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Entry, Text};

pub(super) struct DotnetDeps;

#[derive(Deserialize)]
struct Deps<'a> {
    #[serde(borrow, default)]
    targets: BTreeMap<Text<'a>, BTreeMap<Text<'a>, Entry<Assets>>>,
    #[serde(borrow, default)]
    libraries: BTreeMap<Text<'a>, Entry<Library>>,
}

/// What a package gives to load, by kind of asset.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assets {
    runtime: Option<Files>,
    runtime_targets: Option<Files>,
    native: Option<Files>,
    resources: Option<Files>,
}

/// By path; what is said of each is of no interest.
type Files = BTreeMap<String, Box<RawValue>>;

#[derive(Deserialize)]
struct Library {
    #[serde(rename = "type")]
    kind: String,
}

impl Assets {
    fn files(&self) -> impl Iterator<Item = &Files> {
        [&self.runtime, &self.runtime_targets, &self.native, &self.resources].into_iter().flatten()
    }

    fn are_there(&self) -> bool {
        self.files().any(|files| !files.is_empty())
    }

    /// Where its files lie, by hash: publishing puts all but those of one system beside this file.
    fn places<'a>(&'a self, deps: FilePath<'a>) -> impl Iterator<Item = u64> + use<'a> {
        let folder = deps.parent().map_or(&b""[..], |folder| folder.as_bytes());
        let place = move |path: &[u8]| FilePathBuf::normalise(&[folder, path].join(&b'/')).as_path().hash();
        self.files().flat_map(BTreeMap::keys).flat_map(move |path| {
            let name = path.rsplit('/').next().unwrap_or_default();
            [place(path.as_bytes()), place(name.as_bytes())]
        })
    }
}

impl Cataloger for DotnetDeps {
    fn name(&self) -> &'static str {
        "dotnet/deps-json"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn version(&self) -> u32 {
        2
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Extension("json")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        path.file_name().ends_with(b".deps.json")
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(deps) = document::json::<Deps<'_>>(&*text, found) else { return };
        let mut loaded: BTreeMap<Text<'_>, bool> = BTreeMap::new();
        let mut listed = Vec::new();
        for (name, assets) in deps.targets.into_values().flatten() {
            let assets = assets.or_problem(&name, found);
            listed.extend(assets.iter().flat_map(|assets| assets.places(file.path)));
            *loaded.entry(name).or_default() |= assets.is_none_or(|assets| assets.are_there());
        }
        if !listed.is_empty() {
            found.owns(PackageKind::Nuget, "deps.json", None, listed);
        }
        for (id, library) in deps.libraries {
            let Some(library) = library.or_problem(&id, found) else { continue };
            let is_runtime = library.kind == "runtimepack";
            let is_listed =
                is_runtime || (library.kind == "package" && loaded.get(&id).copied() != Some(false));
            if !is_listed {
                continue;
            }
            let Some((name, version)) = id.rsplit_once('/') else {
                found.problem(ProblemKind::Malformed, format!("library {:?} has no version", &*id));
                continue;
            };
            let name = name.strip_prefix("runtimepack.").filter(|_| is_runtime).unwrap_or(name);
            found.push(found.package(PackageKind::Nuget, name, version));
        }
    }
}
