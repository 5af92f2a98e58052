//! From a package URL back to the package and the distribution that it names.
//!
//! Producers differ in what they put into the qualifiers `distro` and `upstream`; what the common ones write is
//! understood, and nothing is guessed from names.

use std::borrow::Cow;

use crate::{Distro, Package, PackageKind, Purl, SourcePackage};

impl Package {
    /// The package that a package URL names; `None` where its type is not known.
    ///
    /// `upstream`, `epoch` and `rpmmod` give what they say, `distro` is left to [`Distro::of_purl`], and other
    /// qualifiers stay.
    pub fn of_purl(purl: &Purl, cataloger: impl Into<Cow<'static, str>>) -> Option<Self> {
        let kind = PackageKind::from_purl_type(&purl.purl_type)?;
        let name = match (&purl.namespace, kind) {
            (Some(group), PackageKind::Maven) => format!("{group}:{}", purl.name),
            (Some(namespace), _) if !kind.is_distribution() => format!("{namespace}/{}", purl.name),
            _ => purl.name.clone(),
        };
        let mut package = Self::new(kind, name, version_of(purl, kind), cataloger);
        package.subpath.clone_from(&purl.subpath);
        package.arch = purl.qualifier("arch").map(str::to_owned);
        let consumed: &[&str] = if kind.is_distribution() {
            package.modularity = purl.qualifier("rpmmod").map(str::to_owned);
            package.source = purl.qualifier("upstream").map(|text| source_of(text, &package.version, kind));
            &["arch", "distro", "epoch", "rpmmod", "upstream"]
        } else {
            &["arch"]
        };
        let others = purl.qualifiers.iter().filter(|(key, _)| !consumed.contains(&key.as_str()));
        package.qualifiers = others.cloned().collect();
        Some(package)
    }
}

/// The version with its epoch.
fn version_of(purl: &Purl, kind: PackageKind) -> String {
    let version = purl.version.clone().unwrap_or_default();
    let has_epoch = version.split_once(':').is_some_and(|(epoch, _)| is_number(epoch));
    match purl.qualifier("epoch") {
        Some(epoch) if kind.is_distribution() && !has_epoch && is_number(epoch) && !version.is_empty() => {
            format!("{epoch}:{version}")
        }
        _ => version,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `glibc@2.36`, `glibc`, or the file name of a source rpm, `bash-5.1.8-9.el9.src.rpm`, which has no epoch: a source
/// of the package's own version has the package's.
fn source_of(text: &str, version: &str, kind: PackageKind) -> SourcePackage {
    if kind == PackageKind::Rpm
        && let Some((name, source)) = split_source_rpm(text)
    {
        let epoch = version.split_once(':').filter(|(epoch, rest)| is_number(epoch) && *rest == source);
        let version = epoch.map_or(source.clone(), |(epoch, _)| format!("{epoch}:{source}"));
        return SourcePackage { name, version };
    }
    match text.rsplit_once('@') {
        Some((name, version)) => SourcePackage { name: name.to_owned(), version: version.to_owned() },
        None => SourcePackage { name: text.to_owned(), version: version.to_owned() },
    }
}

/// Name and version of a source rpm from its file name.
pub fn split_source_rpm(file_name: &str) -> Option<(String, String)> {
    let stem = file_name.strip_suffix(".src.rpm").or_else(|| file_name.strip_suffix(".nosrc.rpm"))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    (!name.is_empty()).then(|| (name.to_owned(), format!("{version}-{release}")))
}

impl Distro {
    /// The distribution that a package URL names; `None` where it is none of a distribution's package.
    ///
    /// `distro` is read as `debian-12`, `wolfi`, `3.20.1` beside a namespace, and as the code names of Debian and
    /// Ubuntu. Without it only the namespace is known, which no feed can be asked for.
    pub fn of_purl(purl: &Purl) -> Option<Self> {
        PackageKind::from_purl_type(&purl.purl_type).filter(|kind| kind.is_distribution())?;
        let namespace = purl.namespace.as_deref().filter(|text| !text.is_empty());
        let Some(text) = purl.qualifier("distro") else { return Some(Self::named(namespace?, None)) };
        Some(Self::of_qualifier(namespace, text))
    }

    fn of_qualifier(namespace: Option<&str>, text: &str) -> Self {
        let starts_with_digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
        if let Some(namespace) = namespace.filter(|_| starts_with_digit(text)) {
            return Self::named(namespace, Some(text));
        }
        let at = text.match_indices('-').map(|(at, _)| at).find(|at| starts_with_digit(&text[at + 1..]));
        if let Some(at) = at {
            return Self::named(&text[..at], Some(&text[at + 1..]));
        }
        let Some(namespace) = namespace.filter(|namespace| *namespace != text) else {
            return Self::named(text, None);
        };
        let codename = text.strip_prefix(namespace).and_then(|rest| rest.strip_prefix('-')).unwrap_or(text);
        match namespace {
            "debian" => Self { codename: Some(codename.to_owned()), ..Self::named(namespace, None) },
            "ubuntu" => Self {
                codename: Some(codename.to_owned()),
                ..Self::named(namespace, version_of_ubuntu(codename))
            },
            _ => Self::named(text, None),
        }
    }

    /// As `os-release` names it, whatever word a producer uses.
    pub fn named(id: &str, version: Option<&str>) -> Self {
        let id = id.to_ascii_lowercase();
        let id = match id.as_str() {
            "redhat" => "rhel",
            "amazon" => "amzn",
            "oracle" => "ol",
            "alma" => "almalinux",
            "cbl-mariner" => "mariner",
            "suse" | "suse linux enterprise server" => "sles",
            other => other,
        };
        // Amazon's version is written with its name: `2 (Karoo)`.
        let version = version.and_then(|version| version.split_whitespace().next());
        Self { id: id.to_owned(), version_id: version.map(str::to_owned), ..Self::default() }
    }
}

fn version_of_ubuntu(codename: &str) -> Option<&'static str> {
    Some(match codename {
        "trusty" => "14.04",
        "xenial" => "16.04",
        "bionic" => "18.04",
        "focal" => "20.04",
        "jammy" => "22.04",
        "noble" => "24.04",
        "plucky" => "25.04",
        "questing" => "25.10",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let purl: Purl = text.parse().unwrap();
        let Some(package) = Package::of_purl(&purl, "test") else { return "unknown type".to_owned() };
        let source = package.source.map(|source| format!(" from {} {}", source.name, source.version));
        let distro = Distro::of_purl(&purl).map(|distro| {
            let rest = distro.version_id.or(distro.codename).unwrap_or_default();
            format!(" on {} {rest}", distro.id)
        });
        format!(
            "{} {}{}{}",
            package.name,
            package.version,
            source.unwrap_or_default(),
            distro.unwrap_or_default()
        )
    }

    #[test]
    fn qualifiers_of_the_common_producers() {
        for (purl, expected) in [
            (
                "pkg:deb/debian/libc6@2.36-9?upstream=glibc&distro=debian-12",
                "libc6 2.36-9 from glibc 2.36-9 on debian 12",
            ),
            (
                "pkg:deb/debian/bsdutils@2.38-1?epoch=1&distro=debian-12.5&upstream=util-linux@2.38-1",
                "bsdutils 1:2.38-1 from util-linux 2.38-1 on debian 12.5",
            ),
            ("pkg:deb/debian/a@1:2?epoch=1&distro=bookworm", "a 1:2 on debian bookworm"),
            ("pkg:deb/ubuntu/a@1?distro=jammy", "a 1 on ubuntu 22.04"),
            ("pkg:deb/debian/a@1", "a 1 on debian "),
            ("pkg:apk/alpine/musl@1.2?distro=3.20.1", "musl 1.2 on alpine 3.20.1"),
            ("pkg:apk/wolfi/a@1?distro=wolfi-20230201", "a 1 on wolfi 20230201"),
            ("pkg:apk/chainguard/a@1?distro=chainguard", "a 1 on chainguard "),
            (
                "pkg:rpm/redhat/bind-libs@9.11-1.el8?epoch=32&distro=redhat-8.4&upstream=bind-9.11-1.el8.src.rpm",
                "bind-libs 32:9.11-1.el8 from bind 32:9.11-1.el8 on rhel 8.4",
            ),
            ("pkg:rpm/amazon/a@1?distro=amazon-2%20%28Karoo%29", "a 1 on amzn 2"),
            ("pkg:rpm/opensuse/a@1?distro=opensuse-leap-15.6", "a 1 on opensuse-leap 15.6"),
            ("pkg:maven/org.a/b@1?type=jar", "org.a:b 1"),
            ("pkg:npm/%40a/b@1?distro=x", "@a/b 1"),
            ("pkg:unheard/of@1", "unknown type"),
        ] {
            assert_eq!(shown(purl), expected, "{purl}");
        }
    }

    #[test]
    fn what_is_made_of_a_package_gives_the_package() {
        let distro = Distro::named("debian", Some("12"));
        let mut package = Package::new(PackageKind::Deb, "libssl3", "1:3.0-1", "test");
        package.arch = Some("amd64".into());
        package.source = Some(SourcePackage { name: "openssl".into(), version: "3.0-1".into() });
        package.qualifiers = vec![("repository_url".into(), "https://example.org/a b".into())];
        let purl: Purl = package.purl(Some(&distro)).to_string().parse().unwrap();
        assert_eq!(Package::of_purl(&purl, "test"), Some(package));
        assert_eq!(Distro::of_purl(&purl), Some(distro));
    }
}
