//! Where our own files lie.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// The folder of caches: `SEAWALL_CACHE_DIR`, else `seawall` in the XDG cache directory.
pub(crate) fn cache_dir() -> Result<PathBuf> {
    if let Some(dir) = env::var_os("SEAWALL_CACHE_DIR").filter(|dir| !dir.is_empty()) {
        return Ok(PathBuf::from(dir));
    }
    // The specification says that a relative path is to be ignored.
    let xdg = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let home =
        || env::var_os("HOME").filter(|home| !home.is_empty()).map(|home| PathBuf::from(home).join(".cache"));
    let base = xdg.or_else(home).context("there is no HOME to keep a cache in; set SEAWALL_CACHE_DIR")?;
    Ok(base.join("seawall"))
}

/// The advisory database: `--db`, else `SEAWALL_DB` (read by the flag itself), else a file in the cache.
pub(crate) fn database(flag: Option<&PathBuf>) -> Result<PathBuf> {
    match flag {
        Some(path) => Ok(path.clone()),
        None => Ok(cache_dir()?.join("advisories.db")),
    }
}
