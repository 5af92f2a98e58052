//! CycloneDX 1.5, 1.6 and 1.7, as JSON and XML.
//!
//! <https://cyclonedx.org/docs/1.7/json/>, <https://cyclonedx.org/docs/1.7/xml/>

pub mod document;

mod build;
mod vulnerabilities;
mod xml;

use std::io;

use crate::{Bill, CycloneDxVersion};

/// The bill as JSON text, ending in a line end.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_json(bill: &Bill, version: CycloneDxVersion, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &build::document(bill, version))?;
    out.write_all(b"\n")
}

/// The bill as XML text, ending in a line end.
///
/// # Errors
/// Writing to `out` failed.
pub fn write_xml(bill: &Bill, version: CycloneDxVersion, out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(xml::text(&build::document(bill, version)).as_bytes())
}

/// What a bill says of vulnerabilities, for its name.
pub(crate) fn write_vulnerabilities(bill: &Bill, out: &mut dyn io::Write) -> io::Result<()> {
    let Some(findings) = &bill.findings else { return Ok(()) };
    let refs = crate::naming::bom_refs(&crate::naming::purls(bill));
    Ok(serde_json::to_writer(out, &vulnerabilities::grouped(findings, bill, &refs))?)
}
