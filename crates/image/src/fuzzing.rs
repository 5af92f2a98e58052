//! Doors for `fuzz/`: the parsers of this crate that are private, each shown foreign bytes. Nothing else may use
//! them.

use seawall_model::{FilePathBuf, Limits};

use crate::reference::Reference;
use crate::squash::Squashed;
use crate::tree::LayerTree;

pub use crate::credentials::read_any as credentials;
pub use crate::registry::{read_any_challenge as challenge, read_any_mirrors as mirrors};

/// `manifest.json` of one of Docker's archives.
pub fn docker_manifest(bytes: &[u8]) {
    if let Ok(images) = crate::archive::parse_docker_manifest(bytes) {
        let _ = crate::archive::choose_image(&images, None);
        let _ = crate::archive::choose_image(&images, Some("shop:1"));
    }
}

/// A layer's shape as the cache keeps it: what is read must be written as it was read.
pub fn layer_tree(bytes: &[u8]) {
    if let Some(tree) = LayerTree::decode(bytes) {
        assert_eq!(LayerTree::decode(&tree.encode()), Some(tree));
    }
}

/// Lays layers on each other. What is visible must be among what the layers claim.
pub fn squash(mut layers: Vec<LayerTree>, fixed_paths: &[&str]) {
    layers.iter_mut().for_each(LayerTree::seal);
    let layers: Vec<&LayerTree> = layers.iter().collect();
    let squashed = Squashed::of(&layers, Limits::default().max_links);
    for path in fixed_paths {
        let target = squashed.resolve(FilePathBuf::from(*path).as_path());
        assert!(target.is_none_or(|target| seawall_model::path::is_normal(target.as_bytes())));
    }
    for (layer, aliases) in squashed.aliases(&layers, fixed_paths) {
        assert!(layer < layers.len() && !aliases.is_empty());
    }
}

/// Images of different registries, for settings that choose by name.
pub(crate) fn references() -> impl Iterator<Item = Reference> {
    ["alpine", "registry.example/team/app:1", "localhost:5000/x"].iter().filter_map(|text| text.parse().ok())
}
