//! The name of an image, such as `alpine:3.20` or `ghcr.io/owner/app@sha256:…`.
//!
//! It says what a name means, not whether an image of that name exists. Grammar and defaults are Docker's:
//! <https://github.com/distribution/reference/blob/main/reference.go> and
//! <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests>.

use std::fmt;
use std::str::FromStr;

use seawall_model::{Digest, DigestError};

/// Where a name without a registry is looked for.
pub const DEFAULT_REGISTRY: &str = "docker.io";
const DEFAULT_TAG: &str = "latest";
const OFFICIAL: &str = "library/";
const MAX_NAME_BYTES: usize = 255;
const MAX_TAG_BYTES: usize = 128;

/// A valid image reference with its defaults filled in: it has a tag, a digest, or both.
///
/// ```
/// use seawall_image::Reference;
///
/// let reference: Reference = "alpine:3.20".parse()?;
/// assert_eq!(reference.to_string(), "docker.io/library/alpine:3.20");
/// # Ok::<(), seawall_image::ReferenceError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Why a text is no image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// There is no name.
    #[error("image reference {0:?} has no name")]
    NoName(String),
    /// It begins like a URL.
    #[error("image reference {0:?} begins with a scheme; write it without, as in ghcr.io/owner/app:1.0")]
    Scheme(String),
    /// What stands before the first slash is no host, or its port no number.
    #[error("{0:?} is not a registry host with an optional port")]
    Registry(String),
    /// Docker and OCI allow lower case only.
    #[error("repository name {0:?} must be lower case")]
    UpperCase(String),
    /// A component of the name breaks the grammar.
    #[error(
        "repository name {0:?} is not made of lower-case letters and digits, joined by '.', '_', '__' or '-', between slashes"
    )]
    Repository(String),
    /// The name could be mistaken for the identifier of an image.
    #[error("{0:?} is the identifier of an image, not a name; a daemon knows it as sha256:{0}")]
    Identifier(String),
    /// Registry and repository together are longer than registries take.
    #[error("image name is {0} bytes long, at most 255 are allowed")]
    TooLong(usize),
    /// The tag breaks the grammar.
    #[error("tag {0:?} is not 1 to 128 letters, digits, '_', '.' or '-', the first not '.' or '-'")]
    Tag(String),
    /// What follows the `@` is no digest.
    #[error("image reference has a wrong digest")]
    Digest(#[from] DigestError),
}

impl Reference {
    /// The host and optional port, `docker.io` for Docker Hub.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The name in the registry, `library/alpine` for Docker's `alpine`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag; always there where no digest is.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, which decides where there is a tag as well.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Registry and repository.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// What a registry's API names the manifest by: the digest, else the tag.
    pub fn manifest_name(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, tag) => tag.as_deref().unwrap_or(DEFAULT_TAG).to_owned(),
        }
    }

    /// The same repository at one digest, without a tag.
    #[must_use]
    pub fn at_digest(&self, digest: Digest) -> Self {
        Self { tag: None, digest: Some(digest), ..self.clone() }
    }

    /// The short form that people and Docker write: without Docker Hub's host and `library/`.
    pub fn familiar(&self) -> String {
        let full = self.to_string();
        match full.strip_prefix("docker.io/") {
            Some(short) => short.strip_prefix(OFFICIAL).unwrap_or(short).to_owned(),
            None => full,
        }
    }

    /// The same tag and digest at another place, as mirrors are configured. Unlike in a name that someone
    /// types, it is clear what the registry is, so it may be a host without a dot.
    pub(crate) fn moved(&self, registry: &str, repository: &str) -> Result<Self, ReferenceError> {
        let registry = checked_registry(registry)?;
        check_repository(repository)?;
        let repository = completed(&registry, repository);
        check_length(&registry, &repository)?;
        Ok(Self { registry, repository, ..self.clone() })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.contains("://") {
            return Err(ReferenceError::Scheme(text.to_owned()));
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse()?)),
            None => (text, None),
        };
        // A colon before the last slash is a port.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(checked_tag(tag)?)),
            _ => (rest, None),
        };
        if name.is_empty() {
            return Err(ReferenceError::NoName(text.to_owned()));
        }
        let (registry, repository) = split_registry(name)?;
        let tag = tag.or_else(|| digest.is_none().then(|| DEFAULT_TAG.to_owned()));
        Ok(Self { registry, repository, tag, digest })
    }
}

/// The first component is a registry where it could not be a repository's: it has a dot, a port or an
/// upper-case letter, or is `localhost`.
fn split_registry(name: &str) -> Result<(String, String), ReferenceError> {
    let (registry, repository) = match name.split_once('/') {
        Some((first, rest)) if looks_like_registry(first) => (checked_registry(first)?, rest.to_owned()),
        _ => (DEFAULT_REGISTRY.to_owned(), name.to_owned()),
    };
    if registry == DEFAULT_REGISTRY && Digest::from_hex(&repository).is_some() {
        return Err(ReferenceError::Identifier(repository));
    }
    check_repository(&repository)?;
    let repository = completed(&registry, &repository);
    check_length(&registry, &repository)?;
    Ok((registry, repository))
}

/// Docker Hub's official images lie under `library/`.
fn completed(registry: &str, repository: &str) -> String {
    if registry == DEFAULT_REGISTRY && !repository.contains('/') {
        return format!("{OFFICIAL}{repository}");
    }
    repository.to_owned()
}

fn check_length(registry: &str, repository: &str) -> Result<(), ReferenceError> {
    match registry.len() + 1 + repository.len() {
        length if length > MAX_NAME_BYTES => Err(ReferenceError::TooLong(length)),
        _ => Ok(()),
    }
}

fn looks_like_registry(component: &str) -> bool {
    component == "localhost"
        || component.contains(['.', ':', '['])
        || component.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn checked_registry(registry: &str) -> Result<String, ReferenceError> {
    let wrong = || ReferenceError::Registry(registry.to_owned());
    let (host, port) = match registry.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (registry, None),
    };
    let port_fits =
        port.is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok());
    let host_fits = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.split('.').all(is_domain_component),
    };
    if !host_fits || !port_fits {
        return Err(wrong());
    }
    // Docker's own older names for Docker Hub.
    match registry {
        "index.docker.io" | "registry-1.docker.io" => Ok(DEFAULT_REGISTRY.to_owned()),
        _ => Ok(registry.to_owned()),
    }
}

fn is_domain_component(component: &str) -> bool {
    !component.is_empty()
        && component.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !component.starts_with('-')
        && !component.ends_with('-')
}

fn check_repository(repository: &str) -> Result<(), ReferenceError> {
    if repository.split('/').all(is_path_component) {
        return Ok(());
    }
    if repository.to_ascii_lowercase().split('/').all(is_path_component) {
        return Err(ReferenceError::UpperCase(repository.to_owned()));
    }
    Err(ReferenceError::Repository(repository.to_owned()))
}

/// Runs of letters and digits, joined by one dot, one or two underscores, or any number of hyphens.
fn is_path_component(component: &str) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = component.as_bytes();
    let ends_are_words = bytes.first().is_some_and(is_word) && bytes.last().is_some_and(is_word);
    ends_are_words
        && bytes
            .split(is_word)
            .filter(|joint| !joint.is_empty())
            .all(|joint| matches!(joint, b"." | b"_" | b"__") || joint.iter().all(|byte| *byte == b'-'))
}

fn checked_tag(tag: &str) -> Result<String, ReferenceError> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let fits = tag.len() <= MAX_TAG_BYTES
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|byte| is_word(byte) || byte == b'.' || byte == b'-');
    if fits { Ok(tag.to_owned()) } else { Err(ReferenceError::Tag(tag.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn parse(text: &str) -> String {
        match text.parse::<Reference>() {
            Ok(reference) => reference.to_string(),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn names_are_completed_as_docker_does() {
        for (text, expected) in [
            ("alpine", "docker.io/library/alpine:latest"),
            ("alpine:3.20", "docker.io/library/alpine:3.20"),
            ("owner/app", "docker.io/owner/app:latest"),
            ("docker.io/alpine", "docker.io/library/alpine:latest"),
            ("index.docker.io/owner/app", "docker.io/owner/app:latest"),
            ("ghcr.io/owner/app:v1", "ghcr.io/owner/app:v1"),
            ("localhost/app", "localhost/app:latest"),
            ("localhost:5000/app", "localhost:5000/app:latest"),
            ("host:5000/a/b/c:1", "host:5000/a/b/c:1"),
            ("127.0.0.1:5000/app", "127.0.0.1:5000/app:latest"),
            ("[::1]:5000/app:1", "[::1]:5000/app:1"),
            ("[2001:db8::1]/app", "[2001:db8::1]/app:latest"),
            ("HOST/app", "HOST/app:latest"),
            ("a_b/c__d/e-f---g.h", "docker.io/a_b/c__d/e-f---g.h:latest"),
            ("sha256:0123", "docker.io/library/sha256:0123"),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_digest_needs_no_tag_and_may_stand_beside_one() {
        assert_eq!(parse(&format!("app@{DIGEST}")), format!("docker.io/library/app@{DIGEST}"));
        let both: Reference = format!("r.example/app:1.0@{DIGEST}").parse().unwrap();
        assert_eq!(both.tag(), Some("1.0"));
        assert_eq!(both.manifest_name(), DIGEST);
    }

    #[test]
    fn errors_name_what_is_wrong() {
        for (text, expected) in [
            ("", "error: image reference \"\" has no name"),
            (":1", "error: image reference \":1\" has no name"),
            (
                "https://r.example/app",
                "error: image reference \"https://r.example/app\" begins with a scheme; write it without, as in ghcr.io/owner/app:1.0",
            ),
            (
                "app:",
                "error: tag \"\" is not 1 to 128 letters, digits, '_', '.' or '-', the first not '.' or '-'",
            ),
            (
                "app:-x",
                "error: tag \"-x\" is not 1 to 128 letters, digits, '_', '.' or '-', the first not '.' or '-'",
            ),
            ("Alpine", "error: repository name \"Alpine\" must be lower case"),
            ("r.example/App", "error: repository name \"App\" must be lower case"),
            ("r.example:port/app", "error: \"r.example:port\" is not a registry host with an optional port"),
            (
                "r.example:99999/app",
                "error: \"r.example:99999\" is not a registry host with an optional port",
            ),
            ("-r.example/app", "error: \"-r.example\" is not a registry host with an optional port"),
            ("[::g]/app", "error: \"[::g]\" is not a registry host with an optional port"),
            ("app@sha512:00", "error: image reference has a wrong digest"),
            ("app@", "error: image reference has a wrong digest"),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
        for text in [
            "a//b",
            "/a",
            "a/",
            "b/../a",
            "a..b",
            "a___b",
            ".a",
            "a.",
            "a b",
            "a\n",
            "ä",
            "r.example/",
            "a_-b",
        ] {
            assert!(parse(text).starts_with("error: repository name"), "{text:?}: {}", parse(text));
        }
    }

    #[test]
    fn lengths_are_bounded() {
        assert!(parse(&format!("app:{}", "t".repeat(128))).starts_with("docker.io/"));
        assert!(parse(&format!("app:{}", "t".repeat(129))).starts_with("error: tag"));
        assert_eq!(
            parse(&format!("r.example/{}", "a".repeat(246))),
            "error: image name is 256 bytes long, at most 255 are allowed"
        );
    }

    #[test]
    fn a_bare_identifier_is_not_taken_for_a_name() {
        assert!(parse(&"0a".repeat(32)).contains("is the identifier of an image"));
    }

    #[test]
    fn what_is_written_reads_back() {
        for text in ["alpine", "owner/app:1", "localhost:5000/a/b:c"] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!(reference.to_string().parse(), Ok(reference.clone()));
            assert_eq!(reference.familiar().parse(), Ok(reference));
        }
    }

    #[test]
    fn every_short_text_is_refused_or_reads_back() {
        let letters = ["a", "A", ".", ":", "/", "@", "_", "-", "[", "]", "1", "ä"];
        let mut texts = vec![String::new()];
        for _ in 0..4 {
            texts = texts.iter().flat_map(|text| letters.map(|letter| format!("{text}{letter}"))).collect();
            for text in &texts {
                if let Ok(reference) = text.parse::<Reference>() {
                    assert_eq!(reference.to_string().parse(), Ok(reference));
                }
            }
        }
    }
}
