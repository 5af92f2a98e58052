//! An image in one file: `docker save`'s archive, and an OCI layout in a tar archive.
//!
//! An uncompressed archive is indexed by one walk over its headers and then read at any place by several
//! threads. A compressed one is no random access: it is read as a stream, see [`crate::stream`].

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use seawall_model::{Digest, EntryKind, FilePathBuf, LayerIndex, Limits};
use serde::Deserialize;

use crate::blobs::{BlobError, BlobSource, RawManifest, UnverifiedBlob, digest_of};
use crate::decode::Compression;
use crate::image::{BlobImage, ImageDescription, ImageError, ImageSource, LayerDescription};
use crate::layout::{Pick, pick_root};
use crate::manifest::{ImageConfig, ManifestError, Platform};
use crate::tar::header_walk;

/// A tar file with the places of its members.
pub struct TarIndex {
    file: File,
    members: HashMap<FilePathBuf, Member>,
    limits: Limits,
}

enum Member {
    At {
        offset: u64,
        size: u64,
    },
    /// Older Docker versions name a layer that two images share by a link.
    Link(FilePathBuf),
}

/// Members of an image archive: more are refused.
const MAX_MEMBERS: usize = 100_000;

/// What an archive turned out to be.
pub enum ArchiveKind {
    Docker,
    Oci,
}

impl TarIndex {
    /// Indexes an uncompressed archive. `None` for one that is compressed as a whole.
    pub fn open(path: &Path, limits: &Limits) -> Result<Option<Self>, ImageError> {
        let io_error = |source| ImageError::Io { what: path.display().to_string(), source };
        let file = File::open(path).map_err(io_error)?;
        let mut head = [0; 8];
        let count = file.read_at(&mut head, 0).map_err(io_error)?;
        if Compression::of(&head[..count]) != Compression::None {
            return Ok(None);
        }
        let mut members = HashMap::new();
        let mut count = 0;
        header_walk(&file, |entry| {
            count += 1;
            if count > MAX_MEMBERS {
                return Err("more members than any image archive has");
            }
            let member = match entry.kind {
                EntryKind::File => Member::At { offset: entry.content_offset, size: entry.size },
                EntryKind::Symlink => {
                    let folder = entry.path.parent().unwrap_or(entry.path);
                    let target = [folder.as_bytes(), b"/", entry.link].concat();
                    Member::Link(FilePathBuf::normalise(&target))
                }
                EntryKind::Hardlink => Member::Link(FilePathBuf::normalise(entry.link)),
                _ => return Ok(()),
            };
            members.insert(entry.path.to_owned(), member);
            Ok(())
        })
        .map_err(|error| {
            ImageError::NotAnImage(format!("{} is not an image archive: {error}", path.display()))
        })?;
        Ok(Some(Self { file, members, limits: limits.clone() }))
    }

    /// What kind of archive it is; an archive of both kinds, as Docker writes today, counts as Docker's.
    pub fn kind(&self) -> Option<ArchiveKind> {
        if self.find("manifest.json").is_some() {
            Some(ArchiveKind::Docker)
        } else if self.find("index.json").is_some() {
            Some(ArchiveKind::Oci)
        } else {
            None
        }
    }

    fn find(&self, name: &str) -> Option<(u64, u64)> {
        let mut path = FilePathBuf::from(name);
        for _ in 0..self.limits.max_links {
            match self.members.get(&path)? {
                Member::At { offset, size } => return Some((*offset, *size)),
                Member::Link(target) => path = target.clone(),
            }
        }
        None
    }

    fn reader(&self, (offset, size): (u64, u64)) -> Section<'_> {
        Section { file: &self.file, offset, left: size }
    }

    fn blob(&self, digest: &Digest) -> Result<(u64, u64), BlobError> {
        self.find(&format!("blobs/sha256/{}", digest.hex())).ok_or(BlobError::NotFound(*digest))
    }

    fn small(&self, name: &str) -> Result<Vec<u8>, ImageError> {
        let at = self.find(name).ok_or_else(|| ImageError::NotFound(format!("the archive has no {name}")))?;
        seawall_model::limits::read_bounded(self.reader(at), self.limits.max_manifest_bytes)
            .map_err(|source| ImageError::Io { what: format!("{name} in the archive"), source })
    }

    /// The image of an OCI archive.
    pub fn into_oci(
        self,
        name: String,
        pick: &Pick,
        platform: &Platform,
    ) -> Result<BlobImage<Self>, ImageError> {
        let index = self.small("index.json")?;
        let root = pick_root(&index, pick, |digest| self.fetch_manifest(digest, None))?;
        let limits = self.limits.clone();
        BlobImage::open(self, name, root, platform, &limits)
    }

    /// The image of a Docker archive; `tag` chooses where there are several.
    pub fn into_docker(self, name: String, tag: Option<&str>) -> Result<DockerArchive, ImageError> {
        let images = parse_docker_manifest(&self.small("manifest.json")?)?;
        let image = choose_image(&images, tag)?;
        let config_bytes = self.small(&image.config)?;
        let config = ImageConfig::parse(&config_bytes)?;
        let layers = docker_layers(image, &config, &self.limits)?;
        let description = ImageDescription {
            name,
            manifest_digest: None,
            config_digest: digest_of(&config_bytes),
            config,
            config_bytes,
            layers,
        };
        Ok(DockerArchive { names: image.layers.clone(), index: self, description })
    }
}

impl BlobSource for TarIndex {
    fn fetch_manifest(&self, digest: &Digest, _size: Option<u64>) -> Result<RawManifest, BlobError> {
        let reader = self.reader(self.blob(digest)?);
        let bytes = seawall_model::limits::read_bounded(reader, self.limits.max_manifest_bytes)
            .map_err(|source| BlobError::Io { digest: *digest, source })?;
        RawManifest::verified(digest, bytes)
    }

    fn open_unverified(&self, digest: &Digest, size: Option<u64>) -> Result<UnverifiedBlob<'_>, BlobError> {
        let reader = self.reader(self.blob(digest)?);
        Ok(UnverifiedBlob::new(reader, digest, size, self.limits.max_layer_bytes))
    }
}

/// `docker save`'s archive.
pub struct DockerArchive {
    index: TarIndex,
    names: Vec<String>,
    description: ImageDescription,
}

impl ImageSource for DockerArchive {
    fn image(&self) -> &ImageDescription {
        &self.description
    }

    fn open_layer(&self, layer: LayerIndex) -> Result<UnverifiedBlob<'_>, ImageError> {
        let missing = || ImageError::NotFound(format!("the archive lacks layer {layer}"));
        let at = self.names.get(layer).and_then(|name| self.index.find(name)).ok_or_else(missing)?;
        let limit = self.index.limits.max_layer_bytes;
        Ok(UnverifiedBlob::without_digest(self.index.reader(at), limit))
    }
}

/// One image in `manifest.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DockerImage {
    pub(crate) config: String,
    #[serde(default)]
    pub(crate) repo_tags: Option<Vec<String>>,
    pub(crate) layers: Vec<String>,
}

pub(crate) fn parse_docker_manifest(bytes: &[u8]) -> Result<Vec<DockerImage>, ManifestError> {
    serde_json::from_slice(bytes).map_err(|error| ManifestError::Malformed {
        what: "manifest.json of the archive",
        why: error.to_string(),
    })
}

/// The image with this tag, or the only one.
pub(crate) fn choose_image<'a>(
    images: &'a [DockerImage],
    tag: Option<&str>,
) -> Result<&'a DockerImage, ImageError> {
    let has_tag = |image: &&DockerImage, tag: &str| {
        let mut tags = image.repo_tags.iter().flatten();
        tags.any(|known| {
            known == tag || known.strip_suffix(tag).is_some_and(|front| front.ends_with(['/', ':']))
        })
    };
    match (images, tag) {
        ([], _) => Err(ImageError::NotFound("the archive holds no image".to_owned())),
        (_, Some(tag)) => images.iter().find(|image| has_tag(image, tag)).ok_or_else(|| {
            ImageError::NotFound(format!("the archive holds no image {tag:?}; it holds {}", tags_of(images)))
        }),
        ([only], None) => Ok(only),
        (_, None) => Err(ImageError::NotFound(format!(
            "the archive holds {} images; say which one as docker-archive:FILE:TAG: {}",
            images.len(),
            tags_of(images)
        ))),
    }
}

fn tags_of(images: &[DockerImage]) -> String {
    let mut tags: Vec<&str> =
        images.iter().flat_map(|image| image.repo_tags.iter().flatten()).map(String::as_str).collect();
    tags.truncate(20);
    if tags.is_empty() { "untagged ones".to_owned() } else { tags.join(", ") }
}

/// The layers of an image in a Docker archive. Names under `blobs/sha256` are digests; others tell nothing.
pub(crate) fn docker_layers(
    image: &DockerImage,
    config: &ImageConfig,
    limits: &Limits,
) -> Result<Vec<LayerDescription>, ManifestError> {
    if image.layers.len() != config.diff_ids.len() || image.layers.len() > limits.max_layers {
        return Err(ManifestError::Inconsistent(format!(
            "the archive lists {} layers and the configuration {} (at most {})",
            image.layers.len(),
            config.diff_ids.len(),
            limits.max_layers
        )));
    }
    let layer = |(name, diff_id): (&String, &Digest)| LayerDescription {
        blob: name.strip_prefix("blobs/sha256/").and_then(Digest::from_hex).map(|digest| (digest, 0)),
        diff_id: *diff_id,
        urls: Vec::new(),
    };
    Ok(image.layers.iter().zip(&config.diff_ids).map(layer).collect())
}

/// A piece of a file, read without a shared position.
struct Section<'f> {
    file: &'f File,
    offset: u64,
    left: u64,
}

impl Read for Section<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let wanted = out.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let count = self.file.read_at(&mut out[..wanted], self.offset)?;
        if count == 0 && wanted > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the archive is cut off"));
        }
        self.offset += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}
