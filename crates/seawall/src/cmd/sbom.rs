//! `seawall sbom`: what a target is made of, as a bill of materials that other tools read. Comparing, converting and
//! searching bills are commands of their own below it.

mod convert;
mod diff;
mod search;

use anyhow::Result;
use clap::{ArgMatches, Args, FromArgMatches, Subcommand};
use seawall_model::Problem;
use seawall_sbom::{Bill, Form};

use super::reading::Reading;
use crate::exit::Exit;
use crate::output::{self, OutputFile};
use crate::read::read;
use crate::settings::Settings;
use crate::{Global, bill};

/// Write a bill of materials of an image, a root file system or a source tree.
///
/// TARGET is what `seawall scan` takes. No advisory database is needed: vulnerabilities are added by
/// `seawall scan --format cyclonedx-json`. The time in the bill is SOURCE_DATE_EPOCH, else when the image was made,
/// else now; the same target gives the same bytes.
#[derive(Args)]
#[command(after_help = HELP)]
pub(crate) struct Sbom {
    #[command(flatten)]
    reading: Reading,
    /// The form of the bill on standard output: cyclonedx-json, cyclonedx-xml, spdx-json, spdx-tag-value or
    /// seawall-json; with a version as cyclonedx-json@1.5.
    #[arg(long, value_name = "FORMAT", default_value = "cyclonedx-json")]
    format: Form,
    /// The version of the standard: 1.5, 1.6 or 1.7 of CycloneDX, 2.3 of SPDX. Default: the newest.
    #[arg(long, value_name = "VERSION")]
    spec_version: Option<String>,
    /// Write a bill to a file as well; can be given several times. Without a format the name tells it: .cdx.json,
    /// .cdx.xml, .spdx.json, .spdx.
    #[arg(long, short, value_name = "[FORMAT=]FILE")]
    output: Vec<OutputFile<Form>>,
    #[command(flatten)]
    completeness: Completeness,
}

/// What a bill that may be incomplete means for the exit code.
#[derive(Args)]
struct Completeness {
    /// Exit with 3 for every problem, not only for those that make the bill incomplete.
    #[arg(long, conflicts_with = "allow_incomplete")]
    strict: bool,
    /// Exit with 0 though not everything could be read.
    #[arg(long)]
    allow_incomplete: bool,
}

const HELP: &str = "\
Exit codes:
  0  done
  2  the run could not be done
  3  done, but nothing was found, or a layer or a package database could not be read
     (--allow-incomplete makes it 0)";

/// `seawall sbom TARGET`, or a command that is about bills of materials themselves.
pub(crate) enum SbomCommand {
    Write(Box<Sbom>),
    About(Box<About>),
}

/// What can be done with bills of materials.
#[derive(Subcommand)]
pub(crate) enum About {
    Diff(diff::Diff),
    Convert(convert::Convert),
    Search(search::Search),
}

/// By hand, as a target is needed only where no command stands in its place.
impl Args for SbomCommand {
    fn augment_args(command: clap::Command) -> clap::Command {
        let command = About::augment_subcommands(Sbom::augment_args(command));
        command.subcommand_required(false).subcommand_negates_reqs(true).args_conflicts_with_subcommands(true)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SbomCommand {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        match matches.subcommand() {
            Some(_) => About::from_arg_matches(matches).map(|about| Self::About(Box::new(about))),
            None => Sbom::from_arg_matches(matches).map(|sbom| Self::Write(Box::new(sbom))),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

pub(crate) fn run(command: SbomCommand, global: &Global) -> Result<Exit> {
    match command {
        SbomCommand::Write(sbom) => write(*sbom, global),
        SbomCommand::About(about) => match *about {
            About::Diff(diff) => diff::run(diff, global),
            About::Convert(convert) => convert::run(convert, global),
            About::Search(search) => search::run(search, global),
        },
    }
}

fn write(sbom: Sbom, global: &Global) -> Result<Exit> {
    let settings = Settings::load(global.config.as_deref())?;
    let format = match &sbom.spec_version {
        Some(version) => sbom.format.in_version(version)?,
        None => sbom.format,
    };
    let target = sbom.reading.target()?;
    let readout = read(&target, &sbom.reading.options(&settings, global)?)?;
    let created = sbom.reading.created(readout.image.as_ref())?;
    let bill = bill::of_readout(readout, created);
    output::emit(&format, &sbom.output, |form, out| {
        seawall_sbom::write(&bill, in_version(*form, sbom.spec_version.as_deref()), out)
    })?;
    if !global.quiet {
        tell_problems(&bill, global.verbose);
    }
    Ok(sbom.completeness.exit(&bill))
}

/// A form that a file's name told is of the wanted version too, where its standard has that version.
fn in_version(form: Form, version: Option<&str>) -> Form {
    let is_newest = Form::ALL.contains(&form);
    version.filter(|_| is_newest).and_then(|version| form.in_version(version).ok()).unwrap_or(form)
}

/// The bill itself says it too, but few people read bills.
fn tell_problems(bill: &Bill, all: bool) {
    let serious = bill.problems.iter().filter(|problem| problem.kind.breaks_completeness()).count();
    if bill.packages.is_empty() {
        output::note("no package was found");
    }
    if serious > 0 {
        output::note(&format!(
            "{serious} layers or package databases could not be read: packages are missing"
        ));
    }
    let told = bill.problems.iter().filter(|problem| all || problem.kind.breaks_completeness());
    for Problem { path, kind, message, .. } in told {
        let path = path.as_ref().map_or(String::new(), |path| format!(" {path}"));
        let message = seawall_model::text::escaped(message);
        output::note(&format!("  {}{path}: {message}", kind.as_str()));
    }
}

impl Completeness {
    fn exit(&self, bill: &Bill) -> Exit {
        let is_complete = is_complete(bill) && (!self.strict || bill.problems.is_empty());
        if is_complete || self.allow_incomplete { Exit::Done } else { Exit::Incomplete }
    }
}

/// Whether there is anything in it, and no layer or package database was unreadable.
fn is_complete(bill: &Bill) -> bool {
    !bill.packages.is_empty() && !bill.problems.iter().any(|problem| problem.kind.breaks_completeness())
}
