//! `seawall cache`: how large the cache of layers is, and how to be rid of it.

use std::io::Write;

use anyhow::{Context, Result};
use clap::Subcommand;
use seawall_image::cache::{Cache, DEFAULT_MAX_BYTES};

use crate::exit::Exit;
use crate::{Global, paths};

/// Look at or clear the cache of layers.
#[derive(Subcommand)]
pub(crate) enum CacheCommand {
    /// Where it is and how large.
    Status,
    /// Remove everything in it. The advisory database stays.
    Clear,
}

/// The cache of layers, in a folder of its own beside the advisory database.
pub(crate) fn layer_cache() -> Result<Cache> {
    Ok(Cache::new(paths::cache_dir()?.join("layers"), DEFAULT_MAX_BYTES))
}

pub(crate) fn run(command: CacheCommand, _global: &Global) -> Result<Exit> {
    let cache = layer_cache()?;
    let dir = cache.dir().display();
    let (verb, status) = match command {
        CacheCommand::Status => ("holds", cache.status().with_context(|| format!("can't read {dir}"))?),
        CacheCommand::Clear => ("removed", cache.clear().with_context(|| format!("can't clear {dir}"))?),
    };
    let mut out = anstream::stdout().lock();
    writeln!(out, "{dir}")?;
    writeln!(
        out,
        "{verb} {} entries, {:.1} MB of at most {} MB",
        status.entries,
        status.bytes as f64 / 1e6,
        status.max_bytes / 1_000_000
    )?;
    Ok(Exit::Done)
}
