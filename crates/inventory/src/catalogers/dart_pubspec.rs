//! Dart's `pubspec.lock`.
//!
//! Packages of the SDK bear no version of their own, and those of a path are the project's; neither is listed.
//! <https://dart.dev/tools/pub/glossary#lockfile>

use std::collections::BTreeMap;

use seawall_model::{PackageKind, Scope};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;

pub(super) struct DartPubspec;

#[derive(Deserialize)]
struct Lock {
    packages: Option<BTreeMap<String, Locked>>,
}

#[derive(Deserialize)]
struct Locked {
    #[serde(default)]
    dependency: String,
    description: Option<Description>,
    #[serde(default)]
    source: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Description {
    Server { url: Option<String> },
    Other(IgnoredAny),
}

impl Cataloger for DartPubspec {
    fn name(&self) -> &'static str {
        "dart/pubspec-lock"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("pubspec.lock")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(documents) = document::yaml::<Lock>(&text, file.limits, found) else { return };
        for (name, locked) in documents.into_iter().filter_map(|lock| lock.packages).flatten() {
            if matches!(locked.source.as_str(), "sdk" | "path") {
                continue;
            }
            let mut package = found.package(PackageKind::Pub, name, &*locked.version);
            if locked.dependency == "direct dev" {
                package.scope = Scope::Development;
            }
            package.qualifiers.extend(locked.origin());
            found.push(package);
        }
    }
}

impl Locked {
    /// Where it comes from, unless that is the public server.
    fn origin(self) -> Option<(String, String)> {
        let Some(Description::Server { url: Some(url) }) = self.description else { return None };
        match self.source.as_str() {
            "git" => Some(("vcs_url".to_owned(), format!("git+{url}"))),
            _ if matches!(url.as_str(), "https://pub.dev" | "https://pub.dartlang.org") => None,
            _ => Some(("repository_url".to_owned(), url)),
        }
    }
}
