//! What `script/demo` scans: a feed directory made of the records in `examples/advisories`, and a small image.
//!
//! `demo_image feeds FROM TO` packs `FROM/<Ecosystem>/*.json` into `TO/<Ecosystem>/all.zip`, the layout of the
//! public OSV bucket. `demo_image image FILE` writes an archive as `docker save` does.
#![expect(clippy::unwrap_used, reason = "a demonstration ends where something is wrong")]

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde_json::json;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;

const OS_RELEASE: &str = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n";

const STATUS: &str = "\
Package: harbour-tls\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.11-1~deb12u1\nMaintainer: Demo <demo@example.org>\n
Package: libharbour3\nStatus: install ok installed\nArchitecture: amd64\nSource: harbour-tls\nVersion: 3.0.11-1~deb12u1\nMaintainer: Demo <demo@example.org>\n
Package: lantern\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.2-3\nMaintainer: Demo <demo@example.org>\n
Package: quay\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.4-1\nMaintainer: Demo <demo@example.org>\n";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["feeds", from, to] => feeds(Path::new(from), Path::new(to)),
        ["image", file] => image(Path::new(file)),
        _ => panic!("usage: demo_image feeds FROM TO | demo_image image FILE"),
    }
}

fn feeds(from: &Path, to: &Path) {
    for ecosystem in fs::read_dir(from).unwrap() {
        let ecosystem = ecosystem.unwrap();
        let folder = to.join(ecosystem.file_name());
        fs::create_dir_all(&folder).unwrap();
        let mut zip = zip::ZipWriter::new(File::create(folder.join("all.zip")).unwrap());
        for record in fs::read_dir(ecosystem.path()).unwrap() {
            let record = record.unwrap();
            zip.start_file(record.file_name().to_str().unwrap(), SimpleFileOptions::default()).unwrap();
            zip.write_all(&fs::read(record.path()).unwrap()).unwrap();
        }
        zip.finish().unwrap();
    }
}

fn image(file: &Path) {
    let package_json = br#"{"name":"tide-table","version":"1.3.0","license":"MIT"}"#;
    let metadata = b"Metadata-Version: 2.1\nName: buoy\nVersion: 2.0.1\nLicense: MIT\n";
    let layers = [
        (
            "ADD rootfs.tar /",
            tar(&[("etc/os-release", OS_RELEASE.as_bytes()), ("var/lib/dpkg/status", STATUS.as_bytes())]),
        ),
        ("RUN npm ci --omit=dev", tar(&[("app/node_modules/tide-table/package.json", package_json)])),
        (
            "RUN pip install buoy==2.0.1",
            tar(&[("usr/local/lib/python3.11/site-packages/buoy-2.0.1.dist-info/METADATA", metadata)]),
        ),
    ];
    let history: Vec<_> = layers.iter().map(|(instruction, _)| json!({"created_by": instruction})).collect();
    let diff_ids: Vec<_> = layers.iter().map(|(_, layer)| format!("sha256:{}", hex(layer))).collect();
    let config = json!({
        "architecture": "amd64", "os": "linux", "created": "2026-11-01T00:00:00Z", "config": {},
        "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history,
    })
    .to_string();
    let config_name = format!("blobs/sha256/{}", hex(config.as_bytes()));
    let names: Vec<_> = layers.iter().map(|(_, layer)| format!("blobs/sha256/{}", hex(layer))).collect();
    let manifest = json!([{"Config": config_name, "RepoTags": ["shop:1.0"], "Layers": names}]).to_string();
    let mut members: Vec<(&str, &[u8])> = vec![(&config_name, config.as_bytes())];
    for (name, (_, layer)) in names.iter().zip(&layers) {
        members.push((name, layer));
    }
    members.push(("manifest.json", manifest.as_bytes()));
    fs::write(file, tar(&members)).unwrap();
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
