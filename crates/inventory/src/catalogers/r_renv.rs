//! R's `renv.lock`.
//!
//! <https://rstudio.github.io/renv/articles/lockfile.html>

use std::borrow::Cow;
use std::collections::BTreeMap;

use seawall_model::PackageKind;
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Entry, Loose, Text};

pub(super) struct RRenv;

#[derive(Deserialize)]
struct Lock<'a> {
    #[serde(borrow, rename = "Packages", default)]
    packages: BTreeMap<Text<'a>, Entry<Locked<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Locked<'a> {
    #[serde(borrow)]
    version: Text<'a>,
    #[serde(borrow, default)]
    repository: Loose<'a>,
}

impl Cataloger for RRenv {
    fn name(&self) -> &'static str {
        "r/renv-lock"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("renv.lock")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(lock) = document::json::<Lock<'_>>(&*text, found) else { return };
        for (name, locked) in lock.packages {
            let Some(locked) = locked.or_problem(&name, found) else { continue };
            let mut package = found.package(PackageKind::Cran, &*name, &*locked.version);
            package.vendor = locked.repository.0.map(Cow::into_owned);
            found.push(package);
        }
    }
}
