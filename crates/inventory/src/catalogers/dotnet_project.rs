//! Packages that .NET projects ask for: `packages.config`, `Directory.Packages.props` and other
//! `*Packages.props`, and the project files of C#, F# and Visual Basic.
//!
//! A version that only MSBuild could compute, or that floats, is counted and left out; one that is missing is
//! given in another file (central package management) and is listed from there. Conditions are not weighed.
//! <https://learn.microsoft.com/en-us/nuget/reference/packages-config>
//! <https://learn.microsoft.com/en-us/nuget/consume-packages/central-package-management>

use std::collections::BTreeMap;

use seawall_model::{FilePath, PackageKind, ProblemKind, Scope};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::xml::{self, Attributes, Node};

pub(super) struct DotnetConfig;
pub(super) struct DotnetProject;

impl Cataloger for DotnetConfig {
    fn name(&self) -> &'static str {
        "dotnet/packages-config"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("packages.config")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let mut packages = Vec::new();
        xml::walk_file(file, found, |path, node| {
            if let ("packages/package", Node::Start(attributes)) = (path, node) {
                let is_development = attributes
                    .get("developmentDependency")
                    .is_some_and(|value| value.eq_ignore_ascii_case("true"));
                packages.push((attributes.get("id"), attributes.get("version"), is_development));
            }
        });
        for (name, version, is_development) in packages {
            let (Some(name), Some(version)) = (name, version) else {
                found.problem(ProblemKind::Malformed, "a package has no id or no version");
                continue;
            };
            let mut package = found.package(PackageKind::Nuget, name, version);
            package.scope = if is_development { Scope::Development } else { Scope::Runtime };
            found.push(package);
        }
    }
}

impl Cataloger for DotnetProject {
    fn name(&self) -> &'static str {
        "dotnet/project"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[
            Trigger::Extension("csproj"),
            Trigger::Extension("fsproj"),
            Trigger::Extension("props"),
            Trigger::Extension("vbproj"),
        ]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        let name = path.file_name();
        let is_props = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(b"props"));
        !is_props || name.ends_with(b"Packages.props")
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let mut project = Project::default();
        xml::walk_file(file, found, |path, node| project.visit(path, &node));
        let mut open = 0;
        for item in &project.items {
            let (Some(name), Some(version)) = (&item.name, &item.version) else { continue };
            match (project.resolve(name), project.resolve(version).as_deref().and_then(pinned)) {
                (Some(name), Some(version)) => {
                    let mut package = found.package(PackageKind::Nuget, name, version);
                    package.scope = if item.is_development { Scope::Development } else { Scope::Runtime };
                    found.push(package);
                }
                _ => open += 1,
            }
        }
        if open > 0 {
            let message = format!("{open} packages have no single version in this file and are left out");
            found.problem(ProblemKind::Skipped, message);
        }
    }
}

#[derive(Default)]
struct Project {
    properties: BTreeMap<String, String>,
    items: Vec<Item>,
}

/// A reference to a package, or the version of one.
struct Item {
    name: Option<String>,
    version: Option<String>,
    is_development: bool,
}

/// Bytes of one value after replacement, and rounds of replacement.
const MAX_VALUE: usize = 4096;
const MAX_ROUNDS: usize = 8;

impl Project {
    fn visit(&mut self, path: &str, node: &Node<'_>) {
        let Some(path) = path.strip_prefix("Project/") else { return };
        if let (Some(name), Node::End(text)) = (path.strip_prefix("PropertyGroup/"), node) {
            self.properties.insert(name.to_ascii_lowercase(), (*text).to_owned());
        }
        let Some(item) = path.strip_prefix("ItemGroup/") else { return };
        match (item, node) {
            ("PackageVersion" | "PackageReference" | "GlobalPackageReference", Node::Start(attributes)) => {
                self.items.push(Item::of(item, attributes));
            }
            ("PackageVersion/Version" | "PackageReference/Version", Node::End(text)) => {
                if let Some(item) = self.items.last_mut() {
                    item.version = Some((*text).to_owned());
                }
            }
            ("PackageReference/PrivateAssets", Node::End(text)) => {
                if let Some(item) = self.items.last_mut() {
                    item.is_development |= is_private(text);
                }
            }
            _ => {}
        }
    }

    /// The text with `$(…)` replaced by properties of this file; `None` where one is not known.
    fn resolve(&self, text: &str) -> Option<String> {
        let mut text = text.to_owned();
        for _ in 0..MAX_ROUNDS {
            let Some((before, rest)) = text.split_once("$(") else { return Some(text) };
            let (name, after) = rest.split_once(')')?;
            let value = self.properties.get(&name.to_ascii_lowercase())?;
            let replaced = format!("{before}{value}{after}");
            if replaced.len() > MAX_VALUE {
                return None;
            }
            text = replaced;
        }
        None
    }
}

impl Item {
    fn of(element: &str, attributes: &Attributes<'_>) -> Self {
        Self {
            name: attributes.get("Include").or_else(|| attributes.get("Update")),
            version: attributes.get("VersionOverride").or_else(|| attributes.get("Version")),
            is_development: element == "GlobalPackageReference"
                || attributes.get("PrivateAssets").is_some_and(|value| is_private(&value)),
        }
    }
}

/// Whether nothing of a package reaches the program: an analyser, a tool of the build.
fn is_private(assets: &str) -> bool {
    assets.eq_ignore_ascii_case("all")
}

/// The one version that a requirement is satisfied with: `1.0`, which restores the lowest, or `[1.0]`.
/// <https://learn.microsoft.com/en-us/nuget/concepts/package-versioning#version-ranges>
fn pinned(requirement: &str) -> Option<String> {
    let requirement = requirement.trim();
    let version = match requirement.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?.trim(),
        None => requirement,
    };
    (!version.is_empty() && !version.contains(['[', ']', '(', ')', ',', '*'])).then(|| version.to_owned())
}
