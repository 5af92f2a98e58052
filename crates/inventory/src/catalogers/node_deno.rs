//! `deno.lock`, versions 2 to 5: packages of npm and of JSR, and modules that were loaded by address.
//!
//! Packages of JSR have the name under which its own npm registry serves them: `@std/path` is
//! `@jsr/std__path`, so that nobody takes it for the `@std/path` of npm. It does not say which packages are for
//! development.
//! <https://docs.deno.com/runtime/fundamentals/modules/#integrity-checking-and-lock-files>

use std::collections::{BTreeMap, BTreeSet};

use seawall_model::{PackageKind, ProblemKind};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Keys, Text};
use crate::node::{is_version, split_name};

pub(super) struct NodeDeno;

impl Cataloger for NodeDeno {
    fn name(&self) -> &'static str {
        "node/deno"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("deno.lock")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(lock) = document::json::<Lock<'_>>(&*text, found) else { return };
        for packages in [&lock.registries, &lock.packages] {
            packages.npm.keys(found, npm);
            packages.jsr.keys(found, jsr);
        }
        let modules: BTreeSet<_> = lock.remote.0.iter().filter_map(|address| module(address)).collect();
        for (name, version) in modules {
            found.push(found.package(PackageKind::Generic, name, version));
        }
    }
}

#[derive(Deserialize)]
struct Lock<'a> {
    /// Since version 4; in version 2 `npm` alone, with a level more.
    #[serde(flatten, borrow)]
    registries: Registries<'a>,
    /// Version 3.
    #[serde(default, borrow)]
    packages: Registries<'a>,
    #[serde(default, borrow)]
    remote: Keys<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Registries<'a> {
    #[serde(borrow)]
    npm: Registry<'a>,
    #[serde(borrow)]
    jsr: Registry<'a>,
}

/// Packages by name and version, or in version 2 a map that holds them under `packages`.
#[derive(Default, Deserialize)]
#[serde(transparent)]
struct Registry<'a>(#[serde(borrow)] BTreeMap<Text<'a>, Keys<'a>>);

impl Registry<'_> {
    fn keys(&self, found: &mut Found<'_>, push: fn(&str, &mut Found<'_>)) {
        for (key, fields) in &self.0 {
            match &**key {
                "specifiers" => {}
                "packages" => fields.0.iter().for_each(|key| push(key, found)),
                _ => push(key, found),
            }
        }
    }
}

/// `a@1.2.3_peer@1.0.0`: no version holds an underscore.
fn npm(key: &str, found: &mut Found<'_>) {
    let read = split_name(key).map(|(name, rest)| (name, rest.split('_').next().unwrap_or_default()));
    match read.filter(|(_, version)| is_version(version)) {
        Some((name, version)) => found.push(found.package(PackageKind::Npm, name, version)),
        None => found.problem(ProblemKind::Malformed, format!("{key:?} names no package with a version")),
    }
}

fn jsr(key: &str, found: &mut Found<'_>) {
    let read = split_name(key).and_then(|(name, version)| {
        let (scope, name) = name.strip_prefix('@')?.split_once('/')?;
        is_version(version).then(|| (format!("@jsr/{scope}__{name}"), version))
    });
    let Some((name, version)) = read else {
        return found.problem(ProblemKind::Malformed, format!("{key:?} names no package with a version"));
    };
    let mut package = found.package(PackageKind::Npm, name, version);
    package.qualifiers.push(("repository_url".to_owned(), "https://npm.jsr.io".to_owned()));
    found.push(package);
}

/// Host, path and version of a module such as `https://deno.land/std@0.100.0/fmt/colors.ts`. Modules without a
/// version are files like any other.
fn module(address: &str) -> Option<(&str, &str)> {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    let (name, rest) = rest.split_once('@')?;
    let version = rest.split('/').next().unwrap_or_default();
    (is_version(version) && !name.is_empty()).then_some((name, version))
}
