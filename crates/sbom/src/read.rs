//! From a bill of materials of any tool to a [`Bill`].
//!
//! Read are CycloneDX 1.2 to 1.7 (JSON and XML), SPDX 2.2 and 2.3 (JSON and tag-value) and Seawall's own form, each
//! recognised by its content, plain or inside of an attestation. SPDX as YAML and RDF, SPDX 3 and SWID are named and
//! not read. A component that can't be used is a problem of the bill, never an error: the document is refused only
//! where nothing of it can be believed.

mod attestation;
mod cyclonedx;
mod cyclonedx_xml;
mod distribution;
mod document;
mod lenient;
mod make;
mod package;
mod purl_list;
mod recognise;
mod spdx;
mod spdx_tag_value;
mod subject;

use seawall_model::Limits;

use crate::Bill;
use crate::native::{self, NativeError};

pub use purl_list::read_purls;
pub use recognise::looks_like_bill;

use recognise::Shape;

/// Objects of one JSON document, or elements of one XML document: a component has about twenty. Beyond it the
/// document is refused, as memory is needed for each.
const MAX_OBJECTS: usize = 4_000_000;

/// Why nothing of a document can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is of no known form.
    #[error("it is no bill of materials: neither CycloneDX nor SPDX nor one of Seawall")]
    Unknown,
    /// A known form that is not read.
    #[error("it is {0}, which is not read; CycloneDX 1.2 to 1.7 and SPDX 2.2 and 2.3 as JSON are")]
    Unsupported(&'static str),
    /// A bound was reached.
    #[error("it has more than {limit} {what}")]
    TooLarge { what: &'static str, limit: usize },
    /// It breaks the syntax of JSON, or names a field twice.
    #[error("it is not the expected JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It breaks the syntax of XML.
    #[error("it is not the expected XML: {0}")]
    Xml(String),
    /// It breaks the syntax of tag-value text.
    #[error("it is not the expected tag-value text: {0}")]
    TagValue(String),
    /// It is damaged, in Seawall's own form.
    #[error(transparent)]
    Native(#[from] NativeError),
    /// What an attestation holds can't be read.
    #[error("the attestation can't be read: {0}")]
    Attestation(&'static str),
}

/// Reads a document. `name` is what the bill is called where the document does not say.
///
/// # Errors
/// See [`ReadError`]. What can't be used of a document that is one is in the bill's problems.
pub fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Bill, ReadError> {
    if bytes.len() as u64 > limits.max_text_bytes {
        let limit = usize::try_from(limits.max_text_bytes).unwrap_or(usize::MAX);
        return Err(ReadError::TooLarge { what: "bytes", limit });
    }
    let text = recognise::decoded(bytes);
    read_text(&text, name, limits, 0)
}

/// Statements in envelopes in bundles; deeper nesting has no use.
const MAX_WRAPPERS: usize = 6;

fn read_text(text: &str, name: &str, limits: &Limits, wrappers: usize) -> Result<Bill, ReadError> {
    let max = limits.max_packages_per_file;
    let document = match recognise::shape(text, MAX_OBJECTS)? {
        Shape::SeawallJson => return Ok(native::read(text.as_bytes())?),
        Shape::Wrapped if wrappers >= MAX_WRAPPERS => {
            return Err(ReadError::Attestation("it is wrapped too often"));
        }
        Shape::Wrapped => {
            let inner = attestation::unwrapped(text)?;
            return read_text(&inner, name, limits, wrappers + 1);
        }
        Shape::CycloneDxJson => serde_json::from_str::<cyclonedx::Bom>(text)?.into_document(max),
        Shape::CycloneDxXml => cyclonedx_xml::read(text, MAX_OBJECTS, limits.max_nesting)?.into_document(max),
        Shape::SpdxJson => serde_json::from_str::<spdx::Spdx>(text)?.into_document(max),
        Shape::SpdxTagValue => spdx_tag_value::read(text)?.into_document(max),
    };
    Ok(make::bill(document, name))
}
