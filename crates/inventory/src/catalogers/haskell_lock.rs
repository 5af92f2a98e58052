//! Haskell's `cabal.project.freeze` and `stack.yaml.lock`.
//!
//! Cabal freezes everything that a project needs. Stack locks what a project takes from Hackage beyond its snapshot;
//! the thousands of packages of the snapshot itself stand in a file elsewhere and are not known.
//! <https://cabal.readthedocs.io/en/stable/cabal-project-description-file.html>
//! <https://docs.haskellstack.org/en/stable/topics/lock_files/>

use seawall_model::PackageKind;
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;

pub(super) struct HaskellCabal;
pub(super) struct HaskellStack;

impl Cataloger for HaskellCabal {
    fn name(&self) -> &'static str {
        "haskell/cabal-freeze"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("cabal.project.freeze")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        for constraint in text.split([',', '\n']) {
            let constraint = constraint.trim().trim_start_matches("constraints:").trim();
            // Flags of a package have no version: `aeson +ordered-keymap`.
            let Some((name, version)) = constraint.split_once("==") else { continue };
            let name = name.trim().trim_start_matches("any.");
            let version = version.trim();
            if is_name(name) && is_version(version) {
                found.push(found.package(PackageKind::Hackage, name, version));
            }
        }
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    packages: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    completed: Option<Completed>,
}

#[derive(Deserialize)]
struct Completed {
    hackage: Option<String>,
}

impl Cataloger for HaskellStack {
    fn name(&self) -> &'static str {
        "haskell/stack-lock"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("stack.yaml.lock")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(locks) = document::yaml::<Lock>(&text, file.limits, found) else { return };
        let completed =
            locks.into_iter().flat_map(|lock| lock.packages).filter_map(|locked| locked.completed);
        for hackage in completed.filter_map(|completed| completed.hackage) {
            // `acme-missiles-0.3@sha256:…,613`; packages from Git have no such line.
            let id = hackage.split('@').next().unwrap_or_default();
            if let Some((name, version)) =
                id.rsplit_once('-').filter(|(name, version)| is_name(name) && is_version(version))
            {
                found.push(found.package(PackageKind::Hackage, name, version));
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_version(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').all(is_number)
}
