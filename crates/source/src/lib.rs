//! Directories: an unpacked image, a host's own root, a source tree.
//!
//! Every file is offered to an analyser as the reader of images does it. Links are never followed while
//! walking, so that nothing outside the tree is read; the few fixed paths that may be links are resolved
//! inside the tree.

mod walk;

pub use walk::{ScannedTree, WalkError, WalkOptions, scan_tree};
