//! `seawall explain`: why a finding is there, and why another is not.

use std::io::{BufWriter, Write};

use anyhow::{Context, Result, bail};
use clap::Args;
use seawall_advisory::explain::{records_by_id, withdrawn_records};
use seawall_advisory::fix_plan;
use seawall_model::text::escaped;
use seawall_report::explain::{Query, write_explanation};

use super::judging::Database;
use super::stored::Source;
use crate::exit::Exit;
use crate::{Global, output};

/// Explain a finding: the record, the range, the compared versions, the feed and its date, and what mends it.
///
/// WHAT is the beginning of a finding's identifier (at least 8 digits), a CVE or the name of an advisory, or a
/// package URL. It is looked up in a stored report (--report FILE WHAT) or in a scan that is made now (TARGET WHAT).
#[derive(Args)]
#[command(after_help = HELP, override_usage = "seawall explain [OPTIONS] --report FILE WHAT\n       seawall explain [OPTIONS] TARGET WHAT")]
pub(crate) struct Explain {
    /// The target, where no report is given, and what to explain.
    #[arg(required = true, num_args = 1..=2, value_name = "TARGET WHAT")]
    words: Vec<String>,
    #[command(flatten)]
    source: Source,
}

const HELP: &str = "\
Exit codes:
  0  explained
  1  nothing of this name was found; what was compared is told
  2  the run could not be done";

pub(crate) fn run(explain: Explain, global: &Global) -> Result<Exit> {
    let (target, what) = match (explain.words.as_slice(), explain.source.report.is_some()) {
        ([what], true) => (None, what),
        ([target, what], false) => (Some(target.as_str()), what),
        ([_], false) => {
            bail!("what is to be explained? `seawall explain TARGET WHAT`, or --report FILE WHAT")
        }
        _ => bail!("a report and a target were given; one of them is enough"),
    };
    let query: Query =
        what.parse().map_err(anyhow::Error::msg).with_context(|| format!("can't explain {what:?}"))?;
    let report = explain.source.load(target, global)?;
    let plan = fix_plan(&report.packages, &report.findings, report.distro.as_ref());
    let mut out = BufWriter::new(anstream::stdout().lock());
    let known = write_explanation(&report, &plan, &query, output::width(), &mut out)?;
    if !known && let Query::Name(name) = &query {
        what_the_database_says(name, &explain.source, &mut out)?;
    }
    out.flush()?;
    Ok(if known { Exit::Done } else { Exit::Findings })
}

/// A name that no finding has may be known all the same: withdrawn, or of packages that are not there.
fn what_the_database_says(name: &str, source: &Source, out: &mut dyn Write) -> Result<()> {
    // A stored report can be explained on a machine that has no database.
    let Ok(database) = Database::open(source.db()) else { return Ok(()) };
    for (record, ecosystem) in withdrawn_records(&database.database, name)? {
        let date =
            record.at.map_or_else(|| "on an unknown day".to_owned(), |date| format!("on {}", date.date()));
        writeln!(out, "The record {} of {ecosystem} was withdrawn {date}.", escaped(&record.id))?;
    }
    let records = records_by_id(&database.database, name)?;
    for record in records.iter().take(20) {
        writeln!(
            out,
            "The database has {} of {}: {}",
            escaped(&record.id),
            escaped(&record.ecosystem),
            escaped(&record.summary)
        )?;
    }
    if records.is_empty() {
        writeln!(out, "The database has no record of this name.")?;
    } else {
        writeln!(out, "No package of this report is in the range that it names.")?;
    }
    Ok(())
}
