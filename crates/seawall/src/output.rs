//! Results on standard output or in files, everything else on standard error.

use std::borrow::Cow;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};
use seawall_model::Timestamp;
use seawall_model::text::escaped;
use seawall_report::{
    Format, ScanReport, Submission, TableOptions, Template, write_csv, write_github, write_gitlab,
    write_html, write_json, write_junit, write_markdown, write_sarif, write_table,
};
use seawall_sbom::{Form, FormError};

use crate::bill;

/// A form that results can be written in.
pub(crate) trait FileFormat: Clone + FromStr<Err: Display> {
    /// The form that the name of a file means.
    fn of_file_name(name: &str) -> Option<Self>;
}

impl FileFormat for Form {
    fn of_file_name(name: &str) -> Option<Self> {
        Self::of_file_name(name)
    }
}

/// What a scan can be written as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScanFormat {
    Report(Format),
    Sbom(Form),
    /// `template=FILE`.
    Template(PathBuf),
}

impl FromStr for ScanFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("template", file)) if !file.is_empty() => return Ok(Self::Template(PathBuf::from(file))),
            _ if text == "template" || text == "template=" => {
                return Err("a template needs its file: template=FILE".to_owned());
            }
            _ => {}
        }
        if let Ok(format) = text.parse() {
            return Ok(Self::Report(format));
        }
        text.parse().map(Self::Sbom).map_err(|error| match error {
            FormError::Unknown(_) => {
                let reports = Format::ALL.iter().map(|format| format.as_str()).chain(["template=FILE"]);
                let words: Vec<&str> = reports.chain(Form::ALL.iter().map(|form| form.as_str())).collect();
                format!("{text:?} is no format: one of {}", words.join(", "))
            }
            other => other.to_string(),
        })
    }
}

impl FileFormat for ScanFormat {
    fn of_file_name(name: &str) -> Option<Self> {
        Form::of_file_name(name).map(Self::Sbom).or_else(|| report_of_name(name).map(Self::Report))
    }
}

/// What the name of a file says of its format. GitLab's reports have fixed names.
fn report_of_name(name: &str) -> Option<Format> {
    if name.starts_with("gl-") && name.ends_with("-scanning-report.json") {
        return Some(Format::Gitlab);
    }
    if name.ends_with(".sarif.json") {
        return Some(Format::Sarif);
    }
    match Path::new(name).extension()?.to_str()? {
        "json" => Some(Format::Json),
        "txt" => Some(Format::Table),
        "html" | "htm" => Some(Format::Html),
        "sarif" => Some(Format::Sarif),
        "md" => Some(Format::Markdown),
        "csv" => Some(Format::Csv),
        "xml" => Some(Format::Junit),
        _ => None,
    }
}

/// `[FORMAT=]FILE` of `--output`; of a template `template=TEMPLATE=FILE`.
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
        let parts = if text.starts_with("template=") {
            // The name of the template stands between two equals signs.
            text.rsplit_once('=').filter(|(head, _)| *head != "template")
        } else {
            text.split_once('=')
        };
        let (format, path) = match parts {
            None if text.starts_with("template=") => {
                return Err("a template and a file are needed: template=TEMPLATE=FILE".to_owned());
            }
            // A name with an equals sign in it is a name, unless what stands before it is a format.
            Some((word, path)) => match word.parse() {
                Ok(format) => (Some(format), path),
                Err(error) if is_word(word) || text.starts_with("template=") => {
                    return Err(format!("{error}"));
                }
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
    /// The stated format, else the one that the name means, else the one of standard output.
    fn format<'a>(&'a self, standard: &'a F) -> Cow<'a, F> {
        let by_name = || F::of_file_name(self.path.file_name()?.to_str()?);
        match (&self.format, by_name) {
            (Some(format), _) => Cow::Borrowed(format),
            (None, by_name) => by_name().map_or(Cow::Borrowed(standard), Cow::Owned),
        }
    }
}

/// Writes the files, then standard output.
pub(crate) fn emit<F: FileFormat>(
    format: &F,
    files: &[OutputFile<F>],
    write: impl Fn(&F, &mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    for file in files {
        write_file(&file.path, |out| Ok(write(file.format(format).as_ref(), out)?))?;
    }
    write_standard(|out| Ok(write(format, out)?))
}

/// Writes a file when its content is whole, so that an error leaves none that is half a report.
fn write_file(path: &Path, write: impl Fn(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut content = Vec::new();
    write(&mut content)?;
    File::create(path)
        .and_then(|mut out| out.write_all(&content))
        .with_context(|| format!("can't write {}", path.display()))
}

fn write_standard(write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut out = BufWriter::new(anstream::stdout().lock());
    write(&mut out)?;
    Ok(out.flush()?)
}

/// Writes a result to standard output alone.
pub(crate) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    write_standard(|out| Ok(write(out)?))
}

/// Every report that a scan is to write, with its template read: what is wrong with one is told before the scan.
pub(crate) struct ScanOutputs {
    standard: Prepared,
    files: Vec<(PathBuf, Prepared)>,
    table: TableOptions,
    submission: Submission,
}

enum Prepared {
    Report(Format),
    Sbom(Form),
    Template(Box<Template>),
}

impl Prepared {
    fn of(format: &ScanFormat, submission: &Submission) -> Result<Self> {
        match format {
            ScanFormat::Report(Format::Github) => {
                submission.check().context("--github-sha and --github-ref, which GitHub's runners set")?;
                Ok(Self::Report(Format::Github))
            }
            ScanFormat::Report(format) => Ok(Self::Report(*format)),
            ScanFormat::Sbom(form) => Ok(Self::Sbom(*form)),
            ScanFormat::Template(file) => {
                let source = std::fs::read_to_string(file)
                    .with_context(|| format!("can't read the template {}", file.display()))?;
                Ok(Self::Template(Box::new(Template::new(&file.display().to_string(), source)?)))
            }
        }
    }
}

impl ScanOutputs {
    pub(crate) fn new(
        standard: &ScanFormat,
        files: &[OutputFile<ScanFormat>],
        table: TableOptions,
        submission: Submission,
    ) -> Result<Self> {
        let file = |file: &OutputFile<ScanFormat>| {
            Ok((file.path.clone(), Prepared::of(file.format(standard).as_ref(), &submission)?))
        };
        Ok(Self {
            standard: Prepared::of(standard, &submission)?,
            files: files.iter().map(file).collect::<Result<_>>()?,
            table,
            submission,
        })
    }

    /// Writes the files, then standard output. `created` is the time in a bill of materials.
    pub(crate) fn emit(&self, report: &ScanReport, created: Timestamp) -> Result<()> {
        for (path, form) in &self.files {
            // Only the table has colours of its own; foreign text is escaped before it gets here.
            let mut plain = anstream::StripStream::new(Vec::new());
            self.write(report, created, form, &mut plain)?;
            let content = plain.into_inner();
            write_file(path, |out| Ok(out.write_all(&content)?))?;
        }
        write_standard(|out| self.write(report, created, &self.standard, out))
    }

    fn write(
        &self,
        report: &ScanReport,
        created: Timestamp,
        form: &Prepared,
        out: &mut dyn Write,
    ) -> Result<()> {
        match form {
            Prepared::Template(template) => out.write_all(&template.render(report)?)?,
            Prepared::Sbom(form) => seawall_sbom::write(&bill::of_report(report, created), *form, out)?,
            Prepared::Report(format) => match format {
                Format::Table => write_table(report, self.table, out)?,
                Format::Json => write_json(report, out)?,
                Format::Html => write_html(report, out)?,
                Format::Sarif => write_sarif(report, out)?,
                Format::Markdown => write_markdown(report, out)?,
                Format::Junit => write_junit(report, out)?,
                Format::Gitlab => write_gitlab(report, out)?,
                Format::Github => write_github(report, &self.submission, out)?,
                Format::Csv => write_csv(report, out)?,
            },
        }
        Ok(())
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

    fn chosen(text: &str) -> Result<ScanFormat, String> {
        let standard = ScanFormat::Report(Format::Table);
        text.parse::<OutputFile<ScanFormat>>().map(|file| file.format(&standard).into_owned())
    }

    #[test]
    fn the_format_of_a_file_is_stated_or_told_by_its_name() {
        for (text, format) in [
            ("json=a.txt", Format::Json),
            ("a.json", Format::Json),
            ("a", Format::Table),
            ("dir/A=b.json", Format::Json),
            ("a.html", Format::Html),
            ("a.sarif", Format::Sarif),
            ("a.sarif.json", Format::Sarif),
            ("a.md", Format::Markdown),
            ("a.csv", Format::Csv),
            ("a.xml", Format::Junit),
            ("out/gl-container-scanning-report.json", Format::Gitlab),
            ("gl-dependency-scanning-report.json", Format::Gitlab),
            ("github=a.json", Format::Github),
        ] {
            assert_eq!(chosen(text), Ok(ScanFormat::Report(format)), "{text}");
        }
        assert_eq!(chosen("a.spdx.json"), Ok(ScanFormat::Sbom(Form::SpdxJson)));
        assert_eq!(chosen("spdx-tag-value=a.json"), Ok(ScanFormat::Sbom(Form::SpdxTagValue)));
        assert_eq!(chosen("template=a.j2=b.txt"), Ok(ScanFormat::Template("a.j2".into())));
        for text in ["xml=a", "json=", "template=a.j2", "template==a"] {
            assert!(chosen(text).is_err(), "{text}");
        }
        assert!(chosen("cyclonedx-json@1.1=a").is_err_and(|error| error.contains("1.5, 1.6, 1.7")));
    }

    #[test]
    fn a_template_is_named_with_its_file() {
        assert_eq!("template=a.j2".parse(), Ok(ScanFormat::Template("a.j2".into())));
        assert!("template".parse::<ScanFormat>().unwrap_err().contains("template=FILE"));
        assert!("xml".parse::<ScanFormat>().unwrap_err().contains("sarif"));
    }
}
