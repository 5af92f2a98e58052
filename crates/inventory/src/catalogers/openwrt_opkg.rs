//! The package database of opkg, on OpenWrt and on images made with Yocto.
//!
//! `status` lists the packages, `info/<package>.control` describes one and `info/<package>.list` has its files.
//! Newer releases of OpenWrt use apk, see `alpine_apk`.
//! <https://openwrt.org/docs/guide-user/additional-software/opkg>

use seawall_model::{FilePath, FilePathBuf, PackageKind, ProblemKind, SourcePackage};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::deb822::{Paragraph, paragraphs};

pub(super) struct OpenwrtOpkg;

const STATUS: &[&str] = &["usr/lib/opkg/status", "var/lib/opkg/status"];
const INFO_FOLDERS: &[&str] = &["usr/lib/opkg/info", "var/lib/opkg/info"];

impl Cataloger for OpenwrtOpkg {
    fn name(&self) -> &'static str {
        "openwrt/opkg"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[
            Trigger::Name("status"),
            Trigger::Directory("usr/lib/opkg/info"),
            Trigger::Directory("var/lib/opkg/info"),
        ]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        role(path).is_some()
    }

    fn fixed_paths(&self) -> &'static [&'static str] {
        STATUS
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let bytes = match file.bytes() {
            Ok(bytes) => bytes,
            Err(error) => return found.problem(ProblemKind::DatabaseUnreadable, error.to_string()),
        };
        match role(file.path) {
            Some(Role::Packages) => {
                for paragraph in paragraphs(&bytes) {
                    add_package(&paragraph, found);
                }
            }
            Some(Role::List(name)) => {
                let paths = bytes.split(|byte| *byte == b'\n').map(path_of_line);
                let hashes =
                    paths.filter(|path| !path.as_bytes().is_empty()).map(|path| path.as_path().hash());
                found.owns(PackageKind::Opkg, &String::from_utf8_lossy(name), None, hashes);
            }
            None => {}
        }
    }
}

enum Role<'a> {
    Packages,
    /// The paths of the package of this name.
    List(&'a [u8]),
}

fn role(path: FilePath<'_>) -> Option<Role<'_>> {
    if STATUS.iter().any(|status| path.as_bytes() == status.as_bytes()) {
        return Some(Role::Packages);
    }
    let folder = path.parent()?.as_bytes();
    if !INFO_FOLDERS.iter().any(|known| folder == known.as_bytes()) {
        return None;
    }
    match path.extension()? {
        b"control" => Some(Role::Packages),
        b"list" => path.file_name().strip_suffix(b".list").map(Role::List),
        _ => None,
    }
}

/// A path, in newer versions with its mode after a tabulator.
fn path_of_line(line: &[u8]) -> FilePathBuf {
    FilePathBuf::normalise(line.split(|byte| *byte == b'\t').next().unwrap_or_default().trim_ascii())
}

fn add_package(paragraph: &Paragraph<'_>, found: &mut Found<'_>) {
    if let Some(line) = paragraph.broken_line {
        found.problem(ProblemKind::DatabaseUnreadable, format!("line {line} is not of the form name: value"));
    }
    // As with dpkg, the last of three words is the state. Control files have none: theirs is installed.
    let is_gone = |status: &str| {
        matches!(status.split_whitespace().last(), Some("not-installed" | "config-files" | "removal-failed"))
    };
    if paragraph.get("Status").is_some_and(|status| is_gone(&status)) {
        return;
    }
    let (Some(name), Some(version)) = (paragraph.text("Package"), paragraph.text("Version")) else {
        let name = paragraph.text("Package").unwrap_or_default();
        let message = format!("package {name:?} has no name or no version");
        return found.problem(ProblemKind::DatabaseUnreadable, message);
    };
    let mut package = found.package(PackageKind::Opkg, name, version);
    package.arch = paragraph.text("Architecture");
    package.source = source_of(paragraph)
        .map(|name| SourcePackage { name, version: package.version.clone() })
        .filter(|source| !source.name.is_empty());
    package.vendor = paragraph.text("Maintainer");
    package.licences.extend(paragraph.text("License"));
    found.push(package);
}

/// OpenWrt names the source and its place (`package/libs/zlib`), Yocto the recipe (`zlib_1.3.bb`).
fn source_of(paragraph: &Paragraph<'_>) -> Option<String> {
    if let Some(name) = paragraph.text("SourceName") {
        return Some(name);
    }
    let source = paragraph.get("Source")?;
    let last = source.rsplit('/').next().unwrap_or(&source);
    Some(
        last.strip_suffix(".bb").map_or(last, |recipe| recipe.split('_').next().unwrap_or(recipe)).to_owned(),
    )
}
