//! Which form a document has, told by its content and never by its name.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use seawall_model::text::utf16;

use super::ReadError;

/// The form of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    CycloneDxJson,
    CycloneDxXml,
    SpdxJson,
    SpdxTagValue,
    SeawallJson,
    /// A document around another one.
    Wrapped,
}

/// The text of a document: as [`seawall_model::text::decoded`], and UTF-16 where zero bytes beside the first sign
/// say so.
pub(super) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [b'{' | b'<' | b'S', 0, ..] => Cow::Owned(utf16(u16::from_le_bytes, bytes)),
        [0, b'{' | b'<' | b'S', ..] => Cow::Owned(utf16(u16::from_be_bytes, bytes)),
        _ => seawall_model::text::decoded(bytes),
    }
}

/// Whether the first bytes of a file (some hundred do) may begin a bill of materials, and no archive.
pub fn looks_like_bill(head: &[u8]) -> bool {
    let text = decoded(head);
    let text = text.trim_start();
    let is_tag_value = || text.lines().any(|line| line.trim_start().starts_with("SPDXVersion:"));
    text.starts_with('{') || text.starts_with('<') || is_tag_value()
}

/// The fields that tell forms apart.
#[derive(Deserialize)]
struct Probe<'a> {
    #[serde(rename = "bomFormat", borrow)]
    bom_format: Option<&'a RawValue>,
    #[serde(rename = "spdxVersion", borrow)]
    spdx_version: Option<&'a RawValue>,
    #[serde(borrow)]
    format: Option<&'a RawValue>,
    #[serde(rename = "@context", borrow)]
    context: Option<&'a RawValue>,
    #[serde(rename = "@graph", borrow)]
    graph: Option<&'a RawValue>,
    #[serde(rename = "specVersion", borrow)]
    spec_version: Option<&'a RawValue>,
    #[serde(borrow)]
    components: Option<&'a RawValue>,
}

/// Tells the form of a text.
pub(super) fn shape(text: &str, max_objects: usize) -> Result<Shape, ReadError> {
    let text = text.trim_start();
    match text.bytes().next() {
        Some(b'{') => json_shape(text, max_objects),
        Some(b'<') => xml_shape(text),
        _ => text_shape(text),
    }
}

fn json_shape(text: &str, max_objects: usize) -> Result<Shape, ReadError> {
    if memchr::memchr_iter(b'{', text.as_bytes()).take(max_objects + 1).count() > max_objects {
        return Err(ReadError::TooLarge { what: "objects", limit: max_objects });
    }
    // Attestations may stand one on a line; only the first is looked at here.
    let first = serde_json::Deserializer::from_str(text).into_iter::<Probe<'_>>().next();
    let probe = match first {
        Some(probe) => probe?,
        None => return Err(ReadError::Unknown),
    };
    let is = |value: Option<&RawValue>, text: &str| {
        value.is_some_and(|value| value.get().trim_matches('"') == text)
    };
    if is(probe.bom_format, "CycloneDX") || (probe.spec_version.is_some() && probe.components.is_some()) {
        return Ok(Shape::CycloneDxJson);
    }
    if probe.spdx_version.is_some() {
        return Ok(Shape::SpdxJson);
    }
    if is(probe.format, "seawall-sbom") {
        return Ok(Shape::SeawallJson);
    }
    if probe.context.is_some_and(|context| context.get().contains("spdx.org/rdf/3")) || probe.graph.is_some()
    {
        return Err(ReadError::Unsupported("SPDX 3"));
    }
    Ok(Shape::Wrapped)
}

fn xml_shape(text: &str) -> Result<Shape, ReadError> {
    // What comes before the root element is short, but for comments.
    let head: String = text.chars().take(16 << 10).collect();
    if head.contains("cyclonedx.org/schema/bom") {
        return Ok(Shape::CycloneDxXml);
    }
    if head.contains("rdf:RDF") || head.contains("spdx.org/rdf") {
        return Err(ReadError::Unsupported("SPDX as RDF"));
    }
    if head.contains("<SoftwareIdentity") {
        return Err(ReadError::Unsupported("a SWID tag"));
    }
    Err(ReadError::Unknown)
}

fn text_shape(text: &str) -> Result<Shape, ReadError> {
    let mut lines = text.lines().take(1000).map(str::trim_start);
    lines
        .find_map(|line| {
            if line.starts_with("SPDXVersion:") {
                Some(Ok(Shape::SpdxTagValue))
            } else if line.trim_start_matches('"').starts_with("spdxVersion") {
                Some(Err(ReadError::Unsupported("SPDX as YAML")))
            } else if line.starts_with("bomFormat:") {
                Some(Err(ReadError::Unsupported("CycloneDX as YAML")))
            } else {
                None
            }
        })
        .unwrap_or(Err(ReadError::Unknown))
}
