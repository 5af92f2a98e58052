//! An image whose layers are directories on disk: Podman's storage, where no service runs.
//!
//! Removals there are overlayfs's: a character device of number 0/0 in place of a file, and an attribute on a
//! directory that hides what is below.
//! <https://docs.kernel.org/filesystems/overlayfs.html#whiteouts-and-opaque-directories>

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use seawall_model::analysis::SNIFF_BYTES;
use seawall_model::{
    Analyser, Content, Digest, EntryKind, EntryMeta, FilePathBuf, Interest, LayerIndex, Limits, Problem,
    ProblemKind,
};

use crate::blobs::digest_of;
use crate::held::FileOnDisk;
use crate::image::{ImageDescription, ImageError, LayerDescription};
use crate::layer::Aliases;
use crate::manifest::{ImageConfig, ManifestError};
use crate::scan::{ScanOptions, ScannedImage, ScannedLayer, finish};
use crate::tree::{LayerTree, path_key};

/// An image and the directories of its layers.
pub struct UnpackedImage {
    description: ImageDescription,
    dirs: Vec<PathBuf>,
}

impl UnpackedImage {
    /// `layers` are digests and directories, base first.
    pub fn new(
        name: String,
        config_bytes: Vec<u8>,
        layers: Vec<(Digest, PathBuf)>,
    ) -> Result<Self, ImageError> {
        let config = ImageConfig::parse(&config_bytes)?;
        if config.diff_ids.len() != layers.len() {
            let message = format!(
                "the storage has {} layers and the configuration {}",
                layers.len(),
                config.diff_ids.len()
            );
            return Err(ManifestError::Inconsistent(message).into());
        }
        let (diff_ids, dirs): (Vec<Digest>, Vec<PathBuf>) = layers.into_iter().unzip();
        let layer = |diff_id| LayerDescription { blob: None, diff_id, urls: Vec::new() };
        let description = ImageDescription {
            name,
            manifest_digest: None,
            config_digest: digest_of(&config_bytes),
            config,
            config_bytes,
            layers: diff_ids.into_iter().map(layer).collect(),
        };
        Ok(Self { description, dirs })
    }
}

/// Walks the directories of all layers. Directories cannot be verified against digests, so nothing is cached.
pub fn scan_unpacked<A: Analyser>(
    image: &UnpackedImage,
    analyser: &A,
    options: &ScanOptions<'_>,
) -> ScannedImage<A::Facts> {
    let layers =
        image.dirs.iter().enumerate().map(|(index, dir)| scan_layer(index, dir, analyser, options)).collect();
    finish(image.description.clone(), layers, analyser, options, |wanted| {
        let again = |(layer, aliases): (&LayerIndex, &Aliases)| {
            let mut walk = LayerWalk::new(&image.dirs[*layer], analyser, options.limits);
            // In order of name, so that the facts have an order too.
            for (path, names) in aliases.iter().collect::<BTreeMap<_, _>>() {
                walk.offer_as(path, names);
            }
            (*layer, walk.facts, walk.problems)
        };
        wanted.iter().map(again).collect()
    })
}

fn scan_layer<A: Analyser>(
    index: LayerIndex,
    dir: &Path,
    analyser: &A,
    options: &ScanOptions<'_>,
) -> ScannedLayer<A::Facts> {
    let mut walk = LayerWalk::new(dir, analyser, options.limits);
    walk.run();
    walk.tree.seal();
    let mut problems = walk.problems;
    for problem in &mut problems {
        problem.layer = Some(index);
    }
    ScannedLayer { facts: walk.facts, tree: walk.tree, from_cache: false, problems }
}

struct LayerWalk<'a, A: Analyser> {
    dir: &'a Path,
    analyser: &'a A,
    limits: &'a Limits,
    facts: A::Facts,
    tree: LayerTree,
    problems: Vec<Problem>,
}

impl<'a, A: Analyser> LayerWalk<'a, A> {
    fn new(dir: &'a Path, analyser: &'a A, limits: &'a Limits) -> Self {
        Self {
            dir,
            analyser,
            limits,
            facts: A::Facts::default(),
            tree: LayerTree::default(),
            problems: Vec::new(),
        }
    }

    /// Walks the layer in order of names, so that the same layer gives the same facts.
    fn run(&mut self) {
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let mut names = match self.names(&folder) {
                Ok(names) => names,
                Err(error) => {
                    self.problem(&folder, ProblemKind::LayerUnreadable, &error);
                    continue;
                }
            };
            names.sort_unstable_by(|a, b| b.cmp(a));
            for name in names {
                let path = folder.join(name);
                match self.entry(&path) {
                    Ok(true) => folders.push(path),
                    Ok(false) => {}
                    Err(error) => self.problem(&path, ProblemKind::Unreadable, &error),
                }
            }
        }
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<std::ffi::OsString>> {
        fs::read_dir(self.dir.join(folder))?.map(|entry| entry.map(|entry| entry.file_name())).collect()
    }

    /// Notes one entry; `true` for a directory to go into.
    fn entry(&mut self, path: &Path) -> io::Result<bool> {
        let full = self.dir.join(path);
        let metadata = fs::symlink_metadata(&full)?;
        let name = inside(path);
        let kind = metadata.file_type();
        if kind.is_char_device() && metadata.rdev() == 0 {
            self.tree.whiteouts.push(name);
            return Ok(false);
        }
        if kind.is_dir() {
            self.tree.directories.push(path_key(name.as_path()));
            if is_opaque(&full) {
                self.tree.opaque.push(name);
            }
            return Ok(true);
        }
        self.tree.files.push(path_key(name.as_path()));
        if kind.is_symlink() {
            self.tree.symlinks.push((name, fs::read_link(&full)?.into_os_string().into_vec()));
        } else if kind.is_file() {
            let (size, mode) = (metadata.len(), metadata.permissions().mode() & 0o7777);
            let entry = EntryMeta { path: name.as_path(), kind: EntryKind::File, size, mode };
            if self.analyser.interest(&entry) != Interest::Skip && self.offer(&full, &entry, false)? {
                self.tree.files_read += 1;
                self.tree.claimed.push(name);
            }
        }
        Ok(false)
    }

    /// Shows a file under the names that links give it.
    fn offer_as(&mut self, path: &FilePathBuf, names: &[FilePathBuf]) {
        let full = self.dir.join(std::ffi::OsStr::from_bytes(path.as_bytes()));
        for name in names {
            let shown = fs::symlink_metadata(&full).and_then(|metadata| {
                let entry =
                    EntryMeta { path: name.as_path(), kind: EntryKind::File, size: metadata.len(), mode: 0 };
                self.offer(&full, &entry, true)
            });
            if let Err(error) = shown {
                self.problems.push(Problem::at(name.clone(), ProblemKind::Unreadable, error.to_string()));
            }
        }
    }

    fn offer(&mut self, full: &Path, entry: &EntryMeta<'_>, is_claimed: bool) -> io::Result<bool> {
        let file = File::open(full)?;
        if !is_claimed && self.analyser.interest(entry) == Interest::Sniff {
            let mut head = [0; SNIFF_BYTES];
            let count = file.read_at(&mut head, 0)?;
            if !self.analyser.wants_content(entry, &head[..count]) {
                return Ok(false);
            }
        }
        if entry.size > self.limits.max_random_access_bytes {
            let message = format!("{} bytes, more than the limit for one file", entry.size);
            let problem = Problem::at(entry.path.to_owned(), ProblemKind::TooLarge, message);
            self.analyser.unreadable(problem, &mut self.facts);
        } else {
            let content = FileOnDisk { file, size: entry.size };
            self.analyser.analyse(entry, Content::Spilled(&content), &mut self.facts);
        }
        Ok(true)
    }

    fn problem(&mut self, path: &Path, kind: ProblemKind, error: &io::Error) {
        self.problems.push(Problem::at(inside(path), kind, error.to_string()));
    }
}

fn inside(path: &Path) -> FilePathBuf {
    FilePathBuf::normalise(path.as_os_str().as_bytes())
}

/// Root's storage marks with `trusted`, a user's with `user`.
fn is_opaque(dir: &Path) -> bool {
    ["trusted.overlay.opaque", "user.overlay.opaque"].iter().any(|name| {
        let mut value = [0; 1];
        matches!(rustix::fs::lgetxattr(dir, *name, &mut value), Ok(1)) && value[0] == b'y'
    })
}
