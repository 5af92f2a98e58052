//! Pulls from Debian's real `docker-registry`, started for the test: open, with a password, with
//! tokens, and with TLS.

#![expect(clippy::unwrap_used, reason = "what panics here is a failed check, and is counted as one")]

#[path = "support/mod.rs"]
mod support;
#[path = "support/tokens.rs"]
mod tokens;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::blocking::{Client, RequestBuilder};
use seawall_image::credentials::CredentialStore;
use seawall_image::registry::{Backoff, Registry, Settings};
use seawall_image::{BlobError, BlobSource, Reference};
use seawall_model::Digest;
use seawall_testkit::Suite;
use seawall_testkit::http::{Fake, Reply};
use seawall_testkit::process::{Server, free_port, output, program, wait_for_port};
use support::{Image, sha256};
use tokens::Issuer;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Proxies are taken from the variables of the process, so this binary also runs as a child with its own.
const CHILD_PULLS: &str = "SEAWALL_TEST_PULLS";
const CHILD_TRUSTS: &str = "SEAWALL_TEST_TRUSTS";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The user `tester` with the password `secret`, as `htpasswd -B` writes it.
const HTPASSWD: &str = "tester:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";
/// `tester:secret` and `tester:wrong` in Base64.
const RIGHT: &str = "dGVzdGVyOnNlY3JldA==";
const WRONG: &str = "dGVzdGVyOndyb25n";

fn main() -> ExitCode {
    if let (Ok(name), Ok(ca)) = (std::env::var(CHILD_PULLS), std::env::var(CHILD_TRUSTS)) {
        println!("{}", pull_as_child(&name, Path::new(&ca)));
        return ExitCode::SUCCESS;
    }
    let mut suite = Suite::new("registry");
    let Some(program_path) = program("docker-registry") else {
        suite.skip("docker-registry is not installed");
        return suite.finish();
    };
    let directory = tempfile::tempdir().unwrap();
    let image = Pushed::new();
    let place = Place { program: program_path, home: directory.path() };
    open_registry(&mut suite, &place, &image);
    registry_with_password(&mut suite, &place, &image);
    match program("openssl") {
        Some(openssl) => {
            registry_with_tokens(&mut suite, &place, &image, &openssl);
            registry_with_tls(&mut suite, &place, &image, &openssl);
        }
        None => suite.skip("openssl is not installed, so there are no certificates for tokens and TLS"),
    }
    suite.finish()
}

fn open_registry(suite: &mut Suite, place: &Place<'_>, image: &Pushed) {
    let (_server, port) = place.start("open", "127.0.0.1", "");
    image.push(&format!("http://127.0.0.1:{port}"), &plain_client(), |request| request);
    let host = format!("127.0.0.1:{port}");
    suite.run("an image is pulled by tag, index and digest", || {
        image.check(&host, settings());
        image.check(&format!("localhost:{port}"), settings());
    });
    suite.run("blobs are pulled by several threads at once", || parallel(&host, image));
    suite.run("what is missing is told", || missing(&host));
    suite.run("a damaged layer is refused", || {
        let blob = stored(place, "open", &image.image.layers[0]);
        support::damaged_layer_is_refused(&blob, place.home, |cache| {
            let registry = Registry::new(settings()).unwrap();
            let repository = registry.repository(&reference(&host, "team/app:whole")).unwrap();
            let root = repository.resolve().unwrap();
            support::scan(repository, root, Some(cache))
        });
    });
    suite.run("a connection that breaks again and again does not break the download", || {
        let cutter = Cutter::start(port, 200_000);
        assert_eq!(pull_large(&cutter.host, image), image.large);
        assert!(cutter.connections.load(Ordering::Relaxed) > 10, "it was cut");
    });
}

/// Where a registry keeps a blob.
fn stored(place: &Place<'_>, name: &str, blob: &[u8]) -> PathBuf {
    let digest: Digest = sha256(blob).parse().unwrap();
    let hex = digest.hex();
    place.home.join(format!("{name}/docker/registry/v2/blobs/sha256/{}/{hex}/data", &hex[..2]))
}

fn registry_with_tokens(suite: &mut Suite, place: &Place<'_>, image: &Pushed, openssl: &Path) {
    let issuer = Issuer::new(openssl, place.home);
    let token_server = issuer.serve(RIGHT);
    // Blobs come from another server, as they do from the storage of a cloud.
    let root = place.home.join("tokens");
    let storage = Fake::start(move |asked| {
        let file = root.join(asked.path.trim_start_matches('/'));
        std::fs::read(file).map_or_else(|_| Reply::new(404, ""), Reply::ok)
    });
    let auth = issuer.auth_section(&token_server);
    let redirect = format!(
        "middleware:\n  storage:\n    - name: redirect\n      options: {{baseurl: 'http://{}/'}}\n",
        storage.host
    );
    let (server, port) = place.start("tokens", "127.0.0.1", &auth);
    let host = format!("127.0.0.1:{port}");
    image.push(&format!("http://{host}"), &plain_client(), |request| {
        request.bearer_auth(issuer.mint("team/app", &["pull", "push"]))
    });
    let trusted = |host: &str| Settings { credentials: credentials(place.home, host, RIGHT), ..settings() };
    suite.run("a token that grants nothing is refused, and a wrong password gets none", || {
        let wrong = Settings { credentials: credentials(place.home, &host, WRONG), ..settings() };
        let start = format!("{host} refuses access to team/app: ");
        let end = format!("; try `docker login {host}`");
        assert_eq!(failure(&host, settings()), format!("{start}it does not exist, or needs a login{end}"));
        assert_eq!(failure(&host, wrong), format!("{start}the stored credentials are not accepted{end}"));
    });
    suite.run("one token is fetched with the password, and serves for all of an image", || {
        let before = token_server.log().len();
        image.check(&host, trusted(&host));
        let asked = token_server.log().split_off(before);
        let query = "service=test-registry&scope=repository%3Ateam%2Fapp%3Apull&account=tester";
        assert_eq!(asked, [format!("GET /token?{query} as Basic {RIGHT}")]);
    });
    suite.run("a token that ends between two layers is fetched anew", || {
        issuer.set_life(2);
        let registry = Registry::new(trusted(&host)).unwrap();
        let repository = registry.repository(&reference(&host, "team/app:1")).unwrap();
        repository.resolve().unwrap();
        assert_eq!(read(&repository, &image.image.layers[0]), image.image.layers[0]);
        let before = token_server.log().len();
        std::thread::sleep(Duration::from_secs(4));
        assert_eq!(read(&repository, &image.image.layers[1]), image.image.layers[1]);
        assert_eq!(token_server.log().len(), before + 1);
    });
    suite.run("a token that ends half way through a broken download is fetched anew", || {
        issuer.set_life(2);
        let cutter = Cutter::start(port, 2_000_000);
        let registry = Registry::new(trusted(&cutter.host)).unwrap();
        let repository = registry.repository(&reference(&cutter.host, "team/app:1")).unwrap();
        let digest = sha256(&image.large).parse().unwrap();
        let mut stream = repository.open(&digest, Some(image.large.len() as u64)).unwrap();
        let mut bytes = vec![0; 300_000];
        stream.read_exact(&mut bytes).unwrap();
        let before = token_server.log().len();
        std::thread::sleep(Duration::from_secs(4));
        stream.read_to_end(&mut bytes).unwrap();
        assert!(bytes == image.large, "the blob is whole");
        assert!(token_server.log().len() > before, "a new token was needed");
    });
    drop(server);
    issuer.set_life(60);
    let (_server, port) = place.start("tokens", "127.0.0.1", &(auth + &redirect));
    suite.run("neither token nor password goes to another host", || {
        let host = format!("127.0.0.1:{port}");
        image.check(&host, trusted(&host));
        let asked = storage.log();
        assert!(asked.len() >= 3, "blobs come from the storage: {asked:?}");
        assert!(asked.iter().all(|line| !line.contains(" as ")), "{asked:?}");
        assert!(token_server.log().iter().all(|line| !line.contains("Bearer")));
    });
}

fn registry_with_password(suite: &mut Suite, place: &Place<'_>, image: &Pushed) {
    let passwords = place.home.join("htpasswd");
    std::fs::write(&passwords, HTPASSWD).unwrap();
    let auth = format!("auth:\n  htpasswd:\n    realm: test\n    path: {}\n", passwords.display());
    let (_server, port) = place.start("password", "127.0.0.1", &auth);
    let host = format!("127.0.0.1:{port}");
    image.push(&format!("http://{host}"), &plain_client(), |request| {
        request.basic_auth("tester", Some("secret"))
    });
    suite.run("a password is shown to a registry that wants one", || {
        image.check(&host, Settings { credentials: credentials(place.home, &host, RIGHT), ..settings() });
    });
    suite.run("without a password, or with a wrong one, the error names the remedy", || {
        let wrong = Settings { credentials: credentials(place.home, &host, WRONG), ..settings() };
        let start = format!("{host} refuses access to team/app: ");
        let end = format!("; try `docker login {host}`");
        assert_eq!(failure(&host, settings()), format!("{start}it does not exist, or needs a login{end}"));
        assert_eq!(failure(&host, wrong), format!("{start}the stored credentials are not accepted{end}"));
    });
}

fn registry_with_tls(suite: &mut Suite, place: &Place<'_>, image: &Pushed, openssl: &Path) {
    let ca = make_certificates(openssl, place.home);
    let tls = format!(
        "  tls:\n    certificate: {home}/cert.pem\n    key: {home}/key.pem\n",
        home = place.home.display()
    );
    let (server, port) = place.start("tls", "127.0.0.1", &tls);
    let client = Client::builder()
        .tls_certs_only(reqwest::Certificate::from_pem_bundle(&ca).unwrap())
        .no_proxy()
        .build()
        .unwrap();
    image.push(&format!("https://127.0.0.1:{port}"), &client, |request| request);
    let trusting = || Settings { ca_certificates: ca.clone(), ..settings() };
    suite.run("a registry of one's own authority is trusted with --ca-cert", || {
        image.check(&format!("127.0.0.1:{port}"), trusting());
    });
    suite.run("an unknown authority is refused, even where plain HTTP were allowed", || {
        let host = format!("127.0.0.1:{port}");
        let expected = format!(
            "the certificate of {host} is of an unknown issuer; if it is your own, give it with --ca-cert FILE"
        );
        assert_eq!(failure(&host, settings()), expected);
        assert_eq!(failure(&host, Settings { dangerous_plain_http: true, ..settings() }), expected);
    });
    suite.run("a certificate for another name is refused", || {
        let host = format!("localhost:{port}");
        assert_eq!(failure(&host, trusting()), format!("the certificate of {host} is not valid"));
    });
    suite.run("a registry is reached through a proxy, where the variables say so", || {
        let proxy = Proxy::start(port);
        let ca = place.home.join("ca.pem");
        let pull = |no_proxy: &str| pull_in_child("registry.test/team/app:1", &ca, &proxy.host, no_proxy);
        assert_eq!(pull(""), sha256(image.index.as_bytes()));
        assert_eq!(proxy.asked.lock().unwrap().as_slice(), ["CONNECT registry.test:443 HTTP/1.1"]);
        let direct = pull("registry.test");
        assert!(direct.starts_with("can't reach registry registry.test"), "{direct}");
        assert_eq!(proxy.asked.lock().unwrap().len(), 1);
        // A registry on this machine is never asked for through a proxy.
        let local = pull_in_child(&format!("127.0.0.1:{port}/team/app:1"), &ca, &proxy.host, "");
        assert_eq!(local, sha256(image.index.as_bytes()));
        assert_eq!(proxy.asked.lock().unwrap().len(), 1);
    });
    drop(server);
    match own_address() {
        Some(address) => plain_elsewhere(suite, place, image, &address),
        None => suite.skip("there is no address but loopback to try plain HTTP on"),
    }
}

fn plain_elsewhere(suite: &mut Suite, place: &Place<'_>, image: &Pushed, address: &str) {
    let (_server, port) = place.start("plain", "0.0.0.0", "");
    image.push(&format!("http://127.0.0.1:{port}"), &plain_client(), |request| request);
    suite.run("plain HTTP beyond loopback needs the dangerous setting", || {
        let host = format!("{address}:{port}");
        let expected = format!(
            "{host} does not answer with TLS; if it is meant to speak plain HTTP, give --dangerous-plain-http"
        );
        assert_eq!(failure(&host, settings()), expected);
        image.check(&host, Settings { dangerous_plain_http: true, ..settings() });
    });
}

fn plain_client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

fn settings() -> Settings {
    let backoff = Backoff { tries: 3, first: Duration::from_millis(5), longest: Duration::from_secs(1) };
    Settings { backoff, ..Settings::default() }
}

fn credentials(home: &Path, host: &str, auth: &str) -> CredentialStore {
    let path = home.join(format!("{auth}.json"));
    std::fs::write(&path, format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#)).unwrap();
    CredentialStore::from_files(&[path]).unwrap()
}

fn reference(host: &str, rest: &str) -> Reference {
    format!("{host}/{rest}").parse().unwrap()
}

fn failure(host: &str, settings: Settings) -> String {
    let registry = Registry::new(settings).unwrap();
    let repository = registry.repository(&reference(host, "team/app:1")).unwrap();
    repository.resolve().unwrap_err().to_string()
}

fn parallel(host: &str, image: &Pushed) {
    let registry = Registry::new(settings()).unwrap();
    let repository = registry.repository(&reference(host, "team/app:1")).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(read(&repository, &image.large) == image.large));
        }
    });
}

fn missing(host: &str) {
    let registry = Registry::new(settings()).unwrap();
    let error = registry.repository(&reference(host, "team/app:2")).unwrap().resolve().unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.to_string(), format!("{host} has no manifest team/app:2: manifest unknown"));
    let repository = registry.repository(&reference(host, "team/app:1")).unwrap();
    let nothing = Digest::from_sha256([7; 32]);
    assert!(matches!(repository.open(&nothing, None), Err(BlobError::NotFound(_))));
}

fn pull_large(host: &str, image: &Pushed) -> Vec<u8> {
    let registry = Registry::new(settings()).unwrap();
    read(&registry.repository(&reference(host, "team/app:1")).unwrap(), &image.large)
}

fn read(source: &dyn BlobSource, blob: &[u8]) -> Vec<u8> {
    let digest = sha256(blob).parse().unwrap();
    let mut bytes = Vec::new();
    source.open(&digest, Some(blob.len() as u64)).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// Where registries are run.
struct Place<'a> {
    program: PathBuf,
    home: &'a Path,
}

impl Place<'_> {
    /// `more` goes to the end of the configuration, where the section `http` is open.
    fn start(&self, name: &str, address: &str, more: &str) -> (Server, u16) {
        let port = free_port();
        let root = self.home.join(name);
        let config = self.home.join(format!("{name}.yml"));
        let text = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\n\
             http:\n  addr: {address}:{port}\n{more}",
            root.display()
        );
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(&self.program);
        command.arg("serve").arg(&config).env("OTEL_TRACES_EXPORTER", "none");
        let server = Server::start(&mut command, &self.home.join(format!("{name}.log")));
        wait_for_port(port);
        (server, port)
    }
}

/// The image that is pushed: an index of one manifest, whose layers are those of the image and eight megabytes
/// that are none; and a manifest of the image alone.
struct Pushed {
    image: Image,
    large: Vec<u8>,
    manifest: String,
    index: String,
    whole: String,
}

impl Pushed {
    fn new() -> Self {
        let image = Image::new();
        let large: Vec<u8> =
            (0..8_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let descriptor = |media_type: &str, bytes: &[u8]| {
            format!(r#"{{"mediaType":"{media_type}","digest":"{}","size":{}}}"#, sha256(bytes), bytes.len())
        };
        let layer = "application/vnd.oci.image.layer.v1.tar";
        let layers = [&image.layers[0], &image.layers[1], &large].map(|bytes| descriptor(layer, bytes));
        let config = descriptor("application/vnd.oci.image.config.v1+json", &image.config);
        let manifest_of = |layers: &[String]| {
            let layers = layers.join(",");
            format!(r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{config},"layers":[{layers}]}}"#)
        };
        let (manifest, whole) = (manifest_of(&layers), manifest_of(&layers[..2]));
        let index = format!(
            r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{}]}}"#,
            descriptor(MANIFEST, manifest.as_bytes())
        );
        Self { image, large, manifest, index, whole }
    }

    fn push(&self, url: &str, client: &Client, auth: impl Fn(RequestBuilder) -> RequestBuilder) {
        let repository = format!("{url}/v2/team/app");
        for blob in [&self.image.config, &self.image.layers[0], &self.image.layers[1], &self.large] {
            let started = auth(client.post(format!("{repository}/blobs/uploads/"))).send().unwrap();
            let location = started.headers()["location"].to_str().unwrap();
            let upload = auth(client.put(format!("{location}&digest={}", sha256(blob)))).body(blob.clone());
            assert_eq!(upload.send().unwrap().status(), 201);
        }
        let manifest = sha256(self.manifest.as_bytes());
        for (name, media_type, text) in [
            (manifest.as_str(), MANIFEST, &self.manifest),
            ("1", INDEX, &self.index),
            ("whole", MANIFEST, &self.whole),
        ] {
            let request = client.put(format!("{repository}/manifests/{name}"));
            let request = auth(request).header("content-type", media_type).body(text.clone());
            assert_eq!(request.send().unwrap().status(), 201);
        }
    }

    /// Pulls everything and compares.
    fn check(&self, host: &str, settings: Settings) {
        let registry = Registry::new(settings).unwrap();
        let repository = registry.repository(&reference(host, "team/app:1")).unwrap();
        let index = repository.resolve().unwrap();
        assert_eq!(index.bytes, self.index.as_bytes());
        assert_eq!(index.media_type.as_deref(), Some(INDEX));
        let digest: Digest = sha256(self.manifest.as_bytes()).parse().unwrap();
        let manifest = repository.fetch_manifest(&digest, Some(self.manifest.len() as u64)).unwrap();
        assert_eq!(manifest.bytes, self.manifest.as_bytes());
        assert_eq!(manifest.media_type.as_deref(), Some(MANIFEST));
        for blob in [&self.image.config, &self.image.layers[0], &self.image.layers[1]] {
            assert_eq!(read(&repository, blob), *blob);
        }
        let by_digest = registry.repository(&reference(host, &format!("team/app@{digest}"))).unwrap();
        assert_eq!(by_digest.resolve().unwrap().digest, digest);
    }
}

/// An authority, and a certificate of it for 127.0.0.1 and registry.test. Gives the authority's own certificate.
fn make_certificates(openssl: &Path, home: &Path) -> Vec<u8> {
    let openssl = |arguments: &str| {
        output(Command::new(openssl).current_dir(home).args(arguments.split(' ')));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=test-authority -days 2"));
    openssl(&format!("req {key} -keyout key.pem -out request.pem -subj /CN=test-registry"));
    std::fs::write(home.join("extensions"), "subjectAltName=IP:127.0.0.1,DNS:registry.test\n").unwrap();
    openssl(
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out cert.pem",
    );
    std::fs::read(home.join("ca.pem")).unwrap()
}

/// An address of this machine that others could reach it by.
fn own_address() -> Option<String> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    // Nothing is sent: this only chooses a route.
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then(|| address.to_string())
}

fn pull_in_child(name: &str, ca: &Path, proxy: &str, no_proxy: &str) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env_clear().env(CHILD_PULLS, name).env(CHILD_TRUSTS, ca);
    command.env("HTTPS_PROXY", format!("http://{proxy}")).env("NO_PROXY", no_proxy);
    String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
}

/// The digest of an image's manifest, or the error.
fn pull_as_child(name: &str, ca: &Path) -> String {
    let registry =
        Registry::new(Settings { ca_certificates: std::fs::read(ca).unwrap(), ..settings() }).unwrap();
    let repository = registry.repository(&name.parse().unwrap()).unwrap();
    repository.resolve().map_or_else(|error| error.to_string(), |manifest| manifest.digest.to_string())
}

/// A proxy that connects to one port, whatever host it is asked for.
struct Proxy {
    host: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                log.lock().unwrap().push(read_head(&client));
                (&client).write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                std::thread::spawn(move || pass_on(client, port, u64::MAX));
            }
        });
        Self { host, asked }
    }
}

/// Reads a request's head byte by byte, so that nothing behind it is taken, and gives its first line.
fn read_head(stream: &TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && (&mut &*stream).read_exact(&mut byte).is_ok() {
        head.extend(byte);
    }
    String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned()
}

/// Passes connections on to a port, and cuts each off after so many bytes of the answer.
struct Cutter {
    host: String,
    connections: Arc<AtomicUsize>,
}

impl Cutter {
    fn start(port: u16, bytes: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                std::thread::spawn(move || pass_on(client, port, bytes));
            }
        });
        Self { host, connections }
    }
}

fn pass_on(client: TcpStream, port: u16, limit: u64) -> std::io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", port))?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
    let mut to_client = &client;
    std::io::copy(&mut server.try_clone()?.take(limit), &mut to_client)?;
    to_client.flush()?;
    let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    Ok(())
}
