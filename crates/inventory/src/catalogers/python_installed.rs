//! Installed Python packages: `METADATA` of wheels, `PKG-INFO` of eggs; and wheels that lie in a source tree.
//!
//! A mail header: `Key: value` lines up to the first empty one. Packages that another one carries inside itself
//! (`pip/_vendor`) have no such file and are not found.
//! <https://packaging.python.org/en/latest/specifications/core-metadata/>

use std::io::Read;

use seawall_model::limits::read_bounded;
use seawall_model::{FilePath, PackageKind, ProblemKind};

use crate::archive::{Archive, Section};
use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::python::normalised;

pub(super) struct PythonInstalled;
pub(super) struct PythonWheel;

impl Cataloger for PythonInstalled {
    fn name(&self) -> &'static str {
        "python/installed"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[
            Trigger::Name("METADATA"),
            Trigger::Name("PKG-INFO"),
            Trigger::Extension("egg-info"),
            Trigger::Extension("egg"),
        ]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        let parent = path.parent().unwrap_or(path).file_name();
        let in_folder = |suffix: &[u8]| {
            parent.len().checked_sub(suffix.len()).is_some_and(|at| parent[at..].eq_ignore_ascii_case(suffix))
        };
        match path.file_name() {
            b"METADATA" => in_folder(b"dist-info"),
            b"PKG-INFO" => in_folder(b"egg-info"),
            _ => true,
        }
    }

    fn wants_content(&self, path: FilePath<'_>, head: &[u8]) -> bool {
        !is_egg(path) || head.starts_with(b"PK")
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        if is_egg(file.path) {
            return archive(file, "EGG-INFO/PKG-INFO", found);
        }
        match file.bytes() {
            Ok(bytes) => metadata(&bytes, None, found),
            Err(error) => found.read_problem(&error),
        }
    }
}

impl Cataloger for PythonWheel {
    fn name(&self) -> &'static str {
        "python/wheel"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Extension("whl")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        archive(file, ".dist-info/METADATA", found);
    }
}

fn is_egg(path: FilePath<'_>) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(b"egg"))
}

/// Bytes of the metadata in an archive: it holds the project's whole description.
const MAX_METADATA: u64 = 16 << 20;

/// Eggs and wheels are zip archives with their metadata in a folder at the root.
fn archive(file: &SourceFile<'_>, metadata_name: &str, found: &mut Found<'_>) {
    let read = Archive::open(Section::whole(file.content)).and_then(|archive| {
        let mut entry = None;
        archive.each_entry(file.limits.max_archive_entries, |candidate| {
            // Wheels carry others inside themselves, in deeper folders.
            if candidate.name.ends_with(metadata_name) && candidate.name.matches('/').count() == 1 {
                entry = Some(candidate);
            }
        })?;
        let Some(entry) = entry else { return Ok(None) };
        let stream: Box<dyn Read> = archive.stream(&entry)?;
        Ok(Some((read_bounded(stream, MAX_METADATA)?, entry.name)))
    });
    match read {
        Ok(Some((bytes, name))) => metadata(&bytes, Some(&name), found),
        Ok(None) => found.problem(ProblemKind::Malformed, format!("an archive without {metadata_name}")),
        Err(error) => found.problem(ProblemKind::Malformed, error.to_string()),
    }
}

#[derive(Default)]
struct Metadata {
    name: String,
    version: String,
    expression: Option<String>,
    licence: Option<String>,
    classifiers: Vec<String>,
}

fn metadata(bytes: &[u8], inside: Option<&str>, found: &mut Found<'_>) {
    let text = String::from_utf8_lossy(bytes);
    let mut metadata = Metadata::default();
    let mut lines = text.trim_start_matches('\u{feff}').lines().peekable();
    while let Some(line) = lines.next().filter(|line| !line.trim_end().is_empty()) {
        let Some((key, value)) = line.split_once(':') else { continue };
        // A value that goes on in the next line is a whole text: a description, or the text of a licence.
        let is_long = lines.peek().is_some_and(|next| next.starts_with([' ', '\t']));
        metadata.field(key, value.trim(), is_long);
    }
    if metadata.name.is_empty() || metadata.version.is_empty() {
        return found.problem(ProblemKind::Malformed, "the metadata has no name or no version");
    }
    let mut package = found.package(PackageKind::Pypi, normalised(&metadata.name), &metadata.version);
    package.licences = metadata.licences();
    found.push_inside(package, inside.map(str::to_owned));
}

impl Metadata {
    fn field(&mut self, key: &str, value: &str, is_long: bool) {
        let present = || Some(value.to_owned()).filter(|value| !value.is_empty() && value != "UNKNOWN");
        match key.to_ascii_lowercase().as_str() {
            // The first one counts, as in the tools of Python.
            "name" if self.name.is_empty() => value.clone_into(&mut self.name),
            "version" if self.version.is_empty() => value.clone_into(&mut self.version),
            "license-expression" => self.expression = present(),
            "license" if !is_long => self.licence = present(),
            "classifier" => {
                if let Some(rest) = value.strip_prefix("License ::") {
                    let name = rest.rsplit("::").next().unwrap_or_default().trim();
                    self.classifiers.push(name.to_owned());
                }
            }
            _ => {}
        }
    }

    /// The most exact statement that there is.
    fn licences(self) -> Vec<String> {
        match self.expression.or(self.licence) {
            Some(licence) => vec![licence],
            None => self.classifiers,
        }
    }
}
