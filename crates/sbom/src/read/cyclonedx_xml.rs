//! CycloneDX 1.2 to 1.7 as XML, brought into the structs of the JSON form.
//!
//! Namespaces are left aside, document types are not read, and of entities only the five of XML itself and
//! characters by number are known: nothing expands.
//!
//! <https://cyclonedx.org/docs/1.7/xml/>

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::ReadError;
use super::cyclonedx::{
    Annotation, Bom, Component, Composition, Contact, Dependency, Evidence, Hash, Licence, LicenceChoice,
    Metadata, Occurrence, Organisation, Property, Tools,
};

/// Elements that are read; what lies in others is passed over.
const KNOWN: &[&str] = &[
    "aggregate",
    "annotation",
    "annotations",
    "bom",
    "component",
    "components",
    "composition",
    "compositions",
    "contact",
    "dependencies",
    "dependency",
    "description",
    "email",
    "evidence",
    "expression",
    "group",
    "hash",
    "hashes",
    "id",
    "license",
    "licenses",
    "location",
    "metadata",
    "name",
    "occurrence",
    "occurrences",
    "properties",
    "property",
    "publisher",
    "purl",
    "scope",
    "supplier",
    "text",
    "timestamp",
    "tool",
    "tools",
    "version",
];

/// Attributes that are read.
const ATTRIBUTES: &[&str] = &["alg", "bom-ref", "name", "ref", "type", "xmlns"];

/// An element with what is known in it.
#[derive(Debug, Default)]
struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    text: String,
    children: Vec<Element>,
}

/// Reads a document of at most so many elements, nested at most so deep.
pub(super) fn read(text: &str, max_elements: usize, max_nesting: usize) -> Result<Bom, ReadError> {
    let root = tree(text, max_elements, max_nesting)?;
    if root.name != "bom" {
        return Err(ReadError::Unknown);
    }
    let name_space = root.attribute("xmlns").unwrap_or_default();
    Ok(Bom {
        spec_version: name_space.rsplit('/').next().map(str::to_owned),
        metadata: root.child("metadata").map(metadata).unwrap_or_default(),
        components: root.list("components", "component", component),
        dependencies: root.list("dependencies", "dependency", dependency),
        compositions: root
            .list("compositions", "composition", |one| Composition { aggregate: one.text_of("aggregate") }),
        annotations: root.list("annotations", "annotation", |one| Annotation {
            bom_ref: one.owned("bom-ref"),
            text: one.text_of("text"),
        }),
    })
}

fn tree(text: &str, max_elements: usize, max_nesting: usize) -> Result<Element, ReadError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    // The elements that are open, the outermost first; it starts with one that holds the root.
    let mut open = vec![Element::default()];
    let mut count = 0;
    // How deep the reader is in what nobody wants.
    let mut skipped = 0_usize;
    loop {
        match reader.read_event().map_err(|error| ReadError::Xml(error.to_string()))? {
            Event::Start(start) => {
                count += 1;
                if count > max_elements {
                    return Err(ReadError::TooLarge { what: "elements", limit: max_elements });
                }
                if open.len() + skipped > max_nesting {
                    return Err(ReadError::TooLarge { what: "nested elements", limit: max_nesting });
                }
                match element(&start) {
                    Some(element) if skipped == 0 => open.push(element),
                    _ => skipped += 1,
                }
            }
            Event::End(_) if skipped > 0 => skipped -= 1,
            Event::End(_) => close(&mut open),
            Event::Text(text) if skipped == 0 => add(&mut open, &text),
            Event::CData(text) if skipped == 0 => add(&mut open, &text),
            Event::GeneralRef(reference) if skipped == 0 => match reference.resolve_char_ref() {
                Ok(Some(character)) => add(&mut open, character.encode_utf8(&mut [0; 4])),
                _ => add(&mut open, predefined_entity(&reference)),
            },
            Event::Eof => break,
            _ => {}
        }
    }
    if open.len() > 1 || skipped > 0 {
        return Err(ReadError::Xml("the document ends inside of an element".to_owned()));
    }
    let root = open.pop().and_then(|mut outside| outside.children.pop());
    root.ok_or(ReadError::Unknown)
}

/// Nothing but the five entities that XML itself defines is known; others fall away.
fn predefined_entity(reference: &BytesRef<'_>) -> &'static str {
    match &**reference {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "apos" => "'",
        "quot" => "\"",
        _ => "",
    }
}

fn close(open: &mut Vec<Element>) {
    if open.len() > 1
        && let Some(done) = open.pop()
        && let Some(parent) = open.last_mut()
    {
        parent.children.push(done);
    }
}

fn add(open: &mut [Element], text: &str) {
    // What stands between elements is white space, and there is much of it.
    if let Some(last) = open.last_mut()
        && !(last.text.is_empty() && text.trim_start().is_empty())
    {
        last.text.push_str(text);
    }
}

fn element(start: &BytesStart<'_>) -> Option<Element> {
    let local = start.local_name();
    let name = KNOWN.iter().find(|known| **known == local.as_ref())?;
    let mut element = Element { name, ..Element::default() };
    for attribute in start.attributes().filter_map(Result::ok) {
        let key = attribute.key.as_ref();
        // The root may give its namespace a prefix.
        let key = if key.starts_with("xmlns:") { "xmlns" } else { key };
        let Some(known) = ATTRIBUTES.iter().find(|known| **known == key) else { continue };
        let Ok(value) = attribute.normalized_value(XmlVersion::Explicit1_0) else { continue };
        if *known != "xmlns" || value.contains("cyclonedx.org/schema/bom") {
            element.attributes.push((known, value.into_owned()));
        }
    }
    Some(element)
}

impl Element {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn owned(&self, attribute: &str) -> Option<String> {
        self.attribute(attribute).map(str::to_owned)
    }

    fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    fn own_text(&self) -> Option<String> {
        Some(self.text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn text_of(&self, name: &str) -> Option<String> {
        self.child(name)?.own_text()
    }

    /// The entries of a list element.
    fn list<T>(&self, name: &str, entry: &str, read: impl Fn(&Self) -> T) -> Vec<T> {
        let entries = self.child(name).map(|list| list.children.as_slice()).unwrap_or_default();
        entries.iter().filter(|child| child.name == entry).map(read).collect()
    }
}

fn metadata(element: &Element) -> Metadata {
    let tools = element.child("tools");
    let old = tools.map(|tools| tools.children.iter().filter(|child| child.name == "tool").map(tool));
    let new = tools.map(|tools| tools.list("components", "component", tool));
    Metadata {
        timestamp: element.text_of("timestamp"),
        tools: old.into_iter().flatten().chain(new.into_iter().flatten()).collect(),
        component: element.child("component").map(component).into_iter().collect(),
    }
}

fn tool(element: &Element) -> Tools {
    Tools { name: element.text_of("name"), version: element.text_of("version"), components: Vec::new() }
}

fn component(element: &Element) -> Component {
    let evidence = element.child("evidence");
    Component {
        kind: element.owned("type"),
        bom_ref: element.owned("bom-ref"),
        supplier: element.child("supplier").map(organisation).unwrap_or_default(),
        publisher: element.text_of("publisher"),
        group: element.text_of("group"),
        name: element.text_of("name"),
        version: element.text_of("version"),
        description: element.text_of("description"),
        scope: element.text_of("scope"),
        hashes: element
            .list("hashes", "hash", |hash| Hash { alg: hash.owned("alg"), content: hash.own_text() }),
        licenses: element
            .child("licenses")
            .map(|list| list.children.iter().map(licence).collect())
            .unwrap_or_default(),
        purl: element.text_of("purl"),
        properties: element.list("properties", "property", |property| Property {
            name: property.owned("name"),
            value: property.own_text(),
        }),
        evidence: Evidence {
            occurrences: evidence
                .map(|evidence| {
                    evidence.list("occurrences", "occurrence", |one| Occurrence {
                        location: one.text_of("location"),
                    })
                })
                .unwrap_or_default(),
        },
        components: element.list("components", "component", component),
    }
}

fn organisation(element: &Element) -> Organisation {
    let contact = |contact: &Element| Contact { email: contact.text_of("email") };
    Organisation {
        name: element.text_of("name"),
        contact: element.children.iter().filter(|child| child.name == "contact").map(contact).collect(),
    }
}

fn licence(element: &Element) -> LicenceChoice {
    if element.name == "expression" {
        return LicenceChoice { expression: element.own_text(), ..LicenceChoice::default() };
    }
    LicenceChoice {
        license: Licence { id: element.text_of("id"), name: element.text_of("name") },
        expression: None,
    }
}

fn dependency(element: &Element) -> Dependency {
    let needed = element.children.iter().filter(|child| child.name == "dependency");
    Dependency {
        reference: element.owned("ref"),
        depends_on: needed.filter_map(|child| child.owned("ref")).collect(),
    }
}
