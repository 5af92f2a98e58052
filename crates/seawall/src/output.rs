//! Results on standard output or in files, everything else on standard error.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result};
use seawall_model::text::escaped;
use seawall_report::{Format, ScanReport, TableOptions, write_html, write_json, write_table};

/// `[FORMAT=]FILE` of `--output`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutputFile {
    format: Option<Format>,
    path: PathBuf,
}

impl FromStr for OutputFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = match text.split_once('=') {
            // A name with an equals sign in it is a name, unless what stands before it is a format.
            Some((word, path)) => match word.parse() {
                Ok(format) => (Some(format), path),
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
    fn format(&self, standard: Format) -> Format {
        let by_ending =
            self.path.extension().and_then(|ending| ending.to_str()).and_then(|ending| match ending {
                "json" => Some(Format::Json),
                "html" | "htm" => Some(Format::Html),
                "txt" => Some(Format::Table),
                _ => None,
            });
        self.format.or(by_ending).unwrap_or(standard)
    }
}

/// Prints the report and writes the files.
pub(crate) fn emit(
    report: &ScanReport,
    format: Format,
    files: &[OutputFile],
    options: TableOptions,
) -> Result<()> {
    for file in files {
        let path = file.path.display();
        let mut plain = anstream::StripStream::new(Vec::new());
        write_report(report, file.format(format), options, &mut plain)?;
        File::create(&file.path)
            .and_then(|mut out| out.write_all(&plain.into_inner()))
            .with_context(|| format!("can't write {path}"))?;
    }
    let mut out = BufWriter::new(anstream::stdout().lock());
    write_report(report, format, options, &mut out)?;
    Ok(out.flush()?)
}

fn write_report(
    report: &ScanReport,
    format: Format,
    options: TableOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Table => write_table(report, options, out),
        Format::Json => write_json(report, out),
        Format::Html => write_html(report, out),
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
        let format = |text: &str| text.parse::<OutputFile>().map(|file| file.format(Format::Table));
        assert_eq!(format("json=a.txt"), Ok(Format::Json));
        assert_eq!(format("a.json"), Ok(Format::Json));
        assert_eq!(format("a.html"), Ok(Format::Html));
        assert_eq!(format("a"), Ok(Format::Table));
        assert_eq!(format("dir/A=b.json"), Ok(Format::Json), "an equals sign in a name");
        assert!(format("xml=a").is_err());
        assert!(format("json=").is_err());
    }
}
