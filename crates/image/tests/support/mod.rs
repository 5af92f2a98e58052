//! What the test binaries share: a small image.
//!
//! Each binary uses a part of it.
#![allow(dead_code, reason = "each test binary compiles this for itself and uses a part")]

use std::io::Write;
use std::path::Path;

use seawall_image::cache::Cache;
use seawall_image::image::BlobImage;
use seawall_image::manifest::Platform;
use seawall_image::scan::{Meter, ScanOptions, scan_image};
use seawall_image::{BlobSource, RawManifest, Shared};
use seawall_model::Limits;
use seawall_testkit::Texts;
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

/// An image of a source with blobs, read to its end: what its files hold, and what is wrong with its layers.
pub(crate) fn scan(
    source: impl BlobSource,
    root: RawManifest,
    cache: Option<&Cache>,
) -> (Vec<String>, Vec<String>) {
    let (limits, meter) = (Limits::default(), Meter::default());
    let platform = Platform { os: "linux".into(), architecture: "amd64".into(), variant: None };
    let image = BlobImage::open(source, "image".to_owned(), root, &platform, &limits).expect("an image");
    let shared = Shared::new(&limits);
    let options = ScanOptions {
        limits: &limits,
        threads: 2,
        cache,
        verify_blobs: false,
        meter: &meter,
        shared: &shared,
    };
    let scanned = scan_image(&image, &Texts::default(), &options);
    let facts = scanned.layers.into_iter().flat_map(|layer| layer.facts).collect();
    (facts, scanned.problems.into_iter().map(|problem| problem.message).collect())
}

/// Damages a stored blob for a while, and wants the layer to be refused, and nothing of it kept in the cache.
pub(crate) fn damaged_layer_is_refused(
    blob: &Path,
    home: &Path,
    scan: impl Fn(&Cache) -> (Vec<String>, Vec<String>),
) {
    let right = std::fs::read(blob).expect("the blob is stored there");
    let mut wrong = right.clone();
    let at = wrong.windows(3).position(|bytes| bytes == b"one").expect("the file's text");
    wrong[at] = b'0';
    std::fs::write(blob, &wrong).expect("the blob can be written");
    let cache = Cache::new(home.join("cache"), u64::MAX);
    let damaged = scan(&cache);
    std::fs::write(blob, &right).expect("the blob can be written");
    assert_eq!(cache.status().expect("a cache").entries, 2, "facts and digest of the other layer");
    let (promised, actual) = (sha256(&right), sha256(&wrong));
    let problem =
        |what| format!("{what} has the digest {actual} instead of {promised}: damaged or tampered with");
    assert_eq!(damaged.1, [problem("its blob"), problem("its uncompressed tar")]);
    let whole = scan(&cache);
    assert_eq!(whole, (vec!["etc/a=one".to_owned(), "etc/b=two".to_owned(), "c=three".to_owned()], vec![]));
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
