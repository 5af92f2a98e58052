//! VEX in CycloneDX JSON: the analyses of a document's vulnerabilities.
//!
//! <https://cyclonedx.org/docs/1.7/json/#vulnerabilities>, versions 1.4 to 1.7.

use std::collections::HashMap;

use crate::fields::{Object, object, objects, owned, text, time};
use crate::identifier::{Component, Identifier};
use crate::statement::{Document, Product, Statement, Status};

/// Whether this is a document of this format.
pub(crate) fn is(root: &Object) -> bool {
    text(root, "bomFormat") == Some("CycloneDX")
}

/// Reads a document. A vulnerability without an analysis states nothing and is passed over.
pub(crate) fn read(root: &Object) -> Document {
    let metadata = object(root, "metadata");
    let released = metadata.and_then(|metadata| time(metadata, "timestamp"));
    let components = Components::read(root);
    let mut document = Document {
        source: String::new(),
        format: "CycloneDX",
        id: owned(root, "serialNumber"),
        author: metadata.and_then(author),
        statements: Vec::new(),
        problems: Vec::new(),
    };
    for raw in objects(root, "vulnerabilities") {
        let Some(analysis) = object(raw, "analysis") else { continue };
        let name = text(raw, "id").unwrap_or("a vulnerability");
        let Some(status) = text(analysis, "state").and_then(status) else {
            let word = text(analysis, "state").unwrap_or("missing");
            document
                .problems
                .push(format!("{name}: the state of its analysis is {word:?}, which is unknown"));
            continue;
        };
        let aliases = objects(raw, "references").filter_map(|reference| text(reference, "id"));
        document.statements.push(Statement {
            vulnerabilities: text(raw, "id").into_iter().chain(aliases).map(str::to_owned).collect(),
            products: objects(raw, "affects").flat_map(|affected| components.products(affected)).collect(),
            status,
            justification: owned(analysis, "justification"),
            text: owned(analysis, "detail"),
            time: time(analysis, "lastUpdated")
                .or_else(|| time(analysis, "firstIssued"))
                .or_else(|| time(raw, "updated"))
                .or(released),
        });
    }
    document
}

fn status(word: &str) -> Option<Status> {
    Some(match word {
        "resolved" | "resolved_with_pedigree" => Status::Fixed,
        "exploitable" => Status::Affected,
        "in_triage" => Status::UnderInvestigation,
        "false_positive" => Status::FalsePositive,
        "not_affected" => Status::NotAffected,
        _ => return None,
    })
}

fn author(metadata: &Object) -> Option<String> {
    let first = objects(metadata, "authors").next().and_then(|author| owned(author, "name"));
    let maker = |key| object(metadata, key).and_then(|maker| owned(maker, "name"));
    first.or_else(|| maker("manufacturer")).or_else(|| maker("manufacture")).or_else(|| maker("supplier"))
}

/// The components of the document by their reference.
struct Components<'a> {
    by_reference: HashMap<&'a str, Component>,
}

impl<'a> Components<'a> {
    fn read(root: &'a Object) -> Self {
        let mut by_reference = HashMap::new();
        let subject = object(root, "metadata").and_then(|metadata| object(metadata, "component"));
        let mut open: Vec<&Object> = objects(root, "components").chain(subject).collect();
        while let Some(component) = open.pop() {
            if let Some(reference) = text(component, "bom-ref") {
                by_reference.insert(reference, component_of(component));
            }
            open.extend(objects(component, "components"));
        }
        Self { by_reference }
    }

    /// What an `affects` entry names: a component of this document or, by a BOM-Link, of another one whose
    /// references are package URLs, in the versions that are listed.
    fn products(&self, affected: &Object) -> Vec<Product> {
        let Some(reference) = text(affected, "ref") else { return Vec::new() };
        let component = match self.by_reference.get(reference) {
            Some(component) => component.clone(),
            None => Component { identifiers: linked(reference).into_iter().collect() },
        };
        let versions: Vec<&str> = objects(affected, "versions")
            .filter(|version| text(version, "status") != Some("unaffected"))
            .filter_map(|version| text(version, "version"))
            .collect();
        let ranged = objects(affected, "versions").any(|version| text(version, "range").is_some());
        match versions.as_slice() {
            // A range of versions cannot be compared here; to apply the statement to all would hide faults.
            [] if ranged => Vec::new(),
            [] => vec![Product { component, parts: Vec::new() }],
            versions => versions.iter().map(|version| of_version(&component, version)).collect(),
        }
    }
}

/// The same component in one version; other names than package URLs do not say which version they mean.
fn of_version(component: &Component, version: &str) -> Product {
    let identifiers = component.identifiers.iter().filter_map(|identifier| match identifier {
        Identifier::Purl(purl) => {
            let mut purl = purl.clone();
            purl.version = Some(version.to_owned());
            Some(Identifier::Purl(purl))
        }
        _ => None,
    });
    Product { component: Component { identifiers: identifiers.collect() }, parts: Vec::new() }
}

fn component_of(raw: &Object) -> Component {
    let mut identifiers: Vec<Identifier> =
        ["purl", "cpe"].into_iter().filter_map(|key| text(raw, key)).map(Identifier::of).collect();
    let hashes = objects(raw, "hashes").filter_map(|hash| owned(hash, "content"));
    identifiers.extend(hashes.map(Identifier::Hash));
    Component { identifiers }
}

/// `urn:cdx:serial/version#reference`, whose reference is percent-encoded; or a bare package URL.
/// <https://cyclonedx.org/capabilities/bomlink/>
fn linked(reference: &str) -> Option<Identifier> {
    let name = match reference.strip_prefix("urn:cdx:") {
        Some(link) => seawall_model::purl::percent_decoded(link.split_once('#')?.1)?,
        None => reference.to_owned(),
    };
    match Identifier::of(&name) {
        Identifier::Text(_) => None,
        identifier => Some(identifier),
    }
}

#[cfg(test)]
mod tests {
    use crate::identifier::Identifier;
    use crate::read::read;

    #[test]
    fn references_lead_to_components_of_this_document_and_of_others() {
        let document = read(
            "a.json",
            br#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
              "metadata": {"timestamp": "2026-01-01T00:00:00Z", "authors": [{"name": "Example"}]},
              "components": [{"type": "library", "name": "a", "bom-ref": "r1", "purl": "pkg:npm/a@1",
                "components": [{"type": "library", "name": "b", "bom-ref": "r2", "purl": "pkg:npm/b"}]}],
              "vulnerabilities": [
                {"id": "CVE-2026-1", "references": [{"id": "GHSA-1", "source": {"name": "x"}}],
                 "analysis": {"state": "not_affected", "justification": "code_not_reachable"},
                 "affects": [{"ref": "r1"}, {"ref": "r2", "versions": [{"version": "2"}]},
                   {"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg%3Anpm%2Fc%403"}]},
                {"id": "CVE-2026-2", "analysis": {"state": "resolved"},
                 "affects": [{"ref": "r1", "versions": [{"range": "vers:npm/<2"}]}]},
                {"id": "CVE-2026-3"},
                {"id": "CVE-2026-4", "analysis": {"state": "fine"}}]}"#,
        )
        .unwrap();
        let [statement] = document.statements.as_slice() else { panic!("{document:?}") };
        let named: Vec<String> = statement
            .products
            .iter()
            .map(|product| match &product.component.identifiers[..] {
                [Identifier::Purl(purl)] => purl.to_string(),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(named, ["pkg:npm/a@1", "pkg:npm/b@2", "pkg:npm/c@3"]);
        assert_eq!(
            document.problems,
            [
                "CVE-2026-4: the state of its analysis is \"fine\", which is unknown",
                "CVE-2026-2: it names no product that could be compared"
            ]
        );
    }
}
