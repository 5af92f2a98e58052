//! Where else the images of a registry can be had: mirrors and replacements set up by the administrator.
//!
//! Reads the second format of `registries.conf` and the `registry-mirrors` of Docker's `daemon.json`. Short
//! names and search registries are not heeded: a name means the same everywhere.
//! <https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md>

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use seawall_model::limits::read_bounded;
use serde::Deserialize;

use super::RegistryError;
use crate::Environment;
use crate::reference::{DEFAULT_REGISTRY, Reference};

const MAX_FILE_BYTES: u64 = 4 << 20;

/// Every rule, the last one read first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mirrors {
    rules: Vec<Rule>,
    /// Hosts that mirror Docker Hub, by Docker's own configuration.
    docker_hub: Vec<String>,
}

/// One place to ask for an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// The image's name there.
    pub(super) reference: Reference,
    /// Whether it may be asked for a tag. A digest can be asked for anywhere.
    pub(super) for_tags: bool,
    /// Whether it may be asked for a digest.
    pub(super) for_digests: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Rule {
    prefix: String,
    location: String,
    blocked: bool,
    mirror_by_digest_only: bool,
    #[serde(rename = "mirror")]
    mirrors: Vec<Mirror>,
}

/// `insecure` is not read: what is sent without TLS is decided by `--dangerous-plain-http` alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Mirror {
    location: String,
    pull_from_mirror: PullFrom,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PullFrom {
    #[default]
    All,
    DigestOnly,
    TagOnly,
}

#[derive(Deserialize)]
struct RegistriesConf {
    #[serde(default, rename = "registry")]
    rules: Vec<Rule>,
    /// The table of the first format, given up in 2019.
    registries: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct DaemonJson {
    #[serde(default, rename = "registry-mirrors")]
    mirrors: Vec<String>,
}

impl Mirrors {
    /// Reads the files of the places where Podman and Docker look for them. Missing ones are no error.
    pub fn load(environment: &Environment) -> Result<Self, RegistryError> {
        Self::from_files(&registries_conf_paths(environment), &daemon_json_paths(environment))
    }

    /// Reads these files; a `registries.conf` overrides the rules of those before it.
    pub fn from_files(registries_conf: &[PathBuf], daemon_json: &[PathBuf]) -> Result<Self, RegistryError> {
        let mut mirrors = Self::default();
        for path in registries_conf {
            if let Some(text) = read(path)? {
                mirrors.add_registries_conf(&text).map_err(|message| wrong(path, message))?;
            }
        }
        for path in daemon_json {
            if let Some(text) = read(path)? {
                mirrors.add_daemon_json(&text).map_err(|message| wrong(path, message))?;
            }
        }
        Ok(mirrors)
    }

    fn add_registries_conf(&mut self, text: &str) -> Result<(), String> {
        let file: RegistriesConf = toml::from_str(text).map_err(|error| error.to_string())?;
        if file.registries.is_some() {
            return Err("its first format, with [registries.…] tables, is not supported".to_owned());
        }
        for mut rule in file.rules {
            if rule.prefix.is_empty() {
                rule.prefix.clone_from(&rule.location);
            }
            if rule.prefix.is_empty() {
                return Err("a [[registry]] has neither prefix nor location".to_owned());
            }
            self.rules.retain(|earlier| earlier.prefix != rule.prefix);
            self.rules.push(rule);
        }
        Ok(())
    }

    fn add_daemon_json(&mut self, text: &str) -> Result<(), String> {
        let file: DaemonJson = serde_json::from_str(text).map_err(|error| error.to_string())?;
        for mirror in file.mirrors {
            let host = mirror.strip_prefix("https://").or_else(|| mirror.strip_prefix("http://"));
            let host = host.unwrap_or(&mirror).trim_end_matches('/');
            if host.is_empty() || host.contains(['/', '?', '#', '@']) {
                return Err(format!("registry mirror {mirror:?} is not the URL of a host"));
            }
            self.docker_hub.push(host.to_owned());
        }
        Ok(())
    }

    /// Where to ask, in order; the registry itself, or what replaces it, comes last.
    pub(super) fn endpoints(&self, reference: &Reference) -> Result<Vec<Endpoint>, RegistryError> {
        let name = reference.name();
        let rule = self.rules.iter().filter(|rule| rule.covers(&name)).max_by_key(|rule| rule.prefix.len());
        let mut endpoints = Vec::new();
        if let Some(rule) = rule {
            if rule.blocked {
                return Err(RegistryError::Blocked { name });
            }
            for mirror in &rule.mirrors {
                endpoints.push(rule.mirrored(mirror, reference)?);
            }
        }
        if reference.registry() == DEFAULT_REGISTRY {
            for host in &self.docker_hub {
                endpoints.push(Endpoint::any(moved(reference, host, reference.repository())?));
            }
        }
        endpoints.push(Endpoint::any(match rule {
            Some(rule) => rule.relocated(&rule.location, reference)?,
            None => reference.clone(),
        }));
        Ok(endpoints)
    }
}

impl Endpoint {
    fn any(reference: Reference) -> Self {
        Self { reference, for_tags: true, for_digests: true }
    }
}

impl Rule {
    /// A prefix ends at a boundary of the name; `*.host` covers every host below.
    fn covers(&self, name: &str) -> bool {
        self.rest_of(name).is_some()
    }

    fn rest_of<'n>(&self, name: &'n str) -> Option<&'n str> {
        let Some(suffix) = self.prefix.strip_prefix('*') else {
            let rest = name.strip_prefix(&self.prefix)?;
            return (rest.is_empty() || rest.starts_with('/')).then_some(rest);
        };
        let host = name.split('/').next().unwrap_or_default();
        (suffix.starts_with('.') && host.ends_with(suffix))
            .then(|| name.get(host.len()..).unwrap_or_default())
    }

    fn mirrored(&self, mirror: &Mirror, reference: &Reference) -> Result<Endpoint, RegistryError> {
        let pull_from =
            if self.mirror_by_digest_only { PullFrom::DigestOnly } else { mirror.pull_from_mirror };
        Ok(Endpoint {
            reference: self.relocated(&mirror.location, reference)?,
            for_tags: pull_from != PullFrom::DigestOnly,
            for_digests: pull_from != PullFrom::TagOnly,
        })
    }

    fn relocated(&self, location: &str, reference: &Reference) -> Result<Reference, RegistryError> {
        if location.is_empty() {
            return Ok(reference.clone());
        }
        let name = reference.name();
        let rest = self.rest_of(&name).unwrap_or_default();
        let (host, path) = location.split_once('/').unwrap_or((location, ""));
        moved(reference, host, format!("{path}{rest}").trim_start_matches('/'))
    }
}

fn moved(reference: &Reference, host: &str, repository: &str) -> Result<Reference, RegistryError> {
    let named = |source| RegistryError::MirrorName { location: format!("{host}/{repository}"), source };
    reference.moved(host, repository).map_err(named)
}

fn wrong(path: &Path, message: String) -> RegistryError {
    RegistryError::Mirrors { path: path.to_owned(), message }
}

fn read(path: &Path) -> Result<Option<String>, RegistryError> {
    let text = fs::File::open(path).and_then(|file| read_bounded(file, MAX_FILE_BYTES)).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
    });
    match text {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(RegistryError::ReadMirrors { path: path.to_owned(), source }),
    }
}

/// The user's file stands for the system's; the parts in `registries.conf.d` of both are added, by name.
fn registries_conf_paths(environment: &Environment) -> Vec<PathBuf> {
    let system = PathBuf::from("/etc/containers");
    let user = environment.config_home().map(|directory| directory.join("containers"));
    let main = environment
        .path("CONTAINERS_REGISTRIES_CONF")
        .or_else(|| user.as_ref().map(|user| user.join("registries.conf")).filter(|path| path.exists()))
        .unwrap_or_else(|| system.join("registries.conf"));
    let mut paths = vec![main];
    for directory in [Some(system), user].into_iter().flatten() {
        paths.extend(parts_of(&directory.join("registries.conf.d")));
    }
    paths
}

fn parts_of(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "conf")).collect();
    paths.sort();
    paths
}

fn daemon_json_paths(environment: &Environment) -> Vec<PathBuf> {
    let user = environment.config_home().map(|directory| directory.join("docker/daemon.json"));
    [Some(PathBuf::from("/etc/docker/daemon.json")), user].into_iter().flatten().collect()
}

/// For `fuzz/`: reads any two files and asks for some images.
pub fn read_any_mirrors(registries_conf: &str, daemon_json: &str) {
    let mut mirrors = Mirrors::default();
    let _ = mirrors.add_registries_conf(registries_conf);
    let _ = mirrors.add_daemon_json(daemon_json);
    for reference in crate::fuzzing::references() {
        let _ = mirrors.endpoints(&reference);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(conf: &str, daemon: &str, reference: &str) -> String {
        let mut mirrors = Mirrors::default();
        if let Err(message) = mirrors.add_registries_conf(conf).and_then(|()| mirrors.add_daemon_json(daemon))
        {
            return format!("error: {message}");
        }
        match mirrors.endpoints(&reference.parse().unwrap()) {
            Ok(endpoints) => {
                let shown = endpoints.iter().map(|endpoint| {
                    let note = match (endpoint.for_tags, endpoint.for_digests) {
                        (true, true) => "",
                        (false, _) => " (digests)",
                        (true, false) => " (tags)",
                    };
                    format!("{}{note}", endpoint.reference)
                });
                shown.collect::<Vec<_>>().join(", ")
            }
            Err(error) => format!("error: {}", super::super::error::chain(&error)),
        }
    }

    #[test]
    fn without_rules_the_registry_itself_is_asked() {
        assert_eq!(endpoints("", "{}", "alpine"), "docker.io/library/alpine:latest");
    }

    #[test]
    fn mirrors_come_in_order_and_the_origin_last() {
        let conf = r#"
            unqualified-search-registries = ["docker.io"]
            [[registry]]
            prefix = "docker.io"
            [[registry.mirror]]
            location = "one.example/hub"
            [[registry.mirror]]
            location = "two.example:5000"
            insecure = true
            pull-from-mirror = "digest-only"
            [[registry.mirror]]
            location = "three.example"
            pull-from-mirror = "tag-only"
        "#;
        assert_eq!(
            endpoints(conf, r#"{"registry-mirrors":["https://four.example/"]}"#, "alpine:3"),
            "one.example/hub/library/alpine:3, two.example:5000/library/alpine:3 (digests), \
             three.example/library/alpine:3 (tags), four.example/library/alpine:3, docker.io/library/alpine:3"
        );
        assert_eq!(endpoints(conf, "{}", "ghcr.io/a/b:1"), "ghcr.io/a/b:1");
    }

    #[test]
    fn a_location_replaces_the_longest_prefix() {
        let conf = r#"
            [[registry]]
            prefix = "r.example/a"
            location = "in.example/x/y"
            [[registry]]
            location = "r.example"
            [[registry]]
            prefix = "*.wild.example"
            location = "nodot/w"
            [[registry]]
            prefix = "wrong.example"
            location = "in.example/UPPER"
        "#;
        for (reference, expected) in [
            ("r.example/a/b:1", "in.example/x/y/b:1"),
            ("r.example/a:1", "in.example/x/y:1"),
            ("r.example/ab:1", "r.example/ab:1"),
            ("r.example:5000/a:1", "r.example:5000/a:1"),
            ("one.wild.example/a:1", "nodot/w/a:1"),
            (
                "wrong.example/a:1",
                "error: mirror location \"in.example/UPPER/a\" gives no image name: repository name \"UPPER/a\" must be lower case",
            ),
            ("wild.example/a:1", "wild.example/a:1"),
        ] {
            assert_eq!(endpoints(conf, "{}", reference), expected, "{reference}");
        }
    }

    #[test]
    fn a_blocked_prefix_is_an_error() {
        let conf = "[[registry]]\nprefix = \"r.example/a\"\nblocked = true";
        assert_eq!(
            endpoints(conf, "{}", "r.example/a/b"),
            "error: r.example/a/b is blocked by registries.conf"
        );
        assert_eq!(endpoints(conf, "{}", "r.example/b"), "r.example/b:latest");
    }

    #[test]
    fn a_later_file_overrides_the_rule_of_the_same_prefix() {
        let conf =
            "[[registry]]\nprefix = \"a.example\"\nblocked = true\n[[registry]]\nprefix = \"a.example\"";
        assert_eq!(endpoints(conf, "{}", "a.example/b:1"), "a.example/b:1");
    }

    #[test]
    fn wrong_files_are_errors_that_say_why() {
        for (conf, daemon, expected) in [
            (
                "[registries.search]\nregistries = []",
                "{}",
                "error: its first format, with [registries.…] tables, is not supported",
            ),
            ("[[registry]]\nblocked = true", "{}", "error: a [[registry]] has neither prefix nor location"),
            (
                "",
                r#"{"registry-mirrors":["https://m.example/path"]}"#,
                "error: registry mirror \"https://m.example/path\" is not the URL of a host",
            ),
            (
                "",
                r#"{"registry-mirrors":7}"#,
                "error: invalid type: integer `7`, expected a sequence at line 1 column 21",
            ),
        ] {
            assert_eq!(endpoints(conf, daemon, "alpine"), expected);
        }
        assert!(endpoints("[[registry", "{}", "alpine").starts_with("error: TOML parse error"));
    }
}
