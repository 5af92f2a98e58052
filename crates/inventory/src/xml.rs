//! XML as a stream of elements with their way from the root: enough for lists of packages.
//!
//! Namespaces are left aside, document types are not read, and of entities only the five that XML itself
//! defines and characters by number are known: nothing expands.
//! <https://www.w3.org/TR/xml/>

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use seawall_model::ProblemKind;
use seawall_model::text::decoded;

use crate::cataloger::{Found, SourceFile};

/// Walks a claimed file. What breaks the syntax becomes a problem of it; what was visited before counts.
pub(crate) fn walk_file(file: &SourceFile<'_>, found: &mut Found<'_>, visit: impl FnMut(&str, Node<'_>)) {
    let bytes = match file.bytes() {
        Ok(bytes) => bytes,
        Err(error) => return found.read_problem(&error),
    };
    if let Err(error) = walk(&decoded(&bytes), file.limits.max_nesting, visit) {
        found.problem(ProblemKind::Malformed, error.to_string());
    }
}

/// What a walk meets.
pub(crate) enum Node<'a> {
    /// An element begins; its attributes by local name.
    Start(Attributes<'a>),
    /// An element ends; the text that stood directly in it, trimmed.
    End(&'a str),
}

/// The attributes of one element.
pub(crate) struct Attributes<'a>(&'a BytesStart<'a>);

impl Attributes<'_> {
    /// The value of the attribute of this local name, in any case of letters.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let attribute = self
            .0
            .attributes()
            .filter_map(Result::ok)
            .find(|attribute| attribute.key.local_name().as_ref().eq_ignore_ascii_case(name))?;
        attribute.normalized_value(XmlVersion::Explicit1_0).ok().map(|value| value.trim().to_owned())
    }
}

/// Why a document could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum XmlError {
    #[error("not the expected XML: {0}")]
    Syntax(#[from] quick_xml::Error),
    #[error("elements nested deeper than {0}")]
    TooDeep(usize),
    #[error("the document ends inside of {0:?}")]
    Truncated(String),
    #[error("there is no element in it")]
    Empty,
}

/// Walks a document. `visit` gets the local names from the root down to the element, joined by `/`.
pub(crate) fn walk(
    text: &str,
    max_nesting: usize,
    mut visit: impl FnMut(&str, Node<'_>),
) -> Result<(), XmlError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut walk = Walk { path: String::new(), texts: Vec::new(), max_nesting };
    let mut is_empty = true;
    loop {
        match reader.read_event()? {
            Event::Start(start) => {
                is_empty = false;
                walk.enter(start.local_name().as_ref())?;
                visit(&walk.path, Node::Start(Attributes(&start)));
            }
            Event::End(_) => {
                let text = walk.texts.pop().unwrap_or_default();
                visit(&walk.path, Node::End(text.trim()));
                walk.leave();
            }
            Event::Text(text) => walk.add(&text),
            Event::CData(text) => walk.add(&text),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(character)) => walk.add(character.encode_utf8(&mut [0; 4])),
                _ => walk.add(predefined_entity(&reference)),
            },
            Event::Eof if is_empty => return Err(XmlError::Empty),
            Event::Eof if walk.texts.is_empty() => return Ok(()),
            Event::Eof => return Err(XmlError::Truncated(walk.path)),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

/// Where a walk stands.
struct Walk {
    path: String,
    texts: Vec<String>,
    max_nesting: usize,
}

impl Walk {
    fn enter(&mut self, name: &str) -> Result<(), XmlError> {
        if self.texts.len() >= self.max_nesting {
            return Err(XmlError::TooDeep(self.max_nesting));
        }
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(name);
        self.texts.push(String::new());
        Ok(())
    }

    fn leave(&mut self) {
        self.path.truncate(self.path.rfind('/').unwrap_or(0));
    }

    fn add(&mut self, text: &str) {
        if let Some(last) = self.texts.last_mut() {
            last.push_str(text);
        }
    }
}

fn predefined_entity(name: &str) -> &'static str {
    match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "apos" => "'",
        "quot" => "\"",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    fn seen(text: &str) -> String {
        let mut seen = String::new();
        let result = walk(text, 4, |path, node| match node {
            Node::Start(attributes) => {
                if let Some(id) = attributes.get("id") {
                    write!(seen, "{path}[{id}] ").unwrap();
                }
            }
            Node::End(text) => write!(seen, "{path}={text} ").unwrap(),
        });
        if let Err(error) = result {
            write!(seen, "! {error}").unwrap();
        }
        seen
    }

    #[test]
    fn elements_come_with_their_path_and_text() {
        assert_eq!(seen("<a><m:b id='1'>x &lt;&#65;<!-- -->y</m:b><c/></a>"), "a/b[1] a/b=x <Ay a/c= a= ");
    }

    #[test]
    fn entities_of_a_document_type_do_not_expand() {
        assert_eq!(seen("<!DOCTYPE a [<!ENTITY e 'lol'>]><a>&e;&e;</a>"), "a= ");
        assert_eq!(seen("<!DOCTYPE a [<!ENTITY e 'lol'>]><a><b id='&e;'/></a>"), "a/b= a= ");
    }

    #[test]
    fn what_is_broken_or_too_deep_is_an_error() {
        assert!(seen("<a><b>").contains("! the document ends inside"));
        assert!(seen("<a><b><c><d><e/></d></c></b></a>").ends_with("! elements nested deeper than 4"));
        assert!(seen("<a></b>").contains("! not the expected XML"));
        assert!(seen("").ends_with("! there is no element in it"));
        assert!(seen("name: yaml").ends_with("! there is no element in it"));
    }
}
