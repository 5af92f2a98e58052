//! One image that Docker built, scanned everywhere it can lie: in the daemon, as `docker save`'s archive, as an
//! OCI layout, in a registry, and as an exported root file system. All must tell the same.
//!
//! It needs a Docker daemon, skopeo and Debian's docker-registry, and says why where it is skipped;
//! `SEAWALL_REQUIRE=docker` or `registry` turns that into a failure.
#![expect(clippy::unwrap_used, reason = "what panics here is a failed test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use seawall_testkit::Suite;
use seawall_testkit::process::{Server, free_port, wait_for_port};
use seawall_testkit::suite::{Skip, needs};
use serde_json::Value;

const NAME: &str = "seawall-test/everywhere:1";
const BASE: &str = "seawall-test/everywhere-base:1";

fn main() -> ExitCode {
    let mut suite = Suite::new("everywhere");
    suite.run("the same image everywhere tells the same", || {
        for (need, program) in [("docker", "docker"), ("registry", "skopeo"), ("registry", "docker-registry")]
        {
            needs(need, program)?;
        }
        run("docker", &["version"]).map_err(|why| Skip { need: "docker", why })?;
        let outcome = std::panic::catch_unwind(the_same_image_everywhere_tells_the_same);
        let _ = run("docker", &["image", "rm", "-f", NAME, BASE]);
        outcome.map_err(|panic| std::panic::resume_unwind(panic))
    });
    suite.finish()
}

/// Runs a program; its complaint where it fails.
fn run(program: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(program);
    let output = command.args(arguments).stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(complaint.lines().last().unwrap_or("it failed").to_owned())
}

fn the_same_image_everywhere_tells_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let work = dir.path();
    build(work);
    advisories(work);
    let archive = work.join("image.tar").display().to_string();
    run("docker", &["save", NAME, "-o", &archive]).unwrap();
    let layout = work.join("layout").display().to_string();
    let layout_name = format!("oci:{layout}:1");
    run("skopeo", &["copy", "--quiet", &format!("docker-archive:{archive}"), &layout_name]).unwrap();
    let (_registry, port) = start_registry(work);
    let pushed = format!("127.0.0.1:{port}/everywhere:1");
    let to = format!("docker://{pushed}");
    run("skopeo", &["copy", "--quiet", "--dest-tls-verify=false", &layout_name, &to]).unwrap();
    export(work);

    let first = scan(work, &format!("docker:{NAME}"));
    assert_eq!((first.0.len(), first.1.len()), (4, 2), "{first:?}");
    for target in [
        archive.clone(),
        format!("docker-archive:{archive}:{NAME}"),
        format!("oci-layout:{layout}:1"),
        layout,
        format!("registry:{pushed}"),
        pushed.clone(),
        format!("rootfs:{}", work.join("root").display()),
        // The second time its layers come from the cache.
        format!("docker:{NAME}"),
    ] {
        assert_eq!(scan(work, &target), first, "{target}");
    }
}

/// A base with a package database, and layers that add to it and rewrite it.
fn build(work: &Path) {
    let context = work.join("context");
    fs::create_dir_all(context.join("app/node_modules/tide-table")).unwrap();
    let package = r#"{"name":"tide-table","version":"1.3.0"}"#;
    fs::write(context.join("app/node_modules/tide-table/package.json"), package).unwrap();
    fs::write(context.join("status"), status(&["harbour-tls", "lantern"])).unwrap();
    let dockerfile = format!("FROM {BASE}\nCOPY app /app\nCOPY status /var/lib/dpkg/status\n");
    fs::write(context.join("Dockerfile"), dockerfile).unwrap();
    let base = work.join("base.tar");
    let mut builder = tar::Builder::new(fs::File::create(&base).unwrap());
    for (name, text) in [
        ("usr/lib/os-release", "ID=debian\nVERSION_ID=\"12\"\n".to_owned()),
        ("var/lib/dpkg/status", status(&["harbour-tls", "gone"])),
        (
            "usr/lib/python3/dist-packages/buoy-2.0.dist-info/METADATA",
            "Name: buoy\nVersion: 2.0\n".to_owned(),
        ),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(text.len() as u64);
        builder.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    builder.append_link(&mut link, "etc/os-release", "../usr/lib/os-release").unwrap();
    builder.finish().unwrap();
    run("docker", &["import", base.to_str().unwrap(), BASE]).unwrap();
    run("docker", &["build", "--quiet", "--tag", NAME, context.to_str().unwrap()]).unwrap();
}

fn status(names: &[&str]) -> String {
    use std::fmt::Write;
    names.iter().fold(String::new(), |mut text, name| {
        let rest = "Status: install ok installed\nArchitecture: amd64\nVersion: 1.0-1\n\n";
        write!(text, "Package: {name}\n{rest}").unwrap();
        text
    })
}

/// A mirror of two feeds, and the database made of it.
fn advisories(work: &Path) {
    let feeds = [("Debian", "Debian:12", "harbour-tls", "ECOSYSTEM"), ("npm", "npm", "tide-table", "SEMVER")];
    for (feed, ecosystem, name, kind) in feeds {
        let record = serde_json::json!({
            "id": format!("TEST-{name}"), "modified": "2026-01-01T00:00:00Z", "summary": "a test",
            "affected": [{
                "package": {"ecosystem": ecosystem, "name": name},
                "ranges": [{"type": kind, "events": [{"introduced": "0"}, {"fixed": "9.0.0"}]}],
            }],
        });
        let folder = work.join("mirror").join(feed);
        fs::create_dir_all(&folder).unwrap();
        let mut zip = zip::ZipWriter::new(fs::File::create(folder.join("all.zip")).unwrap());
        zip.start_file("TEST.json", zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, record.to_string().as_bytes()).unwrap();
        zip.finish().unwrap();
    }
    let output = seawall(work).args(["db", "update", "--from"]).arg(work.join("mirror")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn export(work: &Path) {
    let container = run("docker", &["create", NAME, "nothing"]).unwrap();
    let root = work.join("root");
    fs::create_dir(&root).unwrap();
    let tar = work.join("root.tar");
    run("docker", &["export", container.trim(), "-o", tar.to_str().unwrap()]).unwrap();
    run("docker", &["rm", container.trim()]).unwrap();
    run("tar", &["-C", root.to_str().unwrap(), "--exclude=dev", "-xf", tar.to_str().unwrap()]).unwrap();
}

fn seawall(work: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seawall"));
    command
        .env("SEAWALL_DB", work.join("advisories.db"))
        .env("SEAWALL_CACHE_DIR", work.join("cache"))
        .current_dir(work)
        .stdin(Stdio::null());
    command
}

/// Packages with their places, and findings: what must be the same whatever the image is read from.
fn scan(work: &Path, target: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let output = seawall(work).args(["scan", target, "--format", "json"]).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{target} gave no report: {error}: {complaint}"));
    let list = |name: &str| report[name].as_array().unwrap().clone();
    let paths = |package: &Value| {
        let places = package["places"].as_array().unwrap();
        places.iter().map(|place| place["path"].to_string()).collect::<Vec<_>>().join(" ")
    };
    let packages = list("packages");
    let packages = packages.iter().map(|package| format!("{} {}", package["purl"], paths(package)));
    let findings = list("findings");
    let findings = findings.iter().map(|finding| format!("{} {}", finding["id"], finding["purl"]));
    (packages.collect(), findings.collect())
}

/// Debian's registry on a free port, until what is given back is dropped.
fn start_registry(work: &Path) -> (Server, u16) {
    let port = free_port();
    let config = work.join("registry.yml");
    let storage = work.join("registry");
    let text = format!(
        "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n",
        storage.display()
    );
    fs::write(&config, text).unwrap();
    let mut command = Command::new("docker-registry");
    let server = Server::start(command.arg("serve").arg(&config), &work.join("registry.log"));
    wait_for_port(port);
    (server, port)
}
