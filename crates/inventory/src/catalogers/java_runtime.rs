//! The `release` file at the root of a Java runtime: which build of the JDK or JRE it is.
//!
//! <https://openjdk.org/jeps/223>

use std::collections::BTreeMap;

use seawall_model::PackageKind;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;

pub(super) struct JavaRuntime;

impl Cataloger for JavaRuntime {
    fn name(&self) -> &'static str {
        "java/runtime"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("release")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let lines = text.lines().filter_map(|line| line.split_once('='));
        let values: BTreeMap<&str, &str> =
            lines.map(|(key, value)| (key.trim(), value.trim().trim_matches('"'))).collect();
        let value = |key: &str| values.get(key).copied().filter(|value| !value.is_empty());
        // Other programs have a file of this name too; without the key it is one of those.
        let Some(version) = value("JAVA_VERSION") else { return };
        let name = match () {
            () if value("GRAALVM_VERSION").is_some() => "graalvm",
            () if value("BUILD_TYPE") == Some("commercial") => "oracle-jdk",
            () => "openjdk",
        };
        // The full version has the build, and the security update of Java 8 and before: 1.8.0_392-b08.
        let version = value("JAVA_RUNTIME_VERSION").unwrap_or(version);
        let mut package = found.package(PackageKind::Generic, name, version);
        package.vendor = value("IMPLEMENTOR").map(str::to_owned);
        found.push(package);
    }
}
