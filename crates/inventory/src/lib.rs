//! Which packages an image, a root file system or a source tree holds.
//!
//! An engine: it is shown files and tells what they say. It opens nothing, follows no link and knows no
//! layer; the reader of images and directories does that, through [`seawall_model::Analyser`].
//!
//! Start reading at [`cataloger`] (the trait that each format implements), then one short format such as
//! `catalogers/alpine_apk.rs`, then [`assembly`] (how facts of layers become one inventory).

mod archive;
pub mod assembly;
pub mod cataloger;
pub mod catalogers;
mod codec;
mod composer;
mod conan_reference;
mod deb822;
mod dependencies;
mod dispatch;
mod document;
pub mod eol;
mod erlang_terms;
mod executable;
pub mod facts;
mod go_build_info;
mod identity;
mod inventory;
mod maven_pom;
mod node;
mod python;
mod reach;
mod repository;
mod rpmdb;
mod version_resource;
mod xml;

pub use assembly::{Assembled, LayerFacts, assemble};
pub use cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
pub use eol::{EndOfLife, end_of_life, end_of_life_as_of};
pub use facts::{Facts, FileFacts, OwnedFiles, StatedLicences};
pub use inventory::Inventory;
