//! A bill of materials before it has a form.

use seawall_model::{
    Checksum, Dependency, Distro, FilePathBuf, Finding, ImageFacts, LayerIndex, LayerLine, Package, Problem,
    SubjectKind, Timestamp,
};

/// What something is made of.
#[derive(Debug, Clone)]
pub struct Bill {
    /// The version of Seawall; of bills of other tools the name and version of that tool.
    pub tool: Tool,
    /// `SOURCE_DATE_EPOCH`, else when the image was made, else the time of the scan.
    pub created: Timestamp,
    pub kind: SubjectKind,
    /// As the user named it, or as the document does.
    pub name: String,
    /// `None` for everything that is no image.
    pub image: Option<ImageFacts>,
    pub distro: Option<Distro>,
    /// Base first; empty for everything that is no image.
    pub layers: Vec<LayerLine>,
    /// Sorted.
    pub packages: Vec<Package>,
    /// Sorted; positions in `packages`.
    pub dependencies: Vec<Dependency>,
    /// Sorted by path; only where the files of packages were asked for.
    pub files: Vec<BillFile>,
    /// `None` where nobody looked for any; positions in `packages`.
    pub findings: Option<Vec<Finding>>,
    /// What could not be read, so that the bill may be incomplete.
    pub problems: Vec<Problem>,
}

impl Bill {
    /// Whether paths begin at the root of a file system, and not in a source tree.
    pub const fn has_root(&self) -> bool {
        matches!(self.kind, SubjectKind::Image | SubjectKind::RootFileSystem)
    }
}

/// Who made a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    pub name: String,
    pub version: Option<String>,
}

/// A file that belongs to a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BillFile {
    pub path: FilePathBuf,
    /// The position in the list of packages.
    pub package: usize,
    /// As the package database states it; nobody has computed it again.
    pub checksum: Option<Checksum>,
    /// `None` outside images.
    pub layer: Option<LayerIndex>,
}
