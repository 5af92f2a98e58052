//! JSON, YAML and TOML documents as typed values, and plain text: read within the limits of the scan.
//!
//! What breaks the syntax, nests too deep or is too large becomes a problem of the file. XML is in
//! [`crate::xml`].

use std::borrow::Cow;
use std::fmt::Display;

use seawall_model::ProblemKind;
use serde::de::DeserializeOwned;

use crate::cataloger::{Found, SourceFile};

/// The file as a JSON document of this type. `serde_json` itself stops at 128 nested values.
pub(crate) fn json<T: DeserializeOwned>(file: &SourceFile<'_>, found: &mut Found<'_>) -> Option<T> {
    let bytes = bytes(file, found)?;
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    usable("JSON", serde_json::from_slice(bytes), found)
}

/// The file as a YAML document of this type.
pub(crate) fn yaml<T: DeserializeOwned>(file: &SourceFile<'_>, found: &mut Found<'_>) -> Option<T> {
    let bytes = bytes(file, found)?;
    usable("YAML", serde_saphyr::from_slice_with_options(&bytes, yaml_options(file)), found)
}

/// The file as a TOML document of this type. `toml` itself stops at 80 nested values.
pub(crate) fn toml<T: DeserializeOwned>(file: &SourceFile<'_>, found: &mut Found<'_>) -> Option<T> {
    let bytes = bytes(file, found)?;
    usable("TOML", toml::from_slice(&bytes), found)
}

/// The file as text: a byte order mark falls away, bytes that are no UTF-8 become replacement characters.
pub(crate) fn text<'a>(file: &SourceFile<'a>, found: &mut Found<'_>) -> Option<Cow<'a, str>> {
    Some(match bytes(file, found)? {
        Cow::Borrowed(bytes) => decoded(bytes),
        Cow::Owned(bytes) => Cow::Owned(decoded(&bytes).into_owned()),
    })
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The bytes of the file, or a problem.
fn bytes<'a>(file: &SourceFile<'a>, found: &mut Found<'_>) -> Option<Cow<'a, [u8]>> {
    match file.bytes() {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            found.read_problem(&error);
            None
        }
    }
}

/// Text of unknown encoding: UTF-16 where a byte order mark says so, else UTF-8.
pub(crate) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let utf16 = |unit: fn([u8; 2]) -> u16, rest: &[u8]| {
        let units: Vec<u16> = rest.as_chunks().0.iter().map(|pair| unit(*pair)).collect();
        Cow::Owned(String::from_utf16_lossy(&units))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => utf16(u16::from_be_bytes, rest),
        _ => String::from_utf8_lossy(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)),
    }
}

/// Aliases cannot multiply: what they repeat is counted like text that stands there.
fn yaml_options(file: &SourceFile<'_>) -> serde_saphyr::Options {
    let depth = file.limits.max_nesting;
    let values = file.limits.max_packages_per_file.saturating_mul(8);
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: depth,
            flow_nesting_limit: depth,
            max_events: values.saturating_mul(2),
            max_nodes: values,
            max_documents: 1,
        },
        // A version such as 1.10 is text, and `on` and `no` are words.
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
        no_schema: false,
        with_snippet: false,
    }
}

fn usable<T, E: Display>(format: &str, parsed: Result<T, E>, found: &mut Found<'_>) -> Option<T> {
    match parsed {
        Ok(value) => Some(value),
        Err(error) => {
            let error = error.to_string();
            let first_line = error.lines().next().unwrap_or_default();
            found.problem(ProblemKind::Malformed, format!("not the expected {format}: {first_line}"));
            None
        }
    }
}
