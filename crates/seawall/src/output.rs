//! Results on standard output or in files, everything else on standard error.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};
use seawall_model::text::escaped;
use seawall_report::{
    Format, ScanReport, Submission, TableOptions, Template, write_csv, write_github, write_gitlab,
    write_json, write_junit, write_markdown, write_sarif, write_table,
};

/// What `--format` names: a form of ours, or a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FormatChoice {
    Format(Format),
    /// `template=FILE`.
    Template(PathBuf),
}

impl FromStr for FormatChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("template", file)) if !file.is_empty() => Ok(Self::Template(PathBuf::from(file))),
            _ if text == "template" || text == "template=" => {
                Err("a template needs its file: template=FILE".to_owned())
            }
            _ => text.parse().map(Self::Format).map_err(|error| format!("{error}")),
        }
    }
}

/// `[FORMAT=]FILE` of `--output`; the format may be `template=TEMPLATE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutputFile {
    format: Option<FormatChoice>,
    path: PathBuf,
}

impl FromStr for OutputFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = match text.split_once('=') {
            Some(("template", rest)) => match rest.split_once('=') {
                Some((template, path)) if !template.is_empty() => {
                    (Some(FormatChoice::Template(PathBuf::from(template))), path)
                }
                _ => return Err("a template and a file are needed: template=TEMPLATE=FILE".to_owned()),
            },
            // A name with an equals sign in it is a name, unless what stands before it is a format.
            Some((word, path)) => match word.parse() {
                Ok(format) => (Some(FormatChoice::Format(format)), path),
                Err(error) if word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') => {
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

impl OutputFile {
    /// The stated format, else the one that the ending of the name means, else the one of standard output.
    fn format<'a>(&'a self, standard: &'a FormatChoice) -> std::borrow::Cow<'a, FormatChoice> {
        use std::borrow::Cow;
        if let Some(format) = &self.format {
            return Cow::Borrowed(format);
        }
        match format_of_name(&self.path) {
            Some(format) => Cow::Owned(FormatChoice::Format(format)),
            None => Cow::Borrowed(standard),
        }
    }
}

/// What the name of a file says of its format. GitLab's reports have fixed names.
fn format_of_name(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_str()?;
    if name.starts_with("gl-") && name.ends_with("-scanning-report.json") {
        return Some(Format::Gitlab);
    }
    if name.ends_with(".sarif.json") {
        return Some(Format::Sarif);
    }
    match path.extension()?.to_str()? {
        "json" => Some(Format::Json),
        "txt" => Some(Format::Table),
        "sarif" => Some(Format::Sarif),
        "md" => Some(Format::Markdown),
        "csv" => Some(Format::Csv),
        "xml" => Some(Format::Junit),
        _ => None,
    }
}

/// Every report that a run is to write, with its template read: what is wrong with one is told before the scan.
pub(crate) struct Outputs {
    standard: Form,
    files: Vec<(PathBuf, Form)>,
    table: TableOptions,
    submission: Submission,
}

enum Form {
    Format(Format),
    Template(Box<Template>),
}

impl Form {
    fn of(choice: &FormatChoice, submission: &Submission) -> Result<Self> {
        match choice {
            FormatChoice::Format(Format::Github) => {
                submission.check().context("--github-sha and --github-ref, which GitHub's runners set")?;
                Ok(Self::Format(Format::Github))
            }
            FormatChoice::Format(format) => Ok(Self::Format(*format)),
            FormatChoice::Template(file) => {
                let source = std::fs::read_to_string(file)
                    .with_context(|| format!("can't read the template {}", file.display()))?;
                Ok(Self::Template(Box::new(Template::new(&file.display().to_string(), source)?)))
            }
        }
    }
}

impl Outputs {
    pub(crate) fn new(
        standard: &FormatChoice,
        files: &[OutputFile],
        table: TableOptions,
        submission: Submission,
    ) -> Result<Self> {
        let file = |file: &OutputFile| {
            Ok((file.path.clone(), Form::of(file.format(standard).as_ref(), &submission)?))
        };
        Ok(Self {
            standard: Form::of(standard, &submission)?,
            files: files.iter().map(file).collect::<Result<_>>()?,
            table,
            submission,
        })
    }

    /// Prints the report and writes the files.
    pub(crate) fn emit(&self, report: &ScanReport) -> Result<()> {
        for (path, form) in &self.files {
            let name = path.display();
            let mut plain = Vec::new();
            if matches!(form, Form::Format(Format::Table)) {
                let mut stripped = anstream::StripStream::new(Vec::new());
                self.write(report, form, &mut stripped)?;
                plain = stripped.into_inner();
            } else {
                self.write(report, form, &mut plain)?;
            }
            File::create(path)
                .and_then(|mut out| out.write_all(&plain))
                .with_context(|| format!("can't write {name}"))?;
        }
        let mut out = BufWriter::new(anstream::stdout().lock());
        self.write(report, &self.standard, &mut out)?;
        Ok(out.flush()?)
    }

    fn write(&self, report: &ScanReport, form: &Form, out: &mut dyn Write) -> Result<()> {
        match form {
            Form::Template(template) => out.write_all(&template.render(report)?)?,
            Form::Format(format) => match format {
                Format::Table => write_table(report, self.table, out)?,
                Format::Json => write_json(report, out)?,
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

    fn chosen(text: &str) -> Result<FormatChoice, String> {
        let standard = FormatChoice::Format(Format::Table);
        text.parse::<OutputFile>().map(|file| file.format(&standard).into_owned())
    }

    #[test]
    fn the_format_of_a_file_is_stated_or_told_by_its_name() {
        for (text, format) in [
            ("json=a.txt", Format::Json),
            ("a.json", Format::Json),
            ("a", Format::Table),
            ("dir/A=b.json", Format::Json),
            ("a.sarif", Format::Sarif),
            ("a.sarif.json", Format::Sarif),
            ("a.md", Format::Markdown),
            ("a.csv", Format::Csv),
            ("a.xml", Format::Junit),
            ("out/gl-container-scanning-report.json", Format::Gitlab),
            ("gl-dependency-scanning-report.json", Format::Gitlab),
            ("github=a.json", Format::Github),
        ] {
            assert_eq!(chosen(text), Ok(FormatChoice::Format(format)), "{text}");
        }
        assert_eq!(chosen("template=a.j2=b.txt"), Ok(FormatChoice::Template("a.j2".into())));
        for text in ["xml=a", "json=", "template=a.j2", "template==a"] {
            assert!(chosen(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_template_is_named_with_its_file() {
        assert_eq!("template=a.j2".parse(), Ok(FormatChoice::Template("a.j2".into())));
        assert!("template".parse::<FormatChoice>().unwrap_err().contains("template=FILE"));
        assert!("xml".parse::<FormatChoice>().unwrap_err().contains("sarif"));
    }
}
