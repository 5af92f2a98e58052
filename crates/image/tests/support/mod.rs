//! What the test binaries share: a small image.
//!
//! Each binary uses a part of it.
#![allow(dead_code, reason = "each test binary compiles this for itself and uses a part")]

use std::io::Write;
use std::path::Path;

use sha2::{Digest as _, Sha256};

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    seawall_model::Digest::from_sha256(hash).to_string()
}

/// A tar archive of these files.
pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, *content).expect("memory can be written");
    }
    builder.into_inner().expect("memory can be written")
}

/// Two layers and their configuration.
pub(crate) struct Image {
    pub(crate) config: Vec<u8>,
    pub(crate) layers: [Vec<u8>; 2],
}

impl Image {
    pub(crate) fn new() -> Self {
        let layers =
            [tar(&[("etc/a", b"one"), ("etc/b", b"two")]), tar(&[("etc/.wh.b", b""), ("c", b"three")])];
        let config = format!(
            r#"{{"architecture":"amd64","os":"linux","config":{{}},"rootfs":{{"type":"layers","diff_ids":["{}","{}"]}},
            "history":[{{"created":"2026-01-01T00:00:00Z","created_by":"COPY one"}},
            {{"created":"2026-01-01T00:00:00Z","created_by":"COPY two"}}]}}"#,
            sha256(&layers[0]),
            sha256(&layers[1])
        );
        Self { config: config.into_bytes(), layers }
    }

    pub(crate) fn diff_ids(&self) -> Vec<String> {
        self.layers.iter().map(|layer| sha256(layer)).collect()
    }

    /// The image as `docker load` and its like take it.
    pub(crate) fn archive(&self, name: &str) -> Vec<u8> {
        let list =
            format!(r#"[{{"Config":"config.json","RepoTags":["{name}"],"Layers":["1.tar","2.tar"]}}]"#);
        tar(&[
            ("manifest.json", list.as_bytes()),
            ("config.json", &self.config),
            ("1.tar", &self.layers[0]),
            ("2.tar", &self.layers[1]),
        ])
    }

    pub(crate) fn write_archive(&self, name: &str, path: &Path) {
        let mut file = std::fs::File::create(path).expect("the archive can be written");
        file.write_all(&self.archive(name)).expect("the archive can be written");
    }
}

/// The digests of every file in a tar archive.
pub(crate) fn digests_in(archive: impl std::io::Read) -> Vec<String> {
    let mut archive = tar::Archive::new(archive);
    let entries = archive.entries().expect("an archive");
    entries
        .map(|entry| {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry.expect("an entry"), &mut bytes).expect("its bytes");
            sha256(&bytes)
        })
        .collect()
}
