//! Where the daemon is: environment, Docker's contexts, and the usual sockets.
//!
//! It connects to nothing. <https://docs.docker.com/engine/manage-resources/contexts/>

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use seawall_model::limits::read_bounded;
use serde::Deserialize;

use super::DaemonError;
use crate::Environment;
use crate::blobs::digest_of;

const MAX_FILE_BYTES: u64 = 16 << 20;
const PLAIN_PORT: u16 = 2375;
const TLS_PORT: u16 = 2376;

/// The address of a daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A socket in the file system.
    Unix(PathBuf),
    /// A port, with or without TLS.
    Tcp { host: String, port: u16, tls: Option<Tls> },
}

/// How to prove oneself and whom to trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// Holds `ca.pem`, `cert.pem` and `key.pem`, those that are needed.
    pub directory: PathBuf,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port, .. } => write!(f, "tcp://{host}:{port}"),
        }
    }
}

impl Address {
    fn parse(text: &str, tls: Option<Tls>) -> Result<Self, DaemonError> {
        let unsupported = || DaemonError::Address(text.to_owned());
        if let Some(path) = text.strip_prefix("unix://").filter(|path| path.starts_with('/')) {
            return Ok(Self::Unix(path.into()));
        }
        let rest = text.strip_prefix("tcp://").ok_or_else(unsupported)?;
        let rest = rest.trim_end_matches('/');
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| unsupported())?),
            _ => (rest, if tls.is_some() { TLS_PORT } else { PLAIN_PORT }),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || ".-[]:_".contains(c);
        if host.is_empty() || !host.chars().all(fits) {
            return Err(unsupported());
        }
        Ok(Self::Tcp { host: host.to_owned(), port, tls })
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DockerConfig {
    current_context: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContextMeta {
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: ContextEndpoint,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContextEndpoint {
    host: String,
}

/// Docker's daemon: what the environment says, then the context, then the first socket that exists.
pub(super) fn docker(environment: &Environment) -> Result<Address, DaemonError> {
    let config = environment.path("DOCKER_CONFIG").or_else(|| Some(environment.home()?.join(".docker")));
    if let Some(host) = environment.text("DOCKER_HOST") {
        return Address::parse(host, environment_tls(environment, config.as_deref()));
    }
    if let Some(config) = &config
        && let Some(context) = current_context(environment, config)
    {
        return from_context(config, &context).ok_or(DaemonError::Context(context))?;
    }
    let mut sockets = vec![PathBuf::from("/var/run/docker.sock")];
    sockets.extend(environment.path("XDG_RUNTIME_DIR").map(|directory| directory.join("docker.sock")));
    sockets.extend(environment.home().map(|home| home.join(".docker/run/docker.sock")));
    Ok(first_existing(sockets))
}

/// Podman's service. `CONTAINER_HOST` is its own word for `DOCKER_HOST`.
pub(super) fn podman(environment: &Environment) -> Result<Address, DaemonError> {
    if let Some(host) = environment.text("CONTAINER_HOST") {
        return Address::parse(host, None);
    }
    let mut sockets = Vec::new();
    sockets.extend(environment.path("XDG_RUNTIME_DIR").map(|directory| directory.join("podman/podman.sock")));
    sockets.push(PathBuf::from("/run/podman/podman.sock"));
    Ok(first_existing(sockets))
}

fn first_existing(mut sockets: Vec<PathBuf>) -> Address {
    let at = sockets.iter().position(|socket| socket.exists()).unwrap_or(0);
    Address::Unix(sockets.swap_remove(at))
}

fn environment_tls(environment: &Environment, config: Option<&Path>) -> Option<Tls> {
    environment.text("DOCKER_TLS_VERIFY")?;
    let directory = environment.path("DOCKER_CERT_PATH").or_else(|| config.map(Path::to_owned))?;
    Some(Tls { directory })
}

/// The name of the context in use; the one called `default` means none.
fn current_context(environment: &Environment, config: &Path) -> Option<String> {
    let from_file = || {
        let config: DockerConfig = read_json(&config.join("config.json"))?;
        Some(config.current_context)
    };
    let name = environment.text("DOCKER_CONTEXT").map(str::to_owned).or_else(from_file)?;
    Some(name).filter(|name| !name.is_empty() && name != "default")
}

/// Contexts lie in directories named by the digest of their name.
fn from_context(config: &Path, name: &str) -> Option<Result<Address, DaemonError>> {
    let id = digest_of(name.as_bytes()).hex();
    let contexts = config.join("contexts");
    let meta: ContextMeta = read_json(&contexts.join("meta").join(&id).join("meta.json"))?;
    let tls = Some(contexts.join("tls").join(&id).join("docker")).filter(|directory| directory.is_dir());
    Some(Address::parse(&meta.endpoints.docker.host, tls.map(|directory| Tls { directory })))
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    let bytes = read_bounded(File::open(path).ok()?, MAX_FILE_BYTES).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(address: Result<Address, DaemonError>) -> String {
        match address {
            Ok(Address::Tcp { host, port, tls: Some(tls) }) => {
                format!("tls {host} {port} {}", tls.directory.display())
            }
            Ok(address) => address.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn docker_host_is_read_as_docker_does() {
        for (pairs, expected) in [
            (&[("DOCKER_HOST", "unix:///x.sock")][..], "unix:///x.sock"),
            (&[("DOCKER_HOST", "tcp://h:1")], "tcp://h:1"),
            (&[("DOCKER_HOST", "tcp://h")], "tcp://h:2375"),
            (&[("DOCKER_HOST", "tcp://[::1]:2375/")], "tcp://[::1]:2375"),
            (
                &[("DOCKER_HOST", "tcp://h"), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", "/c")],
                "tls h 2376 /c",
            ),
            (
                &[("DOCKER_HOST", "tcp://h"), ("DOCKER_TLS_VERIFY", "1"), ("HOME", "/h")],
                "tls h 2376 /h/.docker",
            ),
            (
                &[("DOCKER_HOST", "ssh://h")],
                "\"ssh://h\" is not supported as the address of a daemon, only unix:// and tcp:// are",
            ),
            (
                &[("DOCKER_HOST", "unix://relative")],
                "\"unix://relative\" is not supported as the address of a daemon, only unix:// and tcp:// are",
            ),
            (
                &[("DOCKER_HOST", "tcp://a b:1")],
                "\"tcp://a b:1\" is not supported as the address of a daemon, only unix:// and tcp:// are",
            ),
        ] {
            assert_eq!(shown(docker(&Environment::of_pairs(pairs.iter().copied()))), expected);
        }
    }

    #[test]
    fn the_current_context_is_followed() {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join(".docker");
        let id = digest_of(b"far").hex();
        let meta = config.join("contexts/meta").join(&id);
        std::fs::create_dir_all(&meta).unwrap();
        std::fs::create_dir_all(config.join("contexts/tls").join(&id).join("docker")).unwrap();
        std::fs::write(config.join("config.json"), r#"{"currentContext":"far"}"#).unwrap();
        std::fs::write(
            meta.join("meta.json"),
            r#"{"Name":"far","Endpoints":{"docker":{"Host":"tcp://far:9"}}}"#,
        )
        .unwrap();
        let home = home.path().to_str().unwrap();
        let with = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().copied().chain([("HOME", home)]);
            shown(docker(&Environment::of_pairs(pairs))).replace(home, "").replace(&id, "ID")
        };
        assert_eq!(with(&[]), "tls far 9 /.docker/contexts/tls/ID/docker");
        assert_eq!(with(&[("DOCKER_HOST", "tcp://near:1")]), "tcp://near:1");
        assert!(with(&[("DOCKER_CONTEXT", "default")]).starts_with("unix://"));
        assert_eq!(
            with(&[("DOCKER_CONTEXT", "no")]),
            "docker context \"no\" can't be read; try `docker context ls`"
        );
    }
}
