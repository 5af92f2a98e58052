//! Which findings the statements are about, and what follows.

use std::collections::HashMap;

use seawall_model::{Digest, Distro, Finding, Package, Purl, Suppression, Timestamp, VexUse};

use crate::identifier::{Component, Cpe, Identifier, is_same};
use crate::statement::{Document, Product, Statement, Status};

/// What was scanned, by all its names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// Of manifest, index and configuration.
    pub digests: Vec<Digest>,
    /// Under which it is known: from the reference that was scanned or the tags in an archive.
    pub names: Vec<ImageName>,
    /// What a bill of materials says that it describes.
    pub purls: Vec<Purl>,
    /// As the user named it.
    pub target: String,
}

/// A name of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName {
    /// With its registry: `docker.io/library/alpine`.
    pub repository: String,
    pub tag: Option<String>,
}

/// Holds documents against findings: what is not affected, fixed or a false positive is suppressed with its
/// justification.
///
/// Of several statements on one finding the latest counts; of equally late ones the most cautious. A finding
/// that is suppressed already stays as it is. The cost is one look-up for each finding, and a comparison with
/// each product of the statements on its vulnerability.
pub fn apply(
    documents: &[Document],
    subject: &Subject,
    packages: &[Package],
    distro: Option<&Distro>,
    findings: &mut [Finding],
) -> Vec<VexUse> {
    let scope = Scope::new(subject, packages, distro);
    let mut by_name: HashMap<&str, Vec<(usize, &Statement)>> = HashMap::new();
    for (document, statement) in documents
        .iter()
        .enumerate()
        .flat_map(|(at, document)| document.statements.iter().map(move |statement| (at, statement)))
    {
        for name in &statement.vulnerabilities {
            by_name.entry(name.as_str()).or_default().push((document, statement));
        }
    }
    let mut uses: Vec<VexUse> = documents.iter().map(unused).collect();
    for finding in findings.iter_mut() {
        let stated = finding.names().filter_map(|name| by_name.get(name)).flatten();
        let fitting = stated.filter(|(_, statement)| scope.fits(statement, finding.package));
        let Some((document, statement)) = fitting.max_by_key(|(_, statement)| rank(statement)) else {
            continue;
        };
        if !statement.status.suppresses() {
            uses[*document].confirmed += 1;
        } else if finding.suppression.is_none() {
            uses[*document].suppressed += 1;
            finding.suppression = Some(suppression(&documents[*document], statement));
        }
    }
    uses
}

fn unused(document: &Document) -> VexUse {
    VexUse {
        source: document.source.clone(),
        format: document.format.to_owned(),
        author: document.author.clone(),
        statements: document.statements.len(),
        suppressed: 0,
        confirmed: 0,
        problems: document.problems.clone(),
    }
}

/// Later before earlier, then cautious before not.
fn rank(statement: &Statement) -> (Option<Timestamp>, std::cmp::Reverse<Status>) {
    (statement.time, std::cmp::Reverse(statement.status))
}

fn suppression(document: &Document, statement: &Statement) -> Suppression {
    let source = match &document.author {
        Some(author) => format!("{} ({author})", document.source),
        None => document.source.clone(),
    };
    let reason = match (&statement.justification, &statement.text) {
        (Some(justification), Some(text)) => Some(format!("{justification}: {text}")),
        (justification, text) => justification.as_ref().or(text.as_ref()).cloned(),
    };
    Suppression::Vex { source, status: statement.status.as_str(), reason }
}

/// What statements may be about.
struct Scope<'a> {
    subject: &'a Subject,
    packages: &'a [Package],
    /// Of each package; made once, as each may be compared with many products.
    purls: Vec<Purl>,
    platform: Option<Cpe>,
}

impl<'a> Scope<'a> {
    fn new(subject: &'a Subject, packages: &'a [Package], distro: Option<&'a Distro>) -> Self {
        let platform = distro.and_then(|distro| distro.cpe_name.as_deref()).and_then(Cpe::parse);
        let purls = packages.iter().map(|package| package.purl(distro)).collect();
        Self { subject, packages, purls, platform }
    }

    fn fits(&self, statement: &Statement, package: usize) -> bool {
        statement.products.iter().any(|product| self.is_about(product, package))
    }

    /// Whether a product is the package, or the whole of which the package is a named part, or the whole
    /// without parts.
    fn is_about(&self, product: &Product, package: usize) -> bool {
        let (Some(package), Some(purl)) = (self.packages.get(package), self.purls.get(package)) else {
            return false;
        };
        let is_part = |part: &Component| part.is_package(package, purl);
        if product.parts.is_empty() {
            return is_part(&product.component) || self.is_image(&product.component);
        }
        product.parts.iter().any(is_part) && self.holds(&product.component)
    }

    /// Whether the thing is what was scanned, the platform of it, or a package in it.
    fn holds(&self, component: &Component) -> bool {
        self.is_image(component)
            || self.is_platform(component)
            || self
                .packages
                .iter()
                .zip(&self.purls)
                .any(|(package, purl)| component.is_package(package, purl))
    }

    fn is_image(&self, component: &Component) -> bool {
        component.identifiers.iter().any(|identifier| match identifier {
            Identifier::Purl(purl) => self.subject.is_named(purl),
            Identifier::Hash(hex) => self.subject.has_digest(hex),
            Identifier::Text(text) => self.subject.is_called(text),
            Identifier::Cpe(_) => false,
        })
    }

    fn is_platform(&self, component: &Component) -> bool {
        let Some(platform) = &self.platform else { return false };
        component.identifiers.iter().any(|identifier| match identifier {
            Identifier::Cpe(stated) => stated.is(platform),
            _ => false,
        })
    }
}

impl Subject {
    fn has_digest(&self, hex: &str) -> bool {
        let hex = hex.strip_prefix("sha256:").unwrap_or(hex);
        self.digests.iter().any(|digest| digest.hex().eq_ignore_ascii_case(hex))
    }

    fn is_called(&self, text: &str) -> bool {
        text == self.target || self.has_digest(text) || self.names.iter().any(|name| name.is_reference(text))
    }

    /// Whether a package URL is that of this image. A digest decides by itself; without one every part that is
    /// stated must be known and the same.
    fn is_named(&self, purl: &Purl) -> bool {
        if self.purls.iter().any(|own| is_same(purl, own)) {
            return true;
        }
        match (purl.purl_type.as_str(), purl.version.as_deref()) {
            ("oci" | "docker", Some(version)) if version.starts_with("sha256:") => self.has_digest(version),
            ("oci" | "docker", version) => self.names.iter().any(|name| name.is(purl, version)),
            _ => false,
        }
    }
}

impl ImageName {
    /// `pkg:oci/name?repository_url=…&tag=…` or `pkg:docker/namespace/name@tag`.
    fn is(&self, purl: &Purl, version: Option<&str>) -> bool {
        let (parent, last) = self.repository.rsplit_once('/').unwrap_or(("", &self.repository));
        let tag = purl.qualifier("tag").or(version);
        let place_fits = purl.qualifier("repository_url").is_none_or(|url| {
            let url = normalised(url);
            // Some producers leave the name out of the address.
            url == self.repository || url == parent
        });
        let namespace_fits = purl.namespace.as_ref().is_none_or(|namespace| {
            parent.strip_suffix(namespace.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        });
        last == purl.name
            && place_fits
            && namespace_fits
            && tag.is_none_or(|tag| self.tag.as_deref() == Some(tag))
    }

    fn is_reference(&self, text: &str) -> bool {
        let text = normalised(text);
        match &self.tag {
            Some(tag) => {
                text.strip_suffix(tag.as_str()).and_then(|rest| rest.strip_suffix(':'))
                    == Some(&self.repository)
            }
            None => text == self.repository,
        }
    }
}

/// The address of a repository without scheme, and with Docker's registry by its short name.
fn normalised(url: &str) -> String {
    let url = url.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    match url.strip_prefix("index.docker.io/") {
        Some(rest) => format!("docker.io/{rest}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use seawall_model::{FindingId, PackageKind};

    use super::*;
    use crate::read::read;

    fn finding(vulnerability: &str, package: usize) -> Finding {
        let mut finding = Finding::new(FindingId::of(&[vulnerability]), vulnerability, package);
        finding.aliases = vec!["GHSA-1".to_owned()];
        finding
    }

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn subject() -> Subject {
        Subject {
            digests: vec![DIGEST.parse().unwrap()],
            names: vec![ImageName { repository: "docker.io/library/app".into(), tag: Some("1.0".into()) }],
            purls: Vec::new(),
            target: "app:1.0".into(),
        }
    }

    fn statement(product: &str, rest: &str) -> String {
        format!(
            r#"{{"@context": "https://openvex.dev/ns/v0.2.0", "author": "Example", "statements": [
                {{"vulnerability": {{"name": "GHSA-1"}}, "products": [{product}], {rest}}}]}}"#
        )
    }

    /// Which of two findings of CVE-2026-1, in packages a and b, are suppressed.
    fn suppressed(texts: &[String]) -> String {
        let documents: Vec<Document> =
            texts.iter().map(|text| read("vex.json", text.as_bytes()).unwrap()).collect();
        let packages = [
            Package::new(PackageKind::Npm, "a", "1", "test"),
            Package::new(PackageKind::Npm, "b", "1", "test"),
        ];
        let mut findings = [finding("CVE-2026-1", 0), finding("CVE-2026-1", 1)];
        let distro = Distro { cpe_name: Some("cpe:/o:example:os:9.4".into()), ..Distro::default() };
        apply(&documents, &subject(), &packages, Some(&distro), &mut findings);
        let names = findings.iter().zip(["a", "b"]);
        names.filter(|(finding, _)| finding.suppression.is_some()).map(|(_, name)| name).collect()
    }

    const NOT: &str = r#""status": "not_affected", "justification": "component_not_present""#;

    #[test]
    fn products_are_packages_images_and_parts_of_both() {
        for (product, expected) in [
            (r#""pkg:npm/a@1""#, "a"),
            (r#""pkg:npm/a""#, "a"),
            (r#""pkg:npm/a@2""#, ""),
            (&format!(r#""pkg:oci/whatever@{DIGEST}""#), "ab"),
            (r#""pkg:oci/app?tag=1.0""#, "ab"),
            (r#""pkg:oci/app""#, "ab"),
            (r#""pkg:oci/app?tag=2.0""#, ""),
            (r#""pkg:oci/app?repository_url=index.docker.io/library/app&tag=1.0""#, "ab"),
            (r#""pkg:oci/app?repository_url=docker.io/library""#, "ab"),
            (r#""pkg:oci/app?repository_url=ghcr.io/other/app""#, ""),
            (r#""pkg:docker/library/app@1.0""#, "ab"),
            (r#""docker.io/library/app:1.0""#, "ab"),
            (r#""app:1.0""#, "ab"),
            (r#"{"@id": "pkg:oci/app?tag=1.0", "subcomponents": [{"@id": "pkg:npm/b"}]}"#, "b"),
            (r#"{"@id": "pkg:oci/app?tag=2.0", "subcomponents": [{"@id": "pkg:npm/b"}]}"#, ""),
            (r#"{"@id": "pkg:npm/a", "subcomponents": [{"@id": "pkg:npm/b"}]}"#, "b"),
            (r#"{"@id": "pkg:npm/c", "subcomponents": [{"@id": "pkg:npm/b"}]}"#, ""),
            (r#"{"@id": "cpe:/a:example:os:9::x", "subcomponents": [{"@id": "pkg:npm/b"}]}"#, "b"),
            (r#"{"@id": "cpe:/a:example:os:8::x", "subcomponents": [{"@id": "pkg:npm/b"}]}"#, ""),
        ] {
            assert_eq!(suppressed(&[statement(product, NOT)]), expected, "{product}");
        }
    }

    #[test]
    fn the_latest_statement_counts_and_of_equal_ones_the_cautious() {
        let a = r#""pkg:npm/a""#;
        let at = |status: &str, time: &str| {
            statement(a, &format!(r#""status": "{status}", "impact_statement": "x", "timestamp": "{time}""#))
        };
        let (early, late) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
        assert_eq!(suppressed(&[at("affected", early), at("not_affected", late)]), "a");
        assert_eq!(suppressed(&[at("not_affected", early), at("affected", late)]), "");
        assert_eq!(suppressed(&[at("not_affected", late), at("under_investigation", late)]), "");
        assert_eq!(suppressed(&[at("fixed", late), at("not_affected", late)]), "a");
    }

    #[test]
    fn what_is_suppressed_shows_who_said_so_and_why() {
        let document = read("vex.json", statement(r#""pkg:npm/a""#, NOT).as_bytes()).unwrap();
        let packages = [Package::new(PackageKind::Npm, "a", "1", "test")];
        let mut findings = [finding("CVE-2026-1", 0)];
        let uses = apply(&[document], &subject(), &packages, None, &mut findings);
        assert_eq!((uses[0].statements, uses[0].suppressed), (1, 1));
        assert_eq!(
            findings[0].suppression,
            Some(Suppression::Vex {
                source: "vex.json (Example)".into(),
                status: "not_affected",
                reason: Some("component_not_present".into())
            })
        );
    }
}
