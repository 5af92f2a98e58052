//! `Gemfile.lock`, `Gemfile.next.lock` and `gems.locked` of Bundler.
//!
//! Sections (`GEM`, `GIT`, `PATH`) with the gems under `specs:`, each with its version and perhaps a platform.
//! Gems in folders (`PATH`) are listed too: engines and copies of foreign gems lie there. It does not say which
//! gems are for development.
//! <https://bundler.io/guides/bundler_sharing.html>

use seawall_model::{PackageKind, ProblemKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;
use crate::repository;

pub(super) struct RubyBundler;

impl Cataloger for RubyBundler {
    fn name(&self) -> &'static str {
        "ruby/bundler"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("Gemfile.lock"), Trigger::Name("Gemfile.next.lock"), Trigger::Name("gems.locked")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let mut section = Section::default();
        let mut sections = 0_usize;
        for (index, line) in text.lines().enumerate() {
            let depth = line.len() - line.trim_start_matches(' ').len();
            let words = line.trim();
            match depth {
                _ if words.is_empty() => {}
                0 => {
                    sections +=
                        usize::from(words.chars().all(|letter| letter.is_ascii_uppercase() || letter == ' '));
                    section = Section { has_gems: has_gems(words), ..Section::default() };
                }
                2 => section.field(words),
                4 if section.has_gems && !section.gem(words, found) => {
                    let message = format!("line {}: not a gem with a version", index + 1);
                    found.problem(ProblemKind::Malformed, message);
                }
                // Deeper lines list what the gem itself wants.
                _ => {}
            }
        }
        if sections == 0 {
            found.problem(ProblemKind::Malformed, "no section of a lockfile of Bundler");
        }
    }
}

fn has_gems(title: &str) -> bool {
    matches!(title, "GEM" | "GIT" | "PATH" | "PLUGIN SOURCE")
}

#[derive(Default)]
struct Section {
    has_gems: bool,
    /// Of a repository.
    remote: Option<String>,
    revision: Option<String>,
}

impl Section {
    fn field(&mut self, words: &str) {
        match words.split_once(": ") {
            Some(("remote", value)) => self.remote = Some(value.to_owned()),
            Some(("revision", value)) => self.revision = Some(value.to_owned()),
            _ => {}
        }
    }

    /// `nokogiri (1.15.0-x86_64-linux)`; no version holds a dash. False where it is nothing like that.
    fn gem(&self, words: &str, found: &mut Found<'_>) -> bool {
        let Some((name, rest)) = words.split_once(" (") else { return false };
        let Some(version) = rest.trim_end_matches('!').strip_suffix(')') else { return false };
        let (version, platform) = match version.split_once('-') {
            Some((version, platform)) => (version, Some(platform)),
            None => (version, None),
        };
        if name.is_empty() || !version.starts_with(|first: char| first.is_ascii_digit()) {
            return false;
        }
        let mut package = found.package(PackageKind::Gem, name, version);
        package.qualifiers.extend(platform.map(|platform| ("platform".to_owned(), platform.to_owned())));
        if let (Some(remote), Some(revision)) = (&self.remote, &self.revision) {
            package.qualifiers.push(repository::qualifier(remote, revision));
        }
        found.push(package);
        true
    }
}
