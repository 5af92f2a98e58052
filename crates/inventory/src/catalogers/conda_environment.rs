//! conda's `environment.yml`: the packages that it pins, also those of pip.
//!
//! conda's `=1.2` allows `1.2` and what follows it; it counts as the version that it names. Requirements
//! without a version, with a range or a star are counted and left out.
//! <https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html#create-env-file-manually>

use seawall_model::{PackageKind, ProblemKind};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;

pub(super) struct CondaEnvironment;

#[derive(Deserialize)]
struct Environment {
    dependencies: Option<Vec<Requirement>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Requirement {
    Conda(String),
    Pip { pip: Vec<String> },
    Other(IgnoredAny),
}

impl Cataloger for CondaEnvironment {
    fn name(&self) -> &'static str {
        "conda/environment"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("environment.yaml"), Trigger::Name("environment.yml")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(documents) = document::yaml::<Environment>(&text, file.limits, found) else { return };
        let mut open = 0;
        for requirement in documents.into_iter().filter_map(|document| document.dependencies).flatten() {
            match requirement {
                Requirement::Conda(text) => {
                    open += usize::from(!push(PackageKind::Conda, conda(&text), found));
                }
                Requirement::Pip { pip } => {
                    let pinned = pip.iter().map(|text| push(PackageKind::Pypi, python(text), found));
                    open += pinned.filter(|is_pinned| !is_pinned).count();
                }
                Requirement::Other(_) => found.problem(ProblemKind::Malformed, "a dependency is no text"),
            }
        }
        if open > 0 {
            let message = format!("{open} dependencies are not pinned to one version and are left out");
            found.problem(ProblemKind::Skipped, message);
        }
    }
}

fn push(kind: PackageKind, pinned: Option<(&str, &str)>, found: &mut Found<'_>) -> bool {
    let Some((name, version)) = pinned else { return false };
    // Names are compared without regard to case, and pip treats `_` and `.` as `-`.
    let name = match kind {
        PackageKind::Pypi => name.to_lowercase().replace(['_', '.'], "-"),
        _ => name.to_lowercase(),
    };
    found.push(found.package(kind, name, version));
    true
}

/// Name and version of `channel::name=version=build`, `name==version` or `name version build`.
fn conda(text: &str) -> Option<(&str, &str)> {
    let text = text.rsplit_once("::").map_or(text, |(_, rest)| rest);
    let (name, rest) = text.split_at(text.find([' ', '=', '<', '>', '!', '~', '['])?);
    let version = rest.trim_start().trim_start_matches('=').trim_start();
    let version = version.split(['=', ' ']).next()?;
    is_one(version).then_some((name, version))
}

/// Name and version of `name[extra]==version ; marker`.
fn python(text: &str) -> Option<(&str, &str)> {
    let requirement = text.split([';', '#']).next()?;
    let (name, version) = requirement.split_once("==")?;
    let name = name.split('[').next()?.trim();
    let version = version.trim_start_matches('=').split_whitespace().next()?;
    (!name.is_empty() && is_one(version)).then_some((name, version))
}

fn is_one(version: &str) -> bool {
    version.starts_with(|first: char| first.is_ascii_alphanumeric())
        && !version.contains(['*', ',', '|', '<', '>', '!', '~'])
}
