//! From a bill to Seawall's own form.

use std::fmt::Write;

use seawall_model as model;
use seawall_model::{FilePathBuf, Scope};

use super::{
    Distribution, Document, File, Image, Layer, Owner, Package, Path, Place, Problem, SCHEMA_VERSION,
    Subject, Tool,
};
use crate::{Bill, BillFile};

fn text(value: &impl ToString) -> String {
    value.to_string()
}

fn pairs(list: &[(String, String)]) -> Vec<[String; 2]> {
    list.iter().map(|(key, value)| [key.clone(), value.clone()]).collect()
}

impl From<&Bill> for Document {
    fn from(bill: &Bill) -> Self {
        Self {
            format: "seawall-sbom".to_owned(),
            schema_version: SCHEMA_VERSION.to_owned(),
            tool: Tool { name: bill.tool.name.clone(), version: bill.tool.version.clone() },
            created: bill.created.to_string(),
            subject: Subject {
                kind: bill.kind.as_str().to_owned(),
                name: bill.name.clone(),
                image: bill.image.as_ref().map(Image::from),
                distribution: bill.distro.as_ref().map(Distribution::from),
                layers: bill.layers.iter().map(Layer::from).collect(),
            },
            packages: bill.packages.iter().map(|package| Package::of(package, bill)).collect(),
            dependencies: bill.dependencies.iter().map(|needs| [needs.from, needs.to]).collect(),
            files: bill.files.iter().map(File::from).collect(),
            problems: bill.problems.iter().map(Problem::from).collect(),
        }
    }
}

impl From<&model::ImageFacts> for Image {
    fn from(image: &model::ImageFacts) -> Self {
        Self {
            manifest_digest: image.manifest_digest.as_ref().map(text),
            id: image.id.to_string(),
            platform: image.platform.clone(),
            created: image.created.as_ref().map(text),
            labels: pairs(&image.labels),
        }
    }
}

impl From<&model::Distro> for Distribution {
    fn from(distro: &model::Distro) -> Self {
        Self {
            id: distro.id.clone(),
            version_id: distro.version_id.clone(),
            codename: distro.codename.clone(),
            id_like: distro.id_like.clone(),
            pretty_name: distro.pretty_name.clone(),
            variant_id: distro.variant_id.clone(),
            cpe_name: distro.cpe_name.clone(),
            channels: distro.channels.clone(),
        }
    }
}

impl From<&model::LayerLine> for Layer {
    fn from(layer: &model::LayerLine) -> Self {
        Self {
            diff_id: layer.diff_id.to_string(),
            digest: layer.blob.as_ref().map(text),
            instruction: layer.instruction.clone(),
            bytes: layer.bytes,
        }
    }
}

impl Package {
    fn of(package: &model::Package, bill: &Bill) -> Self {
        Self {
            purl: package.purl(bill.distro.as_ref()).to_string(),
            kind: package.kind.purl_type().to_owned(),
            name: package.name.clone(),
            version: package.version.clone(),
            architecture: package.arch.clone(),
            source_name: package.source.as_ref().map(|source| source.name.clone()),
            source_version: package.source.as_ref().map(|source| source.version.clone()),
            vendor: package.vendor.clone(),
            modularity: package.modularity.clone(),
            licences: package.licences.clone(),
            development: package.scope == Scope::Development,
            subpath: package.subpath.clone(),
            qualifiers: pairs(&package.qualifiers),
            needs: package.needs.clone(),
            provides: package.provides.clone(),
            checksums: package.checksums.iter().map(text).collect(),
            cataloger: package.cataloger.to_string(),
            places: package.places.iter().map(Place::from).collect(),
            owner: package.owner.as_ref().map(|owner| Owner {
                kind: owner.kind.purl_type().to_owned(),
                name: owner.name.clone(),
                version: owner.version.clone(),
            }),
        }
    }
}

impl From<&model::Place> for Place {
    fn from(place: &model::Place) -> Self {
        Self { path: Path::from(&place.path), inside: place.inside.clone(), layer: place.layer }
    }
}

impl From<&FilePathBuf> for Path {
    fn from(path: &FilePathBuf) -> Self {
        if let Ok(text) = std::str::from_utf8(path.as_bytes()) {
            return Self::Text(text.to_owned());
        }
        let hex = path.as_bytes().iter().fold(String::new(), |mut hex, byte| {
            // Writing to a String does not fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        Self::Bytes { hex }
    }
}

impl From<&BillFile> for File {
    fn from(file: &BillFile) -> Self {
        Self {
            path: Path::from(&file.path),
            package: file.package,
            checksum: file.checksum.as_ref().map(text),
            layer: file.layer,
        }
    }
}

impl From<&model::Problem> for Problem {
    fn from(problem: &model::Problem) -> Self {
        Self {
            kind: problem.kind.as_str().to_owned(),
            path: problem.path.as_ref().map(Path::from),
            layer: problem.layer,
            message: problem.message.clone(),
        }
    }
}
