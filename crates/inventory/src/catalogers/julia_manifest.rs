//! Julia's `Manifest.toml`, of both formats, and those of one version of Julia: `Manifest-v1.11.toml`.
//!
//! Packages of the standard library have no version of their own before Julia 1.11 and then take that of Julia,
//! where the file names it. A package of a path is the project's and not listed.
//! <https://pkgdocs.julialang.org/v1/toml-files/#Manifest.toml>

use std::collections::BTreeMap;

use seawall_model::{FilePath, PackageKind};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Loose};

pub(super) struct JuliaManifest;

#[derive(Deserialize)]
struct Manifest<'a> {
    julia_version: Option<String>,
    /// Format 2.
    #[serde(borrow, default)]
    deps: BTreeMap<String, Vec<Locked<'a>>>,
    /// Format 1 has the packages at the top.
    #[serde(borrow, flatten)]
    rest: BTreeMap<String, Top<'a>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Top<'a> {
    #[serde(borrow)]
    Packages(Vec<Locked<'a>>),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct Locked<'a> {
    #[serde(borrow, default)]
    uuid: Loose<'a>,
    #[serde(borrow, default)]
    version: Loose<'a>,
    #[serde(borrow, default)]
    path: Loose<'a>,
    #[serde(borrow, default, rename = "git-tree-sha1")]
    tree: Loose<'a>,
}

impl Cataloger for JuliaManifest {
    fn name(&self) -> &'static str {
        "julia/manifest"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Extension("toml")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        let name = path.file_name();
        let name = name.strip_prefix(b"Julia").unwrap_or(name);
        name == b"Manifest.toml" || (name.starts_with(b"Manifest-v") && name.ends_with(b".toml"))
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(manifest) = document::toml::<Manifest<'_>>(&text, found) else { return };
        let of_first_format = manifest.rest.into_iter().filter_map(|(name, top)| match top {
            Top::Packages(packages) => Some((name, packages)),
            Top::Other(_) => None,
        });
        for (name, packages) in manifest.deps.into_iter().chain(of_first_format) {
            for locked in packages {
                push(&name, locked, manifest.julia_version.as_deref(), found);
            }
        }
    }
}

fn push(name: &str, locked: Locked<'_>, julia_version: Option<&str>, found: &mut Found<'_>) {
    // What has neither a version nor a tree of files is the standard library.
    let version = match (&locked.version.0, &locked.tree.0) {
        (Some(version), _) => version,
        (None, None) => julia_version.unwrap_or_default(),
        (None, Some(_)) => "",
    };
    let Some(uuid) = locked.uuid.0.as_ref().filter(|_| locked.path.0.is_none()) else { return };
    let mut package = found.package(PackageKind::Julia, name, version);
    package.qualifiers.push(("uuid".to_owned(), uuid.to_string()));
    found.push(package);
}
