//! CocoaPods' `Podfile.lock`.
//!
//! A pod is listed as `Name (1.2.3)` or `Name/Subspec (1.2.3)`, alone or with what it depends on.
//! <https://guides.cocoapods.org/using/using-cocoapods.html#what-is-podfilelock>

use std::collections::BTreeMap;

use seawall_model::{PackageKind, ProblemKind};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;

pub(super) struct CocoapodsPodfile;

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "PODS")]
    pods: Option<Vec<Pod>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Pod {
    Alone(String),
    WithDependencies(BTreeMap<String, Option<Vec<String>>>),
}

impl Cataloger for CocoapodsPodfile {
    fn name(&self) -> &'static str {
        "cocoapods/podfile-lock"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("Podfile.lock")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(documents) = document::yaml::<Lock>(&text, file.limits, found) else { return };
        for pod in documents.into_iter().filter_map(|lock| lock.pods).flatten() {
            match pod {
                Pod::Alone(text) => push(&text, found),
                Pod::WithDependencies(map) => map.keys().for_each(|text| push(text, found)),
            }
        }
    }
}

fn push(text: &str, found: &mut Found<'_>) {
    let parts = text.split_once(" (").and_then(|(name, rest)| Some((name, rest.strip_suffix(')')?)));
    let Some((name, version)) = parts else {
        return found.problem(ProblemKind::Malformed, format!("{text:?} is not of the form name (version)"));
    };
    let (pod, subspec) = match name.split_once('/') {
        Some((pod, subspec)) => (pod, Some(subspec.to_owned())),
        None => (name, None),
    };
    let mut package = found.package(PackageKind::Cocoapods, pod, version);
    package.subpath = subspec;
    found.push(package);
}
