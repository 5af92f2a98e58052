//! The list of packages in distroless images of Mariner and Azure Linux, which have no rpm database:
//! `var/lib/rpmmanifest/container-manifest-2`.
//!
//! A line for each package, with ten fields between tabulators, as `rpm -qa` prints them: name, version and
//! release, times of installation and build, vendor, epoch, size, architecture, epoch as a number, source rpm.

use seawall_model::{FilePath, PackageKind, ProblemKind};

use super::redhat_rpmdb::{source_of, with_epoch};
use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};

pub(super) struct RedhatRpmmanifest;

const PATH: &str = "var/lib/rpmmanifest/container-manifest-2";

impl Cataloger for RedhatRpmmanifest {
    fn name(&self) -> &'static str {
        "redhat/rpmmanifest"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("container-manifest-2")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        path.as_bytes() == PATH.as_bytes()
    }

    fn fixed_paths(&self) -> &'static [&'static str] {
        &[PATH]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let bytes = match file.bytes() {
            Ok(bytes) => bytes,
            Err(error) => return found.problem(ProblemKind::DatabaseUnreadable, error.to_string()),
        };
        let text = String::from_utf8_lossy(&bytes);
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            if add_package(line, found).is_none() {
                let message = format!("line {} is not of the form of this list", index + 1);
                found.problem(ProblemKind::DatabaseUnreadable, message);
            }
        }
    }
}

fn add_package(line: &str, found: &mut Found<'_>) -> Option<()> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [name, version, _, _, vendor, _, _, arch, epoch, source] = fields[..] else { return None };
    if name.is_empty() || version.is_empty() {
        return None;
    }
    if name == "gpg-pubkey" {
        return Some(());
    }
    let present = |text: &str| Some(text.to_owned()).filter(|text| !matches!(text.as_str(), "" | "(none)"));
    let epoch = epoch.parse().ok()?;
    let mut package = found.package(PackageKind::Rpm, name, with_epoch(epoch, version));
    package.vendor = present(vendor);
    package.arch = present(arch);
    package.source = source_of(source, epoch);
    found.push(package);
    Some(())
}
