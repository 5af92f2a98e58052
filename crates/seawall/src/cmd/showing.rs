//! The flags of every command that shows a report and decides by it.

use anyhow::{Result, anyhow};
use clap::Args;
use seawall_model::{Finding, Severity};
use seawall_report::{Hidden, ScanReport, Submission, TableOptions};

use crate::Global;
use crate::exit::Exit;
use crate::output::{self, OutputFile, ScanFormat, ScanOutputs};
use crate::settings::Settings;

/// What of a report is shown, where, and in which form.
#[derive(Args)]
pub(crate) struct Showing {
    /// The form of the report on standard output: table, json, html, sarif, markdown, junit, gitlab, github, csv,
    /// template=FILE, or a bill of materials as of `seawall sbom`.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: ScanFormat,
    /// Write a report to a file as well; can be given several times. Without FORMAT the file's ending says it:
    /// .json, .txt, .html, .sarif, .md, .csv, .xml (JUnit), gl-…-scanning-report.json (GitLab), .cdx.json, .spdx.json.
    /// With a template: template=TEMPLATE=FILE.
    #[arg(long, short, value_name = "[FORMAT=]FILE")]
    output: Vec<OutputFile<ScanFormat>>,
    /// Show only findings of these severities: critical, high, medium, low, negligible, unknown.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = parse_severity)]
    severity: Vec<Wanted>,
    /// Show only findings for which a mended version is known.
    #[arg(long)]
    only_fixed: bool,
    /// List suppressed findings too.
    #[arg(long)]
    show_suppressed: bool,
    #[command(flatten)]
    github: GithubJob,
}

/// Which findings and gaps change the exit code.
#[derive(Args)]
pub(crate) struct Deciding {
    /// Exit with 1 where an open finding is at least this severe, shown or not; `none` only reports.
    #[arg(long, value_name = "SEVERITY|none", value_parser = parse_threshold)]
    fail_on: Option<Threshold>,
    /// Findings of unknown severity do not count for --fail-on.
    #[arg(long)]
    ignore_unknown_severity: bool,
    /// Exit with 3 for every problem, not only for those that make the result incomplete.
    #[arg(long, conflicts_with = "allow_incomplete")]
    strict: bool,
    /// Exit with 0 though not everything was judged.
    #[arg(long)]
    allow_incomplete: bool,
}

impl Showing {
    /// What is wrong with a template or a snapshot's commit is told before the work.
    pub(crate) fn prepare(&self, global: &Global) -> Result<ScanOutputs> {
        let table = TableOptions {
            width: output::width(),
            show_suppressed: self.show_suppressed,
            list_all: global.verbose,
        };
        ScanOutputs::new(&self.format, &self.output, table, self.github.submission())
    }

    /// Takes out what the filters hide, and counts it.
    pub(crate) fn filtered(&self, mut report: ScanReport, settings: &Settings) -> ScanReport {
        let only_fixed = self.only_fixed || settings.scan.only_fixed == Some(true);
        let mut hidden = Hidden::default();
        report.findings.retain(|finding| {
            let open = finding.suppression.is_none();
            if !self.severity.is_empty() && !self.severity.contains(&Wanted(finding.severity)) {
                hidden.below_severity += usize::from(open);
                return false;
            }
            if only_fixed && finding.fix.nearest().is_none() {
                hidden.not_fixed += usize::from(open);
                return false;
            }
            true
        });
        // A stored report may have been filtered before.
        report.hidden.below_severity += hidden.below_severity;
        report.hidden.not_fixed += hidden.not_fixed;
        report
    }
}

impl Deciding {
    /// Precedence: 1 before 3. What is shown does not change what counts.
    pub(crate) fn exit(&self, report: &ScanReport, settings: &Settings) -> Result<Exit> {
        let from_settings = || settings.scan.fail_on.as_deref().map(parse_threshold).transpose();
        let threshold = match self.fail_on {
            Some(threshold) => Some(threshold),
            None => from_settings().map_err(|error| anyhow!("fail_on in the settings: {error}"))?,
        };
        let counts = |finding: &&Finding| finding.suppression.is_none() && finding.kind.is_security_fault();
        let meets = |finding: &Finding| match (threshold, finding.severity) {
            (None | Some(Threshold::Never), _) => false,
            (Some(Threshold::AtLeast(_)), None) => !self.ignore_unknown_severity,
            (Some(Threshold::AtLeast(wanted)), Some(severity)) => severity >= wanted,
        };
        if report.findings.iter().filter(counts).any(meets) {
            return Ok(Exit::Findings);
        }
        let strict = self.strict || settings.scan.strict == Some(true);
        let complete = if strict { report.coverage.is_spotless() } else { report.coverage.is_complete() };
        Ok(if complete || self.allow_incomplete { Exit::Done } else { Exit::Incomplete })
    }
}

/// A severity to show; `None` is the unknown one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted(Option<Severity>);

fn parse_severity(text: &str) -> Result<Wanted, String> {
    if text.eq_ignore_ascii_case("unknown") {
        return Ok(Wanted(None));
    }
    text.parse().map(|severity| Wanted(Some(severity))).map_err(|error| format!("{error}, unknown"))
}

/// From which severity on a finding ends in exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Threshold {
    Never,
    AtLeast(Severity),
}

fn parse_threshold(text: &str) -> Result<Threshold, String> {
    if text == "none" {
        return Ok(Threshold::Never);
    }
    text.parse().map(Threshold::AtLeast).map_err(|error| format!("{error}, or none"))
}

/// What a snapshot for GitHub belongs to; GitHub's runners set all of it.
#[derive(Args)]
#[command(next_help_heading = "For --format github")]
#[expect(clippy::struct_field_names, reason = "the fields are the flags, which share a prefix")]
struct GithubJob {
    /// The commit.
    #[arg(
        long,
        value_name = "COMMIT",
        env = "GITHUB_SHA",
        default_value = "",
        hide_env_values = true,
        hide_default_value = true
    )]
    github_sha: String,
    /// The branch or tag: refs/heads/main.
    #[arg(
        long,
        value_name = "REF",
        env = "GITHUB_REF",
        default_value = "",
        hide_env_values = true,
        hide_default_value = true
    )]
    github_ref: String,
    /// What tells this job from others: its next snapshot replaces this one. Default: workflow and job.
    #[arg(long, value_name = "NAME")]
    github_correlator: Option<String>,
    #[arg(long, hide = true, env = "GITHUB_WORKFLOW", default_value = "", hide_env_values = true)]
    github_workflow: String,
    #[arg(long, hide = true, env = "GITHUB_JOB", default_value = "", hide_env_values = true)]
    github_job: String,
    #[arg(long, hide = true, env = "GITHUB_RUN_ID", default_value = "", hide_env_values = true)]
    github_run_id: String,
    #[arg(long, hide = true, env = "GITHUB_SERVER_URL", default_value = "", hide_env_values = true)]
    github_server_url: String,
    #[arg(long, hide = true, env = "GITHUB_REPOSITORY", default_value = "", hide_env_values = true)]
    github_repository: String,
}

impl GithubJob {
    fn submission(&self) -> Submission {
        let own = || format!("{} {}", self.github_workflow, self.github_job).trim().to_owned();
        let (server, repository) = (self.github_server_url.trim_end_matches('/'), &self.github_repository);
        let is_known = !server.is_empty() && !repository.is_empty();
        let page = is_known.then(|| format!("{server}/{repository}"));
        let run = page.as_ref().filter(|_| !self.github_run_id.is_empty());
        Submission {
            sha: self.github_sha.clone(),
            reference: self.github_ref.clone(),
            job_id: self.github_run_id.clone(),
            correlator: self.github_correlator.clone().unwrap_or_else(own),
            job_page: run.map(|page| format!("{page}/actions/runs/{}", self.github_run_id)),
            repository_page: page,
        }
    }
}
