//! Whether a distribution package was built by the distribution for its release, so that its feed may speak of it.
//!
//! A package of Docker or NodeSource may bear a name that the distribution uses too, with other patches and
//! another numbering. Its feed says nothing about such a package, neither good nor bad.

use seawall_model::{EcosystemName, Package, PackageKind};

/// Whether another party built it. A package that names no vendor is taken for one of the distribution.
pub(crate) fn is_third_party(package: &Package, ecosystem: EcosystemName) -> bool {
    if ecosystem == EcosystemName::Ubuntu && is_of_fips(&package.version) {
        return true;
    }
    let Some(vendor) = package.vendor.as_deref().map(str::trim).filter(|vendor| !vendor.is_empty()) else {
        return false;
    };
    let vendor = vendor.to_ascii_lowercase();
    match package.kind {
        PackageKind::Rpm => is_foreign_rpm(&vendor, ecosystem),
        PackageKind::Deb => is_foreign_deb(&vendor, &package.version, ecosystem),
        // Maintainers of Alpine packages are persons, and there are hardly any foreign repositories.
        _ => false,
    }
}

/// The certified builds of Ubuntu Pro have a numbering of their own: `3.0.2-0ubuntu1.10+Fips1`.
fn is_of_fips(version: &str) -> bool {
    let version = version.to_ascii_lowercase();
    version.contains("+fips") || version.contains(".fips")
}

/// The build systems of a distribution write one vendor into every package.
fn is_foreign_rpm(vendor: &str, ecosystem: EcosystemName) -> bool {
    let own: &[&str] = match ecosystem {
        EcosystemName::AlmaLinux => &["almalinux"],
        EcosystemName::RockyLinux => &["rocky"],
        EcosystemName::RedHat => &["red hat"],
        EcosystemName::Suse | EcosystemName::OpenSuse => &["suse"],
        EcosystemName::Photon => &["vmware", "broadcom"],
        EcosystemName::AzureLinux => &["microsoft"],
        EcosystemName::Mageia => &["mageia"],
        EcosystemName::OpenEuler => &["openeuler"],
        EcosystemName::OpenCloudOs => &["opencloudos", "tencent"],
        _ => return false,
    };
    !own.iter().any(|word| vendor.contains(word))
}

/// Maintainers of Debian are many, with addresses anywhere, so foreign ones have to be known: by the domain
/// of their address, or by the mark that their repository puts into versions.
fn is_foreign_deb(vendor: &str, version: &str, ecosystem: EcosystemName) -> bool {
    const DOMAINS: &[&str] = &[
        "@arangodb.com",
        "@cloudflare.com",
        "@confluent.io",
        "@couchbase.com",
        "@datadoghq.com",
        "@docker.com",
        "@elastic.co",
        "@f5.com",
        "@gitlab.com",
        "@google.com",
        "@grafana.com",
        "@hashicorp.com",
        "@influxdata.com",
        "@kubernetes.io",
        "@mariadb.org",
        "@microsoft.com",
        "@mongodb.com",
        "@mysql.com",
        "@nginx.com",
        "@nodesource.com",
        "@nvidia.com",
        "@oracle.com",
        "@percona.com",
        "@pivotal.io",
        "@rabbitmq.com",
        "@redis.com",
        "@redis.io",
        "@yarnpkg.com",
    ];
    const MARKS: &[&str] = &[".pgdg", "nodesource", "deb.sury.org", "+maria~", "~llvm"];
    if MARKS.iter().any(|mark| version.contains(mark)) {
        return true;
    }
    match vendor.rsplit_once('<') {
        // No address: an `Origin`, which the distributions spell with their name.
        None if !vendor.contains('@') => {
            let own: &[&str] = match ecosystem {
                EcosystemName::Echo => &["echo", "debian"],
                _ => &["debian", "ubuntu"],
            };
            !own.iter().any(|word| vendor.contains(word))
        }
        None => DOMAINS.iter().any(|domain| vendor.ends_with(domain)),
        Some((_, address)) => DOMAINS.iter().any(|domain| address.trim_end_matches('>').ends_with(domain)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(kind: PackageKind, ecosystem: EcosystemName, version: &str, vendor: &str) -> bool {
        let mut package = Package::new(kind, "x", version, "test");
        package.vendor = Some(vendor.to_owned());
        is_third_party(&package, ecosystem)
    }

    #[test]
    fn packages_of_other_repositories_are_foreign() {
        use EcosystemName::{AlmaLinux, Debian, RedHat, Suse, Ubuntu};
        use PackageKind::{Deb, Rpm};
        for (kind, ecosystem, version, vendor, expected) in [
            (Deb, Debian, "5:27.0-1~debian.12", "Docker <support@docker.com>", true),
            (Deb, Debian, "20.1-1nodesource1", "", false),
            (Deb, Debian, "20.1-1nodesource1", "Ivan Iguaran <ivan@example.org>", true),
            (Deb, Debian, "15.1-1.pgdg120+1", "Debian PostgreSQL <x@tracker.debian.org>", true),
            (Deb, Debian, "1.2-3", "Matthias Klose <doko@debian.org>", false),
            (Deb, Debian, "1.2-3", "Someone <someone@example.org>", false),
            (Deb, Ubuntu, "1.2-3", "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>", false),
            (Deb, Ubuntu, "1.2-3", "Artifactory", true),
            (Deb, Ubuntu, "3.0.2-0ubuntu1.10+Fips1", "", true),
            (Deb, Ubuntu, "1.1.1f-1ubuntu2.fips.22", "Ubuntu Developers <x@lists.ubuntu.com>", true),
            (Deb, Ubuntu, "1.1.1f-1ubuntu2.22+esm1", "Ubuntu Developers <x@lists.ubuntu.com>", false),
            (Rpm, AlmaLinux, "1-1.el9", "AlmaLinux", false),
            (Rpm, AlmaLinux, "1-1.el9", "Fedora Project", true),
            (Rpm, AlmaLinux, "1-1.el9", " ", false),
            (Rpm, RedHat, "1-1.el9", "Red Hat, Inc.", false),
            (Rpm, Suse, "1-1", "SUSE LLC <https://www.suse.com/>", false),
            (Rpm, RedHat, "1-1.el9", "Docker", true),
        ] {
            assert_eq!(foreign(kind, ecosystem, version, vendor), expected, "{vendor} {version}");
        }
    }
}
