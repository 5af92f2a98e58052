//! A report from the JSON that was written of it, so that a stored scan can be shown, explained and compared
//! later.
//!
//! Everything that reports show is restored. What the format does not carry is not: what packages need by
//! name, and paths that are no UTF-8.

use seawall_model::{
    Checksum, ChecksumAlgorithm, Coverage, Dependency, Distro, EcosystemCoverage, FeedDate, FilePathBuf,
    Finding, FindingId, FindingKind, FixState, ImageFacts, LayerLine, Owner, Package, PackageKind, Place,
    Priority, PriorityReason, Problem, ProblemKind, Purl, Scope, Severity, SeveritySource, SourcePackage,
    SubjectKind, Suppression, Timestamp, VexUse,
};

use super::{
    Database, JsonAdvisory, JsonCoverage, JsonFinding, JsonPackage, JsonPlace, JsonReason, JsonSuppression,
    Layer, Report, SCHEMA_VERSION, Subject, Summary, Unknown, VexDocument,
};
use crate::scan_report::{DatabaseInfo, EndOfLife, ExceptionNote, FeedInfo, Hidden, ScanReport, UnknownNote};

/// Why a text is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is no JSON, or not of this form.
    #[error("it is no report of a scan: {0}")]
    Json(#[from] serde_json::Error),
    /// A later form, which would be misread.
    #[error("it has schema version {0}; this version of Seawall reads {SCHEMA_VERSION}")]
    Version(String),
    /// A value that the form allows and no report has.
    #[error("{value:?} is no {what}")]
    Value { what: &'static str, value: String },
}

/// Reads a report. The caller bounds the bytes.
///
/// # Errors
/// See [`ReadError`].
pub fn read_json(bytes: &[u8]) -> Result<ScanReport, ReadError> {
    let report: Report = serde_json::from_slice(bytes)?;
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    if major(&report.schema_version) != major(SCHEMA_VERSION) {
        return Err(ReadError::Version(report.schema_version.into_owned()));
    }
    let packages = report.packages.len();
    let dependencies = dependencies(&report.packages);
    if let Some(finding) = report.findings.iter().find(|finding| finding.package >= packages) {
        return Err(wrong("position of a package", &finding.package.to_string()));
    }
    Ok(ScanReport {
        tool_version: report.tool.version,
        now: time(&report.now)?,
        target: report.subject.target.clone(),
        kind: word("kind of subject", &report.subject.kind, &SubjectKind::ALL, SubjectKind::as_str)?,
        image: image(&report.subject)?,
        distro: distro(&report.subject),
        end_of_life: end_of_life(&report.subject)?,
        layers: report.layers.into_iter().map(layer).collect::<Result<_, _>>()?,
        packages: report.packages.into_iter().map(package).collect::<Result<_, _>>()?,
        dependencies,
        findings: report.findings.into_iter().map(finding).collect::<Result<_, _>>()?,
        unknown: report.unknown.into_iter().map(unknown).collect(),
        coverage: coverage(report.coverage)?,
        database: report.database.map(database).transpose()?,
        hidden: hidden(&report.summary),
        exceptions: report
            .exceptions_without_effect
            .into_iter()
            .map(|note| ExceptionNote { source: note.source, rule: note.rule, message: note.message })
            .collect(),
        vex: report.vex_documents.into_iter().map(vex_use).collect(),
    })
}

fn wrong(what: &'static str, value: &str) -> ReadError {
    ReadError::Value { what, value: value.to_owned() }
}

/// The value whose word this is.
fn word<T: Copy>(
    what: &'static str,
    text: &str,
    all: &[T],
    as_str: impl Fn(T) -> &'static str,
) -> Result<T, ReadError> {
    all.iter().copied().find(|value| as_str(*value) == text).ok_or_else(|| wrong(what, text))
}

fn parsed<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T, ReadError> {
    text.parse().map_err(|_| wrong(what, text))
}

fn time(text: &str) -> Result<Timestamp, ReadError> {
    parsed("point in time", text)
}

fn optional_time(text: Option<&String>) -> Result<Option<Timestamp>, ReadError> {
    text.map(|text| time(text)).transpose()
}

fn image(subject: &Subject) -> Result<Option<ImageFacts>, ReadError> {
    let Some(id) = &subject.image_id else { return Ok(None) };
    Ok(Some(ImageFacts {
        manifest_digest: subject.manifest_digest.as_deref().map(|text| parsed("digest", text)).transpose()?,
        id: parsed("digest", id)?,
        platform: subject.platform.clone().unwrap_or_default(),
        created: optional_time(subject.created.as_ref())?,
        labels: subject.labels.clone().into_iter().collect(),
    }))
}

fn distro(subject: &Subject) -> Option<Distro> {
    let stated = subject.distribution.as_ref()?;
    Some(Distro {
        id: stated.id.clone(),
        version_id: stated.version.clone(),
        codename: stated.codename.clone(),
        id_like: stated.like.clone(),
        pretty_name: Some(stated.name.clone()),
        variant_id: None,
        cpe_name: stated.cpe.clone(),
        channels: stated.channels.clone(),
    })
}

fn end_of_life(subject: &Subject) -> Result<EndOfLife, ReadError> {
    let Some(stated) = &subject.distribution else { return Ok(EndOfLife::Unknown) };
    let ends = optional_time(stated.support_ends.as_ref())?;
    let extended_until = optional_time(stated.extended_support_ends.as_ref())?;
    Ok(match (&*stated.support, ends) {
        ("supported", Some(until)) => EndOfLife::Supported(until),
        ("ended", Some(since)) => EndOfLife::Ended { since, extended_until },
        _ => EndOfLife::Unknown,
    })
}

fn layer(layer: Layer) -> Result<LayerLine, ReadError> {
    Ok(LayerLine {
        diff_id: parsed("digest", &layer.diff_id)?,
        blob: layer.digest.as_deref().map(|text| parsed("digest", text)).transpose()?,
        instruction: layer.instruction,
        bytes: layer.bytes,
        from_cache: layer.from_cache,
    })
}

fn dependencies(packages: &[JsonPackage]) -> Vec<Dependency> {
    let is_there = |to: &usize| *to < packages.len();
    let needed = |(from, package): (usize, &JsonPackage)| {
        let to = package.dependencies.iter().copied().filter(is_there);
        to.map(|to| Dependency { from, to }).collect::<Vec<_>>()
    };
    packages.iter().enumerate().flat_map(needed).collect()
}

/// Qualifiers of a package URL that say what a package's own fields say.
const OWN_QUALIFIERS: [&str; 5] = ["arch", "distro", "epoch", "rpmmod", "upstream"];

fn package(stated: JsonPackage) -> Result<Package, ReadError> {
    let purl: Purl = parsed("package URL", &stated.purl)?;
    let kind = kind(&stated.kind)?;
    let mut package = Package::new(kind, stated.name, stated.version, stated.cataloger);
    package.arch = stated.architecture;
    package.source = stated.source_name.map(|name| SourcePackage {
        name,
        version: stated.source_version.unwrap_or_else(|| package.version.clone()),
    });
    package.vendor = stated.vendor;
    package.modularity = purl.qualifier("rpmmod").map(str::to_owned);
    package.licences = stated.licences;
    package.scope = if stated.development { Scope::Development } else { Scope::Runtime };
    package.qualifiers = purl.qualifiers;
    if kind.is_distribution() {
        package.qualifiers.retain(|(key, _)| !OWN_QUALIFIERS.contains(&key.as_str()));
    }
    package.subpath = purl.subpath;
    package.checksums = stated.checksums.iter().map(|text| checksum(text)).collect::<Result<_, _>>()?;
    package.places = stated.places.into_iter().map(place).collect();
    package.owner = match stated.owner {
        Some(owner) => {
            Some(Owner { kind: self::kind(&owner.kind)?, name: owner.name, version: owner.version })
        }
        None => None,
    };
    Ok(package)
}

fn kind(text: &str) -> Result<PackageKind, ReadError> {
    PackageKind::from_purl_type(text).ok_or_else(|| wrong("kind of package", text))
}

fn checksum(text: &str) -> Result<Checksum, ReadError> {
    let (algorithm, hex) = text.split_once(':').ok_or_else(|| wrong("checksum", text))?;
    let algorithm = word("algorithm", algorithm, &ChecksumAlgorithm::ALL, ChecksumAlgorithm::as_str)?;
    Checksum::from_hex(algorithm, hex).ok_or_else(|| wrong("checksum", text))
}

fn place(place: JsonPlace) -> Place {
    Place { path: FilePathBuf::normalise(place.path.as_bytes()), inside: place.inside, layer: place.layer }
}

fn severity(text: &str) -> Result<Option<Severity>, ReadError> {
    match text {
        "unknown" => Ok(None),
        _ => parsed("severity", text).map(Some),
    }
}

fn finding(stated: JsonFinding) -> Result<Finding, ReadError> {
    let mut finding = Finding {
        id: parsed::<FindingId>("identifier of a finding", &stated.id)?,
        kind: word("kind of finding", &stated.kind, &FindingKind::ALL, FindingKind::as_str)?,
        vulnerability: stated.vulnerability,
        aliases: stated.aliases,
        package: stated.package,
        severity: severity(&stated.severity)?,
        severity_source: stated
            .severity_source
            .map(|text| word("source of a severity", &text, &SeveritySource::ALL, SeveritySource::as_str))
            .transpose()?,
        cvss_score: stated.cvss_score,
        cvss_vector: stated.cvss_vector,
        fix: fix(&stated.fix_state, stated.fixed_versions)?,
        advisories: stated.advisories.into_iter().map(advisory).collect::<Result<_, _>>()?,
        kev_since: optional_time(stated.known_exploited_since.as_ref())?,
        epss: stated.epss.zip(stated.epss_percentile),
        priority: word("priority", &stated.priority, &Priority::ALL, Priority::as_str)?,
        priority_reasons: Vec::new(),
        suppression: stated.suppression.map(suppression).transpose()?,
        perhaps_backported: stated.perhaps_backported,
    };
    finding.priority_reasons =
        stated.priority_reasons.iter().map(|stated| reason(stated, &finding)).collect::<Result<_, _>>()?;
    Ok(finding)
}

fn fix(state: &str, versions: Vec<String>) -> Result<FixState, ReadError> {
    let states = [FixState::Fixed(versions), FixState::NotFixed, FixState::WillNotFix, FixState::EndOfLife];
    states.into_iter().find(|known| known.as_str() == state).ok_or_else(|| wrong("state of a fix", state))
}

/// The reasons hold what the finding says elsewhere.
fn reason(stated: &JsonReason, finding: &Finding) -> Result<PriorityReason, ReadError> {
    let score = finding.epss.map_or(0.0, |(score, _)| score);
    let candidates = [
        PriorityReason::Malware,
        PriorityReason::Notice(finding.kind),
        PriorityReason::Exploited(finding.kev_since.unwrap_or(Timestamp::from_unix(0))),
        PriorityReason::Likely(score),
        PriorityReason::NotLikely(score),
        PriorityReason::NoWordOfExploitation,
        PriorityReason::Severity(finding.severity),
        PriorityReason::NoFix,
        PriorityReason::WillNotFix,
        PriorityReason::EndOfLife,
        PriorityReason::DevelopmentOnly,
    ];
    word("reason of a priority", &stated.kind, &candidates, PriorityReason::as_str)
}

fn suppression(stated: JsonSuppression) -> Result<Suppression, ReadError> {
    let JsonSuppression { kind, source, reason, expires } = stated;
    let text = reason.clone().unwrap_or_default();
    Ok(match &*kind {
        "distribution-fixed" => Suppression::DistributionFixed { owner: source, evidence: text },
        "headers-only" => Suppression::HeadersOnly { source },
        "known-wrong" => Suppression::KnownWrong { reason: text },
        "vex" => vex(source, &text)?,
        "exception" => Suppression::Exception { source, reason, expires: optional_time(expires.as_ref())? },
        _ => return Err(wrong("kind of suppression", &kind)),
    })
}

/// The status stands in front of the reason.
fn vex(source: String, text: &str) -> Result<Suppression, ReadError> {
    let (status, reason) = match text.split_once(": ") {
        Some((status, reason)) => (status, Some(reason.to_owned())),
        None => (text, None),
    };
    let status = word("VEX status", status, &["not_affected", "fixed", "false_positive"], |known| known)?;
    Ok(Suppression::Vex { source, status, reason })
}

fn advisory(stated: JsonAdvisory) -> Result<seawall_model::Advisory, ReadError> {
    Ok(seawall_model::Advisory {
        id: stated.id,
        ecosystem: parsed("ecosystem", &stated.ecosystem)?,
        matched_name: stated.name,
        matched_version: stated.version,
        range: stated.range,
        fixed: stated.fixed,
        summary: stated.summary.into(),
        published: optional_time(stated.published.as_ref())?,
        modified: optional_time(stated.modified.as_ref())?,
        references: stated.references.into(),
    })
}

fn unknown(stated: Unknown) -> UnknownNote {
    UnknownNote { package: stated.package, advisory: stated.advisory, reason: stated.reason }
}

fn coverage(stated: JsonCoverage) -> Result<Coverage, ReadError> {
    let mut ecosystems = Vec::new();
    for entry in stated.ecosystems {
        let feed = entry.feed.map(|text| parsed("ecosystem", &text)).transpose()?;
        let date = optional_time(entry.feed_date.as_ref())?.map_or(FeedDate::Unknown, FeedDate::Known);
        ecosystems.push(EcosystemCoverage {
            name: entry.name,
            feed: feed.map(|feed| (feed, date)),
            packages: entry.packages,
            matched: entry.matched,
            unknown_version: entry.unknown_version,
            unknown_ranges: entry.unknown_ranges,
            third_party: entry.third_party,
            development: entry.development,
        });
    }
    let mut problems = Vec::new();
    for problem in stated.problems {
        problems.push(Problem {
            path: problem.path.map(|path| FilePathBuf::normalise(path.as_bytes())),
            layer: problem.layer,
            kind: word("kind of problem", &problem.kind, &ProblemKind::ALL, ProblemKind::as_str)?,
            message: problem.message,
        });
    }
    Ok(Coverage {
        ecosystems,
        problems,
        files_seen: stated.files_seen,
        files_read: stated.files_read,
        layers: stated.layers,
        layers_cached: stated.layers_cached,
        distribution_judged: stated.distribution_judged,
    })
}

fn database(stated: Database) -> Result<DatabaseInfo, ReadError> {
    let mut feeds = Vec::new();
    for feed in stated.feeds {
        let date = optional_time(feed.date.as_ref())?;
        feeds.push(FeedInfo { ecosystem: feed.ecosystem, records: feed.records, date });
    }
    Ok(DatabaseInfo {
        feeds,
        kev: optional_time(stated.known_exploited_date.as_ref())?,
        epss: optional_time(stated.epss_date.as_ref())?,
    })
}

fn vex_use(stated: VexDocument) -> VexUse {
    let VexDocument { source, format, author, statements, suppressed, confirmed, problems } = stated;
    VexUse { source, format, author, statements, suppressed, confirmed, problems }
}

fn hidden(summary: &Summary) -> Hidden {
    Hidden { below_severity: summary.hidden_by_severity, not_fixed: summary.hidden_not_fixed }
}
