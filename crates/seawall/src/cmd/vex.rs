//! `seawall vex`: state what is known of a vulnerability, and read what others state.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use seawall_image::blobs::digest_of;
use seawall_model::text::escaped;
use seawall_model::{Purl, Timestamp};
use seawall_vex::write::JUSTIFICATIONS;
use seawall_vex::{NewDocument, NewStatement, Status, write};

use crate::exit::Exit;
use crate::{Global, clock, statements};

/// Write VEX statements, or look at a document.
#[derive(Subcommand)]
pub(crate) enum Vex {
    Create(Box<Create>),
    Show(Show),
}

/// Write an OpenVEX document with one statement.
///
/// What is not given by a flag is asked for, where standard input is a terminal. The document goes to standard
/// output or to --output; `seawall scan --vex FILE` applies it.
#[derive(Args)]
pub(crate) struct Create {
    /// The vulnerability: CVE-2026-0001.
    #[arg(long, value_name = "NAME")]
    vulnerability: Option<String>,
    /// Another name of it; can be given several times.
    #[arg(long, value_name = "NAME")]
    alias: Vec<String>,
    /// A package URL of an image (pkg:oci/app@sha256:…) or of a package; can be given several times.
    #[arg(long, value_name = "PURL")]
    product: Vec<Purl>,
    /// A package in each product that the statement is about; can be given several times.
    #[arg(long, value_name = "PURL")]
    subcomponent: Vec<Purl>,
    #[arg(long, value_name = "STATUS", help = "What is stated")]
    status: Option<StatusWord>,
    /// Why it is not affected: component_not_present, vulnerable_code_not_present,
    /// vulnerable_code_not_in_execute_path, vulnerable_code_cannot_be_controlled_by_adversary or
    /// inline_mitigations_already_exist.
    #[arg(long, value_name = "WORD")]
    justification: Option<String>,
    /// The same in your own words.
    #[arg(long, value_name = "TEXT")]
    impact: Option<String>,
    /// What users of an affected product should do.
    #[arg(long, value_name = "TEXT")]
    action: Option<String>,
    /// Who states it: a name or an address.
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// The author's part, such as "Software Supplier".
    #[arg(long, value_name = "TEXT")]
    role: Option<String>,
    /// The time of the statement. Default: SOURCE_DATE_EPOCH, else the clock.
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// Write to a file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Show what a VEX document states, and which of its statements can't be used.
#[derive(Args)]
pub(crate) struct Show {
    /// OpenVEX, CSAF or CycloneDX.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum StatusWord {
    NotAffected,
    Affected,
    Fixed,
    UnderInvestigation,
}

impl StatusWord {
    const fn status(self) -> Status {
        match self {
            Self::NotAffected => Status::NotAffected,
            Self::Affected => Status::Affected,
            Self::Fixed => Status::Fixed,
            Self::UnderInvestigation => Status::UnderInvestigation,
        }
    }
}

pub(crate) fn run(vex: Vex, _global: &Global) -> Result<Exit> {
    match vex {
        Vex::Create(create) => run_create(*create),
        Vex::Show(show) => run_show(&show),
    }
}

fn run_create(create: Create) -> Result<Exit> {
    let mut ask = Ask { is_terminal: io::stdin().is_terminal() };
    let vulnerability = ask.text(create.vulnerability, "--vulnerability", "Vulnerability (CVE-…)")?;
    let mut products: Vec<String> = create.product.iter().map(ToString::to_string).collect();
    if products.is_empty() {
        let text = ask.text(None, "--product", "Product, as a package URL (pkg:oci/…, pkg:npm/…)")?;
        let purl: Purl = text.parse().with_context(|| format!("{text:?} is no package URL"))?;
        products.push(purl.to_string());
    }
    let status = match create.status {
        Some(word) => word,
        None => ask.status()?,
    };
    let mut statement = NewStatement {
        vulnerability,
        aliases: create.alias,
        products,
        parts: create.subcomponent.iter().map(ToString::to_string).collect(),
        status: status.status(),
        justification: create.justification,
        impact: create.impact,
        action: create.action,
    };
    if matches!(status, StatusWord::NotAffected)
        && statement.justification.is_none()
        && statement.impact.is_none()
    {
        let question = format!("Why is it not affected? One of {}", JUSTIFICATIONS.join(", "));
        statement.justification = Some(ask.text(None, "--justification or --impact", &question)?);
    }
    if matches!(status, StatusWord::Affected) && statement.action.is_none() {
        statement.action = Some(ask.text(None, "--action", "What should users do?")?);
    }
    statement.check().context("the statement is incomplete")?;
    let document = NewDocument {
        author: ask.text(create.author, "--author", "Author (a name or an address)")?,
        role: create.role,
        time: clock::now(create.now)?,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        statements: vec![statement],
    };
    let text = write(&document, &|bytes| digest_of(bytes).hex())?;
    match &create.output {
        Some(path) => fs::write(path, text).with_context(|| format!("can't write {}", path.display()))?,
        None => anstream::stdout().lock().write_all(text.as_bytes())?,
    }
    Ok(Exit::Done)
}

/// Asks on a terminal; elsewhere names the flag that is missing.
struct Ask {
    is_terminal: bool,
}

impl Ask {
    fn text(&mut self, given: Option<String>, flag: &str, question: &str) -> Result<String> {
        if let Some(text) = given.filter(|text| !text.trim().is_empty()) {
            return Ok(text);
        }
        if !self.is_terminal {
            bail!("{flag} is needed where nobody can be asked");
        }
        loop {
            let mut out = anstream::stderr();
            write!(out, "{question}: ")?;
            out.flush()?;
            let mut line = String::new();
            if io::stdin().lock().read_line(&mut line)? == 0 {
                bail!("{flag} was not answered");
            }
            if !line.trim().is_empty() {
                return Ok(line.trim().to_owned());
            }
        }
    }

    fn status(&mut self) -> Result<StatusWord> {
        let words: Vec<String> = StatusWord::value_variants()
            .iter()
            .filter_map(ValueEnum::to_possible_value)
            .map(|value| value.get_name().to_owned())
            .collect();
        let text = self.text(None, "--status", &format!("Status, one of {}", words.join(", ")))?;
        StatusWord::from_str(&text, true)
            .map_err(|_| anyhow::anyhow!("{text:?} is no status: one of {}", words.join(", ")))
    }
}

fn run_show(show: &Show) -> Result<Exit> {
    let mut out = anstream::stdout().lock();
    for path in &show.files {
        let document = statements::read_file(path)?;
        let author = document.author.as_deref().unwrap_or("nobody");
        writeln!(out, "{}: {} by {}", escaped(&document.source), document.format, escaped(author))?;
        for statement in &document.statements {
            let names = statement.vulnerabilities.join(" ");
            let why = statement.justification.as_deref().or(statement.text.as_deref()).unwrap_or_default();
            let products = statement.products.len();
            let line = format!("  {names}  {}  {products} products  {why}", statement.status);
            writeln!(out, "{}", escaped(line.trim_end()))?;
        }
        for problem in &document.problems {
            writeln!(out, "  not usable: {}", escaped(problem))?;
        }
    }
    Ok(Exit::Done)
}
