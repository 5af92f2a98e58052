//! Swift's `Package.resolved`, versions 1 to 3, and the hidden one of Xcode projects.
//!
//! Advisories name a package by where it lies: `github.com/apple/swift-nio`. One that follows a branch has its
//! commit for a version.
//! <https://github.com/swiftlang/swift-package-manager/blob/main/Documentation/PackageRegistry/PackageRegistryUsage.md>

use seawall_model::PackageKind;
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Entry};

pub(super) struct SwiftResolved;

#[derive(Deserialize)]
struct Resolved {
    /// Version 1.
    object: Option<Pins>,
    /// Versions 2 and 3.
    #[serde(default)]
    pins: Vec<Entry<Pin>>,
}

#[derive(Deserialize)]
struct Pins {
    #[serde(default)]
    pins: Vec<Entry<Pin>>,
}

#[derive(Deserialize)]
struct Pin {
    #[serde(alias = "package")]
    identity: Option<String>,
    #[serde(default)]
    kind: String,
    #[serde(alias = "repositoryURL", default)]
    location: String,
    state: State,
}

#[derive(Deserialize)]
struct State {
    version: Option<String>,
    revision: Option<String>,
}

impl Cataloger for SwiftResolved {
    fn name(&self) -> &'static str {
        "swift/package-resolved"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name(".package.resolved"), Trigger::Name("Package.resolved")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(resolved) = document::json::<Resolved>(&*text, found) else { return };
        let pins = resolved.object.map(|object| object.pins).unwrap_or_default();
        for (index, pin) in pins.into_iter().chain(resolved.pins).enumerate() {
            let Some(pin) = pin.or_problem(&index.to_string(), found) else { continue };
            let Some(name) = pin.name() else { continue };
            let version = pin.state.version.or(pin.state.revision).unwrap_or_default();
            found.push(found.package(PackageKind::Swift, name, version));
        }
    }
}

impl Pin {
    /// Host and path of the repository, or the identity in a registry; `None` for what lies on this machine.
    fn name(&self) -> Option<String> {
        if self.kind == "registry" {
            return self.identity.clone();
        }
        let is_local = self.kind.starts_with("local") || self.location.starts_with(['/', '.']);
        if is_local || self.location.starts_with("file:") {
            return None;
        }
        let place = self.location.split_once("://").map_or(self.location.as_str(), |(_, rest)| rest);
        let (host, path) = place.split_at(place.find('/').unwrap_or(place.len()));
        // What stands before the host is a user, and a colon after it begins the path: git@github.com:a/b.
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host).replace(':', "/");
        let path = path.trim_end_matches('/');
        let name = format!("{host}{}", path.strip_suffix(".git").unwrap_or(path));
        let name = name.strip_suffix(".git").unwrap_or(&name).to_owned();
        if name.is_empty() { self.identity.clone() } else { Some(name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_repository_gives_one_name() {
        for location in [
            "https://github.com/apple/swift-nio.git",
            "https://github.com/apple/swift-nio",
            "https://user:secret@github.com/apple/swift-nio/",
            "git@github.com:apple/swift-nio.git",
            "ssh://git@github.com/apple/swift-nio.git",
        ] {
            let state = State { version: None, revision: None };
            let pin = Pin { identity: None, kind: String::new(), location: location.to_owned(), state };
            assert_eq!(pin.name().as_deref(), Some("github.com/apple/swift-nio"), "{location}");
        }
    }
}
