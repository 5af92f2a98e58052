//! Pulls from OCI registries: manifests and blobs, each verified against its digest.
//!
//! It pushes nothing and lists nothing. The pull side of
//! <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pull>.

mod auth;
mod backoff;
mod download;
mod error;
mod mirrors;
#[cfg(test)]
mod tests;
mod transport;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::blocking::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url};
use seawall_model::limits::read_bounded;
use seawall_model::text::escaped;
use seawall_model::{Digest, Limits};
use serde::Deserialize;

pub use self::backoff::Backoff;
pub use self::error::RegistryError;
pub use self::mirrors::Mirrors;

#[doc(hidden)]
pub use self::auth::read_any_challenge;
#[doc(hidden)]
pub use self::mirrors::read_any_mirrors;

use self::auth::Authenticator;
use self::download::Download;
use self::mirrors::Endpoint;
use self::transport::{Request, Transport, host_of};
use crate::Environment;
use crate::blobs::{BlobError, BlobSource, RawManifest, UnverifiedBlob, digest_of};
use crate::credentials::CredentialStore;
use crate::reference::{DEFAULT_REGISTRY, Reference};

/// Docker Hub's API is on another host than its name says.
const DOCKER_HUB_HOST: &str = "registry-1.docker.io";
const MANIFEST_TYPES: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";
const MAX_ERROR_BYTES: u64 = 64 << 10;
const MAX_MESSAGE_CHARACTERS: usize = 300;

/// How registries are spoken to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Certificates in PEM that are trusted besides the system's. Empty for none.
    pub ca_certificates: Vec<u8>,
    /// Speak HTTP without TLS to hosts that don't answer with TLS. Anyone on the way can then read
    /// credentials and replace what a tag points to. Loopback addresses may always be spoken to so.
    pub dangerous_plain_http: bool,
    /// Whom to show which credentials.
    pub credentials: CredentialStore,
    /// Where else to ask.
    pub mirrors: Mirrors,
    /// When to try again.
    pub backoff: Backoff,
    /// How long connecting may take, TLS included. Default: 15 s.
    pub connect_timeout: Duration,
    /// How long a connection may be silent. A whole transfer has no limit. Default: 60 s.
    pub idle_timeout: Duration,
    /// Bounds over what is read.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ca_certificates: Vec::new(),
            dangerous_plain_http: false,
            credentials: CredentialStore::empty(),
            mirrors: Mirrors::default(),
            backoff: Backoff::default(),
            connect_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_mins(1),
            limits: Limits::default(),
        }
    }
}

impl Settings {
    /// The defaults, with the credentials and mirrors that Docker and Podman are configured with.
    pub fn load(environment: &Environment) -> Result<Self, RegistryError> {
        Ok(Self {
            credentials: CredentialStore::load(environment)?,
            mirrors: Mirrors::load(environment)?,
            ..Self::default()
        })
    }
}

/// A client for any number of registries. Proxies come from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; a
/// loopback address is never asked through one.
///
/// All calls block, and must not be made from inside an async runtime.
pub struct Registry {
    transport: Transport,
    authenticator: Authenticator,
    mirrors: Mirrors,
    limits: Limits,
}

impl Registry {
    /// Sets up a client. Nothing is connected to yet.
    pub fn new(settings: Settings) -> Result<Self, RegistryError> {
        Ok(Self {
            transport: Transport::new(&settings)?,
            authenticator: Authenticator::new(settings.credentials),
            mirrors: settings.mirrors,
            limits: settings.limits,
        })
    }

    /// The repository of an image, at its mirrors and itself.
    pub fn repository(&self, reference: &Reference) -> Result<Repository<'_>, RegistryError> {
        let endpoints = self.mirrors.endpoints(reference)?;
        Ok(Repository {
            registry: self,
            reference: reference.clone(),
            endpoints,
            preferred: AtomicUsize::new(0),
        })
    }

    /// A GET with authentication; any answer but success is an error that says what was asked for.
    fn get(&self, reference: &Reference, request: Request, what: &str) -> Result<Response, RegistryError> {
        let mut request = request;
        request.authorization = self.authenticator.header(&self.transport, reference)?;
        let mut answer = self.transport.send(&request)?;
        // Only a challenge of the registry itself is answered: storage behind a redirect gets no credentials.
        if answer.response.status() == StatusCode::UNAUTHORIZED && answer.from_origin {
            let refused = request.authorization.take();
            let header = self.authenticator.answer_challenge(
                &self.transport,
                reference,
                &answer.response,
                refused.as_ref(),
            )?;
            request.authorization = Some(header);
            answer = self.transport.send(&request)?;
        }
        match answer.response.status() {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT => Ok(answer.response),
            StatusCode::UNAUTHORIZED if answer.from_origin => Err(self.authenticator.refused(reference)),
            _ => Err(status_error(answer.response, what)),
        }
    }

    fn url(&self, reference: &Reference, kind: &str, name: &str) -> Result<Url, RegistryError> {
        let host = match reference.registry() {
            DEFAULT_REGISTRY => DOCKER_HUB_HOST,
            host => host,
        };
        let mut url = self.transport.root(host)?;
        // Repository, tag and digest are valid, so they need no escaping and hold no `..`.
        url.set_path(&format!("/v2/{}/{kind}/{name}", reference.repository()));
        Ok(url)
    }

    fn manifest(&self, reference: &Reference, size: Option<u64>) -> Result<RawManifest, RegistryError> {
        let name = reference.manifest_name();
        let what = format!("manifest {}:{name}", reference.repository()).replace(":sha256:", "@sha256:");
        let url = self.url(reference, "manifests", &name)?;
        let mut tries = 1;
        loop {
            let response = self.get(reference, Request::get(url.clone()).accept(MANIFEST_TYPES), &what)?;
            let host = host_of(response.url());
            let headers = response.headers().clone();
            let limit = self.limits.max_manifest_bytes;
            let error = match read_bounded(response, limit) {
                Ok(bytes) => return verified(bytes, &headers, reference, size, &host, what),
                Err(error) => error,
            };
            if error.kind() == std::io::ErrorKind::FileTooLarge {
                return Err(RegistryError::TooLarge { host, what, limit });
            }
            if tries >= self.transport.backoff.tries {
                return Err(RegistryError::Broken { host, what, received: 0, tries, source: error });
            }
            std::thread::sleep(self.transport.backoff.wait(tries, backoff::chance()));
            tries += 1;
        }
    }
}

/// Checks a manifest against the digest asked for, or against the one that the registry states for a tag.
fn verified(
    bytes: Vec<u8>,
    headers: &HeaderMap,
    reference: &Reference,
    size: Option<u64>,
    host: &str,
    what: String,
) -> Result<RawManifest, RegistryError> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = host.to_owned();
    let actual = digest_of(&bytes);
    let stated = || text("docker-content-digest")?.trim().parse().ok();
    if let Some(expected) = reference.digest().copied().or_else(stated).filter(|expected| *expected != actual)
    {
        return Err(RegistryError::WrongDigest { host, what, expected, actual });
    }
    if let Some(expected) = size.filter(|expected| *expected != bytes.len() as u64) {
        return Err(RegistryError::WrongSize { host, what, expected, actual: bytes.len() as u64 });
    }
    let media_type = text(CONTENT_TYPE.as_str()).and_then(|value| value.split(';').next());
    let media_type = media_type.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    Ok(RawManifest { digest: actual, media_type, bytes })
}

/// One repository, and every place where it can be read.
pub struct Repository<'r> {
    registry: &'r Registry,
    reference: Reference,
    endpoints: Vec<Endpoint>,
    /// The endpoint that gave the last manifest: it is asked first for what belongs to it.
    preferred: AtomicUsize,
}

impl Repository<'_> {
    /// The manifest or index that the reference names, by its digest or else its tag.
    pub fn resolve(&self) -> Result<RawManifest, RegistryError> {
        self.manifest_of(&self.reference, None)
    }

    fn manifest_of(&self, reference: &Reference, size: Option<u64>) -> Result<RawManifest, RegistryError> {
        let by_digest = reference.digest().copied();
        let first = if by_digest.is_some() { self.preferred() } else { 0 };
        let (at, manifest) = self.try_endpoints(first, by_digest.is_some(), |endpoint| {
            let reference = match by_digest {
                Some(digest) => endpoint.reference.at_digest(digest),
                None => endpoint.reference.clone(),
            };
            self.registry.manifest(&reference, size)
        })?;
        self.preferred.store(at, Ordering::Relaxed);
        Ok(manifest)
    }

    /// The body of a blob from `offset` on, and the endpoint it comes from: `first`, if it can give it.
    fn blob_response(
        &self,
        digest: &Digest,
        first: usize,
        offset: u64,
        etag: Option<&HeaderValue>,
    ) -> Result<(usize, Response), RegistryError> {
        self.try_endpoints(first, true, |endpoint| {
            let mut request =
                Request::get(self.registry.url(&endpoint.reference, "blobs", &digest.to_string())?);
            if offset > 0 {
                request = request.resume_at(offset, etag);
            }
            self.registry.get(&endpoint.reference, request, &digest.to_string())
        })
    }

    /// Asks one endpoint after the other, beginning with `first`, for the first success. One failure is told as
    /// it is, several are told together.
    fn try_endpoints<T>(
        &self,
        first: usize,
        by_digest: bool,
        ask: impl Fn(&Endpoint) -> Result<T, RegistryError>,
    ) -> Result<(usize, T), RegistryError> {
        let mut tries = Vec::new();
        let endpoints = self.endpoints.iter().enumerate();
        for (at, endpoint) in endpoints.clone().skip(first).chain(endpoints.take(first)) {
            if !(if by_digest { endpoint.for_digests } else { endpoint.for_tags }) {
                continue;
            }
            match ask(endpoint) {
                Ok(found) => return Ok((at, found)),
                Err(error) => tries.push((endpoint.reference.name(), error)),
            }
        }
        match tries.pop() {
            Some((_, error)) if tries.is_empty() => Err(error),
            last => {
                tries.extend(last);
                Err(RegistryError::EveryTryFailed { name: self.reference.to_string(), tries })
            }
        }
    }

    fn preferred(&self) -> usize {
        self.preferred.load(Ordering::Relaxed)
    }

    fn backoff(&self) -> &Backoff {
        &self.registry.transport.backoff
    }
}

impl BlobSource for Repository<'_> {
    fn fetch_manifest(&self, digest: &Digest, size: Option<u64>) -> Result<RawManifest, BlobError> {
        Ok(self.manifest_of(&self.reference.at_digest(*digest), size)?)
    }

    fn open_unverified(&self, digest: &Digest, size: Option<u64>) -> Result<UnverifiedBlob<'_>, BlobError> {
        let download = Download::start(self, *digest, size).map_err(|error| match error {
            BlobError::Registry(error) if error.is_not_found() => BlobError::NotFound(*digest),
            other => other,
        })?;
        // What is compressed is smaller than what it holds, so the bound of a layer bounds this as well.
        Ok(UnverifiedBlob::new(download, digest, size, self.registry.limits.max_layer_bytes))
    }
}

/// The error list that registries send: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes>.
#[derive(Deserialize)]
struct ErrorList {
    errors: Vec<ErrorEntry>,
}

#[derive(Deserialize)]
struct ErrorEntry {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

fn status_error(response: Response, what: &str) -> RegistryError {
    let (host, status, what) = (host_of(response.url()), response.status(), what.to_owned());
    let message = registry_message(response).map_or_else(String::new, |message| format!(": {message}"));
    match status {
        StatusCode::FORBIDDEN => RegistryError::Forbidden { host, what, message },
        StatusCode::NOT_FOUND => RegistryError::NotFound { host, what, message },
        _ => RegistryError::Status { host, what, status, message },
    }
}

/// The registry's own words, made safe to show and short.
fn registry_message(response: Response) -> Option<String> {
    let bytes = read_bounded(response, MAX_ERROR_BYTES).ok()?;
    let list: ErrorList = serde_json::from_slice(&bytes).ok()?;
    let entry = list.errors.into_iter().next()?;
    let text = if entry.message.is_empty() { entry.code } else { entry.message };
    let text: String = escaped(&text).chars().take(MAX_MESSAGE_CHARACTERS).collect();
    Some(text).filter(|text| !text.is_empty())
}
