//! From a bill to an SPDX document.

use std::collections::BTreeMap;

use seawall_model::{
    ChecksumAlgorithm, Distro, Finding, FixState, Package as ModelPackage, PackageKind, Scope, SubjectKind,
    Suppression,
};

use super::document::{
    Annotation, Checksum, CreationInfo, Document, ExternalRef, ExtractedLicence, File, NO_ASSERTION, Package,
    Purpose, Relationship,
};
use crate::graph::Graph;
use crate::licence::{self, Reference};
use crate::properties::{self, Property};
use crate::safe_text::{at_most, line, lines, url};
use crate::supplier::Supplier;
use crate::{Bill, BillFile, advisory_source, identity, naming, subject};

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const ROOT: &str = "SPDXRef-Subject";
const DISTRIBUTION: &str = "SPDXRef-Distribution";

/// The specification wants a SHA-1 of every file; package databases often have another digest.
const UNKNOWN_SHA1: &str = "0000000000000000000000000000000000000000";

/// The document of a bill.
pub(super) fn document(bill: &Bill) -> Document {
    let purls = naming::purls(bill);
    let mut builder = Builder {
        bill,
        ids: naming::spdx_package_ids(bill, &purls),
        file_ids: naming::spdx_file_ids(&bill.files),
        references: BTreeMap::new(),
    };
    let packages = builder.packages(purls);
    let name = subject::name(bill);
    let uuid = identity::uuid_of(bill);
    Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        document_namespace: format!("https://spdx.org/spdxdocs/{}-{uuid}", naming::idstring(&name, 100)),
        name,
        creation_info: CreationInfo {
            created: bill.created.to_string(),
            creators: vec![builder.tool()],
            license_list_version: list_version(),
        },
        comment: None,
        packages,
        files: bill.files.iter().zip(&builder.file_ids).map(|(one, id)| file(one, id)).collect(),
        relationships: builder.relationships(),
        annotations: builder.problems(),
        has_extracted_licensing_infos: builder.references.into_iter().map(extracted).collect(),
    }
}

/// Major and minor, as the specification wants it.
fn list_version() -> String {
    let mut parts = spdx::license_version().split('.');
    format!("{}.{}", parts.next().unwrap_or("3"), parts.next().unwrap_or("0"))
}

struct Builder<'a> {
    bill: &'a Bill,
    /// The identifier of each package.
    ids: Vec<String>,
    file_ids: Vec<String>,
    /// What licences outside the list are called, by their identifiers.
    references: BTreeMap<String, String>,
}

impl Builder<'_> {
    fn tool(&self) -> String {
        let tool = &self.bill.tool;
        let version = tool.version.as_ref().map_or(String::new(), |version| format!("-{version}"));
        line(&format!("Tool: {}{version}", tool.name))
    }

    fn packages(&mut self, purls: Vec<Option<String>>) -> Vec<Package> {
        let bill = self.bill;
        let mut licences = licence::Reader::default();
        let mut advisories = advisories_by_package(bill);
        let mut out = vec![self.subject()];
        out.extend(bill.distro.as_ref().map(|distro| self.distribution(distro)));
        for ((at, package), purl) in bill.packages.iter().enumerate().zip(purls) {
            let (read, declared) = licences.of(package.kind, &package.licences);
            let (expression, references) =
                licence::joined(&read).unwrap_or_else(|| (NO_ASSERTION.to_owned(), Vec::new()));
            self.references.extend(references.into_iter().map(|Reference { id, text }| (id, text)));
            let mut external_refs: Vec<ExternalRef> = purl.map(package_url).into_iter().collect();
            external_refs.append(&mut advisories[at]);
            out.push(Package {
                name: named(&package.name),
                version_info: Some(&package.version)
                    .filter(|version| !version.is_empty())
                    .map(|text| line(text)),
                supplier: supplier(package),
                checksums: package.checksums.iter().map(checksum).collect(),
                source_info: source_info(bill, package),
                license_declared: expression,
                external_refs,
                annotations: self.annotations(properties::of_package(bill, package, &declared)),
                ..empty(&self.ids[at], purpose(package.kind))
            });
        }
        out
    }

    fn subject(&self) -> Package {
        let bill = self.bill;
        let purpose = match bill.kind {
            SubjectKind::Image => Purpose::Container,
            SubjectKind::RootFileSystem => Purpose::OperatingSystem,
            SubjectKind::SourceTree => Purpose::Source,
            SubjectKind::Sbom | SubjectKind::PurlList => Purpose::Other,
        };
        let digest = bill.image.as_ref().and_then(|image| image.manifest_digest);
        Package {
            name: subject::name(bill),
            version_info: subject::version(bill),
            checksums: digest
                .map(|digest| Checksum { algorithm: "SHA256", checksum_value: digest.hex() })
                .into_iter()
                .collect(),
            external_refs: subject::purl(bill).map(package_url).into_iter().collect(),
            annotations: self.annotations(properties::of_subject(bill)),
            ..empty(ROOT, purpose)
        }
    }

    fn distribution(&self, distro: &Distro) -> Package {
        Package {
            name: named(&distro.id),
            version_info: distro.version_id.as_deref().filter(|version| !version.is_empty()).map(line),
            summary: distro.pretty_name.as_deref().filter(|name| !name.trim().is_empty()).map(line),
            annotations: self.annotations(properties::of_distro(distro)),
            ..empty(DISTRIBUTION, Purpose::OperatingSystem)
        }
    }

    fn annotations(&self, properties: Vec<Property>) -> Vec<Annotation> {
        if properties.is_empty() {
            return Vec::new();
        }
        let lines: Vec<String> =
            properties.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
        vec![self.annotation(lines.join("\n"))]
    }

    fn annotation(&self, comment: String) -> Annotation {
        Annotation {
            annotator: self.tool(),
            annotation_date: self.bill.created.to_string(),
            annotation_type: "OTHER",
            comment,
        }
    }

    /// What could not be read, and so may be missing.
    fn problems(&self) -> Vec<Annotation> {
        let text = |problem| format!("seawall:problem: {}", properties::problem(self.bill, problem));
        self.bill.problems.iter().map(|problem| self.annotation(text(problem))).collect()
    }

    fn relationships(&self) -> Vec<Relationship> {
        let bill = self.bill;
        let mut out = vec![relationship(DOCUMENT, "DESCRIBES", ROOT)];
        if bill.distro.is_some() {
            out.push(relationship(ROOT, "CONTAINS", DISTRIBUTION));
        }
        for (package, id) in bill.packages.iter().zip(&self.ids) {
            out.push(relationship(ROOT, "CONTAINS", id));
            if package.scope == Scope::Development {
                out.push(relationship(id, "DEV_DEPENDENCY_OF", ROOT));
            }
        }
        for (id, needs) in self.ids.iter().zip(Graph::of(bill).needs) {
            out.extend(needs.iter().map(|needed| relationship(id, "DEPENDS_ON", &self.ids[*needed])));
        }
        for (file, file_id) in bill.files.iter().zip(&self.file_ids) {
            // A package whose files nobody analysed must not contain any; so says the specification.
            let owner = self.ids.get(file.package);
            out.extend(owner.map(|owner| Relationship {
                comment: Some("the package owns the file"),
                ..relationship(owner, "OTHER", file_id)
            }));
        }
        out
    }
}

/// A package of which nothing is known but what it is.
fn empty(id: &str, purpose: Purpose) -> Package {
    Package {
        id: id.to_owned(),
        name: String::new(),
        version_info: None,
        supplier: NO_ASSERTION.to_owned(),
        download_location: NO_ASSERTION,
        files_analyzed: false,
        checksums: Vec::new(),
        source_info: None,
        license_concluded: NO_ASSERTION,
        license_declared: NO_ASSERTION.to_owned(),
        copyright_text: NO_ASSERTION,
        summary: None,
        external_refs: Vec::new(),
        primary_package_purpose: purpose,
        annotations: Vec::new(),
    }
}

/// A name there must be.
fn named(name: &str) -> String {
    if name.trim().is_empty() { "unnamed".to_owned() } else { line(name) }
}

fn purpose(kind: PackageKind) -> Purpose {
    if kind == PackageKind::Generic { Purpose::Application } else { Purpose::Library }
}

fn relationship(from: &str, kind: &'static str, to: &str) -> Relationship {
    Relationship {
        spdx_element_id: from.to_owned(),
        relationship_type: kind,
        related_spdx_element: to.to_owned(),
        comment: None,
    }
}

fn package_url(purl: String) -> ExternalRef {
    ExternalRef {
        reference_category: "PACKAGE-MANAGER",
        reference_type: "purl",
        reference_locator: purl,
        comment: None,
    }
}

/// Debian's and Alpine's maintainers are people or groups of them; the specification knows only the two words.
fn supplier(package: &ModelPackage) -> String {
    let Some(supplier) = package.vendor.as_deref().and_then(Supplier::read) else {
        return NO_ASSERTION.to_owned();
    };
    // Parentheses would be read as those of the address.
    let name = supplier.name.replace('(', "[").replace(')', "]");
    match supplier.email {
        Some(email) => format!("Organization: {name} ({email})"),
        None => format!("Organization: {name}"),
    }
}

fn source_info(bill: &Bill, package: &ModelPackage) -> Option<String> {
    let place = package.places.first().map(|place| {
        let others = package.places.len() - 1;
        let more = if others == 0 { String::new() } else { format!(" and {others} more") };
        format!("found by {} in {}{more}", package.cataloger, properties::shown_path(bill, place))
    });
    let source =
        package.source.as_ref().map(|source| format!("built from {} {}", source.name, source.version));
    let parts: Vec<String> = place.into_iter().chain(source).collect();
    (!parts.is_empty()).then(|| line(&parts.join("; ")))
}

fn checksum(checksum: &seawall_model::Checksum) -> Checksum {
    let algorithm = match checksum.algorithm {
        ChecksumAlgorithm::Md5 => "MD5",
        ChecksumAlgorithm::Sha1 => "SHA1",
        ChecksumAlgorithm::Sha256 => "SHA256",
        ChecksumAlgorithm::Sha384 => "SHA384",
        ChecksumAlgorithm::Sha512 => "SHA512",
    };
    Checksum { algorithm, checksum_value: checksum.hex().to_owned() }
}

fn file(file: &BillFile, id: &str) -> File {
    let has_sha1 =
        file.checksum.as_ref().is_some_and(|checksum| checksum.algorithm == ChecksumAlgorithm::Sha1);
    let mut checksums: Vec<Checksum> = file.checksum.iter().map(checksum).collect();
    if !has_sha1 {
        checksums.insert(0, Checksum { algorithm: "SHA1", checksum_value: UNKNOWN_SHA1.to_owned() });
    }
    File {
        id: id.to_owned(),
        file_name: line(&format!("./{}", file.path)),
        checksums,
        license_concluded: NO_ASSERTION,
        copyright_text: NO_ASSERTION,
        comment: (!has_sha1).then(|| "the SHA-1 is not known; zeros stand for it".to_owned()),
    }
}

/// What each package suffers from, as references to where people read about it.
fn advisories_by_package(bill: &Bill) -> Vec<Vec<ExternalRef>> {
    let mut out: Vec<Vec<ExternalRef>> = bill.packages.iter().map(|_| Vec::new()).collect();
    for finding in bill.findings.iter().flatten() {
        let (_, address) = advisory_source::of(&finding.vulnerability);
        if let (Some(list), Some(locator)) = (out.get_mut(finding.package), url(&address)) {
            list.push(ExternalRef {
                reference_category: "SECURITY",
                reference_type: "advisory",
                reference_locator: locator,
                comment: Some(advisory_comment(finding)),
            });
        }
    }
    out
}

/// `CVE-2026-0001: high; fixed in 1.2; suppressed: …`.
fn advisory_comment(finding: &Finding) -> String {
    let severity = finding.severity.map_or("unknown", seawall_model::Severity::as_str);
    let mut text = format!("{}: {severity} {}", finding.vulnerability, finding.kind.as_str());
    match &finding.fix {
        FixState::Fixed(versions) => text += &["; fixed in ", &versions.join(", ")].concat(),
        FixState::NotFixed => text.push_str("; not fixed"),
        FixState::WillNotFix => text.push_str("; will not be fixed"),
        FixState::EndOfLife => text.push_str("; no longer supported"),
    }
    let reason = finding.suppression.as_ref().map(|suppression| match suppression {
        Suppression::DistributionFixed { owner, evidence } => format!("{owner}: {evidence}"),
        Suppression::HeadersOnly { source } => format!("headers of {source}"),
        Suppression::KnownWrong { reason } => reason.clone(),
        Suppression::Vex { source, status, reason } => {
            format!("{status}: {} ({source})", reason.as_deref().unwrap_or("no reason given"))
        }
        Suppression::Exception { source, reason, .. } => {
            format!("{} ({source})", reason.as_deref().unwrap_or("no reason given"))
        }
    });
    if let Some(reason) = reason {
        text += &["; suppressed: ", &reason].concat();
    }
    line(&text)
}

fn extracted((license_id, text): (String, String)) -> ExtractedLicence {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("unnamed");
    ExtractedLicence { license_id, name: at_most(line(first), 200), extracted_text: lines(&text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_the_list_has_two_numbers() {
        assert_eq!(list_version().split('.').count(), 2);
    }
}
