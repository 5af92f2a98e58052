//! CycloneDX 1.2 to 1.7 as JSON; the XML form is brought into the same structs by `cyclonedx_xml.rs`.
//!
//! <https://cyclonedx.org/docs/1.7/json/>

use serde::Deserialize;

use super::document::{Component as Common, ComponentKind, Document, checksum};
use super::lenient::{list, object, text, texts};
use crate::Tool;

#[derive(Debug, Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Bom {
    #[serde(deserialize_with = "text")]
    pub(super) spec_version: Option<String>,
    #[serde(deserialize_with = "object")]
    pub(super) metadata: Metadata,
    #[serde(deserialize_with = "list")]
    pub(super) components: Vec<Component>,
    #[serde(deserialize_with = "list")]
    pub(super) dependencies: Vec<Dependency>,
    #[serde(deserialize_with = "list")]
    pub(super) compositions: Vec<Composition>,
    #[serde(deserialize_with = "list")]
    pub(super) annotations: Vec<Annotation>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Metadata {
    #[serde(deserialize_with = "text")]
    pub(super) timestamp: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) tools: Vec<Tools>,
    #[serde(deserialize_with = "list")]
    pub(super) component: Vec<Component>,
}

/// A tool of the old list, or the newer object that lists them.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Tools {
    #[serde(deserialize_with = "text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) version: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) components: Vec<Tools>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Component {
    #[serde(rename = "type", deserialize_with = "text")]
    pub(super) kind: Option<String>,
    #[serde(rename = "bom-ref", deserialize_with = "text")]
    pub(super) bom_ref: Option<String>,
    #[serde(deserialize_with = "object")]
    pub(super) supplier: Organisation,
    #[serde(deserialize_with = "text")]
    pub(super) publisher: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) group: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) version: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) description: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) scope: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) hashes: Vec<Hash>,
    #[serde(deserialize_with = "list")]
    pub(super) licenses: Vec<LicenceChoice>,
    #[serde(deserialize_with = "text")]
    pub(super) purl: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) properties: Vec<Property>,
    #[serde(deserialize_with = "object")]
    pub(super) evidence: Evidence,
    #[serde(deserialize_with = "list")]
    pub(super) components: Vec<Component>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Organisation {
    #[serde(deserialize_with = "text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) contact: Vec<Contact>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Contact {
    #[serde(deserialize_with = "text")]
    pub(super) email: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Hash {
    #[serde(deserialize_with = "text")]
    pub(super) alg: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) content: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct LicenceChoice {
    #[serde(deserialize_with = "object")]
    pub(super) license: Licence,
    #[serde(deserialize_with = "text")]
    pub(super) expression: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Licence {
    #[serde(deserialize_with = "text")]
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) name: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Property {
    #[serde(deserialize_with = "text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) value: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Evidence {
    #[serde(deserialize_with = "list")]
    pub(super) occurrences: Vec<Occurrence>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Occurrence {
    #[serde(deserialize_with = "text")]
    pub(super) location: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Dependency {
    #[serde(rename = "ref", deserialize_with = "text")]
    pub(super) reference: Option<String>,
    #[serde(deserialize_with = "texts")]
    pub(super) depends_on: Vec<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Composition {
    #[serde(deserialize_with = "text")]
    pub(super) aggregate: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Annotation {
    #[serde(rename = "bom-ref", deserialize_with = "text")]
    pub(super) bom_ref: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) text: Option<String>,
}

impl Bom {
    /// In common terms; at most so many components.
    pub(super) fn into_document(self, max_components: usize) -> Document {
        let mut document = Document {
            standard: format!("CycloneDX {}", self.spec_version.as_deref().unwrap_or("of no version")),
            tools: self.metadata.tools.into_iter().flat_map(Tools::flat).collect(),
            created: self.metadata.timestamp,
            ..Document::default()
        };
        // What lies inside of the subject is part of it like everything else.
        let mut inside = Vec::new();
        if let Some(mut root) = self.metadata.component.into_iter().next() {
            inside = std::mem::take(&mut root.components);
            let root = root.into_common(None);
            document.name = Some(root.name.clone());
            document.root = Some(root);
        }
        flatten(inside, None, &mut document, max_components);
        flatten(self.components, None, &mut document, max_components);
        for dependency in self.dependencies {
            let Some(from) = dependency.reference else { continue };
            document.needs.extend(dependency.depends_on.into_iter().map(|to| (from.clone(), to)));
        }
        document.gaps = gaps(&self.compositions, self.annotations);
        document
    }
}

/// What the document says of its own holes: ours in annotations, others at least that there are any.
fn gaps(compositions: &[Composition], annotations: Vec<Annotation>) -> Vec<String> {
    let is_ours = |annotation: &Annotation| {
        annotation.bom_ref.as_deref().is_some_and(|reference| reference.starts_with("problem:"))
    };
    let told: Vec<String> =
        annotations.into_iter().filter(is_ours).filter_map(|annotation| annotation.text).collect();
    let is_incomplete = |composition: &Composition| {
        composition.aggregate.as_deref().is_some_and(|aggregate| aggregate.starts_with("incomplete"))
    };
    if told.is_empty() && compositions.iter().any(is_incomplete) {
        return vec!["skipped: the document says that it is incomplete".to_owned()];
    }
    told
}

fn flatten(components: Vec<Component>, parent: Option<usize>, out: &mut Document, max: usize) {
    for mut component in components {
        let inside = std::mem::take(&mut component.components);
        if out.components.len() >= max {
            out.left_out += 1;
            flatten(inside, None, out, max);
            continue;
        }
        let at = out.components.len();
        out.components.push(component.into_common(parent));
        // INVARIANT: as deep as the parser allowed.
        flatten(inside, Some(at), out, max);
    }
}

impl Tools {
    fn flat(self) -> Vec<Tool> {
        let named = |tool: Self| tool.name.map(|name| Tool { name, version: tool.version });
        let inside = self.components;
        let own = named(Self { name: self.name, version: self.version, components: Vec::new() });
        own.into_iter().chain(inside.into_iter().filter_map(named)).collect()
    }
}

impl Component {
    fn into_common(self, parent: Option<usize>) -> Common {
        let property = |property: Property| Some((property.name?, property.value.unwrap_or_default()));
        Common {
            reference: self.bom_ref.unwrap_or_default(),
            kind: ComponentKind::of(self.kind.as_deref()),
            group: self.group.filter(|group| !group.is_empty()),
            name: self.name.unwrap_or_default(),
            version: self.version.filter(|version| !version.is_empty()),
            purl: self.purl.filter(|purl| !purl.is_empty()),
            supplier: self.supplier.into_text().or(self.publisher),
            description: self.description,
            licences: self.licenses.into_iter().filter_map(LicenceChoice::into_text).collect(),
            checksums: self
                .hashes
                .iter()
                .filter_map(|hash| checksum(hash.alg.as_deref()?, hash.content.as_deref()?))
                .collect(),
            properties: self.properties.into_iter().filter_map(property).collect(),
            paths: self.evidence.occurrences.into_iter().filter_map(|one| one.location).collect(),
            is_development: self.scope.as_deref() == Some("excluded"),
            parent,
        }
    }
}

impl Organisation {
    fn into_text(self) -> Option<String> {
        let name = self.name.filter(|name| !name.trim().is_empty())?;
        let email = self.contact.into_iter().find_map(|contact| contact.email);
        Some(email.map_or(name.clone(), |email| format!("{name} <{email}>")))
    }
}

impl LicenceChoice {
    fn into_text(self) -> Option<String> {
        self.expression.or(self.license.id).or(self.license.name).filter(|text| !text.trim().is_empty())
    }
}
