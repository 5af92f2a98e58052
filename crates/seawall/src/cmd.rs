//! The subcommands: arguments and what each does.

pub(crate) mod cache;
pub(crate) mod db;
pub(crate) mod reading;
pub(crate) mod sbom;
pub(crate) mod scan;
