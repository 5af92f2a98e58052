//! VEX: what the makers of software say of known vulnerabilities in it, held against findings.
//!
//! An engine: documents in, statements out; statements and findings in, suppressions and their justification
//! out. Three formats are read: [OpenVEX](https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md),
//! [CSAF 2.0](https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html) and
//! [CycloneDX](https://cyclonedx.org/capabilities/vex/); OpenVEX is written.
//!
//! Start reading at [`statement`], then [`apply()`].

pub mod apply;
mod csaf;
mod cyclonedx;
mod fields;
pub mod identifier;
mod openvex;
pub mod read;
pub mod statement;
pub mod write;

pub use apply::{ImageName, Subject, apply};
pub use identifier::{Component, Identifier};
pub use read::{VexError, read};
pub use statement::{Document, Product, Statement, Status};
pub use write::{NewDocument, NewStatement, write};
