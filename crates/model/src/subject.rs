//! What is examined, and what names it for good.

use crate::{Digest, Timestamp};

/// What sort of thing was examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectKind {
    /// A container image.
    Image,
    /// An unpacked image, or a host.
    RootFileSystem,
    /// A source tree.
    SourceTree,
    /// A bill of materials, of whatever it describes.
    Sbom,
    /// A list of package URLs.
    PurlList,
}

impl SubjectKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Image, Self::RootFileSystem, Self::SourceTree, Self::Sbom, Self::PurlList];

    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::RootFileSystem => "root-file-system",
            Self::SourceTree => "source-tree",
            Self::Sbom => "sbom",
            Self::PurlList => "purl-list",
        }
    }
}

/// What names an image for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFacts {
    /// `None` where the source has no manifest, as Docker's archives.
    pub manifest_digest: Option<Digest>,
    /// The digest of its configuration.
    pub id: Digest,
    /// `os/architecture[/variant]`.
    pub platform: String,
    pub created: Option<Timestamp>,
    /// The configuration's labels, sorted by key.
    pub labels: Vec<(String, String)>,
}

impl ImageFacts {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

/// One layer of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerLine {
    /// The digest of the uncompressed tar.
    pub diff_id: Digest,
    /// The digest of the blob as it is stored.
    pub blob: Option<Digest>,
    /// The Dockerfile instruction, where the history tells.
    pub instruction: Option<String>,
    /// Bytes of the uncompressed tar.
    pub bytes: u64,
    /// Whether it was not read again because its facts were cached.
    pub from_cache: bool,
}
