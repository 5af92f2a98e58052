//! The flags of every command that judges what it reads, and the way from what was read to a report.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use seawall_advisory::matching::{MatchOptions, Matches, match_packages};
use seawall_feed::Status as DatabaseStatus;
use seawall_inventory::eol::{EndOfLife as Support, end_of_life};
use seawall_model::{Coverage, Distro, Exception, Timestamp};
use seawall_report::{DatabaseInfo, EndOfLife, FeedInfo, Hidden, ScanReport, UnknownNote};
use seawall_vex::{Document, Subject};

use crate::read::Readout;
use crate::settings::Settings;
use crate::{exceptions, paths, statements};

/// What packages are compared with.
#[derive(Args)]
pub(crate) struct Judging {
    /// The advisory database. Default: advisories.db in the cache directory.
    #[arg(long, value_name = "FILE", env = "SEAWALL_DB")]
    db: Option<PathBuf>,
    /// Judge dependencies that are needed for development only, too.
    #[arg(long)]
    include_dev: bool,
    /// A VEX document (OpenVEX, CSAF or CycloneDX) whose statements suppress findings; can be given several
    /// times.
    #[arg(long, value_name = "FILE")]
    vex: Vec<PathBuf>,
}

impl Judging {
    /// The database that was named.
    pub(crate) const fn db(&self) -> Option<&PathBuf> {
        self.db.as_ref()
    }

    /// Opens the database and reads exceptions and VEX documents: once for all targets.
    pub(crate) fn open(&self, settings: &Settings) -> Result<Judge> {
        let database = Database::open(self.db.as_ref())?;
        let dir = std::env::current_dir().context("there is no working directory")?;
        let mut register = settings.exceptions.clone();
        register.extend(exceptions::read_trivyignore(&dir)?);
        let vex = settings.scan.vex.iter().chain(&self.vex);
        Ok(Judge {
            database,
            register,
            statements: vex.map(|path| statements::read_file(path)).collect::<Result<_>>()?,
            options: MatchOptions { development: self.include_dev },
        })
    }
}

/// Everything that packages are held against.
pub(crate) struct Judge {
    pub(crate) database: Database,
    register: Vec<Exception>,
    statements: Vec<Document>,
    options: MatchOptions,
}

impl Judge {
    /// Compares what was read with the database, with what its makers state, and with the exceptions.
    pub(crate) fn report(
        &self,
        mut readout: Readout,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<ScanReport> {
        let problems = readout.take_problems();
        let assembled = readout.assembled;
        let distro = assembled.distro;
        let Matches { mut findings, coverage, unknown, distribution_judged } =
            match_packages(&self.database.database, &assembled.packages, distro.as_ref(), self.options)
                .context("the advisory database can't be read; `seawall db update` builds it anew")?;
        let packages = &assembled.packages;
        let vex = seawall_vex::apply(&self.statements, subject, packages, distro.as_ref(), &mut findings);
        let exceptions = exceptions::apply(&self.register, &mut findings, packages, distro.as_ref(), now);
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
            database: Some(self.database.info()),
            hidden: Hidden::default(),
            exceptions,
            vex,
        })
    }
}

/// An open database and what it says of itself.
pub(crate) struct Database {
    pub(crate) database: seawall_advisory::Database,
    status: DatabaseStatus,
}

impl Database {
    pub(crate) fn open(flag: Option<&PathBuf>) -> Result<Self> {
        let path = paths::database(flag)?;
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

fn support(distro: &Distro, now: Timestamp) -> EndOfLife {
    match end_of_life(distro, now) {
        Support::SupportedUntil(day) => EndOfLife::Supported(day),
        Support::EndedOn { ended, extended_until } => EndOfLife::Ended { since: ended, extended_until },
        _ => EndOfLife::Unknown,
    }
}
