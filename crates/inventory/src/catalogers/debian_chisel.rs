//! The manifest of images that Chisel cut from Ubuntu packages, `var/lib/chisel/manifest.wall`.
//!
//! Zstandard over lines of JSON. It does not say which source a package was built from.
//! <https://documentation.ubuntu.com/chisel/en/latest/reference/manifest/>

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use serde::Deserialize;

use seawall_model::limits::read_bounded;
use seawall_model::{FilePath, FilePathBuf, PackageKind, ProblemKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};

pub(super) struct DebianChisel;

const PATH: &str = "var/lib/chisel/manifest.wall";

/// A line. Which fields there are depends on the kind; unknown kinds and fields are passed over.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    arch: Option<Cow<'a, str>>,
    #[serde(borrow)]
    slice: Option<Cow<'a, str>>,
    #[serde(borrow)]
    path: Option<Cow<'a, str>>,
}

impl Cataloger for DebianChisel {
    fn name(&self) -> &'static str {
        "debian/chisel"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("manifest.wall")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        path.as_bytes() == PATH.as_bytes()
    }

    fn fixed_paths(&self) -> &'static [&'static str] {
        &[PATH]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let text = match unpack(file) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("it can't be unpacked: {error}");
                return found.problem(ProblemKind::DatabaseUnreadable, message);
            }
        };
        let mut owned: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let lines = text.split(|byte| *byte == b'\n').enumerate();
        for (index, line) in lines.filter(|(_, line)| !line.trim_ascii().is_empty()) {
            let added = match serde_json::from_slice(line) {
                Ok(entry) => add(entry, &mut owned, found),
                Err(_) => Err("is no JSON object of the expected form"),
            };
            if let Err(why) = added {
                found.problem(ProblemKind::DatabaseUnreadable, format!("line {} {why}", index + 1));
            }
        }
        for (name, paths) in owned {
            found.owns(PackageKind::Deb, &name, None, paths);
        }
    }
}

fn unpack(file: &SourceFile<'_>) -> io::Result<Vec<u8>> {
    read_bounded(zstd::Decoder::new(file.content.reader())?, file.limits.max_text_bytes)
}

fn add(
    entry: Entry<'_>,
    owned: &mut BTreeMap<String, Vec<u64>>,
    found: &mut Found<'_>,
) -> Result<(), &'static str> {
    match entry.kind.as_deref() {
        Some("package") => {
            let name = present(entry.name).ok_or("is a package without a name")?;
            let version = present(entry.version).ok_or("is a package without a version")?;
            let mut package = found.package(PackageKind::Deb, name, version);
            package.arch = present(entry.arch).map(Cow::into_owned);
            found.push(package);
        }
        // What a slice brings. Slices are named after their package: `libc6_libs`.
        Some("content") => {
            let slice = entry.slice.ok_or("is content of no slice")?;
            let path = FilePathBuf::from(&*entry.path.ok_or("is content without a path")?);
            let name = slice.split('_').next().unwrap_or(&slice).to_owned();
            owned.entry(name).or_default().push(path.as_path().hash());
        }
        _ => {}
    }
    Ok(())
}

fn present(text: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    text.filter(|text| !text.is_empty())
}
