//! What `script/demo` scans: a feed directory made of the records in `examples/advisories`, and a small image.
//!
//! `demo_image feeds FROM TO` packs `FROM/<Ecosystem>/*.json` into `TO/<Ecosystem>/all.zip`, the layout of the
//! public OSV bucket. `demo_image image FILE` writes an archive as `docker save` does.
#![expect(clippy::unwrap_used, reason = "a demonstration ends where something is wrong")]

use std::fs;
use std::path::Path;

use seawall_testkit::{DockerForm, Image, Layer, packages};

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
        let records: Vec<(String, Vec<u8>)> = fs::read_dir(ecosystem.path())
            .unwrap()
            .map(|record| record.unwrap())
            .map(|record| (record.file_name().into_string().unwrap(), fs::read(record.path()).unwrap()))
            .collect();
        let records: Vec<(&str, &[u8])> =
            records.iter().map(|(name, record)| (name.as_str(), record.as_slice())).collect();
        let folder = to.join(ecosystem.file_name());
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("all.zip"), packages::zip(&records)).unwrap();
    }
}

fn image(file: &Path) {
    let (npm, manifest) = packages::npm("app", "tide-table", "1.3.0");
    let (python, metadata) = packages::dist_info("usr/local/lib/python3.11/site-packages", "buoy", "2.0.1");
    let image = Image::new([
        Layer::new("ADD rootfs.tar /").file("etc/os-release", OS_RELEASE).file("var/lib/dpkg/status", STATUS),
        Layer::new("RUN npm ci --omit=dev").file(&npm, manifest),
        Layer::new("RUN pip install buoy==2.0.1").file(&python, metadata),
    ]);
    fs::write(file, image.docker_archive(DockerForm::Blobs, "shop:1.0")).unwrap();
}
