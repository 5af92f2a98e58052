//! A package: what is installed or locked, where it was found, and who put it there.

use std::borrow::Cow;

use crate::{Checksum, Distro, FilePathBuf, Purl};

/// The position of a layer in its image, counted from 0 at the base.
pub type LayerIndex = usize;

/// One package of one version, at every place where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The system that made and versions it.
    pub kind: PackageKind,
    /// The name as advisories of its ecosystem spell it: `zlib1g`, `@scope/name`, `group:artifact`,
    /// `github.com/owner/module`, `vendor/package`.
    pub name: String,
    /// The version as the ecosystem orders it: `1:2.36-9+deb12u4` with epoch, `1.2.3-r0`, `v1.2.3`.
    pub version: String,
    /// The architecture in the package system's own words; `None` where it has none.
    pub arch: Option<String>,
    /// What the distribution built it from; advisories of Debian, Ubuntu and Alpine name this one.
    /// `None` means: itself.
    pub source: Option<SourcePackage>,
    /// Who built it, as the package database says: rpm `Vendor`, deb `Maintainer` or `Origin`, apk `m`.
    pub vendor: Option<String>,
    /// The modularity label of an rpm, such as `nodejs:18:8080020230...:rhel8`.
    pub modularity: Option<String>,
    /// Licences as declared, one entry for each statement, in the order of the source.
    pub licences: Vec<String>,
    /// Whether it is there to run or only to develop with.
    pub scope: Scope,
    /// A path below the package, as in a package URL: an action in a subfolder of its repository, a subspec of
    /// a pod. Advisories do not name it.
    pub subpath: Option<String>,
    /// Further qualifiers of the package URL, sorted by key, without `arch` and `distro`.
    pub qualifiers: Vec<(String, String)>,
    /// What it needs, as its package system names it: a package, or something that a package provides.
    pub needs: Vec<String>,
    /// Further names under which others may need it: `Provides` of dpkg, `p:` of apk, capabilities of rpm.
    pub provides: Vec<String>,
    /// Digests of the package as its system states them: of the archive that was installed or locked.
    pub checksums: Vec<Checksum>,
    /// The cataloger that found it, such as `debian/dpkg`.
    pub cataloger: Cow<'static, str>,
    /// Every place where it was found, in order of path; at least one after assembly.
    pub places: Vec<Place>,
    /// The distribution package that owns the first place; `None` for distribution packages themselves and
    /// for files that nobody owns.
    pub owner: Option<Owner>,
}

impl Package {
    /// A package with name and version and nothing else known.
    pub fn new(
        kind: PackageKind,
        name: impl Into<String>,
        version: impl Into<String>,
        cataloger: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            kind,
            name: name.into(),
            version: version.into(),
            arch: None,
            source: None,
            vendor: None,
            modularity: None,
            licences: Vec::new(),
            scope: Scope::Runtime,
            subpath: None,
            qualifiers: Vec::new(),
            needs: Vec::new(),
            provides: Vec::new(),
            checksums: Vec::new(),
            cataloger: cataloger.into(),
            places: Vec::new(),
            owner: None,
        }
    }

    /// Name and version that a distribution's advisories use: of the source package where there is one.
    pub fn source_or_self(&self) -> (&str, &str) {
        match &self.source {
            Some(source) => (&source.name, &source.version),
            None => (&self.name, &self.version),
        }
    }

    /// The package URL. `distro` is needed for packages of a distribution and ignored for others.
    pub fn purl(&self, distro: Option<&Distro>) -> Purl {
        Purl::of_package(self, distro)
    }
}

/// One package needs another: positions in the inventory's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dependency {
    /// Who needs.
    pub from: usize,
    /// What is needed.
    pub to: usize,
}

/// What a binary package was built from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourcePackage {
    /// Its name: `Source` of dpkg, `o` of apk, the name in `SOURCERPM`.
    pub name: String,
    /// Its version, with epoch where the package system knows one.
    pub version: String,
}

/// Whether a package is there to run or only to develop with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Scope {
    /// Installed, or needed at run time.
    #[default]
    Runtime,
    /// Locked for development or tests only; judged only on request, and counted.
    Development,
}

/// A file that shows a package, and the layer that brought it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, such as `var/lib/dpkg/status`.
    pub path: FilePathBuf,
    /// The way inside that file where it is an archive: `BOOT-INF/lib/a.jar`, nested ones joined by `!/`.
    pub inside: Option<String>,
    /// The layer in which this version of the package first appeared at this path; `None` outside images.
    pub layer: Option<LayerIndex>,
}

/// The distribution package that a file belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    pub kind: PackageKind,
    pub name: String,
    pub version: String,
}

macro_rules! kinds {
    ($($variant:ident $purl:literal $title:literal,)+) => {
        /// The system that made and versions a package.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum PackageKind { $(#[doc = $title] $variant,)+ }

        impl PackageKind {
            /// Every kind, in order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The `type` of its package URLs.
            /// <https://github.com/package-url/purl-spec/blob/main/PURL-TYPES.rst>
            pub const fn purl_type(self) -> &'static str {
                match self { $(Self::$variant => $purl,)+ }
            }

            /// The name for people.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }
        }
    };
}

kinds! {
    Deb "deb" "Debian package",
    Apk "apk" "Alpine package",
    Rpm "rpm" "RPM package",
    Alpm "alpm" "Arch Linux package",
    Opkg "opkg" "OpenWrt package",
    Pypi "pypi" "Python package",
    Npm "npm" "npm package",
    Maven "maven" "Java archive",
    Golang "golang" "Go module",
    Cargo "cargo" "Rust crate",
    Gem "gem" "Ruby gem",
    Composer "composer" "PHP package",
    Nuget "nuget" ".NET package",
    Conda "conda" "conda package",
    Pub "pub" "Dart package",
    Hex "hex" "Elixir or Erlang package",
    Swift "swift" "Swift package",
    Conan "conan" "Conan package",
    Cocoapods "cocoapods" "CocoaPods pod",
    Julia "julia" "Julia package",
    Cran "cran" "R package",
    GithubActions "github" "GitHub action",
    Bitnami "bitnami" "Bitnami component",
    Hackage "hackage" "Haskell package",
    Generic "generic" "program",
}

impl PackageKind {
    /// Whether a Linux distribution made it, so that its advisories come from that distribution.
    pub const fn is_distribution(self) -> bool {
        matches!(self, Self::Deb | Self::Apk | Self::Rpm | Self::Alpm | Self::Opkg)
    }

    /// The kind of a package URL's `type`.
    pub fn from_purl_type(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.purl_type() == text)
    }
}
