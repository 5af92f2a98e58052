//! What can go wrong with a registry, said so that the reader knows what to try.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::StatusCode;
use seawall_model::Digest;

use crate::ReferenceError;
use crate::credentials::CredentialError;

/// Why a registry did not give what was asked for.
///
/// No variant holds a URL with its query: addresses of blobs are often signed, hence secrets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// A file given as `--ca-cert` holds no certificate.
    #[error("the CA certificates are no PEM bundle")]
    CaCertificates(#[source] reqwest::Error),
    /// The bundle is PEM but holds no certificate at all.
    #[error("the CA certificates are an empty bundle: it has no -----BEGIN CERTIFICATE-----")]
    NoCaCertificate,
    /// The HTTP client could not be set up, mostly for want of root certificates.
    #[error("can't set up TLS; are the system's root certificates installed (ca-certificates)?")]
    Client(#[source] reqwest::Error),
    /// A configuration of mirrors can't be read.
    #[error("can't read {path:?}")]
    ReadMirrors { path: PathBuf, source: std::io::Error },
    /// A configuration of mirrors is wrong.
    #[error("{path:?} is no configuration of registry mirrors: {message}")]
    Mirrors { path: PathBuf, message: String },
    /// A location in the configuration of mirrors gives no valid name for this image.
    #[error("mirror location {location:?} gives no image name")]
    MirrorName { location: String, source: ReferenceError },
    /// The administrator has forbidden this registry or repository.
    #[error("{name} is blocked by registries.conf")]
    Blocked { name: String },
    /// A credentials file is wrong.
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    /// The host can't be reached, or the connection broke.
    #[error("can't reach registry {host}")]
    Unreachable { host: String, source: reqwest::Error },
    /// The certificate of the host is signed by nobody we trust.
    #[error(
        "the certificate of {host} is of an unknown issuer; if it is your own, give it with --ca-cert FILE"
    )]
    UnknownIssuer { host: String, source: reqwest::Error },
    /// The certificate is wrong in another way: expired, for another name.
    #[error("the certificate of {host} is not valid")]
    Certificate { host: String, source: reqwest::Error },
    /// What answers on the port does not speak TLS.
    #[error(
        "{host} does not answer with TLS; if it is meant to speak plain HTTP, give --dangerous-plain-http"
    )]
    PlainHttp { host: String, source: reqwest::Error },
    /// The registry wants a login, or the one it got is not enough.
    #[error("{host} refuses access to {what}: {reason}; try `docker login {login}`")]
    Unauthorized { host: String, what: String, reason: String, login: String },
    /// Logged in, and not allowed.
    #[error("{host} forbids access to {what}{message}")]
    Forbidden { host: String, what: String, message: String },
    /// There is no such manifest, blob or repository.
    #[error("{host} has no {what}{message}")]
    NotFound { host: String, what: String, message: String },
    /// Too many requests, and waiting as long as the registry wants is too long.
    #[error("{host} limits the rate of requests{}; a login often raises the limit", wait_text(.wait.as_ref()))]
    RateLimited { host: String, wait: Option<Duration> },
    /// Another status that is no success.
    #[error("{host} answers {status} for {what}{message}")]
    Status { host: String, what: String, status: StatusCode, message: String },
    /// The body ended too early, again and again.
    #[error("the download of {what} from {host} broke off after {received} bytes, {tries} times in a row")]
    Broken { host: String, what: String, received: u64, tries: u32, source: std::io::Error },
    /// A manifest or token is larger than allowed.
    #[error("{what} from {host} has more than {limit} bytes, the limit for its kind")]
    TooLarge { host: String, what: String, limit: u64 },
    /// The manifest's bytes are others than its digest promises.
    #[error("{what} from {host} has the digest {actual} instead of {expected}")]
    WrongDigest { host: String, what: String, expected: Digest, actual: Digest },
    /// The manifest's size is another than its index promises.
    #[error("{what} from {host} has {actual} bytes instead of {expected}")]
    WrongSize { host: String, what: String, expected: u64, actual: u64 },
    /// A redirect that would leak, weaken or never end.
    #[error("{host} redirects {problem}")]
    Redirect { host: String, problem: String },
    /// Any other breach of HTTP or the distribution specification.
    #[error("{host} breaks the protocol: {message}")]
    Protocol { host: String, message: String },
    /// No mirror and not the registry itself had it.
    #[error("no registry gave {name}: {}", tries_text(.tries))]
    EveryTryFailed { name: String, tries: Vec<(String, RegistryError)> },
}

impl RegistryError {
    /// Whether the image or blob is known not to be there, rather than out of reach.
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::NotFound { .. } => true,
            Self::EveryTryFailed { tries, .. } => tries.iter().all(|(_, error)| error.is_not_found()),
            _ => false,
        }
    }

    /// Sorts a failed exchange by what the user can do about it.
    pub(super) fn from_exchange(host: &str, error: reqwest::Error) -> Self {
        let host = host.to_owned();
        let source = error.without_url();
        // rustls is not reachable by type through reqwest without tying both versions together.
        let text = chain(&source);
        if text.contains("UnknownIssuer") {
            return Self::UnknownIssuer { host, source };
        }
        if text.contains("invalid peer certificate") {
            return Self::Certificate { host, source };
        }
        if text.contains("InvalidContentType") {
            return Self::PlainHttp { host, source };
        }
        Self::Unreachable { host, source }
    }
}

fn wait_text(wait: Option<&Duration>) -> String {
    wait.map_or_else(String::new, |wait| format!(" and asks to wait {} seconds", wait.as_secs()))
}

fn tries_text(tries: &[(String, RegistryError)]) -> String {
    let tries: Vec<_> = tries.iter().map(|(place, error)| format!("{place} ({})", chain(error))).collect();
    tries.join(", ")
}

/// An error with its causes on one line, leaving out what a message only repeats.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        cause = error.source();
    }
    text
}
