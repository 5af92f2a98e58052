//! `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3.
//!
//! Version 3 lists folders (`node_modules/a/node_modules/b`), version 1 a tree of names, version 2 both. The
//! project itself, members of its workspace and links are not listed.
//! <https://docs.npmjs.com/cli/configuring-npm/package-lock-json>

use std::collections::BTreeMap;

use seawall_model::Scope;
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Entry, Text};
use crate::node;

pub(super) struct NodeNpmLock;

impl Cataloger for NodeNpmLock {
    fn name(&self) -> &'static str {
        "node/npm-lock"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("package-lock.json"), Trigger::Name("npm-shrinkwrap.json")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(lock) = document::json::<Lock<'_>>(&*text, found) else { return };
        match lock.packages {
            Some(packages) => folders(packages, found),
            None => tree(lock.dependencies, found),
        }
    }
}

#[derive(Deserialize)]
struct Lock<'a> {
    #[serde(borrow)]
    packages: Option<BTreeMap<Text<'a>, Entry<Folder<'a>>>>,
    #[serde(default, borrow)]
    dependencies: BTreeMap<Text<'a>, Entry<Node<'a>>>,
}

#[derive(Deserialize)]
struct Folder<'a> {
    /// Named only where it is not the name of the folder: an alias.
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(default, borrow)]
    resolved: Option<Text<'a>>,
    #[serde(borrow)]
    license: Option<Text<'a>>,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    link: bool,
}

fn folders(packages: BTreeMap<Text<'_>, Entry<Folder<'_>>>, found: &mut Found<'_>) {
    const MODULES: &str = "node_modules/";
    for (path, entry) in packages {
        // The project itself has an empty path, and members of its workspace have one of their own.
        let Some(at) = path.rfind(MODULES) else { continue };
        let Some(folder) = entry.or_problem(&path, found).filter(|folder| !folder.link) else { continue };
        let name = folder.name.as_deref().or_else(|| path.get(at + MODULES.len()..)).unwrap_or_default();
        let version = folder.version.as_deref().or(folder.resolved.as_deref()).unwrap_or_default();
        let Some(mut package) = node::package(name, version, found) else { continue };
        if let Some(resolved) = folder.resolved.as_deref().filter(|_| node::is_version(version)) {
            node::add_origin(&mut package, resolved);
        }
        package.licences.extend(folder.license.map(|licence| licence.to_string()));
        package.scope = scope(folder.dev);
        found.push(package);
    }
}

/// An entry of version 1.
#[derive(Deserialize)]
struct Node<'a> {
    /// A number, or for what comes from elsewhere its address.
    #[serde(default, borrow)]
    version: Text<'a>,
    #[serde(default)]
    dev: bool,
    #[serde(default, borrow)]
    dependencies: BTreeMap<Text<'a>, Node<'a>>,
}

/// The JSON reader bounds how deep the tree can be.
fn tree(entries: BTreeMap<Text<'_>, Entry<Node<'_>>>, found: &mut Found<'_>) {
    for (name, entry) in entries {
        if let Some(node) = entry.or_problem(&name, found) {
            branch(&name, &node, found);
        }
    }
}

fn branch(name: &str, node: &Node<'_>, found: &mut Found<'_>) {
    if let Some(mut package) = node::package(name, &node.version, found) {
        package.scope = scope(node.dev);
        found.push(package);
    }
    for (name, node) in &node.dependencies {
        branch(name, node, found);
    }
}

/// What is both for developers and optional has another mark, and may be there at run time.
fn scope(is_development: bool) -> Scope {
    if is_development { Scope::Development } else { Scope::Runtime }
}
