//! `seawall report`: a stored report in another form, or with another threshold.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::showing::{Deciding, Showing};
use super::stored::read_report;
use crate::exit::Exit;
use crate::settings::Settings;
use crate::{Global, clock};

/// Show a report that was stored, in any form, and decide by it.
///
/// FILE is what `seawall scan --format json` wrote. Nothing is scanned again: advisories and exceptions are
/// those of the day of the scan.
#[derive(Args)]
#[command(after_help = crate::exit::HELP)]
pub(crate) struct Report {
    /// The stored report; `-` is standard input.
    file: PathBuf,
    #[command(flatten)]
    showing: Showing,
    #[command(flatten)]
    deciding: Deciding,
}

pub(crate) fn run(report: Report, global: &Global) -> Result<Exit> {
    let settings = Settings::load(global.config.as_deref())?;
    let outputs = report.showing.prepare(global)?;
    let stored = read_report(&report.file)?;
    let created = clock::created(None, stored.image.as_ref())?;
    let exit = report.deciding.exit(&stored, &settings)?;
    outputs.emit(&report.showing.filtered(stored, &settings), created)?;
    Ok(exit)
}
