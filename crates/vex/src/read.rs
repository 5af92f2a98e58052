//! From bytes to a document: which format it is shows in its first keys.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::statement::{Document, Statement};
use crate::{csaf, cyclonedx, openvex};

/// Why bytes are no VEX document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VexError {
    /// They are no JSON, or nested too deeply.
    #[error("it is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of another kind.
    #[error(
        "it is no VEX document: OpenVEX has an @context of openvex.dev, CSAF a document.csaf_version, CycloneDX a bomFormat"
    )]
    Unknown,
    /// A version of a format that is not understood.
    #[error("{format} {version} is not supported")]
    Version { format: &'static str, version: String },
}

/// Problems of one document that are told apart.
const MAX_PROBLEMS: usize = 100;

/// Reads a document of any of the three formats. `source` says where it came from, for people.
///
/// The caller bounds the number of bytes; memory is a small multiple of it.
///
/// # Errors
/// See [`VexError`]. A single statement that can't be used is a problem of the document.
pub fn read(source: &str, bytes: &[u8]) -> Result<Document, VexError> {
    // Some editors begin a file with a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value: Value = serde_json::from_slice(bytes)?;
    let root = value.as_object().ok_or(VexError::Unknown)?;
    let mut document = if openvex::is(root) {
        openvex::read(root)?
    } else if csaf::is(root) {
        csaf::read(root)?
    } else if cyclonedx::is(root) {
        cyclonedx::read(root)
    } else {
        return Err(VexError::Unknown);
    };
    source.clone_into(&mut document.source);
    refuse_faulty(&mut document);
    Ok(document)
}

/// Takes out the statements that cannot be used, and says so.
fn refuse_faulty(document: &mut Document) {
    let mut faults: BTreeMap<(String, &'static str), usize> = BTreeMap::new();
    document.statements.retain(|statement: &Statement| match statement.fault() {
        None => true,
        Some(fault) => {
            let name = statement.vulnerabilities.first().cloned().unwrap_or_else(|| "a statement".to_owned());
            *faults.entry((name, fault)).or_default() += 1;
            false
        }
    });
    document.problems.extend(faults.into_iter().map(|((name, fault), count)| match count {
        1 => format!("{name}: {fault}"),
        _ => format!("{name}: {fault} ({count} times)"),
    }));
    if document.problems.len() > MAX_PROBLEMS {
        let more = document.problems.len() - MAX_PROBLEMS;
        document.problems.truncate(MAX_PROBLEMS);
        document.problems.push(format!("{more} more problems"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_vex_is_refused_with_what_it_should_be() {
        for text in ["", "[]", "{}", "{\"bomFormat\": 3}", "nonsense", "{\"document\": {}}"] {
            assert!(read("x", text.as_bytes()).is_err(), "{text:?}");
        }
        let deep = "[".repeat(100_000);
        assert!(matches!(read("x", deep.as_bytes()), Err(VexError::Json(_))));
    }
}
