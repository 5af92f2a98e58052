//! Arch Linux's database of installed packages: a directory for each, with `desc` and `files`.
//!
//! A line `%NAME%` begins a section, an empty line ends it; each line between is a value.
//! <https://man.archlinux.org/man/PKGBUILD.5> for the meaning of the fields.

use seawall_model::{FilePath, FilePathBuf, PackageKind, ProblemKind, SourcePackage};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};

pub(super) struct ArchPacman;

const FOLDER: &[u8] = b"var/lib/pacman/local/";

impl Cataloger for ArchPacman {
    fn name(&self) -> &'static str {
        "arch/pacman"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("desc"), Trigger::Name("files")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        package_folder(path).is_some()
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let bytes = match file.bytes() {
            Ok(bytes) => bytes,
            Err(error) => return found.problem(ProblemKind::DatabaseUnreadable, error.to_string()),
        };
        if file.path.file_name() == b"desc" {
            return add_package(&bytes, found);
        }
        let Some(name) = package_folder(file.path).and_then(name_of_folder) else {
            let message = "its directory is not named after a package and its version";
            return found.problem(ProblemKind::DatabaseUnreadable, message);
        };
        // Directories end in a slash and belong to many packages.
        let paths = section(&bytes, "%FILES%").filter(|path| !path.ends_with(b"/"));
        let hashes = paths.map(|path| FilePathBuf::normalise(path).as_path().hash());
        found.owns(PackageKind::Alpm, &String::from_utf8_lossy(name), None, hashes);
    }
}

/// `<name>-<version>-<release>` of the package that a path belongs to.
fn package_folder(path: FilePath<'_>) -> Option<&[u8]> {
    let folder = path.as_bytes().strip_prefix(FOLDER)?.strip_suffix(path.file_name())?.strip_suffix(b"/")?;
    (!folder.is_empty() && !folder.contains(&b'/')).then_some(folder)
}

/// Neither version nor release has a hyphen.
fn name_of_folder(folder: &[u8]) -> Option<&[u8]> {
    let mut parts = folder.rsplitn(3, |byte| *byte == b'-');
    parts.nth(2).filter(|name| !name.is_empty())
}

fn add_package(bytes: &[u8], found: &mut Found<'_>) {
    let values =
        |title: &'static str| section(bytes, title).map(|value| String::from_utf8_lossy(value).into_owned());
    let (Some(name), Some(version)) = (values("%NAME%").next(), values("%VERSION%").next()) else {
        return found.problem(ProblemKind::DatabaseUnreadable, "it has no name or no version");
    };
    let mut package = found.package(PackageKind::Alpm, name, version);
    package.arch = values("%ARCH%").next();
    // A base has no version of its own: its packages are built in one go and share it.
    package.source =
        values("%BASE%").next().map(|name| SourcePackage { name, version: package.version.clone() });
    package.vendor = values("%PACKAGER%").next();
    package.licences = values("%LICENSE%").collect();
    found.push(package);
}

/// The values of the first section of this title.
fn section<'a>(bytes: &'a [u8], title: &'static str) -> impl Iterator<Item = &'a [u8]> {
    bytes
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .skip_while(move |line| *line != title.as_bytes())
        .skip(1)
        .take_while(|line| !line.is_empty())
}
