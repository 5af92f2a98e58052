//! A CycloneDX document as XML. Each function takes a struct apart without a rest, so that a field that is new
//! in the document can't be forgotten here. The order of elements is the schema's.

use std::fmt::Write;

use super::document::{
    Advisory, AffectedVersion, Affects, Analysis, Annotation, Annotator, Component, Composition, Contact,
    Dependency, Document, Evidence, Hash, Identities, Identity, Licence, LicenceChoice, LicenceText,
    Lifecycle, Metadata, Method, Occurrence, Organisation, Property, Rating, Reference, Source, Tools,
    Vulnerability,
};

/// The whole document, ending in a line end.
pub(super) fn text(document: &Document) -> String {
    // The names of schema and format are the name space.
    let Document {
        schema: _,
        bom_format: _,
        spec_version,
        serial_number,
        version,
        metadata,
        components,
        dependencies,
        compositions,
        vulnerabilities,
        annotations,
    } = document;
    let mut xml = Xml { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), depth: 0 };
    let attributes = [
        ("xmlns", Some(format!("http://cyclonedx.org/schema/bom/{}", spec_version.0.as_str()))),
        ("serialNumber", Some(serial_number.clone())),
        ("version", Some(version.to_string())),
    ];
    xml.element("bom", &attributes, |xml| {
        metadata_element(xml, metadata);
        xml.list("components", components, component);
        xml.list("dependencies", dependencies, dependency);
        xml.list("compositions", compositions, composition);
        if let Some(vulnerabilities) = vulnerabilities {
            xml.element("vulnerabilities", &[], |xml| {
                for one in vulnerabilities {
                    vulnerability(xml, one);
                }
            });
        }
        xml.list("annotations", annotations, annotation);
    });
    xml.out
}

struct Xml {
    out: String,
    depth: usize,
}

type Attribute = (&'static str, Option<String>);

impl Xml {
    fn element(&mut self, name: &str, attributes: &[Attribute], content: impl FnOnce(&mut Self)) {
        self.open(name, attributes);
        self.out.push_str(">\n");
        self.depth += 1;
        content(self);
        self.depth -= 1;
        self.indent();
        let _ = writeln!(self.out, "</{name}>");
    }

    fn empty(&mut self, name: &str, attributes: &[Attribute]) {
        self.open(name, attributes);
        self.out.push_str("/>\n");
    }

    fn text(&mut self, name: &str, attributes: &[Attribute], text: &str) {
        self.open(name, attributes);
        self.out.push('>');
        self.escape(text);
        let _ = writeln!(self.out, "</{name}>");
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, &[], text);
        }
    }

    /// Nothing where there is nothing, as in JSON.
    fn list<T>(&mut self, name: &str, items: &[T], item: impl Fn(&mut Self, &T)) {
        if !items.is_empty() {
            self.element(name, &[], |xml| {
                for one in items {
                    item(xml, one);
                }
            });
        }
    }

    fn open(&mut self, name: &str, attributes: &[Attribute]) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            if let Some(value) = value {
                let _ = write!(self.out, " {name}=\"");
                self.escape(value);
                self.out.push('"');
            }
        }
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
    }

    fn escape(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                _ => self.out.push(character),
            }
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "an attribute may be absent; these are not")]
fn owned(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn metadata_element(xml: &mut Xml, metadata: &Metadata) {
    let Metadata {
        timestamp,
        lifecycles,
        tools: Tools { components: tools },
        component: subject,
        properties,
    } = metadata;
    xml.element("metadata", &[], |xml| {
        xml.text("timestamp", &[], timestamp);
        xml.list("lifecycles", lifecycles, |xml, Lifecycle { phase }| {
            xml.element("lifecycle", &[], |xml| xml.text("phase", &[], phase));
        });
        xml.element("tools", &[], |xml| xml.list("components", tools, component));
        component(xml, subject);
        xml.list("properties", properties, property);
    });
}

fn component(xml: &mut Xml, part: &Component) {
    let Component {
        kind,
        bom_ref,
        supplier,
        group,
        name,
        version,
        description,
        scope,
        hashes,
        licenses,
        purl,
        properties,
        components,
        evidence,
    } = part;
    xml.element("component", &[("type", owned(kind)), ("bom-ref", bom_ref.clone())], |xml| {
        if let Some(Organisation { name, contacts }) = supplier {
            xml.element("supplier", &[], |xml| {
                xml.text("name", &[], name);
                for Contact { email } in contacts {
                    xml.element("contact", &[], |xml| xml.text("email", &[], email));
                }
            });
        }
        xml.optional("group", group.as_deref());
        xml.text("name", &[], name);
        xml.optional("version", version.as_deref());
        xml.optional("description", description.as_deref());
        xml.optional("scope", *scope);
        xml.list("hashes", hashes, |xml, Hash { alg, content }| {
            xml.text("hash", &[("alg", owned(alg))], content);
        });
        xml.list("licenses", licenses, licence_choice);
        xml.optional("purl", purl.as_deref());
        xml.list("properties", properties, property);
        xml.list("components", components, component);
        if let Some(evidence) = evidence {
            evidence_element(xml, evidence);
        }
    });
}

fn licence_choice(xml: &mut Xml, choice: &LicenceChoice) {
    match choice {
        LicenceChoice::Expression { expression, acknowledgement } => {
            xml.text("expression", &[("acknowledgement", acknowledgement.map(str::to_owned))], expression);
        }
        LicenceChoice::Licence { license: Licence { id, name, text, acknowledgement } } => {
            xml.element("license", &[("acknowledgement", acknowledgement.map(str::to_owned))], |xml| {
                xml.optional("id", id.as_deref());
                xml.optional("name", name.as_deref());
                xml.optional("text", text.as_ref().map(|LicenceText { content }| content.as_str()));
            });
        }
    }
}

fn evidence_element(xml: &mut Xml, evidence: &Evidence) {
    let Evidence { identity, occurrences } = evidence;
    let (Identities::One(Identity { field, confidence, methods })
    | Identities::Many([Identity { field, confidence, methods }])) = identity;
    xml.element("evidence", &[], |xml| {
        xml.element("identity", &[], |xml| {
            xml.text("field", &[], field);
            xml.text("confidence", &[], &confidence.to_string());
            xml.list("methods", methods, |xml, Method { technique, confidence, value }| {
                xml.element("method", &[], |xml| {
                    xml.text("technique", &[], technique);
                    xml.text("confidence", &[], &confidence.to_string());
                    xml.text("value", &[], value);
                });
            });
        });
        xml.list("occurrences", occurrences, |xml, Occurrence { location, additional_context }| {
            xml.element("occurrence", &[], |xml| {
                xml.text("location", &[], location);
                xml.optional("additionalContext", additional_context.as_deref());
            });
        });
    });
}

fn property(xml: &mut Xml, Property { name, value }: &Property) {
    xml.text("property", &[("name", owned(name))], value);
}

fn dependency(xml: &mut Xml, Dependency { reference, depends_on }: &Dependency) {
    let attributes = [("ref", owned(reference))];
    if depends_on.is_empty() {
        return xml.empty("dependency", &attributes);
    }
    xml.element("dependency", &attributes, |xml| {
        for needed in depends_on {
            xml.empty("dependency", &[("ref", owned(needed))]);
        }
    });
}

fn composition(xml: &mut Xml, Composition { aggregate, assemblies, dependencies }: &Composition) {
    xml.element("composition", &[], |xml| {
        xml.text("aggregate", &[], aggregate);
        xml.list("assemblies", assemblies, |xml, name| xml.empty("assembly", &[("ref", owned(name))]));
        xml.list("dependencies", dependencies, |xml, name| xml.empty("dependency", &[("ref", owned(name))]));
    });
}

fn annotation(xml: &mut Xml, annotation: &Annotation) {
    let Annotation { bom_ref, subjects, annotator: Annotator { component: by }, timestamp, text } =
        annotation;
    xml.element("annotation", &[("bom-ref", owned(bom_ref))], |xml| {
        xml.list("subjects", subjects, |xml, name| xml.empty("subject", &[("ref", owned(name))]));
        xml.element("annotator", &[], |xml| component(xml, by));
        xml.text("timestamp", &[], timestamp);
        xml.text("text", &[], text);
    });
}

fn vulnerability(xml: &mut Xml, vulnerability: &Vulnerability) {
    let Vulnerability {
        bom_ref,
        id,
        source: keeper,
        references,
        ratings,
        description,
        recommendation,
        advisories,
        published,
        updated,
        analysis,
        affects,
        properties,
    } = vulnerability;
    xml.element("vulnerability", &[("bom-ref", owned(bom_ref))], |xml| {
        xml.text("id", &[], id);
        source(xml, keeper);
        xml.list("references", references, |xml, Reference { id, source: keeper }| {
            xml.element("reference", &[], |xml| {
                xml.text("id", &[], id);
                source(xml, keeper);
            });
        });
        xml.list("ratings", ratings, rating);
        xml.optional("description", description.as_deref());
        xml.optional("recommendation", recommendation.as_deref());
        xml.list("advisories", advisories, |xml, Advisory { title, url }| {
            xml.element("advisory", &[], |xml| {
                xml.optional("title", title.as_deref());
                xml.text("url", &[], url);
            });
        });
        xml.optional("published", published.as_deref());
        xml.optional("updated", updated.as_deref());
        if let Some(Analysis { state, justification, responses, detail }) = analysis {
            xml.element("analysis", &[], |xml| {
                xml.optional("state", *state);
                xml.optional("justification", *justification);
                xml.list("responses", responses, |xml, response| xml.text("response", &[], response));
                xml.text("detail", &[], detail);
            });
        }
        xml.list("affects", affects, |xml, Affects { reference, versions }| {
            xml.element("target", &[], |xml| {
                xml.text("ref", &[], reference);
                xml.list("versions", versions, |xml, AffectedVersion { version, status }| {
                    xml.element("version", &[], |xml| {
                        xml.text("version", &[], version);
                        xml.text("status", &[], status);
                    });
                });
            });
        });
        xml.list("properties", properties, property);
    });
}

fn source(xml: &mut Xml, Source { name, url }: &Source) {
    xml.element("source", &[], |xml| {
        xml.text("name", &[], name);
        xml.optional("url", url.as_deref());
    });
}

fn rating(xml: &mut Xml, rating: &Rating) {
    let Rating { source: keeper, score, severity, method, vector } = rating;
    xml.element("rating", &[], |xml| {
        source(xml, keeper);
        xml.optional("score", score.map(|score| score.to_string()).as_deref());
        xml.text("severity", &[], severity);
        xml.optional("method", *method);
        xml.optional("vector", vector.as_deref());
    });
}
