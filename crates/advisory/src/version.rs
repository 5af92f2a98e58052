//! The version orders of all ecosystems: each follows its ecosystem's own comparator, text by text.
//!
//! A text that the ecosystem's comparator refuses is an error here and becomes *unknown* in a result; nothing
//! is guessed. Ranges and events of advisories, and the special `introduced: "0"`, are not this module's work.
//! `script/versions/check` asks the real comparators and this module about thousands of pairs.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use seawall_model::{Ecosystem, EcosystemName, PackageKind};

mod alpm;
mod apk;
mod cocoapods;
mod composer;
mod conan;
mod dpkg;
mod go;
mod julia;
mod maven;
mod npm;
mod nuget;
mod number;
mod opam;
mod pep440;
mod rpm;
mod rubygems;
mod semver;
mod sequence;

/// The longest text that is looked at, in bytes. Real versions have fewer than 200.
pub const MAX_VERSION_BYTES: usize = 4096;

/// What a scheme has to know: which texts are versions, and which of two comes first.
struct Order {
    /// The text in the form that `compare` takes; `None` where it is no version of the scheme.
    canonical: fn(&str) -> Option<Cow<'_, str>>,
    /// Compares two canonical texts. Allocates nothing.
    compare: fn(&str, &str) -> Ordering,
}

macro_rules! schemes {
    ($($(#[$doc:meta])+ $variant:ident $name:literal $order:path,)+) => {
        /// How versions of an ecosystem are ordered.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum VersionScheme { $($(#[$doc])+ $variant,)+ }

        impl VersionScheme {
            /// Every scheme, in order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name in messages and tables.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            const fn order(self) -> &'static Order {
                match self { $(Self::$variant => &$order,)+ }
            }
        }
    };
}

schemes! {
    /// Debian's `[epoch:]upstream[-revision]`, with `~` below everything.
    Dpkg "dpkg" dpkg::ORDER,
    /// RPM's `[epoch:]version[-release]`, with `~` below and `^` above the end; a missing epoch is 0.
    Rpm "rpm" rpm::ORDER,
    /// Alpine's `digits{.digits}[letter]{_suffix}[~hash][-rN]`.
    Apk "apk" apk::ORDER,
    /// Pacman's `vercmp`: as RPM once was, and a release counts only where both have one.
    Alpm "alpm" alpm::ORDER,
    /// Python's PEP 440; versions from before it are refused, as `packaging` does.
    Pep440 "pep440" pep440::ORDER,
    /// SemVer 2 as node-semver cleans and reads it.
    Npm "npm" npm::ORDER,
    /// SemVer 2, strictly.
    SemVer "semver" semver::STRICT,
    /// SemVer 2 for ecosystems that tag loosely: a leading `v`, missing parts (zero), leading zeros.
    LenientSemVer "lenient-semver" semver::LENIENT,
    /// Go modules and toolchains.
    Go "go" go::ORDER,
    /// `Gem::Version`.
    RubyGems "rubygems" rubygems::ORDER,
    /// Composer's normalised versions under PHP's `version_compare`. Branches (`dev-main`) have no order.
    Composer "composer" composer::ORDER,
    /// Maven's `ComparableVersion`.
    Maven "maven" maven::ORDER,
    /// NuGet: SemVer 2 with up to four numbers, labels without regard to case.
    NuGet "nuget" nuget::ORDER,
    /// Elixir's `Version`.
    Hex "hex" semver::HEX,
    /// R's `package_version`: two or more numbers, missing ones are zero.
    Cran "cran" sequence::CRAN,
    /// Dart's `pub_semver`, where a build comes after the same version without.
    Pub "pub" semver::PUB,
    /// Conan's `Version`.
    Conan "conan" conan::ORDER,
    /// Tags of Swift packages: SemVer 2 with an optional `v` and an optional third number.
    Swift "swift" semver::SWIFT,
    /// `Pod::Version`.
    CocoaPods "cocoapods" cocoapods::ORDER,
    /// Julia's `VersionNumber`, where a build comes after the same version without.
    Julia "julia" julia::ORDER,
    /// Haskell's package versioning policy: numbers, compared as a list.
    Pvp "pvp" sequence::PVP,
    /// opam's Debian-like order without epochs.
    Opam "opam" opam::ORDER,
}

impl fmt::Display for VersionScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl VersionScheme {
    /// The order that an OSV ecosystem's records use; `None` where no order is defined, or where it depends
    /// on what follows the name ([`VersionScheme::of`] knows those), so that only enumerated versions match.
    pub fn of_ecosystem(name: EcosystemName) -> Option<Self> {
        use EcosystemName as Name;
        Some(match name {
            Name::Debian | Name::Ubuntu | Name::Echo => Self::Dpkg,
            Name::AlmaLinux
            | Name::AzureLinux
            | Name::Mageia
            | Name::OpenCloudOs
            | Name::OpenEuler
            | Name::OpenSuse
            | Name::Photon
            | Name::RedHat
            | Name::RockyLinux
            | Name::Suse => Self::Rpm,
            Name::Alpaquita
            | Name::Alpine
            | Name::BellSoft
            | Name::Chainguard
            | Name::CleanStart
            | Name::MinimOs
            | Name::Wolfi => Self::Apk,
            Name::PyPi => Self::Pep440,
            Name::Npm => Self::Npm,
            Name::CratesIo => Self::SemVer,
            Name::Bitnami
            | Name::DockerHardenedImages
            | Name::Ghc
            | Name::GitHubActions
            | Name::Kubernetes
            | Name::VsCode => Self::LenientSemVer,
            Name::Go => Self::Go,
            Name::RubyGems => Self::RubyGems,
            Name::Packagist => Self::Composer,
            Name::Maven => Self::Maven,
            Name::NuGet => Self::NuGet,
            Name::Hex => Self::Hex,
            Name::Cran | Name::Bioconductor => Self::Cran,
            Name::Pub => Self::Pub,
            Name::ConanCenter => Self::Conan,
            Name::SwiftUrl => Self::Swift,
            Name::Julia => Self::Julia,
            Name::Hackage => Self::Pvp,
            Name::Opam => Self::Opam,
            // Android counts patch levels, FreeBSD has an order of its own, the others name no packages.
            _ => return None,
        })
    }

    /// The order of an ecosystem with its release. Three feeds name another ecosystem after the colon and
    /// use its versions: `TuxCare:Red Hat:9`, `Root:Alpine:3.18`, `Echo:PyPI`.
    pub fn of(ecosystem: &Ecosystem) -> Option<Self> {
        let carries_another =
            matches!(ecosystem.name, EcosystemName::TuxCare | EcosystemName::Root | EcosystemName::Echo);
        match ecosystem.release.as_deref().filter(|_| carries_another) {
            // Echo tells its rebuilds apart by build metadata alone, which npm would ignore.
            Some("npm") if ecosystem.name == EcosystemName::Echo => Some(Self::Pub),
            Some(inner) => Self::of_ecosystem(inner.split(':').next()?.parse().ok()?),
            None => Self::of_ecosystem(ecosystem.name),
        }
    }

    /// The order among packages of one kind; `None` for kinds without one.
    pub fn of_package(kind: PackageKind) -> Option<Self> {
        use PackageKind as Kind;
        Some(match kind {
            Kind::Deb | Kind::Opkg => Self::Dpkg,
            Kind::Apk => Self::Apk,
            Kind::Rpm => Self::Rpm,
            Kind::Alpm => Self::Alpm,
            Kind::Pypi => Self::Pep440,
            Kind::Npm => Self::Npm,
            Kind::Maven => Self::Maven,
            Kind::Golang => Self::Go,
            Kind::Cargo => Self::SemVer,
            Kind::Gem => Self::RubyGems,
            Kind::Composer => Self::Composer,
            Kind::Nuget => Self::NuGet,
            Kind::Pub => Self::Pub,
            Kind::Hex => Self::Hex,
            Kind::Swift => Self::Swift,
            Kind::Conan => Self::Conan,
            Kind::Cocoapods => Self::CocoaPods,
            Kind::Julia => Self::Julia,
            Kind::Cran => Self::Cran,
            Kind::GithubActions | Kind::Bitnami => Self::LenientSemVer,
            Kind::Hackage => Self::Pvp,
            _ => return None,
        })
    }

    /// Reads a version.
    pub fn parse(self, text: &str) -> Result<Version, VersionError> {
        let canonical = self.canonical(text)?;
        Ok(Version { scheme: self, canonical: canonical.into() })
    }

    /// Which of two versions comes first. Two spellings of one version (`1.0` and `1.0.0` where the ecosystem
    /// says so) are equal. Allocates only for schemes whose versions must be rewritten first.
    pub fn compare(self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let (a, b) = (self.canonical(a)?, self.canonical(b)?);
        Ok((self.order().compare)(&a, &b))
    }

    /// The same, borrowing from the text where it need not be rewritten; `None` for what is no version.
    pub(crate) fn read(self, text: &str) -> Option<ReadVersion<'_>> {
        // Some comparators read nothing as version 0; here it means that no version is known.
        let is_possible = text.len() <= MAX_VERSION_BYTES && !text.trim().is_empty();
        let canonical = if is_possible { (self.order().canonical)(text)? } else { return None };
        Some(ReadVersion { scheme: self, canonical })
    }

    fn canonical(self, text: &str) -> Result<Cow<'_, str>, VersionError> {
        if text.len() > MAX_VERSION_BYTES {
            return Err(VersionError::TooLong);
        }
        let read = self.read(text).map(|version| version.canonical);
        read.ok_or_else(|| VersionError::Unparseable { scheme: self, text: text.to_owned() })
    }
}

/// A version that its scheme has accepted.
///
/// Equality is the scheme's: two spellings of one version are equal. Versions of different schemes are neither
/// equal nor ordered.
///
/// ```
/// # use seawall_advisory::version::VersionScheme;
/// let installed = VersionScheme::Pep440.parse("1.0rc1").unwrap();
/// assert!(installed < VersionScheme::Pep440.parse("1.0").unwrap());
/// assert_eq!(installed.compare_text("1.0.0rc1").unwrap(), std::cmp::Ordering::Equal);
/// ```
#[derive(Debug, Clone)]
pub struct Version {
    scheme: VersionScheme,
    /// INVARIANT: came from the scheme's `canonical`.
    canonical: Box<str>,
}

impl Version {
    /// The scheme that read it.
    pub fn scheme(&self) -> VersionScheme {
        self.scheme
    }

    /// Compares with a version of the same scheme that is still text: the cheap way to ask one version about
    /// many ranges.
    pub fn compare_text(&self, other: &str) -> Result<Ordering, VersionError> {
        let other = self.scheme.canonical(other)?;
        Ok((self.scheme.order().compare)(&self.canonical, &other))
    }

    /// Compares two versions; `None` where their schemes differ.
    pub fn cmp_same_scheme(&self, other: &Self) -> Option<Ordering> {
        (self.scheme == other.scheme)
            .then(|| (self.scheme.order().compare)(&self.canonical, &other.canonical))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp_same_scheme(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.cmp_same_scheme(other)
    }
}

/// A [`Version`] that borrows the text it was read from.
#[derive(Debug, Clone)]
pub(crate) struct ReadVersion<'a> {
    scheme: VersionScheme,
    /// INVARIANT: came from the scheme's `canonical`.
    canonical: Cow<'a, str>,
}

impl ReadVersion<'_> {
    /// Which comes first; `None` where their schemes differ.
    pub(crate) fn order(&self, other: &ReadVersion<'_>) -> Option<Ordering> {
        (self.scheme == other.scheme)
            .then(|| (self.scheme.order().compare)(&self.canonical, &other.canonical))
    }
}

/// Why a text is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VersionError {
    /// The ecosystem's own comparator refuses it, or has no place for it in its order.
    #[error("{text:?} is not a {scheme} version")]
    Unparseable { scheme: VersionScheme, text: String },
    /// It is longer than any version: see [`MAX_VERSION_BYTES`].
    #[error("the version is longer than {MAX_VERSION_BYTES} bytes")]
    TooLong,
}
