//! Archives, layers, manifests and settings of `seawall-image`.

use std::io::{self, Read};
use std::sync::atomic::AtomicU64;

use seawall_image::fuzzing;
use seawall_image::image::ImageError;
use seawall_image::layer::{PassContext, read_layer};
use seawall_image::manifest::{ImageConfig, ManifestKind, Platform, choose};
use seawall_image::scan::{Meter, ScanOptions};
use seawall_image::stream::{StreamChoice, scan_stream};
use seawall_image::tar::TarWalk;
use seawall_image::{HeldBytes, LayerTree, Shared};
use seawall_model::{Analyser, Content, EntryKind, EntryMeta, FilePathBuf, Interest, Limits, Problem};

/// Walks a tar archive twice, the second time in pieces of a few bytes: both must see the same.
pub fn tar_walk(bytes: &[u8]) {
    let Some((piece, archive)) = bytes.split_first() else { return };
    let archive = with_checksums(archive);
    let whole = walk(&*archive);
    assert_eq!(walk(Pieces { bytes: &archive, length: usize::from(*piece).max(1) }), whole);
}

/// Bytes of content that are looked at: a sparse file may claim any size.
const MAX_CONTENT: u64 = 1 << 16;

/// Everything that a walk sees, a line for each entry.
fn walk(reader: impl Read) -> Vec<String> {
    let mut walk = TarWalk::new(reader);
    let mut seen = Vec::new();
    loop {
        match walk.next_entry() {
            Ok(Some(entry)) => seen.push(format!("{entry:?}")),
            Ok(None) => return seen,
            Err(error) => {
                seen.push(error.to_string());
                return seen;
            }
        }
        // Even entries are looked at, odd ones passed over.
        if seen.len() % 2 == 0 {
            let mut content = Vec::new();
            let outcome = walk.content().take(MAX_CONTENT).read_to_end(&mut content);
            seen.push(format!("{content:?} {:?}", outcome.map_err(|error| error.to_string())));
        }
    }
}

/// Gives so many bytes at a time.
struct Pieces<'b> {
    bytes: &'b [u8],
    length: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.length.min(out.len());
        self.bytes.read(&mut out[..length])
    }
}

/// The archive with the checksum of each header put right, which chance never finds.
fn with_checksums(archive: &[u8]) -> Vec<u8> {
    let mut archive = archive.to_vec();
    for block in archive.as_chunks_mut::<512>().0 {
        if &block[257..262] == b"ustar" {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
    archive
}

/// Reads a layer: the bytes as they are (compressed or not), or as a tar whose checksums are right.
pub fn layer(bytes: &[u8]) {
    let Some((kind, blob)) = bytes.split_first() else { return };
    let blob = if kind % 2 == 0 { with_checksums(blob) } else { blob.to_vec() };
    let limits = limits();
    let held = HeldBytes::new(limits.max_held_bytes);
    let context = PassContext { limits: &limits, held: &held, bytes_read: &AtomicU64::new(0) };
    let pass = read_layer(&*blob, &Everything, &context);
    assert_eq!(
        pass.blob_bytes as usize,
        if pass.problems.is_empty() { blob.len() } else { pass.blob_bytes as usize }
    );
}

/// An image archive that comes as a stream.
pub fn archive_stream(bytes: &[u8]) {
    let archive = with_checksums(bytes);
    let (limits, meter) = (limits(), Meter::default());
    let shared = Shared::new(&limits);
    let options = ScanOptions {
        limits: &limits,
        threads: 1,
        cache: None,
        verify_blobs: false,
        meter: &meter,
        shared: &shared,
    };
    let platform = Platform { os: "linux".to_owned(), architecture: "amd64".to_owned(), variant: None };
    let choice = StreamChoice { name: "archive".to_owned(), tag: None, platform: &platform };
    let reopen =
        || -> Result<Box<dyn Read + Send>, ImageError> { Ok(Box::new(io::Cursor::new(archive.clone()))) };
    let _ = scan_stream(&*archive, &choice, &Everything, &options, reopen);
}

/// Small, so that a run is short; what they bound is bounded in the same way where they are large.
fn limits() -> Limits {
    Limits {
        max_manifest_bytes: 1 << 20,
        max_layer_bytes: 8 << 20,
        max_random_access_bytes: 1 << 20,
        max_text_bytes: 1 << 20,
        max_held_bytes: 1 << 18,
        ..Limits::default()
    }
}

/// Wants every file and remembers how many bytes it was shown.
struct Everything;

impl Analyser for Everything {
    type Facts = u64;

    fn identity(&self) -> String {
        "everything".to_owned()
    }

    fn interest(&self, entry: &EntryMeta<'_>) -> Interest {
        if entry.size.is_multiple_of(2) { Interest::Read } else { Interest::Sniff }
    }

    fn wants_content(&self, entry: &EntryMeta<'_>, head: &[u8]) -> bool {
        assert!(head.len() as u64 <= entry.size);
        true
    }

    fn analyse(&self, entry: &EntryMeta<'_>, content: Content<'_>, facts: &mut u64) {
        assert_eq!((entry.kind, entry.size), (EntryKind::File, content.size()));
        let bytes = content.bytes(limits().max_random_access_bytes).expect("what is shown can be read");
        assert_eq!(bytes.len() as u64, entry.size);
        *facts += entry.size;
    }

    fn unreadable(&self, _problem: Problem, _facts: &mut u64) {}

    fn fixed_paths(&self) -> &[&'static str] {
        FIXED_PATHS
    }

    fn encode(&self, facts: &u64) -> Vec<u8> {
        facts.to_le_bytes().to_vec()
    }

    fn decode(&self, bytes: &[u8]) -> Option<u64> {
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }
}

const FIXED_PATHS: &[&str] = &["etc/os-release", "a", "a/b"];

/// Manifests, indexes and configurations.
pub fn manifest(bytes: &[u8]) {
    if let Ok(ManifestKind::Index(entries)) = ManifestKind::parse(bytes) {
        for platform in ["linux/amd64", "linux/arm/v7"] {
            let _ = choose(&entries, &platform.parse().expect("a platform"));
        }
    }
    if let Ok(config) = ImageConfig::parse(bytes) {
        let _ = config.instructions();
    }
    fuzzing::docker_manifest(bytes);
}

/// A `registries.conf`, a zero byte, a `daemon.json`.
pub fn mirrors(bytes: &[u8]) {
    let Some(text) = super::text(bytes) else { return };
    let (registries_conf, daemon_json) = text.split_once('\0').unwrap_or((text, "{}"));
    fuzzing::mirrors(registries_conf, daemon_json);
}

/// Docker's `config.json`.
pub fn credentials(bytes: &[u8]) {
    fuzzing::credentials(bytes);
}

/// A `WWW-Authenticate` header.
pub fn challenge(bytes: &[u8]) {
    if let Some(header) = super::text(bytes) {
        assert!(fuzzing::challenge(header) <= header.len());
    }
}

/// A layer's shape in the cache.
pub fn layer_tree(bytes: &[u8]) {
    fuzzing::layer_tree(bytes);
}

/// Layers in words, a line each: `x` a claimed file, `-x` a removal, `x!` an opaque folder, `a>b` a link.
pub fn squash(bytes: &[u8]) {
    let layers = bytes.split(|byte| *byte == b'\n').map(tree).collect();
    fuzzing::squash(layers, FIXED_PATHS);
}

fn tree(line: &[u8]) -> LayerTree {
    let mut tree = LayerTree::default();
    for word in line.split(|byte| *byte == b' ') {
        let two = |separator: u8| {
            let at = word.iter().position(|byte| *byte == separator)?;
            Some((FilePathBuf::normalise(&word[..at]), &word[at + 1..]))
        };
        if let Some(removed) = word.strip_prefix(b"-") {
            tree.whiteouts.push(FilePathBuf::normalise(removed));
        } else if let Some(folder) = word.strip_suffix(b"!") {
            tree.opaque.push(FilePathBuf::normalise(folder));
        } else if let Some((link, target)) = two(b'>') {
            tree.symlinks.push((link, target.to_vec()));
        } else if let Some((link, target)) = two(b'~') {
            tree.hardlinks.push((link, FilePathBuf::normalise(target)));
        } else {
            tree.claimed.push(FilePathBuf::normalise(word));
        }
    }
    tree
}
