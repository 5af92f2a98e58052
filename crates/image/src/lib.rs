//! Reads container images wherever they lie: registries, daemons, archives and layouts.
//!
//! An adapter: it fetches bytes and verifies them. What is in them is judged elsewhere.
//!
//! Start reading at [`blobs`], the trait that every source implements, then [`registry`].

pub mod blobs;
pub mod containerd;
pub mod credentials;
pub mod daemon;
pub mod environment;
pub mod reference;
pub mod registry;

pub use blobs::{BlobError, BlobSource, RawManifest};
pub use environment::Environment;
pub use reference::{Reference, ReferenceError};
