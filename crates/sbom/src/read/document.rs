//! What documents of every standard say, in common terms, before anything is made of it.

use seawall_model::{Checksum, ChecksumAlgorithm};

use crate::Tool;

/// A document as far as Seawall uses it.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// `CycloneDX 1.6`, `SPDX-2.3`.
    pub(super) standard: String,
    pub(super) tools: Vec<Tool>,
    pub(super) created: Option<String>,
    pub(super) name: Option<String>,
    /// What the document is about; it is not among the components.
    pub(super) root: Option<Component>,
    /// In the document's order; what is nested stands behind what holds it.
    pub(super) components: Vec<Component>,
    /// Who needs what, by reference.
    pub(super) needs: Vec<(String, String)>,
    /// What the document says is missing in it, one line each.
    pub(super) gaps: Vec<String>,
    /// Components that were left out because there are too many.
    pub(super) left_out: usize,
}

/// One part of what a document describes.
#[derive(Debug, Default, Clone)]
pub(super) struct Component {
    /// By which the document refers to it.
    pub(super) reference: String,
    pub(super) kind: ComponentKind,
    pub(super) group: Option<String>,
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) purl: Option<String>,
    /// `Name <address>`.
    pub(super) supplier: Option<String>,
    pub(super) description: Option<String>,
    pub(super) licences: Vec<String>,
    pub(super) checksums: Vec<Checksum>,
    pub(super) properties: Vec<(String, String)>,
    /// Where the standard's own fields say that it lies.
    pub(super) paths: Vec<String>,
    pub(super) is_development: bool,
    /// The position of the component that holds it.
    pub(super) parent: Option<usize>,
}

impl Component {
    /// The value of a property.
    pub(super) fn property(&self, name: &str) -> Option<&str> {
        let found = self.properties.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The first property of these names that is there.
    pub(super) fn first_property(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.property(name))
    }
}

/// What sort of thing a component is, as far as it matters.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum ComponentKind {
    /// A library, a framework, an application: what may be a package.
    #[default]
    Package,
    OperatingSystem,
    File,
    /// A container, a device, a data set, a key: never a package.
    Other,
}

impl ComponentKind {
    /// CycloneDX's `type` and SPDX's `primaryPackagePurpose`, in any case of letters.
    pub(super) fn of(word: Option<&str>) -> Self {
        let word = word.unwrap_or_default().to_ascii_lowercase().replace('_', "-");
        match word.as_str() {
            "operating-system" => Self::OperatingSystem,
            "file" => Self::File,
            "container"
            | "device"
            | "device-driver"
            | "data"
            | "machine-learning-model"
            | "cryptographic-asset"
            | "firmware" => Self::Other,
            _ => Self::Package,
        }
    }
}

/// A checksum in either standard's spelling of its algorithm: `SHA-256`, `SHA256`.
pub(super) fn checksum(algorithm: &str, hex: &str) -> Option<Checksum> {
    let algorithm = match algorithm.to_ascii_uppercase().replace('-', "").as_str() {
        "MD5" => ChecksumAlgorithm::Md5,
        "SHA1" => ChecksumAlgorithm::Sha1,
        "SHA256" => ChecksumAlgorithm::Sha256,
        "SHA384" => ChecksumAlgorithm::Sha384,
        "SHA512" => ChecksumAlgorithm::Sha512,
        _ => return None,
    };
    Checksum::from_hex(algorithm, hex.trim())
}

/// `syft-1.2.3`, as SPDX writes it, or a name alone.
pub(super) fn tool_of(text: &str) -> Tool {
    let parts = text.rsplit_once('-').filter(|(name, version)| {
        let version = version.strip_prefix('v').unwrap_or(version);
        !name.is_empty() && version.starts_with(|first: char| first.is_ascii_digit())
    });
    match parts {
        Some((name, version)) => Tool { name: name.to_owned(), version: Some(version.to_owned()) },
        None => Tool { name: text.to_owned(), version: None },
    }
}
