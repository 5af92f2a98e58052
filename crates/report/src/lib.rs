//! What a scan found, as text for people and as data for machines.
//!
//! An engine: it is given a [`ScanReport`] and gives back text. The same report gives the same bytes. Every
//! name from inside an image is escaped on its way out.
//!
//! Start reading at [`scan_report`], then `formats/`.

mod describe;
mod escape;
pub mod explain;
pub mod formats;
pub mod scan_report;

pub use formats::table::TableOptions;
pub use formats::{
    Format, FormatError, ReadError, Submission, SubmissionError, Template, TemplateError, read_json, schema,
    write_csv, write_github, write_gitlab, write_html, write_json, write_junit, write_markdown, write_sarif,
    write_table,
};
pub use scan_report::{
    DatabaseInfo, EndOfLife, ExceptionNote, FeedInfo, Hidden, ScanReport, Totals, UnknownNote,
};
