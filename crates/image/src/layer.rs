//! One streaming pass over a layer: decompress, hash, walk the tar, show claimed files to the analyser.
//!
//! Nothing is unpacked to disk under a name, and the layer is never held as a whole.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use seawall_model::analysis::{Held as _, SNIFF_BYTES};
use seawall_model::{
    Analyser, Content, Digest, EntryKind, EntryMeta, FilePathBuf, Interest, Limits, Problem, ProblemKind,
};

use crate::ahead::ReadAhead;
use crate::decode::Decoder;
use crate::hash::HashingReader;
use crate::held::HeldBytes;
use crate::image::LayerDescription;
use crate::tar::{TarEntry, TarError, TarWalk};
use crate::tree::{LayerTree, path_key};

/// What a pass over a layer needs to know besides the bytes.
pub struct PassContext<'a> {
    pub limits: &'a Limits,
    /// Bytes of claimed files that all workers hold in memory at this moment.
    pub held: &'a HeldBytes,
    /// Counts compressed bytes as they are read, for progress.
    pub bytes_read: &'a AtomicU64,
}

/// What one layer told.
pub struct LayerPass<F> {
    pub facts: F,
    pub tree: LayerTree,
    /// Digest and number of the blob's bytes as they came.
    pub blob_digest: Digest,
    pub blob_bytes: u64,
    /// Digest of the uncompressed tar.
    pub diff_id: Digest,
    /// Problems of the layer as a whole; those of files are among the facts.
    pub problems: Vec<Problem>,
}

/// Files to look at under other names: real path in this layer → names to offer it under.
pub type Aliases = HashMap<FilePathBuf, Vec<FilePathBuf>>;

/// Reads a layer and shows its files to the analyser. Nothing is verified before the end: who calls compares
/// the digests of the pass with those that were promised.
pub fn read_layer<A: Analyser>(
    blob: impl Read + Send,
    analyser: &A,
    context: &PassContext<'_>,
) -> LayerPass<A::Facts> {
    let mut visit =
        FirstPass { offer: Offer::new(analyser, context), tree: LayerTree::default(), name_bytes: 0 };
    let pass = pass(blob, &mut visit, context);
    let mut tree = visit.tree;
    tree.seal();
    tree.tar_bytes = pass.tar_bytes;
    LayerPass {
        facts: visit.offer.facts,
        tree,
        blob_digest: pass.blob_digest,
        blob_bytes: pass.blob_bytes,
        diff_id: pass.diff_id,
        problems: pass.problems,
    }
}

/// Reads a layer again, for files that links give other names. It may have changed since it was read first, so
/// its digests are compared once more.
pub fn read_aliases<A: Analyser>(
    blob: impl Read + Send,
    layer: &LayerDescription,
    analyser: &A,
    aliases: &Aliases,
    context: &PassContext<'_>,
) -> (A::Facts, Vec<Problem>) {
    let mut visit = AliasPass { offer: Offer::new(analyser, context), aliases };
    let pass = pass(blob, &mut visit, context);
    let mut problems = pass.problems;
    if problems.is_empty() {
        problems = layer.wrong_digests(&pass.blob_digest, &pass.diff_id);
    }
    (visit.offer.facts, problems)
}

/// What is done with each entry of a layer.
trait Visit {
    fn entry<R: Read>(&mut self, walk: &mut Entries<R>) -> Result<(), TarError>;
}

/// A walk standing at an entry.
struct Entries<R> {
    walk: TarWalk<R>,
}

struct PassOutcome {
    blob_digest: Digest,
    blob_bytes: u64,
    diff_id: Digest,
    tar_bytes: u64,
    problems: Vec<Problem>,
}

fn pass(blob: impl Read + Send, visit: &mut impl Visit, context: &PassContext<'_>) -> PassOutcome {
    let mut problems = Vec::new();
    let compressed = AtomicU64::new(0);
    let mut blob = HashingReader::new(Counted { inner: blob, total: context.bytes_read }, Some(&compressed));
    let (diff_id, tar_bytes) = match walk_tar(&mut blob, visit, context, &compressed) {
        Ok(seen) => seen,
        Err((error, seen)) => {
            problems.push(Problem::general(ProblemKind::LayerUnreadable, error.to_string()));
            seen
        }
    };
    // Bytes behind the end of the compressed stream belong to the blob and to its digest.
    if problems.is_empty()
        && let Err(error) = blob.drain()
    {
        problems.push(Problem::general(ProblemKind::LayerUnreadable, error.to_string()));
    }
    let (blob_digest, blob_bytes) = blob.finish();
    PassOutcome { blob_digest, blob_bytes, diff_id, tar_bytes, problems }
}

type Seen = (Digest, u64);

fn walk_tar(
    blob: impl Read + Send,
    visit: &mut impl Visit,
    context: &PassContext<'_>,
    compressed: &AtomicU64,
) -> Result<Seen, (TarError, Seen)> {
    let nothing = (Digest::from_sha256([0; 32]), 0);
    let decoder = Decoder::new(blob).map_err(|error| (TarError::Read(error), nothing))?;
    let bounded = Bounded { decoder, bytes: 0, compressed, limits: context.limits };
    // Decompressing takes one processor, hashing and walking the other: a single large layer uses both.
    let (outcome, seen) = thread::scope(|scope| {
        let mut tar = HashingReader::new(ReadAhead::start(scope, bounded), None);
        let outcome = walk_entries(TarWalk::new(&mut tar), visit, context.limits);
        (outcome, tar.finish())
    });
    outcome.map(|()| seen).map_err(|error| (error, seen))
}

fn walk_entries<R: Read>(walk: TarWalk<R>, visit: &mut impl Visit, limits: &Limits) -> Result<(), TarError> {
    let mut entries = Entries { walk };
    let mut count = 0;
    while entries.walk.next_entry()?.is_some() {
        count += 1;
        if count > limits.max_layer_entries {
            return Err(too_much("entries in one layer", limits.max_layer_entries));
        }
        visit.entry(&mut entries)?;
    }
    entries.walk.drain()
}

fn too_much(of: &str, limit: u64) -> TarError {
    TarError::Read(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {limit} {of}")))
}

/// The first look at a layer: its shape is noted and every file offered.
struct FirstPass<'a, A: Analyser> {
    offer: Offer<'a, A>,
    tree: LayerTree,
    /// Bytes of the names that the tree keeps.
    name_bytes: u64,
}

impl<A: Analyser> Visit for FirstPass<'_, A> {
    fn entry<R: Read>(&mut self, entries: &mut Entries<R>) -> Result<(), TarError> {
        let entry = entries.walk.entry();
        if entry.path.as_bytes().is_empty() {
            return Ok(());
        }
        let is_removal = self.note_removal(&entry);
        if is_removal || !entry.link.is_empty() {
            self.count_name(entry.path.as_bytes().len() + entry.link.len())?;
        }
        if is_removal {
            return Ok(());
        }
        self.note_shape(&entry);
        if entry.kind != EntryKind::File {
            return Ok(());
        }
        let path = entry.path.to_owned();
        let meta = meta_of(&entry, &path);
        if self.offer.is_wanted(&meta, &mut entries.walk)? {
            self.tree.files_read += 1;
            self.count_name(path.as_bytes().len())?;
            if self.tree.files_read > self.offer.context.limits.max_claimed_files {
                return Err(too_much("files with package data in one layer", self.tree.files_read - 1));
            }
            self.offer.show(&meta, &mut entries.walk)?;
            self.tree.claimed.push(path);
        }
        Ok(())
    }
}

impl<A: Analyser> FirstPass<'_, A> {
    /// A name costs little, a million of the longest ones more than any machine has.
    fn count_name(&mut self, bytes: usize) -> Result<(), TarError> {
        self.name_bytes += bytes as u64;
        let limit = self.offer.context.limits.max_name_bytes;
        if self.name_bytes > limit { Err(too_much("bytes of names in one layer", limit)) } else { Ok(()) }
    }

    /// <https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#whiteouts>
    fn note_removal(&mut self, entry: &TarEntry<'_>) -> bool {
        let Some(name) = entry.path.file_name().strip_prefix(b".wh.") else { return false };
        let folder = entry.path.parent().unwrap_or(entry.path);
        match name {
            b".wh..opq" => self.tree.opaque.push(folder.to_owned()),
            // Notes of the aufs driver, which are no files of the image.
            _ if name.starts_with(b".wh.") => {}
            _ => self.tree.whiteouts.push(folder.join(name)),
        }
        true
    }

    fn note_shape(&mut self, entry: &TarEntry<'_>) {
        let keys = match entry.kind {
            EntryKind::Directory => &mut self.tree.directories,
            _ => &mut self.tree.files,
        };
        keys.push(path_key(entry.path));
        match entry.kind {
            EntryKind::Symlink => self.tree.symlinks.push((entry.path.to_owned(), entry.link.to_vec())),
            EntryKind::Hardlink => {
                // Only names that are wanted by themselves: what is found by its bytes is found under the
                // first name already.
                let meta = EntryMeta { path: entry.path, kind: EntryKind::File, size: 0, mode: entry.mode };
                if self.offer.analyser.interest(&meta) == Interest::Read {
                    self.tree.hardlinks.push((entry.path.to_owned(), FilePathBuf::normalise(entry.link)));
                }
            }
            _ => {}
        }
    }
}

/// A later look: files are offered under the names that links give them.
struct AliasPass<'a, A: Analyser> {
    offer: Offer<'a, A>,
    aliases: &'a Aliases,
}

impl<A: Analyser> Visit for AliasPass<'_, A> {
    fn entry<R: Read>(&mut self, entries: &mut Entries<R>) -> Result<(), TarError> {
        let entry = entries.walk.entry();
        if entry.kind != EntryKind::File {
            return Ok(());
        }
        let Some(names) = self.aliases.get(&entry.path.to_owned()) else { return Ok(()) };
        let (size, mode) = (entry.size, entry.mode);
        self.offer.show_as(names, size, mode, &mut entries.walk)
    }
}

/// Shows files of a walk to an analyser.
struct Offer<'a, A: Analyser> {
    analyser: &'a A,
    context: &'a PassContext<'a>,
    facts: A::Facts,
    /// Bytes of the sparse files that were shown, holes filled.
    sparse_bytes: u64,
}

impl<'a, A: Analyser> Offer<'a, A> {
    fn new(analyser: &'a A, context: &'a PassContext<'a>) -> Self {
        Self { analyser, context, facts: A::Facts::default(), sparse_bytes: 0 }
    }

    fn is_wanted<R: Read>(&self, meta: &EntryMeta<'_>, walk: &mut TarWalk<R>) -> Result<bool, TarError> {
        Ok(match self.analyser.interest(meta) {
            Interest::Skip => false,
            Interest::Read => true,
            Interest::Sniff => self.analyser.wants_content(meta, walk.peek(SNIFF_BYTES)?),
        })
    }

    fn show<R: Read>(&mut self, meta: &EntryMeta<'_>, walk: &mut TarWalk<R>) -> Result<(), TarError> {
        let names = [meta.path.to_owned()];
        self.show_as(&names, meta.size, meta.mode, walk)
    }

    fn show_as<R: Read>(
        &mut self,
        names: &[FilePathBuf],
        size: u64,
        mode: u32,
        walk: &mut TarWalk<R>,
    ) -> Result<(), TarError> {
        if size > self.context.limits.max_random_access_bytes {
            let message = format!("{size} bytes, more than the limit for one file");
            self.refuse(names, ProblemKind::TooLarge, &message);
            return Ok(());
        }
        if walk.is_sparse() && !self.has_room_for_sparse(size) {
            let limit = self.context.limits.max_sparse_bytes;
            let message = format!(
                "{size} bytes with its holes: the sparse files of the layer have more than {limit} together"
            );
            self.refuse(names, ProblemKind::TooLarge, &message);
            return Ok(());
        }
        if let Some(bytes) = walk.content_in_buffer()? {
            show_all(self.analyser, names, size, mode, Content::Memory(bytes), &mut self.facts);
            return Ok(());
        }
        match self.context.held.take_in(walk.content(), size) {
            Ok(held) => show_all(self.analyser, names, size, mode, held.content(), &mut self.facts),
            // The stream itself is broken, and with it the rest of the layer.
            Err(error) if error.is_source => return Err(TarError::Read(error.error)),
            Err(error) => {
                let message = format!("no room to hold it: {}", error.error);
                self.refuse(names, ProblemKind::Unreadable, &message);
            }
        }
        Ok(())
    }

    /// A hole costs the layer nothing, and us as much as any other bytes: those that are filled are counted.
    fn has_room_for_sparse(&mut self, size: u64) -> bool {
        let sum = self.sparse_bytes.saturating_add(size);
        let has_room = sum <= self.context.limits.max_sparse_bytes;
        if has_room {
            self.sparse_bytes = sum;
        }
        has_room
    }

    fn refuse(&mut self, names: &[FilePathBuf], kind: ProblemKind, message: &str) {
        for name in names {
            self.analyser.unreadable(Problem::at(name.clone(), kind, message), &mut self.facts);
        }
    }
}

fn show_all<A: Analyser>(
    analyser: &A,
    names: &[FilePathBuf],
    size: u64,
    mode: u32,
    content: Content<'_>,
    facts: &mut A::Facts,
) {
    for name in names {
        let meta = EntryMeta { path: name.as_path(), kind: EntryKind::File, size, mode };
        analyser.analyse(&meta, content, facts);
    }
}

fn meta_of<'p>(entry: &TarEntry<'_>, path: &'p FilePathBuf) -> EntryMeta<'p> {
    EntryMeta { path: path.as_path(), kind: entry.kind, size: entry.size, mode: entry.mode }
}

/// Counts what is read, for progress.
struct Counted<'c, R> {
    inner: R,
    total: &'c AtomicU64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.total.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Expansion is judged only beyond this size: small archives of zeros are common and harmless.
const EXPANSION_FREE_BYTES: u64 = 1 << 30;

/// A decoder that stops a layer that grows without measure.
struct Bounded<'c, R: Read> {
    decoder: Decoder<R>,
    bytes: u64,
    compressed: &'c AtomicU64,
    limits: &'c Limits,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(out)?;
        self.bytes += count as u64;
        let expansion =
            self.limits.max_layer_expansion.saturating_mul(self.compressed.load(Ordering::Relaxed));
        let message = if self.bytes > self.limits.max_layer_bytes {
            format!("the layer unpacks to more than {} bytes", self.limits.max_layer_bytes)
        } else if self.bytes > EXPANSION_FREE_BYTES && self.bytes > expansion {
            format!("the layer unpacks to more than {} times its size", self.limits.max_layer_expansion)
        } else {
            return Ok(count);
        };
        Err(io::Error::new(io::ErrorKind::FileTooLarge, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Claims everything, and keeps only what it could not have.
    #[derive(Default)]
    struct Greedy {
        unreadable: std::sync::Mutex<Vec<Problem>>,
    }

    impl Analyser for Greedy {
        type Facts = u64;

        fn identity(&self) -> String {
            "greedy".to_owned()
        }

        fn interest(&self, _: &EntryMeta<'_>) -> Interest {
            Interest::Read
        }

        fn wants_content(&self, _: &EntryMeta<'_>, _: &[u8]) -> bool {
            true
        }

        fn analyse(&self, _: &EntryMeta<'_>, content: Content<'_>, facts: &mut u64) {
            *facts += content.size();
        }

        fn unreadable(&self, problem: Problem, _: &mut u64) {
            self.unreadable.lock().unwrap().push(problem);
        }

        fn fixed_paths(&self) -> &[&'static str] {
            &[]
        }

        fn encode(&self, _: &u64) -> Vec<u8> {
            Vec::new()
        }

        fn decode(&self, _: &[u8]) -> Option<u64> {
            None
        }
    }

    fn layer(files: &[(&str, usize)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, size) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(*size as u64);
            builder.append_data(&mut header, name, vec![0; *size].as_slice()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn read(bytes: &[u8], limits: &Limits) -> (u64, String) {
        let (held, bytes_read) = (HeldBytes::new(limits.max_held_bytes), AtomicU64::new(0));
        let context = PassContext { limits, held: &held, bytes_read: &bytes_read };
        let pass = read_layer(bytes, &Greedy::default(), &context);
        let problems: Vec<_> = pass.problems.into_iter().map(|problem| problem.message).collect();
        (pass.facts, problems.join("; "))
    }

    #[test]
    fn large_files_are_held_or_spilled_and_read_whole() {
        let bytes = layer(&[("small", 10), ("large", 3 << 20)]);
        for max_held_bytes in [0, 64 << 20] {
            let limits = Limits { max_held_bytes, ..Limits::default() };
            assert_eq!(read(&bytes, &limits), (10 + (3 << 20), String::new()));
        }
    }

    #[test]
    fn beyond_a_bound_the_layer_is_unreadable_and_says_so() {
        let bytes = layer(&[("a", 1), ("b", 1), ("c", 1)]);
        let told = |limits: Limits| read(&bytes, &limits).1;
        assert_eq!(
            told(Limits { max_layer_entries: 2, ..Limits::default() }),
            "more than 2 entries in one layer"
        );
        assert_eq!(
            told(Limits { max_claimed_files: 2, ..Limits::default() }),
            "more than 2 files with package data in one layer"
        );
        assert_eq!(
            told(Limits { max_name_bytes: 2, ..Limits::default() }),
            "more than 2 bytes of names in one layer"
        );
        assert_eq!(
            told(Limits { max_layer_bytes: 1000, ..Limits::default() }),
            "the layer unpacks to more than 1000 bytes"
        );
    }

    /// An old GNU sparse file of this size that stores nothing.
    fn sparse_file(builder: &mut tar::Builder<Vec<u8>>, name: &str, size: u64) {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::GNUSparse);
        header.set_size(0);
        let gnu = header.as_gnu_mut().unwrap();
        gnu.realsize.copy_from_slice(format!("{size:011o}\0").as_bytes());
        gnu.sparse[0].offset.copy_from_slice(format!("{size:011o}\0").as_bytes());
        gnu.sparse[0].numbytes.copy_from_slice(b"00000000000\0");
        builder.append_data(&mut header, name, &b""[..]).unwrap();
    }

    #[test]
    fn holes_of_claimed_files_are_counted_together_and_beyond_the_bound_the_file_is_named() {
        let mut builder = tar::Builder::new(Vec::new());
        for name in ["a", "b", "c"] {
            sparse_file(&mut builder, name, 3000);
        }
        let bytes = builder.into_inner().unwrap();
        let limits = |max_sparse_bytes| Limits { max_sparse_bytes, ..Limits::default() };
        assert_eq!(read(&bytes, &limits(9000)), (9000, String::new()));
        // The layer itself is whole, and what is missing is told by its path.
        let (held, bytes_read) = (HeldBytes::new(0), AtomicU64::new(0));
        let bounded = limits(8999);
        let context = PassContext { limits: &bounded, held: &held, bytes_read: &bytes_read };
        let greedy = Greedy::default();
        let pass = read_layer(&*bytes, &greedy, &context);
        assert_eq!((pass.facts, pass.problems), (6000, Vec::new()));
        let message = "3000 bytes with its holes: the sparse files of the layer have more than 8999 together";
        let expected = Problem::at("c".into(), ProblemKind::TooLarge, message);
        assert_eq!(greedy.unreadable.into_inner().unwrap(), [expected]);
    }

    #[test]
    fn a_layer_that_is_cut_off_keeps_what_came_before() {
        let bytes = layer(&[("a", 600), ("b", 600)]);
        let (facts, problems) = read(&bytes[..2100], &Limits::default());
        assert_eq!(facts, 600);
        assert!(problems.contains("cut off"), "{problems}");
    }
}
