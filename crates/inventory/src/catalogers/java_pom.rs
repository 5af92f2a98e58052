//! Maven's `pom.xml` in a source tree: the dependencies that it names with a version.
//!
//! Versions come from the file itself: written there, by its properties, or from its own
//! `dependencyManagement`. Parents and imported lists of versions lie elsewhere, often on a server; what they
//! decide, and what the dependencies themselves depend on, is not known here. The first is counted and said.
//! <https://maven.apache.org/pom.html>

use seawall_model::{PackageKind, ProblemKind, Scope};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::maven_pom::Pom;

pub(super) struct JavaPom;

impl Cataloger for JavaPom {
    fn name(&self) -> &'static str {
        "java/pom"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("pom.xml")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let bytes = match file.bytes() {
            Ok(bytes) => bytes,
            Err(error) => return found.read_problem(&error),
        };
        let (pom, result) = Pom::parse(&seawall_model::text::decoded(&bytes), file.limits.max_nesting);
        if let Err(error) = result {
            found.problem(ProblemKind::Malformed, error.to_string());
        }
        let mut open = 0;
        for dependency in &pom.dependencies {
            let resolved = pom.dependency(dependency);
            let Some((dependency, version)) =
                resolved.as_ref().and_then(|dependency| Some((dependency, pinned(&dependency.version)?)))
            else {
                open += 1;
                continue;
            };
            let mut package = found.package(PackageKind::Maven, dependency.name.as_str(), version);
            if dependency.is_test {
                package.scope = Scope::Development;
            }
            found.push(package);
        }
        if open > 0 {
            let message = format!("{open} dependencies have no single version in this file and are left out");
            found.problem(ProblemKind::Skipped, message);
        }
    }
}

/// The one version that a requirement allows: `1.0`, or `[1.0]`.
/// <https://maven.apache.org/pom.html#dependency-version-requirement-specification>
fn pinned(requirement: &str) -> Option<&str> {
    let version = match requirement.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?.trim(),
        None => requirement,
    };
    (!version.is_empty() && !version.contains(['[', ']', '(', ')', ','])).then_some(version)
}
