//! rpm's database of installed packages, in the three forms and three places that distributions have it.
//!
//! The readers of the forms are in [`crate::rpmdb`]; here headers become packages.

use std::borrow::Cow;

use seawall_model::path::is_normal;
use seawall_model::{FilePath, FilePathBuf, PackageKind, ProblemKind, SourcePackage};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::rpmdb::header::{self, Header};
use crate::rpmdb::{self, Damage};

pub(super) struct RedhatRpmdb;

/// `var/lib/rpm` of old; Fedora and SUSE have moved it, and image-based systems have it in `usr/share`.
const PATHS: &[&str] = &[
    "usr/lib/sysimage/rpm/Packages",
    "usr/lib/sysimage/rpm/Packages.db",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "usr/share/rpm/Packages",
    "usr/share/rpm/Packages.db",
    "usr/share/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/rpmdb.sqlite",
];

/// The longest path of a file in Linux. A header with a longer directory is damaged, and joining such a
/// directory with a million names would take for ever.
const MAX_PATH: usize = 4096;

impl Cataloger for RedhatRpmdb {
    fn name(&self) -> &'static str {
        "redhat/rpmdb"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[
            Trigger::Name("Packages"),
            Trigger::Name("Packages.db"),
            Trigger::Name("rpmdb.sqlite"),
            Trigger::Name("rpmdb.sqlite-wal"),
        ]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        let path = path.as_bytes();
        let path = path.strip_suffix(b"-wal").unwrap_or(path);
        PATHS.iter().any(|wanted| path == wanted.as_bytes())
    }

    fn fixed_paths(&self) -> &'static [&'static str] {
        PATHS
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        if file.path.as_bytes().ends_with(b"-wal") {
            if rpmdb::has_pending_changes(file.content) {
                let message =
                    "it has changes that may not be in the database beside it yet, and they are not read";
                found.problem(ProblemKind::DatabaseUnreadable, message);
            }
            return;
        }
        if file.content.size() > file.limits.max_random_access_bytes {
            let message = format!("it is larger than {} bytes", file.limits.max_random_access_bytes);
            return found.problem(ProblemKind::DatabaseUnreadable, message);
        }
        let read = rpmdb::read(file.content, &mut |blob| {
            if let Err(damage) = blob.and_then(|blob| add_package(&Header::parse(&blob)?, found)) {
                found.problem(ProblemKind::DatabaseUnreadable, damage.to_string());
            }
        });
        if let Err(damage) = read {
            found.problem(ProblemKind::DatabaseUnreadable, damage.to_string());
        }
    }
}

fn add_package(header: &Header<'_>, found: &mut Found<'_>) -> Result<(), Damage> {
    let name = header.string(header::NAME).ok_or_else(|| Damage::new("a package has no name"))?;
    // The keys that rpm trusts are kept as packages without files.
    if name == "gpg-pubkey" {
        return Ok(());
    }
    let required =
        |tag, what| header.string(tag).ok_or_else(|| Damage::new(format!("package {name:?} has no {what}")));
    let (version, release) = (required(header::VERSION, "version")?, required(header::RELEASE, "release")?);
    let epoch = header.numbers(header::EPOCH).next().unwrap_or(0);
    let text = |tag| header.string(tag).map(Cow::into_owned);

    let mut package =
        found.package(PackageKind::Rpm, &*name, with_epoch(epoch, &format!("{version}-{release}")));
    package.arch = text(header::ARCH);
    package.vendor = text(header::VENDOR);
    package.modularity = text(header::MODULARITY_LABEL);
    package.licences.extend(text(header::LICENCE));
    package.source = header.string(header::SOURCE_RPM).and_then(|file| source_of(&file, epoch));
    found.owns(PackageKind::Rpm, &name, package.arch.as_deref(), owned_paths(header));
    found.push(package);
    Ok(())
}

/// An epoch of 0 and none are the same.
pub(super) fn with_epoch(epoch: u32, version: &str) -> String {
    if epoch == 0 { version.to_owned() } else { format!("{epoch}:{version}") }
}

/// Name and version of `bash-5.1.8-6.el9.src.rpm`. It has no epoch: nearly always it is that of the
/// package built from it, so that one is taken.
pub(super) fn source_of(file: &str, epoch: u32) -> Option<SourcePackage> {
    let stem = file.strip_suffix(".rpm")?;
    let stem = stem.strip_suffix(".src").or_else(|| stem.strip_suffix(".nosrc"))?;
    let mut hyphens = stem.rmatch_indices('-').map(|(at, _)| at);
    let at = hyphens.nth(1)?;
    let (name, version) = (&stem[..at], &stem[at + 1..]);
    (!name.is_empty()).then(|| SourcePackage { name: name.to_owned(), version: with_epoch(epoch, version) })
}

/// The hash of each path in the package.
fn owned_paths(header: &Header<'_>) -> Vec<u64> {
    let directories: Vec<&[u8]> = header.strings(header::DIRECTORY_NAMES).collect();
    let mut path = Vec::new();
    let mut hashes = Vec::new();
    for (base, index) in header.strings(header::BASE_NAMES).zip(header.numbers(header::DIRECTORY_INDEXES)) {
        let Some(directory) = directories.get(index as usize) else { continue };
        path.clear();
        path.extend_from_slice(directory.strip_prefix(b"/").unwrap_or(directory));
        path.extend_from_slice(base);
        hashes.extend(hash(&path));
    }
    // Packages of the nineties have whole names instead.
    let old = header.strings(header::OLD_FILE_NAMES);
    hashes.extend(old.filter_map(|path| hash(path.strip_prefix(b"/").unwrap_or(path))));
    hashes
}

fn hash(path: &[u8]) -> Option<u64> {
    if path.is_empty() || path.len() > MAX_PATH {
        return None;
    }
    if is_normal(path) {
        return Some(FilePath::from_normal(path).hash());
    }
    Some(FilePathBuf::normalise(path).as_path().hash())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_packages() {
        for (file, epoch, expected) in [
            ("bash-5.1.8-6.el9.src.rpm", 0, "bash 5.1.8-6.el9"),
            ("java-17-openjdk-17.0.9.0.9-2.el9.src.rpm", 1, "java-17-openjdk 1:17.0.9.0.9-2.el9"),
            ("firmware-1-2.nosrc.rpm", 0, "firmware 1-2"),
            ("bash-5.1.8-6.el9.x86_64.rpm", 0, "none"),
            ("bash.src.rpm", 0, "none"),
            ("-1-2.src.rpm", 0, "none"),
            ("(none)", 0, "none"),
        ] {
            let source = source_of(file, epoch);
            let text = source.map_or("none".into(), |source| format!("{} {}", source.name, source.version));
            assert_eq!(text, expected, "{file}");
        }
    }
}
