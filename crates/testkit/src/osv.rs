//! Mirrors of advisories, in the layout of the OSV bucket.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::files::Files;
use crate::packages::zip;

/// A record that says a package is affected from its first version on, and mended in another where that is told.
/// CVSS vectors and the like are added to the value.
pub fn record(id: &str, ecosystem: &str, name: &str, fixed: Option<&str>) -> Value {
    let mut events = vec![json!({"introduced": "0"})];
    events.extend(fixed.map(|version| json!({"fixed": version})));
    json!({
        "id": id, "modified": "2026-02-01T00:00:00Z", "published": "2026-01-15T00:00:00Z",
        "summary": format!("an invented fault of {name}"),
        "affected": [{
            "package": {"ecosystem": ecosystem, "name": name},
            "ranges": [{"type": "ECOSYSTEM", "events": events}],
        }],
    })
}

/// The files of a mirror: an `all.zip` for each ecosystem, its release left off.
pub fn mirror(records: &[Value]) -> Files {
    let mut ecosystems: BTreeMap<String, Vec<(String, Vec<u8>)>> = BTreeMap::new();
    for record in records {
        let ecosystem = record["affected"][0]["package"]["ecosystem"].as_str().unwrap();
        let folder = ecosystem.split(':').next().unwrap();
        let name = format!("{}.json", record["id"].as_str().unwrap());
        let entry = (name, serde_json::to_vec(record).unwrap());
        ecosystems.entry(folder.to_owned()).or_default().push(entry);
    }
    let archive = |entries: &[(String, Vec<u8>)]| {
        let entries: Vec<(&str, &[u8])> =
            entries.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        zip(&entries)
    };
    ecosystems.iter().map(|(name, entries)| (format!("{name}/all.zip"), archive(entries))).collect()
}
