//! Debian's database of installed packages: `var/lib/dpkg/status`, `status.d` of distroless images, and the
//! lists of files in `info`.
//!
//! <https://manpages.debian.org/dpkg-query.1> for the states,
//! <https://www.debian.org/doc/debian-policy/ch-controlfields.html> for the fields.

use seawall_model::{FilePath, FilePathBuf, PackageKind, ProblemKind, SourcePackage};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::deb822::{Paragraph, paragraphs};

pub(super) struct DebianDpkg;

const STATUS: &str = "var/lib/dpkg/status";

/// One file for each package of a distroless image, named as the package or shorter, and beside it
/// `<package>.md5sums`.
const STATUS_FOLDER: &str = "var/lib/dpkg/status.d";

/// `<package>.list` or `<package>:<arch>.list` has every path of a package. The `.md5sums` there name the
/// same files without the directories and configuration files, so they are not read.
const INFO_FOLDER: &str = "var/lib/dpkg/info";

impl Cataloger for DebianDpkg {
    fn name(&self) -> &'static str {
        "debian/dpkg"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("status"), Trigger::Directory(STATUS_FOLDER), Trigger::Directory(INFO_FOLDER)]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        role(path).is_some()
    }

    fn fixed_paths(&self) -> &'static [&'static str] {
        &[STATUS]
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
            Some(Role::List(name)) => add_owned(name, bytes.split(|byte| *byte == b'\n'), found),
            Some(Role::Checksums(name)) => {
                add_owned(name, bytes.split(|byte| *byte == b'\n').map(path_of_checksum), found);
            }
            None => {}
        }
    }
}

/// What a file of the database tells.
enum Role<'a> {
    Packages,
    /// The paths of the package of this name.
    List(&'a [u8]),
    /// Checksums and paths of the package of this name.
    Checksums(&'a [u8]),
}

fn role(path: FilePath<'_>) -> Option<Role<'_>> {
    if path.as_bytes() == STATUS.as_bytes() {
        return Some(Role::Packages);
    }
    let (folder, name) = (path.parent()?.as_bytes(), path.file_name());
    if folder == INFO_FOLDER.as_bytes() {
        return name.strip_suffix(b".list").map(Role::List);
    }
    if folder != STATUS_FOLDER.as_bytes() {
        return None;
    }
    // Other names may have a dot as well: python3.11-minimal.
    Some(name.strip_suffix(b".md5sums").map_or(Role::Packages, Role::Checksums))
}

fn add_package(paragraph: &Paragraph<'_>, found: &mut Found<'_>) {
    if let Some(line) = paragraph.broken_line {
        found.problem(ProblemKind::DatabaseUnreadable, format!("line {line} is not of the form name: value"));
    }
    if paragraph.get("Status").is_some_and(|status| !has_files(&status)) {
        return;
    }
    let (Some(name), Some(version)) = (paragraph.text("Package"), paragraph.text("Version")) else {
        let name = paragraph.text("Package").unwrap_or_default();
        let message = format!("package {name:?} has no name or no version");
        return found.problem(ProblemKind::DatabaseUnreadable, message);
    };
    let mut package = found.package(PackageKind::Deb, name, version);
    package.arch = paragraph.text("Architecture");
    package.source = paragraph.get("Source").map(|source| source_of(&source, &package.version));
    // The maintainer may be any person. Where an origin is given, it names who built the package.
    package.vendor = paragraph.text("Origin").or_else(|| paragraph.text("Maintainer"));
    found.push(package);
}

/// Whether a package in this state has files in the file system. The last of three words is the state.
///
/// Of a removed package (`deinstall ok config-files`) nothing but its configuration is left. In all states
/// between, also `half-installed`, some files may be there already or still: it counts as installed, so
/// that nothing is missed. The files of distroless have no such field: their packages are all installed.
fn has_files(status: &str) -> bool {
    !matches!(status.split_whitespace().last(), Some("not-installed" | "config-files"))
}

/// `name`, or `name (version)` where source and binary package have different versions.
fn source_of(text: &str, binary_version: &str) -> SourcePackage {
    let (name, version) = match text.split_once('(') {
        Some((name, rest)) => (name.trim(), rest.trim().trim_end_matches(')').trim()),
        None => (text, ""),
    };
    let version = if version.is_empty() { binary_version } else { version };
    SourcePackage { name: name.to_owned(), version: version.to_owned() }
}

/// A checksum, two blanks, a path.
fn path_of_checksum(line: &[u8]) -> &[u8] {
    line.splitn(2, |byte| *byte == b' ').nth(1).unwrap_or_default().trim_ascii()
}

/// Notes the paths of the package that a list is named after: `name`, or `name:arch`.
fn add_owned<'a>(name: &[u8], paths: impl Iterator<Item = &'a [u8]>, found: &mut Found<'_>) {
    let name = String::from_utf8_lossy(name);
    let (name, arch) = match name.split_once(':') {
        Some((name, arch)) => (name, Some(arch)),
        None => (&*name, None),
    };
    let hashes = paths
        .map(FilePathBuf::normalise)
        .filter(|path| !path.as_bytes().is_empty())
        .map(|path| path.as_path().hash());
    found.owns(PackageKind::Deb, name, arch, hashes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_with_and_without_a_version() {
        for (text, expected) in [
            ("glibc", "glibc 2.0-1+b1"),
            ("glibc (2.0-1)", "glibc 2.0-1"),
            ("gcc-defaults (1.203)", "gcc-defaults 1.203"),
            ("glibc (", "glibc 2.0-1+b1"),
            ("glibc ()", "glibc 2.0-1+b1"),
        ] {
            let source = source_of(text, "2.0-1+b1");
            assert_eq!(format!("{} {}", source.name, source.version), expected);
        }
    }

    #[test]
    fn states_that_leave_no_files() {
        for (status, expected) in [
            ("install ok installed", true),
            ("hold ok installed", true),
            ("deinstall ok installed", true),
            ("install ok unpacked", true),
            ("install reinstreq half-installed", true),
            ("install ok half-configured", true),
            ("install ok triggers-awaited", true),
            ("deinstall ok config-files", false),
            ("purge ok not-installed", false),
            ("unknown ok not-installed", false),
        ] {
            assert_eq!(has_files(status), expected, "{status}");
        }
    }
}
