//! The flags of every command that reads a target, and what they mean.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use globset::{Glob, GlobSet, GlobSetBuilder};
use seawall_image::manifest::Platform;
use seawall_model::{ImageFacts, Limits, Timestamp};

use crate::read::ReadOptions;
use crate::settings::Settings;
use crate::target::Target;
use crate::{Global, clock};

/// What is read, and how.
#[derive(Args)]
pub(crate) struct Reading {
    /// What to read.
    target: String,
    #[command(flatten)]
    how: HowToRead,
}

/// How targets are read.
#[derive(Args)]
pub(crate) struct HowToRead {
    /// Pass over files whose path matches; can be given several times.
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Which image of an index: os/architecture[/variant]. Default: this machine's.
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<Platform>,
    /// Neither read nor write the cache of layers.
    #[arg(long)]
    no_cache: bool,
    /// Read every layer, though its facts are cached.
    #[arg(long)]
    verify_blobs: bool,
    /// Certificates in PEM to trust besides the system's.
    #[arg(long, value_name = "FILE")]
    ca_cert: Option<PathBuf>,
    /// Talk to registries without TLS where they do not speak it.
    #[arg(long)]
    dangerous_plain_http: bool,
    /// The time to take as now. Default: SOURCE_DATE_EPOCH, else the clock.
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// Layers or files read at a time. Default: the number of processors.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
}

impl Reading {
    pub(crate) fn target(&self) -> Result<Target> {
        parse_target(&self.target)
    }

    /// The time that a bill of materials of what was read carries.
    pub(crate) fn created(&self, image: Option<&ImageFacts>) -> Result<Timestamp> {
        self.how.created(image)
    }

    pub(crate) fn options(&self, settings: &Settings, global: &Global) -> Result<ReadOptions> {
        self.how.options(settings, global)
    }
}

/// Reads a target of the command line.
pub(crate) fn parse_target(text: &str) -> Result<Target> {
    text.parse()
        .with_context(|| format!("can't read {text:?}; `seawall scan --help` lists the kinds of target"))
}

impl HowToRead {
    pub(crate) fn now(&self) -> Result<Timestamp> {
        clock::now(self.now)
    }

    /// The time that a bill of materials of what was read carries.
    pub(crate) fn created(&self, image: Option<&ImageFacts>) -> Result<Timestamp> {
        clock::created(self.now, image)
    }

    pub(crate) fn options(&self, settings: &Settings, global: &Global) -> Result<ReadOptions> {
        let exclude_text: Vec<String> = settings.scan.exclude.iter().chain(&self.exclude).cloned().collect();
        let jobs = self.jobs.map(usize::from);
        let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(ReadOptions {
            platform: self.platform.clone(),
            cache: if self.no_cache { None } else { Some(super::cache::layer_cache()?) },
            verify_blobs: self.verify_blobs,
            exclude: globs(&exclude_text)?,
            exclude_text,
            threads: jobs.unwrap_or_else(processors),
            quiet: global.quiet,
            verbose: global.verbose,
            ca_cert: self.ca_cert.clone(),
            dangerous_plain_http: self.dangerous_plain_http,
            limits: Limits::default(),
        })
    }
}

/// A pattern without a slash at its front matches from the root, as paths in an image have none.
fn globs(patterns: &[String]) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob =
            Glob::new(pattern.trim_start_matches('/')).with_context(|| format!("--exclude {pattern:?}"))?;
        set.add(glob);
    }
    Ok(set.build()?)
}
