//! VEX documents on disk, and the names under which a target may be meant in them.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use seawall_image::Reference;
use seawall_model::{ImageFacts, Limits};
use seawall_vex::{Document, ImageName, Subject};

use crate::target::Target;

/// Reads a VEX document of any of the three formats.
pub(crate) fn read_file(path: &Path) -> Result<Document> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("can't read the VEX document {shown}"))?;
    let bytes = seawall_model::limits::read_bounded(file, Limits::default().max_text_bytes)
        .with_context(|| format!("can't read the VEX document {shown}"))?;
    seawall_vex::read(&shown.to_string(), &bytes).with_context(|| format!("can't use {shown}"))
}

/// Everything that names the target.
pub(crate) fn subject(target: &Target, image: Option<&ImageFacts>) -> Subject {
    let digests = image.into_iter().flat_map(|image| image.manifest_digest.into_iter().chain([image.id]));
    Subject {
        digests: digests.collect(),
        names: reference_of(target).map(name_of).into_iter().collect(),
        purls: Vec::new(),
        target: target.to_string(),
    }
}

fn reference_of(target: &Target) -> Option<&Reference> {
    match target {
        Target::Docker(reference)
        | Target::Podman(reference)
        | Target::Containerd(reference)
        | Target::Registry(reference)
        | Target::Image(reference) => Some(reference),
        _ => None,
    }
}

fn name_of(reference: &Reference) -> ImageName {
    ImageName {
        repository: format!("{}/{}", reference.registry(), reference.repository()),
        tag: reference.tag().map(str::to_owned),
    }
}
