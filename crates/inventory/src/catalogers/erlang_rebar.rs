//! Erlang's `rebar.lock`, written by rebar3.
//!
//! A package of Hex is `{pkg, <<"name">>, <<"version">>}`, whatever the version of the format. Dependencies
//! from Git have a commit and no version that advisories could name; they are counted and left out.
//! <https://rebar3.org/docs/configuration/dependencies/#lock-files>

use seawall_model::{PackageKind, ProblemKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;
use crate::erlang_terms::tuples;

pub(super) struct ErlangRebar;

impl Cataloger for ErlangRebar {
    fn name(&self) -> &'static str {
        "erlang/rebar-lock"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("rebar.lock")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        if !text.trim_start().starts_with(['{', '[', '%']) {
            return found.problem(ProblemKind::Malformed, "not a term of Erlang");
        }
        let mut from_git = 0;
        for tuple in tuples(&text, '%') {
            match tuple {
                ["pkg", name, version] if !version.is_empty() => {
                    found.push(found.package(PackageKind::Hex, name, version));
                }
                ["git" | "git_subdir" | "hg", ..] => from_git += 1,
                _ => {}
            }
        }
        if from_git > 0 {
            found.problem(ProblemKind::Skipped, format!("{from_git} dependencies from Git are left out"));
        }
    }
}
