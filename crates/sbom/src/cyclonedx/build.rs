//! From a bill to a CycloneDX document.

use seawall_model::{
    ChecksumAlgorithm, Distro, Package, PackageKind, Problem, ProblemKind, Scope, SubjectKind,
};

use super::document::{
    Annotation, Annotator, Component, Composition, Contact, Dependency, Document, Evidence, Hash, Identities,
    Identity, Licence as LicenceEntry, LicenceChoice, LicenceText, Lifecycle, Metadata, Method, Occurrence,
    Organisation, Property, SpecVersion, Tools,
};
use super::vulnerabilities;
use crate::graph::Graph;
use crate::licence::{self, Licence};
use crate::properties::{self, diff_id, shown_path};
use crate::safe_text::{at_most, line, lines};
use crate::supplier::Supplier;
use crate::{Bill, BillFile, CycloneDxVersion, identity, naming, subject};

/// The longest version that the schema takes.
pub(super) const MAX_VERSION: usize = 1024;

const ROOT: &str = "subject";
const DISTRIBUTION: &str = "distribution";

/// The document of a bill.
pub(super) fn document(bill: &Bill, version: CycloneDxVersion) -> Document {
    let purls = naming::purls(bill);
    let builder = Builder { bill, version, refs: naming::bom_refs(&purls) };
    Document {
        schema: format!("http://cyclonedx.org/schema/bom-{}.schema.json", version.as_str()),
        bom_format: "CycloneDX",
        spec_version: SpecVersion(version),
        serial_number: format!("urn:uuid:{}", identity::uuid_of(bill)),
        version: 1,
        metadata: builder.metadata(),
        components: builder.components(purls),
        dependencies: builder.dependencies(),
        compositions: vec![builder.composition()],
        vulnerabilities: bill
            .findings
            .as_ref()
            .map(|findings| vulnerabilities::grouped(findings, bill, &builder.refs)),
        annotations: bill.problems.iter().enumerate().map(|(at, one)| builder.annotation(at, one)).collect(),
    }
}

struct Builder<'a> {
    bill: &'a Bill,
    version: CycloneDxVersion,
    /// The `bom-ref` of each package.
    refs: Vec<String>,
}

impl Builder<'_> {
    fn metadata(&self) -> Metadata {
        let phase = match self.bill.kind {
            SubjectKind::Image => Some("post-build"),
            SubjectKind::RootFileSystem => Some("operations"),
            SubjectKind::SourceTree => Some("pre-build"),
            SubjectKind::Sbom | SubjectKind::PurlList => None,
        };
        Metadata {
            timestamp: self.bill.created.to_string(),
            lifecycles: phase.map(|phase| Lifecycle { phase }).into_iter().collect(),
            tools: Tools { components: vec![self.tool()] },
            component: self.subject(),
            properties: Vec::new(),
        }
    }

    fn tool(&self) -> Component {
        Component {
            kind: "application",
            name: line(&self.bill.tool.name),
            version: self.bill.tool.version.as_deref().map(version_text),
            ..Component::default()
        }
    }

    fn subject(&self) -> Component {
        let bill = self.bill;
        let kind = match bill.kind {
            SubjectKind::Image => "container",
            SubjectKind::RootFileSystem => "operating-system",
            SubjectKind::SourceTree | SubjectKind::Sbom | SubjectKind::PurlList => "application",
        };
        Component {
            kind,
            bom_ref: Some(ROOT.to_owned()),
            name: subject::name(bill),
            version: subject::version(bill),
            purl: subject::purl(bill),
            properties: named(properties::of_subject(bill)),
            ..Component::default()
        }
    }

    fn components(&self, purls: Vec<Option<String>>) -> Vec<Component> {
        let bill = self.bill;
        let mut licences = licence::Reader::default();
        let mut files = files_by_package(bill);
        let mut out: Vec<Component> = bill.distro.iter().map(distribution).collect();
        for ((at, package), purl) in bill.packages.iter().enumerate().zip(purls) {
            let read = licences.of(package.kind, &package.licences);
            out.push(Component {
                bom_ref: Some(self.refs[at].clone()),
                components: std::mem::take(&mut files[at]).into_iter().map(file).collect(),
                ..self.package(package, purl, &read)
            });
        }
        out
    }

    fn package(
        &self,
        package: &Package,
        purl: Option<String>,
        read: &(Vec<Licence>, Vec<&str>),
    ) -> Component {
        let (licences, declared) = read;
        let (group, name) = group_and_name(package);
        Component {
            kind: if package.kind == PackageKind::Generic { "application" } else { "library" },
            supplier: package.vendor.as_deref().and_then(organisation),
            group: group.map(line),
            name: line(name),
            version: Some(package.version.as_str()).filter(|version| !version.is_empty()).map(version_text),
            scope: (package.scope == Scope::Development).then_some("excluded"),
            hashes: package.checksums.iter().map(hash).collect(),
            licenses: self.licences(licences),
            purl,
            properties: named(properties::of_package(self.bill, package, declared)),
            evidence: Some(self.evidence(package)),
            ..Component::default()
        }
    }

    /// Licences one by one, or one expression of all where one of them is an expression already.
    fn licences(&self, licences: &[Licence]) -> Vec<LicenceChoice> {
        let acknowledgement = (self.version >= CycloneDxVersion::V1_6).then_some("declared");
        let entry = |id: Option<String>, name: Option<&str>| {
            let text = name.filter(|name| is_text(name)).map(|name| LicenceText { content: lines(name) });
            let name = name.map(licence_name);
            LicenceChoice::Licence { license: LicenceEntry { id, name, text, acknowledgement } }
        };
        if licences.iter().any(|licence| matches!(licence, Licence::Expression { .. })) {
            let joined = licence::joined(licences).map(|(expression, _)| expression);
            let choice = |expression| LicenceChoice::Expression { expression, acknowledgement };
            return joined.map(choice).into_iter().collect();
        }
        let one = |licence: &Licence| match licence {
            Licence::Id(id) => entry(Some(id.clone()), None),
            Licence::Name(name) | Licence::Expression { text: name, .. } => entry(None, Some(name)),
        };
        licences.iter().map(one).collect()
    }

    fn evidence(&self, package: &Package) -> Evidence {
        let technique =
            if package.cataloger.ends_with("binary") { "binary-analysis" } else { "manifest-analysis" };
        let identity = Identity {
            field: "purl",
            confidence: 1.0,
            methods: vec![Method { technique, confidence: 1.0, value: package.cataloger.to_string() }],
        };
        let has_context = self.version >= CycloneDxVersion::V1_6;
        let occurrence = |place| Occurrence {
            location: shown_path(self.bill, place),
            additional_context: diff_id(self.bill, place.layer)
                .filter(|_| has_context)
                .map(|layer| format!("layer {layer}")),
        };
        Evidence {
            identity: if has_context { Identities::Many([identity]) } else { Identities::One(identity) },
            occurrences: package.places.iter().map(occurrence).collect(),
        }
    }

    /// The subject needs its distribution and what is not of it; the distribution needs its packages.
    fn dependencies(&self) -> Vec<Dependency> {
        let bill = self.bill;
        let graph = Graph::of(bill);
        let reference = |at: &usize| self.refs[*at].clone();
        let of_distro = |at: &&usize| bill.distro.is_some() && bill.packages[**at].kind.is_distribution();
        let (inside, own): (Vec<&usize>, Vec<&usize>) = graph.roots.iter().partition(of_distro);
        let mut out = Vec::with_capacity(bill.packages.len() + 2);
        let distribution = bill.distro.iter().map(|_| DISTRIBUTION.to_owned());
        out.push(Dependency {
            reference: ROOT.to_owned(),
            depends_on: distribution.chain(own.into_iter().map(reference)).collect(),
        });
        if bill.distro.is_some() {
            let depends_on = inside.into_iter().map(reference).collect();
            out.push(Dependency { reference: DISTRIBUTION.to_owned(), depends_on });
        }
        out.extend(graph.needs.iter().zip(&self.refs).map(|(needs, name)| Dependency {
            reference: name.clone(),
            depends_on: needs.iter().map(reference).collect(),
        }));
        out
    }

    /// Nobody can promise that a list of packages is complete; where something could not be read, it is not.
    fn composition(&self) -> Composition {
        let is_missing = |problem: &Problem| problem.kind != ProblemKind::Skipped;
        let aggregate = if self.bill.problems.iter().any(is_missing) { "incomplete" } else { "unknown" };
        Composition { aggregate, assemblies: vec![ROOT.to_owned()], dependencies: vec![ROOT.to_owned()] }
    }

    fn annotation(&self, at: usize, problem: &Problem) -> Annotation {
        Annotation {
            bom_ref: format!("problem:{at}"),
            subjects: vec![ROOT.to_owned()],
            annotator: Annotator { component: self.tool() },
            timestamp: self.bill.created.to_string(),
            text: properties::problem(self.bill, problem),
        }
    }
}

fn distribution(distro: &Distro) -> Component {
    Component {
        kind: "operating-system",
        bom_ref: Some(DISTRIBUTION.to_owned()),
        name: line(&distro.id),
        version: distro.version_id.as_deref().map(version_text),
        description: distro.pretty_name.as_deref().map(line),
        properties: named(properties::of_distro(distro)),
        ..Component::default()
    }
}

/// A vendor as the package database has it, its address apart.
fn organisation(vendor: &str) -> Option<Organisation> {
    let supplier = Supplier::read(vendor)?;
    let contacts = supplier.email.map(|email| Contact { email }).into_iter().collect();
    Some(Organisation { name: supplier.name, contacts })
}

/// The files of each package.
fn files_by_package(bill: &Bill) -> Vec<Vec<&BillFile>> {
    let mut files = vec![Vec::new(); bill.packages.len()];
    for file in &bill.files {
        if let Some(files) = files.get_mut(file.package) {
            files.push(file);
        }
    }
    files
}

fn file(file: &BillFile) -> Component {
    Component {
        kind: "file",
        name: line(&format!("/{}", file.path)),
        hashes: file.checksum.iter().map(hash).collect(),
        ..Component::default()
    }
}

/// Maven, npm and Composer say a group; readers join the two as the package URL does.
fn group_and_name(package: &Package) -> (Option<&str>, &str) {
    let parts = match package.kind {
        PackageKind::Maven => package.name.split_once(':'),
        PackageKind::Npm if package.name.starts_with('@') => package.name.split_once('/'),
        PackageKind::Composer => package.name.split_once('/'),
        _ => None,
    };
    match parts {
        Some((group, name)) if !group.is_empty() && !name.is_empty() => (Some(group), name),
        _ => (None, &package.name),
    }
}

fn hash(checksum: &seawall_model::Checksum) -> Hash {
    let alg = match checksum.algorithm {
        ChecksumAlgorithm::Md5 => "MD5",
        ChecksumAlgorithm::Sha1 => "SHA-1",
        ChecksumAlgorithm::Sha256 => "SHA-256",
        ChecksumAlgorithm::Sha384 => "SHA-384",
        ChecksumAlgorithm::Sha512 => "SHA-512",
    };
    Hash { alg, content: checksum.hex().to_owned() }
}

/// A whole text where a name is expected.
fn is_text(name: &str) -> bool {
    name.contains('\n') || name.len() > 200
}

fn licence_name(name: &str) -> String {
    let first = name.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    at_most(line(first), 200)
}

pub(super) fn version_text(version: &str) -> String {
    at_most(line(version), MAX_VERSION)
}

pub(super) fn named(properties: Vec<(String, String)>) -> Vec<Property> {
    properties.into_iter().map(|(name, value)| Property { name, value }).collect()
}
