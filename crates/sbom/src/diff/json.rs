//! A difference as JSON. The structs here are the format: a field may be added within a schema version; one that is
//! renamed, removed or means something else raises it.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::{Difference, PackageChange, Side, VulnerabilityChange};

/// Raised when a reader of the old form would misread the new one.
const SCHEMA_VERSION: &str = "1.0";

/// What changed between two bills of materials.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Seawall difference of bills of materials")]
struct JsonDifference {
    /// The version of this format, major and minor.
    schema_version: &'static str,
    before: JsonSide,
    after: JsonSide,
    /// Sorted by kind and name.
    packages: Vec<JsonPackage>,
    /// Null where no advisory database was asked; sorted by vulnerability and package.
    vulnerabilities: Option<Vec<JsonVulnerability>>,
}

#[derive(Serialize, JsonSchema)]
struct JsonSide {
    name: String,
    distribution: Option<String>,
    /// How many packages it holds.
    packages: usize,
    /// How many parts of it could not be read or used.
    problems: usize,
}

#[derive(Serialize, JsonSchema)]
struct JsonPackage {
    /// The type of its package URL.
    kind: &'static str,
    name: String,
    /// `added`, `removed`, `upgraded`, `downgraded`, `changed` (the versions can't be compared) or `relicensed`.
    change: &'static str,
    /// Versions that only the first has.
    before: Vec<String>,
    /// Versions that only the second has.
    after: Vec<String>,
    /// Null where they are the same.
    licences: Option<JsonLicences>,
}

#[derive(Serialize, JsonSchema)]
struct JsonLicences {
    before: Vec<String>,
    after: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct JsonVulnerability {
    /// `came` or `went`.
    change: &'static str,
    vulnerability: String,
    /// Null is *unknown*.
    severity: Option<&'static str>,
    kind: &'static str,
    package: String,
    /// The versions that have it.
    versions: Vec<String>,
}

/// Writes the difference, ending in a line end.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_json(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &JsonDifference::from(difference))?;
    out.write_all(b"\n")
}

/// The JSON Schema of the format, as it is committed under `schemas/`.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(JsonDifference)
}

impl From<&Difference> for JsonDifference {
    fn from(difference: &Difference) -> Self {
        let vulnerabilities = difference.vulnerabilities.as_ref();
        Self {
            schema_version: SCHEMA_VERSION,
            before: JsonSide::from(&difference.before),
            after: JsonSide::from(&difference.after),
            packages: difference.packages.iter().map(JsonPackage::from).collect(),
            vulnerabilities: vulnerabilities.map(|list| list.iter().map(JsonVulnerability::from).collect()),
        }
    }
}

impl From<&Side> for JsonSide {
    fn from(side: &Side) -> Self {
        let Side { name, distribution, packages, problems } = side.clone();
        Self { name, distribution, packages, problems }
    }
}

impl From<&PackageChange> for JsonPackage {
    fn from(change: &PackageChange) -> Self {
        let change = change.clone();
        Self {
            kind: change.kind.purl_type(),
            name: change.name,
            change: change.change.as_str(),
            before: change.before,
            after: change.after,
            licences: change.licences.map(|(before, after)| JsonLicences { before, after }),
        }
    }
}

impl From<&VulnerabilityChange> for JsonVulnerability {
    fn from(change: &VulnerabilityChange) -> Self {
        Self {
            change: if change.came { "came" } else { "went" },
            vulnerability: change.vulnerability.clone(),
            severity: change.severity.map(seawall_model::Severity::as_str),
            kind: change.kind.purl_type(),
            package: change.package.clone(),
            versions: change.versions.clone(),
        }
    }
}
