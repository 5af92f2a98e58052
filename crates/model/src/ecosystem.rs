//! The ecosystems of OSV records: a closed list of names, and the release that may follow.
//!
//! <https://ossf.github.io/osv-schema/#affectedpackage-field>

use std::fmt;
use std::str::FromStr;

/// An ecosystem as a record spells it: `npm`, `Debian:12`, `Ubuntu:22.04:LTS`, `Red Hat:enterprise_linux:9::appstream`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ecosystem {
    pub name: EcosystemName,
    /// What follows the first colon, as it is written; `None` where there is no colon.
    pub release: Option<String>,
}

impl Ecosystem {
    /// The ecosystem without a release.
    pub const fn whole(name: EcosystemName) -> Self {
        Self { name, release: None }
    }

    /// One release of an ecosystem.
    pub fn release(name: EcosystemName, release: impl Into<String>) -> Self {
        Self { name, release: Some(release.into()) }
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.release {
            Some(release) => write!(f, "{}:{release}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

/// The text names no ecosystem of the OSV schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an ecosystem of the OSV schema")]
pub struct EcosystemError(pub String);

impl FromStr for Ecosystem {
    type Err = EcosystemError;

    fn from_str(text: &str) -> Result<Self, EcosystemError> {
        let (name, release) = match text.split_once(':') {
            Some((name, release)) => (name, Some(release.to_owned())),
            None => (text, None),
        };
        Ok(Self { name: name.parse()?, release })
    }
}

macro_rules! ecosystems {
    ($($variant:ident $text:literal,)+) => {
        /// The name before the colon. Spelling counts: `debian` is no ecosystem, `Debian` is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum EcosystemName { $(#[doc = $text] $variant,)+ }

        impl EcosystemName {
            /// Every name, in order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name as OSV spells it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

ecosystems! {
    AlmaLinux "AlmaLinux",
    Alpaquita "Alpaquita",
    Alpine "Alpine",
    AlpineLibraries "Alpine Libraries",
    Android "Android",
    AzureLinux "Azure Linux",
    BellSoft "BellSoft Hardened Containers",
    Bioconductor "Bioconductor",
    Bitnami "Bitnami",
    Chainguard "Chainguard",
    CleanStart "CleanStart",
    ConanCenter "ConanCenter",
    Cran "CRAN",
    CratesIo "crates.io",
    Debian "Debian",
    DockerHardenedImages "Docker Hardened Images",
    Echo "Echo",
    FreeBsd "FreeBSD",
    Ghc "GHC",
    GitHubActions "GitHub Actions",
    Go "Go",
    Hackage "Hackage",
    Hex "Hex",
    Julia "Julia",
    Kubernetes "Kubernetes",
    Linux "Linux",
    Mageia "Mageia",
    Maven "Maven",
    MinimOs "MinimOS",
    Npm "npm",
    NuGet "NuGet",
    Opam "opam",
    OpenCloudOs "OpenCloudOS",
    OpenEuler "openEuler",
    OpenSuse "openSUSE",
    OssFuzz "OSS-Fuzz",
    Packagist "Packagist",
    Photon "Photon OS",
    Pub "Pub",
    PyPi "PyPI",
    RedHat "Red Hat",
    RockyLinux "Rocky Linux",
    Root "Root",
    RubyGems "RubyGems",
    Suse "SUSE",
    SwiftUrl "SwiftURL",
    TuxCare "TuxCare",
    Ubuntu "Ubuntu",
    VsCode "VSCode",
    Wolfi "Wolfi",
}

impl fmt::Display for EcosystemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for EcosystemName {
    type Err = EcosystemError;

    fn from_str(text: &str) -> Result<Self, EcosystemError> {
        Self::ALL
            .iter()
            .copied()
            .find(|name| name.as_str() == text)
            .ok_or_else(|| EcosystemError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_kept_as_written() {
        for text in
            ["npm", "Debian:12", "Ubuntu:22.04:LTS", "Red Hat:enterprise_linux:9::appstream", "crates.io"]
        {
            assert_eq!(text.parse::<Ecosystem>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_name_that_osv_does_not_know_is_an_error() {
        for text in ["", "debian", "NPM", "Nope:1", ":12"] {
            assert!(text.parse::<Ecosystem>().is_err(), "{text:?}");
        }
    }
}
