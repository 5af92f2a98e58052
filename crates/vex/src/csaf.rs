//! CSAF 2.0 advisories and VEX documents.
//!
//! <https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html>, sections 3.2.2 (products) and 3.2.3
//! (vulnerabilities).

use std::collections::HashMap;

use crate::fields::{Object, object, objects, owned, text, texts, time};
use crate::identifier::{Component, Identifier};
use crate::read::VexError;
use crate::statement::{Document, Product, Statement, Status};

/// Whether this is a document of this format.
pub(crate) fn is(root: &Object) -> bool {
    object(root, "document").is_some_and(|document| text(document, "csaf_version").is_some())
}

/// The lists of a vulnerability's `product_status`, and what they mean. The rest (`recommended`, …) is advice.
const LISTS: &[(&str, Status)] = &[
    ("known_affected", Status::Affected),
    ("first_affected", Status::Affected),
    ("last_affected", Status::Affected),
    ("under_investigation", Status::UnderInvestigation),
    ("fixed", Status::Fixed),
    ("first_fixed", Status::Fixed),
    ("known_not_affected", Status::NotAffected),
];

/// Reads a document.
pub(crate) fn read(root: &Object) -> Result<Document, VexError> {
    let head = object(root, "document").ok_or(VexError::Unknown)?;
    let version = text(head, "csaf_version").unwrap_or_default();
    if version != "2.0" && version != "2.1" {
        return Err(VexError::Version { format: "CSAF", version: version.to_owned() });
    }
    let tracking = object(head, "tracking");
    let released = tracking.and_then(|tracking| time(tracking, "current_release_date"));
    let products = Products::read(root);
    let mut document = Document {
        source: String::new(),
        format: "CSAF",
        id: tracking.and_then(|tracking| owned(tracking, "id")),
        author: object(head, "publisher").and_then(|publisher| owned(publisher, "name")),
        statements: Vec::new(),
        problems: Vec::new(),
    };
    for raw in objects(root, "vulnerabilities") {
        let vulnerability = Vulnerability::read(raw, &products);
        let lists = object(raw, "product_status");
        for (list, status) in LISTS {
            let named = lists.into_iter().flat_map(|lists| texts(lists, list));
            let stated = vulnerability.statements(named, *status, &products);
            document
                .statements
                .extend(stated.into_iter().map(|statement| Statement { time: released, ..statement }));
        }
    }
    Ok(document)
}

/// What the product tree says of each identifier.
struct Products<'a> {
    components: HashMap<&'a str, Component>,
    /// A product that is one as part of another: who it is, and of what.
    related: HashMap<&'a str, (&'a str, &'a str)>,
    groups: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Products<'a> {
    fn read(root: &'a Object) -> Self {
        let mut products =
            Self { components: HashMap::new(), related: HashMap::new(), groups: HashMap::new() };
        let Some(tree) = object(root, "product_tree") else { return products };
        for product in objects(tree, "full_product_names") {
            products.add(product);
        }
        let mut open: Vec<&Object> = objects(tree, "branches").collect();
        while let Some(branch) = open.pop() {
            if let Some(product) = object(branch, "product") {
                products.add(product);
            }
            open.extend(objects(branch, "branches"));
        }
        for relation in objects(tree, "relationships") {
            let whole = object(relation, "full_product_name").and_then(|name| text(name, "product_id"));
            let part = text(relation, "product_reference");
            let of = text(relation, "relates_to_product_reference");
            if let (Some(whole), Some(part), Some(of)) = (whole, part, of) {
                products.related.insert(whole, (part, of));
            }
        }
        for group in objects(tree, "product_groups") {
            if let Some(id) = text(group, "group_id") {
                products.groups.insert(id, texts(group, "product_ids").collect());
            }
        }
        products
    }

    fn add(&mut self, product: &'a Object) {
        let Some(id) = text(product, "product_id") else { return };
        let mut identifiers = Vec::new();
        if let Some(helper) = object(product, "product_identification_helper") {
            let stated = ["purl", "cpe"].into_iter().filter_map(|key| text(helper, key));
            // 2.1 has lists of them.
            identifiers.extend(stated.chain(texts(helper, "purls")).map(Identifier::of));
            for hash in objects(helper, "hashes").flat_map(|hashes| objects(hashes, "file_hashes")) {
                identifiers.extend(owned(hash, "value").map(Identifier::Hash));
            }
        }
        self.components.insert(id, Component { identifiers });
    }

    fn component(&self, id: &str) -> Component {
        self.components.get(id).cloned().unwrap_or_default()
    }

    /// A product as it stands, or as the part of another one.
    fn product(&self, id: &str) -> Product {
        match self.related.get(id) {
            Some((part, of)) => Product { component: self.component(of), parts: vec![self.component(part)] },
            None => Product { component: self.component(id), parts: Vec::new() },
        }
    }
}

/// What is said of one vulnerability, for each product.
struct Vulnerability<'a> {
    names: Vec<String>,
    /// The label of the justification, by product.
    flags: HashMap<&'a str, &'a str>,
    /// The impact in words, by product; the empty name is every product.
    impacts: HashMap<&'a str, &'a str>,
}

impl<'a> Vulnerability<'a> {
    fn read(raw: &'a Object, products: &Products<'a>) -> Self {
        let ids = objects(raw, "ids").filter_map(|id| text(id, "text"));
        let mut flags = HashMap::new();
        for flag in objects(raw, "flags") {
            let Some(label) = text(flag, "label") else { continue };
            flags.extend(named_products(flag, products).into_iter().map(|id| (id, label)));
        }
        let mut impacts = HashMap::new();
        for threat in objects(raw, "threats").filter(|threat| text(threat, "category") == Some("impact")) {
            let Some(details) = text(threat, "details") else { continue };
            let mut named = named_products(threat, products);
            if named.is_empty() {
                named.push("");
            }
            impacts.extend(named.into_iter().map(|id| (id, details)));
        }
        Self { names: text(raw, "cve").into_iter().chain(ids).map(str::to_owned).collect(), flags, impacts }
    }

    /// One statement for each reason, so that a document on a thousand products stays small.
    fn statements(
        &self,
        named: impl Iterator<Item = &'a str>,
        status: Status,
        products: &Products<'a>,
    ) -> Vec<Statement> {
        let mut by_reason: Vec<(Option<&str>, Option<&str>, Vec<Product>)> = Vec::new();
        let mut position: HashMap<(Option<&str>, Option<&str>), usize> = HashMap::new();
        for id in named {
            let flag = self.flags.get(id).copied();
            let impact = self.impacts.get(id).or_else(|| self.impacts.get("")).copied();
            let at = *position.entry((flag, impact)).or_insert_with(|| {
                by_reason.push((flag, impact, Vec::new()));
                by_reason.len() - 1
            });
            by_reason[at].2.push(products.product(id));
        }
        let statement = |(flag, impact, products): (Option<&str>, Option<&str>, Vec<Product>)| Statement {
            vulnerabilities: self.names.clone(),
            products,
            status,
            justification: flag.map(str::to_owned),
            text: impact.map(str::to_owned),
            time: None,
        };
        by_reason.into_iter().map(statement).collect()
    }
}

/// The products that a flag or a threat is about, by themselves and by their groups.
fn named_products<'a>(raw: &'a Object, products: &Products<'a>) -> Vec<&'a str> {
    let groups = texts(raw, "group_ids").filter_map(|id| products.groups.get(id)).flatten().copied();
    texts(raw, "product_ids").chain(groups).collect()
}

#[cfg(test)]
mod tests {
    use crate::read::read;
    use crate::statement::Status;

    const DOCUMENT: &str = r#"{
      "document": {"category": "csaf_vex", "csaf_version": "2.0", "publisher": {"name": "Example"},
        "tracking": {"id": "X-1", "current_release_date": "2026-03-01T00:00:00Z"}},
      "product_tree": {
        "branches": [{"category": "vendor", "name": "Example", "branches": [
          {"category": "product_name", "name": "OS 9", "product": {"product_id": "os9", "name": "OS 9",
            "product_identification_helper": {"cpe": "cpe:/o:example:os:9"}}},
          {"category": "product_version", "name": "lib", "product": {"product_id": "lib", "name": "lib",
            "product_identification_helper": {"purl": "pkg:rpm/example/lib?arch=src"}}}]}],
        "full_product_names": [{"product_id": "bare", "name": "no helper"}],
        "relationships": [{"category": "default_component_of", "product_reference": "lib",
          "relates_to_product_reference": "os9", "full_product_name": {"product_id": "os9:lib", "name": "x"}}],
        "product_groups": [{"group_id": "g", "product_ids": ["os9:lib"]}]},
      "vulnerabilities": [
        {"cve": "CVE-2026-1", "ids": [{"system_name": "bugs", "text": "4711"}],
         "product_status": {"known_not_affected": ["os9:lib", "bare"], "known_affected": ["os9"]},
         "flags": [{"label": "component_not_present", "group_ids": ["g"]}],
         "threats": [{"category": "impact", "details": "low", "product_ids": ["bare"]}]},
        {"cve": "CVE-2026-2", "product_status": {"known_not_affected": ["os9"]}}]}"#;

    #[test]
    fn products_are_resolved_through_branches_relationships_and_groups() {
        let document = read("a.json", DOCUMENT.as_bytes()).unwrap();
        assert_eq!((document.id.as_deref(), document.author.as_deref()), (Some("X-1"), Some("Example")));
        let shown: Vec<_> = document
            .statements
            .iter()
            .map(|statement| {
                let product = &statement.products[0];
                (
                    statement.vulnerabilities.join(" "),
                    statement.status,
                    statement.justification.as_deref().unwrap_or(""),
                    product.component.identifiers.len(),
                    product.parts.len(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("CVE-2026-1 4711".into(), Status::Affected, "", 1, 0),
                ("CVE-2026-1 4711".into(), Status::NotAffected, "component_not_present", 1, 1),
            ]
        );
        assert_eq!(
            document.problems,
            [
                "CVE-2026-1: it names no product that could be compared",
                "CVE-2026-2: it says not affected without a justification or an impact statement",
            ]
        );
    }
}
