//! Bills of materials: what an image or a tree is made of, in the forms that other tools read and write.
//!
//! An engine: it is given a [`Bill`] and gives back text, or the other way round. The same bill gives the same
//! bytes: serial numbers are made from the content, and the time is part of the bill.
//!
//! Start reading at [`bill`], then [`form`], which lists the forms. Each standard has one document struct, from
//! which both of its forms are written, so that they can't say different things: [`cyclonedx::document`] and
//! [`spdx::document`]. These are for writing only. What other tools write is read by [`mod@read`] into structs of its
//! own, which tolerate what ours never hold. [`native`] is Seawall's own form, read and written with the same structs.

pub mod bill;
pub mod cyclonedx;
pub mod diff;
pub mod form;
pub mod licence;
pub mod native;
pub mod read;
pub mod search;
pub mod spdx;

mod advisory_source;
mod graph;
mod identity;
mod naming;
mod properties;
mod safe_text;
mod subject;
mod supplier;

pub use bill::{Bill, BillFile, Tool};
pub use diff::Difference;
pub use form::{CycloneDxVersion, Form, FormError, write};
pub use read::{ReadError, looks_like_bill, read, read_purls};
pub use search::{Meant, Pattern, PatternError, Prefilter};
