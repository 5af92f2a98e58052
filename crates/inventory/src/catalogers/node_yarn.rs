//! `yarn.lock` of Yarn 1 and of the later ones, which look alike: entries at the start of a line, fields below.
//!
//! It does not say which packages are for development; all count as needed at run time. Members of the
//! workspace, links and folders are not listed.
//! <https://classic.yarnpkg.com/lang/en/docs/yarn-lock/>

use seawall_model::ProblemKind;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;
use crate::node;

pub(super) struct NodeYarn;

impl Cataloger for NodeYarn {
    fn name(&self) -> &'static str {
        "node/yarn"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("yarn.lock")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let mut entry = Entry::default();
        for (index, line) in text.lines().enumerate() {
            let depth = line.len() - line.trim_start_matches(' ').len();
            let line = line.trim();
            match depth {
                _ if line.is_empty() || line.starts_with('#') => {}
                0 => {
                    std::mem::take(&mut entry).finish(found);
                    match line.strip_suffix(':') {
                        Some(wanted) => entry = Entry { wanted, line: index + 1, ..Entry::default() },
                        None => malformed(index + 1, found),
                    }
                }
                2 => entry.field(line),
                // Deeper lines list what the package itself wants.
                _ => {}
            }
        }
        entry.finish(found);
    }
}

fn malformed(line: usize, found: &mut Found<'_>) {
    found.problem(ProblemKind::Malformed, format!("line {line}: neither an entry nor a field of one"));
}

/// One entry as far as it was read.
#[derive(Default)]
struct Entry<'a> {
    /// What led to it: `"a@^1.0.0", a@^1.1.0` or `"a@npm:^1.0.0, a@npm:^1.1.0"`.
    wanted: &'a str,
    line: usize,
    version: Option<&'a str>,
    /// Yarn 1: the address of the tarball or repository.
    resolved: Option<&'a str>,
    /// Later ones: `a@npm:1.2.3`.
    resolution: Option<&'a str>,
}

impl<'a> Entry<'a> {
    /// `version "1.2.3"` of Yarn 1, `version: 1.2.3` of the later ones.
    fn field(&mut self, line: &'a str) {
        let Some((key, value)) = line.split_once(' ') else { return };
        let value = Some(unquoted(value));
        match key.trim_end_matches(':') {
            "version" => self.version = value,
            "resolved" => self.resolved = value,
            "resolution" => self.resolution = value,
            _ => {}
        }
    }

    fn finish(self, found: &mut Found<'_>) {
        if self.wanted.is_empty() || self.wanted == "__metadata" {
            return;
        }
        let Some(version) = self.version else { return malformed(self.line, found) };
        let first = unquoted(self.wanted.split(',').next().unwrap_or_default());
        let Some((name, range)) = node::split_name(self.resolution.unwrap_or(first)) else {
            return malformed(self.line, found);
        };
        let (name, source) = match range.strip_prefix("npm:") {
            // Yarn 1 names an alias by what it stands for: `a@npm:b@^1.0.0`.
            Some(target) if self.resolution.is_none() => {
                (node::split_name(target).map_or(name, |(target, _)| target), "")
            }
            _ => (name, range),
        };
        if is_own(source) {
            return;
        }
        let Some(mut package) = node::package(name, version, found) else {
            return malformed(self.line, found);
        };
        node::add_origin(&mut package, self.resolved.unwrap_or(source));
        found.push(package);
    }
}

/// Folders of the project. A patched package (`patch:`) keeps its name and version.
fn is_own(source: &str) -> bool {
    ["workspace:", "link:", "portal:", "file:", "./", "../"].iter().any(|start| source.starts_with(start))
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches('"')
}
