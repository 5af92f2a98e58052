//! What workflows and composite actions of GitHub use: `uses: owner/repository/path@ref`.
//!
//! The version is the reference as it is written: a tag, a branch or a commit. Where it is a commit and a
//! comment behind it names a version, as tools that update them write it, that version is taken, for no
//! advisory names commits; the commit stays in the package URL. The comment may be wrong, and nothing here can
//! tell. Reusable workflows are listed like actions; images of `docker://` are no actions and are named.
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsuses>

use std::collections::BTreeMap;

use seawall_model::{FilePath, Package, PackageKind, ProblemKind};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document;

pub(super) struct GithubActions;

/// A workflow has jobs, an action has a way to run.
#[derive(Deserialize)]
struct File {
    jobs: Option<BTreeMap<String, Job>>,
    runs: Option<Job>,
}

#[derive(Deserialize)]
struct Job {
    uses: Option<String>,
    steps: Option<Vec<Step>>,
}

#[derive(Deserialize)]
struct Step {
    uses: Option<String>,
}

impl Cataloger for GithubActions {
    fn name(&self) -> &'static str {
        "github/actions"
    }

    fn target(&self) -> Target {
        Target::Source
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Extension("yaml"), Trigger::Extension("yml")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        matches!(path.file_name(), b"action.yml" | b"action.yaml")
            || path.parent().is_some_and(|parent| parent.ends_with(".github/workflows"))
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(text) = document::text(file, found) else { return };
        let Some(documents) = document::yaml::<File>(&text, file.limits, found) else { return };
        let comments = comments(&text);
        for document in documents {
            for job in document.jobs.unwrap_or_default().into_values().chain(document.runs) {
                let steps = job.steps.unwrap_or_default().into_iter().filter_map(|step| step.uses);
                for uses in job.uses.into_iter().chain(steps) {
                    push(uses.trim(), &comments, found);
                }
            }
        }
    }
}

fn push(uses: &str, comments: &BTreeMap<&str, &str>, found: &mut Found<'_>) {
    if uses.starts_with("./") {
        return;
    }
    if let Some(image) = uses.strip_prefix("docker://") {
        return found.problem(ProblemKind::Skipped, format!("the image {image:?} is no action"));
    }
    if uses.contains("${{") {
        return found.problem(ProblemKind::Skipped, format!("{uses:?} is known only when the workflow runs"));
    }
    let Some(package) = package(uses, comments, found) else {
        return found.problem(ProblemKind::Malformed, format!("{uses:?} names no action"));
    };
    found.push(package);
}

fn package(uses: &str, comments: &BTreeMap<&str, &str>, found: &Found<'_>) -> Option<Package> {
    let (name, reference) = uses.split_once('@')?;
    let mut parts = name.splitn(3, '/');
    let (owner, repository) = (parts.next()?, parts.next()?);
    if owner.is_empty() || repository.is_empty() || reference.is_empty() {
        return None;
    }
    let comment = comments.get(uses).copied().filter(|_| is_commit(reference));
    let mut package = found.package(
        PackageKind::GithubActions,
        format!("{owner}/{repository}"),
        comment.unwrap_or(reference),
    );
    if comment.is_some() {
        let commit = format!("git+https://github.com/{owner}/{repository}@{reference}");
        package.qualifiers.push(("vcs_url".to_owned(), commit));
    }
    package.subpath = parts.next().filter(|path| !path.is_empty()).map(str::to_owned);
    Some(package)
}

fn is_commit(reference: &str) -> bool {
    reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The version that a comment behind each `uses` names: `# v1.2.3`, `# tag=v1.2.3`, `# v1.2.3, see below`.
fn comments(text: &str) -> BTreeMap<&str, &str> {
    let mut comments = BTreeMap::new();
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches("- ").trim_start();
        let Some(value) = line.strip_prefix("uses:") else { continue };
        let Some((uses, comment)) = value.split_once(" #") else { continue };
        let words = comment.trim_start().split([' ', ',', ';', '(', ')']);
        let mut versions = words.filter_map(|word| {
            let word = word.rsplit_once(['=', '@']).map_or(word, |(_, version)| version);
            is_version(word).then_some(word)
        });
        if let Some(version) = versions.next() {
            comments.entry(uses.trim().trim_matches(['"', '\''])).or_insert(version);
        }
    }
    comments
}

/// `v4`, `v1.2.3`, `1.2.3-beta`; not a year or a number of an issue.
fn is_version(word: &str) -> bool {
    let digits = word.strip_prefix('v').unwrap_or(word);
    let has_form = word.starts_with('v') || word.contains('.');
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    has_form && digits.starts_with(|first: char| first.is_ascii_digit()) && digits.bytes().all(valid)
}
