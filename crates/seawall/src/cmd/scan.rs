//! `seawall scan`: which packages a target holds, which known vulnerabilities they have, and what could not be
//! judged.

use std::time::Instant;

use anyhow::{Result, anyhow};
use clap::Args;
use seawall_model::Timestamp;
use seawall_report::ScanReport;

use super::judging::{Judge, Judging};
use super::reading::{self, HowToRead};
use super::showing::{Deciding, Showing};
use crate::exit::Exit;
use crate::read::{ReadOptions, read};
use crate::settings::Settings;
use crate::target::Target;
use crate::{Global, output, statements};

/// Scan an image, a root file system or a source tree.
///
/// The kind of TARGET is recognised, or said by a prefix:
/// docker-archive:FILE[:TAG], oci-archive:FILE[:TAG], oci-layout:DIR[:TAG|@DIGEST], dir:DIR (lockfiles),
/// rootfs:DIR (installed packages), docker:REF, podman:REF, containerd:REF, registry:REF.
/// A bare reference such as alpine:3.20 is taken from a local daemon that has it, else from its registry.
#[derive(Args)]
#[command(after_help = crate::exit::HELP)]
pub(crate) struct Scan {
    /// What to scan.
    target: String,
    #[command(flatten)]
    showing: Showing,
    #[command(flatten)]
    deciding: Deciding,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    reading: HowToRead,
    /// What to look for.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "vuln", value_parser = ["vuln", "secret", "config", "licence"])]
    scanners: Vec<String>,
}

pub(crate) fn run(scan: Scan, global: &Global) -> Result<Exit> {
    let settings = Settings::load(global.config.as_deref())?;
    let now = scan.reading.now()?;
    // A scanner that is not there must not look as if it had found nothing.
    if let Some(scanner) = scan.scanners.iter().find(|scanner| *scanner != "vuln") {
        return Err(anyhow!("--scanners {scanner} is not there yet, only vuln is"));
    }
    let outputs = scan.showing.prepare(global)?;
    let target = reading::parse_target(&scan.target)?;
    let judge = scan.judging.open(&settings)?;
    let report = scan_target(&target, &scan.reading.options(&settings, global)?, &judge, now)?;
    let created = scan.reading.created(report.image.as_ref())?;
    let exit = scan.deciding.exit(&report, &settings)?;
    outputs.emit(&scan.showing.filtered(report, &settings), created)?;
    Ok(exit)
}

/// Reads a target and judges what is in it.
pub(crate) fn scan_target(
    target: &Target,
    options: &ReadOptions,
    judge: &Judge,
    now: Timestamp,
) -> Result<ScanReport> {
    let start = Instant::now();
    let readout = read(target, options)?;
    let subject = statements::subject(target, readout.image.as_ref());
    let read_time = start.elapsed();
    let report = judge.report(readout, &subject, now)?;
    if options.verbose {
        tell_times(&report, read_time, start.elapsed());
    }
    Ok(report)
}

fn tell_times(report: &ScanReport, read: std::time::Duration, total: std::time::Duration) {
    let bytes: u64 = report.layers.iter().filter(|layer| !layer.from_cache).map(|layer| layer.bytes).sum();
    output::note(&format!(
        "read {} files of {} in {:.2} s ({} MB of layers), judged {} packages in {:.2} s",
        report.coverage.files_read,
        report.coverage.files_seen,
        read.as_secs_f64(),
        bytes / 1_000_000,
        report.packages.len(),
        total.saturating_sub(read).as_secs_f64(),
    ));
}
