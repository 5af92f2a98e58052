//! Results on standard output or in files, everything else on standard error.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result};
use seawall_model::Timestamp;
use seawall_model::text::escaped;
use seawall_report::{Format, ScanReport, TableOptions, write_json, write_table};
use seawall_sbom::{Form, FormError};

use crate::bill;

/// A form that results can be written in.
pub(crate) trait FileFormat: Copy + FromStr<Err: Display> {
    /// The form that the ending of a file's name means.
    fn of_file_name(name: &str) -> Option<Self>;
}

impl FileFormat for Form {
    fn of_file_name(name: &str) -> Option<Self> {
        Self::of_file_name(name)
    }
}

/// What a scan can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScanFormat {
    Report(Format),
    Sbom(Form),
}

impl FromStr for ScanFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(format) = text.parse() {
            return Ok(Self::Report(format));
        }
        text.parse().map(Self::Sbom).map_err(|error| match error {
            FormError::Unknown(_) => {
                let reports = Format::ALL.iter().map(|format| format.as_str());
                let words: Vec<&str> = reports.chain(Form::ALL.iter().map(|form| form.as_str())).collect();
                format!("{text:?} is no format: one of {}", words.join(", "))
            }
            other => other.to_string(),
        })
    }
}

impl FileFormat for ScanFormat {
    fn of_file_name(name: &str) -> Option<Self> {
        let report = |ending: &str, format| name.ends_with(ending).then_some(Self::Report(format));
        Form::of_file_name(name)
            .map(Self::Sbom)
            .or_else(|| report(".json", Format::Json))
            .or_else(|| report(".txt", Format::Table))
    }
}

/// `[FORMAT=]FILE` of `--output`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutputFile<F> {
    format: Option<F>,
    path: PathBuf,
}

impl<F: FileFormat> FromStr for OutputFile<F> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_word = |word: &str| {
            word.bytes().all(|byte| byte.is_ascii_lowercase() || b"-@.0123456789".contains(&byte))
        };
        let (format, path) = match text.split_once('=') {
            // A name with an equals sign in it is a name, unless what stands before it is a format.
            Some((word, path)) => match word.parse() {
                Ok(format) => (Some(format), path),
                Err(error) if is_word(word) => return Err(format!("{error}")),
                Err(_) => (None, text),
            },
            None => (None, text),
        };
        if path.is_empty() {
            return Err("there is no file name".to_owned());
        }
        Ok(Self { format, path: PathBuf::from(path) })
    }
}

impl<F: FileFormat> OutputFile<F> {
    /// The stated format, else the one that the ending of the name means, else the one of standard output.
    fn format(&self, standard: F) -> F {
        let by_ending = || F::of_file_name(self.path.file_name()?.to_str()?);
        self.format.or_else(by_ending).unwrap_or(standard)
    }
}

/// Writes the files, then standard output.
pub(crate) fn emit<F: FileFormat>(
    format: F,
    files: &[OutputFile<F>],
    write: impl Fn(F, &mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    for file in files {
        let path = file.path.display();
        let mut plain = anstream::StripStream::new(Vec::new());
        write(file.format(format), &mut plain)?;
        File::create(&file.path)
            .and_then(|mut out| out.write_all(&plain.into_inner()))
            .with_context(|| format!("can't write {path}"))?;
    }
    let mut out = BufWriter::new(anstream::stdout().lock());
    write(format, &mut out)?;
    Ok(out.flush()?)
}

/// Writes a result to standard output alone.
pub(crate) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = BufWriter::new(anstream::stdout().lock());
    write(&mut out)?;
    Ok(out.flush()?)
}

/// A scan to be written.
pub(crate) struct ScanResult<'a> {
    pub(crate) report: &'a ScanReport,
    /// The time in a bill of materials.
    pub(crate) created: Timestamp,
    pub(crate) table: TableOptions,
}

impl ScanResult<'_> {
    pub(crate) fn write(&self, format: ScanFormat, out: &mut dyn Write) -> io::Result<()> {
        match format {
            ScanFormat::Report(Format::Table) => write_table(self.report, self.table, out),
            ScanFormat::Report(Format::Json) => write_json(self.report, out),
            ScanFormat::Sbom(form) => {
                seawall_sbom::write(&bill::of_report(self.report, self.created), form, out)
            }
        }
    }
}

/// Columns of the terminal that results go to; 120 where they go elsewhere.
pub(crate) fn width() -> usize {
    terminal_size::terminal_size().map_or(120, |(width, _)| usize::from(width.0))
}

/// A line about the run, for people.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// An error with its causes, each on a line.
pub(crate) fn print_error(error: &anyhow::Error) {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    let mut out = anstream::stderr();
    let _ = writeln!(out, "{style}error{style:#}: {}", escaped(&error.to_string()));
    let mut last = error.to_string();
    for cause in error.chain().skip(1) {
        let text = cause.to_string();
        // Many errors repeat their cause.
        if !last.contains(&text) {
            let _ = writeln!(out, "  because {}", escaped(&text));
        }
        last = text;
    }
}

/// Whether the reader of our output has gone, as `head` does: that is no error.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_a_file_is_stated_or_told_by_its_name() {
        let standard = ScanFormat::Report(Format::Table);
        let format = |text: &str| text.parse::<OutputFile<ScanFormat>>().map(|file| file.format(standard));
        assert_eq!(format("json=a.txt"), Ok(ScanFormat::Report(Format::Json)));
        assert_eq!(format("a.json"), Ok(ScanFormat::Report(Format::Json)));
        assert_eq!(format("a"), Ok(standard));
        assert_eq!(format("dir/A=b.json"), Ok(ScanFormat::Report(Format::Json)), "an equals sign in a name");
        assert_eq!(format("a.spdx.json"), Ok(ScanFormat::Sbom(Form::SpdxJson)));
        assert_eq!(format("spdx-tag-value=a.json"), Ok(ScanFormat::Sbom(Form::SpdxTagValue)));
        assert!(format("xml=a").is_err());
        assert!(format("cyclonedx-json@1.1=a").is_err_and(|error| error.contains("1.5, 1.6, 1.7")));
        assert!(format("json=").is_err());
    }
}
