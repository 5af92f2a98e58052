//! Which feed is asked, for packages of every distribution and language.

use super::*;

use seawall_model::SourcePackage;

fn distro(text: &str) -> Distro {
    let (id, version) = text.split_once(' ').unwrap_or((text, ""));
    Distro {
        id: id.to_owned(),
        version_id: Some(version.to_owned()).filter(|version| !version.is_empty()),
        ..Distro::default()
    }
}

fn asked(kind: PackageKind, distro: &Distro) -> String {
    match feed_of(&Package::new(kind, "x", "1", "test"), Some(distro)) {
        Asked::Feed(feed) => feed.ecosystem.to_string(),
        Asked::ThirdParty(ecosystem) => format!("third party beside {ecosystem}"),
        Asked::None(words) => format!("no feed for {words}"),
    }
}

#[test]
fn releases_are_spelled_as_osv_spells_them() {
    use PackageKind::{Apk, Deb, Rpm};
    for (kind, text, expected) in [
        (Deb, "debian 12", "Debian:12"),
        (Deb, "ubuntu 22.04", "Ubuntu:22.04:LTS"),
        (Deb, "ubuntu 23.10", "Ubuntu:23.10"),
        (Deb, "ubuntu 23.04", "Ubuntu:23.04"),
        (Deb, "echo 1", "Echo"),
        (Apk, "alpine 3.20.3", "Alpine:v3.20"),
        (Apk, "alpine 3.21.0_alpha20240807", "Alpine:edge"),
        (Apk, "wolfi 20230201", "Wolfi"),
        (Apk, "chainguard 20230214", "Chainguard"),
        (Rpm, "almalinux 9.4", "AlmaLinux:9"),
        (Rpm, "rocky 9.4", "Rocky Linux:9"),
        (Rpm, "rhel 9.4", "Red Hat:enterprise_linux:9"),
        (Rpm, "photon 5.0", "Photon OS:5.0"),
        (Rpm, "azurelinux 3.0", "Azure Linux:3"),
        (Rpm, "mariner 2.0", "Azure Linux:2"),
        (Rpm, "mageia 9", "Mageia:9"),
        (Rpm, "opensuse-leap 15.6", "openSUSE:Leap 15.6"),
        (Rpm, "opensuse-tumbleweed 20260101", "openSUSE:Tumbleweed"),
        (Rpm, "sles 15.6", "SUSE:Linux Enterprise 15 SP6"),
        (Rpm, "amzn 2023", "no feed for amzn 2023"),
        (Rpm, "fedora 40", "no feed for fedora 40"),
        (Rpm, "centos 7", "no feed for centos 7"),
        (Rpm, "ol 9.4", "no feed for ol 9.4"),
        (Deb, "linuxmint 21", "no feed for linuxmint 21"),
        (Deb, "raspbian 12", "no feed for raspbian 12"),
        (Rpm, "debian 12", "no feed for RPM package"),
        (PackageKind::Alpm, "arch", "no feed for arch"),
        (PackageKind::Conda, "debian 12", "no feed for conda package"),
        (PackageKind::Npm, "amzn 2023", "npm"),
    ] {
        assert_eq!(asked(kind, &distro(text)), expected, "{text}");
    }
}

#[test]
fn releases_without_a_number_are_known_by_their_name() {
    let mut testing = distro("debian");
    assert_eq!(asked(PackageKind::Deb, &testing), "no feed for debian");
    testing.codename = Some("forky/sid".to_owned());
    assert_eq!(asked(PackageKind::Deb, &testing), "Debian:14");
    let mut euler = distro("openEuler 24.03");
    euler.pretty_name = Some("openEuler 24.03 (LTS-SP1)".to_owned());
    assert_eq!(asked(PackageKind::Rpm, &euler), "openEuler:24.03-LTS-SP1");
}

#[test]
fn extended_support_is_a_channel_of_its_release() {
    let with_esm = |text: &str| Distro { channels: vec![Distro::ESM.to_owned()], ..distro(text) };
    for (text, expected) in [
        ("ubuntu 22.04", "Ubuntu:Pro:22.04:LTS"),
        ("ubuntu 14.04", "Ubuntu:Pro:14.04:LTS"),
        ("ubuntu 23.10", "Ubuntu:23.10"),
        ("debian 12", "Debian:12"),
    ] {
        assert_eq!(asked(PackageKind::Deb, &with_esm(text)), expected, "{text}");
    }
}

#[test]
fn families_of_releases() {
    let pro = Releases::UbuntuPro { release: "22.04:LTS".to_owned() };
    let red_hat = Releases::RedHat { major: "9".to_owned() };
    let suse = Releases::Suse { release: "15 SP6".to_owned() };
    let any = Ecosystem::whole(EcosystemName::RedHat);
    for (family, spelled, expected) in [
        (&pro, "Ubuntu:22.04:LTS", true),
        (&pro, "Ubuntu:Pro:22.04:LTS", true),
        (&pro, "Ubuntu:Pro:24.04:LTS", false),
        (&pro, "Ubuntu:Pro:FIPS:22.04:LTS", false),
        (&pro, "Ubuntu:Pro:FIPS-updates:22.04:LTS", false),
        (&pro, "Ubuntu:Pro:22.04:LTS:Realtime:Kernel", false),
        (&red_hat, "Red Hat:enterprise_linux:9::appstream", true),
        (&red_hat, "Red Hat:enterprise_linux:9.1", true),
        (&red_hat, "Red Hat:enterprise_linux:90", false),
        (&red_hat, "Red Hat:rhel_eus:9.2::appstream", false),
        (&suse, "SUSE:Linux Enterprise Module for Basesystem 15 SP6", true),
        (&suse, "SUSE:Linux Enterprise Server 15 SP6", true),
        (&suse, "SUSE:Linux Enterprise Server 15 SP6-LTSS", false),
        (&suse, "SUSE:Linux Enterprise Server 15 SP5", false),
        (&suse, "SUSE:Linux Enterprise Live Patching 15 SP6", false),
    ] {
        assert_eq!(family.include(&any, spelled), expected, "{spelled}");
    }
}

fn names_asked(kind: PackageKind, on: &str, version: &str, source: &str) -> Vec<String> {
    let mut package = Package::new(kind, "libx", version, "test");
    package.source = source
        .split_once(' ')
        .map(|(name, version)| SourcePackage { name: name.to_owned(), version: version.to_owned() });
    match feed_of(&package, Some(&distro(on))) {
        Asked::Feed(feed) => {
            feed.lookups.iter().map(|lookup| format!("{} {}", lookup.name, lookup.version)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn source_or_own_name_as_the_feed_uses() {
    use PackageKind::{Apk, Deb, Rpm};
    for (kind, on, version, source, expected) in [
        (Deb, "debian 12", "1.2-1+b1", "x 1.2-1", vec!["x 1.2-1"]),
        (Deb, "debian 12", "1.2-1", "", vec!["libx 1.2-1"]),
        (Apk, "alpine 3.20", "1.2-r0", "x 1.2-r0", vec!["x 1.2-r0"]),
        (Apk, "wolfi", "1.2-r0", "x 1.2-r0", vec!["libx 1.2-r0", "x 1.2-r0"]),
        (Rpm, "almalinux 9", "1:1.2-1", "x 1.2-1", vec!["libx 1:1.2-1"]),
        // The name of a source rpm has no epoch: the one of the package is assumed.
        (Rpm, "photon 5.0", "1:1.2-1", "x 1.2-1", vec!["libx 1:1.2-1", "x 1:1.2-1"]),
        (Rpm, "azurelinux 3.0", "1:1.2-1", "x 1.2-1", vec!["libx 1.2-1", "x 1.2-1"]),
    ] {
        assert_eq!(names_asked(kind, on, version, source), expected, "{on}");
    }
}

#[test]
fn go_versions_are_written_as_the_feed_writes_them() {
    for (name, version, expected) in [
        ("stdlib", "go1.21.3", "1.21.3"),
        ("stdlib", "1.21.3", "1.21.3"),
        ("stdlib", "go1.21rc2", "1.21.0-rc.2"),
        ("stdlib", "go1.24.1 X:nocoverageredesign", "1.24.1"),
        ("stdlib", "go1.22.5-fips", "1.22.5"),
        ("stdlib", "1.26.0-rc.1", "1.26.0-rc.1"),
        ("stdlib", "1.25.0-0", "1.25.0-0"),
        ("stdlib", "go1.22.5+vendor", "1.22.5"),
        ("example.com/x", "v1.2.3", "v1.2.3"),
        ("example.com/x", "(devel)", ""),
        ("example.com/x", "v0.0.0-20240101000000-abcdefabcdef+dirty", ""),
        ("example.com/x", "v0.0.0-20240101000000-abcdefabcdef", "v0.0.0-20240101000000-abcdefabcdef"),
    ] {
        assert_eq!(go_version(name, version), expected, "{version}");
    }
}

#[test]
fn builds_of_bitnami_are_no_part_of_the_version() {
    for (version, expected) in [
        ("1.25.3-2", "1.25.3"),
        ("15.3.0", "15.3.0"),
        ("3.0.0-rc.1", "3.0.0-rc.1"),
        ("1.0.0-rc.1-7", "1.0.0-rc.1"),
    ] {
        let package = Package::new(PackageKind::Bitnami, "nginx", version, "test");
        let Asked::Feed(feed) = feed_of(&package, None) else { panic!("no feed") };
        assert_eq!((feed.ecosystem.to_string().as_str(), &*feed.lookups[0].version), ("Bitnami", expected));
    }
}
