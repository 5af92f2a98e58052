//! Container images: where they come from, what their layers hold, and how the layers lie on each other.
//!
//! Start reading at [`layer`] (one streaming pass over a layer), then [`squash`].

mod decode;
mod hash;
mod held;
pub mod layer;
pub mod manifest;
pub mod squash;
pub mod tar;
mod tree;

pub use held::HeldBytes;
pub use tree::LayerTree;
