//! Which distribution an image holds, where it has no `os-release`: `redhat-release`, `debian_version` and
//! the like, each in the form of its distribution.

use seawall_model::{Distro, FilePath, ProblemKind};

use super::os_release::{assignments, name_alpine_stream};
use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::identity::ORDER;

pub(super) struct ReleaseFiles;

/// How a distribution calls itself, and the `ID` of its `os-release`; longer names before their beginnings.
const NAMES: &[(&str, &str)] = &[
    ("AlmaLinux", "almalinux"),
    ("Amazon Linux", "amzn"),
    ("Arch Linux", "arch"),
    ("CBL-Mariner", "mariner"),
    ("CentOS", "centos"),
    ("Enterprise Linux Enterprise Linux", "ol"),
    ("Fedora", "fedora"),
    ("Microsoft Azure Linux", "azurelinux"),
    ("Oracle Linux", "ol"),
    ("Red Hat Enterprise Linux", "rhel"),
    ("Rocky Linux", "rocky"),
    ("SUSE Linux Enterprise Desktop", "sled"),
    ("SUSE Linux Enterprise Server", "sles"),
    ("VMware Photon", "photon"),
    ("openSUSE", "opensuse"),
];

impl Cataloger for ReleaseFiles {
    fn name(&self) -> &'static str {
        "linux/release-files"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Directory("etc")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        self.fixed_paths().iter().any(|wanted| path.as_bytes() == wanted.as_bytes())
    }

    fn fixed_paths(&self) -> &'static [&'static str] {
        // The first two are `os-release`, which has a reader of its own.
        &ORDER[2..]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let bytes = match file.bytes() {
            Ok(bytes) => bytes,
            Err(error) => return found.read_problem(&error),
        };
        let text = String::from_utf8_lossy(&bytes);
        let distro = match file.path.file_name() {
            b"alpine-release" => alpine(&text),
            b"arch-release" => Some(distro("arch", None)),
            b"debian_version" => debian(&text),
            b"lsb-release" | b"openwrt_release" => lsb(&text),
            b"SuSE-release" => suse(&text),
            _ => named(&text),
        };
        match distro {
            Some(distro) => found.distro(distro),
            None => found.problem(ProblemKind::Malformed, "it names no distribution and version"),
        }
    }
}

fn distro(id: &str, version: Option<&str>) -> Distro {
    Distro { id: id.to_owned(), version_id: version.map(str::to_owned), ..Distro::default() }
}

/// `3.19.1`, or `3.21_alpha20240807` on the development stream.
fn alpine(text: &str) -> Option<Distro> {
    let version = text.lines().next()?.trim();
    let mut distro = distro("alpine", Some(version).filter(|version| starts_with_digit(version)));
    name_alpine_stream(&mut distro);
    distro.version_id.is_some().then_some(distro)
}

/// `12.5` of a release, whose `os-release` would say `12`; `trixie/sid` of what is no release yet.
fn debian(text: &str) -> Option<Distro> {
    let text = text.lines().next()?.trim();
    if starts_with_digit(text) {
        return Some(distro("debian", text.split('.').next()));
    }
    let codename = Some(text.to_owned()).filter(|text| !text.is_empty())?;
    Some(Distro { codename: Some(codename), ..distro("debian", None) })
}

/// The assignments of the Linux Standard Base: `DISTRIB_ID=Ubuntu`.
fn lsb(text: &str) -> Option<Distro> {
    let mut distro = Distro::default();
    for (key, value) in assignments(text).filter(|(_, value)| !value.is_empty()) {
        match key {
            "DISTRIB_ID" => distro.id = value.to_ascii_lowercase(),
            "DISTRIB_RELEASE" => distro.version_id = Some(value),
            "DISTRIB_CODENAME" => distro.codename = Some(value),
            "DISTRIB_DESCRIPTION" => distro.pretty_name = Some(value),
            _ => {}
        }
    }
    (!distro.id.is_empty()).then_some(distro)
}

/// A line with the name, then `VERSION = 11` and `PATCHLEVEL = 4`.
fn suse(text: &str) -> Option<Distro> {
    let name = text.lines().next()?;
    let value = |wanted: &str| {
        let mut pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs.find(|(key, _)| key.trim() == wanted).map(|(_, value)| value.trim())
    };
    let version = match (value("VERSION")?, value("PATCHLEVEL")) {
        (version, Some(patch)) if patch != "0" => format!("{version}.{patch}"),
        (version, _) => version.to_owned(),
    };
    let id = id_of(name)?;
    Some(Distro { pretty_name: Some(name.trim().to_owned()), ..distro(&id, Some(&version)) })
}

/// `Rocky Linux release 9.0 (Blue Onyx)`, `VMware Photon OS 4.0`: a name, and the first word that begins
/// with a digit.
fn named(text: &str) -> Option<Distro> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let version = line.split_whitespace().find(|word| starts_with_digit(word))?;
    let id = id_of(line)?;
    Some(Distro { pretty_name: Some(line.to_owned()), ..distro(&id, Some(version)) })
}

/// The `ID` of a known name, else the first word, which no feed will know: better than a guess.
fn id_of(name: &str) -> Option<String> {
    let name = name.trim();
    let known = NAMES.iter().find(|(known, _)| name.starts_with(known)).map(|(_, id)| (*id).to_owned());
    known.or_else(|| Some(name.split_whitespace().next()?.to_ascii_lowercase()))
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(distro: Option<Distro>) -> String {
        distro.map_or("nothing".into(), |distro| {
            let codename = distro.codename.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
            format!("{}{codename}", distro.purl_qualifier())
        })
    }

    #[test]
    fn lines_of_the_red_hat_family_and_others_like_it() {
        for (line, expected) in [
            ("CentOS release 6.10 (Final)", "centos-6.10"),
            ("CentOS Linux release 7.9.2009 (Core)", "centos-7.9.2009"),
            ("CentOS Stream release 8", "centos-8"),
            ("Red Hat Enterprise Linux Server release 7.9 (Maipo)", "rhel-7.9"),
            ("Red Hat Enterprise Linux release 8.4 (Ootpa)", "rhel-8.4"),
            ("AlmaLinux release 8.5 (Arctic Sphynx)", "almalinux-8.5"),
            ("Rocky Linux release 9.0 (Blue Onyx)", "rocky-9.0"),
            ("Oracle Linux Server release 8.4", "ol-8.4"),
            ("Enterprise Linux Enterprise Linux Server release 5.11 (Carthage)", "ol-5.11"),
            ("Fedora release 40 (Forty)", "fedora-40"),
            ("Amazon Linux AMI release 2018.03", "amzn-2018.03"),
            ("Amazon Linux release 2 (Karoo)", "amzn-2"),
            ("VMware Photon OS 4.0\nPHOTON_BUILD_NUMBER=ca7c9e933", "photon-4.0"),
            ("CBL-Mariner 2.0.20220226\nMARINER_BUILD_NUMBER=1", "mariner-2.0.20220226"),
            ("Microsoft Azure Linux 3.0.20240727", "azurelinux-3.0.20240727"),
            ("Mageia release 9 (Official) for x86_64", "mageia-9"),
            ("Fedora release", "nothing"),
            ("", "nothing"),
        ] {
            assert_eq!(told(named(line)), expected, "{line:?}");
        }
    }

    #[test]
    fn the_other_forms() {
        assert_eq!(told(alpine("3.19.1\n")), "alpine-3.19.1");
        assert_eq!(told(alpine("3.21_alpha20240807\n")), "alpine-3.21_alpha20240807 edge");
        assert_eq!(told(alpine("\n")), "nothing");
        assert_eq!(told(debian("12.5\n")), "debian-12");
        assert_eq!(told(debian("trixie/sid\n")), "debian trixie/sid");
        assert_eq!(told(debian("")), "nothing");
        let ubuntu = "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=14.04\nDISTRIB_CODENAME=trusty\n";
        assert_eq!(told(lsb(ubuntu)), "ubuntu-14.04 trusty");
        assert_eq!(told(lsb("LSB_VERSION=1.4")), "nothing");
        let sles = "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n";
        assert_eq!(told(suse(sles)), "sles-11.4");
        assert_eq!(told(suse("openSUSE 13.2 (x86_64)\nVERSION = 13.2\n")), "opensuse-13.2");
    }
}
