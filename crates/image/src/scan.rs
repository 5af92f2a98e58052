//! All layers of an image, read in parallel, each once, and laid on each other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use seawall_model::{Analyser, Digest, LayerIndex, Limits, Problem, ProblemKind};

use crate::cache::Cache;
use crate::image::{ImageDescription, ImageSource, LayerDescription};
use crate::layer::{Aliases, LayerPass, PassContext, read_aliases, read_layer};
use crate::shared::{Claim, LayerKey, Shared};
use crate::squash::Squashed;
use crate::tree::LayerTree;

/// How an image is read.
#[derive(Clone, Copy)]
pub struct ScanOptions<'a> {
    pub limits: &'a Limits,
    /// Layers read at a time; at least 1.
    pub threads: usize,
    /// `None` neither reads nor writes a cache.
    pub cache: Option<&'a Cache>,
    /// Reads every layer though its facts are cached.
    pub verify_blobs: bool,
    pub meter: &'a Meter,
    /// The same for all scans of the process: layers that several images have are then read once.
    pub shared: &'a Shared,
}

/// How far a scan is; read by another thread to draw progress.
#[derive(Debug, Default)]
pub struct Meter {
    /// Bytes read of the layers as they are stored, of all that will be read as far as is known.
    pub bytes_read: AtomicU64,
    pub bytes_total: AtomicU64,
    pub layers_done: AtomicUsize,
    pub layers_total: AtomicUsize,
}

/// An image whose layers were read.
pub struct ScannedImage<F> {
    pub image: ImageDescription,
    /// Base first.
    pub layers: Vec<ScannedLayer<F>>,
    /// Facts of files that links give another name, with the layer that holds their bytes. They are visible.
    pub aliases: Vec<(LayerIndex, F)>,
    pub squashed: Squashed,
    /// Problems of layers as a whole.
    pub problems: Vec<Problem>,
}

/// What one layer told.
pub struct ScannedLayer<F> {
    pub facts: F,
    pub tree: LayerTree,
    /// Whether the facts came from the cache, and this process did not read the layer: neither now nor for
    /// another image.
    pub from_cache: bool,
    pub problems: Vec<Problem>,
}

/// Reads all layers of an image.
pub fn scan_image<A: Analyser>(
    source: &dyn ImageSource,
    analyser: &A,
    options: &ScanOptions<'_>,
) -> ScannedImage<A::Facts> {
    let image = source.image().clone();
    let reader = Reader { source, analyser, options };
    let layers = reader.read_all(&image.layers);
    finish(image, layers, analyser, options, |wanted| {
        wanted.iter().map(|(layer, aliases)| reader.read_again(*layer, aliases)).collect()
    })
}

/// An image all of whose layers are cached, where a trusted source says which layers it has: a local daemon.
///
/// `None` where one is not, or where links ask for another look at the bytes.
pub fn scan_cached<A: Analyser>(
    image: &ImageDescription,
    analyser: &A,
    options: &ScanOptions<'_>,
) -> Option<ScannedImage<A::Facts>> {
    let cache = options.cache.filter(|_| !options.verify_blobs)?;
    let layers = image
        .layers
        .iter()
        .map(|layer| cached(cache, &layer.diff_id, analyser, options))
        .collect::<Option<_>>()?;
    let mut asked_again = false;
    let scanned = finish(image.clone(), layers, analyser, options, |_| {
        asked_again = true;
        Vec::new()
    });
    (!asked_again).then_some(scanned)
}

/// Lays layers on each other and reads again what links ask for.
pub(crate) fn finish<A: Analyser>(
    image: ImageDescription,
    layers: Vec<ScannedLayer<A::Facts>>,
    analyser: &A,
    options: &ScanOptions<'_>,
    read_again: impl FnOnce(&BTreeMap<LayerIndex, Aliases>) -> Vec<(LayerIndex, A::Facts, Vec<Problem>)>,
) -> ScannedImage<A::Facts> {
    let trees: Vec<&LayerTree> = layers.iter().map(|layer| &layer.tree).collect();
    let squashed = Squashed::of(&trees, options.limits.max_links);
    let wanted = squashed.aliases(&trees, analyser.fixed_paths());
    let mut problems: Vec<Problem> = layers.iter().flat_map(|layer| layer.problems.iter().cloned()).collect();
    let mut aliases = Vec::new();
    if !wanted.is_empty() {
        for (layer, facts, found) in read_again(&wanted) {
            aliases.push((layer, facts));
            problems.extend(found.into_iter().map(|problem| Problem { layer: Some(layer), ..problem }));
        }
    }
    if let Some(cache) = options.cache
        && let Err(error) = cache.prune()
    {
        problems
            .push(Problem::general(ProblemKind::Skipped, format!("the cache could not be pruned: {error}")));
    }
    ScannedImage { image, layers, aliases, squashed, problems }
}

struct Reader<'a, A: Analyser> {
    source: &'a dyn ImageSource,
    analyser: &'a A,
    options: &'a ScanOptions<'a>,
}

impl<A: Analyser> Reader<'_, A> {
    fn read_all(&self, layers: &[LayerDescription]) -> Vec<ScannedLayer<A::Facts>> {
        let meter = self.options.meter;
        meter.layers_total.store(layers.len(), Ordering::Relaxed);
        let mut done: Vec<Option<ScannedLayer<A::Facts>>> = Vec::new();
        done.resize_with(layers.len(), || None);
        for (slot, layer) in done.iter_mut().zip(layers) {
            *slot = from_cache(layer, self.analyser, self.options);
            meter.layers_done.fetch_add(usize::from(slot.is_some()), Ordering::Relaxed);
        }
        // The largest first, so that no worker is left alone with it at the end.
        let size = |index: LayerIndex| layers[index].blob.map_or(0, |(_, size)| size);
        let mut open: Vec<LayerIndex> = (0..layers.len()).filter(|index| done[*index].is_none()).collect();
        open.sort_by_key(|index| (std::cmp::Reverse(size(*index)), *index));
        meter.bytes_total.store(open.iter().map(|index| size(*index)).sum(), Ordering::Relaxed);

        let next = AtomicUsize::new(0);
        let done = Mutex::new(done);
        let read_by_others = Mutex::new(Vec::new());
        let keep = |index: LayerIndex, layer: ScannedLayer<A::Facts>| {
            meter.layers_done.fetch_add(1, Ordering::Relaxed);
            done.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(layer);
        };
        let work = || {
            while let Some(&index) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
                match self.claim(&layers[index]) {
                    Claimed::Ours(claim) => keep(index, self.take_or_read(index, &layers[index], claim)),
                    Claimed::Theirs(key) => {
                        read_by_others.lock().unwrap_or_else(PoisonError::into_inner).push((index, key));
                    }
                }
            }
            // Only when there is nothing else to do is it time to wait for other scans.
            loop {
                let waiting = read_by_others.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let Some((index, key)) = waiting else { break };
                let claim = self.options.shared.claim(&key);
                keep(index, self.take_or_read(index, &layers[index], Some(claim)));
            }
        };
        thread::scope(|scope| {
            for _ in 1..self.options.threads.min(open.len()) {
                scope.spawn(work);
            }
            work();
        });
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        let unread = |(index, layer): (LayerIndex, Option<_>)| {
            layer.unwrap_or_else(|| unread(index, "it was not read".to_owned()))
        };
        done.into_iter().enumerate().map(unread).collect()
    }

    /// The right to read a layer. There is nothing to wait for where facts can't be taken from a cache: without
    /// one, or without a digest of the blob.
    fn claim(&self, layer: &LayerDescription) -> Claimed<'_> {
        if self.options.cache.is_none() || layer.blob.is_none() {
            return Claimed::Ours(None);
        }
        let key = LayerKey::new(&layer.diff_id, self.analyser);
        match self.options.shared.try_claim(&key) {
            Some(claim) => Claimed::Ours(Some(claim)),
            None => Claimed::Theirs(key),
        }
    }

    /// Another scan may have read the layer since the cache was asked.
    fn take_or_read(
        &self,
        index: LayerIndex,
        layer: &LayerDescription,
        claim: Option<Claim<'_>>,
    ) -> ScannedLayer<A::Facts> {
        let taken = claim.as_ref().and_then(|_| from_cache(layer, self.analyser, self.options));
        let taken = taken.filter(|layer| !layer.from_cache);
        if taken.is_some() {
            let size = layer.blob.map_or(0, |(_, size)| size);
            self.options.meter.bytes_total.fetch_sub(size, Ordering::Relaxed);
        }
        let layer = taken.unwrap_or_else(|| self.read_one(index, layer));
        drop(claim);
        layer
    }

    fn read_one(&self, index: LayerIndex, layer: &LayerDescription) -> ScannedLayer<A::Facts> {
        let blob = match self.source.open_layer(index) {
            Ok(blob) => blob,
            Err(error) => {
                let mut message = chain(&error);
                if let Some(url) = layer.urls.first() {
                    message =
                        format!("a layer that must be fetched from {url}, which is not done: {message}");
                }
                return unread(index, message);
            }
        };
        let pass = read_layer(blob.dangerous_unverified(), self.analyser, &self.context());
        conclude(pass, index, layer, self.analyser, self.options)
    }

    fn read_again(&self, layer: LayerIndex, aliases: &Aliases) -> (LayerIndex, A::Facts, Vec<Problem>) {
        let description = &self.source.image().layers[layer];
        match self.source.open_layer(layer) {
            Ok(blob) => {
                let blob = blob.dangerous_unverified();
                let (facts, problems) =
                    read_aliases(blob, description, self.analyser, aliases, &self.context());
                (layer, facts, problems)
            }
            Err(error) => {
                let problem = Problem::general(ProblemKind::LayerUnreadable, chain(&error));
                (layer, A::Facts::default(), vec![problem])
            }
        }
    }

    fn context(&self) -> PassContext<'_> {
        PassContext {
            limits: self.options.limits,
            held: self.options.shared.held(),
            bytes_read: &self.options.meter.bytes_read,
        }
    }
}

/// Who reads a layer.
enum Claimed<'s> {
    Ours(Option<Claim<'s>>),
    /// Another scan, or another worker of this one.
    Theirs(LayerKey),
}

/// The facts of a layer that was read before and verified then.
fn from_cache<A: Analyser>(
    layer: &LayerDescription,
    analyser: &A,
    options: &ScanOptions<'_>,
) -> Option<ScannedLayer<A::Facts>> {
    let cache = options.cache?;
    // Without a blob's digest nothing ties the bytes to the claimed digest but reading them.
    let (blob, _) = layer.blob?;
    if cache.diff_id_of(&blob)? != layer.diff_id {
        return None;
    }
    // What this process has verified itself need not be verified again.
    cached(cache, &layer.diff_id, analyser, options)
        .filter(|layer| !options.verify_blobs || !layer.from_cache)
}

fn cached<A: Analyser>(
    cache: &Cache,
    diff_id: &Digest,
    analyser: &A,
    options: &ScanOptions<'_>,
) -> Option<ScannedLayer<A::Facts>> {
    let (facts, tree) = cache.layer(diff_id, analyser)?;
    let from_cache = !options.shared.was_read(&LayerKey::new(diff_id, analyser));
    Some(ScannedLayer { facts, tree, from_cache, problems: Vec::new() })
}

/// Compares digests with what was promised, and keeps the facts of a layer that is whole.
pub(crate) fn conclude<A: Analyser>(
    pass: LayerPass<A::Facts>,
    index: LayerIndex,
    layer: &LayerDescription,
    analyser: &A,
    options: &ScanOptions<'_>,
) -> ScannedLayer<A::Facts> {
    let mut problems = pass.problems;
    if problems.is_empty() {
        problems = layer.wrong_digests(&pass.blob_digest, &pass.diff_id);
    }
    if problems.is_empty()
        && let Some(cache) = options.cache
    {
        let kept = cache
            .keep_layer(&pass.diff_id, analyser, &pass.facts, &pass.tree)
            .and_then(|()| cache.keep_diff_id(&pass.blob_digest, &pass.diff_id));
        // A cache that cannot be written costs time, not truth.
        if kept.is_ok() {
            options.shared.note_read(LayerKey::new(&pass.diff_id, analyser));
        }
    }
    for problem in &mut problems {
        problem.layer = Some(index);
    }
    ScannedLayer { facts: pass.facts, tree: pass.tree, from_cache: false, problems }
}

/// A layer of which nothing is known but why.
pub(crate) fn unread<F: Default>(index: LayerIndex, message: String) -> ScannedLayer<F> {
    let problem = Problem::general(ProblemKind::LayerUnreadable, message);
    let problems = vec![Problem { layer: Some(index), ..problem }];
    ScannedLayer { facts: F::default(), tree: LayerTree::default(), from_cache: false, problems }
}

/// An error and what caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
