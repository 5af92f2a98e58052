//! From what a document says to a bill: packages each once, with what could not be used named.

use std::collections::{BTreeMap, HashMap};

use seawall_model::{Dependency, Distro, Package, PackageKind, Problem, ProblemKind, SubjectKind, Timestamp};

use super::distribution::{self, Choice};
use super::document::{Component, Document};
use super::package::{Context, Identified};
use super::subject::{self, Subject};
use crate::{Bill, Tool};

/// What makes two components the same package, as in the inventory of a scan.
type Key = (PackageKind, String, String, Option<String>, Option<String>, Vec<(String, String)>);

/// Makes the bill. `name` is used where the document has none.
pub(super) fn bill(mut document: Document, name: &str) -> Bill {
    let subject = document.root.as_ref().map(subject::of_root).unwrap_or_default();
    let mut problems = problems_of(&document);
    if document.components.is_empty() {
        // A document about one package and nothing else.
        document.components.extend(document.root.clone().filter(|root| root.purl.is_some()));
    }
    let identified = identify(&document, &subject, &mut problems);
    let Choice { distro, conflicts } = choose_distribution(&document, &identified);
    problems.extend(conflicts.into_iter().map(|text| Problem::general(ProblemKind::Malformed, text)));
    let identified = without_foreign(identified, distro.as_ref(), &mut problems);
    let (packages, positions) = merged(identified);
    let dependencies = dependencies(&document, &positions);
    problems.sort();
    problems.dedup();
    Bill {
        tool: document.tools.into_iter().next().unwrap_or(Tool { name: "unknown".to_owned(), version: None }),
        created: document.created.and_then(|time| time.parse().ok()).unwrap_or(Timestamp::from_unix(0)),
        kind: subject.kind.unwrap_or(SubjectKind::Sbom),
        name: subject.name.or(document.name).unwrap_or_else(|| name.to_owned()),
        image: subject.image,
        distro,
        layers: subject.layers,
        packages,
        dependencies,
        files: Vec::new(),
        findings: None,
        problems,
    }
}

/// A package, its distribution, and the position of its component.
type Found = (Box<Package>, Option<Distro>, usize);

fn identify(document: &Document, subject: &Subject, problems: &mut Vec<Problem>) -> Vec<Found> {
    let of_tools =
        |word: &str| document.tools.iter().any(|tool| tool.name.to_ascii_lowercase().contains(word));
    let layers = subject.layers.iter().enumerate();
    let context = Context {
        cataloger: if document.standard.starts_with("SPDX") {
            "sbom/spdx"
        } else if document.standard.starts_with("CycloneDX") {
            "sbom/cyclonedx"
        } else {
            "purl"
        },
        knows_vendors: ["seawall", "syft", "trivy"].into_iter().any(of_tools),
        layers: layers.map(|(at, layer)| (layer.diff_id.to_string(), at)).collect(),
        components: &document.components,
    };
    let mut found = Vec::new();
    let mut unused = Unused::default();
    for (at, component) in document.components.iter().enumerate() {
        match context.identify(component) {
            Identified::Package(package, distro) => found.push((package, distro, at)),
            Identified::Nothing => {}
            Identified::NoUrl => unused.without_url.add(component),
            Identified::UnknownType(kind) => unused.of_type.entry(kind).or_default().add(component),
            Identified::Malformed(why) => {
                problems.push(Problem::general(ProblemKind::Malformed, why));
            }
        }
    }
    unused.tell(document.components.len(), problems);
    found
}

/// Components that nothing can be said of, with the names of the first ones.
#[derive(Default)]
struct Unused {
    without_url: Names,
    of_type: BTreeMap<String, Names>,
}

#[derive(Default)]
struct Names {
    count: usize,
    first: Vec<String>,
}

impl Names {
    fn add(&mut self, component: &Component) {
        self.count += 1;
        if self.first.len() < 5 {
            let version = component.version.as_ref().map_or(String::new(), |version| format!(" {version}"));
            self.first.push(format!("{}{version}", component.name).trim().to_owned());
        }
    }

    fn list(&self) -> String {
        let more = if self.count > self.first.len() { ", …" } else { "" };
        format!("{}{more}", self.first.join(", "))
    }
}

impl Unused {
    fn tell(self, of: usize, problems: &mut Vec<Problem>) {
        let mut tell = |text| problems.push(Problem::general(ProblemKind::Unsupported, text));
        if self.without_url.count > 0 {
            tell(format!(
                "{} of {of} components have no package URL and are not judged: {}",
                self.without_url.count,
                self.without_url.list()
            ));
        }
        for (kind, names) in self.of_type {
            tell(format!(
                "{} of {of} components have package URLs of type {kind}, which is not known, and are not judged: {}",
                names.count,
                names.list()
            ));
        }
    }
}

/// What the document itself says is missing, and what is unusual about it.
fn problems_of(document: &Document) -> Vec<Problem> {
    let mut problems: Vec<Problem> = document.gaps.iter().map(|text| gap(text)).collect();
    if document.left_out > 0 {
        let text = format!("{} components beyond the limit were left out", document.left_out);
        problems.push(Problem::general(ProblemKind::TooLarge, text));
    }
    if !is_known(&document.standard) {
        let text = format!(
            "the document is {}, a version that is not known: it may say what is not read",
            document.standard
        );
        problems.push(Problem::general(ProblemKind::Unsupported, text));
    }
    problems
}

fn is_known(standard: &str) -> bool {
    match standard.strip_prefix("CycloneDX ") {
        Some(version) => matches!(version, "1.2" | "1.3" | "1.4" | "1.5" | "1.6" | "1.7"),
        None => matches!(standard, "SPDX-2.2" | "SPDX-2.3" | "a list of package URLs"),
    }
}

/// `malformed: srv/package.json: expected a value`: what could not be read when the bill was made is still missing.
fn gap(text: &str) -> Problem {
    let kinds = ProblemKind::ALL.into_iter();
    let parts = text.split_once(':').and_then(|(word, rest)| {
        let kind = kinds.clone().find(|kind| kind.as_str() == word)?;
        Some((kind, rest.trim()))
    });
    let (kind, message) = parts.unwrap_or((ProblemKind::Skipped, text));
    Problem::general(kind, message)
}

fn choose_distribution(document: &Document, found: &[Found]) -> Choice {
    let mut counted: BTreeMap<String, (Distro, usize)> = BTreeMap::new();
    for distro in found.iter().filter_map(|(_, distro, _)| distro.as_ref()) {
        let key = format!("{} {}", distro.purl_qualifier(), distro.codename.as_deref().unwrap_or_default());
        counted.entry(key).or_insert_with(|| (distro.clone(), 0)).1 += 1;
    }
    distribution::choose(distribution::stated(document), &counted)
}

/// Takes out the packages of other distributions, which this one's feed does not speak of.
fn without_foreign(found: Vec<Found>, distro: Option<&Distro>, problems: &mut Vec<Problem>) -> Vec<Found> {
    let Some(distro) = distro else { return found };
    let mut foreign: BTreeMap<String, usize> = BTreeMap::new();
    let kept = found
        .into_iter()
        .filter(|(_, own, _)| match own {
            Some(own) if !distribution::fits(own, distro) => {
                *foreign.entry(own.purl_qualifier()).or_default() += 1;
                false
            }
            _ => true,
        })
        .collect();
    for (name, count) in foreign {
        // Packages are missing in the result, as they are where a database can't be read.
        problems.push(Problem::general(
            ProblemKind::DatabaseUnreadable,
            format!(
                "{count} packages are of {name} and not of {}: they are left out, as only one distribution is judged at a time",
                distro.purl_qualifier()
            ),
        ));
    }
    kept
}

/// Each package once, sorted, and which one each component became.
fn merged(found: Vec<Found>) -> (Vec<Package>, HashMap<usize, usize>) {
    let mut by_key: BTreeMap<Key, (Package, Vec<usize>)> = BTreeMap::new();
    for (package, _, component) in found {
        let key = (
            package.kind,
            package.name.clone(),
            package.version.clone(),
            package.arch.clone(),
            package.subpath.clone(),
            package.qualifiers.clone(),
        );
        match by_key.get_mut(&key) {
            Some((known, components)) => {
                join(known, *package);
                components.push(component);
            }
            None => {
                by_key.insert(key, (*package, vec![component]));
            }
        }
    }
    let mut packages = Vec::with_capacity(by_key.len());
    let mut positions = HashMap::new();
    for (at, (mut package, components)) in by_key.into_values().enumerate() {
        package.places.sort();
        package.places.dedup();
        packages.push(package);
        positions.extend(components.into_iter().map(|component| (component, at)));
    }
    (packages, positions)
}

fn join(known: &mut Package, other: Package) {
    known.places.extend(other.places);
    known.scope = known.scope.min(other.scope);
    known.source = known.source.take().or(other.source);
    known.vendor = known.vendor.take().or(other.vendor);
    known.modularity = known.modularity.take().or(other.modularity);
    known.owner = known.owner.take().or(other.owner);
    let new = |licence: &String| !known.licences.contains(licence);
    let licences: Vec<String> = other.licences.into_iter().filter(new).collect();
    known.licences.extend(licences);
    let new = |checksum: &seawall_model::Checksum| !known.checksums.contains(checksum);
    let checksums: Vec<_> = other.checksums.into_iter().filter(new).collect();
    known.checksums.extend(checksums);
}

fn dependencies(document: &Document, positions: &HashMap<usize, usize>) -> Vec<Dependency> {
    let mut by_reference: HashMap<&str, usize> = HashMap::new();
    for (at, component) in document.components.iter().enumerate() {
        if let Some(package) = positions.get(&at).filter(|_| !component.reference.is_empty()) {
            by_reference.entry(&component.reference).or_insert(*package);
        }
    }
    let ends = document.needs.iter().filter_map(|(from, to)| {
        let (from, to) = (*by_reference.get(from.as_str())?, *by_reference.get(to.as_str())?);
        (from != to).then_some(Dependency { from, to })
    });
    let mut dependencies: Vec<Dependency> = ends.collect();
    dependencies.sort_unstable();
    dependencies.dedup();
    dependencies
}
