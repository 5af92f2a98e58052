//! Which Linux distribution an image holds.

/// What `os-release` (or a fall-back) says of a distribution, kept as it was written.
///
/// <https://www.freedesktop.org/software/systemd/man/latest/os-release.html>
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Distro {
    /// `ID`: lower-case, no spaces: `debian`, `alpine`, `almalinux`, `wolfi`.
    pub id: String,
    /// `VERSION_ID`; absent on rolling releases.
    pub version_id: Option<String>,
    /// `VERSION_CODENAME`, or the code name found in a fall-back (`trixie/sid`); `edge` where Alpine's packages
    /// come from its development stream, whatever `VERSION_ID` says.
    pub codename: Option<String>,
    /// `ID_LIKE`, split at spaces.
    pub id_like: Vec<String>,
    /// `PRETTY_NAME`, for people.
    pub pretty_name: Option<String>,
    /// `VARIANT_ID`, which some feeds need.
    pub variant_id: Option<String>,
    /// `CPE_NAME`, from which Red Hat's repositories follow.
    pub cpe_name: Option<String>,
    /// Channels beyond the release that its packages come from, sorted: [`Distro::ESM`].
    pub channels: Vec<String>,
}

impl Distro {
    /// The channel of Ubuntu Pro's Expanded Security Maintenance.
    pub const ESM: &str = "esm";

    /// Whether packages come from this channel.
    pub fn has_channel(&self, channel: &str) -> bool {
        self.channels.iter().any(|known| known == channel)
    }

    /// Name and version for people: the pretty name, else `id version`.
    pub fn display_name(&self) -> String {
        match (&self.pretty_name, &self.version_id) {
            (Some(name), _) if !name.trim().is_empty() => name.clone(),
            (_, Some(version)) => format!("{} {version}", self.id),
            _ => self.id.clone(),
        }
    }

    /// The value of the package URL's `distro` qualifier: `debian-12`, or `wolfi` where there is no version.
    pub fn purl_qualifier(&self) -> String {
        match &self.version_id {
            Some(version) => format!("{}-{version}", self.id),
            None => self.id.clone(),
        }
    }

    /// The first number of the version: `9` of `9.4`.
    pub fn major(&self) -> Option<&str> {
        self.version_id.as_deref()?.split('.').next().filter(|major| !major.is_empty())
    }
}
