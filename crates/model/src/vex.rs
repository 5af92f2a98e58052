//! What became of a document in which makers of software state what they know of vulnerabilities.

/// One VEX document and what it did to the findings of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VexUse {
    /// The file, or the artefact attached to an image.
    pub source: String,
    /// `OpenVEX`, `CSAF` or `CycloneDX`.
    pub format: String,
    /// Who states it.
    pub author: Option<String>,
    pub statements: usize,
    /// Findings that one of its statements suppressed.
    pub suppressed: usize,
    /// Findings that it confirms or is still looking into.
    pub confirmed: usize,
    /// Statements that could not be used, and why.
    pub problems: Vec<String>,
}
