//! `bun.lock`, JSON with comments. The older binary `bun.lockb` is named as not read.
//!
//! `packages` maps a path (`a`, or `b/a` for the copy that only `b` uses) to a list: name and version, the
//! registry, what it needs, a hash. Packages that only development dependencies reach are for development.
//! <https://bun.com/docs/install/lockfile>

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use seawall_model::{FilePath, ProblemKind, Scope};
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Keys, Text};
use crate::node;
use crate::reach::Graph;

pub(super) struct NodeBun;

impl Cataloger for NodeBun {
    fn name(&self) -> &'static str {
        "node/bun"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("bun.lock"), Trigger::Name("bun.lockb")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        if is_binary(file.path) {
            let message =
                "the binary lockfile of Bun before 1.2; `bun install --save-text-lockfile` writes a text";
            return found.problem(ProblemKind::Unsupported, message);
        }
        let Some(text) = document::text(file, found) else { return };
        let json = document::without_comments(&text);
        let Some(lock) = document::json::<Lock<'_>>(&json, found) else { return };
        let needed = lock.needed_at_run_time();
        for ((key, locked), is_needed) in lock.packages.iter().zip(needed) {
            let Some((name, version)) = node::split_name(&locked.name_and_version) else {
                found
                    .problem(ProblemKind::Malformed, format!("{:?} names no package with a version", &**key));
                continue;
            };
            let Some(mut package) = node::package(name, version, found) else { continue };
            package.scope = if is_needed { Scope::Runtime } else { Scope::Development };
            found.push(package);
        }
    }
}

fn is_binary(path: FilePath<'_>) -> bool {
    path.file_name() == b"bun.lockb"
}

#[derive(Deserialize)]
struct Lock<'a> {
    #[serde(default, borrow)]
    workspaces: BTreeMap<Text<'a>, Member<'a>>,
    #[serde(default, borrow)]
    packages: BTreeMap<Text<'a>, Locked<'a>>,
}

/// A member of the workspace; the project itself is the one at the empty path.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Member<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(flatten, borrow)]
    needs: Needs<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Needs<'a> {
    #[serde(borrow)]
    dependencies: Keys<'a>,
    #[serde(rename = "optionalDependencies", borrow)]
    optional: Keys<'a>,
    #[serde(rename = "peerDependencies", borrow)]
    peer: Keys<'a>,
}

impl Needs<'_> {
    fn names(&self) -> impl Iterator<Item = &str> {
        [&self.dependencies, &self.optional, &self.peer]
            .into_iter()
            .flat_map(|names| names.0.iter().map(|name| &**name))
    }
}

struct Locked<'a> {
    name_and_version: Text<'a>,
    needs: Needs<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Locked<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LockedVisitor;

        impl<'de> Visitor<'de> for LockedVisitor {
            type Value = Locked<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list that begins with a name and a version")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Locked<'de>, A::Error> {
                let missing = || de::Error::invalid_length(0, &self);
                let name_and_version = list.next_element()?.ok_or_else(missing)?;
                let mut needs = Needs::default();
                // Registry, needs and hash follow; which of them depends on where the package comes from.
                while let Some(element) = list.next_element::<&'de RawValue>()? {
                    if element.get().starts_with('{') {
                        needs = serde_json::from_str(element.get()).map_err(de::Error::custom)?;
                    }
                }
                Ok(Locked { name_and_version, needs })
            }
        }

        deserializer.deserialize_seq(LockedVisitor)
    }
}

impl Lock<'_> {
    /// For each package whether the project or a member of its workspace needs it at run time.
    fn needed_at_run_time(&self) -> Vec<bool> {
        let keys: HashMap<&str, usize> =
            self.packages.keys().enumerate().map(|(index, key)| (&**key, index)).collect();
        let mut graph = Graph::new(self.packages.len());
        for (index, (key, locked)) in self.packages.iter().enumerate() {
            for name in locked.needs.names() {
                if let Some(needed) = resolve(&keys, key, name) {
                    graph.add(index, needed);
                }
            }
        }
        let mut roots = Vec::new();
        for member in self.workspaces.values() {
            roots.extend(member.needs.names().filter_map(|name| resolve(&keys, &member.name, name)));
        }
        graph.reachable(roots)
    }
}

/// The package that `name` means inside the one at `key`: its own copy, that of one above it, or the common one.
fn resolve(keys: &HashMap<&str, usize>, key: &str, name: &str) -> Option<usize> {
    let mut above = Some(key).filter(|key| !key.is_empty());
    while let Some(path) = above {
        if let Some(index) = keys.get(&*format!("{path}/{name}")) {
            return Some(*index);
        }
        // The path ends in a name, which may be one of a scope: `a/@s/b`.
        above = path.rsplit_once('/').map(|(rest, _)| rest).map(|rest| match rest.rsplit_once('/') {
            Some((before, last)) if last.starts_with('@') => before,
            None if rest.starts_with('@') => "",
            _ => rest,
        });
        above = above.filter(|path| !path.is_empty());
    }
    keys.get(name).copied()
}
