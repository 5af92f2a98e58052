//! SPDX 2.2 and 2.3 as JSON; the tag-value form is brought into the same structs by `spdx_tag_value.rs`.
//!
//! <https://spdx.github.io/spdx-spec/v2.3/>

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::document::{Component, ComponentKind, Document, checksum, tool_of};
use super::lenient::{list, object, text, texts};

#[derive(Debug, Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the standard's")]
pub(super) struct Spdx {
    #[serde(deserialize_with = "text")]
    pub(super) spdx_version: Option<String>,
    #[serde(rename = "SPDXID", deserialize_with = "text")]
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "object")]
    pub(super) creation_info: CreationInfo,
    #[serde(deserialize_with = "texts")]
    pub(super) document_describes: Vec<String>,
    #[serde(deserialize_with = "list")]
    pub(super) packages: Vec<Package>,
    #[serde(deserialize_with = "list")]
    pub(super) relationships: Vec<Relationship>,
    #[serde(deserialize_with = "list")]
    pub(super) annotations: Vec<Annotation>,
    #[serde(deserialize_with = "list")]
    pub(super) has_extracted_licensing_infos: Vec<ExtractedLicence>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct CreationInfo {
    #[serde(deserialize_with = "text")]
    pub(super) created: Option<String>,
    #[serde(deserialize_with = "texts")]
    pub(super) creators: Vec<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Package {
    #[serde(rename = "SPDXID", deserialize_with = "text")]
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) version_info: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) supplier: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) source_info: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) summary: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) license_declared: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) license_concluded: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) primary_package_purpose: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) checksums: Vec<Checksum>,
    #[serde(deserialize_with = "list")]
    pub(super) external_refs: Vec<ExternalRef>,
    #[serde(deserialize_with = "texts")]
    pub(super) attribution_texts: Vec<String>,
    #[serde(deserialize_with = "list")]
    pub(super) annotations: Vec<Annotation>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Checksum {
    #[serde(deserialize_with = "text")]
    pub(super) algorithm: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) checksum_value: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ExternalRef {
    #[serde(deserialize_with = "text")]
    pub(super) reference_type: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) reference_locator: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Relationship {
    #[serde(rename = "spdxElementId", deserialize_with = "text")]
    pub(super) from: Option<String>,
    #[serde(rename = "relationshipType", deserialize_with = "text")]
    pub(super) kind: Option<String>,
    #[serde(rename = "relatedSpdxElement", deserialize_with = "text")]
    pub(super) to: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Annotation {
    #[serde(deserialize_with = "text")]
    pub(super) comment: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ExtractedLicence {
    #[serde(deserialize_with = "text")]
    pub(super) license_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) extracted_text: Option<String>,
}

/// What relationships say.
#[derive(Default)]
struct Related {
    described: Vec<String>,
    needs: Vec<(String, String)>,
    development: HashSet<String>,
}

impl Spdx {
    /// In common terms; at most so many components.
    pub(super) fn into_document(self, max_components: usize) -> Document {
        let mut related = related(self.relationships, self.id.as_deref());
        related.described.extend(self.document_describes);
        related.described.sort_unstable();
        related.described.dedup();
        let creators = self.creation_info.creators.iter();
        let mut document = Document {
            standard: self.spdx_version.unwrap_or_else(|| "SPDX of no version".to_owned()),
            tools: creators
                .filter_map(|text| text.strip_prefix("Tool:"))
                .map(|text| tool_of(text.trim()))
                .collect(),
            created: self.creation_info.created,
            name: self.name,
            needs: related.needs,
            gaps: self.annotations.into_iter().filter_map(gap).collect(),
            ..Document::default()
        };
        let licences = extracted(self.has_extracted_licensing_infos);
        document.left_out = self.packages.len().saturating_sub(max_components);
        // A document that describes several packages is about nothing that holds them.
        let root = match related.described.as_slice() {
            [one] => Some(one.as_str()),
            _ => None,
        };
        for package in self.packages.into_iter().take(max_components) {
            let is_root = package.id.is_some() && package.id.as_deref() == root;
            let mut component = package.into_component(&licences);
            component.is_development = related.development.contains(&component.reference);
            if is_root {
                document.root = Some(component);
            } else {
                document.components.push(component);
            }
        }
        document
    }
}

fn related(relationships: Vec<Relationship>, document: Option<&str>) -> Related {
    let mut out = Related::default();
    for Relationship { from, kind, to } in relationships {
        let (Some(from), Some(kind), Some(to)) = (from, kind, to) else { continue };
        match kind.to_ascii_uppercase().as_str() {
            "DESCRIBES" => out.described.push(to),
            "DESCRIBED_BY" => out.described.push(from),
            "DEPENDS_ON" => out.needs.push((from, to)),
            "DEV_DEPENDENCY_OF" | "TEST_DEPENDENCY_OF" if document != Some(to.as_str()) => {
                out.development.insert(from.clone());
                out.needs.push((to, from));
            }
            "DEPENDENCY_OF"
            | "RUNTIME_DEPENDENCY_OF"
            | "OPTIONAL_DEPENDENCY_OF"
            | "PROVIDED_DEPENDENCY_OF"
            | "BUILD_DEPENDENCY_OF" => out.needs.push((to, from)),
            _ => {}
        }
    }
    out
}

/// Our own words about what could not be read.
fn gap(annotation: Annotation) -> Option<String> {
    Some(annotation.comment?.strip_prefix("seawall:problem: ")?.to_owned())
}

/// What licences outside of the list are, by their identifiers.
fn extracted(list: Vec<ExtractedLicence>) -> HashMap<String, String> {
    let unnamed = |name: &String| !name.trim().is_empty() && name != "NOASSERTION" && name != "NONE";
    let entry =
        |one: ExtractedLicence| Some((one.license_id?, one.name.filter(unnamed).or(one.extracted_text)?));
    list.into_iter().filter_map(entry).collect()
}

impl Package {
    fn into_component(self, licences: &HashMap<String, String>) -> Component {
        let mut properties = Vec::new();
        for comment in self.annotations.into_iter().filter_map(|annotation| annotation.comment) {
            properties.extend(comment.lines().filter_map(property));
        }
        properties.extend(self.attribution_texts.iter().filter_map(|line| property(line)));
        // Trivy says there what a package was built from: `built package from: openssl 3.0.11-1~deb12u2`.
        properties.extend(self.source_info.map(|info| ("spdx:sourceInfo".to_owned(), info)));
        let is_purl = |one: &ExternalRef| one.reference_type.as_deref() == Some("purl");
        let purl = self.external_refs.into_iter().find(is_purl).and_then(|one| one.reference_locator);
        let licence = [self.license_declared, self.license_concluded]
            .into_iter()
            .flatten()
            .find(|text| is_stated(text));
        Component {
            reference: self.id.unwrap_or_default(),
            kind: ComponentKind::of(self.primary_package_purpose.as_deref()),
            group: None,
            name: self.name.unwrap_or_default(),
            version: self.version_info.filter(|version| is_stated(version)),
            purl,
            supplier: self.supplier.as_deref().and_then(supplier),
            description: self.summary,
            licences: licence.map(|text| licences.get(&text).cloned().unwrap_or(text)).into_iter().collect(),
            checksums: self
                .checksums
                .iter()
                .filter_map(|one| checksum(one.algorithm.as_deref()?, one.checksum_value.as_deref()?))
                .collect(),
            properties,
            ..Component::default()
        }
    }
}

fn is_stated(text: &str) -> bool {
    !matches!(text.trim(), "" | "NOASSERTION" | "NONE")
}

/// A line `name: value`, as ours and Trivy's are.
fn property(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(": ")?;
    Some((name.trim().to_owned(), value.trim().to_owned()))
}

/// `Organization: Name (address)` as `Name <address>`.
fn supplier(text: &str) -> Option<String> {
    let (kind, rest) = text.split_once(':')?;
    let rest = rest.trim();
    if !matches!(kind, "Organization" | "Person") || !is_stated(rest) {
        return None;
    }
    let address = rest.strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    Some(match address {
        Some((name, "")) => name.trim().to_owned(),
        Some((name, email)) => format!("{} <{email}>", name.trim()),
        None => rest.to_owned(),
    })
}
