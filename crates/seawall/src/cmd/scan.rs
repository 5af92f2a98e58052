//! `seawall scan`: which packages a target holds, which known vulnerabilities they have, and what could not be
//! judged.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use seawall_advisory::matching::{MatchOptions, Matches, match_packages};
use seawall_feed::Status as DatabaseStatus;
use seawall_inventory::eol::{EndOfLife as Support, end_of_life};
use seawall_model::{Coverage, Distro, Finding, Severity, Timestamp};
use seawall_report::{DatabaseInfo, EndOfLife, FeedInfo, Hidden, ScanReport, TableOptions, UnknownNote};

use super::reading::Reading;
use crate::exit::Exit;
use crate::output::{self, OutputFile, ScanFormat, ScanResult};
use crate::read::{Readout, read};
use crate::settings::Settings;
use crate::{Global, exceptions, paths};

/// Scan an image, a root file system or a source tree.
///
/// The kind of TARGET is recognised, or said by a prefix:
/// docker-archive:FILE[:TAG], oci-archive:FILE[:TAG], oci-layout:DIR[:TAG|@DIGEST], dir:DIR (lockfiles),
/// rootfs:DIR (installed packages), sbom:FILE (a bill of materials of any tool), purl:FILE (package URLs, one a
/// line), docker:REF, podman:REF, containerd:REF, registry:REF.
/// A bare reference such as alpine:3.20 is taken from a local daemon that has it, else from its registry.
#[derive(Args)]
#[command(after_help = crate::exit::HELP)]
pub(crate) struct Scan {
    #[command(flatten)]
    reading: Reading,
    /// The form of the report on standard output: table, json, or a bill of materials as of `seawall sbom`.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: ScanFormat,
    /// Write a report to a file as well; can be given several times.
    #[arg(long, short, value_name = "[FORMAT=]FILE")]
    output: Vec<OutputFile<ScanFormat>>,
    /// Show only findings of these severities: critical, high, medium, low, negligible, unknown.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = parse_severity)]
    severity: Vec<Wanted>,
    /// Show only findings for which a mended version is known.
    #[arg(long)]
    only_fixed: bool,
    /// List suppressed findings too.
    #[arg(long)]
    show_suppressed: bool,
    /// Exit with 1 where an open finding is at least this severe, shown or not; `none` only reports.
    #[arg(long, value_name = "SEVERITY|none", value_parser = parse_threshold)]
    fail_on: Option<Threshold>,
    /// Findings of unknown severity do not count for --fail-on.
    #[arg(long)]
    ignore_unknown_severity: bool,
    /// Exit with 3 for every problem, not only for those that make the result incomplete.
    #[arg(long, conflicts_with = "allow_incomplete")]
    strict: bool,
    /// Exit with 0 though not everything was judged.
    #[arg(long)]
    allow_incomplete: bool,
    /// Judge dependencies that are needed for development only, too.
    #[arg(long)]
    include_dev: bool,
    /// What to look for.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "vuln", value_parser = ["vuln", "secret", "config", "licence"])]
    scanners: Vec<String>,
    /// The advisory database. Default: advisories.db in the cache directory.
    #[arg(long, value_name = "FILE", env = "SEAWALL_DB")]
    db: Option<PathBuf>,
}

/// A severity to show; `None` is the unknown one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wanted(Option<Severity>);

fn parse_severity(text: &str) -> Result<Wanted, String> {
    if text.eq_ignore_ascii_case("unknown") {
        return Ok(Wanted(None));
    }
    text.parse().map(|severity| Wanted(Some(severity))).map_err(|error| format!("{error}, unknown"))
}

/// From which severity on a finding ends in exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Threshold {
    Never,
    AtLeast(Severity),
}

fn parse_threshold(text: &str) -> Result<Threshold, String> {
    if text == "none" {
        return Ok(Threshold::Never);
    }
    text.parse().map(Threshold::AtLeast).map_err(|error| format!("{error}, or none"))
}

pub(crate) fn run(scan: Scan, global: &Global) -> Result<Exit> {
    let start = Instant::now();
    let settings = Settings::load(global.config.as_deref())?;
    let now = scan.reading.now()?;
    // A scanner that is not there must not look as if it had found nothing.
    if let Some(scanner) = scan.scanners.iter().find(|scanner| *scanner != "vuln") {
        return Err(anyhow!("--scanners {scanner} is not there yet, only vuln is"));
    }
    let target = scan.reading.target()?;
    let database = Database::open(scan.db.as_ref())?;
    let readout = read(&target, &scan.reading.options(&settings, global)?)?;
    let created = scan.reading.created(readout.image.as_ref())?;
    let read_time = start.elapsed();
    let report = judge(readout, &database, &scan, &settings, now)?;
    if global.verbose {
        tell_times(&report, read_time, start.elapsed());
    }
    let table = TableOptions {
        width: output::width(),
        show_suppressed: scan.show_suppressed,
        all_problems: global.verbose,
    };
    let exit = exit_of(&report, &scan, &settings)?;
    let result = ScanResult { report: &filtered(report, &scan, &settings), created, table };
    output::emit(scan.format, &scan.output, |format, out| result.write(format, out))?;
    Ok(exit)
}

/// An open database and what it says of itself.
pub(crate) struct Database {
    pub(crate) database: seawall_advisory::Database,
    status: DatabaseStatus,
}

impl Database {
    /// Opens the file of `--db`, else the one in the cache directory.
    pub(crate) fn open(path: Option<&PathBuf>) -> Result<Self> {
        let path = paths::database(path)?;
        if !path.exists() {
            return Err(anyhow!(
                "there is no advisory database at {}; `seawall db update` builds it from the public OSV feeds, `seawall db update --from DIR` from a mirror",
                path.display()
            ));
        }
        let database = seawall_feed::open(&path)?;
        let status = seawall_feed::file::status_of(&path, &database)?;
        Ok(Self { database, status })
    }

    fn info(&self) -> DatabaseInfo {
        let feed = |feed: &seawall_advisory::db::FeedMeta| FeedInfo {
            ecosystem: feed.ecosystem.clone(),
            records: feed.records,
            date: feed.date,
        };
        DatabaseInfo {
            feeds: self.status.feeds.iter().map(feed).collect(),
            kev: self.status.kev.as_ref().and_then(|list| list.date),
            epss: self.status.epss.as_ref().and_then(|list| list.date),
        }
    }
}

/// Compares what was read with the database and with the exceptions.
fn judge(
    readout: Readout,
    database: &Database,
    scan: &Scan,
    settings: &Settings,
    now: Timestamp,
) -> Result<ScanReport> {
    let assembled = readout.assembled;
    let distro = assembled.distro;
    let options = MatchOptions { development: scan.include_dev };
    let Matches { mut findings, coverage, unknown, distribution_judged } =
        match_packages(&database.database, &assembled.packages, distro.as_ref(), options)
            .context("the advisory database can't be read; `seawall db update` builds it anew")?;
    let mut register = settings.exceptions.clone();
    let dir = std::env::current_dir().context("there is no working directory")?;
    register.extend(exceptions::read_trivyignore(&dir)?);
    let exceptions = exceptions::apply(&register, &mut findings, &assembled.packages, distro.as_ref(), now);
    let mut problems = assembled.problems;
    problems.extend(readout.problems);
    problems.sort();
    problems.dedup();
    Ok(ScanReport {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        now,
        target: readout.name,
        kind: readout.kind,
        image: readout.image,
        end_of_life: distro.as_ref().map_or(EndOfLife::Unknown, |distro| support(distro, now)),
        coverage: Coverage {
            ecosystems: coverage,
            problems,
            files_seen: readout.files_seen,
            files_read: readout.files_read,
            layers: readout.layers.len(),
            layers_cached: readout.layers_cached,
            distribution_judged,
        },
        distro,
        layers: readout.layers,
        packages: assembled.packages,
        dependencies: assembled.dependencies,
        findings,
        unknown: unknown
            .into_iter()
            .map(|note| UnknownNote { package: note.package, advisory: note.record, reason: note.reason })
            .collect(),
        database: Some(database.info()),
        hidden: Hidden::default(),
        exceptions,
    })
}

fn support(distro: &Distro, now: Timestamp) -> EndOfLife {
    match end_of_life(distro, now) {
        Support::SupportedUntil(day) => EndOfLife::Supported(day),
        Support::EndedOn { ended, extended_until } => EndOfLife::Ended { since: ended, extended_until },
        _ => EndOfLife::Unknown,
    }
}

/// Takes out what the filters hide, and counts it.
fn filtered(mut report: ScanReport, scan: &Scan, settings: &Settings) -> ScanReport {
    let only_fixed = scan.only_fixed || settings.scan.only_fixed == Some(true);
    let mut hidden = Hidden::default();
    report.findings.retain(|finding| {
        let open = finding.suppression.is_none();
        if !scan.severity.is_empty() && !scan.severity.contains(&Wanted(finding.severity)) {
            hidden.below_severity += usize::from(open);
            return false;
        }
        if only_fixed && finding.fix.nearest().is_none() {
            hidden.not_fixed += usize::from(open);
            return false;
        }
        true
    });
    report.hidden = hidden;
    report
}

/// Precedence: 1 before 3. What is shown does not change what counts.
fn exit_of(report: &ScanReport, scan: &Scan, settings: &Settings) -> Result<Exit> {
    let from_settings = || settings.scan.fail_on.as_deref().map(parse_threshold).transpose();
    let threshold = match scan.fail_on {
        Some(threshold) => Some(threshold),
        None => from_settings().map_err(|error| anyhow!("fail_on in the settings: {error}"))?,
    };
    let counts = |finding: &&Finding| finding.suppression.is_none() && finding.kind.is_security_fault();
    let meets = |finding: &Finding| match (threshold, finding.severity) {
        (None | Some(Threshold::Never), _) => false,
        (Some(Threshold::AtLeast(_)), None) => !scan.ignore_unknown_severity,
        (Some(Threshold::AtLeast(wanted)), Some(severity)) => severity >= wanted,
    };
    if report.findings.iter().filter(counts).any(meets) {
        return Ok(Exit::Findings);
    }
    let strict = scan.strict || settings.scan.strict == Some(true);
    let complete = if strict { report.coverage.is_spotless() } else { report.coverage.is_complete() };
    Ok(if complete || scan.allow_incomplete { Exit::Done } else { Exit::Incomplete })
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
