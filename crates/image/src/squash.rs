//! Layers laid on each other: which claimed files are still there, and which names lead to others.
//!
//! No file system is built. The claimed files and the links, which are few, are carried through the layers,
//! and each layer is asked whether it hides them.
//! <https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#applying-changesets>

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use seawall_model::links::{Standing, follow_links};
use seawall_model::{FilePath, FilePathBuf, LayerIndex};

use crate::layer::Aliases;
use crate::tree::LayerTree;

/// The finished file system, as far as it was asked for.
pub struct Squashed {
    visible: HashSet<(LayerIndex, FilePathBuf)>,
    links: BTreeMap<FilePathBuf, Vec<u8>>,
    max_links: usize,
}

impl Squashed {
    /// Lays the layers on each other, base first. Chains of more than `max_links` links count as loops.
    pub fn of(layers: &[&LayerTree], max_links: usize) -> Self {
        let mut state = State { files: BTreeMap::new(), links: BTreeMap::new(), max_links };
        for (index, layer) in layers.iter().enumerate() {
            state.apply(index, layer);
        }
        let visible = state.files.into_values().collect();
        Self { visible, links: state.links, max_links }
    }

    /// Whether the file that this layer brought is there in the end.
    pub fn is_visible(&self, layer: LayerIndex, path: FilePath<'_>) -> bool {
        self.visible.contains(&(layer, path.to_owned()))
    }

    /// Where a path leads when links are followed, inside the image only; `None` for a loop.
    pub fn resolve(&self, path: FilePath<'_>) -> Option<FilePathBuf> {
        resolve(&self.links, path, self.max_links)
    }

    /// What must be read again under other names, by layer: fixed paths that lead through links to files that
    /// nobody claimed, and wanted names that are hard links.
    pub fn aliases(&self, layers: &[&LayerTree], fixed_paths: &[&str]) -> BTreeMap<LayerIndex, Aliases> {
        let mut wanted: BTreeMap<LayerIndex, Aliases> = BTreeMap::new();
        let is_fixed =
            |path: &FilePathBuf| fixed_paths.iter().any(|fixed| fixed.as_bytes() == path.as_bytes());
        for path in fixed_paths {
            let path = FilePathBuf::from(*path);
            // A target that is a fixed path itself, such as usr/lib/os-release, speaks under its own name.
            let target = self.resolve(path.as_path()).filter(|target| *target != path && !is_fixed(target));
            if let Some(target) = target
                && let Some(layer) = layer_of(layers, target.as_path())
            {
                add_alias(wanted.entry(layer).or_default(), target, path);
            }
        }
        for (index, layer) in layers.iter().enumerate() {
            let visible = |path: &FilePathBuf| self.visible.contains(&(index, path.clone()));
            for (path, target) in layer.hardlinks.iter().filter(|(path, _)| visible(path)) {
                let source = (0..=index).rev().find(|below| layers[*below].has_file(target.as_path()));
                if let Some(source) = source {
                    add_alias(wanted.entry(source).or_default(), target.clone(), path.clone());
                }
            }
        }
        wanted
    }
}

/// The layer whose file of this path is seen in the end.
fn layer_of(layers: &[&LayerTree], path: FilePath<'_>) -> Option<LayerIndex> {
    for (index, layer) in layers.iter().enumerate().rev() {
        if layer.has_file(path) {
            return Some(index);
        }
        if Removals::of(layer).hide(path) {
            return None;
        }
    }
    None
}

fn add_alias(aliases: &mut Aliases, target: FilePathBuf, name: FilePathBuf) {
    let names = aliases.entry(target).or_default();
    if !names.contains(&name) {
        names.push(name);
    }
}

/// What is there after some layers.
struct State {
    /// By real path, with links in the way resolved: the layer, and the name that the file has there.
    files: BTreeMap<FilePathBuf, (LayerIndex, FilePathBuf)>,
    links: BTreeMap<FilePathBuf, Vec<u8>>,
    max_links: usize,
}

impl State {
    fn apply(&mut self, index: LayerIndex, layer: &LayerTree) {
        // Removals speak of lower layers only, wherever they stand in the archive.
        self.remove(layer);
        self.links.extend(layer.symlinks.iter().cloned());
        let names = layer.claimed.iter().chain(layer.hardlinks.iter().map(|(path, _)| path));
        for name in names {
            self.files.insert(self.real_path(name), (index, name.clone()));
        }
    }

    /// The path with links among its folders resolved: a file written to `lib/x` where `lib` leads to
    /// `usr/lib` lies at `usr/lib/x`.
    fn real_path(&self, path: &FilePathBuf) -> FilePathBuf {
        let path = path.as_path();
        let folder = path.parent().and_then(|folder| resolve(&self.links, folder, self.max_links));
        folder.map_or_else(|| path.to_owned(), |folder| folder.as_path().join(path.file_name()))
    }

    fn remove(&mut self, layer: &LayerTree) {
        let removals = Removals::of(layer);
        // Layers name files through links at the root too: `lib/x` for `usr/lib/x`.
        let mut shortcuts: HashMap<FilePathBuf, Vec<&FilePathBuf>> = HashMap::new();
        for link in self.links.keys().filter(|link| !link.as_bytes().contains(&b'/')) {
            if let Some(target) = resolve(&self.links, link.as_path(), self.max_links) {
                shortcuts.entry(target).or_default().push(link);
            }
        }
        let hidden_by_shortcut = |path: &FilePathBuf| {
            let mut folders = std::iter::successors(path.as_path().parent(), |folder| folder.parent());
            folders.any(|folder| {
                let Some(links) = shortcuts.get(&folder.to_owned()) else { return false };
                let rest = below(path, folder);
                links.iter().any(|link| removals.hide_exactly(link.as_path().join(rest).as_path()))
            })
        };
        self.files.retain(|path, (_, name)| {
            !removals.hide(path.as_path())
                && !removals.hide_exactly(name.as_path())
                && !hidden_by_shortcut(path)
        });
        self.links.retain(|path, _| !removals.hide(path.as_path()));
    }
}

/// The path counted from one of its folders.
fn below<'p>(path: &'p FilePathBuf, folder: FilePath<'_>) -> &'p [u8] {
    let rest = path.as_bytes().strip_prefix(folder.as_bytes()).unwrap_or_default();
    rest.strip_prefix(b"/").unwrap_or(rest)
}

/// What a layer takes away from those below it.
struct Removals<'a> {
    layer: &'a LayerTree,
    whiteouts: BTreeSet<&'a [u8]>,
    opaque: BTreeSet<&'a [u8]>,
}

impl<'a> Removals<'a> {
    fn of(layer: &'a LayerTree) -> Self {
        let set = |paths: &'a [FilePathBuf]| paths.iter().map(FilePathBuf::as_bytes).collect();
        Self { layer, whiteouts: set(&layer.whiteouts), opaque: set(&layer.opaque) }
    }

    /// Whether a file or link of a lower layer is gone: replaced, removed, or below something that is.
    fn hide(&self, path: FilePath<'_>) -> bool {
        let mut folders = std::iter::successors(path.parent(), |folder| folder.parent());
        self.hide_exactly(path)
            || folders.any(|folder| {
                self.whiteouts.contains(folder.as_bytes())
                    || self.opaque.contains(folder.as_bytes())
                    || self.layer.has_file(folder)
            })
    }

    /// Whether this very name is taken away or taken by something else.
    fn hide_exactly(&self, path: FilePath<'_>) -> bool {
        self.whiteouts.contains(path.as_bytes())
            || self.layer.has_file(path)
            || self.layer.has_directory(path)
    }
}

/// Where a path leads among these links.
fn resolve(
    links: &BTreeMap<FilePathBuf, Vec<u8>>,
    path: FilePath<'_>,
    max_links: usize,
) -> Option<FilePathBuf> {
    // Files that nobody claimed are not known, so what is no link may be anything.
    follow_links(path, max_links, |at| links.get(&at.to_owned()).map_or(Standing::Other, Standing::Link))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::path_key;

    /// A layer in words: `claimed`, `x=f` a file, `x=d` a directory, `-x` a whiteout, `x!` opaque,
    /// `a>b` a symbolic link, `a~b` a hard link.
    fn layer(words: &str) -> LayerTree {
        let mut tree = LayerTree::default();
        for word in words.split_whitespace() {
            let path = FilePathBuf::from;
            if let Some(removed) = word.strip_prefix('-') {
                tree.whiteouts.push(path(removed));
            } else if let Some(folder) = word.strip_suffix('!') {
                tree.opaque.push(path(folder));
            } else if let Some((link, target)) = word.split_once('>') {
                tree.files.push(path_key(path(link).as_path()));
                tree.symlinks.push((path(link), target.as_bytes().to_vec()));
            } else if let Some((link, target)) = word.split_once('~') {
                tree.files.push(path_key(path(link).as_path()));
                tree.hardlinks.push((path(link), path(target)));
            } else if let Some(file) = word.strip_suffix("=f") {
                tree.files.push(path_key(path(file).as_path()));
            } else if let Some(folder) = word.strip_suffix("=d") {
                tree.directories.push(path_key(path(folder).as_path()));
            } else {
                tree.files.push(path_key(path(word).as_path()));
                tree.claimed.push(path(word));
            }
        }
        tree.seal();
        tree
    }

    fn visible(layers: &[&str]) -> String {
        let layers: Vec<_> = layers.iter().map(|words| layer(words)).collect();
        let layers: Vec<_> = layers.iter().collect();
        let mut seen: Vec<_> = Squashed::of(&layers, 40)
            .visible
            .into_iter()
            .map(|(layer, path)| format!("{layer}:{path}"))
            .collect();
        seen.sort();
        seen.join(" ")
    }

    #[test]
    fn later_layers_replace_and_remove() {
        assert_eq!(visible(&["a b", "a"]), "0:b 1:a");
        assert_eq!(visible(&["a b", "a=f"]), "0:b", "replaced by a file that nobody wants");
        assert_eq!(visible(&["a/x a/y", "-a/x"]), "0:a/y");
        assert_eq!(visible(&["a/b/x c", "-a"]), "0:c", "a whole folder");
        assert_eq!(visible(&["a/b/x a/y", "a! a/z"]), "1:a/z", "opaque");
        assert_eq!(visible(&["a/x", "-a/x a/x"]), "1:a/x", "removed and made anew in one layer");
        assert_eq!(visible(&["ab/x", "-a"]), "0:ab/x", "whole names only");
    }

    #[test]
    fn a_file_or_link_in_place_of_a_folder_hides_what_was_in_it() {
        assert_eq!(visible(&["app/x b", "app>other"]), "0:b");
        assert_eq!(visible(&["app/x b", "app=f"]), "0:b");
        assert_eq!(visible(&["app", "app=d"]), "", "a folder in place of a file");
        assert_eq!(visible(&["app/x", "app=d"]), "0:app/x", "a folder that was there stays as it is");
    }

    #[test]
    fn files_written_through_links_are_one_place() {
        assert_eq!(visible(&["lib>usr/lib usr/lib/x", "lib/x"]), "1:lib/x");
        assert_eq!(visible(&["lib>usr/lib lib/x", "-usr/lib/x"]), "");
        assert_eq!(visible(&["lib>usr/lib usr/lib/x", "-lib/x"]), "");
        assert_eq!(visible(&["lib>usr/lib usr/lib/x", "lib>usr/lib"]), "0:usr/lib/x", "the link again");
        assert_eq!(visible(&["host>/ usr/x", "-host/usr/x"]), "", "a link to the root");
    }

    fn resolved(words: &str, path: &str) -> String {
        let layer = layer(words);
        match Squashed::of(&[&layer], 40).resolve(FilePathBuf::from(path).as_path()) {
            Some(path) => path.to_string(),
            None => "loop".to_owned(),
        }
    }

    #[test]
    fn links_never_leave_the_image() {
        assert_eq!(resolved("etc/os-release>../usr/lib/os-release", "etc/os-release"), "usr/lib/os-release");
        assert_eq!(resolved("a>../../../../etc/shadow", "a"), "etc/shadow");
        assert_eq!(resolved("a>b b>a", "a"), "loop");
    }

    #[test]
    fn a_fixed_path_behind_a_link_is_read_where_it_leads() {
        let base = layer(
            "data/status=f var/lib/dpkg/status>/data/status usr/lib/os-release etc/os-release>../usr/lib/os-release",
        );
        let top = layer("other");
        let layers = [&base, &top];
        let aliases = Squashed::of(&layers, 40)
            .aliases(&layers, &["var/lib/dpkg/status", "etc/os-release", "usr/lib/os-release"]);
        assert_eq!(aliases.len(), 1, "{aliases:?}");
        assert_eq!(
            aliases[&0][&FilePathBuf::from("data/status")],
            [FilePathBuf::from("var/lib/dpkg/status")]
        );
    }

    #[test]
    fn hard_links_that_are_wanted_are_read_where_the_bytes_are() {
        let base = layer("store/abc=f app/package.json~store/abc gone/package.json~store/abc");
        let top = layer("-gone");
        let layers = [&base, &top];
        let aliases = Squashed::of(&layers, 40).aliases(&layers, &[]);
        assert_eq!(aliases[&0][&FilePathBuf::from("store/abc")], [FilePathBuf::from("app/package.json")]);
    }
}
