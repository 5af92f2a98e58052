//! What conda has installed: one file for each package in `conda-meta`.
//!
//! <https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html>

use std::borrow::Cow;

use seawall_model::{FilePath, Package, PackageKind};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Loose};

pub(super) struct CondaMeta;

#[derive(Deserialize)]
struct Record<'a> {
    name: String,
    version: String,
    #[serde(borrow, default)]
    build: Loose<'a>,
    #[serde(borrow, default)]
    channel: Loose<'a>,
    #[serde(borrow, default)]
    subdir: Loose<'a>,
    #[serde(borrow, default, rename = "fn")]
    file_name: Loose<'a>,
    #[serde(borrow, default)]
    license: Loose<'a>,
}

impl Cataloger for CondaMeta {
    fn name(&self) -> &'static str {
        "conda/meta"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Extension("json")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        path.parent().is_some_and(|parent| parent.file_name() == b"conda-meta")
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(record) = document::json::<Record<'_>>(&*text, found) else { return };
        let package = found.package(PackageKind::Conda, &*record.name, &*record.version);
        found.push(record.complete(package));
    }
}

impl Record<'_> {
    fn complete(self, mut package: Package) -> Package {
        package.licences.extend(self.license.0.map(Cow::into_owned));
        let file_name = self.file_name.0.as_deref().unwrap_or_default();
        let archive = ["conda", "tar.bz2"]
            .into_iter()
            .find(|format| file_name.strip_suffix(format).is_some_and(|rest| rest.ends_with('.')));
        let subdir = self.subdir.0.as_deref();
        let channel = self.channel.0.as_deref().map(|channel| channel_name(channel, subdir));
        let qualifiers =
            [("build", self.build.0.as_deref()), ("channel", channel), ("subdir", subdir), ("type", archive)];
        for (key, value) in qualifiers {
            package.qualifiers.extend(value.map(|value| (key.to_owned(), value.to_owned())));
        }
        package
    }
}

/// `conda-forge` of `https://conda.anaconda.org/conda-forge/linux-64`.
fn channel_name<'a>(channel: &'a str, subdir: Option<&str>) -> &'a str {
    let channel = channel.trim_end_matches('/');
    let channel = subdir
        .and_then(|subdir| channel.strip_suffix(subdir))
        .and_then(|rest| rest.strip_suffix('/'))
        .unwrap_or(channel);
    channel.rsplit('/').next().unwrap_or(channel)
}
