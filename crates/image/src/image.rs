//! One image, wherever it lies: what its manifest and configuration say, and how its layers are opened.

use seawall_model::{Digest, LayerIndex, Limits, Problem, ProblemKind};

use crate::blobs::{BlobError, BlobSource, RawManifest, UnverifiedBlob};
use crate::manifest::{ImageConfig, ImageManifest, ManifestError, ManifestKind, Platform, choose};

/// What is known of an image before any layer is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageDescription {
    /// As the user or the source names it.
    pub name: String,
    /// The digest of the manifest; `None` where the source has none, as Docker's older archives.
    pub manifest_digest: Option<Digest>,
    /// The digest of the configuration: Docker's image ID.
    pub config_digest: Digest,
    pub config: ImageConfig,
    /// The configuration's bytes as they came.
    pub config_bytes: Vec<u8>,
    /// Base first; as many as `config.diff_ids`.
    pub layers: Vec<LayerDescription>,
}

/// A layer as the manifest describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerDescription {
    /// Digest and size of the blob; `None` where the source has no blobs, only tars.
    pub blob: Option<(Digest, u64)>,
    /// The digest of the uncompressed tar, as the configuration says.
    pub diff_id: Digest,
    /// Where a layer that may not be distributed is to be had; empty for any other.
    pub urls: Vec<String>,
}

impl LayerDescription {
    /// What contradicts the promise, where these are the digests of the bytes that were read.
    pub(crate) fn wrong_digests(&self, blob: &Digest, diff_id: &Digest) -> Vec<Problem> {
        let promised_blob = self.blob.map(|(digest, _)| ("its blob", digest, *blob));
        let pairs = [promised_blob, Some(("its uncompressed tar", self.diff_id, *diff_id))];
        let wrong = pairs.into_iter().flatten().filter(|(_, promised, actual)| promised != actual);
        wrong
            .map(|(what, promised, actual)| {
                let message =
                    format!("{what} has the digest {actual} instead of {promised}: damaged or tampered with");
                Problem::general(ProblemKind::LayerUnreadable, message)
            })
            .collect()
    }
}

/// Why an image cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// There is no such image in the source.
    #[error("{0}")]
    NotFound(String),
    /// A manifest, index or configuration is unusable.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A manifest or configuration could not be had.
    #[error("can't read the {what} of the image")]
    Blob { what: &'static str, source: Box<BlobError> },
    /// The file or directory is not an image of the kind that was asked for.
    #[error("{0}")]
    NotAnImage(String),
    /// The operating system did not let us read it.
    #[error("can't read {what}")]
    Io { what: String, source: std::io::Error },
}

/// An image whose layers can be opened, by several threads at once.
pub trait ImageSource: Sync {
    fn image(&self) -> &ImageDescription;

    /// The bytes of a layer as they are stored, compressed or not. The pass over the layer verifies them.
    fn open_layer(&self, layer: LayerIndex) -> Result<UnverifiedBlob<'_>, ImageError>;
}

/// An image whose content is addressed by digest.
pub struct BlobImage<S> {
    source: S,
    description: ImageDescription,
}

/// How many indexes may lie in each other.
const MAX_INDEX_DEPTH: usize = 4;

impl<S: BlobSource> BlobImage<S> {
    /// Reads manifest and configuration of the image that `root` leads to: a manifest, or an index of which
    /// the entry for the platform is taken.
    pub fn open(
        source: S,
        name: String,
        root: RawManifest,
        platform: &Platform,
        limits: &Limits,
    ) -> Result<Self, ImageError> {
        let (manifest, manifest_digest) = Self::resolve(&source, root, platform)?;
        if manifest.layers.len() > limits.max_layers {
            let message =
                format!("{} layers, more than the limit of {}", manifest.layers.len(), limits.max_layers);
            return Err(ManifestError::Inconsistent(message).into());
        }
        let config_digest = manifest.config.digest;
        let config_bytes = read_config(&source, &manifest, limits)?;
        let config = ImageConfig::parse(&config_bytes)?;
        let layers = layers_of(&manifest, &config)?;
        let manifest_digest = Some(manifest_digest);
        let description =
            ImageDescription { name, manifest_digest, config_digest, config, config_bytes, layers };
        Ok(Self { source, description })
    }

    fn resolve(
        source: &S,
        root: RawManifest,
        platform: &Platform,
    ) -> Result<(ImageManifest, Digest), ImageError> {
        let mut current = root;
        for _ in 0..MAX_INDEX_DEPTH {
            match ManifestKind::parse(&current.bytes)? {
                ManifestKind::Image(manifest) => return Ok((*manifest, current.digest)),
                ManifestKind::Index(entries) => {
                    let entry = choose(&entries, platform)?;
                    current = source
                        .fetch_manifest(&entry.digest, Some(entry.size).filter(|size| *size > 0))
                        .map_err(|source| ImageError::Blob { what: "manifest", source: Box::new(source) })?;
                }
            }
        }
        Err(ManifestError::Inconsistent("indexes lie in each other without end".to_owned()).into())
    }
}

fn read_config(
    source: &impl BlobSource,
    manifest: &ImageManifest,
    limits: &Limits,
) -> Result<Vec<u8>, ImageError> {
    let blob = |source| ImageError::Blob { what: "configuration", source: Box::new(source) };
    let size = Some(manifest.config.size).filter(|size| *size > 0);
    let reader = source.open(&manifest.config.digest, size).map_err(blob)?;
    seawall_model::limits::read_bounded(reader, limits.max_manifest_bytes)
        .map_err(|error| blob(BlobError::of_stream(error, &manifest.config.digest)))
}

pub(crate) fn layers_of(
    manifest: &ImageManifest,
    config: &ImageConfig,
) -> Result<Vec<LayerDescription>, ManifestError> {
    if manifest.layers.len() != config.diff_ids.len() {
        return Err(ManifestError::Inconsistent(format!(
            "the manifest lists {} layers and the configuration {}",
            manifest.layers.len(),
            config.diff_ids.len()
        )));
    }
    let layer = |(layer, diff_id): (&crate::manifest::Descriptor, &Digest)| LayerDescription {
        blob: Some((layer.digest, layer.size)),
        diff_id: *diff_id,
        urls: layer.urls.clone(),
    };
    Ok(manifest.layers.iter().zip(&config.diff_ids).map(layer).collect())
}

impl<S: BlobSource> ImageSource for BlobImage<S> {
    fn image(&self) -> &ImageDescription {
        &self.description
    }

    fn open_layer(&self, layer: LayerIndex) -> Result<UnverifiedBlob<'_>, ImageError> {
        let description = self.description.layers.get(layer);
        let (digest, size) = description
            .and_then(|layer| layer.blob)
            .ok_or_else(|| ImageError::NotFound(format!("there is no layer {layer}")))?;
        self.source
            .open_unverified(&digest, Some(size).filter(|size| *size > 0))
            .map_err(|source| ImageError::Blob { what: "layer", source: Box::new(source) })
    }
}
