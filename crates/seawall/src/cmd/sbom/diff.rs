//! `seawall sbom diff`: what changed between two targets or bills of materials.

use std::cmp::Ordering;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use seawall_advisory::feed_of::language_ecosystem;
use seawall_advisory::{MatchOptions, VersionScheme, match_packages};
use seawall_model::PackageKind;
use seawall_sbom::{Bill, Difference, diff};

use super::is_complete;
use crate::cmd::judging::Database;
use crate::cmd::reading::{HowToRead, parse_target};
use crate::exit::Exit;
use crate::read::read;
use crate::settings::Settings;
use crate::{Global, bill, output, paths};

/// Show what changed between two targets: packages, licences, vulnerabilities.
///
/// BEFORE and AFTER are what `seawall scan` takes: images, directories, bills of materials of any tool. Vulnerabilities
/// are compared where there is an advisory database; suppressed ones do not count.
#[derive(Args)]
#[command(after_help = HELP)]
pub(crate) struct Diff {
    before: String,
    after: String,
    #[command(flatten)]
    how: HowToRead,
    /// The form of the result.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: DiffFormat,
    /// The advisory database. Default: advisories.db in the cache directory, if it is there.
    #[arg(long, value_name = "FILE", env = "SEAWALL_DB")]
    db: Option<PathBuf>,
    /// Judge dependencies that are needed for development only, too.
    #[arg(long)]
    include_dev: bool,
    /// Exit with 1 where anything differs.
    #[arg(long)]
    fail_on_change: bool,
    /// Exit with 0 though not everything could be read.
    #[arg(long)]
    allow_incomplete: bool,
}

const HELP: &str = "\
Exit codes:
  0  done, whatever differs
  1  something differs, and --fail-on-change was given
  2  the run could not be done
  3  done, but one of the two is empty, or a layer or a package database could not be read
     (--allow-incomplete makes it 0)";

#[derive(Clone, Copy, ValueEnum)]
enum DiffFormat {
    Table,
    Json,
}

pub(super) fn run(args: Diff, global: &Global) -> Result<Exit> {
    let settings = Settings::load(global.config.as_deref())?;
    let is_there = || paths::database(None).is_ok_and(|path| path.exists());
    let database =
        if args.db.is_some() || is_there() { Some(Database::open(args.db.as_ref())?) } else { None };
    let side = |target: &str| -> Result<Bill> {
        let readout = read(&parse_target(target)?, &args.how.options(&settings, global)?)?;
        let created = args.how.created(readout.image.as_ref())?;
        let mut bill = bill::of_readout(readout, created);
        if let Some(Database { database, .. }) = &database {
            let options = MatchOptions { development: args.include_dev };
            let matches = match_packages(database, &bill.packages, bill.distro.as_ref(), options)
                .context("the advisory database can't be read; `seawall db update` builds it anew")?;
            bill.findings = Some(matches.findings);
        }
        Ok(bill)
    };
    let (before, after) = (side(&args.before)?, side(&args.after)?);
    let difference = Difference::between(&before, &after, &compare_versions);
    output::print(|out| match args.format {
        DiffFormat::Table => diff::write_table(&difference, out),
        DiffFormat::Json => diff::write_json(&difference, out),
    })?;
    if args.fail_on_change && !difference.is_empty() {
        return Ok(Exit::Findings);
    }
    let complete = is_complete(&before) && is_complete(&after);
    Ok(if complete || args.allow_incomplete { Exit::Done } else { Exit::Incomplete })
}

/// By the order of the package's ecosystem; `None` where it can't read one of them.
pub(super) fn compare_versions(kind: PackageKind, a: &str, b: &str) -> Option<Ordering> {
    let of_language = language_ecosystem(kind).and_then(VersionScheme::of_ecosystem);
    of_language.or_else(|| VersionScheme::of_package(kind))?.compare(a, b).ok()
}
