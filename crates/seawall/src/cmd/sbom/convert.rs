//! `seawall sbom convert`: a bill of materials of any tool in another form.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use seawall_model::{Limits, Timestamp};
use seawall_sbom::Form;

use crate::exit::Exit;
use crate::output::{self, OutputFile};
use crate::read::document_bytes;
use crate::{Global, clock};

/// Write a bill of materials in another form.
///
/// What Seawall reads is kept: packages with versions, licences, digests, places and dependencies, the distribution,
/// image and layers. The bill keeps the name of the tool that made it, and its time.
#[derive(Args)]
#[command(after_help = super::HELP)]
pub(crate) struct Convert {
    /// The bill: CycloneDX 1.2 to 1.7, SPDX 2.2 or 2.3, or one of Seawall; `-` is standard input.
    file: PathBuf,
    /// The form on standard output: cyclonedx-json, cyclonedx-xml, spdx-json, spdx-tag-value or seawall-json; with a
    /// version as cyclonedx-json@1.5.
    #[arg(long, value_name = "FORMAT", default_value = "cyclonedx-json")]
    format: Form,
    /// Write it to a file as well; can be given several times. Without a format the name tells it.
    #[arg(long, short, value_name = "[FORMAT=]FILE")]
    output: Vec<OutputFile<Form>>,
    #[command(flatten)]
    completeness: super::Completeness,
}

pub(super) fn run(convert: Convert, global: &Global) -> Result<Exit> {
    let limits = Limits::default();
    let name = convert.file.display().to_string();
    let bytes = document_bytes("", &convert.file, &limits)?;
    let mut bill = seawall_sbom::read(&bytes, &name, &limits).with_context(|| format!("can't use {name}"))?;
    if bill.created == Timestamp::from_unix(0) {
        bill.created = clock::created(None, bill.image.as_ref())?;
    }
    output::emit(&convert.format, &convert.output, |form, out| seawall_sbom::write(&bill, *form, out))?;
    if !global.quiet {
        super::tell_problems(&bill, global.verbose);
    }
    Ok(convert.completeness.exit(&bill))
}
