//! Installed Ruby gems: `specifications/**/*.gemspec`.
//!
//! They are Ruby programs, but `gem install` writes them all alike: one assignment of a text or a list of texts
//! in a line. Nothing is run.
//! <https://guides.rubygems.org/specification-reference/>

use seawall_model::{FilePath, PackageKind, ProblemKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};

pub(super) struct RubyGemspec;

impl Cataloger for RubyGemspec {
    fn name(&self) -> &'static str {
        "ruby/gemspec"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Extension("gemspec")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        path.components().rev().skip(1).any(|folder| folder == b"specifications")
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let bytes = match file.bytes() {
            Ok(bytes) => bytes,
            Err(error) => return found.read_problem(&error),
        };
        let mut gem = Gem::default();
        for line in String::from_utf8_lossy(&bytes).lines() {
            gem.line(line.trim());
        }
        let (Some(name), Some(version)) = (gem.name, gem.version) else {
            let message = "the name or the version of the gem is not a plain text";
            return found.problem(ProblemKind::Malformed, message);
        };
        let mut package = found.package(PackageKind::Gem, name, version);
        package.licences = gem.licences;
        package.qualifiers.extend(gem.platform.map(|platform| ("platform".to_owned(), platform)));
        found.push(package);
    }
}

#[derive(Default)]
struct Gem {
    name: Option<String>,
    version: Option<String>,
    platform: Option<String>,
    licences: Vec<String>,
}

impl Gem {
    /// `s.name = "rack".freeze`, `s.version = Gem::Version.new("3.0.0")`, `s.licenses = ["MIT".freeze]`.
    fn line(&mut self, line: &str) {
        let Some((target, value)) = line.split_once('=') else { return };
        let Some((_, field)) = target.trim().split_once('.') else { return };
        let texts = texts(value);
        let first = || texts.first().cloned();
        match field {
            "name" if self.name.is_none() => self.name = first(),
            "version" if self.version.is_none() => self.version = first(),
            "platform" => self.platform = first().filter(|platform| platform != "ruby"),
            "license" | "licenses" if self.licences.is_empty() => self.licences = texts,
            _ => {}
        }
    }
}

/// The quoted texts of an expression.
fn texts(expression: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = expression;
    while let Some(at) = rest.find(['"', '\'']) {
        let quote = if rest[at..].starts_with('"') { '"' } else { '\'' };
        let Some((inside, behind)) = rest.get(at + 1..).and_then(|after| after.split_once(quote)) else {
            break;
        };
        // A text that holds code is not known without running it.
        if !inside.contains("#{") {
            texts.push(inside.to_owned());
        }
        rest = behind;
    }
    texts
}
