//! OpenVEX 0.2.0 and the older forms still in use.
//!
//! <https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>

use serde_json::Value;

use crate::fields::{Object, object, objects, owned, text, texts, time};
use crate::identifier::{Component, Identifier};
use crate::read::VexError;
use crate::statement::{Document, Product, Statement, Status};

/// Whether this is a document of this format.
pub(crate) fn is(root: &Object) -> bool {
    text(root, "@context").is_some_and(|context| context.contains("openvex.dev/"))
}

/// Reads a document.
pub(crate) fn read(root: &Object) -> Result<Document, VexError> {
    let context = text(root, "@context").unwrap_or_default();
    let version = context.rsplit("/ns").next().unwrap_or_default().trim_matches('/');
    // The first form had no version in its context, and names where objects are now.
    if !matches!(version, "" | "v0.0.1" | "v0.2.0") {
        return Err(VexError::Version { format: "OpenVEX", version: version.to_owned() });
    }
    let mut document = Document {
        source: String::new(),
        format: "OpenVEX",
        id: owned(root, "@id"),
        author: owned(root, "author"),
        statements: Vec::new(),
        problems: Vec::new(),
    };
    let default_time = time(root, "last_updated").or_else(|| time(root, "timestamp"));
    for raw in objects(root, "statements") {
        let vulnerabilities = vulnerabilities(raw);
        let name = vulnerabilities.first().cloned().unwrap_or_else(|| "a statement".to_owned());
        let Some(status) = text(raw, "status").and_then(status) else {
            let word = text(raw, "status").unwrap_or("missing");
            document.problems.push(format!("{name}: its status is {word:?}, which OpenVEX does not know"));
            continue;
        };
        document.statements.push(Statement {
            vulnerabilities,
            products: raw
                .get("products")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(product)
                .collect(),
            status,
            justification: owned(raw, "justification"),
            text: owned(raw, "impact_statement")
                .or_else(|| owned(raw, "action_statement"))
                .or_else(|| owned(raw, "status_notes")),
            time: time(raw, "last_updated").or_else(|| time(raw, "timestamp")).or(default_time),
        });
    }
    Ok(document)
}

fn status(word: &str) -> Option<Status> {
    Some(match word {
        "affected" => Status::Affected,
        "not_affected" => Status::NotAffected,
        "fixed" => Status::Fixed,
        "under_investigation" => Status::UnderInvestigation,
        _ => return None,
    })
}

/// A name in the older form; an object with names since.
fn vulnerabilities(statement: &Object) -> Vec<String> {
    match statement.get("vulnerability") {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Object(vulnerability)) => {
            let name = text(vulnerability, "name").or_else(|| text(vulnerability, "@id"));
            name.into_iter().chain(texts(vulnerability, "aliases")).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

fn product(value: &Value) -> Product {
    let parts = value.get("subcomponents").and_then(Value::as_array);
    Product { component: component(value), parts: parts.into_iter().flatten().map(component).collect() }
}

/// A name in the older form; an object with identifiers and hashes since.
fn component(value: &Value) -> Component {
    let Value::Object(raw) = value else {
        return value.as_str().map(Component::named).unwrap_or_default();
    };
    let mut identifiers: Vec<Identifier> = text(raw, "@id").map(Identifier::of).into_iter().collect();
    for stated in object(raw, "identifiers").into_iter().flat_map(|map| map.values()) {
        identifiers.extend(stated.as_str().map(Identifier::of));
    }
    for hash in object(raw, "hashes").into_iter().flat_map(|map| map.values()) {
        identifiers.extend(hash.as_str().map(|hex| Identifier::Hash(hex.to_owned())));
    }
    Component { identifiers }
}

#[cfg(test)]
mod tests {
    use crate::read::read;

    const DOCUMENT: &str = r#"{
      "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex/1", "author": "Example",
      "timestamp": "2026-01-02T03:04:05Z", "version": 1,
      "statements": [
        {"vulnerability": {"name": "CVE-2026-1", "aliases": ["GHSA-1"]}, "status": "not_affected",
         "justification": "vulnerable_code_not_present", "timestamp": "2026-02-02T00:00:00Z",
         "products": [{"@id": "pkg:oci/app@sha256%3Aab", "identifiers": {"cpe23": "cpe:2.3:a:x:y:1"},
                       "hashes": {"sha-256": "ab"}, "subcomponents": [{"@id": "pkg:npm/a@1"}]}]},
        {"vulnerability": "CVE-2026-2", "status": "fixed", "products": ["pkg:npm/b@2"]},
        {"vulnerability": "CVE-2026-3", "status": "not_affected", "products": ["pkg:npm/b@2"]},
        {"vulnerability": "CVE-2026-4", "status": "harmless", "products": ["pkg:npm/b@2"]},
        {"vulnerability": {"name": "CVE-2026-5"}, "status": "fixed", "products": []},
        {"status": "fixed", "products": ["pkg:npm/b@2"]},
        "nonsense"
      ]}"#;

    #[test]
    fn statements_of_both_forms_are_read_and_faulty_ones_are_named() {
        let document = read("a.json", DOCUMENT.as_bytes()).unwrap();
        assert_eq!((document.format, document.author.as_deref()), ("OpenVEX", Some("Example")));
        let first = &document.statements[0];
        assert_eq!(first.vulnerabilities, ["CVE-2026-1", "GHSA-1"]);
        assert_eq!(first.time.unwrap().date(), "2026-02-02");
        assert_eq!((first.products[0].component.identifiers.len(), first.products[0].parts.len()), (3, 1));
        let second = &document.statements[1];
        assert_eq!(
            (second.vulnerabilities[0].as_str(), second.time.unwrap().date()),
            ("CVE-2026-2", "2026-01-02".into())
        );
        assert_eq!(document.statements.len(), 2);
        assert_eq!(
            document.problems,
            [
                "CVE-2026-4: its status is \"harmless\", which OpenVEX does not know",
                "CVE-2026-3: it says not affected without a justification or an impact statement",
                "CVE-2026-5: it names no product that could be compared",
                "a statement: it names no vulnerability",
            ]
        );
    }

    #[test]
    fn a_later_version_is_refused() {
        let text = DOCUMENT.replace("v0.2.0", "v9.0.0");
        assert_eq!(read("a", text.as_bytes()).unwrap_err().to_string(), "OpenVEX v9.0.0 is not supported");
    }
}
