//! Gradle's `gradle/verification-metadata.xml`: the checksums of everything that a build may fetch.
//!
//! It names more than the build uses: plugins of the build, and versions that it once used. A component of which only
//! its description (`*.pom`, `*.module`) is listed was looked at to choose versions and brings no code; it is left
//! out. Where a `gradle.lockfile` says the same, both are places of one package.
//! <https://docs.gradle.org/current/userguide/dependency_verification.html>

use seawall_model::{FilePath, PackageKind, ProblemKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::xml::{Node, walk_file};

pub(super) struct GradleVerification;

/// One component, while its artifacts are read.
#[derive(Default)]
struct Component {
    group: String,
    name: String,
    version: String,
    artifacts: usize,
    descriptions: usize,
}

impl Cataloger for GradleVerification {
    fn name(&self) -> &'static str {
        "java/gradle-verification"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("verification-metadata.xml")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        path.parent().is_some_and(|parent| parent.file_name() == b"gradle")
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let mut components = Vec::new();
        walk_file(file, found, |path, node| match (path, node) {
            ("verification-metadata/components/component", Node::Start(attributes)) => {
                let value = |name| attributes.get(name).unwrap_or_default();
                components.push(Component {
                    group: value("group"),
                    name: value("name"),
                    version: value("version"),
                    ..Component::default()
                });
            }
            ("verification-metadata/components/component/artifact", Node::Start(attributes)) => {
                let Some(component) = components.last_mut() else { return };
                let name = attributes.get("name").unwrap_or_default();
                component.artifacts += 1;
                let extension = name.rsplit('.').next();
                component.descriptions += usize::from(matches!(extension, Some("pom" | "module")));
            }
            _ => {}
        });
        for component in components {
            let Component { group, name, version, artifacts, descriptions } = component;
            if [&group, &name, &version].iter().any(|part| part.is_empty()) {
                found.problem(
                    ProblemKind::Malformed,
                    format!("component {name:?} lacks a group, name or version"),
                );
            } else if artifacts == 0 || descriptions < artifacts {
                found.push(found.package(PackageKind::Maven, format!("{group}:{name}"), version));
            }
        }
    }
}
