//! SPDX 2.3, as JSON and as tag-value text.
//!
//! <https://spdx.github.io/spdx-spec/v2.3/>

pub mod document;

mod build;
mod tag_value;

use std::io;

use crate::Bill;

/// The bill as JSON text, ending in a line end.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_json(bill: &Bill, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &build::document(bill))?;
    out.write_all(b"\n")
}

/// The bill as tag-value text, ending in a line end.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_tag_value(bill: &Bill, out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(tag_value::text(&build::document(bill)).as_bytes())
}
