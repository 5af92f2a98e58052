//! Elixir's `mix.lock`.
//!
//! Each entry is a tuple: `{:hex, :name, "version", …}`. Dependencies from Git have a commit and no version
//! that advisories could name; they are counted and left out.
//! <https://hexdocs.pm/mix/Mix.Tasks.Deps.html>

use seawall_model::{PackageKind, ProblemKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;
use crate::erlang_terms::tuples;

pub(super) struct ElixirMix;

impl Cataloger for ElixirMix {
    fn name(&self) -> &'static str {
        "elixir/mix-lock"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("mix.lock")]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        if !text.trim_start().starts_with("%{") {
            return found.problem(ProblemKind::Malformed, "not a map of Elixir");
        }
        let mut from_git = 0;
        for tuple in tuples(&text, '#') {
            match tuple {
                ["hex", name, version] if !version.is_empty() => {
                    found.push(found.package(PackageKind::Hex, name, version));
                }
                ["git", ..] => from_git += 1,
                _ => {}
            }
        }
        if from_git > 0 {
            found.problem(ProblemKind::Skipped, format!("{from_git} dependencies from Git are left out"));
        }
    }
}
