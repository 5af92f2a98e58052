//! From Seawall's own form back to a bill.

use std::str::FromStr;

use seawall_model as model;
use seawall_model::{
    Checksum, ChecksumAlgorithm, Dependency, FilePathBuf, PackageKind, ProblemKind, Scope, SourcePackage,
    SubjectKind,
};

use super::{
    Distribution, Document, File, Image, Layer, Owner, Package, Path, Place, Problem, SCHEMA_VERSION,
};
use crate::{Bill, BillFile, bill};

/// Why a text is no bill in Seawall's own form.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NativeError {
    /// It breaks the format.
    #[error("it is no bill of materials of Seawall")]
    Json(#[from] serde_json::Error),
    /// It is of another format or of a version that this program does not know.
    #[error(
        "it is of format {format:?}, version {version:?}; this program reads seawall-sbom {SCHEMA_VERSION}"
    )]
    Version { format: String, version: String },
    /// A value is none of those that its field may have.
    #[error("{value:?} is no {what}")]
    Value { what: &'static str, value: String },
    /// A position points behind the end of its list.
    #[error("{what} {position} does not exist")]
    Position { what: &'static str, position: usize },
}

type Result<T> = std::result::Result<T, NativeError>;

/// Reads a bill.
///
/// # Errors
/// The text is no such bill, whole and consistent: nothing of it is used then.
pub fn read(bytes: &[u8]) -> Result<Bill> {
    let document: Document = serde_json::from_slice(bytes)?;
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    if document.format != "seawall-sbom" || major(&document.schema_version) != major(SCHEMA_VERSION) {
        return Err(NativeError::Version { format: document.format, version: document.schema_version });
    }
    document.into_bill()
}

fn parse<T: FromStr>(what: &'static str, text: &str) -> Result<T> {
    text.parse().map_err(|_| NativeError::Value { what, value: text.to_owned() })
}

fn optional<T: FromStr>(what: &'static str, text: Option<&String>) -> Result<Option<T>> {
    text.map(|text| parse(what, text)).transpose()
}

/// The value of a closed list that is written like this.
fn one_of<T: Copy>(what: &'static str, text: &str, all: &[T], word: impl Fn(T) -> &'static str) -> Result<T> {
    let found = all.iter().copied().find(|value| word(*value) == text);
    found.ok_or_else(|| NativeError::Value { what, value: text.to_owned() })
}

fn pairs(list: Vec<[String; 2]>) -> Vec<(String, String)> {
    list.into_iter().map(|[key, value]| (key, value)).collect()
}

fn each<A, B>(list: Vec<A>, read: impl FnMut(A) -> Result<B>) -> Result<Vec<B>> {
    list.into_iter().map(read).collect()
}

fn kind(text: &str) -> Result<PackageKind> {
    PackageKind::from_purl_type(text)
        .ok_or_else(|| NativeError::Value { what: "type of package", value: text.to_owned() })
}

fn checksum(text: &str) -> Result<Checksum> {
    let wrong = || NativeError::Value { what: "checksum", value: text.to_owned() };
    let (algorithm, hex) = text.split_once(':').ok_or_else(wrong)?;
    let algorithm = one_of("algorithm", algorithm, &ChecksumAlgorithm::ALL, ChecksumAlgorithm::as_str)?;
    Checksum::from_hex(algorithm, hex).ok_or_else(wrong)
}

impl Document {
    fn into_bill(self) -> Result<Bill> {
        let bill = Bill {
            tool: bill::Tool { name: self.tool.name, version: self.tool.version },
            created: parse("time", &self.created)?,
            kind: one_of("kind of subject", &self.subject.kind, &SubjectKind::ALL, SubjectKind::as_str)?,
            name: self.subject.name,
            image: self.subject.image.map(Image::read).transpose()?,
            distro: self.subject.distribution.map(Distribution::read),
            layers: each(self.subject.layers, Layer::read)?,
            packages: each(self.packages, Package::read)?,
            dependencies: self.dependencies.into_iter().map(|[from, to]| Dependency { from, to }).collect(),
            files: each(self.files, File::read)?,
            findings: None,
            problems: each(self.problems, Problem::read)?,
        };
        check_positions(&bill)?;
        Ok(bill)
    }
}

/// Whoever uses the bill need not look again.
fn check_positions(bill: &Bill) -> Result<()> {
    let ends = bill.dependencies.iter().flat_map(|needs| [needs.from, needs.to]);
    let owners = bill.files.iter().map(|file| file.package);
    let below = |count: usize, what| {
        move |position| if position < count { Ok(()) } else { Err(NativeError::Position { what, position }) }
    };
    ends.chain(owners).try_for_each(below(bill.packages.len(), "package"))?;
    let places = bill.packages.iter().flat_map(|package| &package.places).filter_map(|place| place.layer);
    let files = bill.files.iter().filter_map(|file| file.layer);
    let problems = bill.problems.iter().filter_map(|problem| problem.layer);
    places.chain(files).chain(problems).try_for_each(below(bill.layers.len(), "layer"))
}

impl Image {
    fn read(self) -> Result<model::ImageFacts> {
        Ok(model::ImageFacts {
            manifest_digest: optional("digest", self.manifest_digest.as_ref())?,
            id: parse("digest", &self.id)?,
            platform: self.platform,
            created: optional("time", self.created.as_ref())?,
            labels: pairs(self.labels),
        })
    }
}

impl Distribution {
    fn read(self) -> model::Distro {
        model::Distro {
            id: self.id,
            version_id: self.version_id,
            codename: self.codename,
            id_like: self.id_like,
            pretty_name: self.pretty_name,
            variant_id: self.variant_id,
            cpe_name: self.cpe_name,
            channels: self.channels,
        }
    }
}

impl Layer {
    fn read(self) -> Result<model::LayerLine> {
        Ok(model::LayerLine {
            diff_id: parse("digest", &self.diff_id)?,
            blob: optional("digest", self.digest.as_ref())?,
            instruction: self.instruction,
            bytes: self.bytes,
            from_cache: false,
        })
    }
}

impl Package {
    fn read(self) -> Result<model::Package> {
        let source = self.source_name.zip(self.source_version);
        Ok(model::Package {
            kind: kind(&self.kind)?,
            name: self.name,
            version: self.version,
            arch: self.architecture,
            source: source.map(|(name, version)| SourcePackage { name, version }),
            vendor: self.vendor,
            modularity: self.modularity,
            licences: self.licences,
            scope: if self.development { Scope::Development } else { Scope::Runtime },
            subpath: self.subpath,
            qualifiers: pairs(self.qualifiers),
            needs: self.needs,
            provides: self.provides,
            checksums: each(self.checksums, |text| checksum(&text))?,
            cataloger: self.cataloger.into(),
            places: each(self.places, Place::read)?,
            owner: self.owner.map(Owner::read).transpose()?,
        })
    }
}

impl Place {
    fn read(self) -> Result<model::Place> {
        Ok(model::Place { path: self.path.read()?, inside: self.inside, layer: self.layer })
    }
}

impl Path {
    fn read(self) -> Result<FilePathBuf> {
        let hex = match self {
            Self::Text(text) => return Ok(FilePathBuf::normalise(text.as_bytes())),
            Self::Bytes { hex } => hex,
        };
        let byte = |pair: &[u8]| {
            let digits = std::str::from_utf8(pair).ok().filter(|_| pair.iter().all(u8::is_ascii_hexdigit))?;
            u8::from_str_radix(digits, 16).ok()
        };
        let bytes: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(byte).collect();
        let wrong = NativeError::Value { what: "row of hexadecimal digits", value: hex.clone() };
        bytes.filter(|_| hex.len() % 2 == 0).map(|bytes| FilePathBuf::normalise(&bytes)).ok_or(wrong)
    }
}

impl Owner {
    fn read(self) -> Result<model::Owner> {
        Ok(model::Owner { kind: kind(&self.kind)?, name: self.name, version: self.version })
    }
}

impl File {
    fn read(self) -> Result<BillFile> {
        Ok(BillFile {
            path: self.path.read()?,
            package: self.package,
            checksum: self.checksum.map(|text| checksum(&text)).transpose()?,
            layer: self.layer,
        })
    }
}

impl Problem {
    fn read(self) -> Result<model::Problem> {
        Ok(model::Problem {
            kind: one_of("kind of problem", &self.kind, &ProblemKind::ALL, ProblemKind::as_str)?,
            path: self.path.map(Path::read).transpose()?,
            layer: self.layer,
            message: self.message,
        })
    }
}
