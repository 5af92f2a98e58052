//! A form of the user's own: a MiniJinja template over the structure of the JSON report.
//!
//! The variables are the fields of `schemas/scan-report.json`. A template cannot include others, read files or
//! the environment; its steps and its output are bounded.
//!
//! <https://docs.rs/minijinja/latest/minijinja/syntax/index.html>

use std::fmt;
use std::io::{self, Write};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

use super::json::Report;
use crate::{ScanReport, escape};

/// Steps of the template machine; a row of a table takes some dozens.
const FUEL: u64 = 50_000_000;
/// Bytes of output.
const MAX_OUTPUT: u64 = 64 << 20;
/// Bytes of the template.
const MAX_SOURCE: usize = 1 << 20;

/// A template that was read and found to be one.
#[derive(Debug)]
pub struct Template {
    environment: Environment<'static>,
    name: String,
}

/// Why a template gives no report. The message names the template and the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the template {name}{at}: {message}")]
pub struct TemplateError {
    name: String,
    at: Line,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line(Option<usize>);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(line) => write!(f, ", line {line}"),
            None => Ok(()),
        }
    }
}

impl TemplateError {
    fn new(name: &str, error: &Error) -> Self {
        let message = match (error.kind(), error.detail()) {
            (ErrorKind::OutOfFuel, _) => "it takes more steps than a report may".to_owned(),
            (kind, Some(detail)) => format!("{kind}: {detail}"),
            (kind, None) => kind.to_string(),
        };
        Self { name: name.to_owned(), at: Line(error.line()), message }
    }

    fn plain(name: &str, message: &str) -> Self {
        Self { name: name.to_owned(), at: Line(None), message: message.to_owned() }
    }
}

impl Template {
    /// Reads a template. The ending of its name, behind which `.j2` or `.jinja` may stand, says what values are
    /// escaped for: `html`, `htm` and `xml`; otherwise nothing is, and filters do it.
    ///
    /// # Errors
    /// It is no template.
    pub fn new(name: &str, source: String) -> Result<Self, TemplateError> {
        if source.len() > MAX_SOURCE {
            return Err(TemplateError::plain(name, "it is larger than 1 MiB"));
        }
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(auto_escape);
        environment.set_syntax(syntax());
        environment.add_filter("escape_html", |text: &str| Value::from_safe_string(escape::html(text)));
        environment.add_filter("escape_xml", |text: &str| Value::from_safe_string(escape::xml(text)));
        environment.add_filter("escape_csv", |text: &str| Value::from_safe_string(escape::csv(text)));
        environment
            .add_filter("escape_markdown", |text: &str| Value::from_safe_string(escape::markdown(text)));
        environment
            .add_filter("markdown_code", |text: &str| Value::from_safe_string(escape::markdown_code(text)));
        environment.add_filter("escape_terminal", |text: &str| seawall_model::text::escaped(text));
        environment.add_filter("escape_uri", |text: &str| escape::uri_path(text.as_bytes()));
        environment.add_filter("cut", |text: &str, characters: usize| escape::cut(text, characters));
        environment
            .add_template_owned(name.to_owned(), source)
            .map_err(|error| TemplateError::new(name, &error))?;
        Ok(Self { environment, name: name.to_owned() })
    }

    /// The report in the form of the template.
    ///
    /// # Errors
    /// The template fails on this report, or takes more steps or writes more than it may.
    pub fn render(&self, report: &ScanReport) -> Result<Vec<u8>, TemplateError> {
        let failed = |error: Error| TemplateError::new(&self.name, &error);
        let template = self.environment.get_template(&self.name).map_err(failed)?;
        let mut out = Bounded { bytes: Vec::new(), is_full: false };
        let outcome = template.render_captured_to(Value::from(Serde(Report::from(report))), &mut out);
        if out.is_full {
            return Err(TemplateError::plain(&self.name, "it writes more than 64 MiB"));
        }
        outcome.map_err(failed)?;
        Ok(out.bytes)
    }
}

/// A block tag takes its line with it, so that a template can be laid out for reading.
fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .expect("the delimiters are the usual ones")
}

fn auto_escape(name: &str) -> AutoEscape {
    let name = [".j2", ".jinja", ".jinja2", ".tmpl", ".tpl"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name);
    match name.rsplit('.').next() {
        Some("html" | "htm" | "xml") => AutoEscape::Html,
        _ => AutoEscape::None,
    }
}

struct Bounded {
    bytes: Vec<u8>,
    is_full: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if (self.bytes.len() + bytes.len()) as u64 > MAX_OUTPUT {
            self.is_full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
