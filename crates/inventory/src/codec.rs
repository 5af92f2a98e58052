//! Facts as bytes for the cache of layers: a format of its own, so that a type of the model may change.

use postcard::{from_bytes, to_stdvec};
use serde::{Deserialize, Serialize};

use seawall_model::{
    Checksum, ChecksumAlgorithm, Distro, FilePathBuf, Package, PackageKind, Place, Problem, ProblemKind,
    Scope, SourcePackage,
};

use crate::catalogers::CATALOGERS;
use crate::facts::{Facts, FileFacts, OwnedFiles, StatedLicences};
use crate::inventory::UNREADABLE;

/// The facts as bytes. The same facts give the same bytes.
pub(crate) fn encode(facts: &Facts) -> Vec<u8> {
    let files: Vec<FileWire> = facts.files.iter().map(FileWire::from).collect();
    to_stdvec(&files).expect("writing to memory does not fail, and every length is known")
}

/// The facts of bytes that [`encode`] wrote; `None` for any others.
pub(crate) fn decode(bytes: &[u8]) -> Option<Facts> {
    let files: Vec<FileWire> = from_bytes(bytes).ok()?;
    Some(Facts { files: files.into_iter().map(FileWire::into_facts).collect::<Option<_>>()? })
}

#[derive(Serialize, Deserialize)]
struct FileWire {
    path: Vec<u8>,
    cataloger: String,
    packages: Vec<PackageWire>,
    owned: Vec<OwnedWire>,
    licences: Vec<(u8, String, Vec<String>)>,
    distro: Option<DistroWire>,
    problems: Vec<(u8, String)>,
}

#[derive(Serialize, Deserialize)]
struct PackageWire {
    kind: u8,
    name: String,
    version: String,
    arch: Option<String>,
    source: Option<(String, String)>,
    vendor: Option<String>,
    modularity: Option<String>,
    licences: Vec<String>,
    development: bool,
    subpath: Option<String>,
    qualifiers: Vec<(String, String)>,
    needs: Vec<String>,
    provides: Vec<String>,
    checksums: Vec<(u8, String)>,
    inside: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct OwnedWire {
    kind: u8,
    name: String,
    arch: Option<String>,
    /// Little-endian, eight bytes each: as one run of bytes they are read without a look at each.
    paths: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct DistroWire {
    id: String,
    version_id: Option<String>,
    codename: Option<String>,
    id_like: Vec<String>,
    pretty_name: Option<String>,
    variant_id: Option<String>,
    cpe_name: Option<String>,
    channels: Vec<String>,
}

fn kind_number(kind: PackageKind) -> u8 {
    PackageKind::ALL.iter().position(|known| *known == kind).unwrap_or(usize::from(u8::MAX)) as u8
}

fn kind_of(number: u8) -> Option<PackageKind> {
    PackageKind::ALL.get(usize::from(number)).copied()
}

fn checksum_number(checksum: &Checksum) -> (u8, String) {
    let number = ChecksumAlgorithm::ALL.iter().position(|known| *known == checksum.algorithm).unwrap_or(0);
    (number as u8, checksum.hex().to_owned())
}

fn checksum_of((number, hex): &(u8, String)) -> Option<Checksum> {
    Checksum::from_hex(*ChecksumAlgorithm::ALL.get(usize::from(*number))?, hex)
}

fn cataloger_of(name: &str) -> Option<&'static str> {
    let known = CATALOGERS.iter().map(|cataloger| cataloger.name());
    known.chain([UNREADABLE]).find(|known| *known == name)
}

impl From<&FileFacts> for FileWire {
    fn from(facts: &FileFacts) -> Self {
        let problem = |problem: &Problem| {
            let number = ProblemKind::ALL.iter().position(|kind| *kind == problem.kind).unwrap_or(0);
            (number as u8, problem.message.clone())
        };
        let licences = |stated: &StatedLicences| {
            (kind_number(stated.kind), stated.name.clone(), stated.licences.clone())
        };
        Self {
            path: facts.path.as_bytes().to_vec(),
            cataloger: facts.cataloger.to_owned(),
            packages: facts.packages.iter().map(PackageWire::from).collect(),
            owned: facts.owned.iter().map(OwnedWire::from).collect(),
            licences: facts.licences.iter().map(licences).collect(),
            distro: facts.distro.as_ref().map(DistroWire::from),
            problems: facts.problems.iter().map(problem).collect(),
        }
    }
}

impl FileWire {
    fn into_facts(self) -> Option<FileFacts> {
        let path = FilePathBuf::normalise(&self.path);
        let cataloger = cataloger_of(&self.cataloger)?;
        let package = |wire: PackageWire| wire.into_package(&path, cataloger);
        let problem = |(number, message): (u8, String)| {
            Some(Problem::at(path.clone(), *ProblemKind::ALL.get(usize::from(number))?, message))
        };
        let stated = |(kind, name, licences): (u8, String, Vec<String>)| {
            Some(StatedLicences { kind: kind_of(kind)?, name, licences })
        };
        Some(FileFacts {
            packages: self.packages.into_iter().map(package).collect::<Option<_>>()?,
            owned: self.owned.into_iter().map(OwnedWire::into_owned).collect::<Option<_>>()?,
            licences: self.licences.into_iter().map(stated).collect::<Option<_>>()?,
            distro: self.distro.map(Distro::from),
            problems: self.problems.into_iter().map(problem).collect::<Option<_>>()?,
            cataloger,
            path,
        })
    }
}

impl From<&Package> for PackageWire {
    fn from(package: &Package) -> Self {
        Self {
            kind: kind_number(package.kind),
            name: package.name.clone(),
            version: package.version.clone(),
            arch: package.arch.clone(),
            source: package.source.as_ref().map(|source| (source.name.clone(), source.version.clone())),
            vendor: package.vendor.clone(),
            modularity: package.modularity.clone(),
            licences: package.licences.clone(),
            development: package.scope == Scope::Development,
            subpath: package.subpath.clone(),
            qualifiers: package.qualifiers.clone(),
            needs: package.needs.clone(),
            provides: package.provides.clone(),
            checksums: package.checksums.iter().map(checksum_number).collect(),
            inside: package.places.first().and_then(|place| place.inside.clone()),
        }
    }
}

impl PackageWire {
    fn into_package(self, path: &FilePathBuf, cataloger: &'static str) -> Option<Package> {
        let mut package = Package::new(kind_of(self.kind)?, self.name, self.version, cataloger);
        package.arch = self.arch;
        package.source = self.source.map(|(name, version)| SourcePackage { name, version });
        package.vendor = self.vendor;
        package.modularity = self.modularity;
        package.licences = self.licences;
        package.scope = if self.development { Scope::Development } else { Scope::Runtime };
        package.subpath = self.subpath;
        package.qualifiers = self.qualifiers;
        package.needs = self.needs;
        package.provides = self.provides;
        package.checksums = self.checksums.iter().map(checksum_of).collect::<Option<_>>()?;
        package.places = vec![Place { path: path.clone(), inside: self.inside, layer: None }];
        Some(package)
    }
}

impl From<&OwnedFiles> for OwnedWire {
    fn from(owned: &OwnedFiles) -> Self {
        Self {
            kind: kind_number(owned.kind),
            name: owned.name.clone(),
            arch: owned.arch.clone(),
            paths: owned.paths.iter().flat_map(|path| path.to_le_bytes()).collect(),
        }
    }
}

impl OwnedWire {
    fn into_owned(self) -> Option<OwnedFiles> {
        let (chunks, rest) = self.paths.as_chunks::<8>();
        let paths = chunks.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        let kind = kind_of(self.kind)?;
        rest.is_empty().then_some(OwnedFiles { kind, name: self.name, arch: self.arch, paths })
    }
}

impl From<&Distro> for DistroWire {
    fn from(distro: &Distro) -> Self {
        let distro = distro.clone();
        Self {
            id: distro.id,
            version_id: distro.version_id,
            codename: distro.codename,
            id_like: distro.id_like,
            pretty_name: distro.pretty_name,
            variant_id: distro.variant_id,
            cpe_name: distro.cpe_name,
            channels: distro.channels,
        }
    }
}

impl From<DistroWire> for Distro {
    fn from(wire: DistroWire) -> Self {
        Self {
            id: wire.id,
            version_id: wire.version_id,
            codename: wire.codename,
            id_like: wire.id_like,
            pretty_name: wire.pretty_name,
            variant_id: wire.variant_id,
            cpe_name: wire.cpe_name,
            channels: wire.channels,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_read_back_as_they_were_written() {
        let path = FilePathBuf::from("lib/apk/db/installed");
        let mut file = FileFacts::empty(path.clone(), "alpine/apk");
        let mut package = Package::new(PackageKind::Apk, "zlib", "1.3-r0", "alpine/apk");
        package.places = vec![Place { path: path.clone(), inside: Some("x".into()), layer: None }];
        package.scope = Scope::Development;
        package.needs = vec!["so:libc.musl-x86_64.so.1".into()];
        package.provides = vec!["so:libz.so.1".into()];
        package.checksums = Checksum::from_bytes(ChecksumAlgorithm::Sha1, &[7; 20]).into_iter().collect();
        file.packages.push(package);
        file.owned.push(OwnedFiles {
            kind: PackageKind::Apk,
            name: "zlib".into(),
            arch: None,
            paths: vec![1, u64::MAX],
        });
        file.licences.push(StatedLicences {
            kind: PackageKind::Deb,
            name: "zlib1g".into(),
            licences: vec!["Zlib".into()],
        });
        file.problems.push(Problem::at(path, ProblemKind::DatabaseUnreadable, "line 3"));
        file.distro = Some(Distro { id: "alpine".into(), ..Distro::default() });
        let facts = Facts { files: vec![file] };
        assert_eq!(decode(&encode(&facts)), Some(facts));
    }

    #[test]
    fn damaged_bytes_are_no_facts() {
        let facts = Facts { files: vec![FileFacts::empty(FilePathBuf::from("a"), "alpine/apk")] };
        let bytes = encode(&facts);
        for length in 0..bytes.len() {
            assert_eq!(decode(&bytes[..length]).filter(|decoded| *decoded == facts), None);
        }
        assert_eq!(decode(&[0xff; 64]), None);
    }
}
