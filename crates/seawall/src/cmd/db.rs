//! `seawall db`: build, look at, ask and move the advisory database.

use std::io::{BufRead, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand};
use seawall_advisory::version::VersionScheme;
use seawall_feed::{
    DEFAULT_BASE, Location, Outcome, Progress as FeedProgress, Status, Update, UpdateReport, ecosystem_named,
};
use seawall_model::text::escaped;
use seawall_model::{Purl, Timestamp};

use crate::exit::Exit;
use crate::progress::{Progress, Status as ProgressStatus, Unit};
use crate::{Global, output, paths};

/// Build, look at, ask and move the advisory database.
#[derive(Subcommand)]
pub(crate) enum Db {
    Update(UpdateArgs),
    Status(DbFile),
    Query(Query),
    Compare(Compare),
    /// Copy the database to a file that another machine can import.
    Export {
        /// Where to write it.
        file: PathBuf,
        #[command(flatten)]
        db: DbFile,
    },
    /// Take a file over as the database. A damaged one is refused.
    Import {
        /// What `seawall db export` wrote.
        file: PathBuf,
        #[command(flatten)]
        db: DbFile,
    },
}

/// Say what the database holds, and of when.
#[derive(Args)]
pub(crate) struct DbFile {
    /// The advisory database. Default: advisories.db in the cache directory.
    #[arg(long, value_name = "FILE", env = "SEAWALL_DB")]
    db: Option<PathBuf>,
}

/// Build the database from OSV feeds, or what has changed of it.
///
/// Feeds lie as ECOSYSTEM/all.zip below a URL or in a directory. A feed that has not changed since the last
/// time is not read again, and a broken one leaves the database as it was.
#[derive(Args)]
pub(crate) struct UpdateArgs {
    /// The URL or directory of the feeds.
    #[arg(long, value_name = "URL|DIR", default_value = DEFAULT_BASE)]
    from: String,
    /// Only these feeds; can be given several times. Others stay as they are.
    #[arg(long, value_name = "NAME")]
    ecosystem: Vec<String>,
    /// CISA's catalogue of known exploited vulnerabilities, in JSON.
    #[arg(long, value_name = "URL|FILE")]
    kev: Option<String>,
    /// The scores of the exploit prediction scoring system, gzip of CSV.
    #[arg(long, value_name = "URL|FILE")]
    epss: Option<String>,
    /// The time to take as now. Default: SOURCE_DATE_EPOCH, else the clock.
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    #[command(flatten)]
    db: DbFile,
}

/// Say which vulnerabilities a package has.
#[derive(Args)]
pub(crate) struct Query {
    /// A package URL such as pkg:deb/debian/openssl@3.0.11-1?distro=debian-12.
    purl: Purl,
    #[command(flatten)]
    db: DbFile,
}

/// Compare two versions as an ecosystem orders them: prints <, = or >.
#[derive(Args)]
pub(crate) struct Compare {
    /// The ecosystem as OSV spells it, such as Debian or npm.
    ecosystem: String,
    /// A version, or - to read pairs from standard input: two versions and a tab between them on each line.
    a: String,
    /// The other version.
    b: Option<String>,
}

pub(crate) fn run(command: Db, global: &Global) -> Result<Exit> {
    match command {
        Db::Update(args) => update(args, global),
        Db::Status(db) => print_status(&seawall_feed::status(&existing(&db)?)?),
        Db::Query(args) => query(&args),
        Db::Compare(args) => compare(&args),
        Db::Export { file, db } => {
            print_moved("exported to", &file, &seawall_feed::export(&existing(&db)?, &file)?)
        }
        Db::Import { file, db } => {
            let path = paths::database(db.db.as_ref())?;
            create_parent(&path)?;
            print_moved("imported from", &file, &seawall_feed::import(&file, &path)?)
        }
    }
}

fn existing(db: &DbFile) -> Result<PathBuf> {
    let path = paths::database(db.db.as_ref())?;
    if !path.exists() {
        bail!("there is no advisory database at {}; `seawall db update` builds it", path.display());
    }
    Ok(path)
}

fn create_parent(path: &std::path::Path) -> Result<()> {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => std::fs::create_dir_all(dir)
            .with_context(|| format!("can't make the directory {}", dir.display())),
        _ => Ok(()),
    }
}

fn update(args: UpdateArgs, global: &Global) -> Result<Exit> {
    let ecosystems =
        args.ecosystem.iter().map(|text| ecosystem_named(text)).collect::<Result<Vec<_>, _>>()?;
    let path = paths::database(args.db.db.as_ref())?;
    create_parent(&path)?;
    let location = |text: &String| Location::of(text);
    let request = Update {
        database: path.clone(),
        from: Location::of(&args.from),
        ecosystems,
        kev: args.kev.as_ref().map(location),
        epss: args.epss.as_ref().map(location),
        now: crate::clock::now(args.now)?,
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    };
    let counters = Arc::new(Counters::default());
    let shown = Arc::clone(&counters);
    let progress = Progress::start(global.quiet, move || shown.status());
    let report = seawall_feed::update(&request, &*counters)?;
    drop(progress);
    print_update(&report, &path)
}

/// What the feeds being read have come to.
#[derive(Default)]
struct Counters {
    running: Mutex<Vec<String>>,
    records: AtomicU64,
}

impl Counters {
    fn running(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn status(&self) -> ProgressStatus {
        ProgressStatus {
            done: self.records.load(Ordering::Relaxed),
            total: 0,
            message: format!("records of {}", self.running().join(", ")),
            unit: Unit::Files,
        }
    }
}

impl FeedProgress for Counters {
    fn started(&self, feed: &str) {
        self.running().push(feed.to_owned());
    }

    fn advanced(&self, _feed: &str, records: usize, _of: usize) {
        self.records.fetch_add(records.min(256) as u64, Ordering::Relaxed);
    }

    fn finished(&self, feed: &str, _outcome: Outcome) {
        self.running().retain(|running| running != feed);
    }
}

fn print_update(report: &UpdateReport, path: &std::path::Path) -> Result<Exit> {
    let mut out = BufWriter::new(anstream::stdout().lock());
    for feed in &report.feeds {
        let outcome = match feed.outcome {
            Outcome::Built => "read",
            Outcome::Unchanged => "unchanged",
            Outcome::Kept => "kept",
            Outcome::Missing => "missing",
        };
        let date =
            feed.feed.date.map_or_else(|| "of unknown date".to_owned(), |date| format!("of {}", date.date()));
        writeln!(out, "{outcome:<10} {:<24} {:>7} records {date}", feed.feed.ecosystem, feed.feed.records)?;
        for refused in &feed.feed.refused {
            writeln!(out, "           {} left out: {}", refused.count, refused.reason.as_str())?;
            for (name, why) in refused.named.iter().take(5) {
                writeln!(out, "             {}: {}", escaped(name), escaped(why))?;
            }
        }
    }
    for name in &report.missing {
        writeln!(out, "missing    {name}")?;
    }
    for note in &report.notes {
        writeln!(out, "note: {}", escaped(note))?;
    }
    if let Some(entries) = report.kev_entries {
        writeln!(out, "{entries} known exploited vulnerabilities")?;
    }
    if let Some(entries) = report.epss_entries {
        writeln!(out, "{entries} exploit prediction scores")?;
    }
    writeln!(out, "{} ({:.1} MB)", path.display(), report.bytes as f64 / 1e6)?;
    out.flush()?;
    Ok(Exit::Done)
}

fn print_status(status: &Status) -> Result<Exit> {
    let mut out = BufWriter::new(anstream::stdout().lock());
    let date = |date: Option<Timestamp>| date.map_or_else(|| "unknown date".to_owned(), Timestamp::date);
    writeln!(out, "{} ({:.1} MB, {})", status.path.display(), status.bytes as f64 / 1e6, status.checksum)?;
    if let Some(checked) = status.checked {
        writeln!(out, "checked for updates {checked}")?;
    }
    for feed in &status.feeds {
        writeln!(out, "  {:<24} {:>7} records  {}", feed.ecosystem, feed.records, date(feed.date))?;
    }
    for (name, list) in [("known exploited", &status.kev), ("exploit prediction", &status.epss)] {
        if let Some(list) = list {
            writeln!(out, "  {name:<24} {:>7} entries  {}", list.entries, date(list.date))?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn print_moved(verb: &str, file: &std::path::Path, status: &Status) -> Result<Exit> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{verb} {} ({:.1} MB, {})", file.display(), status.bytes as f64 / 1e6, status.checksum)?;
    Ok(Exit::Done)
}

fn query(args: &Query) -> Result<Exit> {
    let database = seawall_feed::open(&existing(&args.db)?)?;
    let matches = seawall_advisory::explain::query(&database, &args.purl)?
        .ok_or_else(|| anyhow!("packages of type {:?} are not known", args.purl.purl_type))?;
    let mut out = BufWriter::new(anstream::stdout().lock());
    for finding in &matches.findings {
        let severity = finding.severity.map_or("unknown", seawall_model::Severity::as_str);
        let fix = finding
            .fix
            .nearest()
            .map_or_else(|| "no fix".to_owned(), |fix| format!("fixed in {}", escaped(fix)));
        writeln!(out, "{severity:<10} {:<20} {fix}", escaped(&finding.vulnerability))?;
        for advisory in &finding.advisories {
            writeln!(
                out,
                "             {} ({}): {} {} is in {}",
                escaped(&advisory.id),
                advisory.ecosystem,
                escaped(&advisory.matched_name),
                escaped(&advisory.matched_version),
                escaped(&advisory.range)
            )?;
        }
    }
    for unknown in &matches.unknown {
        writeln!(out, "not judged {}: {}", escaped(&unknown.record), escaped(&unknown.reason))?;
    }
    if matches.findings.is_empty() {
        writeln!(out, "no known vulnerability")?;
    }
    out.flush()?;
    let judged = matches.coverage.iter().all(|ecosystem| ecosystem.matched == ecosystem.packages);
    for ecosystem in matches.coverage.iter().filter(|ecosystem| ecosystem.feed.is_none()) {
        output::note(&format!("the database has no feed for {}", ecosystem.name));
    }
    Ok(if judged { Exit::Done } else { Exit::Incomplete })
}

fn compare(args: &Compare) -> Result<Exit> {
    let name = ecosystem_named(&args.ecosystem)?;
    let scheme =
        VersionScheme::of_ecosystem(name).ok_or_else(|| anyhow!("{name} defines no order of versions"))?;
    let mut out = BufWriter::new(anstream::stdout().lock());
    match (args.a.as_str(), &args.b) {
        ("-", None) => {
            for (index, line) in std::io::stdin().lock().lines().enumerate() {
                let line = line.context("can't read standard input")?;
                let (a, b) = line
                    .split_once('\t')
                    .with_context(|| format!("line {} has no tab between two versions", index + 1))?;
                match scheme.compare(a, b) {
                    Ok(order) => writeln!(out, "{}", sign(order))?,
                    // One line for each, so that answers can be laid beside the questions.
                    Err(_) => writeln!(out, "?")?,
                }
            }
        }
        (a, Some(b)) => writeln!(out, "{}", sign(scheme.compare(a, b)?))?,
        (_, None) => bail!("two versions are needed, or - to read pairs from standard input"),
    }
    out.flush()?;
    Ok(Exit::Done)
}

const fn sign(order: std::cmp::Ordering) -> &'static str {
    match order {
        std::cmp::Ordering::Less => "<",
        std::cmp::Ordering::Equal => "=",
        std::cmp::Ordering::Greater => ">",
    }
}
