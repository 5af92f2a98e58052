//! A folder with an advisory database, a cache of its own, and a way to run the binary in it.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use seawall_testkit::{Compression, Files, Image, Layer, osv, packages, write_files};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const HIGH: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N";
const LOW: &str = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N";

/// One vulnerability of each kind that matters to a report.
fn records() -> Vec<Value> {
    let rated = |mut record: Value, vector: &str| {
        record["severity"] = json!([{"type": "CVSS_V3", "score": vector}]);
        record
    };
    let mut openssl = osv::record("TEST-2026-0001", "Debian:12", "openssl", Some("3.0.2-1"));
    openssl["aliases"] = json!(["CVE-2026-0001"]);
    vec![
        rated(openssl, CRITICAL),
        rated(osv::record("CVE-2026-0002", "Debian:12", "zlib", None), LOW),
        rated(osv::record("CVE-2026-0003", "npm", "left-thing", Some("2.0.0")), HIGH),
        osv::record("CVE-2026-0004", "PyPI", "py-thing", Some("1.5")),
        rated(osv::record("CVE-2026-0005", "Alpine:v3.20", "busybox", Some("1.36.1-r29")), HIGH),
        rated(osv::record("CVE-2026-0006", "AlmaLinux:9", "bash", Some("5.1.9-1.el9")), HIGH),
        rated(osv::record("CVE-2026-0007", "Go", "example.org/module", Some("1.2.0")), HIGH),
        rated(osv::record("CVE-2026-0008", "crates.io", "crate-thing", Some("0.3.0")), HIGH),
        rated(osv::record("CVE-2026-0009", "Maven", "org.example:jar-thing", Some("4.1")), HIGH),
        rated(osv::record("CVE-2026-0010", "RubyGems", "gem-thing", Some("2.2.3")), HIGH),
    ]
}

pub(crate) struct Lab {
    folder: TempDir,
}

/// How a run ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let lab = Self { folder: tempfile::tempdir().unwrap() };
        write_files(&lab.path("mirror"), &osv::mirror(&records()));
        let run = lab.run(&["db", "update", "--from", "mirror", "--db", "advisories.db"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        lab
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// Writes an OCI layout and gives the target that names it.
    pub(crate) fn layout(&self, files: &Files) -> String {
        write_files(&self.path("layout"), files);
        "oci-layout:layout".to_owned()
    }

    /// The binary, with nothing of this machine's settings.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with_input(arguments, Vec::new())
    }

    fn run_with_input(&self, arguments: &[&str], input: Vec<u8>) -> Run {
        let mut command = Command::cargo_bin("seawall").unwrap();
        for variable in ["SEAWALL_DB", "SEAWALL_CONFIG", "SOURCE_DATE_EPOCH", "GITHUB_SHA", "GITHUB_REF"] {
            command.env_remove(variable);
        }
        let output = command
            .current_dir(self.folder.path())
            .env("SEAWALL_CACHE_DIR", self.path("cache"))
            .args(arguments)
            .write_stdin(input)
            .output()
            .unwrap();
        Run {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// A scan at a fixed time.
    pub(crate) fn scan(&self, target: &str, flags: &[&str]) -> Run {
        self.scan_input(target, Vec::new(), flags)
    }

    /// A scan that gets bytes on its standard input.
    pub(crate) fn scan_input(&self, target: &str, input: Vec<u8>, flags: &[&str]) -> Run {
        let mut arguments = vec!["scan", target, "--db", "advisories.db", "--now", "2026-06-01"];
        arguments.extend(flags);
        self.run_with_input(&arguments, input)
    }

    /// A scan of an image for `linux/amd64` that gives the report, whatever the exit code is.
    pub(crate) fn report(&self, target: &str, flags: &[&str]) -> Value {
        let flags = [&["--format", "json", "--platform", "linux/amd64"], flags].concat();
        self.scan(target, &flags).report()
    }

    /// Scans the image of these layers.
    pub(crate) fn report_of(&self, layers: impl IntoIterator<Item = Layer>) -> Value {
        self.report(&self.docker_archive(&Image::new(layers)), &[])
    }

    /// Writes an archive of Docker and gives the target that names it.
    pub(crate) fn docker_archive(&self, image: &Image) -> String {
        self.write("image.tar", image.docker_archive(seawall_testkit::DockerForm::Blobs, "app:1"));
        "docker-archive:image.tar".to_owned()
    }
}

impl Run {
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.stdout, self.stderr))
    }
}

/// The base of Debian 12, with an `openssl` and a `zlib` that have faults.
pub(crate) fn debian() -> Layer {
    let status = packages::dpkg_status(&[
        ("libssl3", "3.0.1-1+b2", Some(("openssl", "3.0.1-1"))),
        ("zlib1g", "1:1.2.13", Some(("zlib", "1:1.2.13"))),
        ("bash", "5.2.15-2", None),
    ]);
    Layer::new("ADD rootfs.tar /")
        .file("etc/os-release", packages::os_release("debian", "12"))
        .file("var/lib/dpkg/status", status)
}

pub(crate) fn with_npm() -> Layer {
    let (path, content) = packages::npm("srv/app", "left-thing", "1.0.0");
    Layer::new("COPY app /srv/app").file(&path, content)
}

pub(crate) fn with_python() -> Layer {
    let (path, content) = packages::dist_info("usr/local/lib/python3.12/site-packages", "py-thing", "1.4");
    Layer::new("RUN pip install py-thing").file(&path, content)
}

/// Three layers, compressed in three ways; a vulnerability of each severity.
pub(crate) fn application() -> Image {
    Image::new([
        debian(),
        with_npm().compressed(Compression::Gzip),
        with_python().compressed(Compression::Zstd),
    ])
}

/// The vulnerabilities of open findings, sorted.
pub(crate) fn open(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap().iter();
    let open = findings.filter(|finding| finding["suppression"].is_null());
    let mut names: Vec<&str> = open.map(|finding| finding["vulnerability"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

/// `name version` of each package, sorted.
pub(crate) fn packages_of(report: &Value) -> Vec<String> {
    let packages = report["packages"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut lines: Vec<String> =
        packages.map(|package| format!("{} {}", text(&package["name"]), text(&package["version"]))).collect();
    lines.sort();
    lines
}

/// `kind layer path: message` of each problem.
pub(crate) fn problems(report: &Value) -> Vec<String> {
    let problems = report["coverage"]["problems"].as_array().unwrap().iter();
    let line = |problem: &Value| {
        let word = |key: &str| problem[key].as_str().unwrap_or("-").to_owned();
        format!("{} {} {}: {}", word("kind"), problem["layer"], word("path"), word("message"))
    };
    problems.map(line).collect()
}

/// The path of a layer's blob in a layout.
pub(crate) fn blob_of(report: &Value, layer: usize) -> String {
    format!("blobs/{}", report["layers"][layer]["digest"].as_str().unwrap().replace(':', "/"))
}

pub(crate) fn remove(path: &Path) {
    std::fs::remove_file(path).unwrap();
}
