//! `setup.py`: requirements that its texts pin to one version, such as `"flask==2.0.1"`.
//!
//! The program is not run and not parsed: every quoted text on a line is tried.

use seawall_model::PackageKind;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;
use crate::python::Requirement;

pub(super) struct PythonSetup;

impl Cataloger for PythonSetup {
    fn name(&self) -> &'static str {
        "python/setup"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("setup.py")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        for line in text.lines() {
            for quoted in quoted_texts(line) {
                if let Requirement::Pinned { name, version } = Requirement::parse(quoted) {
                    found.push(found.package(PackageKind::Pypi, name, version));
                }
            }
        }
    }
}

/// The texts between two equal quotes on this line, outside comments.
fn quoted_texts(line: &str) -> Vec<&str> {
    let mut texts = Vec::new();
    let mut rest = line;
    while let Some((before, quote, after)) = at_quote(rest).filter(|(before, ..)| !before.contains('#')) {
        let _ = before;
        let Some((inside, behind)) = after.split_once(quote) else { break };
        texts.push(inside);
        rest = behind;
    }
    texts
}

fn at_quote(text: &str) -> Option<(&str, char, &str)> {
    let at = text.find(['"', '\''])?;
    let quote = text.get(at..)?.chars().next()?;
    Some((text.get(..at)?, quote, text.get(at + 1..)?))
}
