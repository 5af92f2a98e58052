//! The advisory engine: the database's format, version orders, and what a database says of packages.
//!
//! It is pure: bytes, packages and settings in, findings and coverage out. Files, downloads and JSON are the
//! work of the `feed` adapter. Start reading at [`matching`], then [`mod@feed_of`] and [`db`].

pub mod db;
mod evaluate;
pub mod explain;
pub mod feed_of;
pub mod fix_plan;
mod known_wrong;
pub mod matching;
pub mod names;
mod ownership;
pub mod priority;
pub mod record;
mod severity;
mod third_party;
pub mod version;

pub use db::{Database, DbError};
pub use explain::{RecordText, package_of_purl, packages_of_id, query, records_by_id, withdrawn_records};
pub use feed_of::{Asked, Feed, feed_of};
pub use fix_plan::fix_plan;
pub use matching::{MatchOptions, Matches, Unknown, match_packages};
pub use version::{Version, VersionError, VersionScheme};
