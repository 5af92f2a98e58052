//! Single questions to the database: one package URL, one identifier.

use seawall_model::{Distro, FindingKind, Package, Purl, Timestamp};

use crate::db::{Database, DbError, TextSection};
use crate::matching::{MatchOptions, Matches, match_packages};
use crate::record::Withdrawn;

/// A record with its texts, for reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordText {
    pub id: String,
    /// The directory of the feed it came from.
    pub ecosystem: String,
    pub kind: FindingKind,
    pub aliases: Vec<String>,
    pub upstream: Vec<String>,
    pub related: Vec<String>,
    pub published: Option<Timestamp>,
    pub modified: Option<Timestamp>,
    /// CVSS vectors as they were written.
    pub severities: Vec<String>,
    pub summary: String,
    pub details: String,
    pub references: Vec<String>,
}

/// The package and distribution that a package URL names; `None` where its type is not known.
pub fn package_of_purl(purl: &Purl) -> Option<(Package, Option<Distro>)> {
    Some((Package::of_purl(purl, "purl")?, Distro::of_purl(purl)))
}

/// What the database says of one package URL; `None` where its type is not known.
pub fn query(database: &Database, purl: &Purl) -> Result<Option<Matches>, DbError> {
    let Some((package, distro)) = package_of_purl(purl) else { return Ok(None) };
    match_packages(database, &[package], distro.as_ref(), MatchOptions::default()).map(Some)
}

/// All records that have an identifier, or name it as alias or upstream; sorted by id.
pub fn records_by_id(database: &Database, id: &str) -> Result<Vec<RecordText>, DbError> {
    let mut found = Vec::new();
    for segment in database.segments() {
        let segment = segment?;
        for record in segment.records_naming(id)? {
            let brief = segment.block(TextSection::Brief, record.block())?;
            let details = segment.block(TextSection::Details, record.block())?;
            let (summary, references) = record.brief(&brief)?;
            found.push(RecordText {
                id: record.id.to_owned(),
                ecosystem: segment.ecosystem()?.to_owned(),
                kind: record.kind,
                aliases: owned(&record.aliases),
                upstream: owned(&record.upstream),
                related: owned(&record.related),
                published: record.published,
                modified: record.modified,
                severities: owned(&record.severities),
                summary: summary.to_owned(),
                details: record.details(&details)?.to_owned(),
                references: owned(&references),
            });
        }
    }
    found.sort_by(|a, b| (&a.id, &a.ecosystem).cmp(&(&b.id, &b.ecosystem)));
    Ok(found)
}

/// The names of packages, as feeds spell them, of which a record with this identifier speaks; sorted, each once.
///
/// It walks through every package of the feeds that have such a record, which takes some tenths of a second.
pub fn packages_of_id(database: &Database, id: &str) -> Result<Vec<String>, DbError> {
    let mut names = Vec::new();
    for segment in database.segments() {
        let segment = segment?;
        let records: Vec<u32> = segment.records_naming(id)?.iter().map(|record| record.number).collect();
        if !records.is_empty() {
            names.extend(segment.packages_of(&records)?.into_iter().map(str::to_owned));
        }
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// All withdrawn records that have an identifier as their own or as alias, each with the feed that took it back;
/// sorted by id.
pub fn withdrawn_records(database: &Database, id: &str) -> Result<Vec<(Withdrawn, String)>, DbError> {
    let mut found = Vec::new();
    for segment in database.segments() {
        let segment = segment?;
        for record in segment.withdrawn(id)? {
            found.push((record, segment.ecosystem()?.to_owned()));
        }
    }
    found.sort();
    Ok(found)
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
