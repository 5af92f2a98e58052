//! `composer.lock`.
//!
//! <https://getcomposer.org/doc/01-basic-usage.md#commit-your-composer-lock-file-to-version-control>

use seawall_model::Scope;
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::composer::{self, ComposerPackage};
use crate::document::{self, Entry};

pub(super) struct PhpComposerLock;

impl Cataloger for PhpComposerLock {
    fn name(&self) -> &'static str {
        "php/composer-lock"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("composer.lock")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(lock) = document::json::<Lock<'_>>(&*text, found) else { return };
        composer::list(lock.packages, found, |_| Scope::Runtime);
        composer::list(lock.development.unwrap_or_default(), found, |_| Scope::Development);
    }
}

#[derive(Deserialize)]
struct Lock<'a> {
    #[serde(borrow)]
    packages: Vec<Entry<ComposerPackage<'a>>>,
    #[serde(rename = "packages-dev", borrow)]
    development: Option<Vec<Entry<ComposerPackage<'a>>>>,
}
