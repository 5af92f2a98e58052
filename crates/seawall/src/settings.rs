//! `seawall.yaml`: one or more YAML documents, each with a kind. Unknown keys are errors.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use seawall_model::{Exception, Timestamp};
use serde::Deserialize;

/// What the settings say, from all documents of the file.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// The file, where there is one.
    pub(crate) path: Option<PathBuf>,
    pub(crate) scan: ScanSettings,
    pub(crate) exceptions: Vec<Exception>,
}

/// Defaults of `seawall scan`; flags win.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScanSettings {
    pub(crate) fail_on: Option<String>,
    #[serde(default)]
    pub(crate) exclude: Vec<String>,
    pub(crate) only_fixed: Option<bool>,
    /// VEX documents, as of `--vex`.
    #[serde(default)]
    pub(crate) vex: Vec<PathBuf>,
    pub(crate) strict: Option<bool>,
}

/// The only version of the format.
const API_VERSION: &str = "seawall/v1";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "apiVersion")]
    api_version: String,
    kind: String,
    metadata: Option<Metadata>,
    scan: Option<ScanSettings>,
    exceptions: Option<Vec<ExceptionEntry>>,
    rules: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    #[serde(rename = "name")]
    _name: Option<String>,
}

/// One entry of the register. Reason, approver and expiry are required.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionEntry {
    rule: String,
    /// Only packages whose package URL starts with this.
    purl: Option<String>,
    /// Only packages found below this path.
    path: Option<String>,
    reason: Option<String>,
    ticket: Option<String>,
    approved_by: Option<String>,
    expires: Option<String>,
}

impl Settings {
    /// Reads the file that was named, or the first `seawall.yaml` upward from the working directory.
    pub(crate) fn load(named: Option<&Path>) -> Result<Self> {
        let found = match named {
            Some(path) => Some(path.to_owned()),
            None => find_upward(&std::env::current_dir().context("there is no working directory")?),
        };
        let Some(path) = found else { return Ok(Self::default()) };
        let text = fs::read_to_string(&path)
            .with_context(|| format!("can't read the settings {}", path.display()))?;
        let mut settings = Self::parse(&text, &path.display().to_string())?;
        settings.path = Some(path);
        Ok(settings)
    }

    fn parse(text: &str, name: &str) -> Result<Self> {
        let documents: Vec<Document> = serde_saphyr::from_multiple(text)
            .with_context(|| format!("the settings {name} are malformed"))?;
        let mut settings = Self::default();
        let mut kinds = BTreeSet::new();
        for (index, document) in documents.into_iter().enumerate() {
            let at = format!("document {} of {name}", index + 1);
            if document.api_version != API_VERSION {
                bail!("{at} has apiVersion {:?}, only {API_VERSION} is known", document.api_version);
            }
            if document.rules.is_some() {
                bail!("{at} has rules, which this version does not evaluate yet");
            }
            match document.kind.as_str() {
                "Settings" if !kinds.insert("Settings") => {
                    bail!("{at} is a second document of kind Settings")
                }
                "Settings" => settings.scan = document.scan.unwrap_or_default(),
                "Policy" if document.scan.is_some() => {
                    bail!("{at} has scan settings in a document of kind Policy")
                }
                "Policy" => {}
                other => bail!("{at} has kind {other:?}: one of Settings, Policy"),
            }
            let _ = document.metadata;
            for (entry, exception) in document.exceptions.into_iter().flatten().enumerate() {
                settings.exceptions.push(exception.check(&format!("{at}, exception {}", entry + 1))?);
            }
        }
        Ok(settings)
    }
}

impl ExceptionEntry {
    fn check(self, at: &str) -> Result<Exception> {
        let required = |field: &Option<String>, name: &str| match field {
            Some(text) if !text.trim().is_empty() => Ok(()),
            _ => bail!("{at} has no {name}; an exception needs reason, approved_by and expires"),
        };
        if self.rule.trim().is_empty() {
            bail!("{at} has no rule");
        }
        required(&self.reason, "reason")?;
        required(&self.approved_by, "approved_by")?;
        required(&self.expires, "expires")?;
        let expires: Option<Timestamp> = self
            .expires
            .map(|text| text.parse().with_context(|| format!("{at} has a wrong date")))
            .transpose()?;
        Ok(Exception {
            rule: self.rule,
            purl_prefix: self.purl,
            path_prefix: self.path,
            reason: self.reason,
            ticket: self.ticket,
            approved_by: self.approved_by,
            expires,
            source: at.to_owned(),
        })
    }
}

fn find_upward(from: &Path) -> Option<PathBuf> {
    from.ancestors().map(|dir| dir.join("seawall.yaml")).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        match Settings::parse(text, "seawall.yaml") {
            Ok(_) => "ok".to_owned(),
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn documents_of_both_kinds_are_read() {
        let settings = Settings::parse(
            "apiVersion: seawall/v1\nkind: Settings\nscan: {fail_on: high, exclude: ['**/test/**']}\n---\n\
             apiVersion: seawall/v1\nkind: Policy\nmetadata: {name: production}\nexceptions:\n\
             - {rule: vuln/CVE-2023-0001, reason: not reachable, approved_by: security, expires: 2027-01-31}\n",
            "seawall.yaml",
        )
        .unwrap();
        assert_eq!(settings.scan.fail_on.as_deref(), Some("high"));
        assert_eq!(settings.exceptions[0].vulnerability(), "CVE-2023-0001");
        assert_eq!(settings.exceptions[0].source, "document 2 of seawall.yaml, exception 1");
    }

    #[test]
    fn what_is_not_understood_is_an_error_and_not_passed_over() {
        let head = "apiVersion: seawall/v1\nkind: Policy\n";
        assert!(error(&format!("{head}exeptions: []\n")).contains("exeptions"), "an unknown key");
        assert!(error("apiVersion: seawall/v2\nkind: Policy\n").contains("only seawall/v1"));
        assert!(error("apiVersion: seawall/v1\nkind: Polcy\n").contains("Polcy"));
        let bare = format!("{head}exceptions: [{{rule: vuln/CVE-2023-0001, reason: x, approved_by: y}}]\n");
        assert!(error(&bare).contains("no expires"), "{}", error(&bare));
        let date = format!("{head}exceptions: [{{rule: a, reason: x, approved_by: y, expires: soon}}]\n");
        assert!(error(&date).contains("soon"), "{}", error(&date));
        assert!(error("kind: [").contains("malformed"));
    }
}
