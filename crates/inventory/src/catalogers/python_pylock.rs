//! `pylock.toml` and `pylock.<name>.toml`, the lockfile that Python's tools agreed on.
//!
//! <https://packaging.python.org/en/latest/specifications/pylock-toml/>

use seawall_model::{FilePath, PackageKind, Scope};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Text};
use crate::python::normalised;
use crate::repository;

pub(super) struct PythonPylock;

impl Cataloger for PythonPylock {
    fn name(&self) -> &'static str {
        "python/pylock"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Extension("toml")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        let name = path.file_name();
        name == b"pylock.toml" || (name.starts_with(b"pylock.") && name.ends_with(b".toml"))
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(lock) = document::toml::<Lock<'_>>(&text, found) else { return };
        for locked in &lock.packages {
            let repository = locked.vcs.as_ref();
            let commit = repository.map(|vcs| &*vcs.commit_id);
            // A folder has no version: it is the project itself, or a part of it.
            let Some(version) = locked.version.as_deref().or(commit) else { continue };
            let mut package = found.package(PackageKind::Pypi, normalised(&locked.name), version);
            if let Some(vcs) = repository.filter(|vcs| !vcs.url.is_empty()) {
                let address = format!("{}+{}", &*vcs.kind, &*vcs.url);
                package.qualifiers.push(repository::qualifier(&address, &vcs.commit_id));
            }
            if locked.marker.as_deref().is_some_and(|marker| lock.is_for_developers(marker)) {
                package.scope = Scope::Development;
            }
            found.push(package);
        }
    }
}

#[derive(Deserialize)]
struct Lock<'a> {
    #[serde(default, borrow)]
    packages: Vec<Locked<'a>>,
    /// Groups that are installed unless told otherwise.
    #[serde(default, rename = "default-groups", borrow)]
    default_groups: Vec<Text<'a>>,
}

#[derive(Deserialize)]
struct Locked<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(borrow)]
    marker: Option<Text<'a>>,
    #[serde(borrow)]
    vcs: Option<Vcs<'a>>,
}

#[derive(Deserialize)]
struct Vcs<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(default, borrow)]
    url: Text<'a>,
    #[serde(rename = "commit-id", borrow)]
    commit_id: Text<'a>,
}

impl Lock<'_> {
    /// Whether each alternative of the condition asks for a group of dependencies that has to be named to be
    /// installed.
    fn is_for_developers(&self, marker: &str) -> bool {
        marker.split(" or ").all(|alternative| {
            alternative.contains("in dependency_groups")
                && !self.default_groups.iter().any(|group| {
                    alternative.contains(&format!("'{}' in", &**group))
                        || alternative.contains(&format!("\"{}\" in", &**group))
                })
        })
    }
}
