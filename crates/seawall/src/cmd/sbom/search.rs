//! `seawall sbom search`: which of many bills of materials hold a package, or what an advisory is about.
//!
//! Files are read in parallel and answered in their order. A document that can't hold any of the names in question is
//! not parsed.
#![expect(clippy::format_push_string, reason = "lines are short, and made once for each hit")]

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use seawall_advisory::names::normalised;
use seawall_advisory::{Asked, MatchOptions, feed_of, match_packages, packages_of_id, records_by_id};
use seawall_model::text::escaped;
use seawall_model::{Finding, Limits, Package};
use seawall_sbom::{Bill, Meant, Pattern, Prefilter, ReadError, looks_like_bill};
use serde::Serialize;

use super::diff::compare_versions;
use crate::cmd::judging::Database;
use crate::exit::Exit;
use crate::{Global, output};

/// Find the bills of materials that hold a package, or what an advisory is about.
///
/// WHAT is a package URL with wild cards and ranges, such as pkg:npm/lodash@<4.17.21, pkg:*/log4j* or
/// pkg:maven/org.apache.*/*@>=2.0,<2.17, or the identifier of a vulnerability: then the advisory database says which
/// versions are affected, and what a distribution has mended does not count.
#[derive(Args)]
#[command(after_help = HELP)]
pub(crate) struct Search {
    /// A package URL with wild cards, or a CVE or another identifier of an advisory.
    what: String,
    /// Bills of any tool, and folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The form of the result: a line for each package, or a JSON object on a line for each.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: SearchFormat,
    /// Print only the names of files.
    #[arg(long, conflicts_with = "format")]
    files: bool,
    /// The advisory database. Default: advisories.db in the cache directory.
    #[arg(long, value_name = "FILE", env = "SEAWALL_DB")]
    db: Option<PathBuf>,
    /// Exit with 1 where any bill holds it.
    #[arg(long)]
    fail_on_match: bool,
    /// Exit with 0 though not every file could be read.
    #[arg(long)]
    allow_incomplete: bool,
    /// Files read at a time. Default: the number of processors.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
}

const HELP: &str = "\
Exit codes:
  0  done, whether any bill holds it or not
  1  a bill holds it, and --fail-on-match was given
  2  the run could not be done
  3  done, but a file could not be read, or a version could not be compared
     (--allow-incomplete makes it 0)";

#[derive(Clone, Copy, ValueEnum, PartialEq, Eq)]
enum SearchFormat {
    Text,
    Json,
}

/// What is looked for.
enum Query {
    Pattern(Pattern),
    /// An identifier, and the names of packages that its records speak of.
    Advisory {
        id: String,
        names: HashSet<String>,
        database: Box<Database>,
    },
}

/// One package of one bill.
#[derive(Serialize)]
struct Hit {
    file: String,
    /// What the bill describes.
    subject: String,
    purl: String,
    places: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vulnerability: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed: Option<String>,
    /// The version can't be compared, so it may be meant or not.
    uncertain: bool,
}

/// What became of one file.
enum Outcome {
    Searched(Vec<Hit>),
    /// A file of a folder that is no bill.
    PassedOver,
    Unreadable(String),
}

/// A file, and whether the user named it.
struct Candidate {
    path: PathBuf,
    is_named: bool,
}

pub(super) fn run(search: Search, global: &Global) -> Result<Exit> {
    let (query, prefilter) = query(&search)?;
    let candidates = candidates(&search.paths)?;
    let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = search.jobs.map_or_else(processors, usize::from).min(candidates.len().max(1));
    let mut tally = Tally::default();
    let printed = output::print(|out| {
        each_in_order(
            &candidates,
            threads,
            &|candidate| look(candidate, &query, &prefilter),
            |at, outcome| tally.add(&candidates[at].path, outcome, &search, out),
        )
    });
    printed?;
    if !global.quiet {
        tally.tell();
    }
    if search.fail_on_match && tally.files_with_hits > 0 {
        return Ok(Exit::Findings);
    }
    let complete = tally.unreadable == 0 && tally.uncertain == 0 && tally.searched > 0;
    Ok(if complete || search.allow_incomplete { Exit::Done } else { Exit::Incomplete })
}

fn query(search: &Search) -> Result<(Query, Prefilter)> {
    if search.what.starts_with("pkg:") {
        let pattern: Pattern = search.what.parse()?;
        let prefilter = pattern.prefilter();
        return Ok((Query::Pattern(pattern), prefilter));
    }
    let database = Database::open(search.db.as_ref())?;
    let id = search.what.clone();
    let damaged = "the advisory database can't be read; `seawall db update` builds it anew";
    if records_by_id(&database.database, &id).context(damaged)?.is_empty() {
        bail!("{id:?} is no package URL (pkg:TYPE/NAME), and the advisory database has no record of it");
    }
    let names = packages_of_id(&database.database, &id).context(damaged)?;
    let prefilter = Prefilter::of_names(names.iter().map(String::as_str));
    Ok((Query::Advisory { id, names: names.into_iter().collect(), database: Box::new(database) }, prefilter))
}

/// The files to look into, in the order of the arguments; those of a folder by name.
fn candidates(paths: &[PathBuf]) -> Result<Vec<Candidate>> {
    let mut out = Vec::new();
    for path in paths {
        let metadata = std::fs::metadata(path).with_context(|| format!("can't read {}", path.display()))?;
        if !metadata.is_dir() {
            out.push(Candidate { path: path.clone(), is_named: true });
            continue;
        }
        let mut open = vec![path.clone()];
        let mut found = Vec::new();
        while let Some(dir) = open.pop() {
            let entries = std::fs::read_dir(&dir).with_context(|| format!("can't read {}", dir.display()))?;
            for entry in entries {
                let entry = entry.with_context(|| format!("can't read {}", dir.display()))?;
                let kind = entry.file_type().with_context(|| format!("can't read {}", dir.display()))?;
                // Links are not followed: whoever keeps many bills has them once.
                if kind.is_dir() {
                    open.push(entry.path());
                } else if kind.is_file() {
                    found.push(entry.path());
                }
            }
        }
        found.sort();
        out.extend(found.into_iter().map(|path| Candidate { path, is_named: false }));
    }
    Ok(out)
}

/// Works on all in parallel and hands over the results in order. At most so many wait as threads can make while the
/// first of them is still worked on.
fn each_in_order<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: &(dyn Fn(&T) -> R + Sync),
    mut done: impl FnMut(usize, R) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::sync_channel(threads * 4);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { return };
                    // Nobody listens any more where the output was closed.
                    if sender.send((at, work(item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut wanted = 0;
        for (at, result) in receiver {
            waiting.insert(at, result);
            while let Some(result) = waiting.remove(&wanted) {
                done(wanted, result)?;
                wanted += 1;
            }
        }
        Ok(())
    })
}

fn look(candidate: &Candidate, query: &Query, prefilter: &Prefilter) -> Outcome {
    let limits = Limits::default();
    let mut bytes = Vec::new();
    let read = File::open(&candidate.path)
        .and_then(|file| file.take(limits.max_text_bytes.saturating_add(1)).read_to_end(&mut bytes));
    if let Err(error) = read {
        return Outcome::Unreadable(error.to_string());
    }
    if !looks_like_bill(&bytes[..bytes.len().min(4096)]) {
        let why = ReadError::Unknown.to_string();
        return if candidate.is_named { Outcome::Unreadable(why) } else { Outcome::PassedOver };
    }
    if is_cut_off(&bytes) {
        return Outcome::Unreadable("it ends too early".to_owned());
    }
    if !prefilter.may_hold(&bytes) {
        return Outcome::Searched(Vec::new());
    }
    let name = candidate.path.display().to_string();
    match seawall_sbom::read(&bytes, &name, &limits) {
        Ok(bill) => hits(&bill, &name, query)
            .map_or_else(|error| Outcome::Unreadable(error.to_string()), Outcome::Searched),
        Err(ReadError::Unknown) if !candidate.is_named => Outcome::PassedOver,
        Err(error) => Outcome::Unreadable(error.to_string()),
    }
}

/// Whether a document of JSON or XML has no end, which the search for names alone would not see.
fn is_cut_off(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii();
    match (text.first(), text.last()) {
        (Some(b'{'), last) => last != Some(&b'}'),
        (Some(b'<'), last) => last != Some(&b'>'),
        _ => false,
    }
}

fn hits(bill: &Bill, file: &str, query: &Query) -> Result<Vec<Hit>> {
    match query {
        Query::Pattern(pattern) => {
            let meant = |package: &Package| match pattern.means(package, bill, &compare_versions) {
                Meant::No => None,
                meant => Some(hit(bill, file, package, None, meant == Meant::Unknown)),
            };
            Ok(bill.packages.iter().filter_map(meant).collect())
        }
        Query::Advisory { id, names, database } => {
            let packages = of_interest(bill, names);
            let matches = match_packages(
                &database.database,
                &packages,
                bill.distro.as_ref(),
                MatchOptions { development: true },
            )?;
            let is_of_id = |finding: &&Finding| {
                finding.vulnerability == *id
                    || finding.aliases.contains(id)
                    || finding.advisories.iter().any(|advisory| advisory.id == *id)
            };
            let open =
                matches.findings.iter().filter(|finding| finding.suppression.is_none()).filter(is_of_id);
            let known = open.filter_map(|finding| {
                Some(hit(bill, file, packages.get(finding.package)?, Some(finding), false))
            });
            Ok(known.collect())
        }
    }
}

/// The packages that the records may speak of, and the owners whose word counts for them.
fn of_interest(bill: &Bill, names: &HashSet<String>) -> Vec<Package> {
    let is_named = |package: &&Package| match feed_of(package, bill.distro.as_ref()) {
        Asked::Feed(feed) => {
            let spelled = feed.lookups.iter().map(|lookup| normalised(feed.ecosystem.name, lookup.name));
            spelled.into_iter().any(|name| names.contains(&*name))
        }
        _ => false,
    };
    let named: Vec<&Package> = bill.packages.iter().filter(is_named).collect();
    let owners: HashSet<&str> =
        named.iter().filter_map(|package| Some(package.owner.as_ref()?.name.as_str())).collect();
    let is_owner =
        |package: &&Package| package.kind.is_distribution() && owners.contains(package.name.as_str());
    let wanted = bill.packages.iter().filter(|package| is_named(package) || is_owner(package));
    wanted.cloned().collect()
}

fn hit(bill: &Bill, file: &str, package: &Package, finding: Option<&Finding>, uncertain: bool) -> Hit {
    let place = |place: &seawall_model::Place| {
        let inside = place.inside.as_ref().map_or(String::new(), |inside| format!("!/{inside}"));
        format!("{}{inside}", place.path)
    };
    Hit {
        file: file.to_owned(),
        subject: bill.name.clone(),
        purl: package.purl(bill.distro.as_ref()).to_string(),
        places: package.places.iter().map(place).collect(),
        vulnerability: finding.map(|finding| finding.vulnerability.clone()),
        severity: finding.and_then(|finding| finding.severity).map(seawall_model::Severity::as_str),
        fixed: finding.and_then(|finding| finding.fix.nearest()).map(str::to_owned),
        uncertain,
    }
}

/// What was met.
#[derive(Default)]
struct Tally {
    searched: usize,
    files_with_hits: usize,
    passed_over: usize,
    unreadable: usize,
    uncertain: usize,
}

impl Tally {
    fn add(
        &mut self,
        path: &Path,
        outcome: Outcome,
        search: &Search,
        out: &mut dyn Write,
    ) -> std::io::Result<()> {
        let hits = match outcome {
            Outcome::Searched(hits) => hits,
            Outcome::PassedOver => {
                self.passed_over += 1;
                return Ok(());
            }
            Outcome::Unreadable(why) => {
                self.unreadable += 1;
                output::note(&format!("{}: {}", escaped(&path.display().to_string()), escaped(&why)));
                return Ok(());
            }
        };
        self.searched += 1;
        self.files_with_hits += usize::from(hits.iter().any(|hit| !hit.uncertain));
        self.uncertain += hits.iter().filter(|hit| hit.uncertain).count();
        if search.files {
            return match hits.first() {
                Some(hit) => writeln!(out, "{}", escaped(&hit.file)),
                None => Ok(()),
            };
        }
        for hit in &hits {
            match search.format {
                SearchFormat::Json => {
                    serde_json::to_writer(&mut *out, hit)?;
                    writeln!(out)?;
                }
                SearchFormat::Text => writeln!(out, "{}", line(hit))?,
            }
        }
        // Whoever waits for the first hit need not wait for the last one.
        if hits.is_empty() { Ok(()) } else { out.flush() }
    }

    fn tell(&self) {
        let files = |count: usize| if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        let mut text = format!("{} searched, {} with it", files(self.searched), files(self.files_with_hits));
        if self.passed_over > 0 {
            text.push_str(&format!("; {} of other kinds", files(self.passed_over)));
        }
        if self.unreadable > 0 {
            text.push_str(&format!("; {} could not be read", files(self.unreadable)));
        }
        if self.uncertain > 0 {
            text.push_str(&format!("; {} packages have versions that can't be compared", self.uncertain));
        }
        output::note(&text);
    }
}

/// `FILE: PURL  CVE-2026-0001 high, fixed in 2.0`.
fn line(hit: &Hit) -> String {
    let mut text = format!("{}: {}", escaped(&hit.file), escaped(&hit.purl));
    if let Some(vulnerability) = &hit.vulnerability {
        text.push_str(&format!("  {} {}", escaped(vulnerability), hit.severity.unwrap_or("unknown")));
        if let Some(fixed) = &hit.fixed {
            text.push_str(&format!(", fixed in {}", escaped(fixed)));
        }
    }
    if hit.uncertain {
        text.push_str("  (its version can't be compared)");
    }
    text
}
