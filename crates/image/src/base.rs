//! Which image an image was built on, told offline: from the layers of known images, from labels, from the
//! history.
//!
//! What the history shows is a likelihood, and said to be one: an image is usually finished by `CMD` or
//! `ENTRYPOINT`, and what follows was built on it.

use seawall_model::{BaseEvidence, BaseImage, Digest};

use crate::manifest::{HistoryEntry, ImageConfig};

/// An image that others are built on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBase {
    /// As people name it: `docker.io/library/debian:12`.
    pub name: String,
    /// The digest of its manifest.
    pub digest: Option<Digest>,
    /// Its layers, base first; never empty.
    pub diff_ids: Vec<Digest>,
}

/// The label that names the base.
/// <https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md#pre-defined-annotation-keys>
const NAME_LABEL: &str = "org.opencontainers.image.base.name";
/// The label with the digest of the base.
const DIGEST_LABEL: &str = "org.opencontainers.image.base.digest";

/// Recognises the base of an image; `None` where nothing tells.
pub fn recognise(config: &ImageConfig, known: &[KnownBase]) -> Option<BaseImage> {
    by_layers(config, known).or_else(|| by_labels(config)).or_else(|| by_history(config))
}

/// The known image with the most layers, all of which lie at the bottom. An image is not its own base.
fn by_layers(config: &ImageConfig, known: &[KnownBase]) -> Option<BaseImage> {
    let is_below = |base: &&KnownBase| {
        base.diff_ids.len() < config.diff_ids.len() && config.diff_ids.starts_with(&base.diff_ids)
    };
    // Of several names of the same layers the first by name, whatever the order of the list.
    let base = known
        .iter()
        .filter(is_below)
        .max_by_key(|base| (base.diff_ids.len(), std::cmp::Reverse(&base.name)))?;
    Some(BaseImage {
        name: Some(base.name.clone()),
        digest: base.digest,
        layers: Some(base.diff_ids.len()),
        evidence: BaseEvidence::KnownLayers,
    })
}

fn by_labels(config: &ImageConfig) -> Option<BaseImage> {
    let label = |key| config.labels.get(key).map(|value| value.trim()).filter(|value| !value.is_empty());
    let name = label(NAME_LABEL).map(str::to_owned);
    let digest = label(DIGEST_LABEL).and_then(|text| text.parse().ok());
    if name.is_none() && digest.is_none() {
        return None;
    }
    Some(BaseImage { name, digest, layers: layers_by_history(config), evidence: BaseEvidence::Labels })
}

fn by_history(config: &ImageConfig) -> Option<BaseImage> {
    let layers = layers_by_history(config)?;
    Some(BaseImage { name: None, digest: None, layers: Some(layers), evidence: BaseEvidence::History })
}

/// The number of layers up to where the history shows that another build went on.
fn layers_by_history(config: &ImageConfig) -> Option<usize> {
    let history = &config.history;
    let makes_layer = |entry: &HistoryEntry| !entry.empty_layer;
    if history.iter().filter(|entry| makes_layer(entry)).count() != config.diff_ids.len() {
        return None;
    }
    let end = (1..history.len()).rev().find(|next| {
        ends_build(&history[next - 1])
            && !ends_build(&history[*next])
            && history[*next..].iter().any(makes_layer)
            && is_later_build(&history[next - 1], &history[*next])
    })?;
    Some(history[..end].iter().filter(|entry| makes_layer(entry)).count()).filter(|layers| *layers > 0)
}

/// Whether an image is usually finished by this instruction.
fn ends_build(entry: &HistoryEntry) -> bool {
    let text = entry.created_by.trim();
    let text = text.strip_prefix("/bin/sh -c #(nop)").map_or(text, str::trim_start);
    entry.empty_layer && ["CMD", "ENTRYPOINT"].iter().any(|word| text.split(' ').next() == Some(word))
}

/// Steps of one build follow each other within minutes, and never go back in time.
const WITHIN_A_BUILD_SECONDS: i64 = 60;

/// Whether the times allow that the two were made by different builds. Where they say nothing (missing, or
/// set to one value by a reproducible build) they allow it.
fn is_later_build(before: &HistoryEntry, after: &HistoryEntry) -> bool {
    let (Some(before), Some(after)) = (before.time(), after.time()) else { return true };
    let seconds = after.unix() - before.unix();
    seconds <= 0 || seconds > WITHIN_A_BUILD_SECONDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: u8) -> Digest {
        Digest::from_sha256([number; 32])
    }

    /// An image of a history: one line a step, `-` in front of one without a layer, a time behind `@`.
    fn image(history: &str, labels: &[(&str, &str)]) -> ImageConfig {
        let entry = |line: &str| {
            let (text, created) =
                line.split_once(" @").map_or((line, None), |(text, time)| (text, Some(time.to_owned())));
            HistoryEntry {
                created,
                created_by: text.trim_start_matches('-').to_owned(),
                comment: String::new(),
                empty_layer: line.starts_with('-'),
            }
        };
        let history: Vec<HistoryEntry> = history.lines().map(|line| entry(line.trim())).collect();
        let layers = history.iter().filter(|entry| !entry.empty_layer).count();
        let mut config = ImageConfig::parse(b"{}").unwrap();
        config.diff_ids = (0..layers).map(|layer| digest(layer as u8)).collect();
        config.history = history;
        config.labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        config
    }

    fn layers(history: &str) -> Option<usize> {
        recognise(&image(history, &[]), &[]).and_then(|base| base.layers)
    }

    #[test]
    fn a_history_shows_where_a_finished_image_was_built_on() {
        for (history, expected) in [
            ("ADD a\n-CMD [\"bash\"]\nRUN b\nCOPY c\n-CMD [\"d\"]", Some(1)),
            (
                "ADD a\n-/bin/sh -c #(nop)  CMD [\"bash\"]\nRUN b\n-ENTRYPOINT x\n-CMD y\nCOPY c\n-CMD z",
                Some(2),
            ),
            ("ADD a\nRUN b\n-CMD x", None),
            ("-ENV a\n-CMD x\nCOPY b", None),
            ("ADD a\n-CMD x\n-ENV b", None),
            ("ADD a @2026-01-01T00:00:00Z\n-CMD x @2026-01-01T00:00:10Z\nCOPY b @2026-01-01T00:00:11Z", None),
            (
                "ADD a @2026-01-01T00:00:00Z\n-CMD x @2026-01-01T00:00:10Z\nCOPY b @2026-02-01T00:00:11Z",
                Some(1),
            ),
            (
                "ADD a @2026-01-01T00:00:00Z\n-CMD x @2026-01-01T00:00:00Z\nCOPY b @2026-01-01T00:00:00Z",
                Some(1),
            ),
            ("", None),
        ] {
            assert_eq!(layers(history), expected, "{history}");
        }
    }

    #[test]
    fn a_history_that_does_not_count_as_many_layers_is_not_believed() {
        let mut config = image("ADD a\n-CMD x\nCOPY b", &[]);
        config.diff_ids.push(digest(9));
        assert_eq!(recognise(&config, &[]), None);
    }

    #[test]
    fn known_layers_are_surer_than_labels_and_labels_than_the_history() {
        let labels = [(NAME_LABEL, "docker.io/library/python:3.12")];
        let config = image("ADD a\n-CMD x\nRUN b\n-CMD y\nCOPY c", &labels);
        let known = |name: &str, layers: u8| KnownBase {
            name: name.to_owned(),
            digest: None,
            diff_ids: (0..layers).map(digest).collect(),
        };
        let list = [known("one", 1), known("two", 2), known("itself", 3), known("an alias of two", 2)];
        let base = recognise(&config, &list).unwrap();
        assert_eq!(
            (base.name.as_deref(), base.layers, base.evidence),
            (Some("an alias of two"), Some(2), BaseEvidence::KnownLayers)
        );
        let base = recognise(&config, &[]).unwrap();
        assert_eq!(
            (base.name.as_deref(), base.layers, base.evidence),
            (Some("docker.io/library/python:3.12"), Some(2), BaseEvidence::Labels)
        );
        assert_eq!(base.has_layer(1), Some(true));
        assert_eq!(base.has_layer(2), Some(false));
    }
}
