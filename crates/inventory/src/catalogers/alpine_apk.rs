//! Alpine's database of installed packages, `lib/apk/db/installed`.
//!
//! One letter, a colon and a value on each line; an empty line ends a package. `F` names a directory and the
//! `R` lines after it the files in it. Wolfi, Chainguard and newer releases of OpenWrt have the same.
//! <https://wiki.alpinelinux.org/wiki/Apk_spec#Install_DB_format>

use seawall_model::{FilePath, FilePathBuf, PackageKind, ProblemKind, SourcePackage};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};

pub(super) struct AlpineApk;

/// The database has moved under `usr` with merged `/usr`; an image holds one or the other.
const PATHS: &[&str] = &["lib/apk/db/installed", "usr/lib/apk/db/installed"];

impl Cataloger for AlpineApk {
    fn name(&self) -> &'static str {
        "alpine/apk"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("installed")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        PATHS.iter().any(|wanted| path.as_bytes() == wanted.as_bytes())
    }

    fn fixed_paths(&self) -> &'static [&'static str] {
        PATHS
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let bytes = match file.bytes() {
            Ok(bytes) => bytes,
            Err(error) => return found.problem(ProblemKind::DatabaseUnreadable, error.to_string()),
        };
        // The binary container of apk 3. It is used for package indexes; should a database ever come in it,
        // that must not look like an empty one.
        if bytes.starts_with(b"ADB") {
            return found.problem(ProblemKind::DatabaseUnreadable, "it is in the binary format of apk 3");
        }
        let mut entry = Entry::default();
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match line {
                [] => std::mem::take(&mut entry).finish(found),
                [letter, b':', value @ ..] => entry.field(*letter, value),
                _ => found.problem(
                    ProblemKind::DatabaseUnreadable,
                    format!("line {} is not of the form letter, colon, value", index + 1),
                ),
            }
        }
        entry.finish(found);
    }
}

/// One package as far as it was read.
#[derive(Default)]
struct Entry {
    name: String,
    version: String,
    arch: String,
    origin: String,
    licence: String,
    maintainer: String,
    description: String,
    directory: FilePathBuf,
    files: Vec<u64>,
}

impl Entry {
    fn field(&mut self, letter: u8, value: &[u8]) {
        let text = || String::from_utf8_lossy(value).into_owned();
        match letter {
            b'P' => self.name = text(),
            b'V' => self.version = text(),
            b'A' => self.arch = text(),
            b'o' => self.origin = text(),
            b'L' => self.licence = text(),
            b'm' => self.maintainer = text(),
            b'T' => self.description = text(),
            b'F' => self.directory = FilePathBuf::normalise(value),
            b'R' => self.files.push(self.directory.as_path().join(value).as_path().hash()),
            _ => {}
        }
    }

    fn finish(self, found: &mut Found<'_>) {
        let present = |text: String| Some(text).filter(|text| !text.is_empty());
        match (self.name.is_empty(), self.version.is_empty()) {
            (true, true) => return,
            (false, false) => {}
            _ => {
                let message = format!("package {:?} has no name or no version", self.name);
                return found.problem(ProblemKind::DatabaseUnreadable, message);
            }
        }
        // `apk add --virtual .build-deps`: by custom with a dot, and always with this description.
        if self.name.starts_with('.') || self.description == "virtual meta package" {
            return;
        }
        let arch = present(self.arch);
        found.owns(PackageKind::Apk, &self.name, arch.as_deref(), self.files);
        let mut package = found.package(PackageKind::Apk, self.name, self.version);
        package.arch = arch;
        // An origin has no version of its own: subpackages are built in one go and share it.
        package.source =
            present(self.origin).map(|name| SourcePackage { name, version: package.version.clone() });
        package.licences.extend(present(self.licence));
        package.vendor = present(self.maintainer);
        found.push(package);
    }
}
