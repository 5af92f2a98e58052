//! An image in a directory: the OCI image layout.
//!
//! <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use seawall_model::limits::read_bounded;
use seawall_model::{Digest, Limits};

use crate::blobs::{BlobError, BlobSource, RawManifest, UnverifiedBlob, digest_of};
use crate::image::{BlobImage, ImageError};
use crate::manifest::{Descriptor, ManifestError, ManifestKind, Platform};

/// Which image of a layout, where there are several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// The only one, or the one for the platform.
    Any,
    /// The one whose annotation `org.opencontainers.image.ref.name` is this, or ends in `:` and this.
    Tag(String),
    /// The one of this digest.
    Digest(Digest),
}

/// An OCI layout on disk.
pub struct LayoutDir {
    dir: PathBuf,
    max_manifest_bytes: u64,
    max_layer_bytes: u64,
}

impl LayoutDir {
    /// The image in a layout directory.
    pub fn open(
        dir: &Path,
        pick: &Pick,
        platform: &Platform,
        limits: &Limits,
    ) -> Result<BlobImage<Self>, ImageError> {
        let layout = Self {
            dir: dir.to_owned(),
            max_manifest_bytes: limits.max_manifest_bytes,
            max_layer_bytes: limits.max_layer_bytes,
        };
        let index = dir.join("index.json");
        let bytes = File::open(&index)
            .and_then(|file| read_bounded(file, limits.max_manifest_bytes))
            .map_err(|source| ImageError::Io { what: index.display().to_string(), source })?;
        let root = pick_root(&bytes, pick, |digest| layout.fetch_manifest(digest, None))?;
        BlobImage::open(layout, dir.display().to_string(), root, platform, limits)
    }

    fn blob(&self, digest: &Digest) -> Result<File, BlobError> {
        let path = self.dir.join("blobs/sha256").join(digest.hex());
        File::open(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => BlobError::NotFound(*digest),
            _ => BlobError::Io { digest: *digest, source },
        })
    }
}

/// The manifest or index that `index.json` leads to.
pub(crate) fn pick_root(
    index: &[u8],
    pick: &Pick,
    fetch: impl Fn(&Digest) -> Result<RawManifest, BlobError>,
) -> Result<RawManifest, ImageError> {
    let whole = || RawManifest { digest: digest_of(index), media_type: None, bytes: index.to_vec() };
    let ManifestKind::Index(entries) = ManifestKind::parse(index)? else { return Ok(whole()) };
    let fetch = |entry: &Descriptor| {
        fetch(&entry.digest).map_err(|source| ImageError::Blob { what: "manifest", source: Box::new(source) })
    };
    match pick {
        Pick::Any => match entries.as_slice() {
            [] => Err(ManifestError::Inconsistent("the layout holds no image".to_owned()).into()),
            // The entry may lack a platform; what it leads to says.
            [only] => fetch(only),
            _ => Ok(whole()),
        },
        Pick::Digest(digest) => match entries.iter().find(|entry| entry.digest == *digest) {
            Some(entry) => fetch(entry),
            None => Err(ImageError::NotFound(format!(
                "the layout has no image {digest}; it has {}",
                names(&entries)
            ))),
        },
        Pick::Tag(tag) => match entries.iter().find(|entry| has_tag(entry, tag)) {
            Some(entry) => fetch(entry),
            None => Err(ImageError::NotFound(format!(
                "the layout has no image tagged {tag:?}; it has {}",
                names(&entries)
            ))),
        },
    }
}

const REF_NAME: &str = "org.opencontainers.image.ref.name";

fn has_tag(entry: &Descriptor, tag: &str) -> bool {
    let names = [entry.annotations.get(REF_NAME), entry.annotations.get("io.containerd.image.name")];
    names
        .into_iter()
        .flatten()
        .any(|name| name == tag || name.strip_suffix(tag).is_some_and(|front| front.ends_with(':')))
}

fn names(entries: &[Descriptor]) -> String {
    let name = |entry: &Descriptor| {
        entry.annotations.get(REF_NAME).cloned().unwrap_or_else(|| entry.digest.to_string())
    };
    let names: Vec<String> = entries.iter().take(20).map(name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

impl BlobSource for LayoutDir {
    fn fetch_manifest(&self, digest: &Digest, _size: Option<u64>) -> Result<RawManifest, BlobError> {
        let bytes = read_bounded(self.blob(digest)?, self.max_manifest_bytes)
            .map_err(|source| BlobError::Io { digest: *digest, source })?;
        RawManifest::verified(digest, bytes)
    }

    fn open_unverified(&self, digest: &Digest, size: Option<u64>) -> Result<UnverifiedBlob<'_>, BlobError> {
        Ok(UnverifiedBlob::new(self.blob(digest)?, digest, size, self.max_layer_bytes))
    }
}
