//! The list of report formats.

use std::fmt;
use std::str::FromStr;

pub mod csv;
pub mod fix_plan;
pub mod github;
pub mod gitlab;
pub mod html;
pub mod json;
pub mod junit;
mod log_safe;
pub mod markdown;
pub mod sarif;
pub mod table;
pub mod template;

pub use csv::write_csv;
pub use github::{Submission, SubmissionError, write_github};
pub use gitlab::write_gitlab;
pub use html::write_html;
pub use json::{ReadError, read_json, schema, write_json};
pub use junit::write_junit;
pub use markdown::write_markdown;
pub use sarif::write_sarif;
pub use table::write_table;
pub use template::{Template, TemplateError};

/// A form that a report can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Text for a terminal.
    Table,
    /// Everything, by the schema `schemas/scan-report.json`.
    Json,
    /// SARIF 2.1.0, for GitHub code scanning and editors.
    Sarif,
    /// For a comment on a pull request or a job's summary.
    Markdown,
    /// JUnit XML, for Jenkins and GitLab.
    Junit,
    /// GitLab's container or dependency scanning report.
    Gitlab,
    /// A snapshot for GitHub's dependency graph.
    Github,
    /// The findings for a spreadsheet.
    Csv,
    /// One file for a browser.
    Html,
}

impl Format {
    /// Every format, in the order of help texts.
    pub const ALL: [Self; 9] = [
        Self::Table,
        Self::Json,
        Self::Html,
        Self::Sarif,
        Self::Markdown,
        Self::Junit,
        Self::Gitlab,
        Self::Github,
        Self::Csv,
    ];

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Markdown => "markdown",
            Self::Junit => "junit",
            Self::Gitlab => "gitlab",
            Self::Github => "github",
            Self::Csv => "csv",
            Self::Html => "html",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no such format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatError(String);

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<_> = Format::ALL.iter().map(|format| format.as_str()).collect();
        write!(f, "{:?} is no format: one of {}, template=FILE", self.0, known.join(", "))
    }
}

impl std::error::Error for FormatError {}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| FormatError(text.to_owned()))
    }
}
