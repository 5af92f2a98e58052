//! Gradle's `gradle.lockfile` and sbt's `*.sbt.lock`.
//!
//! Gradle writes `group:artifact:version=configuration,…` on each line; before version 7 one file for each
//! configuration, in `gradle/dependency-locks`, without the part after the name. What is locked for tests or
//! for the build script alone is for development.
//! <https://docs.gradle.org/current/userguide/dependency_locking.html>
//! <https://stringbean.github.io/sbt-dependency-lock/file-formats/index.html>

use seawall_model::{FilePath, PackageKind, ProblemKind, Scope};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;

pub(super) struct GradleLockfile;
pub(super) struct SbtLockfile;

impl Cataloger for GradleLockfile {
    fn name(&self) -> &'static str {
        "java/gradle-lockfile"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Extension("lockfile")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        path.file_name().ends_with(b"gradle.lockfile") || is_of_configuration(path)
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let of_file = match file.path.file_name() {
            b"buildscript-gradle.lockfile" => Scope::Development,
            name if is_of_configuration(file.path) => scope(&String::from_utf8_lossy(name)),
            _ => Scope::Runtime,
        };
        for (index, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') || line.starts_with("empty=") {
                continue;
            }
            let (coordinates, configurations) = line.split_once('=').unwrap_or((line, ""));
            let parts: Vec<&str> = coordinates.splitn(4, ':').collect();
            let &[group, artifact, version] = parts.as_slice() else {
                let message = format!("line {} is not of the form group:artifact:version", index + 1);
                found.problem(ProblemKind::Malformed, message);
                continue;
            };
            let mut package = found.package(PackageKind::Maven, format!("{group}:{artifact}"), version);
            package.scope = of_file.max(scope(configurations));
            found.push(package);
        }
    }
}

fn is_of_configuration(path: FilePath<'_>) -> bool {
    path.parent().is_some_and(|parent| parent.ends_with("gradle/dependency-locks"))
}

/// For development where every configuration is one of tests.
fn scope(configurations: &str) -> Scope {
    let mut names = configurations.split(',').filter(|name| !name.is_empty()).peekable();
    if names.peek().is_some() && names.all(|name| name.starts_with("test") || name.contains("Test")) {
        return Scope::Development;
    }
    Scope::Runtime
}

#[derive(Deserialize)]
struct SbtLock {
    #[serde(default)]
    dependencies: Vec<SbtDependency>,
}

#[derive(Deserialize)]
struct SbtDependency {
    org: String,
    name: String,
    version: String,
    #[serde(default)]
    configurations: Vec<String>,
}

impl Cataloger for SbtLockfile {
    fn name(&self) -> &'static str {
        "java/sbt-lockfile"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Extension("lock")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        path.file_name().ends_with(b".sbt.lock")
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(lock) = document::json::<SbtLock>(&*text, found) else { return };
        for dependency in lock.dependencies {
            let name = format!("{}:{}", dependency.org, dependency.name);
            let mut package = found.package(PackageKind::Maven, name, dependency.version);
            package.scope = scope(&dependency.configurations.join(","));
            found.push(package);
        }
    }
}
