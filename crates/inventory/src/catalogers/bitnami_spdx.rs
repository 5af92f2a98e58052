//! The components of Bitnami's images: `/opt/bitnami/<component>/.spdx-<component>.spdx`, SPDX in JSON.
//!
//! They are built from source and known to no package system, so these lists are all that tells of them. Only
//! entries with a package URL of Bitnami are taken: what else a component holds has readers of its own.
//! <https://github.com/bitnami/vulndb>, <https://spdx.github.io/spdx-spec/v2.3/>

use seawall_model::{FilePath, PackageKind, Purl};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;

pub(super) struct BitnamiSpdx;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    packages: Vec<Component>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Component {
    #[serde(default)]
    external_refs: Vec<Reference>,
    license_concluded: Option<String>,
    license_declared: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    #[serde(default)]
    reference_type: String,
    #[serde(default)]
    reference_locator: String,
}

impl Cataloger for BitnamiSpdx {
    fn name(&self) -> &'static str {
        "bitnami/spdx"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Extension("spdx")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        path.as_bytes().starts_with(b"opt/bitnami/") && path.file_name().starts_with(b".spdx-")
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(document) = document::json::<Document>(&*text, found) else { return };
        for component in document.packages {
            let Some(purl) = component.purl() else { continue };
            let version = purl.version.unwrap_or_default();
            let mut package = found.package(PackageKind::Bitnami, purl.name, version);
            package.licences.extend(component.licence());
            found.push(package);
        }
    }
}

impl Component {
    fn purl(&self) -> Option<Purl> {
        let purls = self.external_refs.iter().filter(|reference| reference.reference_type == "purl");
        let mut parsed = purls.filter_map(|reference| reference.reference_locator.parse::<Purl>().ok());
        parsed.find(|purl| purl.purl_type == "bitnami" && !purl.name.is_empty())
    }

    /// What was found out, else what is declared.
    fn licence(self) -> Option<String> {
        let said = [self.license_concluded, self.license_declared].into_iter().flatten();
        said.map(|licence| licence.trim().to_owned())
            .find(|licence| !matches!(licence.as_str(), "" | "NOASSERTION" | "NONE"))
    }
}
