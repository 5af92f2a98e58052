//! Which feed may speak of a package, and by which name and version it is asked.
//!
//! A distribution without an OSV feed has none: it is never mapped to one that looks alike. Amazon Linux and
//! Fedora are not Red Hat, Linux Mint is not Ubuntu.

use std::borrow::Cow;

use seawall_model::{Distro, Ecosystem, EcosystemName, Package, PackageKind};

use crate::third_party::is_third_party;
use crate::version::VersionScheme;

/// The feed for a package.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed<'a> {
    /// The ecosystem for people and reports; its release may be a family that [`Feed::releases`] spells out.
    pub ecosystem: Ecosystem,
    pub releases: Releases,
    /// The order of the package's versions.
    pub scheme: Option<VersionScheme>,
    /// The names under which the feed may list it, each with the version that is meant; at least one.
    pub lookups: Vec<Lookup<'a>>,
}

/// One name to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup<'a> {
    pub name: &'a str,
    /// Empty where it is not known.
    pub version: Cow<'a, str>,
    /// Whether this is the name of the source and not of the package itself.
    pub through_source: bool,
}

/// Which of a feed's ecosystems speak of the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Releases {
    /// The one that [`Feed::ecosystem`] spells.
    Exact,
    /// A release of Ubuntu and the channel of its extended support, `22.04:LTS` and `Pro:22.04:LTS`. Where a record
    /// speaks of both, the channel's word holds: it has the fix that the release does not get. The channels of FIPS
    /// and of real-time kernels build other packages and are not meant.
    UbuntuPro { release: String },
    /// Red Hat's repositories of one major version: `enterprise_linux:9::appstream`, `enterprise_linux:10.0`.
    RedHat { major: String },
    /// SUSE's products and modules of one release: `Linux Enterprise Module for Basesystem 15 SP6`.
    /// Long-term support channels end in a word of their own and are not meant.
    Suse { release: String },
}

impl Releases {
    /// Whether an ecosystem of the feed, as it spells it, is meant.
    pub fn include(&self, ecosystem: &Ecosystem, spelled: &str) -> bool {
        match self {
            Self::Exact => {
                let rest = spelled.strip_prefix(ecosystem.name.as_str());
                match &ecosystem.release {
                    Some(release) => rest.and_then(|rest| rest.strip_prefix(':')) == Some(release),
                    None => rest == Some(""),
                }
            }
            Self::UbuntuPro { release } => {
                let rest = spelled.strip_prefix("Ubuntu:");
                rest.map(|rest| rest.strip_prefix("Pro:").unwrap_or(rest)) == Some(release)
            }
            Self::RedHat { major } => spelled
                .strip_prefix("Red Hat:enterprise_linux:")
                .and_then(|rest| rest.strip_prefix(major.as_str()))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(':') || rest.starts_with('.')),
            Self::Suse { release } => {
                let product = spelled.strip_prefix("SUSE:Linux Enterprise ");
                product.and_then(|product| product.strip_suffix(release.as_str())).is_some_and(|product| {
                    matches!(product.trim_end(), "Server" | "Desktop" | "Micro")
                        || (product.starts_with("Module for ") && product.ends_with(' '))
                })
            }
        }
    }
}

impl Releases {
    /// Whether what this ecosystem says of a package settles what a record says, whatever the others say.
    pub fn settles(&self, spelled: &str) -> bool {
        matches!(self, Self::UbuntuPro { .. }) && spelled.starts_with("Ubuntu:Pro:")
    }
}

/// What can be said of a package before any database is opened.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked<'a> {
    Feed(Feed<'a>),
    /// The distribution has a feed, but another party built this package.
    ThirdParty(Ecosystem),
    /// No feed speaks of such packages. The words name them for people.
    None(String),
}

/// The feed that may speak of a package. `distro` is the distribution that it is installed on.
pub fn feed_of<'a>(package: &'a Package, distro: Option<&Distro>) -> Asked<'a> {
    if package.kind.is_distribution() {
        return distribution_feed(package, distro);
    }
    let Some(name) = language_ecosystem(package.kind) else {
        return Asked::None(package.kind.title().to_owned());
    };
    let version = match package.kind {
        PackageKind::Golang => go_version(&package.name, &package.version),
        PackageKind::Bitnami => Cow::Borrowed(without_revision(&package.version)),
        _ => Cow::Borrowed(package.version.as_str()),
    };
    Asked::Feed(Feed {
        ecosystem: Ecosystem::whole(name),
        releases: Releases::Exact,
        scheme: VersionScheme::of_ecosystem(name).or_else(|| VersionScheme::of_package(package.kind)),
        lookups: vec![Lookup { name: &package.name, version, through_source: false }],
    })
}

/// The ecosystem of a language's packages.
pub const fn language_ecosystem(kind: PackageKind) -> Option<EcosystemName> {
    Some(match kind {
        PackageKind::Pypi => EcosystemName::PyPi,
        PackageKind::Npm => EcosystemName::Npm,
        PackageKind::Maven => EcosystemName::Maven,
        PackageKind::Golang => EcosystemName::Go,
        PackageKind::Cargo => EcosystemName::CratesIo,
        PackageKind::Gem => EcosystemName::RubyGems,
        PackageKind::Composer => EcosystemName::Packagist,
        PackageKind::Nuget => EcosystemName::NuGet,
        PackageKind::Pub => EcosystemName::Pub,
        PackageKind::Hex => EcosystemName::Hex,
        PackageKind::Swift => EcosystemName::SwiftUrl,
        PackageKind::Conan => EcosystemName::ConanCenter,
        PackageKind::Julia => EcosystemName::Julia,
        PackageKind::Cran => EcosystemName::Cran,
        PackageKind::GithubActions => EcosystemName::GitHubActions,
        PackageKind::Bitnami => EcosystemName::Bitnami,
        PackageKind::Hackage => EcosystemName::Hackage,
        _ => return None,
    })
}

/// The ecosystems that [`feed_of`] can ask: what an update fetches where nothing else is said.
pub const ASKED_ECOSYSTEMS: &[EcosystemName] = &[
    EcosystemName::AlmaLinux,
    EcosystemName::Alpaquita,
    EcosystemName::Alpine,
    EcosystemName::AzureLinux,
    EcosystemName::Bitnami,
    EcosystemName::Chainguard,
    EcosystemName::ConanCenter,
    EcosystemName::Cran,
    EcosystemName::CratesIo,
    EcosystemName::Debian,
    EcosystemName::Echo,
    EcosystemName::GitHubActions,
    EcosystemName::Go,
    EcosystemName::Hackage,
    EcosystemName::Hex,
    EcosystemName::Julia,
    EcosystemName::Mageia,
    EcosystemName::Maven,
    EcosystemName::MinimOs,
    EcosystemName::Npm,
    EcosystemName::NuGet,
    EcosystemName::OpenCloudOs,
    EcosystemName::OpenEuler,
    EcosystemName::OpenSuse,
    EcosystemName::Packagist,
    EcosystemName::Photon,
    EcosystemName::Pub,
    EcosystemName::PyPi,
    EcosystemName::RedHat,
    EcosystemName::RockyLinux,
    EcosystemName::RubyGems,
    EcosystemName::Suse,
    EcosystemName::SwiftUrl,
    EcosystemName::Ubuntu,
    EcosystemName::Wolfi,
];

/// Which names of a distribution package its feed uses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    /// The source package: Debian, Ubuntu, Alpine.
    Source,
    /// The installed package: AlmaLinux, Red Hat.
    Own,
    /// Either: Wolfi and Chainguard file advisories under both, and most rpm feeds name sources that are
    /// also packages.
    Both,
}

fn distribution_feed<'a>(package: &'a Package, distro: Option<&Distro>) -> Asked<'a> {
    let Some(distro) = distro else { return Asked::None(package.kind.title().to_owned()) };
    let Some((kind, ecosystem, releases, names)) = packages_of_distro(distro) else {
        return Asked::None(distro.display_name());
    };
    if kind != package.kind {
        return Asked::None(package.kind.title().to_owned());
    }
    if is_third_party(package, ecosystem.name) {
        return Asked::ThirdParty(ecosystem);
    }
    let scheme = VersionScheme::of_ecosystem(ecosystem.name).or_else(|| VersionScheme::of_package(kind));
    let lookups = lookups(package, names, ecosystem.name);
    Asked::Feed(Feed { ecosystem, releases, scheme, lookups })
}

/// The feed of a distribution's release, and which of its ecosystems; `None` where OSV has none.
pub fn feed_of_distro(distro: &Distro) -> Option<(Ecosystem, Releases)> {
    packages_of_distro(distro).map(|(_, ecosystem, releases, _)| (ecosystem, releases))
}

/// The same with the kind of its packages and the names that are used for them.
///
/// <https://ossf.github.io/osv-schema/#affectedpackage-field> has the spelling of each release.
fn packages_of_distro(distro: &Distro) -> Option<(PackageKind, Ecosystem, Releases, Names)> {
    use EcosystemName as E;
    use PackageKind::{Apk, Deb, Rpm};
    let version = distro.version_id.as_deref().filter(|version| !version.is_empty());
    let major = distro.major();
    let exact = |kind, name, release: Option<String>, names| {
        Some((kind, Ecosystem { name, release: Some(release?) }, Releases::Exact, names))
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let rolling = |kind, name, names| Some((kind, Ecosystem::whole(name), Releases::Exact, names));
    match distro.id.as_str() {
        "debian" => exact(Deb, E::Debian, debian_release(distro), Names::Source),
        "ubuntu" => {
            let release = ubuntu_release(version?);
            if distro.has_channel(Distro::ESM) && release.ends_with(":LTS") {
                let ecosystem = Ecosystem::release(E::Ubuntu, format!("Pro:{release}"));
                return Some((Deb, ecosystem, Releases::UbuntuPro { release }, Names::Source));
            }
            exact(Deb, E::Ubuntu, Some(release), Names::Source)
        }
        "echo" => rolling(Deb, E::Echo, Names::Source),
        "alpine" => exact(Apk, E::Alpine, version.map(alpine_release), Names::Source),
        "alpaquita" => exact(Apk, E::Alpaquita, owned(version), Names::Source),
        "wolfi" => rolling(Apk, E::Wolfi, Names::Both),
        "chainguard" => rolling(Apk, E::Chainguard, Names::Both),
        "minimos" => rolling(Apk, E::MinimOs, Names::Both),
        "almalinux" => exact(Rpm, E::AlmaLinux, owned(major), Names::Own),
        "rocky" => exact(Rpm, E::RockyLinux, owned(major), Names::Both),
        "rhel" => {
            let major = major?.to_owned();
            let ecosystem = Ecosystem::release(E::RedHat, format!("enterprise_linux:{major}"));
            Some((Rpm, ecosystem, Releases::RedHat { major }, Names::Own))
        }
        "sles" | "sled" | "sle-micro" | "sle_hpc" => {
            let release = suse_release(version?);
            let ecosystem = Ecosystem::release(E::Suse, format!("Linux Enterprise {release}"));
            Some((Rpm, ecosystem, Releases::Suse { release }, Names::Both))
        }
        "opensuse-leap" => exact(Rpm, E::OpenSuse, version.map(|v| format!("Leap {v}")), Names::Both),
        "opensuse-leap-micro" => {
            exact(Rpm, E::OpenSuse, version.map(|v| format!("Leap Micro {v}")), Names::Both)
        }
        "opensuse-tumbleweed" => exact(Rpm, E::OpenSuse, Some("Tumbleweed".to_owned()), Names::Both),
        "photon" => exact(Rpm, E::Photon, version.map(with_minor), Names::Both),
        "azurelinux" | "mariner" => exact(Rpm, E::AzureLinux, owned(major), Names::Both),
        "mageia" => exact(Rpm, E::Mageia, owned(major), Names::Both),
        "openEuler" | "openeuler" => exact(Rpm, E::OpenEuler, openeuler_release(distro), Names::Both),
        "opencloudos" => exact(Rpm, E::OpenCloudOs, owned(major), Names::Both),
        _ => None,
    }
}

/// `12`; testing says only its code name.
fn debian_release(distro: &Distro) -> Option<String> {
    if let Some(major) = distro.major() {
        return Some(major.to_owned());
    }
    // Testing and unstable share one `os-release`: `trixie/sid`.
    let codename = distro.codename.as_deref()?.split('/').next()?;
    let release = match codename {
        "jessie" => "8",
        "stretch" => "9",
        "buster" => "10",
        "bullseye" => "11",
        "bookworm" => "12",
        "trixie" => "13",
        "forky" => "14",
        "duke" => "15",
        _ => return None,
    };
    Some(release.to_owned())
}

/// Releases of April in even years are supported for long.
fn ubuntu_release(version: &str) -> String {
    // 22.04.3 is the third image of 22.04.
    let mut parts = version.splitn(3, '.');
    let (year, month) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_lts = month == "04" && year.parse::<u32>().is_ok_and(|year| year % 2 == 0);
    // 6.06 was the one that came late.
    let is_lts = is_lts || (year, month) == ("6", "06");
    if is_lts { format!("{year}.{month}:LTS") } else { format!("{year}.{month}") }
}

/// `v3.20`; edge calls itself the next release with a date: `3.21.0_alpha20240807`.
fn alpine_release(version: &str) -> String {
    if version.contains("_alpha") || version == "edge" {
        return "edge".to_owned();
    }
    format!("v{}", with_minor(version))
}

/// The first two numbers of a version.
fn with_minor(version: &str) -> String {
    version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".")
}

/// `15 SP5` of `15.5`, `16.0` of `16.0`, `Micro` releases as they are.
fn suse_release(version: &str) -> String {
    match version.split_once('.') {
        Some((major @ ("11" | "12" | "15"), pack)) => format!("{major} SP{pack}"),
        _ => version.to_owned(),
    }
}

/// `24.03-LTS-SP1`: what the pretty name has in brackets follows the version.
fn openeuler_release(distro: &Distro) -> Option<String> {
    let version = distro.version_id.as_deref()?;
    let bracketed = distro
        .pretty_name
        .as_deref()
        .and_then(|name| name.split_once('(')?.1.split_once(')'))
        .map(|(inside, _)| inside.trim().replace(' ', "-"));
    match bracketed {
        Some(suffix) if !suffix.is_empty() => Some(format!("{version}-{suffix}")),
        _ => Some(version.to_owned()),
    }
}

fn lookups(package: &Package, names: Names, ecosystem: EcosystemName) -> Vec<Lookup<'_>> {
    let own = Lookup {
        name: &package.name,
        version: distribution_version(&package.version, None, ecosystem),
        through_source: false,
    };
    let (source_name, source_version) = package.source_or_self();
    let source = Lookup {
        name: source_name,
        version: distribution_version(source_version, Some(package), ecosystem),
        through_source: source_name != package.name,
    };
    match names {
        Names::Own => vec![own],
        Names::Source => vec![source],
        Names::Both if source.name == own.name => vec![own],
        Names::Both => vec![own, source],
    }
}

/// The version as the feed would write it.
///
/// An rpm without an epoch has 0, and its source, whose file name never has one, shares the epoch of the
/// package. Azure Linux writes fixed versions without epochs, so that none may be compared.
fn distribution_version<'a>(
    version: &'a str,
    built: Option<&Package>,
    ecosystem: EcosystemName,
) -> Cow<'a, str> {
    if ecosystem == EcosystemName::AzureLinux {
        return Cow::Borrowed(version.split_once(':').map_or(version, |(_, rest)| rest));
    }
    let epoch = built
        .filter(|package| package.kind == PackageKind::Rpm && !version.contains(':'))
        .and_then(|package| package.version.split_once(':'));
    match epoch {
        Some((epoch, _)) if !version.is_empty() => Cow::Owned(format!("{epoch}:{version}")),
        _ => Cow::Borrowed(version),
    }
}

/// Bitnami counts its own builds of a version behind a hyphen, `1.25.3-2`; as SemVer that would come before it.
fn without_revision(version: &str) -> &str {
    match version.rsplit_once('-') {
        Some((version, build)) if build.bytes().all(|byte| byte.is_ascii_digit()) => version,
        _ => version,
    }
}

/// A version as the Go feed writes it, or the empty text where the build did not know one.
///
/// A main module built outside a release says `(devel)`, or a pseudo-version of nothing
/// (`v0.0.0-…+dirty`). Versions of the standard library are written `go1.21rc2` by the tool chain and
/// `1.21.0-rc.2` by the feed.
fn go_version<'a>(name: &str, version: &'a str) -> Cow<'a, str> {
    let unknown = version == "(devel)" || (version.starts_with("v0.0.0-") && version.ends_with("+dirty"));
    if unknown {
        return Cow::Borrowed("");
    }
    if !matches!(name, "stdlib" | "toolchain") {
        return Cow::Borrowed(version);
    }
    // Further words name experiments: `go1.24.1 X:nocoverageredesign`.
    let version = version.split(' ').next().unwrap_or_default();
    let version = version.trim_start_matches("go").trim_start_matches('v');
    for (word, written) in [("rc", "rc"), ("beta", "beta")] {
        if let Some((release, number)) = version.split_once(word)
            && release.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        {
            let patch = if release.matches('.').count() == 1 { ".0" } else { "" };
            return Cow::Owned(format!("{release}{patch}-{written}.{number}"));
        }
    }
    // A vendor's build is not before the release: `1.22.5-fips`. A pre-release is: `1.26.0-rc.1`, `1.25.0-0`.
    let is_release = |suffix: &str| {
        let word = suffix.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        !matches!(word, "" | "rc" | "beta" | "alpha")
    };
    match version.split_once('-') {
        Some((release, suffix)) if is_release(suffix) => Cow::Borrowed(release),
        _ => Cow::Borrowed(version.split('+').next().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests;
