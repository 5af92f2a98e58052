//! Seawall's own form of a bill: everything that is there, versioned, and read back without loss.
//!
//! It carries no findings: the JSON report of `seawall scan` does, and is read back too.
//!
//! The structs here are the format. A field may be added within a schema version; one that is renamed, removed
//! or means something else raises it. Readers tolerate fields that they do not know.

mod read;
mod write;

use std::io;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Bill;

pub use read::{NativeError, read};

/// Raised when a reader of the old form would misread the new one.
pub const SCHEMA_VERSION: &str = "1.0";

/// The bill as JSON text, ending in a line end.
///
/// # Errors
/// Writing to `out` failed.
pub fn write(bill: &Bill, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Document::from(bill))?;
    out.write_all(b"\n")
}

/// The bill as JSON text without spaces, from which its name is made.
pub(crate) fn write_compact(bill: &Bill, out: &mut dyn io::Write) -> io::Result<()> {
    Ok(serde_json::to_writer(out, &Document::from(bill))?)
}

/// The JSON Schema of the format, as it is committed under `schemas/`.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Document)
}

/// A bill of materials.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Seawall bill of materials")]
struct Document {
    /// Always `seawall-sbom`.
    format: String,
    /// The version of this format, major and minor: readers accept any minor of a major they know.
    schema_version: String,
    tool: Tool,
    /// `SOURCE_DATE_EPOCH`, else when the image was made, else the time of the scan.
    created: String,
    subject: Subject,
    packages: Vec<Package>,
    /// Which package needs which: pairs of positions in `packages`, who needs and what is needed.
    dependencies: Vec<[usize; 2]>,
    /// Only where the files of packages were asked for.
    files: Vec<File>,
    /// What could not be read, so that the bill may be incomplete.
    problems: Vec<Problem>,
}

/// Who made the bill.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Tool {
    name: String,
    version: Option<String>,
}

/// What the bill describes.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Subject {
    /// `image`, `root-file-system`, `source-tree`, `sbom` or `purl-list`.
    kind: String,
    /// As the user named it, or as the document does.
    name: String,
    image: Option<Image>,
    distribution: Option<Distribution>,
    /// Base first.
    layers: Vec<Layer>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Image {
    /// The digest of the manifest; null where the source has none.
    manifest_digest: Option<String>,
    /// The digest of the configuration.
    id: String,
    /// `os/architecture[/variant]`.
    platform: String,
    created: Option<String>,
    /// Pairs of key and value, sorted by key.
    labels: Vec<[String; 2]>,
}

/// As `os-release` has it.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Distribution {
    id: String,
    version_id: Option<String>,
    codename: Option<String>,
    id_like: Vec<String>,
    pretty_name: Option<String>,
    variant_id: Option<String>,
    cpe_name: Option<String>,
    /// Channels beyond the release that its packages come from, such as `esm`.
    #[serde(default)]
    channels: Vec<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Layer {
    /// The digest of the uncompressed tar.
    diff_id: String,
    /// The digest of the blob as it is stored.
    digest: Option<String>,
    /// The Dockerfile instruction, where the history tells.
    instruction: Option<String>,
    /// Bytes of the uncompressed tar.
    bytes: u64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Package {
    /// For readers that want no parts; the parts below say the same.
    purl: String,
    /// The type of its package URL.
    kind: String,
    name: String,
    version: String,
    architecture: Option<String>,
    source_name: Option<String>,
    source_version: Option<String>,
    vendor: Option<String>,
    /// The modularity label of an rpm.
    modularity: Option<String>,
    /// As declared.
    licences: Vec<String>,
    /// Only needed to develop.
    development: bool,
    /// A path below the package, as in a package URL.
    subpath: Option<String>,
    /// Further qualifiers of the package URL: pairs of key and value, without `arch` and `distro`.
    qualifiers: Vec<[String; 2]>,
    /// What it needs, as its package system names it.
    needs: Vec<String>,
    /// Further names under which others may need it.
    provides: Vec<String>,
    /// `algorithm:hexadecimal digits`, as the package system states them.
    checksums: Vec<String>,
    cataloger: String,
    places: Vec<Place>,
    /// The distribution package that owns its files.
    owner: Option<Owner>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Place {
    path: Path,
    /// The way inside an archive; nested archives are joined by `!/`.
    inside: Option<String>,
    /// The position in `layers`.
    layer: Option<usize>,
}

/// A path inside the subject, without a slash in front: text, or bytes in hexadecimal where it is no UTF-8.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Path {
    Text(String),
    Bytes { hex: String },
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Owner {
    kind: String,
    name: String,
    version: String,
}

/// A file that belongs to a package.
#[derive(Serialize, Deserialize, JsonSchema)]
struct File {
    path: Path,
    /// The position in `packages`.
    package: usize,
    /// `algorithm:hexadecimal digits`, as the package database states it.
    checksum: Option<String>,
    /// The position in `layers`.
    layer: Option<usize>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Problem {
    /// `malformed`, `database-unreadable`, `layer-unreadable`, `too-large`, `unsupported`, `unreadable` or
    /// `skipped`.
    kind: String,
    path: Option<Path>,
    /// The position in `layers`.
    layer: Option<usize>,
    message: String,
}
