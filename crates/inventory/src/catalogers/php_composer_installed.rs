//! What Composer installed: `vendor/composer/installed.json`.
//!
//! Composer 1 wrote a list of packages; since 2 the list stands under `packages`, beside the names of those that
//! are for development.
//! <https://getcomposer.org/doc/07-runtime.md>

use std::collections::BTreeSet;

use seawall_model::{FilePath, Scope};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::composer::{self, ComposerPackage};
use crate::document::{self, Entry, Text};

pub(super) struct PhpComposerInstalled;

impl Cataloger for PhpComposerInstalled {
    fn name(&self) -> &'static str {
        "php/composer-installed"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("installed.json")]
    }

    /// The folder above may be called otherwise than `vendor`, but Composer's own is always `composer`.
    fn wants(&self, path: FilePath<'_>) -> bool {
        path.ends_with("composer/installed.json")
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        if text.trim_start().starts_with('[') {
            let Some(packages) = document::json(&*text, found) else { return };
            return composer::list(packages, found, |_| Scope::Runtime);
        }
        let Some(installed) = document::json::<Installed<'_>>(&*text, found) else { return };
        let development = installed.development;
        composer::list(installed.packages, found, |package| {
            if development.contains(&package.name) { Scope::Development } else { Scope::Runtime }
        });
    }
}

#[derive(Deserialize)]
struct Installed<'a> {
    #[serde(borrow)]
    packages: Vec<Entry<ComposerPackage<'a>>>,
    #[serde(default, rename = "dev-package-names", borrow)]
    development: BTreeSet<Text<'a>>,
}
