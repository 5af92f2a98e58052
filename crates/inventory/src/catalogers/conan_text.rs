//! Conan's text files: `conaninfo.txt` of an installed package, and `conanfile.txt` of a project.
//!
//! The first tells what a package was built with, in `[full_requires]` with exact versions. The second asks for
//! packages; a range of versions is counted and left out.
//! <https://docs.conan.io/2/reference/conanfile_txt.html>

use seawall_model::{ProblemKind, Scope};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::conan_reference::Reference;
use crate::document;

pub(super) struct ConanFile;
pub(super) struct ConanInfo;

impl Cataloger for ConanFile {
    fn name(&self) -> &'static str {
        "conan/file"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("conanfile.txt")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        push_sections(&text, &["requires"], Scope::Runtime, found);
        push_sections(
            &text,
            &["build_requires", "tool_requires", "test_requires"],
            Scope::Development,
            found,
        );
    }
}

impl Cataloger for ConanInfo {
    fn name(&self) -> &'static str {
        "conan/info"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("conaninfo.txt")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        push_sections(&text, &["full_requires"], Scope::Runtime, found);
    }
}

/// Adds the references in these sections.
fn push_sections(text: &str, sections: &[&str], scope: Scope, found: &mut Found<'_>) {
    let mut is_inside = false;
    let mut open = 0;
    for line in text.lines() {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            is_inside = sections.contains(&section);
            continue;
        }
        if !is_inside || line.is_empty() || line.starts_with('#') {
            continue;
        }
        match Reference::parse(line) {
            Some(reference) => {
                let mut package = reference.package(found);
                package.scope = scope;
                found.push(package);
            }
            None => open += 1,
        }
    }
    if open > 0 {
        let message = format!("{open} requirements have no single version and are left out");
        found.problem(ProblemKind::Skipped, message);
    }
}
