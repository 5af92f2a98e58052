//! The words that all of Seawall shares: what was examined, what was found, what could not be judged.
//!
//! It holds types and the rules that make a value of them valid. It reads no file, opens no socket, knows
//! no output format and derives no `Serialize`: wire formats are other structs, in the crates that own them.
//!
//! Start reading at [`package`], then [`finding`] and [`coverage`].

pub mod analysis;
pub mod base;
pub mod checksum;
pub mod coverage;
pub mod digest;
pub mod distro;
pub mod ecosystem;
pub mod exception;
pub mod finding;
pub mod fix_plan;
pub mod limits;
pub mod links;
pub mod package;
pub mod path;
pub mod priority;
pub mod problem;
pub mod purl;
mod purl_package;
pub mod severity;
pub mod subject;
pub mod text;
pub mod time;
pub mod vex;

pub use analysis::{Analyser, Content, EntryKind, EntryMeta, Interest};
pub use base::{BaseEvidence, BaseImage};
pub use checksum::{Checksum, ChecksumAlgorithm};
pub use coverage::{Coverage, EcosystemCoverage, FeedDate};
pub use digest::{Digest, DigestError};
pub use distro::Distro;
pub use ecosystem::{Ecosystem, EcosystemError, EcosystemName};
pub use exception::Exception;
pub use finding::{Advisory, Finding, FindingId, FindingKind, FixState, Suppression};
pub use fix_plan::{FixPlan, Upgrade};
pub use limits::Limits;
pub use package::{Dependency, LayerIndex, Owner, Package, PackageKind, Place, Scope, SourcePackage};
pub use path::{FilePath, FilePathBuf};
pub use priority::{Priority, PriorityReason};
pub use problem::{Problem, ProblemKind};
pub use purl::{Purl, PurlError};
pub use purl_package::split_source_rpm;
pub use severity::{Severity, SeveritySource};
pub use subject::{ImageFacts, LayerLine, SubjectKind};
pub use time::{Timestamp, TimestampError};
pub use vex::VexUse;
