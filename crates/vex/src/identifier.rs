//! How documents name things, and whether that is the thing at hand.
//!
//! A name that says more than is known of the thing does not fit: a statement that is wrongly applied hides a
//! fault, one that is not applied is seen.

use seawall_model::{Checksum, Package, Purl};

/// Something that a document names, by all the names that it gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Component {
    pub identifiers: Vec<Identifier>,
}

/// One name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    /// A package URL, of an image (`pkg:oci/…`) or a package.
    Purl(Purl),
    /// A digest of it in hexadecimal digits, of whatever algorithm.
    Hash(String),
    /// A platform: `cpe:/o:redhat:enterprise_linux:9` or its 2.3 form.
    Cpe(Cpe),
    /// Anything else that may be compared as it stands.
    Text(String),
}

impl Identifier {
    /// The kind that a text shows by itself.
    pub fn of(text: &str) -> Self {
        if let Ok(purl) = text.parse() {
            return Self::Purl(purl);
        }
        match Cpe::parse(text) {
            Some(cpe) => Self::Cpe(cpe),
            None => Self::Text(text.to_owned()),
        }
    }
}

impl Component {
    /// A component of one name.
    pub fn named(text: &str) -> Self {
        Self { identifiers: vec![Identifier::of(text)] }
    }

    /// Whether nothing names it.
    pub fn is_empty(&self) -> bool {
        self.identifiers.is_empty()
    }

    /// Whether it is this package, whose package URL is `own`.
    pub fn is_package(&self, package: &Package, own: &Purl) -> bool {
        self.identifiers.iter().any(|identifier| match identifier {
            Identifier::Purl(purl) => is_purl_of(purl, package, own),
            Identifier::Hash(hex) => package.checksums.iter().any(|sum| is_hash(sum, hex)),
            Identifier::Cpe(_) => false,
            Identifier::Text(name) => *name == own.to_string(),
        })
    }
}

fn is_hash(sum: &Checksum, hex: &str) -> bool {
    sum.hex().eq_ignore_ascii_case(hex)
}

/// Whether a stated package URL is that of a package: what it leaves out is any, what it says must be so.
fn is_purl_of(stated: &Purl, package: &Package, own: &Purl) -> bool {
    // `arch=src` and `arch=source` mean the source package, and with it all that was built from it.
    let is_source = matches!(stated.qualifier("arch"), Some("src" | "source"));
    if is_source && let Some(source) = &package.source {
        let same_version = |version: &String| {
            *version == source.version
                || own.version.as_ref() == Some(version)
                || without_epoch(&source.version) == version
        };
        return stated.purl_type == own.purl_type
            && stated.name == source.name
            && namespace_fits(stated, own)
            && stated.version.as_ref().is_none_or(same_version);
    }
    is_same(stated, own)
}

fn without_epoch(version: &str) -> &str {
    version.split_once(':').map_or(version, |(_, rest)| rest)
}

/// Whether everything that `stated` says holds of `own`.
pub(crate) fn is_same(stated: &Purl, own: &Purl) -> bool {
    let qualifier_fits = |(key, value): &(String, String)| match own.qualifier(key) {
        Some(known) => known == value,
        None => is_about_place(key) || is_default(own, key, value),
    };
    stated.purl_type == own.purl_type
        && stated.name == own.name
        && namespace_fits(stated, own)
        && (stated.version.is_none() || stated.version == own.version)
        && stated.qualifiers.iter().all(qualifier_fits)
        && (stated.subpath.is_none() || stated.subpath == own.subpath)
}

fn namespace_fits(stated: &Purl, own: &Purl) -> bool {
    stated.namespace == own.namespace
}

/// Qualifiers that say where a package can be had, not which one it is.
fn is_about_place(key: &str) -> bool {
    matches!(key, "repository_url" | "download_url" | "vcs_url" | "file_name" | "checksum")
}

/// Values that mean the same as their absence.
fn is_default(own: &Purl, key: &str, value: &str) -> bool {
    match (own.purl_type.as_str(), key) {
        ("maven", "type") => value == "jar",
        ("rpm", "epoch") => value == "0",
        ("gem", "platform") => value == "ruby",
        _ => false,
    }
}

/// The parts of a platform's name that can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cpe {
    vendor: String,
    product: String,
    /// `None` is any.
    version: Option<String>,
}

impl Cpe {
    /// Reads `cpe:/o:vendor:product:version…` and `cpe:2.3:o:vendor:product:version…`.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("cpe:2.3:").or_else(|| text.strip_prefix("cpe:/"))?;
        let mut parts = rest.split(':').skip(1);
        let vendor = parts.next().filter(|part| !part.is_empty())?.to_ascii_lowercase();
        let product = parts.next().filter(|part| !part.is_empty())?.to_ascii_lowercase();
        let version = parts.next().filter(|part| !matches!(*part, "" | "*" | "-"));
        Some(Self { vendor, product, version: version.map(str::to_owned) })
    }

    /// Whether a stated platform is this one: `9` holds for `9.4`, but `9.2` does not.
    pub fn is(&self, platform: &Self) -> bool {
        let version_fits = match (&self.version, &platform.version) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(stated), Some(own)) => {
                own.strip_prefix(stated.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }
        };
        self.vendor == platform.vendor && self.product == platform.product && version_fits
    }
}

#[cfg(test)]
mod tests {
    use seawall_model::{Distro, PackageKind, SourcePackage};

    use super::*;

    fn libssl() -> (Package, Distro) {
        let mut package = Package::new(PackageKind::Deb, "libssl3", "3.0.11-1~deb12u2", "test");
        package.arch = Some("amd64".into());
        package.source = Some(SourcePackage { name: "openssl".into(), version: "3.0.11-1~deb12u2".into() });
        (package, Distro { id: "debian".into(), version_id: Some("12".into()), ..Distro::default() })
    }

    #[test]
    fn what_is_left_out_is_any_and_what_is_said_must_hold() {
        let (package, distro) = libssl();
        for (stated, expected) in [
            ("pkg:deb/debian/libssl3", true),
            ("pkg:deb/debian/libssl3@3.0.11-1~deb12u2", true),
            ("pkg:deb/debian/libssl3@3.0.11-1~deb12u1", false),
            ("pkg:deb/debian/libssl3?arch=amd64&distro=debian-12", true),
            ("pkg:deb/debian/libssl3?arch=arm64", false),
            ("pkg:deb/debian/libssl3?distro=debian-11", false),
            ("pkg:deb/debian/libssl3?repository_url=example.org", true),
            ("pkg:deb/ubuntu/libssl3", false),
            ("pkg:deb/debian/openssl", false),
            ("pkg:deb/debian/openssl?arch=source", true),
            ("pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=source", true),
            ("pkg:deb/debian/openssl@3.0.9-1?arch=source", false),
        ] {
            assert_eq!(
                Component::named(stated).is_package(&package, &package.purl(Some(&distro))),
                expected,
                "{stated}"
            );
        }
    }

    #[test]
    fn defaults_need_not_be_said() {
        let jar = Package::new(PackageKind::Maven, "org.a:b", "1", "test");
        assert!(Component::named("pkg:maven/org.a/b@1?type=jar").is_package(&jar, &jar.purl(None)));
        assert!(!Component::named("pkg:maven/org.a/b@1?type=war").is_package(&jar, &jar.purl(None)));
        assert!(!Component::named("pkg:maven/org.a/b@1?classifier=tests").is_package(&jar, &jar.purl(None)));
    }

    #[test]
    fn platforms_are_compared_by_vendor_product_and_version() {
        let own = Cpe::parse("cpe:/o:redhat:enterprise_linux:9.4::baseos").unwrap();
        for (stated, expected) in [
            ("cpe:/o:redhat:enterprise_linux:9", true),
            ("cpe:/a:redhat:enterprise_linux:9::appstream", true),
            ("cpe:2.3:o:redhat:enterprise_linux:9.4:*:*:*:*:*:*:*", true),
            ("cpe:/o:redhat:enterprise_linux", true),
            ("cpe:/o:redhat:enterprise_linux:9.2", false),
            ("cpe:/o:redhat:enterprise_linux:8", false),
            ("cpe:/o:redhat:enterprise_linux:9.40", false),
            ("cpe:/a:redhat:rhel_eus:9.4", false),
        ] {
            assert_eq!(Cpe::parse(stated).unwrap().is(&own), expected, "{stated}");
        }
        assert_eq!(Cpe::parse("cpe:/o:redhat"), None);
    }
}
