//! Exceptions, from every place they may stand in, held against the findings.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use seawall_model::{Distro, Exception, Finding, Package, Suppression, Timestamp};
use seawall_report::ExceptionNote;

/// Trivy's list, found in the working directory.
const TRIVY_IGNORE: &str = ".trivyignore";

/// Reads `.trivyignore`, where it is there.
///
/// One identifier a line, `exp:2026-01-31` after it, comments behind `#`.
/// <https://trivy.dev/latest/docs/configuration/filtering/#trivyignore>
pub(crate) fn read_trivyignore(dir: &Path) -> Result<Vec<Exception>> {
    let path = dir.join(TRIVY_IGNORE);
    match fs::read_to_string(&path) {
        Ok(text) => parse_trivyignore(&text).with_context(|| format!("{} is malformed", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("can't read {}", path.display())),
    }
}

fn parse_trivyignore(text: &str) -> Result<Vec<Exception>> {
    let mut exceptions = Vec::new();
    let mut comment: Option<String> = None;
    for (index, line) in text.lines().enumerate() {
        let (entry, remark) = match line.split_once('#') {
            Some((entry, remark)) => (entry.trim(), Some(remark.trim())),
            None => (line.trim(), None),
        };
        if entry.is_empty() {
            // The comment in front of an entry is its reason; an empty line ends it.
            comment = remark.map(str::to_owned);
            continue;
        }
        let mut words = entry.split_whitespace();
        let rule = words.next().unwrap_or_default().to_owned();
        let mut expires = None;
        for word in words {
            let date = word
                .strip_prefix("exp:")
                .with_context(|| format!("line {}: {word:?} is not understood", index + 1))?;
            expires = Some(date.parse().with_context(|| format!("line {}", index + 1))?);
        }
        exceptions.push(Exception {
            rule,
            purl_prefix: None,
            path_prefix: None,
            reason: remark.map(str::to_owned).or_else(|| comment.clone()),
            ticket: None,
            approved_by: None,
            expires,
            source: format!("{TRIVY_IGNORE}:{}", index + 1),
        });
    }
    Ok(exceptions)
}

/// Suppresses what an exception names, and tells which exceptions did nothing.
///
/// An expired exception suppresses nothing; it is told even where it would match.
pub(crate) fn apply(
    exceptions: &[Exception],
    findings: &mut [Finding],
    packages: &[Package],
    distro: Option<&Distro>,
    now: Timestamp,
) -> Vec<ExceptionNote> {
    let mut notes = Vec::new();
    for exception in exceptions {
        let note = |message: String| ExceptionNote {
            source: exception.source.clone(),
            rule: exception.rule.clone(),
            message,
        };
        if exception.is_expired(now) {
            let date = exception.expires.map(Timestamp::date).unwrap_or_default();
            notes.push(note(format!("expired on {date}, and no longer holds")));
            continue;
        }
        let mut matched = false;
        for finding in findings.iter_mut() {
            let Some(package) = packages.get(finding.package) else { continue };
            if !fits(exception, finding, package, distro) {
                continue;
            }
            matched = true;
            finding.suppression.get_or_insert_with(|| Suppression::Exception {
                source: exception.source.clone(),
                reason: exception.reason.clone(),
                expires: exception.expires,
            });
        }
        if !matched {
            notes.push(note("matched nothing".to_owned()));
        }
    }
    notes
}

fn fits(exception: &Exception, finding: &Finding, package: &Package, distro: Option<&Distro>) -> bool {
    let wanted = exception.vulnerability();
    finding.names().any(|name| name == wanted)
        && exception
            .purl_prefix
            .as_ref()
            .is_none_or(|prefix| package.purl(distro).to_string().starts_with(prefix))
        && exception.path_prefix.as_ref().is_none_or(|prefix| {
            let prefix = prefix.trim_matches('/');
            package.places.iter().all(|place| place.path.as_path().starts_with(prefix))
        })
}

#[cfg(test)]
mod tests {
    use seawall_model::{FindingId, PackageKind};

    use super::*;

    fn finding(vulnerability: &str) -> Finding {
        let mut finding = Finding::new(FindingId::of(&[vulnerability]), vulnerability, 0);
        finding.aliases = vec!["GHSA-0000".to_owned()];
        finding
    }

    fn outcome(ignore: &str) -> String {
        let exceptions = parse_trivyignore(ignore).unwrap();
        let packages = [Package::new(PackageKind::Npm, "a", "1", "test")];
        let mut findings = [finding("CVE-2026-0001")];
        let notes = apply(&exceptions, &mut findings, &packages, None, "2026-06-01".parse().unwrap());
        let notes: Vec<_> = notes.iter().map(|note| format!("{}: {}", note.source, note.message)).collect();
        format!(
            "{} {}",
            if findings[0].suppression.is_some() { "suppressed" } else { "open" },
            notes.join("; ")
        )
    }

    #[test]
    fn identifiers_and_aliases_suppress_until_they_expire() {
        assert_eq!(outcome("CVE-2026-0001\n"), "suppressed ");
        assert_eq!(outcome("# why\nGHSA-0000 exp:2026-12-31\n"), "suppressed ");
        assert_eq!(
            outcome("CVE-2026-0001 exp:2026-05-31"),
            "open .trivyignore:1: expired on 2026-05-31, and no longer holds"
        );
        assert_eq!(outcome("\n\nCVE-2020-0000"), "open .trivyignore:3: matched nothing");
    }

    #[test]
    fn a_line_that_is_not_understood_is_an_error() {
        assert!(parse_trivyignore("CVE-2026-0001 until:2026").is_err());
        assert!(parse_trivyignore("CVE-2026-0001 exp:never").is_err());
    }
}
