//! What PEAR and PECL installed: `.registry/**/*.reg`, serialised PHP.
//!
//! Packages of PEAR's own channel have the names under which Packagist mirrors them, and advisories know them:
//! `pear/archive_tar`. Those of other channels, extensions from PECL among them, are `channel/name` of no known
//! ecosystem.
//! <https://www.php.net/manual/en/function.serialize.php>

use seawall_model::{FilePath, PackageKind, ProblemKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};

pub(super) struct PhpPear;

impl Cataloger for PhpPear {
    fn name(&self) -> &'static str {
        "php/pear"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Extension("reg")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        path.components().rev().skip(1).any(|folder| folder == b".registry")
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let bytes = match file.bytes() {
            Ok(bytes) => bytes,
            Err(error) => return found.read_problem(&error),
        };
        let mut entry = Entry::default();
        let mut reader = Reader { bytes: &bytes, at: 0, path: Vec::new() };
        let read = reader.value(file.limits.max_nesting, &mut |path, text| entry.field(path, text));
        match (read, entry.name.is_empty() || entry.version.is_empty()) {
            (Some(()), false) => entry.push(found),
            (Some(()), true) => found.problem(ProblemKind::Malformed, "it has no name or no version"),
            (None, _) => {
                let message = format!("not serialised PHP at byte {}", reader.at);
                found.problem(ProblemKind::Malformed, message);
            }
        }
    }
}

#[derive(Default)]
struct Entry {
    name: String,
    channel: String,
    version: String,
    licence: String,
}

impl Entry {
    fn field(&mut self, path: &[String], text: &str) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let field = match &path[..] {
            // The older form of the file says `package` and a plain `version`.
            ["name" | "package"] => &mut self.name,
            ["channel"] => &mut self.channel,
            ["version" | "release_version"] | ["version", "release"] => &mut self.version,
            ["license" | "release_license"] | ["license", "_content"] => &mut self.licence,
            _ => return,
        };
        if field.is_empty() {
            text.clone_into(field);
        }
    }

    fn push(self, found: &mut Found<'_>) {
        let (kind, name) = match self.channel.as_str() {
            "" | "pear.php.net" => (PackageKind::Composer, format!("pear/{}", self.name.to_lowercase())),
            channel => (PackageKind::Generic, format!("{channel}/{}", self.name)),
        };
        let mut package = found.package(kind, name, self.version);
        package.licences.extend(Some(self.licence).filter(|licence| !licence.is_empty()));
        found.push(package);
    }
}

/// Goes through serialised PHP and offers each text with the keys that lead to it.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    path: Vec<String>,
}

impl Reader<'_> {
    /// Reads a value. `None` where there is none, with `at` near the place.
    fn value(&mut self, depth: usize, offer: &mut dyn FnMut(&[String], &str)) -> Option<()> {
        match self.take(1)? {
            b"s" => {
                let text = self.text()?;
                self.expect(b";")?;
                offer(&self.path, &text);
            }
            b"a" => {
                self.expect(b":")?;
                let count = self.number(b':')?;
                self.entries(count, depth.checked_sub(1)?, offer)?;
            }
            b"N" => self.expect(b";")?,
            b"b" | b"i" | b"d" => {
                self.expect(b":")?;
                self.until(b';')?;
            }
            _ => return None,
        }
        Some(())
    }

    fn entries(&mut self, count: usize, depth: usize, offer: &mut dyn FnMut(&[String], &str)) -> Option<()> {
        self.expect(b"{")?;
        for _ in 0..count {
            let key = match self.take(1)? {
                b"s" => {
                    let key = self.text()?;
                    self.expect(b";")?;
                    key
                }
                b"i" => {
                    self.expect(b":")?;
                    String::from_utf8_lossy(self.until(b';')?).into_owned()
                }
                _ => return None,
            };
            self.path.push(key);
            self.value(depth, offer)?;
            self.path.pop();
        }
        self.expect(b"}")
    }

    /// `:5:"hello"`.
    fn text(&mut self) -> Option<String> {
        self.expect(b":")?;
        let length = self.number(b':')?;
        self.expect(b"\"")?;
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.expect(b"\"")?;
        Some(text)
    }

    fn number(&mut self, end: u8) -> Option<usize> {
        std::str::from_utf8(self.until(end)?).ok()?.parse().ok()
    }

    fn until(&mut self, end: u8) -> Option<&[u8]> {
        let rest = self.bytes.get(self.at..)?;
        let length = memchr::memchr(end, rest)?;
        self.at += length + 1;
        rest.get(..length)
    }

    fn take(&mut self, length: usize) -> Option<&[u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn expect(&mut self, wanted: &[u8]) -> Option<()> {
        (self.take(wanted.len())? == wanted).then_some(())
    }
}
