//! Who keeps a vulnerability of this name, and where people read about it.

/// The keeper's name as other tools spell it, and an address.
pub(crate) fn of(id: &str) -> (&'static str, String) {
    if id.starts_with("CVE-") {
        return ("NVD", format!("https://nvd.nist.gov/vuln/detail/{id}"));
    }
    if id.starts_with("GHSA-") {
        return ("GITHUB", format!("https://github.com/advisories/{id}"));
    }
    ("OSV", format!("https://osv.dev/vulnerability/{id}"))
}
