//! The report as JSON: versioned, sorted, the same bytes for the same report.
//!
//! The structs here are the format. A field may be added within a schema version; one that is renamed,
//! removed or means something else raises it.

mod read;

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use seawall_model::{
    Coverage, FeedDate, Finding, FixState, Package, Scope, Severity, Suppression, Timestamp, VexUse,
};
use serde::{Deserialize, Serialize};

use crate::scan_report::{EndOfLife, ScanReport};

pub use read::{ReadError, read_json};

/// Raised when a reader of the old form would misread the new one.
pub const SCHEMA_VERSION: &str = "1.0";

/// The report as JSON text, ending in a line end.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_json(report: &ScanReport, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    super::log_safe::write_pretty(&Report::from(report), out)
}

/// The JSON Schema of the format, as it is committed under `schemas/`.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Report)
}

/// The result of one scan.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Seawall scan report")]
pub(super) struct Report {
    /// The version of this format, major and minor: readers accept any minor of a major they know.
    schema_version: Cow<'static, str>,
    tool: Tool,
    /// The time that the scan took as now: `--now`, else `SOURCE_DATE_EPOCH`, else the clock.
    now: String,
    subject: Subject,
    summary: Summary,
    /// Open and suppressed findings; `package` points into `packages`.
    findings: Vec<JsonFinding>,
    /// Advisories that name a package and could not be judged: neither affected nor not affected.
    unknown: Vec<Unknown>,
    packages: Vec<JsonPackage>,
    layers: Vec<Layer>,
    coverage: JsonCoverage,
    /// The advisory database that was asked; null where none was.
    database: Option<Database>,
    /// Exceptions that matched nothing or have expired.
    exceptions_without_effect: Vec<ExceptionWithoutEffect>,
    /// VEX documents that were held against the findings.
    #[serde(default)]
    vex_documents: Vec<VexDocument>,
}

/// One VEX document, and what it did.
#[derive(Serialize, Deserialize, JsonSchema)]
struct VexDocument {
    source: String,
    /// `OpenVEX`, `CSAF` or `CycloneDX`.
    format: String,
    author: Option<String>,
    statements: usize,
    /// Findings that it suppressed.
    suppressed: usize,
    /// Findings that it confirms or is still looking into.
    confirmed: usize,
    /// Statements that could not be used.
    problems: Vec<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Tool {
    name: Cow<'static, str>,
    version: String,
}

/// What was examined.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Subject {
    /// `image`, `root-file-system` or `source-tree`.
    kind: Cow<'static, str>,
    /// As the user named it.
    target: String,
    /// The digest of the image's manifest.
    manifest_digest: Option<String>,
    /// The digest of the image's configuration.
    image_id: Option<String>,
    /// `os/architecture[/variant]`.
    platform: Option<String>,
    created: Option<String>,
    /// The labels of the image.
    #[serde(default)]
    labels: BTreeMap<String, String>,
    distribution: Option<Distribution>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Distribution {
    id: String,
    version: Option<String>,
    name: String,
    /// The code name, such as `bookworm`.
    #[serde(default)]
    codename: Option<String>,
    /// The distributions that it says it is like.
    #[serde(default)]
    like: Vec<String>,
    /// Channels beyond the release that its packages come from: `esm`.
    #[serde(default)]
    channels: Vec<String>,
    /// `CPE_NAME` of its `os-release`.
    #[serde(default)]
    cpe: Option<String>,
    /// `supported`, `ended` or `unknown`.
    support: Cow<'static, str>,
    /// The day on which standard support ends or ended.
    support_ends: Option<String>,
    /// The day on which long-term or paid support ends.
    extended_support_ends: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Summary {
    /// Whether the result may be called complete: something was examined, every layer and package database was
    /// read, and the distribution has a feed.
    complete: bool,
    packages: usize,
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
    negligible: usize,
    /// Findings of unknown severity, which are not harmless.
    unknown: usize,
    /// Unmaintained, unsound and the like, which have no severity.
    notices: usize,
    suppressed: usize,
    /// Open findings for which a mended version is known.
    fixable: usize,
    /// Findings left out by `--severity`.
    hidden_by_severity: usize,
    /// Findings left out by `--only-fixed`.
    hidden_not_fixed: usize,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct JsonFinding {
    /// Stable from run to run: 16 hexadecimal digits.
    id: String,
    /// `vulnerability`, `malware`, `unmaintained`, `unsound` or `notice`.
    kind: Cow<'static, str>,
    /// A CVE where there is one, else the identifier of the record.
    vulnerability: String,
    aliases: Vec<String>,
    /// The position in `packages`.
    package: usize,
    /// The package URL of that package, for readers that want no look-up.
    purl: String,
    /// `negligible`, `low`, `medium`, `high`, `critical` or `unknown`.
    severity: Cow<'static, str>,
    /// `distribution`, `affected-package`, `record`, `database-specific` or `joined-record`.
    severity_source: Option<Cow<'static, str>>,
    cvss_score: Option<f64>,
    cvss_vector: Option<String>,
    /// `fixed`, `not-fixed`, or where the feed says that it will stay so: `will-not-fix`, `end-of-life`.
    fix_state: Cow<'static, str>,
    /// Mended versions, nearest first.
    fixed_versions: Vec<String>,
    /// When it entered CISA's catalogue of known exploited vulnerabilities.
    known_exploited_since: Option<String>,
    /// The probability of exploitation within 30 days, 0 to 1.
    epss: Option<f32>,
    epss_percentile: Option<f32>,
    /// `act`, `attend`, `track*` or `track`.
    priority: Cow<'static, str>,
    /// What the priority follows from.
    priority_reasons: Vec<JsonReason>,
    /// The file belongs to a package of the distribution, which may have mended it without changing the version.
    perhaps_backported: bool,
    suppression: Option<JsonSuppression>,
    advisories: Vec<JsonAdvisory>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct JsonReason {
    /// A stable word: `exploited`, `exploitation-likely`, `exploitation-not-likely`, `exploitation-unknown`,
    /// `severity`, `no-fix`, `will-not-fix`, `end-of-life`, `development-only`, `malware` or `notice`.
    kind: Cow<'static, str>,
    /// One line for people.
    text: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Unknown {
    /// The position in `packages`.
    package: usize,
    advisory: String,
    reason: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct JsonSuppression {
    /// `distribution-fixed`, `headers-only`, `known-wrong`, `vex` or `exception`.
    kind: Cow<'static, str>,
    /// Who says so: the owner of the file, or file and line of the exception.
    source: String,
    /// The evidence or the justification.
    reason: Option<String>,
    expires: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct JsonAdvisory {
    id: String,
    ecosystem: String,
    /// The name that was looked up: of the source package where the feed means that.
    name: String,
    version: String,
    /// The range or list that holds the version.
    range: String,
    fixed: Option<String>,
    summary: String,
    published: Option<String>,
    modified: Option<String>,
    references: Vec<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct JsonPackage {
    purl: String,
    /// The type of its package URL.
    kind: Cow<'static, str>,
    name: String,
    version: String,
    architecture: Option<String>,
    source_name: Option<String>,
    source_version: Option<String>,
    vendor: Option<String>,
    /// As declared.
    licences: Vec<String>,
    /// Locked for development only, and therefore not judged.
    development: bool,
    /// Digests as the package system states them: `sha256:…`.
    #[serde(default)]
    checksums: Vec<String>,
    /// The packages that it needs, as far as its system says: positions in `packages`.
    #[serde(default)]
    dependencies: Vec<usize>,
    cataloger: Cow<'static, str>,
    places: Vec<JsonPlace>,
    /// The package URL's name and version of the distribution package that owns its files.
    owner: Option<JsonOwner>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct JsonOwner {
    kind: Cow<'static, str>,
    name: String,
    version: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct JsonPlace {
    path: String,
    /// The way inside an archive; nested archives are joined by `!/`.
    inside: Option<String>,
    /// The position in `layers`.
    layer: Option<usize>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Layer {
    diff_id: String,
    digest: Option<String>,
    /// The Dockerfile instruction, where the history tells.
    instruction: Option<String>,
    /// Bytes of the uncompressed tar.
    bytes: u64,
    /// Its facts were cached, and it was not read again.
    from_cache: bool,
}

/// What was examined and what was not.
#[derive(Serialize, Deserialize, JsonSchema)]
struct JsonCoverage {
    ecosystems: Vec<JsonEcosystem>,
    problems: Vec<JsonProblem>,
    files_seen: u64,
    files_read: u64,
    layers: usize,
    layers_cached: usize,
    /// Whether the distribution has a feed; null where there is no distribution.
    distribution_judged: Option<bool>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct JsonEcosystem {
    name: String,
    /// The feed that was asked; null is *no feed*.
    feed: Option<String>,
    /// The date of the feed; null is *unknown*, or no feed.
    feed_date: Option<String>,
    packages: usize,
    matched: usize,
    unknown_version: usize,
    unknown_ranges: usize,
    third_party: usize,
    development: usize,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct JsonProblem {
    /// `malformed`, `database-unreadable`, `layer-unreadable`, `too-large`, `unsupported`, `unreadable`, `skipped`.
    kind: Cow<'static, str>,
    path: Option<String>,
    layer: Option<usize>,
    message: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Database {
    feeds: Vec<Feed>,
    known_exploited_date: Option<String>,
    epss_date: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Feed {
    ecosystem: String,
    records: usize,
    date: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct ExceptionWithoutEffect {
    source: String,
    rule: String,
    message: String,
}

fn time(time: Option<Timestamp>) -> Option<String> {
    time.map(|time| time.to_string())
}

fn severity_word(severity: Option<Severity>) -> &'static str {
    severity.map_or("unknown", Severity::as_str)
}

impl From<&ScanReport> for Report {
    fn from(report: &ScanReport) -> Self {
        let purl = |package: &Package| package.purl(report.distro.as_ref()).to_string();
        let layer = |layer: &seawall_model::LayerLine| Layer {
            diff_id: layer.diff_id.to_string(),
            digest: layer.blob.map(|blob| blob.to_string()),
            instruction: layer.instruction.clone(),
            bytes: layer.bytes,
            from_cache: layer.from_cache,
        };
        let mut needed = vec![Vec::new(); report.packages.len()];
        for dependency in &report.dependencies {
            if let Some(needed) = needed.get_mut(dependency.from) {
                needed.push(dependency.to);
            }
        }
        Self {
            schema_version: SCHEMA_VERSION.into(),
            tool: Tool { name: "seawall".into(), version: report.tool_version.clone() },
            now: report.now.to_string(),
            subject: Subject::of(report),
            summary: Summary::of(report),
            findings: report
                .findings
                .iter()
                .map(|finding| JsonFinding::of(finding, report.packages.get(finding.package).map(purl)))
                .collect(),
            unknown: report
                .unknown
                .iter()
                .map(|note| Unknown {
                    package: note.package,
                    advisory: note.advisory.clone(),
                    reason: note.reason.clone(),
                })
                .collect(),
            packages: report
                .packages
                .iter()
                .zip(needed)
                .map(|(package, needed)| JsonPackage::of(package, purl(package), needed))
                .collect(),
            layers: report.layers.iter().map(layer).collect(),
            coverage: JsonCoverage::from(&report.coverage),
            database: report.database.as_ref().map(|database| Database {
                feeds: database
                    .feeds
                    .iter()
                    .map(|feed| Feed {
                        ecosystem: feed.ecosystem.clone(),
                        records: feed.records,
                        date: time(feed.date),
                    })
                    .collect(),
                known_exploited_date: time(database.kev),
                epss_date: time(database.epss),
            }),
            exceptions_without_effect: report
                .exceptions
                .iter()
                .map(|note| ExceptionWithoutEffect {
                    source: note.source.clone(),
                    rule: note.rule.clone(),
                    message: note.message.clone(),
                })
                .collect(),
            vex_documents: report.vex.iter().map(VexDocument::from).collect(),
        }
    }
}

impl From<&VexUse> for VexDocument {
    fn from(used: &VexUse) -> Self {
        let VexUse { source, format, author, statements, suppressed, confirmed, problems } = used.clone();
        Self { source, format, author, statements, suppressed, confirmed, problems }
    }
}

impl Subject {
    fn of(report: &ScanReport) -> Self {
        let image = report.image.as_ref();
        let (support, ends, extended) = match report.end_of_life {
            EndOfLife::Supported(until) => ("supported", Some(until), None),
            EndOfLife::Ended { since, extended_until } => ("ended", Some(since), extended_until),
            EndOfLife::Unknown => ("unknown", None, None),
        };
        Self {
            kind: report.kind.as_str().into(),
            target: report.target.clone(),
            manifest_digest: image.and_then(|image| image.manifest_digest).map(|digest| digest.to_string()),
            image_id: image.map(|image| image.id.to_string()),
            platform: image.map(|image| image.platform.clone()),
            created: image.and_then(|image| time(image.created)),
            labels: image.map(|image| image.labels.iter().cloned().collect()).unwrap_or_default(),
            distribution: report.distro.as_ref().map(|distro| Distribution {
                id: distro.id.clone(),
                version: distro.version_id.clone(),
                name: distro.display_name(),
                codename: distro.codename.clone(),
                like: distro.id_like.clone(),
                channels: distro.channels.clone(),
                cpe: distro.cpe_name.clone(),
                support: support.into(),
                support_ends: ends.map(Timestamp::date),
                extended_support_ends: extended.map(Timestamp::date),
            }),
        }
    }
}

impl Summary {
    fn of(report: &ScanReport) -> Self {
        let totals = report.totals();
        let count = |severity| totals.by_severity.get(&severity).copied().unwrap_or(0);
        Self {
            complete: report.coverage.is_complete(),
            packages: report.packages.len(),
            critical: count(Severity::Critical),
            high: count(Severity::High),
            medium: count(Severity::Medium),
            low: count(Severity::Low),
            negligible: count(Severity::Negligible),
            unknown: totals.unknown,
            notices: totals.notices,
            suppressed: totals.suppressed,
            fixable: totals.fixable,
            hidden_by_severity: report.hidden.below_severity,
            hidden_not_fixed: report.hidden.not_fixed,
        }
    }
}

impl JsonFinding {
    fn of(finding: &Finding, purl: Option<String>) -> Self {
        let fixed_versions = match &finding.fix {
            FixState::Fixed(versions) => versions.clone(),
            FixState::NotFixed | FixState::WillNotFix | FixState::EndOfLife => Vec::new(),
        };
        Self {
            id: finding.id.to_string(),
            kind: finding.kind.as_str().into(),
            vulnerability: finding.vulnerability.clone(),
            aliases: finding.aliases.clone(),
            package: finding.package,
            purl: purl.unwrap_or_default(),
            severity: severity_word(finding.severity).into(),
            severity_source: finding.severity_source.map(|source| source.as_str().into()),
            cvss_score: finding.cvss_score,
            cvss_vector: finding.cvss_vector.clone(),
            fix_state: finding.fix.as_str().into(),
            fixed_versions,
            known_exploited_since: finding.kev_since.map(Timestamp::date),
            epss: finding.epss.map(|(score, _)| score),
            epss_percentile: finding.epss.map(|(_, percentile)| percentile),
            priority: finding.priority.as_str().into(),
            priority_reasons: finding
                .priority_reasons
                .iter()
                .map(|reason| JsonReason { kind: reason.as_str().into(), text: reason.to_string() })
                .collect(),
            perhaps_backported: finding.perhaps_backported,
            suppression: finding.suppression.as_ref().map(JsonSuppression::from),
            advisories: finding.advisories.iter().map(JsonAdvisory::from).collect(),
        }
    }
}

impl From<&Suppression> for JsonSuppression {
    fn from(suppression: &Suppression) -> Self {
        match suppression {
            Suppression::DistributionFixed { owner, evidence } => Self {
                kind: "distribution-fixed".into(),
                source: owner.clone(),
                reason: Some(evidence.clone()),
                expires: None,
            },
            Suppression::HeadersOnly { source } => Self {
                kind: "headers-only".into(),
                source: source.clone(),
                reason: Some("kernel headers hold no code that runs".to_owned()),
                expires: None,
            },
            Suppression::KnownWrong { reason } => Self {
                kind: "known-wrong".into(),
                source: "seawall".to_owned(),
                reason: Some(reason.clone()),
                expires: None,
            },
            Suppression::Vex { source, status, reason } => Self {
                kind: "vex".into(),
                source: source.clone(),
                reason: Some(match reason {
                    Some(reason) => format!("{status}: {reason}"),
                    None => (*status).to_owned(),
                }),
                expires: None,
            },
            Suppression::Exception { source, reason, expires } => Self {
                kind: "exception".into(),
                source: source.clone(),
                reason: reason.clone(),
                expires: time(*expires),
            },
        }
    }
}

impl From<&seawall_model::Advisory> for JsonAdvisory {
    fn from(advisory: &seawall_model::Advisory) -> Self {
        Self {
            id: advisory.id.clone(),
            ecosystem: advisory.ecosystem.to_string(),
            name: advisory.matched_name.clone(),
            version: advisory.matched_version.clone(),
            range: advisory.range.clone(),
            fixed: advisory.fixed.clone(),
            summary: advisory.summary.to_string(),
            published: time(advisory.published),
            modified: time(advisory.modified),
            references: advisory.references.to_vec(),
        }
    }
}

impl JsonPackage {
    fn of(package: &Package, purl: String, dependencies: Vec<usize>) -> Self {
        let place = |place: &seawall_model::Place| JsonPlace {
            path: place.path.to_string(),
            inside: place.inside.clone(),
            layer: place.layer,
        };
        Self {
            purl,
            kind: package.kind.purl_type().into(),
            name: package.name.clone(),
            version: package.version.clone(),
            architecture: package.arch.clone(),
            source_name: package.source.as_ref().map(|source| source.name.clone()),
            source_version: package.source.as_ref().map(|source| source.version.clone()),
            vendor: package.vendor.clone(),
            licences: package.licences.clone(),
            development: package.scope == Scope::Development,
            checksums: package.checksums.iter().map(ToString::to_string).collect(),
            dependencies,
            cataloger: package.cataloger.clone(),
            places: package.places.iter().map(place).collect(),
            owner: package.owner.as_ref().map(|owner| JsonOwner {
                kind: owner.kind.purl_type().into(),
                name: owner.name.clone(),
                version: owner.version.clone(),
            }),
        }
    }
}

impl From<&Coverage> for JsonCoverage {
    fn from(coverage: &Coverage) -> Self {
        let date = |date: FeedDate| match date {
            FeedDate::Known(date) => Some(date.to_string()),
            FeedDate::Unknown => None,
        };
        Self {
            ecosystems: coverage
                .ecosystems
                .iter()
                .map(|ecosystem| JsonEcosystem {
                    name: ecosystem.name.clone(),
                    feed: ecosystem.feed.as_ref().map(|(feed, _)| feed.to_string()),
                    feed_date: ecosystem.feed.as_ref().and_then(|(_, at)| date(*at)),
                    packages: ecosystem.packages,
                    matched: ecosystem.matched,
                    unknown_version: ecosystem.unknown_version,
                    unknown_ranges: ecosystem.unknown_ranges,
                    third_party: ecosystem.third_party,
                    development: ecosystem.development,
                })
                .collect(),
            problems: coverage
                .problems
                .iter()
                .map(|problem| JsonProblem {
                    kind: problem.kind.as_str().into(),
                    path: problem.path.as_ref().map(ToString::to_string),
                    layer: problem.layer,
                    message: problem.message.clone(),
                })
                .collect(),
            files_seen: coverage.files_seen,
            files_read: coverage.files_read,
            layers: coverage.layers,
            layers_cached: coverage.layers_cached,
            distribution_judged: coverage.distribution_judged,
        }
    }
}
