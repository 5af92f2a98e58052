//! Container images: where they come from, what their layers hold, and how the layers lie on each other.
//!
//! Start reading at [`layer`] (one streaming pass over a layer), then [`squash`].

pub mod archive;
pub mod blobs;
pub mod cache;
mod decode;
mod hash;
mod held;
pub mod image;
pub mod layer;
pub mod layout;
pub mod manifest;
pub mod scan;
pub mod squash;
pub mod stream;
pub mod tar;
mod tree;

pub use held::HeldBytes;
pub use tree::LayerTree;
