//! The image that another one was built on.

use crate::{Digest, LayerIndex};

/// What is known of the image that an image was built on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseImage {
    /// Its name, where labels or the list of known bases say it: `docker.io/library/debian:12`.
    pub name: Option<String>,
    /// The digest of its manifest, from the same places.
    pub digest: Option<Digest>,
    /// How many layers belong to it, counted from the bottom; `None` where nothing tells.
    pub layers: Option<usize>,
    pub evidence: BaseEvidence,
}

/// How a base was recognised, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BaseEvidence {
    /// Its layers are those of an image in the list of known bases.
    KnownLayers,
    /// The labels `org.opencontainers.image.base.*` name it; where its layers end is read from the history.
    Labels,
    /// The history shows where one build ended and the next began. Only likely.
    History,
}

impl BaseEvidence {
    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KnownLayers => "known-layers",
            Self::Labels => "labels",
            Self::History => "history",
        }
    }
}

impl BaseImage {
    /// Whether a layer belongs to it; `None` where its extent is not known.
    pub fn has_layer(&self, layer: LayerIndex) -> Option<bool> {
        self.layers.map(|layers| layer < layers)
    }
}
