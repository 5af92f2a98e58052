//! Paths inside an image or a scanned directory: bytes first, text only for display.
//!
//! They are relative to the root of what is scanned, use `/`, and hold no `.`, `..` or empty component.
//! They are never handed to the operating system as they are.

use std::fmt;

/// A borrowed, normalised path such as `usr/bin/ls`. The root itself is the empty path.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath<'a>(&'a [u8]);

/// An owned [`FilePath`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FilePathBuf(Box<[u8]>);

impl<'a> FilePath<'a> {
    /// Takes bytes that are normal already (no leading slash, no empty, `.` or `..` component).
    ///
    /// Bytes of unknown origin go through [`FilePathBuf::normalise`] instead. This one checks only in
    /// debug builds: it is called once for each entry of an image.
    pub fn from_normal(bytes: &'a [u8]) -> Self {
        debug_assert!(is_normal(bytes), "{:?} is not a normal path", String::from_utf8_lossy(bytes));
        Self(bytes)
    }

    /// The bytes, without a leading slash.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The last component; empty for the root.
    pub fn file_name(self) -> &'a [u8] {
        match self.0.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => &self.0[slash + 1..],
            None => self.0,
        }
    }

    /// The path without its last component; `None` for the root.
    pub fn parent(self) -> Option<FilePath<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        Some(Self(&self.0[..end]))
    }

    /// What follows the last dot of the file name; `None` where there is no dot or only a leading one.
    pub fn extension(self) -> Option<&'a [u8]> {
        let name = self.file_name();
        match name.iter().rposition(|byte| *byte == b'.') {
            None | Some(0) => None,
            Some(dot) => Some(&name[dot + 1..]),
        }
    }

    /// Whether the path is `suffix` or ends in `/suffix`: whole components, so that
    /// `xvar/lib/dpkg/status` does not end with `var/lib/dpkg/status`.
    pub fn ends_with(self, suffix: &str) -> bool {
        self.0.strip_suffix(suffix.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.ends_with(b"/"))
    }

    /// Whether the path is `prefix` or lies below it.
    pub fn starts_with(self, prefix: &str) -> bool {
        self.0
            .strip_prefix(prefix.as_bytes())
            .is_some_and(|rest| rest.is_empty() || prefix.is_empty() || rest.starts_with(b"/"))
    }

    /// The components, from the root down.
    pub fn components(self) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.0.split(|byte| *byte == b'/').filter(|component| !component.is_empty())
    }

    /// The owned path.
    pub fn to_owned(self) -> FilePathBuf {
        FilePathBuf(self.0.into())
    }

    /// The sibling of this name in the same directory.
    pub fn sibling(self, name: &[u8]) -> FilePathBuf {
        self.parent().unwrap_or(self).join(name)
    }

    /// This path and one more component (or several, joined by `/`, that are normal themselves).
    pub fn join(self, name: &[u8]) -> FilePathBuf {
        let mut bytes = Vec::with_capacity(self.0.len() + 1 + name.len());
        bytes.extend_from_slice(self.0);
        if !bytes.is_empty() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name);
        FilePathBuf::normalise(&bytes)
    }

    /// A stable 64-bit name of this path, for sets of millions of paths.
    ///
    /// `bin`, `sbin`, `lib`, `lib32`, `lib64` and `libx32` at the root count as the directories of the same
    /// name under `usr`: on a system with merged `/usr` the package database names the one and the image
    /// holds the other. The hash is XXH3, seed 0; it is stored in caches and must not change.
    pub fn hash(self) -> u64 {
        let first = self.0.split(|byte| *byte == b'/').next().unwrap_or_default();
        if !matches!(first, b"bin" | b"sbin" | b"lib" | b"lib32" | b"lib64" | b"libx32") {
            return xxhash_rust::xxh3::xxh3_64(self.0);
        }
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        hasher.update(b"usr/");
        hasher.update(self.0);
        hasher.digest()
    }
}

impl FilePathBuf {
    /// Makes a path of any bytes: a leading slash, empty and `.` components fall away, and `..` takes the
    /// component before it away but never climbs above the root.
    pub fn normalise(bytes: &[u8]) -> Self {
        if is_normal(bytes) {
            return Self(bytes.into());
        }
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in bytes.split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => {
                    parts.pop();
                }
                _ => parts.push(part),
            }
        }
        Self(parts.join(&b'/').into())
    }

    /// The borrowed form.
    pub fn as_path(&self) -> FilePath<'_> {
        FilePath(&self.0)
    }

    /// The bytes, without a leading slash.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for FilePathBuf {
    fn from(text: &str) -> Self {
        Self::normalise(text.as_bytes())
    }
}

/// Whether the bytes already are a path as this module writes them.
pub fn is_normal(bytes: &[u8]) -> bool {
    bytes.is_empty() || bytes.split(|byte| *byte == b'/').all(|part| !matches!(part, b"" | b"." | b".."))
}

impl fmt::Display for FilePath<'_> {
    /// Text for people: bytes that are no UTF-8 and control characters are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::text::write_escaped(f, self.0)
    }
}

impl fmt::Display for FilePathBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_path().fmt(f)
    }
}

impl fmt::Debug for FilePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl fmt::Debug for FilePathBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_path().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> String {
        FilePathBuf::from(text).to_string()
    }

    #[test]
    fn nothing_climbs_above_the_root() {
        assert_eq!(normal("/etc//passwd"), "etc/passwd");
        assert_eq!(normal("./a/./b/"), "a/b");
        assert_eq!(normal("../../etc/shadow"), "etc/shadow");
        assert_eq!(normal("a/../../b"), "b");
        assert_eq!(normal("/"), "");
    }

    #[test]
    fn suffixes_are_whole_components() {
        let path = FilePathBuf::from("opt/var/lib/dpkg/status");
        assert!(path.as_path().ends_with("var/lib/dpkg/status"));
        assert!(!FilePathBuf::from("xvar/lib").as_path().ends_with("var/lib"));
        assert!(path.as_path().starts_with("opt/var"));
        assert!(!path.as_path().starts_with("opt/va"));
    }

    #[test]
    fn names_and_extensions() {
        let path = FilePathBuf::from("a/b.tar.gz");
        assert_eq!(path.as_path().file_name(), b"b.tar.gz");
        assert_eq!(path.as_path().extension(), Some(&b"gz"[..]));
        assert_eq!(FilePathBuf::from("a/.netrc").as_path().extension(), None);
        assert_eq!(path.as_path().sibling(b"c").to_string(), "a/c");
        assert_eq!(FilePathBuf::from("a").as_path().sibling(b"c").to_string(), "c");
    }

    #[test]
    fn merged_usr_is_one_place() {
        let hash = |text: &str| FilePathBuf::from(text).as_path().hash();
        assert_eq!(hash("bin/ls"), hash("usr/bin/ls"));
        assert_eq!(hash("lib64/ld.so"), hash("usr/lib64/ld.so"));
        assert_ne!(hash("binary"), hash("usr/binary"));
    }

    #[test]
    fn a_name_that_is_no_text_is_shown_escaped() {
        let path = FilePathBuf::normalise(b"a/\xff\x1b[31m");
        assert_eq!(path.to_string(), r"a/\xff\x1b[31m");
    }
}
