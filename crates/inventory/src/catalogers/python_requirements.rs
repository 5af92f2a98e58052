//! `requirements.txt` and its like: the packages that are pinned to one version.
//!
//! What is not pinned is counted and reported as not examined: which version would be installed is not in the
//! file. Files that it includes (`-r`, `-c`) are read where their own names say what they are.
//! <https://pip.pypa.io/en/stable/reference/requirements-file-format/>

use seawall_model::{FilePath, PackageKind, ProblemKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;
use crate::python::Requirement;

pub(super) struct PythonRequirements;

impl Cataloger for PythonRequirements {
    fn name(&self) -> &'static str {
        "python/requirements"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Extension("txt")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        memchr::memmem::find(path.file_name(), b"requirements").is_some()
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let mut open = 0_usize;
        for line in logical_lines(&text) {
            match Requirement::parse(requirement(&line)) {
                Requirement::Pinned { name, version } => {
                    found.push(found.package(PackageKind::Pypi, name, version));
                }
                Requirement::Open => open += usize::from(asks_for_a_package(&line)),
            }
        }
        if open > 0 {
            let message = format!("requirements without an exact version, which are not examined: {open}");
            found.problem(ProblemKind::Skipped, message);
        }
    }
}

/// Lines with those that a backslash continues joined, and without comments.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut joined = String::new();
    for line in text.lines() {
        if let Some(part) = line.trim_end().strip_suffix('\\') {
            joined.push_str(part);
            continue;
        }
        joined.push_str(line);
        lines.push(without_comment(&std::mem::take(&mut joined)).to_owned());
    }
    lines.push(without_comment(&joined).to_owned());
    lines.retain(|line| !line.is_empty());
    lines
}

/// A comment begins at the start of a line or after a blank.
fn without_comment(line: &str) -> &str {
    let starts =
        |at: &usize| line.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t']));
    let comment = line.match_indices('#').map(|(at, _)| at).find(starts);
    comment.and_then(|at| line.get(..at)).unwrap_or(line).trim()
}

/// The line without the options that may follow: hashes, build settings.
fn requirement(line: &str) -> &str {
    line.split(" --").next().unwrap_or_default().trim()
}

/// Options of pip name no package, but for those that install from a folder or an address.
fn asks_for_a_package(line: &str) -> bool {
    !line.starts_with('-') || line.starts_with("-e") || line.starts_with("--editable")
}
