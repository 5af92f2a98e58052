//! Small OSV mirrors made by tests, and a way to write packages and findings as text.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use seawall_advisory::{Database, MatchOptions, Matches, match_packages};
use seawall_feed::{FeedError, Location, NoProgress, Update, UpdateReport};
use seawall_model::{
    Distro, Finding, FixState, Owner, Package, PackageKind, Scope, SourcePackage, Suppression,
};

/// A mirror and a database in a temporary directory.
pub(crate) struct Mirror {
    dir: tempfile::TempDir,
    records: BTreeMap<String, Vec<(String, String)>>,
}

impl Mirror {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), records: BTreeMap::new() }
    }

    /// A mirror of these records, each in the zip of an ecosystem.
    pub(crate) fn of(records: &[(&str, &str)]) -> Self {
        let mut mirror = Self::new();
        for (ecosystem, json) in records {
            mirror.add(ecosystem, json);
        }
        mirror
    }

    pub(crate) fn add(&mut self, ecosystem: &str, json: &str) {
        let entries = self.records.entry(ecosystem.to_owned()).or_default();
        entries.push((format!("{:03}.json", entries.len()), json.to_owned()));
        let dir = self.path().join(ecosystem);
        std::fs::create_dir_all(&dir).unwrap();
        write_zip(&dir.join("all.zip"), &self.records[ecosystem]);
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("osv")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.dir.path().join("advisories.db")
    }

    pub(crate) fn update(&self) -> Result<UpdateReport, FeedError> {
        self.update_with(|_| {})
    }

    pub(crate) fn update_with(&self, change: impl FnOnce(&mut Update)) -> Result<UpdateReport, FeedError> {
        let mut request = Update {
            database: self.database(),
            from: Location::Path(self.path()),
            ecosystems: Vec::new(),
            kev: None,
            epss: None,
            now: "2026-06-01".parse().unwrap(),
            threads: 2,
        };
        change(&mut request);
        seawall_feed::update(&request, &NoProgress)
    }

    pub(crate) fn open(&self) -> Database {
        seawall_feed::open(&self.database()).unwrap()
    }

    /// Builds and matches `packages` (see [`package`]) on a distribution (`debian 12`).
    pub(crate) fn matches(&self, on: &str, packages: &str) -> (Vec<Package>, Matches) {
        self.update().unwrap();
        let packages: Vec<Package> =
            packages.lines().map(str::trim).filter(|line| !line.is_empty()).map(package).collect();
        let distro = distro(on);
        let matches =
            match_packages(&self.open(), &packages, distro.as_ref(), MatchOptions::default()).unwrap();
        (packages, matches)
    }
}

pub(crate) fn write_zip(path: &Path, entries: &[(String, String)]) {
    let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
    for (name, json) in entries {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(json.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

/// `debian 12`, `ubuntu 22.04+esm`; the empty text is no distribution.
pub(crate) fn distro(text: &str) -> Option<Distro> {
    let (id, version) = text.split_once(' ').unwrap_or((text, ""));
    let (version, channel) = version.split_once('+').unwrap_or((version, ""));
    (!id.is_empty()).then(|| Distro {
        id: id.to_owned(),
        version_id: Some(version.to_owned()).filter(|version| !version.is_empty()),
        channels: Some(channel.to_owned()).filter(|channel| !channel.is_empty()).into_iter().collect(),
        ..Distro::default()
    })
}

/// `type name version`, then `key=value` words: `source=x@1`, `vendor=V`, `module=m`, `owner=type/name@1`, `dev`.
pub(crate) fn package(line: &str) -> Package {
    let mut words = line.split_whitespace();
    let mut next = || words.next().unwrap_or_default();
    let kind = PackageKind::from_purl_type(next()).unwrap();
    let (name, version) = (next(), next());
    let mut package = Package::new(kind, name, if version == "?" { "" } else { version }, "test");
    for word in words {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let at = |value: &str| value.rsplit_once('@').map(|(a, b)| (a.to_owned(), b.to_owned()));
        match key {
            "source" => {
                package.source = at(value).map(|(name, version)| SourcePackage { name, version });
            }
            "vendor" => package.vendor = Some(value.replace('_', " ")),
            "module" => package.modularity = Some(value.to_owned()),
            "owner" => {
                let (kind, rest) = value.split_once('/').unwrap();
                let kind = PackageKind::from_purl_type(kind).unwrap();
                package.owner = at(rest).map(|(name, version)| Owner { kind, name, version });
            }
            "dev" => package.scope = Scope::Development,
            other => panic!("{other}"),
        }
    }
    package
}

/// `name version: fault severity (source) -> fix`, with kind and suppression where they are not the usual.
pub(crate) fn line(packages: &[Package], finding: &Finding) -> String {
    let package = &packages[finding.package];
    let mut words = vec![format!("{} {}: {}", package.name, package.version, finding.vulnerability)];
    if finding.kind != seawall_model::FindingKind::Vulnerability {
        words.push(finding.kind.as_str().to_owned());
    }
    if let (Some(severity), Some(source)) = (finding.severity, finding.severity_source) {
        words.push(format!("{severity} ({})", source.as_str()));
    }
    words.push(match &finding.fix {
        FixState::Fixed(versions) => format!("-> {}", versions.join(" or ")),
        FixState::NotFixed => "-> none".to_owned(),
        stated => format!("-> none, {}", stated.as_str()),
    });
    words.extend(match &finding.suppression {
        Some(Suppression::DistributionFixed { owner, evidence }) => Some(format!("[{owner}: {evidence}]")),
        Some(Suppression::HeadersOnly { source }) => Some(format!("[headers of {source}]")),
        Some(Suppression::KnownWrong { .. }) => Some("[known wrong]".to_owned()),
        Some(other) => panic!("{other:?}"),
        None => None,
    });
    if finding.perhaps_backported {
        words.push("perhaps backported".to_owned());
    }
    words.join(" ")
}

/// All findings and all that is unknown, a line each.
pub(crate) fn lines(packages: &[Package], matches: &Matches) -> String {
    let findings = matches.findings.iter().map(|finding| line(packages, finding));
    let unknown = matches.unknown.iter().map(|unknown| {
        format!("{}: {} unknown: {}", packages[unknown.package].name, unknown.record, unknown.reason)
    });
    findings.chain(unknown).collect::<Vec<_>>().join("\n")
}

/// Builds a mirror of the records and gives the lines for the packages.
pub(crate) fn judged(records: &[(&str, &str)], on: &str, packages: &str) -> String {
    let (packages, matches) = Mirror::of(records).matches(on, packages);
    lines(&packages, &matches)
}

/// A record: id, further fields in JSON (may be empty), and the affected entries in JSON.
pub(crate) fn record(id: &str, fields: &str, affected: &[String]) -> String {
    let comma = if fields.is_empty() { "" } else { "," };
    format!(
        r#"{{"id":"{id}","modified":"2026-01-01T00:00:00Z"{comma}{fields},"affected":[{}]}}"#,
        affected.join(",")
    )
}

/// An affected entry. `events` reads `introduced 0, fixed 1.2; introduced 2` (a semicolon begins a range).
pub(crate) fn affected(ecosystem: &str, name: &str, events: &str) -> String {
    affected_of("ECOSYSTEM", ecosystem, name, events, "")
}

/// The same with a type of range and further fields.
pub(crate) fn affected_of(kind: &str, ecosystem: &str, name: &str, events: &str, fields: &str) -> String {
    let ranges: Vec<String> = events
        .split(';')
        .filter(|range| !range.trim().is_empty())
        .map(|range| {
            let events: Vec<String> = range
                .split(',')
                .map(|event| {
                    let (key, version) = event.trim().split_once(' ').unwrap();
                    format!(r#"{{"{key}":"{version}"}}"#)
                })
                .collect();
            format!(r#"{{"type":"{kind}","events":[{}]}}"#, events.join(","))
        })
        .collect();
    let comma = if fields.is_empty() { "" } else { "," };
    format!(
        r#"{{"package":{{"ecosystem":"{ecosystem}","name":"{name}"}},"ranges":[{}]{comma}{fields}}}"#,
        ranges.join(",")
    )
}
