//! Pairs of package and fault that feeds are known to get wrong: suppressed, and shown with the reason.
//!
//! An entry needs a public source, and goes as soon as the feed is right.

use seawall_model::{Package, PackageKind, Suppression};

use crate::matching::Draft;

struct KnownWrong {
    kind: PackageKind,
    /// The source package, or the package itself where it has none.
    name: &'static str,
    vulnerability: &'static str,
    reason: &'static str,
}

const KNOWN_WRONG: &[KnownWrong] = &[KnownWrong {
    kind: PackageKind::Deb,
    name: "zlib",
    vulnerability: "CVE-2023-45853",
    reason: "the fault is in MiniZip, which Debian's zlib does not build \
             (https://security-tracker.debian.org/tracker/CVE-2023-45853)",
}];

pub(crate) fn suppression(package: &Package, draft: &Draft<'_>) -> Option<Suppression> {
    let (name, _) = package.source_or_self();
    KNOWN_WRONG
        .iter()
        .find(|known| {
            known.kind == package.kind && known.name == name && known.vulnerability == draft.vulnerability
        })
        .map(|known| Suppression::KnownWrong { reason: known.reason.to_owned() })
}
