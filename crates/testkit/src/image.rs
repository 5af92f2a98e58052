//! Images, and the forms in which they are kept: archives of Docker, OCI layouts, a root file system.
//!
//! <https://github.com/opencontainers/image-spec/blob/main/image-layout.md>

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::files::{Files, tar_of};
use crate::layer::{Entry, Layer, digest};

const CREATED: &str = "2026-01-01T00:00:00Z";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// The form of an archive as `docker save` writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DockerForm {
    /// Until Docker 24: a folder for each layer with its `layer.tar`.
    Old,
    /// Since Docker 25: an OCI layout with a `manifest.json` beside it.
    Blobs,
}

/// An image for one platform.
#[derive(Debug, Clone)]
pub struct Image {
    pub layers: Vec<Layer>,
    /// `os/architecture`
    pub platform: String,
}

impl Image {
    /// An image for `linux/amd64` of these layers, base first.
    pub fn new(layers: impl IntoIterator<Item = Layer>) -> Self {
        Self { layers: layers.into_iter().collect(), platform: "linux/amd64".to_owned() }
    }

    #[must_use]
    pub fn on(mut self, platform: &str) -> Self {
        platform.clone_into(&mut self.platform);
        self
    }

    /// The configuration, with a history that has an instruction without a layer at its end.
    pub fn config(&self) -> Vec<u8> {
        let (os, architecture) = self.platform.split_once('/').unwrap();
        let diff_ids: Vec<String> = self.layers.iter().map(|layer| layer.diff_id().to_string()).collect();
        let entry = |layer: &Layer| json!({"created": CREATED, "created_by": layer.instruction});
        let mut history: Vec<Value> = self.layers.iter().map(entry).collect();
        history.push(json!({"created": CREATED, "created_by": "CMD [\"sh\"]", "empty_layer": true}));
        bytes(&json!({
            "created": CREATED, "os": os, "architecture": architecture, "config": {"Cmd": ["sh"]},
            "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history,
        }))
    }

    /// The manifest.
    pub fn manifest(&self) -> Vec<u8> {
        let layer = |layer: &Layer| descriptor(layer.compression.media_type(), &layer.blob());
        let layers: Vec<Value> = self.layers.iter().map(layer).collect();
        bytes(&json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, &self.config()),
            "layers": layers,
        }))
    }

    fn blobs(&self) -> impl Iterator<Item = Vec<u8>> {
        self.layers.iter().map(Layer::blob).chain([self.config(), self.manifest()])
    }

    /// The archive of `docker save` under a name such as `app:1`.
    pub fn docker_archive(&self, form: DockerForm, name: &str) -> Vec<u8> {
        tar_of(&match form {
            DockerForm::Old => self.old_docker_files(name),
            DockerForm::Blobs => self.new_docker_files(name),
        })
    }

    fn old_docker_files(&self, name: &str) -> Files {
        let mut files = Files::new();
        let mut layers = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let folder = digest(format!("{index} {}", layer.diff_id()).as_bytes()).hex();
            files.insert(format!("{folder}/VERSION"), b"1.0".to_vec());
            files.insert(format!("{folder}/json"), bytes(&json!({"id": folder})));
            files.insert(format!("{folder}/layer.tar"), layer.tar());
            layers.push(format!("{folder}/layer.tar"));
        }
        let config = format!("{}.json", digest(&self.config()).hex());
        files.insert(
            "manifest.json".to_owned(),
            bytes(&json!([{"Config": config, "RepoTags": [name], "Layers": layers}])),
        );
        files.insert(config, self.config());
        files
    }

    fn new_docker_files(&self, name: &str) -> Files {
        let mut files = Layout::new([self.clone()]).files();
        let layers: Vec<String> = self.layers.iter().map(|layer| blob_path(&layer.blob())).collect();
        let manifest = json!([{"Config": blob_path(&self.config()), "RepoTags": [name], "Layers": layers}]);
        files.insert("manifest.json".to_owned(), bytes(&manifest));
        files
    }
}

/// An OCI layout: images, each for its platform.
#[derive(Debug, Clone)]
pub struct Layout {
    images: Vec<Image>,
    attestation: bool,
}

impl Layout {
    /// One image stands in `index.json` itself; several are joined by an index of platforms.
    pub fn new(images: impl IntoIterator<Item = Image>) -> Self {
        Self { images: images.into_iter().collect(), attestation: false }
    }

    /// Adds what BuildKit adds to an index: an entry for `unknown/unknown` that is no image. It comes first.
    #[must_use]
    pub fn with_attestation(mut self) -> Self {
        self.attestation = true;
        self
    }

    /// The files of the layout.
    pub fn files(&self) -> Files {
        let mut files =
            Files::from([("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec())]);
        let mut entries = Vec::new();
        if self.attestation {
            let image =
                Image::new([Layer::new("attestation").file("statement.json", "{}")]).on("unknown/unknown");
            entries.push(add_image(&image, &mut files));
        }
        entries.extend(self.images.iter().map(|image| add_image(image, &mut files)));
        if entries.len() > 1 {
            let index = index(&entries);
            entries = vec![descriptor(INDEX, &index)];
            files.insert(blob_path(&index), index);
        }
        entries[0]["annotations"] = json!({"org.opencontainers.image.ref.name": "1"});
        files.insert("index.json".to_owned(), index(&entries));
        files
    }

    /// The layout in a tar archive.
    pub fn archive(&self) -> Vec<u8> {
        tar_of(&self.files())
    }
}

/// Adds the blobs of an image and gives its entry of an index.
fn add_image(image: &Image, files: &mut Files) -> Value {
    files.extend(image.blobs().map(|blob| (blob_path(&blob), blob)));
    let (os, architecture) = image.platform.split_once('/').unwrap();
    let mut entry = descriptor(MANIFEST, &image.manifest());
    entry["platform"] = json!({"os": os, "architecture": architecture});
    entry
}

fn index(entries: &[Value]) -> Vec<u8> {
    bytes(&json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}))
}

fn descriptor(media_type: &str, blob: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": digest(blob).to_string(), "size": blob.len()})
}

fn blob_path(blob: &[u8]) -> String {
    format!("blobs/sha256/{}", digest(blob).hex())
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

/// Writes an image as a container would see it: the layers one over the other, whiteouts carried out.
pub fn write_root(folder: &Path, image: &Image) {
    for layer in &image.layers {
        for (path, _) in &layer.entries {
            take_away(folder, path);
        }
        for (path, entry) in &layer.entries {
            let path = folder.join(path);
            if path.file_name().unwrap().as_encoded_bytes().starts_with(b".wh.") {
                continue;
            }
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if *path != *folder && path.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
                fs::remove_file(&path).unwrap();
            }
            match entry {
                Entry::File(content) => fs::write(path, content).unwrap(),
                Entry::Folder => fs::create_dir_all(path).unwrap(),
                Entry::Symlink(target) => std::os::unix::fs::symlink(target, path).unwrap(),
                Entry::Hardlink(target) => fs::hard_link(folder.join(target), path).unwrap(),
            }
        }
    }
}

/// Carries out a whiteout, if the path is one.
fn take_away(folder: &Path, path: &str) {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    let parent = folder.join(parent);
    if name == ".wh..wh..opq" {
        if parent.exists() {
            fs::remove_dir_all(&parent).unwrap();
        }
    } else if let Some(hidden) = name.strip_prefix(".wh.") {
        let hidden = parent.join(hidden);
        if hidden.is_dir() {
            fs::remove_dir_all(hidden).unwrap();
        } else if hidden.symlink_metadata().is_ok() {
            fs::remove_file(hidden).unwrap();
        }
    }
}
