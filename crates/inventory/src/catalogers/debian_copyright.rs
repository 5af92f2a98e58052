//! Licences of Debian packages, from the machine-readable form of `usr/share/doc/<package>/copyright`.
//!
//! Files in free text are no source of licences here: to guess one from its words is another subject.
//! <https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/>

use seawall_model::{FilePath, PackageKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::deb822::paragraphs;

pub(super) struct DebianCopyright;

/// Different licences of one package that are kept. The longest lists known have some hundred.
const MAX_LICENCES: usize = 500;

impl Cataloger for DebianCopyright {
    fn name(&self) -> &'static str {
        "debian/copyright"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("copyright")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        package_of(path).is_some()
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let bytes = match file.bytes() {
            Ok(bytes) => bytes,
            Err(error) => return found.read_problem(&error),
        };
        let Some(package) = package_of(file.path) else { return };
        let is_machine_readable = paragraphs(&bytes)
            .next()
            .is_some_and(|head| head.get("Format").or_else(|| head.get("Format-Specification")).is_some());
        if !is_machine_readable {
            return;
        }
        let mut licences: Vec<String> = Vec::new();
        for stated in paragraphs(&bytes).filter_map(|paragraph| paragraph.text("License")) {
            if licences.len() < MAX_LICENCES && !licences.contains(&stated) {
                licences.push(stated);
            }
        }
        found.licences(PackageKind::Deb, &String::from_utf8_lossy(package), licences);
    }
}

fn package_of(path: FilePath<'_>) -> Option<&[u8]> {
    let folder = path.parent().filter(|_| path.file_name() == b"copyright")?;
    let name = folder.as_bytes().strip_prefix(b"usr/share/doc/")?;
    (!name.is_empty() && !name.contains(&b'/')).then_some(name)
}
