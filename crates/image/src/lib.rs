//! Container images: where they come from, what their layers hold, and how the layers lie on each other.
//!
//! An adapter: it fetches bytes, verifies them and shows the files in them to an analyser. What is in them is
//! judged elsewhere.
//!
//! Start reading at [`layer`] (one streaming pass over a layer), then [`squash`], [`scan`], and for where
//! images come from [`blobs`], the trait that every source implements, and [`registry`].

mod ahead;
pub mod archive;
pub mod base;
pub mod blobs;
pub mod cache;
pub mod containerd;
pub mod credentials;
pub mod daemon;
mod decode;
pub mod environment;
#[doc(hidden)]
pub mod fuzzing;
mod hash;
mod held;
pub mod image;
pub mod layer;
pub mod layout;
pub mod manifest;
pub mod reference;
pub mod registry;
pub mod scan;
mod shared;
pub mod squash;
pub mod stream;
pub mod tar;
mod tree;
pub mod unpacked;

pub use blobs::{BlobError, BlobSource, RawManifest};
pub use environment::Environment;
pub use held::HeldBytes;
pub use reference::{Reference, ReferenceError};
pub use shared::Shared;
pub use tree::LayerTree;
