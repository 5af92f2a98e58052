//! The image that a document describes, and its layers: from our own properties and from Trivy's.

use seawall_model::{ImageFacts, LayerLine, SubjectKind};

use super::document::Component;

/// What the document says of its subject.
#[derive(Default)]
pub(super) struct Subject {
    pub(super) kind: Option<SubjectKind>,
    pub(super) name: Option<String>,
    pub(super) image: Option<ImageFacts>,
    pub(super) layers: Vec<LayerLine>,
}

pub(super) fn of_root(root: &Component) -> Subject {
    let kind = root.property("seawall:subject:kind");
    let kind = kind.and_then(|word| SubjectKind::ALL.into_iter().find(|kind| kind.as_str() == word));
    let mut layers = our_layers(root);
    if layers.is_empty() {
        layers = layers_of_trivy(root);
    }
    Subject {
        kind,
        name: root.property("seawall:subject:name").map(str::to_owned),
        image: image(root),
        layers,
    }
}

fn image(root: &Component) -> Option<ImageFacts> {
    let labels = root.properties.iter().filter_map(|(name, value)| {
        Some((name.strip_prefix("seawall:image:label:")?.to_owned(), value.clone()))
    });
    Some(ImageFacts {
        manifest_digest: root.property("seawall:image:manifest-digest").and_then(|text| text.parse().ok()),
        id: root.property("seawall:image:id")?.parse().ok()?,
        platform: root.property("seawall:image:platform").unwrap_or_default().to_owned(),
        created: root.property("seawall:image:created").and_then(|text| text.parse().ok()),
        labels: labels.collect(),
    })
}

/// Layers that are numbered without a hole; what comes behind one is not believed.
fn our_layers(root: &Component) -> Vec<LayerLine> {
    let mut layers: Vec<LayerLine> = Vec::new();
    for (name, value) in &root.properties {
        let Some((number, field)) = name.strip_prefix("seawall:layer:").and_then(|rest| rest.split_once(':'))
        else {
            continue;
        };
        let Ok(at) = number.parse::<usize>() else { continue };
        if field == "diff-id" && at == layers.len() {
            let Ok(diff_id) = value.parse() else { continue };
            layers.push(LayerLine { diff_id, blob: None, instruction: None, bytes: 0, from_cache: false });
        }
        let Some(layer) = layers.get_mut(at) else { continue };
        match field {
            "digest" => layer.blob = value.parse().ok(),
            "instruction" => layer.instruction = Some(value.clone()),
            "bytes" => layer.bytes = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    layers
}

fn layers_of_trivy(root: &Component) -> Vec<LayerLine> {
    let is_layer = |name: &str| matches!(name, "aquasecurity:trivy:DiffID" | "DiffID");
    let stated = root.properties.iter().filter(|(name, _)| is_layer(name));
    let diff_ids = stated.filter_map(|(_, value)| value.parse().ok());
    diff_ids
        .map(|diff_id| LayerLine { diff_id, blob: None, instruction: None, bytes: 0, from_cache: false })
        .collect()
}
