//! Maven's project description, `pom.xml`, as far as it speaks of packages.
//!
//! Only this one file is read: a parent or an imported list of versions lies elsewhere, and what they would
//! fill in stays open. Profiles and build plugins are left aside.
//! <https://maven.apache.org/pom.html>

use std::collections::BTreeMap;

use crate::xml::{self, Node, XmlError};

/// What one file says, with its expressions unresolved; see [`Pom::resolve`].
#[derive(Debug, Default)]
pub(crate) struct Pom {
    pub(crate) own: Coordinates,
    pub(crate) parent: Coordinates,
    pub(crate) licences: Vec<String>,
    pub(crate) dependencies: Vec<Dependency>,
    /// Versions and scopes for dependencies that name none, by group and artifact.
    managed: BTreeMap<(String, String), Dependency>,
    unresolved_managed: Vec<Dependency>,
    properties: BTreeMap<String, String>,
}

/// Names and version as written; empty where they are missing.
#[derive(Debug, Default, Clone)]
pub(crate) struct Coordinates {
    pub(crate) group: String,
    pub(crate) artifact: String,
    pub(crate) version: String,
}

/// One entry of a list of dependencies.
#[derive(Debug, Default, Clone)]
pub(crate) struct Dependency {
    pub(crate) coordinates: Coordinates,
    pub(crate) scope: String,
}

/// A dependency whose names and version are known.
pub(crate) struct ResolvedDependency {
    /// `group:artifact`
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) is_test: bool,
}

/// Expressions replaced for one value; a file can nest them without end.
const MAX_EXPANSIONS: usize = 256;
/// Bytes of one value after replacement.
const MAX_VALUE: usize = 4096;

impl Pom {
    /// Reads as far as it goes: what stands before an error counts.
    pub(crate) fn parse(text: &str, max_nesting: usize) -> (Self, Result<(), XmlError>) {
        let mut pom = Self::default();
        let result = xml::walk(text, max_nesting, |path, node| {
            let Some(path) = path.strip_prefix("project/") else { return };
            match node {
                Node::Start(_) => pom.enter(path),
                Node::End(text) if !text.is_empty() => pom.assign(path, text),
                Node::End(_) => {}
            }
        });
        for managed in std::mem::take(&mut pom.unresolved_managed) {
            if let (Some(group), Some(artifact)) =
                (pom.resolve(&managed.coordinates.group), pom.resolve(&managed.coordinates.artifact))
            {
                pom.managed.entry((group, artifact)).or_insert(managed);
            }
        }
        (pom, result)
    }

    fn enter(&mut self, path: &str) {
        match path {
            "dependencies/dependency" => self.dependencies.push(Dependency::default()),
            "dependencyManagement/dependencies/dependency" => {
                self.unresolved_managed.push(Dependency::default());
            }
            _ => {}
        }
    }

    fn assign(&mut self, path: &str, text: &str) {
        if let Some(field) = path.strip_prefix("dependencies/dependency/") {
            assign_dependency(self.dependencies.last_mut(), field, text);
        } else if let Some(field) = path.strip_prefix("dependencyManagement/dependencies/dependency/") {
            assign_dependency(self.unresolved_managed.last_mut(), field, text);
        } else if let Some(field) = path.strip_prefix("parent/") {
            self.parent.assign(field, text);
        } else if let Some(name) = path.strip_prefix("properties/") {
            self.properties.insert(name.to_owned(), text.to_owned());
        } else if path == "licenses/license/name" {
            self.licences.push(text.to_owned());
        } else {
            self.own.assign(path, text);
        }
    }

    /// The project's own names and version, its parent's where it has none; `None` for each that is open.
    pub(crate) fn identity(&self) -> (Option<String>, Option<String>, Option<String>) {
        (self.resolve(self.group()), self.resolve(&self.own.artifact), self.resolve(self.version()))
    }

    fn group(&self) -> &str {
        if self.own.group.is_empty() { &self.parent.group } else { &self.own.group }
    }

    fn version(&self) -> &str {
        if self.own.version.is_empty() { &self.parent.version } else { &self.own.version }
    }

    /// Names, version and scope of a dependency, each from its own entry or the managed ones of this file.
    /// `None` where one of the names or the version stays open.
    pub(crate) fn dependency(&self, dependency: &Dependency) -> Option<ResolvedDependency> {
        let group = self.resolve(&dependency.coordinates.group)?;
        let artifact = self.resolve(&dependency.coordinates.artifact)?;
        let key = (group, artifact);
        let managed = self.managed.get(&key);
        let version = match (dependency.coordinates.version.as_str(), managed) {
            ("", Some(managed)) => self.resolve(&managed.coordinates.version)?,
            (version, _) => self.resolve(version)?,
        };
        let is_test = match (dependency.scope.as_str(), managed) {
            ("", Some(managed)) => managed.scope == "test",
            (scope, _) => scope == "test",
        };
        Some(ResolvedDependency { name: format!("{}:{}", key.0, key.1), version, is_test })
    }

    /// The text with `${…}` replaced by what this file says; `None` where it does not, or nothing is left.
    pub(crate) fn resolve(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut expansions = MAX_EXPANSIONS;
        self.expand(text, &mut out, &mut expansions)?;
        Some(out.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// Recursion is bounded by `expansions`, which every step takes one of.
    fn expand(&self, text: &str, out: &mut String, expansions: &mut usize) -> Option<()> {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}')?;
            *expansions = expansions.checked_sub(1)?;
            push(out, before)?;
            self.expand(self.value(name.trim())?, out, expansions)?;
            rest = after;
        }
        push(out, rest)
    }

    fn value(&self, name: &str) -> Option<&str> {
        let value = match name {
            "project.groupId" | "pom.groupId" | "groupId" => self.group(),
            "project.artifactId" | "pom.artifactId" | "artifactId" => &self.own.artifact,
            "project.version" | "pom.version" | "version" => self.version(),
            "project.parent.groupId" | "parent.groupId" => &self.parent.group,
            "project.parent.version" | "parent.version" => &self.parent.version,
            _ => self.properties.get(name)?,
        };
        Some(value)
    }
}

fn push(out: &mut String, text: &str) -> Option<()> {
    if out.len() + text.len() > MAX_VALUE {
        return None;
    }
    out.push_str(text);
    Some(())
}

impl Coordinates {
    fn assign(&mut self, field: &str, text: &str) {
        match field {
            "groupId" => text.clone_into(&mut self.group),
            "artifactId" => text.clone_into(&mut self.artifact),
            "version" => text.clone_into(&mut self.version),
            _ => {}
        }
    }
}

fn assign_dependency(dependency: Option<&mut Dependency>, field: &str, text: &str) {
    let Some(dependency) = dependency else { return };
    if field == "scope" {
        text.clone_into(&mut dependency.scope);
    }
    dependency.coordinates.assign(field, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(properties: &str, text: &str) -> Option<String> {
        let text = format!(
            "<project><groupId>g</groupId><version>1</version><properties>{properties}</properties>\
             <description>{text}</description></project>"
        );
        let (pom, result) = Pom::parse(&text, 16);
        result.unwrap();
        pom.resolve(text.split("<description>").nth(1).unwrap().split('<').next().unwrap())
    }

    #[test]
    fn expressions_are_replaced_by_what_the_file_says() {
        for (properties, text, expected) in [
            ("<a>1.2</a>", "${a}", Some("1.2")),
            ("<a>${b}.3</a><b>2</b>", "${a}-x", Some("2.3-x")),
            ("", "${project.version}", Some("1")),
            ("", "${revision}", None),
            ("<a></a>", "${a}", None),
            ("", "${a", None),
        ] {
            assert_eq!(resolved(properties, text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn expressions_that_loop_or_multiply_end() {
        assert_eq!(resolved("<a>${a}</a>", "${a}"), None);
        assert_eq!(resolved("<a>${b}</a><b>${a}</b>", "${a}"), None);
        let chain = |letter: char, length: usize| {
            let link = |n| format!("<{letter}{n}>${{{letter}{0}}}${{{letter}{0}}}</{letter}{n}>", n + 1);
            (0..length).map(link).collect::<Vec<_>>().concat()
        };
        assert_eq!(resolved(&chain('a', 64), "${a0}"), None);
        assert_eq!(resolved(&format!("{}<b20> </b20>", chain('b', 20)), "${b0}"), None);
    }
}
