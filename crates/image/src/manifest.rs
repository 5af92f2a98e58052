//! Manifests, indexes and configurations of images, OCI's and Docker's, read tolerantly and bounded.
//!
//! They are never written again: a digest belongs to the bytes as they came.
//! <https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md>,
//! <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md>,
//! <https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md>

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use seawall_model::{Digest, Timestamp};
use serde::Deserialize;

/// A reference to content by digest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    #[serde(default)]
    pub media_type: String,
    #[serde(deserialize_with = "digest")]
    pub digest: Digest,
    #[serde(default)]
    pub size: u64,
    #[serde(default)]
    pub platform: Option<Platform>,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Where else the content lies: layers that a registry may not distribute.
    #[serde(default)]
    pub urls: Vec<String>,
}

/// Operating system and processor of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Platform {
    #[serde(default)]
    pub os: String,
    #[serde(default)]
    pub architecture: String,
    #[serde(default)]
    pub variant: Option<String>,
}

/// The text is no `os/architecture[/variant]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a platform of the form os/architecture[/variant], such as linux/arm64")]
pub struct PlatformError(String);

impl Platform {
    /// The machine that this program runs on; the operating system of containers is Linux wherever they run.
    pub fn host() -> Self {
        let (architecture, variant) = match std::env::consts::ARCH {
            "x86_64" => ("amd64", None),
            "aarch64" => ("arm64", None),
            "arm" => ("arm", Some("v7".to_owned())),
            "x86" => ("386", None),
            "powerpc64" => ("ppc64le", None),
            other => (other, None),
        };
        Self { os: "linux".to_owned(), architecture: architecture.to_owned(), variant }
    }

    /// How well an image of this platform serves where `wanted` is asked for: 0 not at all, more is better.
    ///
    /// As in containerd: `arm64` is `arm64/v8`; an `arm` machine runs lower variants; without a variant in
    /// `wanted` any serves.
    fn fitness(&self, wanted: &Self) -> u32 {
        if self.os != wanted.os || self.architecture != wanted.architecture {
            return 0;
        }
        let normal = |platform: &Self| match (platform.architecture.as_str(), platform.variant.as_deref()) {
            ("arm64", None) => Some("v8".to_owned()),
            ("arm", None) => Some("v7".to_owned()),
            (_, variant) => variant.map(str::to_owned),
        };
        let number = |variant: &Option<String>| {
            variant.as_deref().and_then(|text| text.trim_start_matches('v').parse::<u32>().ok())
        };
        let (own, asked) = (normal(self), normal(wanted));
        if own == asked {
            return u32::MAX;
        }
        match (number(&own), number(&asked)) {
            (Some(own), Some(asked)) if own < asked => 1 + own,
            (None, _) => 1,
            (_, None) if wanted.variant.is_none() => 1,
            _ => 0,
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) if !variant.is_empty() => write!(f, "/{variant}"),
            _ => Ok(()),
        }
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let parts: Vec<&str> = text.split('/').collect();
        let valid = |part: &&str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        match parts.as_slice() {
            [os, architecture, rest @ ..] if rest.len() <= 1 && parts.iter().all(valid) => Ok(Self {
                os: os.to_ascii_lowercase(),
                architecture: normal_architecture(architecture),
                variant: rest.first().map(|variant| (*variant).to_owned()),
            }),
            _ => Err(PlatformError(text.to_owned())),
        }
    }
}

/// The name that Go, and so every image, uses for a processor.
fn normal_architecture(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "x86_64" | "x86-64" => "amd64".to_owned(),
        "aarch64" => "arm64".to_owned(),
        "i386" | "i686" => "386".to_owned(),
        other => other.to_owned(),
    }
}

/// What a manifest's bytes turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestKind {
    /// One image.
    Image(Box<ImageManifest>),
    /// Several, to choose from.
    Index(Vec<Descriptor>),
}

/// One image: its configuration and its layers, base first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageManifest {
    pub config: Descriptor,
    pub layers: Vec<Descriptor>,
    pub annotations: BTreeMap<String, String>,
}

/// Why bytes from an image cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The bytes are no JSON of the expected form.
    #[error("the {what} is malformed: {why}")]
    Malformed { what: &'static str, why: String },
    /// It is an artefact or a format of an image that is no longer served by anyone.
    #[error("the manifest is of type {0:?}, which is not a container image")]
    NotAnImage(String),
    /// The index has no entry for the platform.
    #[error("there is no image for {wanted}; there are: {available}")]
    NoSuchPlatform { wanted: Platform, available: String },
    /// Manifest and configuration disagree, or a bound is passed.
    #[error("{0}")]
    Inconsistent(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawManifest {
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    schema_version: u32,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Option<Vec<Descriptor>>,
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

impl ManifestKind {
    /// Reads a manifest or an index. The media type inside, where there is one, must agree with the form.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let raw: RawManifest = serde_json::from_slice(bytes)
            .map_err(|error| ManifestError::Malformed { what: "manifest", why: error.to_string() })?;
        let media_type = raw.media_type.unwrap_or_default();
        if raw.schema_version == 1 {
            return Err(ManifestError::NotAnImage("Docker schema 1".to_owned()));
        }
        match (raw.config, raw.layers, raw.manifests) {
            // Both at once would let two readers see two images in the same bytes.
            (config, layers, Some(manifests)) if config.is_none() && layers.is_none() => {
                Ok(Self::Index(manifests))
            }
            (Some(config), Some(layers), None) => {
                let annotations = raw.annotations.unwrap_or_default();
                Ok(Self::Image(Box::new(ImageManifest { config, layers, annotations })))
            }
            _ => Err(ManifestError::NotAnImage(media_type)),
        }
    }
}

/// The entry of an index that serves the platform best; among equals the first, as the specification says.
///
/// Entries for `unknown/unknown` are attestations of builders and never chosen. An index with a single image
/// whose platform is not said gives that image.
pub fn choose<'a>(entries: &'a [Descriptor], wanted: &Platform) -> Result<&'a Descriptor, ManifestError> {
    let images = || entries.iter().filter(|entry| !is_attestation(entry));
    let mut best: Option<(&Descriptor, u32)> = None;
    for entry in images() {
        let fitness = entry.platform.as_ref().map_or(0, |platform| platform.fitness(wanted));
        if fitness > best.map_or(0, |(_, known)| known) {
            best = Some((entry, fitness));
        }
    }
    if let Some((entry, _)) = best {
        return Ok(entry);
    }
    let mut only = images();
    if let (Some(entry), None) = (only.next(), only.next())
        && entry.platform.is_none()
    {
        return Ok(entry);
    }
    let mut available: Vec<String> = images()
        .map(|entry| entry.platform.as_ref().map_or_else(|| "unnamed".to_owned(), Platform::to_string))
        .collect();
    available.sort();
    available.dedup();
    let available = if available.is_empty() { "none".to_owned() } else { available.join(", ") };
    Err(ManifestError::NoSuchPlatform { wanted: wanted.clone(), available })
}

fn is_attestation(entry: &Descriptor) -> bool {
    entry.platform.as_ref().is_some_and(|platform| platform.os == "unknown")
        || entry.annotations.contains_key("vnd.docker.reference.type")
}

/// The configuration of an image: what runs, and how the image came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageConfig {
    pub platform: Platform,
    pub created: Option<Timestamp>,
    /// The digest of each layer's uncompressed tar, base first.
    pub diff_ids: Vec<Digest>,
    pub history: Vec<HistoryEntry>,
    pub labels: BTreeMap<String, String>,
}

/// One step of the build.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HistoryEntry {
    /// As it was written: builders write year 1 or nonsense here.
    #[serde(default)]
    pub created: Option<String>,
    #[serde(default)]
    pub created_by: String,
    #[serde(default)]
    pub comment: String,
    #[serde(default)]
    pub empty_layer: bool,
}

impl HistoryEntry {
    /// When it was made, where that can be read.
    pub fn time(&self) -> Option<Timestamp> {
        self.created.as_deref()?.parse().ok()
    }
}

#[derive(Deserialize)]
struct RawConfig {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    variant: Option<String>,
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    rootfs: RawRootfs,
    #[serde(default)]
    history: Option<Vec<HistoryEntry>>,
    #[serde(default)]
    config: Option<RawRunConfig>,
}

#[derive(Deserialize, Default)]
struct RawRootfs {
    #[serde(default)]
    diff_ids: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct RawRunConfig {
    #[serde(default, rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

impl ImageConfig {
    /// Reads the configuration's JSON.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let malformed = |why: String| ManifestError::Malformed { what: "image configuration", why };
        let raw: RawConfig = serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        let diff_ids = raw.rootfs.diff_ids.unwrap_or_default();
        Ok(Self {
            platform: Platform { os: raw.os, architecture: raw.architecture, variant: raw.variant },
            // Builders write year 1 or nonsense here; a time that cannot be read is no reason to stop.
            created: raw.created.and_then(|text| text.parse().ok()),
            diff_ids: diff_ids
                .iter()
                .map(|text| text.parse().map_err(|error| malformed(format!("{error}"))))
                .collect::<Result<_, _>>()?,
            history: raw.history.unwrap_or_default(),
            labels: raw.config.and_then(|config| config.labels).unwrap_or_default(),
        })
    }

    /// The Dockerfile instruction of each layer, base first; `None` where the history does not tell.
    ///
    /// A history that does not count as many layers as there are is not believed at all.
    pub fn instructions(&self) -> Vec<Option<String>> {
        let told: Vec<&HistoryEntry> = self.history.iter().filter(|entry| !entry.empty_layer).collect();
        if told.len() != self.diff_ids.len() {
            return vec![None; self.diff_ids.len()];
        }
        told.iter().map(|entry| instruction(&entry.created_by)).collect()
    }
}

/// The instruction as it stood in the Dockerfile, from what the builders make of it.
fn instruction(created_by: &str) -> Option<String> {
    let text = created_by.trim();
    let text = text.strip_suffix("# buildkit").unwrap_or(text).trim_end();
    if let Some(instruction) = text.strip_prefix("/bin/sh -c #(nop) ") {
        return Some(instruction.trim().to_owned());
    }
    for (shell, keyword) in [("/bin/sh -c ", "RUN "), ("RUN /bin/sh -c ", "RUN ")] {
        if let Some(command) = text.strip_prefix(shell) {
            return Some(format!("{keyword}{}", command.trim()));
        }
    }
    // Build arguments in front of a shell command: `|1 A=b /bin/sh -c …`.
    if text.starts_with('|')
        && let Some((_, command)) = text.split_once("/bin/sh -c ")
    {
        return Some(format!("RUN {}", command.trim()));
    }
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn digest<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(platform: Option<&str>, digit: char) -> Descriptor {
        Descriptor {
            media_type: String::new(),
            digest: Digest::from_hex(&digit.to_string().repeat(64)).unwrap(),
            size: 0,
            platform: platform.map(|text| text.parse().unwrap()),
            annotations: BTreeMap::new(),
            urls: Vec::new(),
        }
    }

    fn chosen(entries: &[Option<&str>], wanted: &str) -> String {
        let entries: Vec<_> =
            entries.iter().zip('0'..).map(|(platform, digit)| entry(*platform, digit)).collect();
        match choose(&entries, &wanted.parse().unwrap()) {
            Ok(entry) => entry.digest.hex()[..1].to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_platform_decides_and_attestations_are_never_chosen() {
        let index =
            [Some("unknown/unknown"), Some("linux/amd64"), Some("linux/arm64/v8"), Some("linux/arm/v6")];
        assert_eq!(chosen(&index, "linux/amd64"), "1");
        assert_eq!(chosen(&index, "linux/arm64"), "2");
        assert_eq!(chosen(&index, "linux/arm/v7"), "3", "an older variant runs on a newer machine");
        assert_eq!(
            chosen(&index, "linux/s390x"),
            "there is no image for linux/s390x; there are: linux/amd64, linux/arm/v6, linux/arm64/v8"
        );
        assert_eq!(
            chosen(&[Some("unknown/unknown")], "linux/amd64"),
            "there is no image for linux/amd64; there are: none"
        );
        assert_eq!(chosen(&[None], "linux/amd64"), "0", "a single image that does not say");
        assert!(chosen(&[Some("linux/arm/v7"), Some("linux/arm/v6")], "linux/arm/v5").contains("no image"));
    }

    #[test]
    fn platforms_are_spelled_as_people_do() {
        assert_eq!("linux/x86_64".parse::<Platform>().unwrap().to_string(), "linux/amd64");
        for text in ["linux", "linux/", "linux/arm/v7/x", "", "linux/a b"] {
            assert!(text.parse::<Platform>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_manifest_that_is_two_things_is_neither() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let config = format!(r#"{{"digest":"{digest}","size":1}}"#);
        let both = format!(r#"{{"schemaVersion":2,"config":{config},"layers":[],"manifests":[]}}"#);
        assert!(matches!(ManifestKind::parse(both.as_bytes()), Err(ManifestError::NotAnImage(_))));
        let image = format!(r#"{{"schemaVersion":2,"config":{config},"layers":[]}}"#);
        assert!(matches!(ManifestKind::parse(image.as_bytes()), Ok(ManifestKind::Image(_))));
        assert!(matches!(ManifestKind::parse(b"{}"), Err(ManifestError::NotAnImage(_))));
        assert!(matches!(ManifestKind::parse(b"[1"), Err(ManifestError::Malformed { .. })));
        assert!(ManifestKind::parse(br#"{"schemaVersion":1,"fsLayers":[]}"#).is_err());
    }

    #[test]
    fn instructions_read_as_they_stood_in_the_dockerfile() {
        for (created_by, expected) in [
            ("/bin/sh -c #(nop) ADD file:abc in / ", "ADD file:abc in /"),
            ("/bin/sh -c apt-get update", "RUN apt-get update"),
            ("RUN /bin/sh -c npm ci # buildkit", "RUN npm ci"),
            ("COPY . /app # buildkit", "COPY . /app"),
            ("|1 V=1 /bin/sh -c make", "RUN make"),
        ] {
            assert_eq!(instruction(created_by).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_history_that_counts_wrongly_is_not_believed() {
        let id = format!("\"sha256:{}\"", "0".repeat(64));
        let json = format!(
            r#"{{"os":"linux","architecture":"amd64","rootfs":{{"diff_ids":[{id},{id}]}},
                "history":[{{"created_by":"ADD a"}},{{"created_by":"ENV b","empty_layer":true}}]}}"#
        );
        assert_eq!(ImageConfig::parse(json.as_bytes()).unwrap().instructions(), [None, None]);
    }
}
