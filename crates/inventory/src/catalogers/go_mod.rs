//! `go.mod`: the modules that it requires.
//!
//! Since Go 1.17 the file lists all modules of the build; in an older one those that only other modules need
//! are missing, which is said. The line `go` names the least version of Go, not the one that will build the
//! program, so no standard library is listed. Modules that are replaced by folders are the project's own.
//! `go.sum` is not read: it holds versions that are not used.
//! <https://go.dev/ref/mod#go-mod-file>

use std::collections::BTreeMap;

use seawall_model::{PackageKind, ProblemKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;

pub(super) struct GoMod;

impl Cataloger for GoMod {
    fn name(&self) -> &'static str {
        "go/mod"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("go.mod")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let module = Module::read(&text, found);
        let mut selected = BTreeMap::new();
        for (path, version) in &module.required {
            if let Some((path, version)) = module.replaced(path, version) {
                selected.insert(path, version);
            }
        }
        if !module.required.is_empty() && !module.lists_everything() {
            let message = "go.mod of Go before 1.17: modules that only other modules need are not in it";
            found.problem(ProblemKind::Skipped, message);
        }
        for (path, version) in selected {
            found.push(found.package(PackageKind::Golang, path, version));
        }
    }
}

#[derive(Default)]
struct Module {
    go: Option<String>,
    required: Vec<(String, String)>,
    replacements: Vec<Replacement>,
}

struct Replacement {
    path: String,
    /// `None` replaces every version.
    version: Option<String>,
    new_path: String,
    /// `None` where it is a folder.
    new_version: Option<String>,
}

impl Replacement {
    /// `path [version] => path [version]`.
    fn read(words: &[&str]) -> Option<Self> {
        let arrow = words.iter().position(|word| *word == "=>")?;
        let (old, new) = (words.get(..arrow)?, words.get(arrow + 1..)?);
        let version = |words: &[&str]| words.get(1).map(|version| (*version).to_owned());
        Some(Self {
            path: (*old.first()?).to_owned(),
            version: version(old),
            new_path: (*new.first()?).to_owned(),
            new_version: version(new),
        })
    }
}

impl Module {
    fn read(text: &str, found: &mut Found<'_>) -> Self {
        let mut module = Self::default();
        let mut block = None;
        for (index, line) in text.lines().enumerate() {
            let words = words(line);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let is_known = match (block, &words[..]) {
                (_, []) => true,
                (Some(_), [")"]) => {
                    block = None;
                    true
                }
                (None, [directive, "("]) => {
                    block = Some(Directive::of(directive));
                    true
                }
                (None, [directive, rest @ ..]) => module.line(Directive::of(directive), rest),
                (Some(directive), rest) => module.line(directive, rest),
            };
            if !is_known {
                let message = format!("line {}: not a directive of go.mod", index + 1);
                found.problem(ProblemKind::Malformed, message);
            }
        }
        module
    }

    fn line(&mut self, directive: Directive, words: &[&str]) -> bool {
        match (directive, words) {
            (Directive::Require, [path, version]) => {
                self.required.push(((*path).to_owned(), (*version).to_owned()));
            }
            (Directive::Replace, words) => match Replacement::read(words) {
                Some(replacement) => self.replacements.push(replacement),
                None => return false,
            },
            (Directive::Go, [version]) => self.go = Some((*version).to_owned()),
            (Directive::Other, _) => {}
            _ => return false,
        }
        true
    }

    /// What takes the place of a module; `None` where that is a folder. A replacement of one version counts
    /// before one of all.
    fn replaced<'a>(&'a self, path: &'a str, version: &'a str) -> Option<(&'a str, &'a str)> {
        let candidates = || self.replacements.iter().filter(|replacement| replacement.path == path);
        let exact = candidates().find(|replacement| replacement.version.as_deref() == Some(version));
        let replacement = exact.or_else(|| candidates().find(|replacement| replacement.version.is_none()));
        match replacement {
            None => Some((path, version)),
            Some(Replacement { new_path, new_version, .. }) => Some((new_path, new_version.as_deref()?)),
        }
    }

    fn lists_everything(&self) -> bool {
        let Some((major, rest)) = self.go.as_deref().and_then(|version| version.split_once('.')) else {
            return false;
        };
        let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
        major.parse().is_ok_and(|major: u32| major > 1) || minor.parse().is_ok_and(|minor: u32| minor >= 17)
    }
}

#[derive(Clone, Copy)]
enum Directive {
    Require,
    Replace,
    Go,
    Other,
}

impl Directive {
    fn of(word: &str) -> Self {
        match word {
            "require" => Self::Require,
            "replace" => Self::Replace,
            "go" => Self::Go,
            _ => Self::Other,
        }
    }
}

/// The words of a line without its comment. A word may be quoted; brackets are words of their own.
fn words(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or_default();
    // A path holds `//` only where it is quoted, and no path of a module does.
    let spaced = code.replace('(', " ( ").replace(')', " ) ");
    spaced.split_whitespace().map(|word| word.trim_matches(['"', '`']).to_owned()).collect()
}
