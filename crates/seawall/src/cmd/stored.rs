//! A report to work on: one that was stored, or one of a target that is scanned now.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use seawall_model::Limits;
use seawall_report::{ScanReport, read_json};

use super::judging::Judging;
use super::reading::{self, HowToRead};
use super::scan::scan_target;
use crate::Global;
use crate::read::document_bytes;
use crate::settings::Settings;

/// Where the report comes from.
#[derive(Args)]
pub(crate) struct Source {
    /// A report that `seawall scan --format json` wrote, instead of a target; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    reading: HowToRead,
}

impl Source {
    /// The database that was named.
    pub(crate) const fn db(&self) -> Option<&PathBuf> {
        self.judging.db()
    }

    /// The stored report, or that of the target.
    pub(crate) fn load(&self, target: Option<&str>, global: &Global) -> Result<ScanReport> {
        if let Some(path) = &self.report {
            return read_report(path);
        }
        let target = reading::parse_target(target.context("a target or --report FILE is needed")?)?;
        let settings = Settings::load(global.config.as_deref())?;
        let judge = self.judging.open(&settings)?;
        scan_target(&target, &self.reading.options(&settings, global)?, &judge, self.reading.now()?)
    }
}

/// Reads a stored report.
pub(crate) fn read_report(path: &Path) -> Result<ScanReport> {
    let bytes = document_bytes("the report ", path, &Limits::default())?;
    read_json(&bytes).with_context(|| {
        format!("can't use {}; `seawall scan --format json` writes what is read here", path.display())
    })
}
