//! What the files of one layer or directory told, before layers are joined.

use seawall_model::{Distro, FilePathBuf, Package, PackageKind, Problem};

/// The facts of one layer, in the order in which its files were offered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    pub files: Vec<FileFacts>,
}

/// What one cataloger made of one file. It is kept even where that is nothing: an empty package database
/// of a later layer hides the full one below.
#[derive(Debug, Clone, PartialEq)]
pub struct FileFacts {
    pub path: FilePathBuf,
    pub cataloger: &'static str,
    pub packages: Vec<Package>,
    pub owned: Vec<OwnedFiles>,
    pub licences: Vec<StatedLicences>,
    pub distro: Option<Distro>,
    pub problems: Vec<Problem>,
}

impl FileFacts {
    /// Nothing yet, of this file.
    pub fn empty(path: FilePathBuf, cataloger: &'static str) -> Self {
        Self {
            path,
            cataloger,
            packages: vec![],
            owned: vec![],
            licences: vec![],
            distro: None,
            problems: vec![],
        }
    }
}

/// The files that a distribution package owns, by the hash of their paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedFiles {
    pub kind: PackageKind,
    pub name: String,
    /// `None` where the list does not say it.
    pub arch: Option<String>,
    /// [`seawall_model::FilePath::hash`] of each file, sorted.
    pub paths: Vec<u64>,
}

/// The licences of a distribution package whose database does not say them, as a file beside it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedLicences {
    pub kind: PackageKind,
    pub name: String,
    pub licences: Vec<String>,
}
