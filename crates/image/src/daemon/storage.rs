//! Images in Podman's storage on disk, read without a daemon.
//!
//! It finds the parts of an image: its manifest, its configuration and the directories of its layers. Walking
//! those is left to others: whiteouts there are character devices and `trusted.overlay.*` or `user.overlay.*`
//! attributes. Only the `overlay` driver is read. <https://github.com/containers/storage/tree/main/docs>

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seawall_model::limits::read_bounded;
use seawall_model::{Digest, Limits};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Environment;
use crate::blobs::digest_of;
use crate::reference::{DEFAULT_REGISTRY, Reference};

/// Bytes of one of the storage's own lists; a machine with ten thousand layers has a few.
const MAX_LIST_BYTES: u64 = 256 << 20;
const DRIVER: &str = "overlay";

/// Why an image can't be read from the storage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// A file of the storage can't be read. Rootless storage may need `podman unshare`.
    #[error("can't read {path:?}")]
    Read { path: PathBuf, source: io::Error },
    /// A file of the storage is not what it should be.
    #[error("{path:?} is damaged: {message}")]
    Damaged { path: PathBuf, message: String },
    /// The storage is kept by a driver whose layers are no directories of changes.
    #[error(
        "{root:?} is storage of the driver {driver:?}, only overlay can be read; start `podman system service` instead"
    )]
    Driver { root: PathBuf, driver: String },
}

/// An image found in the storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageImage {
    /// Podman's identifier, the digest of the configuration without its algorithm.
    pub id: String,
    /// The names that it has, as the storage lists them.
    pub names: Vec<String>,
    /// The manifest's bytes, where the storage has kept it.
    pub manifest: Option<Vec<u8>>,
    /// The configuration's bytes, whose digest was found to be the identifier.
    pub config: Vec<u8>,
    /// The layers, base first.
    pub layers: Vec<StorageLayer>,
}

/// A layer unpacked to a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageLayer {
    /// Digest of the layer as an uncompressed archive. It is what the storage says: the directory can't be
    /// verified against it, since packing it anew would not give the same bytes.
    pub diff_id: Digest,
    /// Holds the layer's files.
    pub diff_dir: PathBuf,
}

/// The storage of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    roots: Vec<PathBuf>,
    limits: Limits,
}

#[derive(Deserialize)]
struct ImageRecord {
    id: String,
    digest: Option<String>,
    names: Option<Vec<String>>,
    #[serde(default)]
    layer: String,
    #[serde(default, rename = "big-data-names")]
    big_data: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct LayerRecord {
    id: String,
    parent: Option<String>,
    #[serde(rename = "diff-digest")]
    diff_digest: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StorageConf {
    storage: StorageTable,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StorageTable {
    graphroot: Option<PathBuf>,
    rootless_storage_path: Option<String>,
    options: StorageOptions,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StorageOptions {
    additionalimagestores: Vec<PathBuf>,
}

impl Storage {
    /// The storage of this user and the shared ones beside it. `None` where there is none.
    pub fn find(environment: &Environment, limits: Limits) -> Option<Self> {
        let is_root = rustix::process::geteuid().is_root();
        let roots = storage_roots(environment, is_root);
        let roots: Vec<_> = roots.into_iter().filter(|root| root.is_dir()).collect();
        (!roots.is_empty()).then_some(Self { roots, limits })
    }

    /// The storage in these directories, the first to be looked into first.
    pub fn at(roots: Vec<PathBuf>, limits: Limits) -> Self {
        Self { roots, limits }
    }

    /// Finds an image by name, digest or identifier; `None` where the storage does not have it.
    pub fn image(&self, reference: &Reference) -> Result<Option<StorageImage>, StorageError> {
        for root in &self.roots {
            let list = root.join(format!("{DRIVER}-images/images.json"));
            let Some(records) = read_list::<ImageRecord>(&list)? else {
                refuse_other_driver(root)?;
                continue;
            };
            if let Some(record) = choose(records, reference) {
                return self.load(root, record).map(Some);
            }
        }
        Ok(None)
    }

    fn load(&self, root: &Path, record: ImageRecord) -> Result<StorageImage, StorageError> {
        let directory = root.join(format!("{DRIVER}-images")).join(checked_id(root, &record.id)?);
        let config_path = directory.join(big_data_file(&format!("sha256:{}", record.id)));
        let config = self.read(&config_path)?;
        if digest_of(&config).hex() != record.id {
            let message = "its digest is not the identifier of the image".to_owned();
            return Err(StorageError::Damaged { path: config_path, message });
        }
        let has_manifest = record.big_data.iter().flatten().any(|name| name == "manifest");
        let manifest = has_manifest.then(|| self.read(&directory.join("manifest"))).transpose()?;
        let layers = self.layers(root, &record.layer)?;
        Ok(StorageImage { id: record.id, names: record.names.unwrap_or_default(), manifest, config, layers })
    }

    /// Follows the parents of the top layer down to the base.
    fn layers(&self, root: &Path, top: &str) -> Result<Vec<StorageLayer>, StorageError> {
        let list = root.join(format!("{DRIVER}-layers/layers.json"));
        let damaged = |message: String| StorageError::Damaged { path: list.clone(), message };
        let records = read_list::<LayerRecord>(&list)?.unwrap_or_default();
        let mut layers = Vec::new();
        let mut next = Some(top).filter(|id| !id.is_empty());
        while let Some(id) = next {
            if layers.len() >= self.limits.max_layers {
                return Err(damaged(format!("more than {} layers above each other", self.limits.max_layers)));
            }
            let record = records.iter().find(|record| record.id == id);
            let record = record.ok_or_else(|| damaged(format!("layer {id} is not in it")))?;
            let digest = record.diff_digest.as_deref().unwrap_or_default();
            layers.push(StorageLayer {
                diff_id: digest.parse().map_err(|error| damaged(format!("layer {id}: {error}")))?,
                diff_dir: root.join(DRIVER).join(checked_id(&list, id)?).join("diff"),
            });
            next = record.parent.as_deref().filter(|parent| !parent.is_empty());
        }
        layers.reverse();
        Ok(layers)
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, StorageError> {
        File::open(path)
            .and_then(|file| read_bounded(file, self.limits.max_manifest_bytes))
            .map_err(|source| StorageError::Read { path: path.to_owned(), source })
    }
}

/// Settings first, then the defaults; then the shared stores that the settings name.
fn storage_roots(environment: &Environment, is_root: bool) -> Vec<PathBuf> {
    let user_conf = environment.config_home().map(|directory| directory.join("containers/storage.conf"));
    let system_confs =
        ["/etc/containers/storage.conf", "/usr/share/containers/storage.conf"].map(PathBuf::from);
    let usual = user_conf.filter(|_| !is_root).into_iter().chain(system_confs);
    let conf =
        environment.path("CONTAINERS_STORAGE_CONF").or_else(|| usual.into_iter().find(|path| path.exists()));
    let own_conf = conf.as_ref().is_some_and(|path| !path.starts_with("/etc") && !path.starts_with("/usr"));
    let table = conf.and_then(|path| read_conf(&path)).unwrap_or_default().storage;
    let default = if is_root {
        Some(PathBuf::from("/var/lib/containers/storage"))
    } else {
        let data = environment.path("XDG_DATA_HOME");
        let data = data.or_else(|| Some(environment.home()?.join(".local/share")));
        data.map(|data| data.join("containers/storage"))
    };
    // The system's `graphroot` is root's.
    let configured = if is_root || own_conf {
        table.graphroot
    } else {
        table.rootless_storage_path.and_then(|path| expand(&path, environment))
    };
    configured.or(default).into_iter().chain(table.options.additionalimagestores).collect()
}

fn read_conf(path: &Path) -> Option<StorageConf> {
    let bytes = read_bounded(File::open(path).ok()?, 1 << 20).ok()?;
    toml::from_str(std::str::from_utf8(&bytes).ok()?).ok()
}

/// The two variables that the setting may hold; a path with any other is not used.
fn expand(path: &str, environment: &Environment) -> Option<PathBuf> {
    let home = environment.home()?;
    let uid = rustix::process::getuid().as_raw().to_string();
    let path = path.replace("$HOME", home.to_str()?).replace("$UID", &uid);
    (!path.contains('$') && path.starts_with('/')).then(|| PathBuf::from(path))
}

fn read_list<T: DeserializeOwned>(path: &Path) -> Result<Option<Vec<T>>, StorageError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StorageError::Read { path: path.to_owned(), source }),
    };
    let unreadable = |source| StorageError::Read { path: path.to_owned(), source };
    let bytes = read_bounded(file, MAX_LIST_BYTES).map_err(unreadable)?;
    let damaged = |error: serde_json::Error| StorageError::Damaged {
        path: path.to_owned(),
        message: error.to_string(),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(damaged)
}

/// A storage with another driver's images must not look as if it had none.
fn refuse_other_driver(root: &Path) -> Result<(), StorageError> {
    for driver in ["vfs", "btrfs", "zfs"] {
        if root.join(format!("{driver}-images/images.json")).exists() {
            return Err(StorageError::Driver { root: root.to_owned(), driver: driver.to_owned() });
        }
    }
    Ok(())
}

/// A name goes before a digest, and that before an identifier, as with Podman itself.
fn choose(records: Vec<ImageRecord>, reference: &Reference) -> Option<ImageRecord> {
    let mut records = records;
    let at = wanted(reference).iter().find_map(|matches| records.iter().position(matches))?;
    Some(records.swap_remove(at))
}

type Matcher = Box<dyn Fn(&ImageRecord) -> bool>;

fn wanted(reference: &Reference) -> Vec<Matcher> {
    let mut names = vec![reference.name()];
    if reference.registry() == DEFAULT_REGISTRY {
        let short = reference.repository();
        names.push(format!("localhost/{}", short.strip_prefix("library/").unwrap_or(short)));
    }
    let mut matchers: Vec<Matcher> = Vec::new();
    for name in names {
        match (reference.digest(), reference.tag()) {
            (Some(digest), _) => {
                let digest = digest.to_string();
                matchers.push(Box::new(move |record| has_digest(record, &digest) && has_name(record, &name)));
            }
            (None, tag) => {
                let name = format!("{name}:{}", tag.unwrap_or("latest"));
                matchers.push(Box::new(move |record| record.names.iter().flatten().any(|own| *own == name)));
            }
        }
    }
    if let Some(id) = super::identifier(reference) {
        let id = id.trim_start_matches("sha256:").to_owned();
        matchers.push(Box::new(move |record| record.id.starts_with(&id)));
    }
    matchers
}

/// An image may have several manifests, for instance when it was pulled twice with other compression.
fn has_digest(record: &ImageRecord, digest: &str) -> bool {
    let by_name = format!("manifest-{digest}");
    record.digest.as_deref() == Some(digest) || record.big_data.iter().flatten().any(|name| *name == by_name)
}

fn has_name(record: &ImageRecord, name: &str) -> bool {
    let is_of = |own: &String| own.strip_prefix(name).is_some_and(|rest| rest.starts_with([':', '@']));
    record.names.iter().flatten().any(is_of)
}

/// Identifiers become parts of paths, so they must be nothing else than identifiers.
fn checked_id<'a>(path: &Path, id: &'a str) -> Result<&'a str, StorageError> {
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(id);
    }
    let message = format!("{id:?} is no identifier");
    Err(StorageError::Damaged { path: path.to_owned(), message })
}

/// Names with other than letters, digits and dots are kept in Base64 after an equals sign.
fn big_data_file(name: &str) -> String {
    format!("={}", STANDARD.encode(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    /// A storage with one image `NAME` of the given layers.
    fn storage(names: &str, layer: &str, layers: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let config = b"{}";
        let id = digest_of(config).hex();
        let images = root.path().join("overlay-images");
        std::fs::create_dir_all(images.join(&id)).unwrap();
        std::fs::create_dir_all(root.path().join("overlay-layers")).unwrap();
        std::fs::write(images.join(&id).join(big_data_file(&format!("sha256:{id}"))), config).unwrap();
        let image = format!(
            r#"[{{"id":"{id}","digest":"{DIFF}","names":{names},"layer":"{layer}","big-data-names":null}}]"#
        );
        std::fs::write(images.join("images.json"), image).unwrap();
        std::fs::write(root.path().join("overlay-layers/layers.json"), layers).unwrap();
        root
    }

    fn layers(root: &Path, name: &str) -> String {
        let storage = Storage::at(vec![root.to_owned()], Limits::default());
        let text = match storage.image(&name.parse().unwrap()) {
            Ok(None) => "none".to_owned(),
            Ok(Some(image)) => {
                let dirs: Vec<_> =
                    image.layers.iter().map(|layer| layer.diff_dir.display().to_string()).collect();
                format!("[{}]", dirs.join(" "))
            }
            Err(error) => error.to_string(),
        };
        text.replace(root.to_str().unwrap(), "")
    }

    fn two_layers() -> String {
        format!(
            r#"[{{"id":"top","parent":"base","diff-digest":"{DIFF}"}},{{"id":"base","diff-digest":"{DIFF}"}}]"#
        )
    }

    #[test]
    fn layers_come_base_first() {
        let root = storage(r#"["docker.io/library/a:1"]"#, "top", &two_layers());
        assert_eq!(layers(root.path(), "a:1"), "[/overlay/base/diff /overlay/top/diff]");
    }

    #[test]
    fn images_are_found_by_name_digest_and_identifier() {
        let root = storage(r#"["localhost/a:1","r.example/b:2"]"#, "", "[]");
        let id = digest_of(b"{}").hex();
        for (name, found) in [
            ("a:1", true),
            ("localhost/a:1", true),
            ("r.example/b:2", true),
            ("a:2", false),
            ("r.example/a:1", false),
            (&format!("r.example/b@{DIFF}"), true),
            (&format!("r.example/c@{DIFF}"), false),
            (&id[..12], true),
            (&format!("sha256:{id}"), true),
            ("0123456789ab", false),
        ] {
            assert_eq!(layers(root.path(), name), if found { "[]" } else { "none" }, "{name}");
        }
    }

    #[test]
    fn damage_is_an_error_that_names_the_file() {
        let list = "\"/overlay-layers/layers.json\" is damaged: ";
        for (layers_json, expected) in [
            ("[]".to_owned(), format!("{list}layer top is not in it")),
            (
                r#"[{"id":"top"}]"#.to_owned(),
                format!("{list}layer top: \"\" is not a digest of the form sha256:<64 hexadecimal digits>"),
            ),
            (
                format!(r#"[{{"id":"top","parent":"top","diff-digest":"{DIFF}"}}]"#),
                format!("{list}more than 1000 layers above each other"),
            ),
            (
                format!(
                    r#"[{{"id":"top","parent":"../..","diff-digest":"{DIFF}"}},{{"id":"../..","diff-digest":"{DIFF}"}}]"#
                ),
                format!("{list}\"../..\" is no identifier"),
            ),
            ("[".to_owned(), format!("{list}EOF while parsing a list at line 1 column 1")),
        ] {
            let root = storage(r#"["localhost/a:1"]"#, "top", &layers_json);
            assert_eq!(layers(root.path(), "a:1"), expected);
        }
    }

    #[test]
    fn a_configuration_that_is_not_the_images_is_refused() {
        let root = storage(r#"["localhost/a:1"]"#, "", "[]");
        let id = digest_of(b"{}").hex();
        let path = root.path().join("overlay-images").join(&id).join(big_data_file(&format!("sha256:{id}")));
        std::fs::write(path, "{ }").unwrap();
        assert!(layers(root.path(), "a:1").ends_with("its digest is not the identifier of the image"));
    }

    #[test]
    fn another_driver_is_not_mistaken_for_an_empty_storage() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(layers(root.path(), "a:1"), "none");
        std::fs::create_dir_all(root.path().join("vfs-images")).unwrap();
        std::fs::write(root.path().join("vfs-images/images.json"), "[]").unwrap();
        assert!(layers(root.path(), "a:1").contains("of the driver \"vfs\""));
    }

    #[test]
    fn the_root_is_that_of_the_user_and_of_the_settings() {
        let directory = tempfile::tempdir().unwrap();
        let conf = directory.path().join("storage.conf");
        std::fs::write(
            &conf,
            "[storage]\ngraphroot = \"/g\"\n[storage.options]\nadditionalimagestores = [\"/shared\"]\n",
        )
        .unwrap();
        let conf = conf.to_str().unwrap();
        let set = Environment::of_pairs([("HOME", "/h"), ("CONTAINERS_STORAGE_CONF", conf)]);
        assert_eq!(storage_roots(&set, true), [PathBuf::from("/g"), PathBuf::from("/shared")]);
        assert_eq!(storage_roots(&set, false), [PathBuf::from("/g"), PathBuf::from("/shared")]);
        let set = Environment::of_pairs([("HOME", "/h"), ("CONTAINERS_STORAGE_CONF", "/nonexistent")]);
        assert_eq!(storage_roots(&set, false)[0], PathBuf::from("/h/.local/share/containers/storage"));
    }
}
