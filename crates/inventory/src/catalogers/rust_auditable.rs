//! Crates in programs that `cargo auditable` built: a compressed list in the section `.dep-v0`.
//!
//! The program itself and other crates of its workspace are listed too. Crates that were needed only to build
//! it (build scripts, macros) are not in the program; they count as for development.
//! <https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md>

use std::io;

use flate2::read::ZlibDecoder;
use seawall_model::limits::read_bounded;
use seawall_model::{PackageKind, Scope};
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::document::{self, Entry, Text};
use crate::executable::Part;

pub(super) struct RustAuditable;

/// Bytes of the list before and after decompression; those of the largest programs take some 100 KB.
const MAX_LIST: u64 = 16 << 20;

impl Cataloger for RustAuditable {
    fn name(&self) -> &'static str {
        "rust/auditable"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Executable]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(executable) = file.executable() else { return };
        for section in executable.images.iter().filter_map(|image| image.section(".dep-v0")) {
            match inflate(file, section) {
                Ok(json) => list(&json, found),
                Err(error) => found.read_problem(&error),
            }
        }
    }
}

fn inflate(file: &SourceFile<'_>, section: &Part) -> io::Result<Vec<u8>> {
    if section.size > MAX_LIST {
        let message = format!("the list of crates has more than {MAX_LIST} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    let end = section.offset.saturating_add(section.size);
    if end > file.content.size() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the list of crates is cut short"));
    }
    let mut compressed = vec![0; section.size as usize];
    file.content.read_exact_at(&mut compressed, section.offset)?;
    read_bounded(ZlibDecoder::new(&compressed[..]), MAX_LIST)
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    packages: Vec<Entry<Crate<'a>>>,
}

#[derive(Deserialize)]
struct Crate<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    version: Text<'a>,
    #[serde(borrow)]
    kind: Option<Text<'a>>,
}

fn list(json: &[u8], found: &mut Found<'_>) {
    let Some(list) = document::json::<List<'_>>(json, found) else { return };
    for (index, entry) in list.packages.into_iter().enumerate() {
        let Some(entry) = entry.or_problem(&format!("packages[{index}]"), found) else { continue };
        let mut package = found.package(PackageKind::Cargo, &*entry.name, &*entry.version);
        if entry.kind.is_some_and(|kind| &*kind == "build") {
            package.scope = Scope::Development;
        }
        found.push(package);
    }
}
