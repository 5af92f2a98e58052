//! What Seawall knows and neither standard has a field for: names and values, the same in both.
//!
//! CycloneDX holds them as `properties`, SPDX as an annotation of lines `name: value`. `docs/sbom.md` explains
//! each.

use seawall_model::{Distro, LayerIndex, LayerLine, Package, Place, Problem};

use crate::Bill;
use crate::safe_text::line;

/// A name and a value, both one line of plain text.
pub(crate) type Property = (String, String);

fn put(out: &mut Vec<Property>, name: impl AsRef<str>, value: Option<&str>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        out.push((format!("seawall:{}", name.as_ref()), line(value)));
    }
}

/// Of the thing that the bill describes: the image and its layers.
pub(crate) fn of_subject(bill: &Bill) -> Vec<Property> {
    let mut out = Vec::new();
    put(&mut out, "subject:kind", Some(bill.kind.as_str()));
    put(&mut out, "subject:name", Some(&bill.name));
    if let Some(image) = &bill.image {
        put(
            &mut out,
            "image:manifest-digest",
            image.manifest_digest.map(|digest| digest.to_string()).as_deref(),
        );
        put(&mut out, "image:id", Some(&image.id.to_string()));
        put(&mut out, "image:platform", Some(&image.platform));
        put(&mut out, "image:created", image.created.map(|time| time.to_string()).as_deref());
        for (key, value) in &image.labels {
            put(&mut out, format!("image:label:{}", line(key)), Some(value));
        }
    }
    for (index, layer) in bill.layers.iter().enumerate() {
        add_layer(&mut out, index, layer);
    }
    out
}

fn add_layer(out: &mut Vec<Property>, index: LayerIndex, layer: &LayerLine) {
    put(out, format!("layer:{index}:diff-id"), Some(&layer.diff_id.to_string()));
    put(out, format!("layer:{index}:digest"), layer.blob.map(|blob| blob.to_string()).as_deref());
    put(out, format!("layer:{index}:instruction"), layer.instruction.as_deref());
    put(out, format!("layer:{index}:bytes"), Some(&layer.bytes.to_string()));
}

/// Of the distribution.
pub(crate) fn of_distro(distro: &Distro) -> Vec<Property> {
    let mut out = Vec::new();
    put(&mut out, "distribution:codename", distro.codename.as_deref());
    put(&mut out, "distribution:id-like", Some(&distro.id_like.join(" ")));
    put(&mut out, "distribution:variant-id", distro.variant_id.as_deref());
    put(&mut out, "distribution:cpe-name", distro.cpe_name.as_deref());
    put(&mut out, "distribution:channels", Some(&distro.channels.join(" ")));
    out
}

/// Of a package; `declared` are the licences that are not written as their source has them.
pub(crate) fn of_package(bill: &Bill, package: &Package, declared: &[&str]) -> Vec<Property> {
    let mut out = Vec::new();
    put(&mut out, "type", Some(package.kind.purl_type()));
    put(&mut out, "cataloger", Some(&package.cataloger));
    put(&mut out, "architecture", package.arch.as_deref());
    if let Some(source) = &package.source {
        put(&mut out, "source:name", Some(&source.name));
        put(&mut out, "source:version", Some(&source.version));
    }
    put(&mut out, "modularity", package.modularity.as_deref());
    if let Some(owner) = &package.owner {
        put(&mut out, "owner:type", Some(owner.kind.purl_type()));
        put(&mut out, "owner:name", Some(&owner.name));
        put(&mut out, "owner:version", Some(&owner.version));
    }
    for statement in declared {
        put(&mut out, "licence:declared", Some(statement));
    }
    for (index, place) in package.places.iter().enumerate() {
        put(&mut out, format!("location:{index}:path"), Some(&shown_path(bill, place)));
        put(&mut out, format!("location:{index}:layer"), diff_id(bill, place.layer).as_deref());
    }
    out
}

/// A place for people: from the root of an image with a slash in front, inside archives joined by `!/`.
pub(crate) fn shown_path(bill: &Bill, place: &Place) -> String {
    let slash = if bill.has_root() { "/" } else { "" };
    let inside = place.inside.as_ref().map_or(String::new(), |inside| format!("!/{}", line(inside)));
    line(&format!("{slash}{}{inside}", place.path))
}

/// The digest of a layer's uncompressed tar.
pub(crate) fn diff_id(bill: &Bill, layer: Option<LayerIndex>) -> Option<String> {
    Some(bill.layers.get(layer?)?.diff_id.to_string())
}

/// What could not be used, as one line: `malformed: srv/package.json (layer 2): expected a value`.
pub(crate) fn problem(bill: &Bill, problem: &Problem) -> String {
    let path = problem.path.as_ref().map_or(String::new(), |path| format!(" {path}"));
    let layer = diff_id(bill, problem.layer).map_or(String::new(), |layer| format!(" (layer {layer})"));
    line(&format!("{}:{path}{layer}: {}", problem.kind.as_str(), problem.message))
}
