//! Images in a local Docker or Podman daemon, over the Docker Engine API.
//!
//! It only reads: nothing is pulled, started or removed. Images of Podman without a daemon are found by
//! [`storage`]. <https://docs.docker.com/reference/api/engine/>

mod endpoint;
pub mod storage;

use std::io::{self, ErrorKind, Read};
use std::net::ToSocketAddrs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::blocking::{Client, ClientBuilder, Response};
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Identity, StatusCode, Url};
use seawall_model::limits::read_bounded;
use seawall_model::text::escaped;
use seawall_model::{Digest, Limits};
use serde::Deserialize;

pub use self::endpoint::{Address, Tls};

use crate::Environment;
use crate::reference::{DEFAULT_REGISTRY, Reference};

/// The daemon may need minutes to gather an image before it sends the first byte.
const EXPORT_SILENCE: Duration = Duration::from_mins(10);
const SILENCE: Duration = Duration::from_mins(1);
const MAX_TLS_FILE_BYTES: u64 = 1 << 20;
/// From this version of the API on, an image may hold several platforms and one can be chosen.
const PLATFORM_API: (u32, u32) = (1, 48);
/// Inspecting one platform came a version later.
const PLATFORM_INSPECT_API: (u32, u32) = (1, 49);

/// Why a daemon did not give an image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DaemonError {
    /// There is no daemon. The image may still be had from a registry.
    #[error("no {kind} daemon answers at {address}")]
    NotRunning { kind: Kind, address: String, source: io::Error },
    /// The daemon is there and closed to this user.
    #[error("no permission to use {address}; run as root, or as a member of the group that owns it")]
    PermissionDenied { address: String },
    /// The address is of a kind that is not spoken, such as `ssh://`.
    #[error("{0:?} is not supported as the address of a daemon, only unix:// and tcp:// are")]
    Address(String),
    /// Configuration, certificate or key of the client can't be read.
    #[error("can't read {path:?}")]
    Read { path: PathBuf, source: io::Error },
    /// The context that is chosen does not exist, or is broken.
    #[error("docker context {0:?} can't be read; try `docker context ls`")]
    Context(String),
    /// Certificates or the HTTP client can't be set up.
    #[error("can't set up a connection to {address}")]
    Client { address: String, source: reqwest::Error },
    /// The connection broke, or was silent too long.
    #[error("can't talk to the daemon at {address}")]
    Exchange { address: String, source: reqwest::Error },
    /// The daemon reports a failure.
    #[error("the daemon at {address} answers {status} for {what}{message}")]
    Status { address: String, what: String, status: StatusCode, message: String },
    /// The answer is not what the API promises.
    #[error("the daemon at {address} gives an answer for {what} that can't be read: {message}")]
    Answer { address: String, what: String, message: String },
}

impl DaemonError {
    /// Whether there simply is no daemon.
    pub fn is_not_running(&self) -> bool {
        matches!(self, Self::NotRunning { .. })
    }
}

/// Whose daemon it is. Podman's speaks Docker's language with an accent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Docker,
    Podman,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        })
    }
}

/// The platform wanted of an image that has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platform<'a> {
    pub os: &'a str,
    pub architecture: &'a str,
    pub variant: Option<&'a str>,
}

/// What a daemon tells of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonImage {
    /// The daemon's identifier, mostly the digest of the configuration.
    pub id: String,
    /// Digests of the uncompressed layers, base first.
    pub diff_ids: Vec<Digest>,
    pub os: String,
    pub architecture: String,
    pub variant: Option<String>,
    /// Names with digests under which registries know it, sorted.
    pub repo_digests: Vec<String>,
}

/// A step of an image's build, newest first, as the daemon remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    pub created_by: String,
    /// Bytes that it added. Steps that add none may have no layer.
    pub size: u64,
}

/// A connection to a daemon. Calls block; several threads may make them.
pub struct Daemon {
    kind: Kind,
    address: String,
    root: Url,
    client: Client,
    api: (u32, u32),
    limits: Limits,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VersionAnswer {
    api_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ImageAnswer {
    id: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    variant: Option<String>,
    repo_digests: Option<Vec<String>>,
    #[serde(rename = "RootFS")]
    root_fs: RootFs,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RootFs {
    layers: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HistoryAnswer {
    created_by: Option<String>,
    size: Option<u64>,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    message: String,
}

impl Daemon {
    /// Connects to Docker: `DOCKER_HOST`, the current context, or the usual sockets.
    pub fn docker(environment: &Environment, limits: Limits) -> Result<Self, DaemonError> {
        Self::connect(Kind::Docker, &endpoint::docker(environment)?, limits)
    }

    /// Connects to Podman's service: `CONTAINER_HOST`, or the usual sockets.
    pub fn podman(environment: &Environment, limits: Limits) -> Result<Self, DaemonError> {
        Self::connect(Kind::Podman, &endpoint::podman(environment)?, limits)
    }

    /// Connects to a given address and asks which API it speaks.
    pub fn connect(kind: Kind, address: &Address, limits: Limits) -> Result<Self, DaemonError> {
        check_presence(kind, address)?;
        let name = address.to_string();
        let client_error = |source| DaemonError::Client { address: name.clone(), source };
        let client = client_builder(address, &name)?.build().map_err(client_error)?;
        let root = root_url(address).ok_or_else(|| DaemonError::Address(name.clone()))?;
        let mut daemon = Self { kind, address: name, root, client, api: (1, 0), limits };
        let version: VersionAnswer = match daemon.get(&["version"], &[], SILENCE)? {
            Some(response) => daemon.json(response, "version")?,
            None => return Err(daemon.answer_error("version", "it has none")),
        };
        daemon.api = parse_version(&version.api_version)
            .ok_or_else(|| daemon.answer_error("version", "its number can't be read"))?;
        Ok(daemon)
    }

    /// Finds an image; `None` where the daemon does not have it.
    ///
    /// A platform is heeded where the API can (1.49, and for export 1.48). Elsewhere the image has one
    /// platform, and the answer tells which: compare it.
    pub fn inspect(
        &self,
        reference: &Reference,
        platform: Option<Platform<'_>>,
    ) -> Result<Option<DaemonImage>, DaemonError> {
        let query = self.platform_query(platform, PLATFORM_INSPECT_API);
        for name in self.names_of(reference) {
            if let Some(response) = self.get(&["images", &name, "json"], &query, SILENCE)? {
                return self.image(self.json(response, &name)?, &name).map(Some);
            }
        }
        Ok(None)
    }

    /// How the image was built, newest step first.
    pub fn history(
        &self,
        image: &DaemonImage,
        platform: Option<Platform<'_>>,
    ) -> Result<Vec<HistoryEntry>, DaemonError> {
        let query = self.platform_query(platform, PLATFORM_API);
        let response = self.get(&["images", &image.id, "history"], &query, SILENCE)?;
        let response = response.ok_or_else(|| self.answer_error(&image.id, "the image has gone"))?;
        let entries: Vec<HistoryAnswer> = self.json(response, &image.id)?;
        let entry = |answer: HistoryAnswer| HistoryEntry {
            created_by: answer.created_by.unwrap_or_default(),
            size: answer.size.unwrap_or_default(),
        };
        Ok(entries.into_iter().map(entry).collect())
    }

    /// The image as the stream of a `docker save` archive. It is asked for by identifier, so that it is the
    /// one that was inspected even if its name has moved on. The daemon does not prove its bytes: compare
    /// the digests of the layers with [`DaemonImage::diff_ids`].
    pub fn export(
        &self,
        image: &DaemonImage,
        platform: Option<Platform<'_>>,
    ) -> Result<impl Read + Send + use<>, DaemonError> {
        let query = self.platform_query(platform, PLATFORM_API);
        let response = self.get(&["images", &image.id, "get"], &query, EXPORT_SILENCE)?;
        response.ok_or_else(|| self.answer_error(&image.id, "the image has gone"))
    }

    /// The names under which the daemon may know an image.
    fn names_of(&self, reference: &Reference) -> Vec<String> {
        // Beside a digest, daemons do not want a tag.
        let name =
            reference.digest().map_or_else(|| reference.clone(), |digest| reference.at_digest(*digest));
        let mut names = vec![name.to_string()];
        if reference.registry() == DEFAULT_REGISTRY {
            if self.kind == Kind::Podman {
                // What Podman builds under a short name is named so, and no registry is of that name.
                names.push(format!("localhost/{}", name.familiar()));
            }
            names.extend(identifier(reference));
        }
        names
    }

    fn image(&self, answer: ImageAnswer, name: &str) -> Result<DaemonImage, DaemonError> {
        let layers = answer.root_fs.layers.unwrap_or_default();
        let diff_ids: Result<_, _> = layers.iter().map(|layer| layer.parse()).collect();
        let mut repo_digests = answer.repo_digests.unwrap_or_default();
        repo_digests.sort();
        Ok(DaemonImage {
            id: answer.id,
            diff_ids: diff_ids
                .map_err(|error: seawall_model::DigestError| self.answer_error(name, &error.to_string()))?,
            os: answer.os,
            architecture: answer.architecture,
            variant: answer.variant.filter(|variant| !variant.is_empty()),
            repo_digests,
        })
    }

    fn platform_query(
        &self,
        platform: Option<Platform<'_>>,
        since: (u32, u32),
    ) -> Vec<(&'static str, String)> {
        let json = |platform: Platform<'_>| {
            let mut value = serde_json::json!({"os": platform.os, "architecture": platform.architecture});
            if let (Some(variant), Some(object)) = (platform.variant, value.as_object_mut()) {
                object.insert("variant".to_owned(), variant.into());
            }
            ("platform", value.to_string())
        };
        platform.filter(|_| self.api >= since).map(json).into_iter().collect()
    }

    /// A GET; `None` where the daemon says that there is no such thing.
    fn get(
        &self,
        path: &[&str],
        query: &[(&'static str, String)],
        silence: Duration,
    ) -> Result<Option<Response>, DaemonError> {
        let mut url = self.root.clone();
        // An image's name may hold slashes, which the API wants as they are.
        url.set_path(&match self.api {
            (1, 0) => format!("/{}", path.join("/")),
            (major, minor) => format!("/v{major}.{minor}/{}", path.join("/")),
        });
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let exchange = |source: reqwest::Error| DaemonError::Exchange {
            address: self.address.clone(),
            source: source.without_url(),
        };
        let response = self.client.get(url).timeout(silence).send().map_err(exchange)?;
        match response.status() {
            StatusCode::OK => Ok(Some(response)),
            StatusCode::NOT_FOUND => Ok(None),
            status => Err(DaemonError::Status {
                address: self.address.clone(),
                what: path.join("/"),
                status,
                message: error_message(response),
            }),
        }
    }

    fn json<T: serde::de::DeserializeOwned>(&self, response: Response, what: &str) -> Result<T, DaemonError> {
        let is_json = |value: &HeaderValue| value.as_bytes().starts_with(b"application/json");
        if !response.headers().get("content-type").is_some_and(is_json) {
            return Err(self.answer_error(what, "it is not JSON; is something else listening there?"));
        }
        let bytes = read_bounded(response, self.limits.max_manifest_bytes)
            .map_err(|error| self.answer_error(what, &error.to_string()))?;
        serde_json::from_slice(&bytes).map_err(|error| self.answer_error(what, &error.to_string()))
    }

    fn answer_error(&self, what: &str, message: &str) -> DaemonError {
        DaemonError::Answer {
            address: self.address.clone(),
            what: what.to_owned(),
            message: message.to_owned(),
        }
    }
}

/// Names such as `sha256:…`, or a short identifier, parse as references; here they get back their meaning.
fn identifier(reference: &Reference) -> Option<String> {
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let name = reference.repository().strip_prefix("library/")?;
    match reference.tag()? {
        tag if name == "sha256" && tag.len() == 64 && is_hex(tag) => Some(format!("sha256:{tag}")),
        "latest" if name.len() >= 12 && is_hex(name) => Some(name.to_owned()),
        _ => None,
    }
}

/// Tells "no daemon" and "no permission" apart, which the HTTP library does not.
fn check_presence(kind: Kind, address: &Address) -> Result<(), DaemonError> {
    let connected = match address {
        Address::Unix(path) => UnixStream::connect(path).map(drop),
        Address::Tcp { host, port, .. } => (host.trim_matches(['[', ']']), *port)
            .to_socket_addrs()
            .and_then(|mut found| found.next().ok_or_else(|| ErrorKind::NotFound.into()))
            .and_then(|found| std::net::TcpStream::connect_timeout(&found, Duration::from_secs(10)))
            .map(drop),
    };
    let address = address.to_string();
    connected.map_err(|source| match source.kind() {
        ErrorKind::PermissionDenied => DaemonError::PermissionDenied { address },
        _ => DaemonError::NotRunning { kind, address, source },
    })
}

fn client_builder(address: &Address, name: &str) -> Result<ClientBuilder, DaemonError> {
    let builder = Client::builder()
        .user_agent(concat!("seawall/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .no_proxy();
    match address {
        // Without roots of trust, which a socket needs not, none are loaded.
        Address::Unix(path) => Ok(builder.tls_certs_only([]).unix_socket(path.as_path())),
        Address::Tcp { tls: None, .. } => Ok(builder.tls_certs_only([])),
        Address::Tcp { tls: Some(tls), .. } => with_tls(builder, tls, name),
    }
}

fn with_tls(builder: ClientBuilder, tls: &Tls, name: &str) -> Result<ClientBuilder, DaemonError> {
    let client_error = |source| DaemonError::Client { address: name.to_owned(), source };
    let mut builder = builder;
    if let Some(ca) = read_optional(&tls.directory.join("ca.pem"))? {
        let certificates = Certificate::from_pem_bundle(&ca).map_err(client_error)?;
        builder = builder.tls_certs_only(certificates);
    }
    let certificate = read_optional(&tls.directory.join("cert.pem"))?;
    let key = read_optional(&tls.directory.join("key.pem"))?;
    if let (Some(mut pem), Some(key)) = (certificate, key) {
        pem.push(b'\n');
        pem.extend(key);
        builder = builder.identity(Identity::from_pem(&pem).map_err(client_error)?);
    }
    Ok(builder)
}

fn read_optional(path: &Path) -> Result<Option<Vec<u8>>, DaemonError> {
    let bytes = std::fs::File::open(path).and_then(|file| read_bounded(file, MAX_TLS_FILE_BYTES));
    match bytes {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DaemonError::Read { path: path.to_owned(), source }),
    }
}

fn root_url(address: &Address) -> Option<Url> {
    let text = match address {
        // The host is only a header; Docker's own client names none either.
        Address::Unix(_) => "http://localhost/".to_owned(),
        Address::Tcp { host, port, tls: None } => format!("http://{host}:{port}/"),
        Address::Tcp { host, port, tls: Some(_) } => format!("https://{host}:{port}/"),
    };
    text.parse().ok()
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The daemon's own words: JSON, or plain text where it is not the API that answers.
fn error_message(response: Response) -> String {
    let bytes = read_bounded(response, 64 << 10).unwrap_or_default();
    let text = match serde_json::from_slice::<ErrorAnswer>(&bytes) {
        Ok(answer) => answer.message,
        Err(_) => String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().to_owned(),
    };
    let text: String = escaped(text.trim()).chars().take(300).collect();
    if text.is_empty() { text } else { format!(": {text}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seawall_testkit::http::{Asked, Fake, Reply};

    const LAYER: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn daemon(kind: Kind, api: &'static str, answer: fn(&Asked) -> Reply) -> (Daemon, Fake) {
        let fake = Fake::start(move |asked| match asked.path.as_str() {
            "/version" => json(&format!(r#"{{"ApiVersion":"{api}"}}"#)),
            _ => answer(asked),
        });
        let (host, port) = fake.host.split_once(':').unwrap();
        let address = Address::Tcp { host: host.to_owned(), port: port.parse().unwrap(), tls: None };
        (Daemon::connect(kind, &address, Limits::default()).unwrap(), fake)
    }

    fn json(text: &str) -> Reply {
        Reply::ok(text).with("Content-Type", "application/json")
    }

    fn inspect(kind: Kind, api: &'static str, name: &str) -> Vec<String> {
        let (daemon, fake) = daemon(kind, api, |_| Reply::new(404, r#"{"message":"no such image"}"#));
        let platform = Platform { os: "linux", architecture: "arm64", variant: Some("v8") };
        assert!(daemon.inspect(&name.parse().unwrap(), Some(platform)).unwrap().is_none());
        fake.log().split_off(1)
    }

    #[test]
    fn a_missing_image_is_none_after_all_its_names_were_tried() {
        for (kind, name, expected) in [
            (Kind::Docker, "alpine:3", "docker.io/library/alpine:3"),
            (Kind::Docker, "0123456789ab", "docker.io/library/0123456789ab:latest 0123456789ab"),
            (
                Kind::Docker,
                "r.example/a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "r.example/a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            ),
            (Kind::Docker, LAYER, &format!("docker.io/library/{LAYER} {LAYER}")),
            (Kind::Podman, "a/b:1", "docker.io/a/b:1 localhost/a/b:1"),
            (Kind::Podman, "r.example/b:1", "r.example/b:1"),
        ] {
            let expected: Vec<_> =
                expected.split(' ').map(|name| format!("GET /v1.41/images/{name}/json")).collect();
            assert_eq!(inspect(kind, "1.41", name), expected);
        }
    }

    #[test]
    fn a_platform_is_asked_for_where_the_api_knows_it() {
        let path = "GET /v1.49/images/r.example/a:1/json?platform=";
        let platform =
            "%7B%22architecture%22%3A%22arm64%22%2C%22os%22%3A%22linux%22%2C%22variant%22%3A%22v8%22%7D";
        assert_eq!(inspect(Kind::Docker, "1.49", "r.example/a:1"), [format!("{path}{platform}")]);
        assert_eq!(inspect(Kind::Docker, "1.48", "r.example/a:1"), ["GET /v1.48/images/r.example/a:1/json"]);
    }

    #[test]
    fn an_image_is_described_told_and_exported() {
        let (daemon, _fake) = daemon(Kind::Docker, "1.41", |asked| match asked.path.as_str() {
            "/v1.41/images/docker.io/library/a:1/json" => json(&format!(
                r#"{{"Id":"sha256:id","Os":"linux","Architecture":"arm","Variant":"v7",
                    "RepoDigests":["b@x","a@x"],"RootFS":{{"Type":"layers","Layers":["{LAYER}"]}}}}"#
            )),
            "/v1.41/images/sha256:id/history" => {
                json(r#"[{"CreatedBy":"RUN x","Size":3},{"CreatedBy":null}]"#)
            }
            "/v1.41/images/sha256:id/get" => Reply::ok("tar"),
            other => panic!("{other}"),
        });
        let image = daemon.inspect(&"a:1".parse().unwrap(), None).unwrap().unwrap();
        assert_eq!(image.diff_ids, [LAYER.parse().unwrap()]);
        assert_eq!(
            (image.variant.as_deref(), image.repo_digests.join(" ").as_str()),
            (Some("v7"), "a@x b@x")
        );
        let history = daemon.history(&image, None).unwrap();
        assert_eq!((history[0].created_by.as_str(), history[0].size, history[1].size), ("RUN x", 3, 0));
        assert_eq!(read_bounded(daemon.export(&image, None).unwrap(), 9).unwrap(), b"tar");
    }

    #[test]
    fn what_the_daemon_gets_wrong_is_an_error() {
        let shown = |answer| {
            let (daemon, fake) = daemon(Kind::Docker, "1.41", answer);
            let error = daemon.inspect(&"a:1".parse().unwrap(), None).unwrap_err();
            error.to_string().replace(&fake.host, "HOST")
        };
        let start = "the daemon at tcp://HOST";
        assert_eq!(
            shown(|_| Reply::new(500, r#"{"message":"dis\u001bk"}"#)),
            format!(
                "{start} answers 500 Internal Server Error for images/docker.io/library/a:1/json: dis\\x1bk"
            )
        );
        assert!(shown(|_| Reply::new(400, "plain text\nmore")).ends_with("a:1/json: plain text"));
        assert_eq!(
            shown(|_| Reply::ok("<html>")),
            format!(
                "{start} gives an answer for docker.io/library/a:1 that can't be read: it is not JSON; is something else listening there?"
            )
        );
        assert!(shown(|_| json("{}")).contains("missing field `Id`"));
        assert!(shown(|_| json(r#"{"Id":"x","RootFS":{"Layers":["md5:x"]}}"#)).contains("is not supported"));
    }

    #[test]
    fn no_daemon_is_told_apart() {
        let address = Address::Unix("/nonexistent/docker.sock".into());
        let Err(error) = Daemon::connect(Kind::Docker, &address, Limits::default()) else { panic!() };
        assert!(error.is_not_running());
        assert_eq!(error.to_string(), "no docker daemon answers at unix:///nonexistent/docker.sock");
    }
}
