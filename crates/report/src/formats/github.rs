//! The packages as a snapshot for GitHub's dependency submission API: what the repository builds is then
//! watched by Dependabot. It holds no findings; those go to code scanning as SARIF.
//!
//! <https://docs.github.com/en/rest/dependency-graph/dependency-submission>

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use seawall_model::text::escaped;
use seawall_model::{Scope, SubjectKind};
use serde_json::{Map, Value, json};

use super::log_safe::write_pretty;
use crate::ScanReport;
use crate::describe;
use crate::escape::cut;

/// The commit and the job that a snapshot belongs to, as GitHub's runners name them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Submission {
    /// The commit, 40 to 64 hexadecimal digits.
    pub sha: String,
    /// The branch or tag: `refs/heads/main`.
    pub reference: String,
    /// The number of the run.
    pub job_id: String,
    /// What tells this job from others: a new snapshot replaces the last one of the same correlator.
    pub correlator: String,
    /// The page of the run.
    pub job_page: Option<String>,
    /// The page of the repository.
    pub repository_page: Option<String>,
}

/// Why there can be no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubmissionError {
    /// The commit is no hash.
    #[error("a snapshot for GitHub needs the commit, {0:?} is none: 40 to 64 hexadecimal digits")]
    Sha(String),
    /// The reference is none.
    #[error("a snapshot for GitHub needs the branch or tag, {0:?} is none: it begins with refs/")]
    Reference(String),
}

impl Submission {
    /// Says what GitHub would refuse.
    ///
    /// # Errors
    /// The commit or the reference is missing or malformed.
    pub fn check(&self) -> Result<(), SubmissionError> {
        let is_hash = (40..=64).contains(&self.sha.len()) && self.sha.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_hash {
            return Err(SubmissionError::Sha(self.sha.clone()));
        }
        if !self.reference.starts_with("refs/") {
            return Err(SubmissionError::Reference(self.reference.clone()));
        }
        Ok(())
    }
}

/// Writes the snapshot.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_github(report: &ScanReport, submission: &Submission, out: &mut dyn Write) -> io::Result<()> {
    let digest = report.image.as_ref().and_then(|image| image.manifest_digest);
    let mut job = json!({"id": submission.job_id, "correlator": correlator(report, submission)});
    if let Some(page) = &submission.job_page {
        job["html_url"] = json!(page);
    }
    let mut metadata = Map::new();
    metadata.insert("target".to_owned(), json!(escaped(&report.target)));
    metadata.insert("complete".to_owned(), json!(report.coverage.is_complete()));
    if let Some(digest) = digest {
        metadata.insert("digest".to_owned(), json!(digest.to_string()));
    }
    let document = json!({
        "version": 0,
        "sha": submission.sha,
        "ref": submission.reference,
        "job": job,
        "detector": {
            "name": "seawall",
            "version": report.tool_version,
            // The field is required; Seawall's users run it from their own repository.
            "url": submission.repository_page.as_deref().unwrap_or("https://github.com"),
        },
        "metadata": metadata,
        "scanned": report.now.to_string(),
        "manifests": manifests(report),
    });
    write_pretty(&document, out)
}

/// Two targets of one job must not replace each other's snapshots.
fn correlator(report: &ScanReport, submission: &Submission) -> String {
    let parts = [submission.correlator.as_str(), &report.target].map(escaped);
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// The packages of one lockfile, or of one kind in an image.
#[derive(Default)]
struct Manifest {
    /// Where the repository has it; `None` for images.
    file: Option<String>,
    packages: BTreeSet<usize>,
}

fn manifests(report: &ScanReport) -> Value {
    let mut manifests: BTreeMap<String, Manifest> = BTreeMap::new();
    for (index, package) in report.packages.iter().enumerate() {
        if report.kind == SubjectKind::SourceTree {
            for place in &package.places {
                let path = escaped(&describe::in_repository(report, place));
                let manifest = manifests.entry(path.clone()).or_default();
                manifest.file = Some(path);
                manifest.packages.insert(index);
            }
        } else {
            let name = format!("{} ({})", escaped(&report.target), package.kind.purl_type());
            manifests.entry(name).or_default().packages.insert(index);
        }
    }
    let edges = Edges::of(report);
    let value = |(name, manifest): (String, Manifest)| {
        let value = manifest.value(report, &edges, &name);
        (name, value)
    };
    Value::Object(manifests.into_iter().map(value).collect())
}

/// Who needs whom.
struct Edges {
    needs: BTreeMap<usize, BTreeSet<usize>>,
    needed: BTreeMap<usize, BTreeSet<usize>>,
}

impl Edges {
    fn of(report: &ScanReport) -> Self {
        let mut edges = Self { needs: BTreeMap::new(), needed: BTreeMap::new() };
        for edge in report.dependencies.iter().filter(|edge| edge.from != edge.to) {
            edges.needs.entry(edge.from).or_default().insert(edge.to);
            edges.needed.entry(edge.to).or_default().insert(edge.from);
        }
        edges
    }

    fn within(
        edges: &BTreeMap<usize, BTreeSet<usize>>,
        index: usize,
        manifest: &Manifest,
    ) -> BTreeSet<usize> {
        edges.get(&index).map(|others| others & &manifest.packages).unwrap_or_default()
    }
}

impl Manifest {
    fn value(&self, report: &ScanReport, edges: &Edges, name: &str) -> Value {
        let has_edges =
            self.packages.iter().any(|index| !Edges::within(&edges.needs, *index, self).is_empty());
        let mut resolved: Map<String, Value> = Map::new();
        for index in &self.packages {
            let Some(package) = report.packages.get(*index) else { continue };
            let purl = purl(report, *index);
            let scope = if package.scope == Scope::Development { "development" } else { "runtime" };
            let mut value = json!({"package_url": purl, "scope": scope});
            if has_edges {
                let needs = Edges::within(&edges.needs, *index, self);
                let needed = Edges::within(&edges.needed, *index, self);
                value["relationship"] = json!(if needed.is_empty() { "direct" } else { "indirect" });
                let names: BTreeSet<String> = needs.iter().map(|other| self::purl(report, *other)).collect();
                value["dependencies"] = json!(names);
            }
            resolved.insert(purl, value);
        }
        let mut value = json!({"name": cut(name, 1000), "resolved": resolved});
        if let Some(file) = &self.file {
            value["file"] = json!({"source_location": file});
        }
        value
    }
}

fn purl(report: &ScanReport, index: usize) -> String {
    let package = report.packages.get(index);
    package.map(|package| package.purl(report.distro.as_ref()).to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_github_would_refuse_is_told_before() {
        let good = Submission {
            sha: "0".repeat(40),
            reference: "refs/heads/main".to_owned(),
            ..Submission::default()
        };
        assert_eq!(good.check(), Ok(()));
        for sha in ["", "main", &"g".repeat(40), &"0".repeat(39), &"0".repeat(65)] {
            assert!(Submission { sha: sha.to_owned(), ..good.clone() }.check().is_err(), "{sha:?}");
        }
        assert!(Submission { reference: "main".to_owned(), ..good }.check().is_err());
    }
}
