//! Builders of fixtures for tests: layers, images in every form, package databases, mirrors of advisories.
//!
//! Fixtures are built in memory and are the same at each run; [`write_files`] and [`write_root`] alone write, and
//! [`rpm::database`] alone runs programs. Beside them stand the runner for tests that need other programs,
//! [`Suite`], and servers for these, in [`process`] and [`http`]. It serves tests, so what can't be built is a
//! panic. Start reading at [`Layer`] and [`Image`].
#![expect(clippy::unwrap_used, reason = "a fixture that can't be built fails the test that asked for it")]

mod files;
pub mod http;
mod image;
mod layer;
pub mod osv;
pub mod packages;
pub mod process;
pub mod rpm;
pub mod suite;
mod texts;

pub use files::{Files, tar_of, write_files};
pub use image::{DockerForm, Image, Layout, write_root};
pub use layer::{Compression, Layer, gzip};
pub use suite::Suite;
pub use texts::Texts;
