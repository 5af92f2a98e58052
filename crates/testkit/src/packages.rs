//! Package databases and artefacts of packages, as package managers leave them on a disk.
//!
//! Each function gives the content of one file, or its path and its content.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use serde_json::json;

/// A path and what is there.
pub type File = (String, Vec<u8>);

/// `etc/os-release`.
pub fn os_release(id: &str, version: &str) -> String {
    format!("ID={id}\nVERSION_ID=\"{version}\"\nPRETTY_NAME=\"{id} {version}\"\n")
}

/// A binary package of Debian: name, version, and its source with the version where that is another.
pub type Deb<'a> = (&'a str, &'a str, Option<(&'a str, &'a str)>);

/// `var/lib/dpkg/status`.
pub fn dpkg_status(packages: &[Deb<'_>]) -> String {
    let mut text = String::new();
    for (name, version, source) in packages {
        let _ = write!(text, "Package: {name}\nStatus: install ok installed\nPriority: optional\n");
        let _ = write!(text, "Maintainer: Debian Maintainers <team@debian.org>\nArchitecture: amd64\n");
        if let Some((source, version)) = source {
            let _ = writeln!(text, "Source: {source} ({version})");
        }
        let _ = write!(text, "Version: {version}\nDescription: a package\n of more lines\n\n");
    }
    text
}

/// `lib/apk/db/installed`, of packages as name, version and origin.
pub fn apk_installed(packages: &[(&str, &str, &str)]) -> String {
    let mut text = String::new();
    for (name, version, origin) in packages {
        let _ = write!(text, "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:{name}\nV:{version}\nA:x86_64\n");
        let _ = write!(text, "T:a package\nL:MIT\no:{origin}\nF:usr/lib/{name}\nR:file\n\n");
    }
    text
}

/// A package that npm installed below a folder.
pub fn npm(folder: &str, name: &str, version: &str) -> File {
    let text = json!({"name": name, "version": version, "license": "MIT"}).to_string();
    (format!("{folder}/node_modules/{name}/package.json"), text.into_bytes())
}

/// A distribution that pip installed below a folder for packages.
pub fn dist_info(site_packages: &str, name: &str, version: &str) -> File {
    let path = format!("{site_packages}/{}-{version}.dist-info/METADATA", name.replace('-', "_"));
    (path, format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText.\n").into_bytes())
}

/// The specification of an installed gem below a folder of gems.
pub fn gemspec(gems: &str, name: &str, version: &str) -> File {
    let text = format!(
        "# -*- encoding: utf-8 -*-\n\nGem::Specification.new do |s|\n  s.name = \"{name}\".freeze\n  \
         s.version = \"{version}\"\n  s.licenses = [\"MIT\".freeze]\nend\n"
    );
    (format!("{gems}/specifications/{name}-{version}.gemspec"), text.into_bytes())
}

/// A jar that Maven built.
pub fn jar(group: &str, artifact: &str, version: &str) -> Vec<u8> {
    let properties = format!("version={version}\ngroupId={group}\nartifactId={artifact}\n");
    zip(&[
        ("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\n\r\n"),
        (&format!("META-INF/maven/{group}/{artifact}/pom.properties"), properties.as_bytes()),
    ])
}

/// `go.mod`, of modules with their versions.
pub fn go_mod(modules: &[(&str, &str)]) -> String {
    let mut text = "module example.org/app\n\ngo 1.21\n\nrequire (\n".to_owned();
    for (path, version) in modules {
        let _ = writeln!(text, "\t{path} {version}");
    }
    text + ")\n"
}

/// `Cargo.lock`, of crates with their versions.
pub fn cargo_lock(crates: &[(&str, &str)]) -> String {
    let mut text = "version = 3\n".to_owned();
    for (name, version) in crates {
        let _ = write!(text, "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
        text.push_str("source = \"registry+https://github.com/rust-lang/crates.io-index\"\n");
    }
    text
}

/// A zip archive.
pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
