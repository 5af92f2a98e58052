//! Conan's `conan.lock`: the graph of Conan 1 and the lists of Conan 2.
//!
//! <https://docs.conan.io/2/tutorial/versioning/lockfiles.html>

use std::collections::BTreeMap;

use seawall_model::{ProblemKind, Scope};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::conan_reference::Reference;
use crate::document::{self, Entry, Text};

pub(super) struct ConanLock;

#[derive(Deserialize)]
struct Lock<'a> {
    /// Conan 1.
    #[serde(borrow)]
    #[serde(rename = "graph_lock")]
    graph: Option<Graph<'a>>,
    /// Conan 2.
    #[serde(default)]
    requires: Vec<Entry<String>>,
    #[serde(default)]
    build_requires: Vec<Entry<String>>,
    #[serde(default)]
    python_requires: Vec<Entry<String>>,
}

#[derive(Deserialize)]
struct Graph<'a> {
    #[serde(borrow, default)]
    nodes: BTreeMap<Text<'a>, Entry<Node>>,
}

#[derive(Deserialize)]
struct Node {
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// `build` for tools.
    #[serde(default)]
    context: String,
    /// Only the project itself lies on this machine.
    path: Option<String>,
}

impl Cataloger for ConanLock {
    fn name(&self) -> &'static str {
        "conan/lock"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("conan.lock")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(lock) = document::json::<Lock<'_>>(&*text, found) else { return };
        for (id, node) in lock.graph.map(|graph| graph.nodes).unwrap_or_default() {
            let Some(node) = node.or_problem(&id, found) else { continue };
            let scope = if node.context == "build" { Scope::Development } else { Scope::Runtime };
            if let (Some(reference), None) = (node.reference, node.path) {
                push(&reference, scope, found);
            }
        }
        let lists = [
            (lock.requires, Scope::Runtime),
            (lock.build_requires, Scope::Development),
            (lock.python_requires, Scope::Development),
        ];
        for (list, scope) in lists {
            for (index, reference) in list.into_iter().enumerate() {
                if let Some(reference) = reference.or_problem(&index.to_string(), found) {
                    push(&reference, scope, found);
                }
            }
        }
    }
}

fn push(text: &str, scope: Scope, found: &mut Found<'_>) {
    let Some(reference) = Reference::parse(text) else {
        return found.problem(ProblemKind::Malformed, format!("{text:?} is no reference to a package"));
    };
    let mut package = reference.package(found);
    package.scope = scope;
    found.push(package);
}
