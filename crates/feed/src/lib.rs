//! Keeps the advisory database: builds it from OSV feeds, maps it, moves it as a file.
//!
//! It judges nothing; that is `seawall-advisory`. Start reading at [`update()`], then [`osv`] for what is taken
//! from a record, and [`file`] for how the database lies on disk.

mod archive;
mod csv;
mod error;
pub mod file;
pub mod lists;
pub mod location;
pub mod osv;
pub mod update;

pub use error::FeedError;
pub use file::{Status, export, import, open, status};
pub use location::Location;
pub use update::{
    DEFAULT_BASE, FeedReport, NoProgress, Outcome, Progress, Update, UpdateReport, ecosystem_named, update,
};
