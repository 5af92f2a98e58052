//! Programs that Homebrew installed: `Cellar/<name>/<version>/INSTALL_RECEIPT.json`.
//!
//! Name and version stand in the path; the receipt itself says how it was built, which is not read. A revision of the
//! formula is part of the version: `1.2.3_1`.
//! <https://docs.brew.sh/Formula-Cookbook#homebrew-terminology>

use seawall_model::{FilePath, PackageKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};

pub(super) struct Homebrew;

impl Cataloger for Homebrew {
    fn name(&self) -> &'static str {
        "homebrew/receipt"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("INSTALL_RECEIPT.json")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        keg(path).is_some()
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some((name, version)) = keg(file.path) else { return };
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        found.push(found.package(PackageKind::Generic, text(name), text(version)));
    }
}

/// Name and version of `…/Cellar/<name>/<version>/…`, a formula, or `…/Caskroom/…`, which has none here.
fn keg(path: FilePath<'_>) -> Option<(&[u8], &[u8])> {
    let mut parts = path.as_bytes().rsplit(|byte| *byte == b'/').skip(1);
    let (version, name, cellar) = (parts.next()?, parts.next()?, parts.next()?);
    (cellar == b"Cellar").then_some((name, version))
}
