//! What to scan, as it is written on the command line.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use seawall_image::layout::Pick;
use seawall_image::{Reference, ReferenceError};
use seawall_model::Digest;

/// A target, told by its prefix or by what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// An archive of `docker save`; the tag chooses where it holds several images.
    DockerArchive {
        file: PathBuf,
        tag: Option<String>,
    },
    OciArchive {
        file: PathBuf,
        tag: Option<String>,
    },
    OciLayout {
        dir: PathBuf,
        pick: Pick,
    },
    /// A source tree: lockfiles.
    Dir(PathBuf),
    /// An unpacked image or a host: installed packages.
    RootFs(PathBuf),
    /// A bill of materials of any tool; `-` is standard input.
    Sbom(PathBuf),
    /// A list of package URLs; `-` is standard input.
    Purls(PathBuf),
    Docker(Reference),
    Podman(Reference),
    Containerd(Reference),
    Registry(Reference),
    /// A local daemon that has it, else the registry.
    Image(Reference),
}

/// Why a text names no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    #[error("the target is empty")]
    Empty,
    #[error("{0} is not there")]
    NotThere(String),
    #[error("{0:?} names nothing after the prefix")]
    NothingNamed(String),
    #[error("{0:?} is no digest of the form sha256:<64 hexadecimal digits>")]
    Digest(String),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// `docker:27` is the image `27` of the local daemon, which nobody means.
    #[error(
        "{text:?} asks the {kind} for an image named {rest:?}; for the image {text:?} of a registry write registry:{text}"
    )]
    Swallowed { text: String, kind: &'static str, rest: String },
    #[error("{0:?} is neither a file nor a directory, and no image reference either: {1}")]
    Nothing(String, ReferenceError),
}

impl Target {
    /// Reads a target; `look` tells what lies at a path, so that tests need no files.
    pub(crate) fn parse(text: &str, look: &dyn Fn(&Path) -> Option<Look>) -> Result<Self, TargetError> {
        if text.is_empty() {
            return Err(TargetError::Empty);
        }
        match text.split_once(':').and_then(|(prefix, rest)| Some((Prefix::of(prefix)?, rest))) {
            Some((_, "")) => Err(TargetError::NothingNamed(text.to_owned())),
            Some((prefix, rest)) => prefix.target(text, rest, look),
            None => Self::recognise(text, look),
        }
    }

    fn recognise(text: &str, look: &dyn Fn(&Path) -> Option<Look>) -> Result<Self, TargetError> {
        let path = PathBuf::from(text);
        match look(&path) {
            Some(Look::Layout) => Ok(Self::OciLayout { dir: path, pick: Pick::Any }),
            Some(Look::RootFs) => Ok(Self::RootFs(path)),
            Some(Look::Directory) => Ok(Self::Dir(path)),
            Some(Look::Bill) => Ok(Self::Sbom(path)),
            // Which of the two an archive is, is told by what is in it.
            Some(Look::File) => Ok(Self::DockerArchive { file: path, tag: None }),
            None if looks_like_path(text) => Err(TargetError::NotThere(text.to_owned())),
            None => match text.parse() {
                Ok(reference) => Ok(Self::Image(reference)),
                Err(error) => Err(TargetError::Nothing(text.to_owned(), error)),
            },
        }
    }
}

fn looks_like_path(text: &str) -> bool {
    text.starts_with(['/', '.', '~']) || Path::new(text).extension().is_some_and(|ending| ending == "tar")
}

/// What lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    File,
    /// A file that begins as bills of materials do, and no archive.
    Bill,
    /// A directory with `oci-layout` in it.
    Layout,
    /// A directory with the files of a distribution in it.
    RootFs,
    Directory,
}

/// Looks at the disk.
pub(crate) fn look(path: &Path) -> Option<Look> {
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_dir() {
        // Looking into a pipe would take away what is in it.
        let is_bill = metadata.is_file() && seawall_sbom::looks_like_bill(&head(path));
        return Some(if is_bill { Look::Bill } else { Look::File });
    }
    let has = |name: &&str| path.join(name).symlink_metadata().is_ok();
    if has(&"oci-layout") || (has(&"index.json") && has(&"blobs")) {
        return Some(Look::Layout);
    }
    let of_distributions = [
        "etc/os-release",
        "usr/lib/os-release",
        "var/lib/dpkg",
        "lib/apk/db",
        "var/lib/rpm",
        "etc/alpine-release",
    ];
    if of_distributions.iter().any(has) { Some(Look::RootFs) } else { Some(Look::Directory) }
}

/// The first bytes of a file; none where it can't be read, which whoever reads it will tell.
fn head(path: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    if let Ok(file) = std::fs::File::open(path) {
        let _ = file.take(4096).read_to_end(&mut head);
    }
    head
}

#[derive(Clone, Copy)]
enum Prefix {
    DockerArchive,
    OciArchive,
    OciLayout,
    Dir,
    RootFs,
    Sbom,
    Purls,
    Docker,
    Podman,
    Containerd,
    Registry,
}

impl Prefix {
    fn of(text: &str) -> Option<Self> {
        Some(match text {
            "docker-archive" => Self::DockerArchive,
            "oci-archive" => Self::OciArchive,
            "oci-layout" => Self::OciLayout,
            "dir" => Self::Dir,
            "rootfs" => Self::RootFs,
            "sbom" => Self::Sbom,
            "purl" => Self::Purls,
            "docker" => Self::Docker,
            "podman" => Self::Podman,
            "containerd" => Self::Containerd,
            "registry" => Self::Registry,
            _ => return None,
        })
    }

    fn target(
        self,
        text: &str,
        rest: &str,
        look: &dyn Fn(&Path) -> Option<Look>,
    ) -> Result<Target, TargetError> {
        let there = |path: &str| {
            let path = PathBuf::from(path);
            look(&path).map(|_| path.clone()).ok_or_else(|| TargetError::NotThere(path.display().to_string()))
        };
        Ok(match self {
            Self::DockerArchive | Self::OciArchive => {
                let (file, tag) = split_tag(rest, look);
                let file = if file == "-" { PathBuf::from("-") } else { there(file)? };
                let tag = tag.map(str::to_owned);
                match self {
                    Self::DockerArchive => Target::DockerArchive { file, tag },
                    _ => Target::OciArchive { file, tag },
                }
            }
            Self::OciLayout => {
                let (dir, pick) = split_pick(rest, look)?;
                Target::OciLayout { dir: there(dir)?, pick }
            }
            Self::Dir => Target::Dir(there(rest)?),
            Self::RootFs => Target::RootFs(there(rest)?),
            Self::Sbom if rest == "-" => Target::Sbom(PathBuf::from(rest)),
            Self::Sbom => Target::Sbom(there(rest)?),
            Self::Purls if rest == "-" => Target::Purls(PathBuf::from(rest)),
            Self::Purls => Target::Purls(there(rest)?),
            Self::Docker => Target::Docker(reference(text, rest, "Docker daemon")?),
            Self::Podman => Target::Podman(reference(text, rest, "Podman storage")?),
            Self::Containerd => Target::Containerd(reference(text, rest, "containerd daemon")?),
            Self::Registry => Target::Registry(rest.parse()?),
        })
    }
}

/// The reference behind a daemon's prefix. A bare version there is an image whose name was swallowed.
fn reference(text: &str, rest: &str, kind: &'static str) -> Result<Reference, TargetError> {
    if rest.starts_with(|first: char| first.is_ascii_digit()) && !rest.contains(['/', ':', '@']) {
        return Err(TargetError::Swallowed { text: text.to_owned(), kind, rest: rest.to_owned() });
    }
    Ok(rest.parse()?)
}

/// `FILE:TAG`, where FILE may hold colons itself.
fn split_tag<'t>(rest: &'t str, look: &dyn Fn(&Path) -> Option<Look>) -> (&'t str, Option<&'t str>) {
    if look(Path::new(rest)).is_some() {
        return (rest, None);
    }
    let at = rest.match_indices(':').map(|(at, _)| at).find(|at| {
        let file = &rest[..*at];
        file == "-" || look(Path::new(file)).is_some()
    });
    at.map_or((rest, None), |at| (&rest[..at], Some(&rest[at + 1..])))
}

fn split_pick<'t>(
    rest: &'t str,
    look: &dyn Fn(&Path) -> Option<Look>,
) -> Result<(&'t str, Pick), TargetError> {
    if look(Path::new(rest)).is_some() {
        return Ok((rest, Pick::Any));
    }
    if let Some((dir, digest)) = rest.rsplit_once('@') {
        let digest: Digest = digest.parse().map_err(|_| TargetError::Digest(digest.to_owned()))?;
        return Ok((dir, Pick::Digest(digest)));
    }
    let (dir, tag) = split_tag(rest, look);
    Ok((dir, tag.map_or(Pick::Any, |tag| Pick::Tag(tag.to_owned()))))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tag = |tag: &Option<String>| tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        match self {
            Self::DockerArchive { file, tag: chosen } | Self::OciArchive { file, tag: chosen } => {
                write!(f, "{}{}", file.display(), tag(chosen))
            }
            Self::OciLayout { dir, pick } => match pick {
                Pick::Any => write!(f, "{}", dir.display()),
                Pick::Tag(tag) => write!(f, "{}:{tag}", dir.display()),
                Pick::Digest(digest) => write!(f, "{}@{digest}", dir.display()),
            },
            Self::Dir(path) | Self::RootFs(path) | Self::Sbom(path) | Self::Purls(path) => {
                write!(f, "{}", path.display())
            }
            Self::Docker(reference)
            | Self::Podman(reference)
            | Self::Containerd(reference)
            | Self::Registry(reference)
            | Self::Image(reference) => f.write_str(&reference.familiar()),
        }
    }
}

/// For the command line, which reads what is on disk.
impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        Self::parse(text, &look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        let look = |path: &Path| match path.to_str()? {
            "image.tar" | "odd:name.tar" => Some(Look::File),
            "layout" => Some(Look::Layout),
            "root" | "/" => Some(Look::RootFs),
            "app.cdx.json" => Some(Look::Bill),
            "." | "src" => Some(Look::Directory),
            _ => None,
        };
        match Target::parse(text, &look) {
            Ok(target) => format!("{target:?}"),
            Err(error) => format!("error: {error}"),
        }
    }

    fn kind(text: &str) -> String {
        let text = parsed(text);
        text.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
    }

    #[test]
    fn kinds_are_recognised_and_a_prefix_wins() {
        for (text, expected) in [
            ("image.tar", "DockerArchive"),
            ("layout", "OciLayout"),
            ("root", "RootFs"),
            ("src", "Dir"),
            (".", "Dir"),
            ("dir:root", "Dir"),
            ("rootfs:/", "RootFs"),
            ("alpine:3.20", "Image"),
            ("alpine", "Image"),
            ("localhost:5000/app", "Image"),
            ("registry:alpine", "Registry"),
            ("docker:alpine:3.20", "Docker"),
            ("podman:localhost/app", "Podman"),
            ("containerd:docker.io/library/alpine:3.20", "Containerd"),
            ("oci-archive:image.tar:v1", "OciArchive"),
            ("docker-archive:-", "DockerArchive"),
            ("app.cdx.json", "Sbom"),
            ("sbom:image.tar", "Sbom"),
            ("sbom:-", "Sbom"),
            ("purl:app.cdx.json", "Purls"),
            ("purl:nothing", "error:"),
            ("./nothing", "error:"),
            ("dir:nothing", "error:"),
            ("Not A Reference", "error:"),
            ("docker:", "error:"),
            ("", "error:"),
        ] {
            assert_eq!(kind(text), expected, "{text:?} is {}", parsed(text));
        }
    }

    #[test]
    fn a_swallowed_image_is_named_with_what_to_write() {
        assert_eq!(
            parsed("docker:27"),
            "error: \"docker:27\" asks the Docker daemon for an image named \"27\"; for the image \"docker:27\" of a registry write registry:docker:27"
        );
    }

    #[test]
    fn tags_and_digests_behind_files() {
        assert_eq!(
            parsed("docker-archive:odd:name.tar"),
            "DockerArchive { file: \"odd:name.tar\", tag: None }"
        );
        assert_eq!(
            parsed("docker-archive:image.tar:app:1"),
            "DockerArchive { file: \"image.tar\", tag: Some(\"app:1\") }"
        );
        assert_eq!(parsed("oci-layout:layout:1.2"), "OciLayout { dir: \"layout\", pick: Tag(\"1.2\") }");
        assert!(parsed("oci-layout:layout@sha256:12").starts_with("error"));
    }
}
