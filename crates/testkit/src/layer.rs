//! Layers: entries of a tar archive, and how its bytes are compressed.

use std::io::Write;

use seawall_model::Digest;
use sha2::{Digest as _, Sha256};
use tar::EntryType;

/// How the blob of a layer is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    #[default]
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// The media type of an OCI layer.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::None => "application/vnd.oci.image.layer.v1.tar",
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }

    fn compress(self, bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::None => bytes,
            Self::Gzip => gzip(&bytes),
            Self::Zstd => zstd::encode_all(bytes.as_slice(), 3).unwrap(),
        }
    }
}

/// The bytes as one gzip member.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[derive(Debug, Clone)]
pub(crate) enum Entry {
    File(Vec<u8>),
    Folder,
    Symlink(String),
    Hardlink(String),
}

/// One layer of an image, and the instruction that made it.
///
/// ```
/// use seawall_testkit::{Compression, Layer};
///
/// let layer = Layer::new("COPY . /app").file("app/a.txt", "text").whiteout("etc/motd").opaque("var/cache");
/// assert_ne!(layer.clone().compressed(Compression::Gzip).blob(), layer.tar());
/// ```
#[derive(Debug, Clone)]
pub struct Layer {
    pub(crate) instruction: String,
    pub(crate) compression: Compression,
    pub(crate) entries: Vec<(String, Entry)>,
}

impl Layer {
    pub fn new(instruction: &str) -> Self {
        Self { instruction: instruction.to_owned(), compression: Compression::None, entries: Vec::new() }
    }

    #[must_use]
    pub fn compressed(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    #[must_use]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.with(path, Entry::File(content.as_ref().to_vec()))
    }

    #[must_use]
    pub fn folder(self, path: &str) -> Self {
        self.with(path, Entry::Folder)
    }

    /// A symbolic link; the target is written as it is.
    #[must_use]
    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.with(path, Entry::Symlink(target.to_owned()))
    }

    /// Another name of a file of this layer.
    #[must_use]
    pub fn hardlink(self, path: &str, target: &str) -> Self {
        self.with(path, Entry::Hardlink(target.to_owned()))
    }

    /// Takes away what layers below have at this path.
    #[must_use]
    pub fn whiteout(self, path: &str) -> Self {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let marker = if folder.is_empty() { format!(".wh.{name}") } else { format!("{folder}/.wh.{name}") };
        self.file(&marker, "")
    }

    /// Takes away what layers below have in this folder.
    #[must_use]
    pub fn opaque(self, folder: &str) -> Self {
        self.file(&format!("{folder}/.wh..wh..opq"), "")
    }

    fn with(mut self, path: &str, entry: Entry) -> Self {
        self.entries.push((path.to_owned(), entry));
        self
    }

    /// The archive, not compressed.
    pub fn tar(&self) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, entry) in &self.entries {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o755);
            header.set_size(0);
            let link = |builder: &mut tar::Builder<Vec<u8>>, mut header: tar::Header, kind, target: &str| {
                header.set_entry_type(kind);
                builder.append_link(&mut header, path, target).unwrap();
            };
            match entry {
                Entry::File(content) => {
                    header.set_size(content.len() as u64);
                    builder.append_data(&mut header, path, content.as_slice()).unwrap();
                }
                Entry::Folder => {
                    header.set_entry_type(EntryType::Directory);
                    builder.append_data(&mut header, path, std::io::empty()).unwrap();
                }
                Entry::Symlink(target) => link(&mut builder, header, EntryType::Symlink, target),
                Entry::Hardlink(target) => link(&mut builder, header, EntryType::Link, target),
            }
        }
        builder.into_inner().unwrap()
    }

    /// The bytes that are stored and transported.
    pub fn blob(&self) -> Vec<u8> {
        self.compression.compress(self.tar())
    }

    /// The digest of the archive that is not compressed.
    pub fn diff_id(&self) -> Digest {
        digest(&self.tar())
    }
}

pub(crate) fn digest(bytes: &[u8]) -> Digest {
    Digest::from_sha256(Sha256::digest(bytes).into())
}
