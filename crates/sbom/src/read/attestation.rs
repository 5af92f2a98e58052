//! The document inside of an attestation: in-toto statements, DSSE envelopes, Sigstore bundles, and the answer of
//! GitHub's dependency graph.
//!
//! Signatures are not looked at: that a bill lies in an envelope says nothing of who signed it.
//!
//! <https://github.com/in-toto/attestation/tree/main/spec/v1>, <https://github.com/secure-systems-lab/dsse>

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::ReadError;

/// Attestations that may stand in one file, one on a line.
const MAX_VALUES: usize = 1000;

/// The places where another document may lie.
#[derive(Deserialize)]
struct Wrapper<'a> {
    /// Of an in-toto statement.
    #[serde(borrow)]
    predicate: Option<&'a RawValue>,
    /// Of a DSSE envelope: base64.
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    /// Of a Sigstore bundle.
    #[serde(rename = "dsseEnvelope", borrow)]
    envelope: Option<&'a RawValue>,
    /// Of GitHub's answer.
    #[serde(borrow)]
    sbom: Option<&'a RawValue>,
    /// Of predicates that older versions of cosign wrote.
    #[serde(rename = "Data", borrow)]
    data: Option<&'a RawValue>,
}

/// The text of the document that lies in this one. Of several attestations the first that is of a bill counts.
pub(super) fn unwrapped(text: &str) -> Result<Cow<'_, str>, ReadError> {
    let values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let mut last = None;
    for value in values.take(MAX_VALUES) {
        let inner = inner(value?.get())?;
        match inner {
            Some(inner) if speaks_of_bill(&inner) => return Ok(inner),
            other => last = other.or(last),
        }
    }
    last.ok_or(ReadError::Unknown)
}

/// Provenance and other attestations beside a bill hold none of these words.
fn speaks_of_bill(text: &str) -> bool {
    ["CycloneDX", "spdxVersion", "SPDXVersion", "seawall-sbom"]
        .iter()
        .any(|word| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some())
}

fn inner(text: &str) -> Result<Option<Cow<'_, str>>, ReadError> {
    let Ok(wrapper) = serde_json::from_str::<Wrapper<'_>>(text) else { return Ok(None) };
    if let Some(payload) = wrapper.payload {
        return payload_of(payload).map(Some);
    }
    let inner =
        [wrapper.predicate, wrapper.envelope, wrapper.sbom, wrapper.data].into_iter().flatten().next();
    let Some(inner) = inner else { return Ok(None) };
    // A document that stands as a text, as a tag-value one must.
    if inner.get().starts_with('"') {
        return Ok(Some(Cow::Owned(serde_json::from_str::<String>(inner.get())?)));
    }
    Ok(Some(Cow::Borrowed(inner.get())))
}

fn payload_of(payload: &RawValue) -> Result<Cow<'static, str>, ReadError> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let text: String = serde_json::from_str(payload.get())?;
    let alphabet = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
    let bytes = GeneralPurpose::new(&alphabet, config)
        .decode(text.trim())
        .map_err(|_| ReadError::Attestation("its payload is no base64"))?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| ReadError::Attestation("its payload is no UTF-8"))
}
