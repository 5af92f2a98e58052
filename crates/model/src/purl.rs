//! Package URLs: the one name of a package that other tools understand.
//!
//! <https://github.com/package-url/purl-spec/blob/main/PURL-SPECIFICATION.rst>

use std::fmt::{self, Write};
use std::str::FromStr;

use crate::{Distro, Package, PackageKind};

/// A package URL in its parts, normalised for its type. [`fmt::Display`] gives the canonical text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purl {
    /// Lower case: `deb`, `npm`.
    pub purl_type: String,
    /// Segments joined by `/`; `None` where there is none.
    pub namespace: Option<String>,
    /// Never empty.
    pub name: String,
    pub version: Option<String>,
    /// Sorted by key; keys are lower case, values not empty.
    pub qualifiers: Vec<(String, String)>,
    /// A path below the package, without leading or trailing slash.
    pub subpath: Option<String>,
}

/// Why a text is no package URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PurlError {
    /// It does not start with `pkg:`.
    #[error("{0:?} does not start with pkg:")]
    Scheme(String),
    /// The type is missing or has characters that a type may not have.
    #[error("{0:?} has no valid package type")]
    Type(String),
    /// There is no name.
    #[error("{0:?} names no package")]
    Name(String),
    /// A percent-encoded part is no UTF-8, or a qualifier is malformed or given twice.
    #[error("{0:?} is malformed: {1}")]
    Malformed(String, &'static str),
}

impl Purl {
    /// The package URL of a package. `distro` gives namespace and qualifier of distribution packages.
    pub fn of_package(package: &Package, distro: Option<&Distro>) -> Self {
        let kind = package.kind;
        let (namespace, name) = split_name(kind, &package.name);
        let mut purl = Self {
            purl_type: kind.purl_type().to_owned(),
            namespace,
            name,
            version: Some(package.version.clone()).filter(|version| !version.is_empty()),
            qualifiers: package.qualifiers.clone(),
            subpath: package.subpath.clone(),
        };
        if kind.is_distribution() {
            purl.add_distribution(package, distro);
        }
        purl.normalise();
        purl
    }

    fn add_distribution(&mut self, package: &Package, distro: Option<&Distro>) {
        self.namespace = distro.map(|distro| namespace_of_distro(&distro.id));
        if let Some(distro) = distro {
            self.qualifiers.push(("distro".to_owned(), distro.purl_qualifier()));
        }
        if let Some(arch) = &package.arch {
            self.qualifiers.push(("arch".to_owned(), arch.clone()));
        }
        if let Some(source) = &package.source
            && (source.name != package.name || source.version != package.version)
        {
            let upstream = if source.version == package.version {
                source.name.clone()
            } else {
                format!("{}@{}", source.name, source.version)
            };
            self.qualifiers.push(("upstream".to_owned(), upstream));
        }
        // An rpm's epoch is a qualifier, not part of the version.
        if package.kind == PackageKind::Rpm
            && let Some((epoch, version)) = package.version.split_once(':')
        {
            self.version = Some(version.to_owned());
            if epoch != "0" {
                self.qualifiers.push(("epoch".to_owned(), epoch.to_owned()));
            }
        }
        if let Some(label) = &package.modularity {
            self.qualifiers.push(("rpmmod".to_owned(), label.clone()));
        }
    }

    /// The value of a qualifier.
    pub fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Brings the parts into the form that the specification asks of the type.
    fn normalise(&mut self) {
        self.purl_type.make_ascii_lowercase();
        let lower_namespace = matches!(
            self.purl_type.as_str(),
            "alpm" | "apk" | "bitbucket" | "composer" | "deb" | "github" | "hex" | "pypi" | "rpm" | "golang"
        );
        let lower_name = matches!(
            self.purl_type.as_str(),
            "alpm" | "apk" | "bitbucket" | "composer" | "deb" | "github" | "hex" | "pypi" | "golang"
        );
        if lower_namespace && let Some(namespace) = &mut self.namespace {
            *namespace = namespace.to_lowercase();
        }
        if lower_name {
            self.name = self.name.to_lowercase();
        }
        if self.purl_type == "pypi" {
            self.name = self.name.replace('_', "-");
        }
        self.qualifiers.retain(|(key, value)| !value.is_empty() && is_key(key));
        self.qualifiers.sort();
        self.qualifiers.dedup_by(|a, b| a.0 == b.0);
    }
}

/// Namespace and name of a package, split as its type asks.
fn split_name(kind: PackageKind, name: &str) -> (Option<String>, String) {
    let at = match kind {
        PackageKind::Maven => name.split_once(':'),
        PackageKind::Npm if name.starts_with('@') => name.split_once('/'),
        PackageKind::Golang
        | PackageKind::Composer
        | PackageKind::Swift
        | PackageKind::GithubActions
        | PackageKind::Generic => name.rsplit_once('/'),
        _ => None,
    };
    match at {
        Some((namespace, name)) if !name.is_empty() && !namespace.is_empty() => {
            (Some(namespace.to_owned()), name.to_owned())
        }
        _ => (None, name.to_owned()),
    }
}

/// The namespace of a distribution's packages, where it is not the `ID` of its `os-release`.
fn namespace_of_distro(id: &str) -> String {
    match id {
        "rhel" => "redhat",
        "amzn" => "amazon",
        "opensuse-leap" | "opensuse-tumbleweed" => "opensuse",
        "ol" => "oracle",
        "sles" | "sle-micro" | "sled" => "suse",
        "almalinux" | "rocky" | "fedora" | "centos" => id,
        other => other,
    }
    .to_owned()
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pkg:{}", self.purl_type)?;
        if let Some(namespace) = &self.namespace {
            for segment in namespace.split('/').filter(|segment| !segment.is_empty()) {
                f.write_char('/')?;
                encode(f, segment)?;
            }
        }
        f.write_char('/')?;
        encode(f, &self.name)?;
        if let Some(version) = &self.version {
            f.write_char('@')?;
            encode(f, version)?;
        }
        for (index, (key, value)) in self.qualifiers.iter().enumerate() {
            f.write_char(if index == 0 { '?' } else { '&' })?;
            write!(f, "{key}=")?;
            encode(f, value)?;
        }
        if let Some(subpath) = &self.subpath {
            for (index, segment) in subpath.split('/').enumerate() {
                f.write_char(if index == 0 { '#' } else { '/' })?;
                encode(f, segment)?;
            }
        }
        Ok(())
    }
}

/// Percent-encodes what is not unreserved; the colon stays as it is, as the specification says.
fn encode(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                f.write_char(char::from(byte))?;
            }
            _ => write!(f, "%{byte:02X}")?,
        }
    }
    Ok(())
}

impl FromStr for Purl {
    type Err = PurlError;

    fn from_str(text: &str) -> Result<Self, PurlError> {
        let malformed = |why| PurlError::Malformed(text.to_owned(), why);
        let (rest, subpath) = match text.rsplit_once('#') {
            Some((rest, subpath)) => (rest, Some(subpath)),
            None => (text, None),
        };
        let (rest, qualifiers) = match rest.rsplit_once('?') {
            Some((rest, qualifiers)) => (rest, qualifiers),
            None => (rest, ""),
        };
        let (scheme, rest) = rest.split_once(':').ok_or_else(|| PurlError::Scheme(text.to_owned()))?;
        if !scheme.eq_ignore_ascii_case("pkg") {
            return Err(PurlError::Scheme(text.to_owned()));
        }
        let rest = rest.trim_matches('/');
        let (purl_type, rest) = rest.split_once('/').ok_or_else(|| PurlError::Name(text.to_owned()))?;
        if !is_type(purl_type) {
            return Err(PurlError::Type(text.to_owned()));
        }
        let (path, version) = split_version(rest);
        let (namespace, name) = match path.trim_matches('/').rsplit_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, path.trim_matches('/')),
        };
        let name = percent_decoded(name).ok_or_else(|| malformed("the name is no UTF-8"))?;
        if name.is_empty() {
            return Err(PurlError::Name(text.to_owned()));
        }
        let mut purl = Self {
            purl_type: purl_type.to_owned(),
            namespace: namespace.map(decode_segments).transpose().map_err(malformed)?.flatten(),
            name,
            version: match version {
                Some(version) => {
                    Some(percent_decoded(version).ok_or_else(|| malformed("the version is no UTF-8"))?)
                }
                None => None,
            },
            qualifiers: parse_qualifiers(qualifiers).map_err(malformed)?,
            subpath: subpath.map(decode_segments).transpose().map_err(malformed)?.flatten(),
        };
        purl.version = purl.version.filter(|version| !version.is_empty());
        purl.normalise();
        Ok(purl)
    }
}

/// The version follows the last `@` that no slash follows: npm scopes may be written unencoded.
fn split_version(rest: &str) -> (&str, Option<&str>) {
    match rest.rfind('@') {
        Some(at) if at > 0 && !rest[at..].contains('/') => (&rest[..at], Some(&rest[at + 1..])),
        _ => (rest, None),
    }
}

/// Whether a text may name a qualifier.
fn is_key(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

fn is_type(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-'))
}

fn decode_segments(text: &str) -> Result<Option<String>, &'static str> {
    let mut segments = Vec::new();
    for segment in text.split('/') {
        // Some producers encode the slashes of a namespace as well.
        let decoded = percent_decoded(segment).ok_or("a segment is no UTF-8")?;
        let real = decoded.split('/').filter(|segment| !matches!(*segment, "" | "." | ".."));
        segments.extend(real.map(str::to_owned));
    }
    Ok(Some(segments.join("/")).filter(|joined| !joined.is_empty()))
}

fn parse_qualifiers(text: &str) -> Result<Vec<(String, String)>, &'static str> {
    let mut qualifiers: Vec<(String, String)> = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or("a qualifier has no value")?;
        let key = key.to_ascii_lowercase();
        if !is_key(&key) {
            return Err("a qualifier has an invalid key");
        }
        if qualifiers.iter().any(|(known, _)| *known == key) {
            return Err("a qualifier is given twice");
        }
        qualifiers.push((key, percent_decoded(value).ok_or("a qualifier is no UTF-8")?));
    }
    Ok(qualifiers)
}

/// The text that percent-encoded bytes stand for; `None` where they are no UTF-8.
pub fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'%', [high, low, tail @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex(*high) << 4 | hex(*low));
                rest = tail;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// The value of a digit that was checked to be hexadecimal.
fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        match text.parse::<Purl>() {
            Ok(purl) => purl.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn examples_of_the_specification() {
        for (text, expected) in [
            ("pkg:npm/%40angular/animation@12.3.1", "pkg:npm/%40angular/animation@12.3.1"),
            ("pkg:npm/@angular/animation@12.3.1", "pkg:npm/%40angular/animation@12.3.1"),
            ("pkg:PYPI/Django_package@1.11.1.dev1", "pkg:pypi/django-package@1.11.1.dev1"),
            (
                "pkg://deb/debian/curl@7.50.3-1?Arch=i386&distro=jessie",
                "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
            ),
            (
                "pkg:golang/google.golang.org/genproto#googleapis/api/annotations",
                "pkg:golang/google.golang.org/genproto#googleapis/api/annotations",
            ),
            (
                "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?type=zip&classifier=dist",
                "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?classifier=dist&type=zip",
            ),
        ] {
            assert_eq!(canonical(text), expected);
        }
    }

    #[test]
    fn what_is_no_package_url_is_an_error() {
        for text in
            ["", "npm/foo@1", "pkg:", "pkg:npm", "pkg:npm/", "pkg:3d/x", "pkg:npm/a?x", "pkg:npm/a?b=1&B=2"]
        {
            assert!(text.parse::<Purl>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn encoded_slashes_and_dots_are_as_good_as_plain_ones() {
        for (text, expected) in [
            ("pkg:golang/example.org%2Fteam/app", "pkg:golang/example.org/team/app"),
            ("pkg:npm/%2Fscope/app", "pkg:npm/scope/app"),
            ("pkg:npm/app#%2E%2E/lib%2F%2e/x", "pkg:npm/app#lib/x"),
        ] {
            assert_eq!(canonical(text), expected);
            assert_eq!(text.parse::<Purl>(), expected.parse(), "{text}");
        }
    }

    #[test]
    fn packages_of_a_distribution_carry_it() {
        let distro = Distro { id: "debian".into(), version_id: Some("12".into()), ..Distro::default() };
        let mut package = Package::new(PackageKind::Deb, "libssl3", "3.0.11-1~deb12u2", "debian/dpkg");
        package.arch = Some("amd64".into());
        package.source =
            Some(crate::SourcePackage { name: "openssl".into(), version: "3.0.11-1~deb12u2".into() });
        assert_eq!(
            package.purl(Some(&distro)).to_string(),
            "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl"
        );
        let rpm = Package::new(PackageKind::Rpm, "bind", "32:9.11.4-9.P2.el7", "redhat/rpmdb");
        let distro = Distro { id: "rhel".into(), version_id: Some("7.9".into()), ..Distro::default() };
        assert_eq!(
            rpm.purl(Some(&distro)).to_string(),
            "pkg:rpm/redhat/bind@9.11.4-9.P2.el7?distro=rhel-7.9&epoch=32"
        );
    }

    #[test]
    fn names_are_split_as_the_type_asks() {
        for (kind, name, expected) in [
            (PackageKind::Maven, "org.slf4j:slf4j-api", "pkg:maven/org.slf4j/slf4j-api@1"),
            (PackageKind::Golang, "github.com/Foo/Bar", "pkg:golang/github.com/foo/bar@1"),
            (PackageKind::Npm, "@types/node", "pkg:npm/%40types/node@1"),
            (PackageKind::Composer, "Symfony/Http", "pkg:composer/symfony/http@1"),
            (PackageKind::Golang, "stdlib", "pkg:golang/stdlib@1"),
        ] {
            assert_eq!(Package::new(kind, name, "1", "test").purl(None).to_string(), expected);
        }
    }

    #[test]
    fn a_part_of_a_package_is_named_by_its_subpath() {
        let mut pod = Package::new(PackageKind::Cocoapods, "GoogleUtilities", "7.5.2", "test");
        pod.subpath = Some("NSData+zlib".to_owned());
        assert_eq!(pod.purl(None).to_string(), "pkg:cocoapods/GoogleUtilities@7.5.2#NSData%2Bzlib");
    }
}
