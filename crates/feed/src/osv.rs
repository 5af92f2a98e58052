//! One OSV record in JSON, read into what the database keeps of it.
//!
//! What decides whether a package is affected is read strictly: a record with a wrong type there is refused
//! whole. Texts and what single feeds add are read leniently.
//! <https://ossf.github.io/osv-schema/>

use std::borrow::Cow;

use seawall_advisory::record::{
    Affected, Event, EventKind, NoFix, Range, RangeKind, Record, Refusal, Withdrawn, is_erratum, is_modular,
    modules_of_summary,
};
use seawall_model::{Ecosystem, EcosystemName, FindingKind, Severity, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What became of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    /// It is kept. The texts name ecosystems that the schema does not know.
    Record(Box<Record>, Vec<String>),
    /// Its feed took it back: only its names are kept.
    Withdrawn(Withdrawn),
    /// It is left out; the text says why where it could not be read.
    Refused(Refusal, String),
}

#[derive(Deserialize)]
struct Osv<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(default)]
    modified: Option<Cow<'a, str>>,
    #[serde(default)]
    published: Option<Cow<'a, str>>,
    #[serde(default)]
    withdrawn: Option<Cow<'a, str>>,
    #[serde(default)]
    aliases: Option<Vec<String>>,
    #[serde(default)]
    upstream: Option<Vec<String>>,
    #[serde(default)]
    related: Option<Vec<String>>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    details: Option<String>,
    #[serde(default)]
    severity: Option<Vec<OsvSeverity>>,
    #[serde(default)]
    affected: Option<Vec<OsvAffected<'a>>>,
    #[serde(default)]
    references: Option<Vec<Reference>>,
    #[serde(default, borrow)]
    database_specific: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct OsvSeverity {
    #[serde(rename = "type")]
    kind: String,
    score: String,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    url: String,
}

#[derive(Deserialize)]
struct OsvAffected<'a> {
    #[serde(default, borrow)]
    package: Option<OsvPackage<'a>>,
    #[serde(default)]
    ranges: Option<Vec<OsvRange>>,
    #[serde(default)]
    versions: Option<Vec<String>>,
    #[serde(default)]
    severity: Option<Vec<OsvSeverity>>,
    #[serde(default, borrow)]
    ecosystem_specific: Option<&'a RawValue>,
    #[serde(default, borrow)]
    database_specific: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct OsvPackage<'a> {
    #[serde(borrow)]
    ecosystem: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct OsvRange {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: Vec<OsvEvent>,
}

#[derive(Deserialize)]
struct OsvEvent {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

/// What single feeds add, where it matters here. Values of other types count as absent.
#[derive(Default)]
struct Specific {
    severity: Option<Severity>,
    urgency: Option<Severity>,
    informational: Option<FindingKind>,
    malicious: bool,
    end_of_life: bool,
    will_not_fix: bool,
}

/// Reads one record of the feed of an ecosystem.
pub fn read(bytes: &[u8], feed: EcosystemName) -> Read {
    let osv: Osv<'_> = match serde_json::from_slice(bytes) {
        Ok(osv) => osv,
        Err(error) => return Read::Refused(Refusal::Unreadable, error.to_string()),
    };
    if osv.id.is_empty() {
        return Read::Refused(Refusal::Unreadable, "it has no id".to_owned());
    }
    if let Some(at) = osv.withdrawn {
        let aliases = names(osv.aliases, &osv.id);
        return Read::Withdrawn(Withdrawn { id: osv.id.into_owned(), at: plausible(Some(&at)), aliases });
    }
    if is_erratum(&osv.id) {
        return Read::Refused(Refusal::Erratum, String::new());
    }
    convert(osv, feed)
}

fn convert(osv: Osv<'_>, feed: EcosystemName) -> Read {
    let specific = specific(osv.database_specific);
    let summary = osv.summary.unwrap_or_default();
    let (severities, rated) = severities(osv.severity);
    let mut unknown = Vec::new();
    let mut kinds = Vec::new();
    let mut affected = Vec::new();
    for entry in osv.affected.unwrap_or_default() {
        match convert_affected(entry, feed, &mut kinds) {
            Ok(entry) => affected.extend(entry),
            Err(ecosystem) => unknown.push(ecosystem),
        }
    }
    let mut record = Record {
        kind: kind(&osv.id, &specific, &kinds),
        aliases: names(osv.aliases, &osv.id),
        upstream: names(osv.upstream, &osv.id),
        related: if feed == EcosystemName::AlmaLinux { names(osv.related, &osv.id) } else { Vec::new() },
        modules: Vec::new(),
        published: plausible(osv.published.as_deref()),
        modified: plausible(osv.modified.as_deref()),
        severities,
        database_severity: specific.severity,
        distribution_severity: rated.or_else(|| severity_of_summary(feed, &summary)),
        summary,
        details: osv.details.unwrap_or_default(),
        references: osv.references.unwrap_or_default().into_iter().map(|reference| reference.url).collect(),
        affected,
        id: osv.id.into_owned(),
    };
    if has_modular_fix(&record) {
        record.modules = modules_of_summary(&record.summary);
    }
    unknown.sort();
    unknown.dedup();
    Read::Record(Box::new(record), unknown)
}

/// `None` for an entry of another ecosystem, which has a feed of its own; an error names an ecosystem that
/// the schema does not know.
fn convert_affected(
    entry: OsvAffected<'_>,
    feed: EcosystemName,
    kinds: &mut Vec<Option<FindingKind>>,
) -> Result<Option<Affected>, String> {
    // An entry about a repository alone names no package.
    let Some(package) = entry.package else { return Ok(None) };
    let ecosystem: Ecosystem = package.ecosystem.parse().map_err(|_| package.ecosystem.into_owned())?;
    if ecosystem.name != feed {
        return Ok(None);
    }
    let (in_ecosystem, in_database) = (specific(entry.ecosystem_specific), specific(entry.database_specific));
    kinds.push(if in_database.malicious {
        Some(FindingKind::Malware)
    } else {
        in_database.informational.or(in_ecosystem.informational)
    });
    let (severities, rated) = severities(entry.severity);
    let urgency = in_ecosystem.urgency.or(in_database.urgency).filter(|_| feed == EcosystemName::Debian);
    Ok(Some(Affected {
        ecosystem: ecosystem.to_string(),
        name: package.name.into_owned(),
        ranges: entry.ranges.unwrap_or_default().into_iter().filter_map(convert_range).collect(),
        versions: entry.versions.unwrap_or_default(),
        severities,
        distribution_severity: rated.or(urgency),
        no_fix: no_fix(feed, &in_ecosystem, &in_database),
    }))
}

/// Why a feed says that there will be no mended version. OSV has no field of its own for it: Debian's tracker
/// gives `end-of-life` in place of an urgency, and records that Vunnel prepares for Grype carry the vendor's
/// decision as `anchore.status`. No other feed is known to say it.
fn no_fix(feed: EcosystemName, in_ecosystem: &Specific, in_database: &Specific) -> Option<NoFix> {
    if feed == EcosystemName::Debian && (in_ecosystem.end_of_life || in_database.end_of_life) {
        return Some(NoFix::EndOfLife);
    }
    in_database.will_not_fix.then_some(NoFix::WillNotFix)
}

fn convert_range(range: OsvRange) -> Option<Range> {
    let kind = match range.kind.as_str() {
        // Commits say nothing about versions.
        "GIT" => return None,
        "ECOSYSTEM" => RangeKind::Ecosystem,
        "SEMVER" => RangeKind::Semver,
        _ => RangeKind::Other,
    };
    let mut events = Vec::with_capacity(range.events.len());
    for event in range.events {
        let kinds = [
            (EventKind::Introduced, event.introduced),
            (EventKind::Fixed, event.fixed),
            (EventKind::LastAffected, event.last_affected),
            (EventKind::Limit, event.limit),
        ];
        let said = kinds.into_iter().filter_map(|(kind, version)| Some(Event { kind, version: version? }));
        events.extend(said);
    }
    Some(Range { kind, events })
}

/// CVSS vectors, and the distribution's own word among them.
fn severities(list: Option<Vec<OsvSeverity>>) -> (Vec<String>, Option<Severity>) {
    let mut vectors = Vec::new();
    let mut rated = None;
    for severity in list.unwrap_or_default() {
        match severity.kind.as_str() {
            "CVSS_V2" | "CVSS_V3" | "CVSS_V4" => vectors.push(severity.score),
            "Ubuntu" => rated = severity.score.parse().ok().max(rated),
            _ => {}
        }
    }
    (vectors, rated)
}

/// AlmaLinux and Rocky Linux put Red Hat's rating in front: `Important: nodejs:18 security update`.
fn severity_of_summary(feed: EcosystemName, summary: &str) -> Option<Severity> {
    if !matches!(feed, EcosystemName::AlmaLinux | EcosystemName::RockyLinux) {
        return None;
    }
    summary.split_once(": ")?.0.parse().ok()
}

/// Names without repetition and without the record itself, in the order of the record.
fn names(list: Option<Vec<String>>, own: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in list.unwrap_or_default() {
        if !name.is_empty() && name != own && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Records written by hand use the year 1 for "not known".
fn plausible(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok().filter(|time: &Timestamp| time.unix() > 0)
}

fn kind(id: &str, specific: &Specific, affected: &[Option<FindingKind>]) -> Option<FindingKind> {
    if id.starts_with("MAL-") || specific.malicious || affected.contains(&Some(FindingKind::Malware)) {
        return Some(FindingKind::Malware);
    }
    // A record is a notice only where it is one for every package.
    let first = *affected.first()?;
    if affected.iter().all(|kind| *kind == first) { first } else { None }
}

fn has_modular_fix(record: &Record) -> bool {
    let events = record.affected.iter().flat_map(|entry| &entry.ranges).flat_map(|range| &range.events);
    let mut fixed = events.filter(|event| event.kind == EventKind::Fixed);
    fixed.any(|event| is_modular(&event.version))
}

fn specific(raw: Option<&RawValue>) -> Specific {
    // Most of these objects are large and say nothing of interest, so they are parsed only where a word
    // occurs.
    let words = ["severity", "urgency", "informational", "malicious", "anchore"];
    let Some(raw) = raw.map(RawValue::get).filter(|raw| words.iter().any(|word| raw.contains(word))) else {
        return Specific::default();
    };
    let Ok(value) = serde_json::from_str::<serde_json::Value>(raw) else { return Specific::default() };
    let text = |key: &str| value.get(key).and_then(serde_json::Value::as_str);
    let has_category = |word: &str| {
        let categories = value.get("categories").and_then(serde_json::Value::as_array);
        categories.is_some_and(|list| list.iter().any(|category| category.as_str() == Some(word)))
    };
    Specific {
        severity: text("severity").and_then(|word| word.parse().ok()),
        // Debian marks a rating taken over from elsewhere with stars.
        urgency: text("urgency").and_then(|word| word.trim_end_matches('*').parse().ok()),
        informational: match text("informational") {
            Some("unmaintained") => Some(FindingKind::Unmaintained),
            Some("unsound") => Some(FindingKind::Unsound),
            Some(_) => Some(FindingKind::Notice),
            None => None,
        },
        end_of_life: text("urgency") == Some("end-of-life"),
        will_not_fix: value.pointer("/anchore/status").and_then(serde_json::Value::as_str)
            == Some("wont-fix"),
        malicious: value.get("malicious-packages-origins").is_some() || has_category("malicious"),
    }
}
