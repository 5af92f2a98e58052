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
mod dispatch;
mod document;
mod erlang_terms;
mod executable;
pub mod facts;
mod go_build_info;
mod inventory;
mod maven_pom;
mod node;
mod python;
mod reach;
mod repository;
mod xml;

pub use assembly::{Assembled, LayerFacts, assemble};
pub use cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
pub use facts::{Facts, FileFacts, OwnedFiles};
pub use inventory::Inventory;
