//! The subcommands: arguments and what each does.

pub(crate) mod cache;
pub(crate) mod db;
pub(crate) mod explain;
pub(crate) mod fix_plan;
pub(crate) mod judging;
pub(crate) mod reading;
pub(crate) mod report;
pub(crate) mod sbom;
pub(crate) mod scan;
pub(crate) mod showing;
pub(crate) mod stored;
pub(crate) mod vex;
