//! The list of report formats.

use std::fmt;
use std::str::FromStr;

pub mod html;
pub mod json;
pub mod table;

pub use html::write_html;
pub use json::{schema, write_json};
pub use table::write_table;

/// A form that a report can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Text for a terminal.
    Table,
    /// Everything, by the schema `schemas/scan-report.json`.
    Json,
    /// One file for a browser.
    Html,
}

impl Format {
    /// Every format, in the order of help texts.
    pub const ALL: [Self; 3] = [Self::Table, Self::Json, Self::Html];

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
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
        write!(f, "{:?} is no format: one of {}", self.0, known.join(", "))
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
