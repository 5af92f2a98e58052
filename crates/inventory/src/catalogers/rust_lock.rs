//! `Cargo.lock`, versions 1 to 4.
//!
//! Crates of the workspace stand in it without a source, as do foreign crates that were copied into it; nothing
//! tells them apart, so both are listed. It does not say which crates are for development.
//! <https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html>

use seawall_model::PackageKind;
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Text};
use crate::repository;

pub(super) struct RustLock;

impl Cataloger for RustLock {
    fn name(&self) -> &'static str {
        "rust/lock"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("Cargo.lock")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(lock) = document::toml::<Lock<'_>>(&text, found) else { return };
        for locked in lock.root.into_iter().chain(lock.package) {
            let mut package = found.package(PackageKind::Cargo, &*locked.name, &*locked.version);
            package.qualifiers.extend(locked.source.as_deref().and_then(origin));
            found.push(package);
        }
    }
}

#[derive(Deserialize)]
struct Lock<'a> {
    /// The project itself, in version 1.
    #[serde(borrow)]
    root: Option<Locked<'a>>,
    #[serde(default, borrow)]
    package: Vec<Locked<'a>>,
}

#[derive(Deserialize)]
struct Locked<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    version: Text<'a>,
    #[serde(borrow)]
    source: Option<Text<'a>>,
}

/// The qualifier for a crate that does not come from crates.io.
fn origin(source: &str) -> Option<(String, String)> {
    if source.starts_with("git+") {
        return Some(repository::qualifier_of_address(source));
    }
    let registry = source.strip_prefix("registry+").or_else(|| source.strip_prefix("sparse+"))?;
    let is_usual =
        matches!(registry, "https://github.com/rust-lang/crates.io-index" | "https://index.crates.io/");
    (!is_usual).then(|| ("repository_url".to_owned(), registry.to_owned()))
}
