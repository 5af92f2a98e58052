//! The command line: parse arguments, load settings, wire the parts, run, map to an exit code.

mod bill;
mod clock;
mod cmd;
mod exceptions;
mod exit;
mod output;
mod paths;
mod progress;
mod read;
mod settings;
mod statements;
mod target;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::exit::Exit;

/// Container security from Dockerfile to kernel.
#[derive(Parser)]
#[command(name = "seawall", version, max_term_width = 100, after_help = exit::HELP)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags that every command understands.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Global {
    /// Settings to use instead of the `seawall.yaml` found upward from the working directory.
    #[arg(long, global = true, value_name = "FILE", env = "SEAWALL_CONFIG")]
    config: Option<std::path::PathBuf>,
    /// Tell more: what took the time, and every problem.
    #[arg(short, long, global = true)]
    verbose: bool,
    /// No progress on the terminal.
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Command {
    Scan(Box<cmd::scan::Scan>),
    Report(Box<cmd::report::Report>),
    Explain(Box<cmd::explain::Explain>),
    FixPlan(Box<cmd::fix_plan::FixPlan>),
    #[command(subcommand)]
    Vex(cmd::vex::Vex),
    Sbom(cmd::sbom::SbomCommand),
    #[command(subcommand)]
    Db(cmd::db::Db),
    #[command(subcommand)]
    Cache(cmd::cache::CacheCommand),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Scan(scan) => cmd::scan::run(*scan, &cli.global),
        Command::Report(report) => cmd::report::run(*report, &cli.global),
        Command::Explain(explain) => cmd::explain::run(*explain, &cli.global),
        Command::FixPlan(plan) => cmd::fix_plan::run(*plan, &cli.global),
        Command::Vex(vex) => cmd::vex::run(vex, &cli.global),
        Command::Sbom(sbom) => cmd::sbom::run(sbom, &cli.global),
        Command::Db(db) => cmd::db::run(db, &cli.global),
        Command::Cache(cache) => cmd::cache::run(cache, &cli.global),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) if output::is_closed_pipe(&error) => Exit::Done.into(),
        Err(error) => {
            output::print_error(&error);
            Exit::NotDone.into()
        }
    }
}
