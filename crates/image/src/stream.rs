//! An image archive that comes as a stream: from a daemon, from standard input, or compressed as a whole.
//!
//! Layers are read as they pass by, before it is known in which order they lie: `manifest.json` comes last.
//! Nothing is stored but their facts.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::sync::atomic::Ordering;

use seawall_model::{Analyser, Digest, EntryKind, FilePathBuf, LayerIndex, Limits, Problem, ProblemKind};

use crate::archive::{choose_image, docker_layers, parse_docker_manifest};
use crate::blobs::{BlobError, BlobSource, RawManifest, UnverifiedBlob, digest_of};
use crate::decode::Decoder;
use crate::image::{BlobImage, ImageDescription, ImageError, ImageSource, LayerDescription};
use crate::layer::{Aliases, LayerPass, PassContext, read_aliases, read_layer};
use crate::layout::{Pick, pick_root};
use crate::manifest::{ImageConfig, Platform};
use crate::scan::{ScanOptions, ScannedImage, chain, conclude, finish, unread};
use crate::tar::{TarError, TarWalk};

/// Which image of the archive is meant.
pub struct StreamChoice<'a> {
    /// As reports shall name it.
    pub name: String,
    /// For archives of several images.
    pub tag: Option<&'a str>,
    pub platform: &'a Platform,
}

/// Reads an image archive from a stream. `reopen` gives the stream once more where links ask for it.
pub fn scan_stream<A: Analyser>(
    stream: impl Read + Send,
    choice: &StreamChoice<'_>,
    analyser: &A,
    options: &ScanOptions<'_>,
    reopen: impl FnOnce() -> Result<Box<dyn Read + Send>, ImageError>,
) -> Result<ScannedImage<A::Facts>, ImageError> {
    let held = options.shared.held();
    let context = PassContext { limits: options.limits, held, bytes_read: &options.meter.bytes_read };
    let Members { documents, mut passes, damage } = read_members(stream, analyser, &context, options);
    let (image, names) = match describe(&documents, choice, options.limits) {
        Ok(described) => described,
        // What is missing is missing because of the damage.
        Err(error) => return Err(damage.unwrap_or(error)),
    };
    let damage = damage.map(|error| chain(&error));
    let lacks = |name: &FilePathBuf| damage.clone().unwrap_or_else(|| format!("the archive lacks {name}"));
    let mut layers = Vec::new();
    for (index, (layer, name)) in image.layers.iter().zip(&names).enumerate() {
        let is_last_use = !names[index + 1..].contains(name);
        let pass = if is_last_use {
            passes.remove(name)
        } else {
            passes.get(name).and_then(|pass| copy(pass, analyser))
        };
        layers.push(match pass {
            Some(pass) => conclude(pass, index, layer, analyser, options),
            None => unread(index, lacks(name)),
        });
    }
    let described = image.layers.clone();
    let mut scanned = finish(image, layers, analyser, options, |wanted| {
        read_again(wanted, &described, &names, reopen, analyser, &context)
    });
    let is_told = scanned.problems.iter().any(|problem| problem.kind == ProblemKind::LayerUnreadable);
    if let Some(damage) = damage.filter(|_| !is_told) {
        // Every layer had passed by before, and has the digest that was promised.
        scanned.problems.push(Problem::general(ProblemKind::Malformed, damage));
    }
    Ok(scanned)
}

/// The facts once more, for an image that has the same layer twice.
fn copy<A: Analyser>(pass: &LayerPass<A::Facts>, analyser: &A) -> Option<LayerPass<A::Facts>> {
    Some(LayerPass {
        facts: analyser.decode(&analyser.encode(&pass.facts))?,
        tree: pass.tree.clone(),
        blob_digest: pass.blob_digest,
        blob_bytes: pass.blob_bytes,
        diff_id: pass.diff_id,
        problems: pass.problems.clone(),
    })
}

/// One more pass over the stream for the layers that links lead to.
fn read_again<A: Analyser>(
    wanted: &BTreeMap<LayerIndex, Aliases>,
    layers: &[LayerDescription],
    names: &[FilePathBuf],
    reopen: impl FnOnce() -> Result<Box<dyn Read + Send>, ImageError>,
    analyser: &A,
    context: &PassContext<'_>,
) -> Vec<(LayerIndex, A::Facts, Vec<Problem>)> {
    let mut results = Vec::new();
    let outcome = reopen().and_then(|stream| {
        walk_members(stream, context.limits, |member, content| {
            let layer = wanted.iter().find(|(layer, _)| names.get(**layer) == Some(&member.path));
            if let Some((layer, aliases)) = layer {
                let (facts, problems) = read_aliases(content, &layers[*layer], analyser, aliases, context);
                results.push((*layer, facts, problems));
            }
            Ok(())
        })
    });
    if let Err(error) = outcome {
        let problem = Problem::general(ProblemKind::LayerUnreadable, chain(&error));
        return wanted.keys().map(|layer| (*layer, A::Facts::default(), vec![problem.clone()])).collect();
    }
    let unread: Vec<_> =
        wanted.keys().filter(|layer| results.iter().all(|(read, ..)| read != *layer)).collect();
    for layer in unread {
        let message = "it could not be read again for the files that links give other names";
        let problem = Problem::general(ProblemKind::LayerUnreadable, message);
        results.push((*layer, A::Facts::default(), vec![problem]));
    }
    results
}

/// A member of the archive.
struct Member {
    path: FilePathBuf,
    kind: EntryKind,
    size: u64,
    link: Vec<u8>,
    first_byte: Option<u8>,
}

/// Walks the members of the archive and hands each one's content on.
fn walk_members(
    stream: impl Read + Send,
    limits: &Limits,
    mut each: impl FnMut(&Member, &mut (dyn Read + Send)) -> Result<(), ImageError>,
) -> Result<(), ImageError> {
    let broken = |error: TarError| ImageError::NotAnImage(format!("the image archive is damaged: {error}"));
    let mut walk = TarWalk::new(Decoder::new(stream).map_err(|error| broken(error.into()))?);
    let mut count = 0;
    while let Some(entry) = walk.next_entry().map_err(broken)? {
        count += 1;
        if count > limits.max_layers.saturating_mul(100) {
            return Err(ImageError::NotAnImage("more members than any image archive has".to_owned()));
        }
        let mut member = Member {
            path: entry.path.to_owned(),
            kind: entry.kind,
            size: entry.size,
            link: entry.link.to_vec(),
            first_byte: None,
        };
        member.first_byte = walk.peek(1).map_err(broken)?.first().copied();
        each(&member, &mut walk.content())?;
    }
    Ok(())
}

/// Small documents together: more are refused.
const MAX_DOCUMENT_BYTES: usize = 256 << 20;

type Passes<F> = HashMap<FilePathBuf, LayerPass<F>>;

/// What an archive held, as far as it could be read.
struct Members<F> {
    documents: Documents,
    passes: Passes<F>,
    /// Why it could not be read to its end.
    damage: Option<ImageError>,
}

/// Reads everything that passes by: documents are kept, layers analysed.
fn read_members<A: Analyser>(
    stream: impl Read + Send,
    analyser: &A,
    context: &PassContext<'_>,
    options: &ScanOptions<'_>,
) -> Members<A::Facts> {
    let mut documents = Documents { texts: HashMap::new(), links: HashMap::new(), bytes: 0 };
    let mut passes = HashMap::new();
    let outcome = walk_members(stream, context.limits, |member, content| {
        match member.kind {
            EntryKind::Symlink | EntryKind::Hardlink => documents.note_link(member),
            EntryKind::File if is_document(member, context.limits) => {
                documents.take_in(member, content, context.limits)?;
            }
            EntryKind::File if member.size > 0 => {
                passes.insert(member.path.clone(), read_layer(content, analyser, context));
                options.meter.layers_done.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
        Ok(())
    });
    Members { documents, passes, damage: outcome.err() }
}

/// Whether a member is JSON and not a layer: Docker names both alike, by digest.
fn is_document(member: &Member, limits: &Limits) -> bool {
    let path = member.path.as_path();
    let named = path.extension() == Some(b"json")
        || matches!(path.file_name(), b"oci-layout" | b"VERSION" | b"repositories");
    named || (matches!(member.first_byte, Some(b'{' | b'[')) && member.size <= limits.max_manifest_bytes)
}

/// The manifests and configurations of the archive.
struct Documents {
    texts: HashMap<FilePathBuf, Vec<u8>>,
    links: HashMap<FilePathBuf, FilePathBuf>,
    bytes: usize,
}

impl Documents {
    fn note_link(&mut self, member: &Member) {
        // A symbolic link counts from its folder, a hard link from the root.
        let mut target = Vec::new();
        if member.kind == EntryKind::Symlink {
            target.extend_from_slice(
                member.path.as_path().parent().unwrap_or(member.path.as_path()).as_bytes(),
            );
            target.push(b'/');
        }
        target.extend_from_slice(&member.link);
        let target = FilePathBuf::normalise(&target);
        self.links.insert(member.path.clone(), target);
    }

    fn take_in(
        &mut self,
        member: &Member,
        content: &mut (dyn Read + Send),
        limits: &Limits,
    ) -> Result<(), ImageError> {
        let bytes = seawall_model::limits::read_bounded(content, limits.max_manifest_bytes)
            .map_err(|source| ImageError::Io { what: format!("{} in the archive", member.path), source })?;
        self.bytes += bytes.len();
        if self.bytes > MAX_DOCUMENT_BYTES {
            return Err(ImageError::NotAnImage("its documents are larger than any image's".to_owned()));
        }
        self.texts.insert(member.path.clone(), bytes);
        Ok(())
    }

    /// The member that a name leads to.
    fn follow(&self, name: &str) -> FilePathBuf {
        let mut path = FilePathBuf::from(name);
        for _ in 0..8 {
            let Some(target) = self.links.get(&path) else { break };
            path = target.clone();
        }
        path
    }

    fn get(&self, name: &str) -> Option<&Vec<u8>> {
        self.texts.get(&self.follow(name))
    }
}

impl BlobSource for &Documents {
    fn fetch_manifest(&self, digest: &Digest, _size: Option<u64>) -> Result<RawManifest, BlobError> {
        let bytes = self.get(&blob_name(digest)).ok_or(BlobError::NotFound(*digest))?;
        RawManifest::verified(digest, bytes.clone())
    }

    fn open_unverified(&self, digest: &Digest, size: Option<u64>) -> Result<UnverifiedBlob<'_>, BlobError> {
        let bytes = self.get(&blob_name(digest)).ok_or(BlobError::NotFound(*digest))?;
        Ok(UnverifiedBlob::new(bytes.as_slice(), digest, size, bytes.len() as u64))
    }
}

fn blob_name(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

/// The image, and the member that holds each of its layers.
fn describe(
    documents: &Documents,
    choice: &StreamChoice<'_>,
    limits: &Limits,
) -> Result<(ImageDescription, Vec<FilePathBuf>), ImageError> {
    if let Some(manifest) = documents.get("manifest.json") {
        return describe_docker(documents, manifest, choice, limits);
    }
    let Some(index) = documents.get("index.json") else {
        let message = "it holds neither manifest.json nor index.json, so it is no image archive";
        return Err(ImageError::NotAnImage(message.to_owned()));
    };
    let pick = choice.tag.map_or(Pick::Any, |tag| Pick::Tag(tag.to_owned()));
    let root = pick_root(index, &pick, |digest| documents.fetch_manifest(digest, None))?;
    let image =
        BlobImage::open(documents, choice.name.clone(), root, choice.platform, limits)?.image().clone();
    let name = |(digest, _): (Digest, u64)| documents.follow(&blob_name(&digest));
    let names = image.layers.iter().map(|layer| layer.blob.map(name).unwrap_or_default()).collect();
    Ok((image, names))
}

fn describe_docker(
    documents: &Documents,
    manifest: &[u8],
    choice: &StreamChoice<'_>,
    limits: &Limits,
) -> Result<(ImageDescription, Vec<FilePathBuf>), ImageError> {
    let images = parse_docker_manifest(manifest)?;
    let chosen = choose_image(&images, choice.tag)?;
    let bytes = documents
        .get(&chosen.config)
        .ok_or_else(|| ImageError::NotFound(format!("the archive has no {}", chosen.config)))?;
    let config = ImageConfig::parse(bytes)?;
    let layers = docker_layers(chosen, &config, limits)?;
    let names = chosen.layers.iter().map(|name| documents.follow(name)).collect();
    let config_digest = digest_of(bytes);
    let image = ImageDescription {
        name: choice.name.clone(),
        manifest_digest: None,
        config_digest,
        config,
        config_bytes: bytes.clone(),
        layers,
    };
    Ok((image, names))
}
