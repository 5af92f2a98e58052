//! `seawall fix-plan`: the fewest upgrades that mend the most.

use anyhow::Result;
use clap::{Args, ValueEnum};
use seawall_advisory::fix_plan;
use seawall_report::formats::fix_plan::{write_fix_plan, write_fix_plan_json};

use super::stored::Source;
use crate::exit::Exit;
use crate::{Global, output};

/// Show which upgrades mend the most, by package and by Dockerfile instruction.
///
/// Each package, or all that were built from one source, is one step. Steps are ordered by what they mend, the
/// most urgent findings first (docs/priority.md); each goes to the lowest version that mends all that can be.
#[derive(Args)]
#[command(after_help = HELP)]
pub(crate) struct FixPlan {
    /// What to scan, as of `seawall scan`.
    #[arg(required_unless_present = "report", conflicts_with = "report")]
    target: Option<String>,
    #[command(flatten)]
    source: Source,
    /// The form of the plan.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: PlanFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum PlanFormat {
    Table,
    Json,
}

const HELP: &str = "\
Exit codes:
  0  done, whatever there is to mend
  2  the run could not be done";

pub(crate) fn run(plan: FixPlan, global: &Global) -> Result<Exit> {
    let report = plan.source.load(plan.target.as_deref(), global)?;
    let steps = fix_plan(&report.packages, &report.findings, report.distro.as_ref());
    output::print(|out| match plan.format {
        PlanFormat::Table => write_fix_plan(&report, &steps, output::width(), out),
        PlanFormat::Json => write_fix_plan_json(&report, &steps, out),
    })?;
    Ok(Exit::Done)
}
