//! The package that an ELF file says it was built for, in its section `.note.package`, where no package of the
//! image owns the file.
//!
//! Distributions write name and version there when they build. A file that was copied out of its package lies there
//! without its patches' history, so it is listed as a program and compared with no feed.
//! <https://systemd.io/PACKAGE_METADATA_FOR_EXECUTABLE_FILES/>

use seawall_model::{FilePath, PackageKind, ProblemKind};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};

pub(super) struct ElfNote;

/// The name of this cataloger; [`crate::assembly`] leaves out what packages own.
pub(crate) const ELF_NOTE: &str = "linux/elf-note";

/// Bytes of the section. The notes that systemd shows have some hundred.
const MAX_SECTION: u64 = 64 << 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Note {
    name: Option<String>,
    version: Option<String>,
    architecture: Option<String>,
    os: Option<String>,
    os_version: Option<String>,
}

impl Cataloger for ElfNote {
    fn name(&self) -> &'static str {
        ELF_NOTE
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Executable]
    }

    fn wants_content(&self, _path: FilePath<'_>, head: &[u8]) -> bool {
        head.starts_with(b"\x7fELF")
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(image) = file.executable().and_then(|executable| executable.images.first()) else { return };
        let Some(section) = image.section(".note.package").filter(|section| section.size <= MAX_SECTION)
        else {
            return;
        };
        let mut bytes = vec![0; section.size as usize];
        if file.content.read_exact_at(&mut bytes, section.offset).is_err() {
            return found.problem(ProblemKind::Malformed, "its section .note.package lies beyond its end");
        }
        match description(&bytes).map(serde_json::from_slice::<Note>) {
            Some(Ok(note)) => push(note, found),
            Some(Err(error)) => found.problem(ProblemKind::Malformed, format!("its package note: {error}")),
            None => found.problem(ProblemKind::Malformed, "its section .note.package holds no such note"),
        }
    }
}

fn push(note: Note, found: &mut Found<'_>) {
    let present = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let (Some(name), Some(version)) = (present(note.name), present(note.version)) else { return };
    let mut package = found.package(PackageKind::Generic, name, version);
    package.arch = present(note.architecture);
    if let Some(os) = present(note.os) {
        let distro = present(note.os_version).map_or_else(|| os.clone(), |version| format!("{os}-{version}"));
        package.qualifiers.push(("distro".to_owned(), distro));
    }
    found.push(package);
}

/// Owner, kind and text of a note. The text may be padded with zeros.
fn description(note: &[u8]) -> Option<&[u8]> {
    const KIND: u32 = 0xcafe_1a7e;
    let words = note.as_chunks::<4>().0;
    let [name_length, length, kind, ..] = words else { return None };
    let number = match *kind {
        kind if u32::from_le_bytes(kind) == KIND => u32::from_le_bytes,
        kind if u32::from_be_bytes(kind) == KIND => u32::from_be_bytes,
        _ => return None,
    };
    let (name_length, length) = (number(*name_length) as usize, number(*length) as usize);
    let name = note.get(12..12_usize.checked_add(name_length)?)?;
    let start = 12 + name_length.next_multiple_of(4);
    let text = note.get(start..start.checked_add(length)?)?;
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    (name == b"FDO\0").then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(name: &[u8], text: &[u8], word: fn(u32) -> [u8; 4]) -> Vec<u8> {
        let words = [name.len() as u32, text.len() as u32, 0xcafe_1a7e].map(word);
        [words.as_flattened(), name, text].concat()
    }

    #[test]
    fn notes_of_both_byte_orders() {
        assert_eq!(description(&note(b"FDO\0", b"{}\0\0", u32::to_le_bytes)), Some(&b"{}"[..]));
        assert_eq!(description(&note(b"FDO\0", b"{}", u32::to_be_bytes)), Some(&b"{}"[..]));
    }

    #[test]
    fn what_is_no_such_note() {
        let whole = note(b"FDO\0", b"{}", u32::to_le_bytes);
        for length in 0..whole.len() {
            assert_eq!(description(&whole[..length]), None, "cut at {length}");
        }
        assert_eq!(description(&note(b"GNU\0", b"{}", u32::to_le_bytes)), None);
        assert_eq!(description(&[0xff; 64]), None);
        let mut huge = whole;
        huge[0..4].fill(0xff);
        assert_eq!(description(&huge), None);
    }
}
