//! Images in containerd, over gRPC on its socket.
//!
//! It reads the image store and the content store; it pulls and unpacks nothing. A node that is set to throw
//! content away once it is unpacked no longer has the layers: they are then [`BlobError::NotFound`].
//! <https://github.com/containerd/containerd/blob/main/docs/content-flow.md>

mod api;
mod codec;

use std::io::{self, ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use seawall_model::limits::read_bounded;
use seawall_model::text::escaped;
use seawall_model::{Digest, Limits};
use tokio::runtime::Runtime;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status, Streaming};

use self::api::{Descriptor, ReadContentResponse};
use crate::Environment;
use crate::blobs::{BlobError, BlobSource, RawManifest, UnverifiedBlob};
use crate::reference::Reference;

const DEFAULT_SOCKET: &str = "/run/containerd/containerd.sock";
/// Those of `ctr` and nerdctl, of Kubernetes, and of Docker.
const NAMESPACES: [&str; 3] = ["default", "k8s.io", "moby"];
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// HTTP/2's own windows are smaller than one chunk of content, and would make it come in sixteen pieces.
const WINDOW_BYTES: u32 = 4 << 20;
/// All streams together.
const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;
/// How long containerd may be silent.
const SILENCE: Duration = Duration::from_mins(1);

/// Why containerd did not give what was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContainerdError {
    /// There is no containerd. The image may still be had from a registry.
    #[error("no containerd answers at {socket:?}")]
    NotRunning { socket: PathBuf, source: io::Error },
    /// The socket is closed to this user.
    #[error("no permission to use {socket:?}; run as root, or as a member of the group that owns it")]
    PermissionDenied { socket: PathBuf },
    /// The address is of a kind that is not spoken.
    #[error("{0:?} is not supported as the address of containerd, only the path of a socket is")]
    Address(String),
    /// The runtime for gRPC can't be started.
    #[error("can't start a runtime for gRPC")]
    Runtime(#[source] io::Error),
    /// The connection could not be set up, or broke.
    #[error("can't talk to containerd at {socket:?}")]
    Connect { socket: PathBuf, source: tonic::transport::Error },
    /// containerd gave no sign of life for too long.
    #[error("containerd gave no answer for {} seconds", SILENCE.as_secs())]
    Silent,
    /// containerd refused or failed.
    #[error("containerd can't give {what}: {message}")]
    Refused { what: String, message: String },
    /// An answer that makes no sense.
    #[error("containerd gave an answer for {what} that can't be used: {message}")]
    Answer { what: String, message: String },
}

impl ContainerdError {
    /// Whether there simply is no containerd.
    pub fn is_not_running(&self) -> bool {
        matches!(self, Self::NotRunning { .. })
    }

    fn from_status(what: &str, status: &Status) -> Self {
        Self::Refused { what: what.to_owned(), message: escaped(status.message()) }
    }
}

/// Where containerd is and in which namespaces to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Path of the socket.
    pub socket: PathBuf,
    /// Namespaces in the order in which they are asked.
    pub namespaces: Vec<String>,
    /// Bounds over what is read.
    pub limits: Limits,
}

impl Settings {
    /// `CONTAINERD_ADDRESS` and `CONTAINERD_NAMESPACE`, or the usual ones.
    pub fn load(environment: &Environment) -> Result<Self, ContainerdError> {
        let address = environment.text("CONTAINERD_ADDRESS").unwrap_or(DEFAULT_SOCKET);
        let path = address.strip_prefix("unix://").unwrap_or(address);
        if !path.starts_with('/') {
            return Err(ContainerdError::Address(address.to_owned()));
        }
        let namespaces = match environment.text("CONTAINERD_NAMESPACE") {
            Some(namespace) => vec![namespace.to_owned()],
            None => NAMESPACES.map(str::to_owned).to_vec(),
        };
        Ok(Self { socket: path.into(), namespaces, limits: Limits::default() })
    }
}

/// A connection to containerd.
///
/// Calls block, may be made by several threads, and must not be made from inside an async runtime: each one
/// drives the runtime that is kept here.
pub struct Containerd {
    runtime: Runtime,
    channel: Channel,
    namespaces: Vec<String>,
    limits: Limits,
}

impl Containerd {
    /// Connects to the socket.
    pub fn connect(settings: Settings) -> Result<Self, ContainerdError> {
        let Settings { socket, namespaces, limits } = settings;
        check_presence(&socket)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ContainerdError::Runtime)?;
        let connect_error = |source| ContainerdError::Connect { socket: socket.clone(), source };
        let endpoint =
            Endpoint::from_shared(format!("unix://{}", socket.display())).map_err(connect_error)?;
        let endpoint = endpoint
            .connect_timeout(CONNECT_LIMIT)
            .initial_stream_window_size(WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES);
        let channel = runtime.block_on(endpoint.connect()).map_err(connect_error)?;
        Ok(Self { runtime, channel, namespaces, limits })
    }

    /// Finds an image in the first namespace that has it.
    pub fn image(&self, reference: &Reference) -> Result<Option<ContainerdImage<'_>>, ContainerdError> {
        for namespace in &self.namespaces {
            if let Some(target) = self.find(namespace, reference)? {
                let namespace = namespace.clone();
                return ContainerdImage::new(self, namespace, target, reference).map(Some);
            }
        }
        Ok(None)
    }

    /// By name, then by the digest of its target, since the name may hold a tag or not.
    fn find(&self, namespace: &str, reference: &Reference) -> Result<Option<Descriptor>, ContainerdError> {
        let what = reference.to_string();
        let mut client = api::Client::new(self.channel.clone(), namespace);
        let found = self.wait(client.get_image(&what))?;
        let named = match found {
            Ok(answer) => answer.image.and_then(|image| image.target),
            Err(status) if is_absent(&status) => None,
            Err(status) => return Err(ContainerdError::from_status(&what, &status)),
        };
        let Some(digest) = reference.digest().filter(|_| named.is_none()) else { return Ok(named) };
        // The values are a checked name and a checked digest, so they can't leave their quotes.
        let filter = format!("name~=\"^{}[:@]\",target.digest=={digest}", pattern(&reference.name()));
        match self.wait(client.list_images(&filter))? {
            Ok(answer) => Ok(answer.images.into_iter().find_map(|image| image.target)),
            Err(status) if is_absent(&status) => Ok(None),
            Err(status) => Err(ContainerdError::from_status(&what, &status)),
        }
    }

    /// Blocks on a call, at most as long as containerd may be silent.
    fn wait<T>(&self, call: impl Future<Output = T>) -> Result<T, ContainerdError> {
        let bounded = async { tokio::time::timeout(SILENCE, call).await };
        self.runtime.block_on(bounded).map_err(|_| ContainerdError::Silent)
    }
}

/// An image, and the content store of the namespace that it is in.
pub struct ContainerdImage<'c> {
    containerd: &'c Containerd,
    namespace: String,
    /// The digest of its manifest or index.
    digest: Digest,
    media_type: String,
    size: u64,
}

impl<'c> ContainerdImage<'c> {
    fn new(
        containerd: &'c Containerd,
        namespace: String,
        target: Descriptor,
        reference: &Reference,
    ) -> Result<Self, ContainerdError> {
        let wrong = |message: String| ContainerdError::Answer { what: reference.to_string(), message };
        let digest = target.digest.parse().map_err(|error| wrong(format!("{error}")))?;
        let size = u64::try_from(target.size).map_err(|_| wrong("its size is negative".to_owned()))?;
        Ok(Self { containerd, namespace, digest, media_type: target.media_type, size })
    }

    /// The namespace that it was found in.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The digest of its manifest or index.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Its manifest or index.
    pub fn resolve(&self) -> Result<RawManifest, BlobError> {
        let mut manifest = self.fetch_manifest(&self.digest, Some(self.size))?;
        manifest.media_type = Some(self.media_type.clone()).filter(|text| !text.is_empty());
        Ok(manifest)
    }

    fn open_bounded(
        &self,
        digest: &Digest,
        size: Option<u64>,
        limit: u64,
    ) -> Result<UnverifiedBlob<'c>, BlobError> {
        let what = digest.to_string();
        let mut client = api::Client::new(self.containerd.channel.clone(), &self.namespace);
        // Asked for first, since a stream tells that content is missing only with its first bytes.
        let stored = match self.containerd.wait(client.content_size(&what))? {
            Ok(stored) => u64::try_from(stored).unwrap_or_default(),
            Err(status) if is_absent(&status) => return Err(BlobError::NotFound(*digest)),
            Err(status) => return Err(ContainerdError::from_status(&what, &status).into()),
        };
        if let Some(expected) = size.filter(|expected| *expected != stored) {
            return Err(BlobError::WrongSize { digest: *digest, expected, actual: stored });
        }
        let stream = if stored == 0 {
            // containerd refuses to read an empty range.
            None
        } else {
            let stream = self.containerd.wait(client.read_content(&what))?;
            Some(stream.map_err(|status| ContainerdError::from_status(&what, &status))?)
        };
        let content = Content { containerd: self.containerd, stream, what, chunk: Vec::new(), taken: 0 };
        Ok(UnverifiedBlob::new(content, digest, size, limit))
    }
}

impl BlobSource for ContainerdImage<'_> {
    fn fetch_manifest(&self, digest: &Digest, size: Option<u64>) -> Result<RawManifest, BlobError> {
        let limit = self.containerd.limits.max_manifest_bytes;
        if size.is_some_and(|size| size > limit) {
            return Err(BlobError::TooLarge { digest: *digest, limit });
        }
        let reader = self.open_bounded(digest, size, limit)?.verified(*digest);
        match read_bounded(reader, limit) {
            Ok(bytes) => Ok(RawManifest { digest: *digest, media_type: None, bytes }),
            Err(error) => Err(BlobError::of_stream(error, digest)),
        }
    }

    fn open_unverified(&self, digest: &Digest, size: Option<u64>) -> Result<UnverifiedBlob<'_>, BlobError> {
        self.open_bounded(digest, size, self.containerd.limits.max_layer_bytes)
    }
}

/// A blob as it comes in, chunk by chunk.
struct Content<'c> {
    containerd: &'c Containerd,
    stream: Option<Streaming<ReadContentResponse>>,
    what: String,
    chunk: Vec<u8>,
    taken: usize,
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.taken >= self.chunk.len() {
            let Some(stream) = &mut self.stream else { return Ok(0) };
            let message = self.containerd.wait(stream.message());
            let message = message.map_err(|error| io::Error::from(BlobError::from(error)))?;
            let message = message.map_err(|status| {
                io::Error::from(BlobError::from(ContainerdError::from_status(&self.what, &status)))
            })?;
            match message {
                Some(message) => (self.chunk, self.taken) = (message.data, 0),
                None => self.stream = None,
            }
        }
        let rest = self.chunk.get(self.taken..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(target), Some(source)) = (buffer.get_mut(..count), rest.get(..count)) {
            target.copy_from_slice(source);
        }
        self.taken += count;
        Ok(count)
    }
}

/// A namespace that does not exist is as empty as one without the image.
fn is_absent(status: &Status) -> bool {
    status.code() == Code::NotFound
}

/// Dots are the only letters of an image's name, but brackets around an address, that mean something in a
/// regular expression.
fn pattern(name: &str) -> String {
    name.replace('.', "[.]")
}

/// Tells "not there" and "no permission" apart, which gRPC does not.
fn check_presence(socket: &Path) -> Result<(), ContainerdError> {
    UnixStream::connect(socket).map(drop).map_err(|source| match source.kind() {
        ErrorKind::PermissionDenied => ContainerdError::PermissionDenied { socket: socket.to_owned() },
        _ => ContainerdError::NotRunning { socket: socket.to_owned(), source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_from_the_environment() {
        let load = |pairs: &[(&str, &str)]| Settings::load(&Environment::of_pairs(pairs.iter().copied()));
        let usual = load(&[]).unwrap();
        assert_eq!(usual.socket, Path::new(DEFAULT_SOCKET));
        assert_eq!(usual.namespaces, NAMESPACES);
        let set = load(&[("CONTAINERD_ADDRESS", "unix:///x.sock"), ("CONTAINERD_NAMESPACE", "n")]).unwrap();
        assert_eq!((set.socket, set.namespaces), (PathBuf::from("/x.sock"), vec!["n".to_owned()]));
        assert!(matches!(load(&[("CONTAINERD_ADDRESS", "tcp://h")]), Err(ContainerdError::Address(_))));
    }

    #[test]
    fn no_containerd_is_told_apart() {
        let environment = Environment::of_pairs([("CONTAINERD_ADDRESS", "/nonexistent/containerd.sock")]);
        let Err(error) = Containerd::connect(Settings::load(&environment).unwrap()) else { panic!() };
        assert!(error.is_not_running());
        assert_eq!(error.to_string(), "no containerd answers at \"/nonexistent/containerd.sock\"");
    }
}
