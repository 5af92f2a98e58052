//! A part of the input that could not be used: carried beside the result, never swallowed.

use crate::FilePathBuf;

/// What was wanted and not examined, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file inside what is scanned; `None` where the problem is not one of a file.
    pub path: Option<FilePathBuf>,
    /// The layer it lies in, counted from 0 at the base; `None` outside images and until it is known.
    pub layer: Option<crate::LayerIndex>,
    /// Whose move it is and what it means for the result.
    pub kind: ProblemKind,
    /// One line for people: lower case, no full stop, does not repeat the path.
    pub message: String,
}

/// What a [`Problem`] means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The bytes break the format they claim; what was in them is not known.
    Malformed,
    /// A package database is damaged or unreadable, so packages may be missing. Ends in exit code 3.
    DatabaseUnreadable,
    /// A layer could not be read to its end. Ends in exit code 3.
    LayerUnreadable,
    /// A bound of [`crate::Limits`] was reached and the rest was left out.
    TooLarge,
    /// The format is a known one that Seawall does not read (yet): a form of encryption, a version.
    Unsupported,
    /// The operating system did not let us read it.
    Unreadable,
    /// It was left out on purpose: another file system, an exclusion, a device.
    Skipped,
}

impl ProblemKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 7] = [
        Self::Malformed,
        Self::DatabaseUnreadable,
        Self::LayerUnreadable,
        Self::TooLarge,
        Self::Unsupported,
        Self::Unreadable,
        Self::Skipped,
    ];

    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::DatabaseUnreadable => "database-unreadable",
            Self::LayerUnreadable => "layer-unreadable",
            Self::TooLarge => "too-large",
            Self::Unsupported => "unsupported",
            Self::Unreadable => "unreadable",
            Self::Skipped => "skipped",
        }
    }

    /// Whether the result can't be called complete, without any flag (DESIGN section 9, exit code 3).
    pub const fn breaks_completeness(self) -> bool {
        matches!(self, Self::DatabaseUnreadable | Self::LayerUnreadable)
    }
}

impl Problem {
    /// A problem with a file; the layer is added by who knows it.
    pub fn at(path: FilePathBuf, kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { path: Some(path), layer: None, kind, message: message.into() }
    }

    /// A problem that no single file has.
    pub fn general(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { path: None, layer: None, kind, message: message.into() }
    }
}
