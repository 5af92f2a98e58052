//! What the test binaries share: counting and skipping, programs as children, and a small image.
//!
//! Each binary uses a part of it.
#![allow(dead_code, reason = "each test binary compiles this for itself and uses a part")]

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

/// Runs checks one after the other and counts.
pub(crate) struct Suite {
    name: &'static str,
    passed: u32,
    failed: u32,
    skipped: u32,
}

impl Suite {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, passed: 0, failed: 0, skipped: 0 }
    }

    pub(crate) fn run(&mut self, check: &str, body: impl FnOnce()) {
        if catch_unwind(AssertUnwindSafe(body)).is_ok() {
            println!("{}: {check} ... ok", self.name);
            self.passed += 1;
        } else {
            println!("{}: {check} ... FAILED", self.name);
            self.failed += 1;
        }
    }

    /// Notes that something could not be tested; a failure where `SEAWALL_REQUIRE` names it.
    pub(crate) fn skip(&mut self, reason: &str) {
        let required = std::env::var("SEAWALL_REQUIRE").unwrap_or_default();
        if required.split(',').any(|name| name.trim() == self.name) {
            println!("{}: FAILED, required and not possible: {reason}", self.name);
            self.failed += 1;
        } else {
            println!("{}: skipped: {reason}", self.name);
            self.skipped += 1;
        }
    }

    pub(crate) fn finish(self) -> ExitCode {
        println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
        ExitCode::from(u8::from(self.failed > 0))
    }
}

/// Finds an installed program.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let usual = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let mut directories = std::env::split_paths(&path).chain(usual);
    directories.find_map(|directory| Some(directory.join(name)).filter(|path| path.is_file()))
}

/// Runs a program to its end and wants success.
pub(crate) fn run(command: &mut Command) {
    let output = command.output().expect("the program starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
}

/// A server as a child process, ended when dropped.
pub(crate) struct Server(Child);

impl Server {
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let log = std::fs::File::create(log).expect("the log can be written");
        let error = log.try_clone().expect("a file has a second handle");
        Self(command.stdin(Stdio::null()).stdout(log).stderr(error).spawn().expect("the server starts"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked first, so that it can end what it has started itself.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let ended = wait_until(Duration::from_secs(10), || matches!(self.0.try_wait(), Ok(Some(_))));
        if !ended {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

pub(crate) fn wait_until(limit: Duration, mut is_true: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if is_true() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// A port that nobody listens on at the moment.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("there is a port")
        .port()
}

pub(crate) fn wait_for_port(port: u16) {
    let address = format!("127.0.0.1:{port}");
    let open = wait_until(Duration::from_secs(20), || TcpStream::connect(&address).is_ok());
    assert!(open, "nothing listens on {address}");
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    seawall_model::Digest::from_sha256(hash).to_string()
}

/// A tar archive of these files.
pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, *content).expect("memory can be written");
    }
    builder.into_inner().expect("memory can be written")
}

/// Two layers and their configuration.
pub(crate) struct Image {
    pub(crate) config: Vec<u8>,
    pub(crate) layers: [Vec<u8>; 2],
}

impl Image {
    pub(crate) fn new() -> Self {
        let layers =
            [tar(&[("etc/a", b"one"), ("etc/b", b"two")]), tar(&[("etc/.wh.b", b""), ("c", b"three")])];
        let config = format!(
            r#"{{"architecture":"amd64","os":"linux","config":{{}},"rootfs":{{"type":"layers","diff_ids":["{}","{}"]}},
            "history":[{{"created":"2026-01-01T00:00:00Z","created_by":"COPY one"}},
            {{"created":"2026-01-01T00:00:00Z","created_by":"COPY two"}}]}}"#,
            sha256(&layers[0]),
            sha256(&layers[1])
        );
        Self { config: config.into_bytes(), layers }
    }

    pub(crate) fn diff_ids(&self) -> Vec<String> {
        self.layers.iter().map(|layer| sha256(layer)).collect()
    }

    /// The image as `docker load` and its like take it.
    pub(crate) fn archive(&self, name: &str) -> Vec<u8> {
        let list =
            format!(r#"[{{"Config":"config.json","RepoTags":["{name}"],"Layers":["1.tar","2.tar"]}}]"#);
        tar(&[
            ("manifest.json", list.as_bytes()),
            ("config.json", &self.config),
            ("1.tar", &self.layers[0]),
            ("2.tar", &self.layers[1]),
        ])
    }

    pub(crate) fn write_archive(&self, name: &str, path: &Path) {
        let mut file = std::fs::File::create(path).expect("the archive can be written");
        file.write_all(&self.archive(name)).expect("the archive can be written");
    }
}

/// The digests of every file in a tar archive.
pub(crate) fn digests_in(archive: impl std::io::Read) -> Vec<String> {
    let mut archive = tar::Archive::new(archive);
    let entries = archive.entries().expect("an archive");
    entries
        .map(|entry| {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry.expect("an entry"), &mut bytes).expect("its bytes");
            sha256(&bytes)
        })
        .collect()
}
