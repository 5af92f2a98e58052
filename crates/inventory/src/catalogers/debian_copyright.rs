//! Licences of Debian packages, from `usr/share/doc/<package>/copyright`.
//!
//! Of the machine-readable form the `License` fields count, of free text the references to the licences that
//! every Debian system has. To tell a licence by its words is another subject.
//! <https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/>,
//! <https://www.debian.org/doc/debian-policy/ch-docs.html#copyright-information>

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
        let licences = if is_machine_readable {
            distinct(paragraphs(&bytes).filter_map(|paragraph| paragraph.text("License")))
        } else {
            distinct(references(&bytes))
        };
        if !licences.is_empty() {
            found.licences(PackageKind::Deb, &String::from_utf8_lossy(package), licences);
        }
    }
}

fn distinct(stated: impl Iterator<Item = String>) -> Vec<String> {
    let mut licences: Vec<String> = Vec::new();
    for stated in stated {
        if licences.len() < MAX_LICENCES && !licences.contains(&stated) {
            licences.push(stated);
        }
    }
    licences
}

/// The names of files below `/usr/share/common-licenses` that a text names, such as `GPL-2`.
fn references(text: &[u8]) -> impl Iterator<Item = String> {
    const FOLDER: &[u8] = b"/usr/share/common-licenses/";
    memchr::memmem::find_iter(text, FOLDER).filter_map(|at| {
        let rest = &text[at + FOLDER.len()..];
        let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'+');
        let length = rest.iter().take_while(is_of_name).count();
        // A full stop or a hyphen at the end belongs to the sentence.
        let name = String::from_utf8_lossy(&rest[..length]);
        let name = name.trim_end_matches(['.', '-']);
        (!name.is_empty()).then(|| name.to_owned())
    })
}

fn package_of(path: FilePath<'_>) -> Option<&[u8]> {
    let folder = path.parent().filter(|_| path.file_name() == b"copyright")?;
    let name = folder.as_bytes().strip_prefix(b"usr/share/doc/")?;
    (!name.is_empty() && !name.contains(&b'/')).then_some(name)
}
