//! Which catalogers to ask about a file: a few hash look-ups instead of one question to each.

use std::collections::HashMap;

use seawall_model::FilePath;

use crate::cataloger::{Cataloger, Target, Trigger};

/// A set of catalogers, by their place in the registry. There are fewer than 128 of them.
pub(crate) type CatalogerSet = u128;

/// The triggers of all catalogers, turned around.
pub(crate) struct Dispatch {
    names: HashMap<&'static [u8], CatalogerSet>,
    extensions: HashMap<Vec<u8>, CatalogerSet>,
    directories: HashMap<&'static [u8], CatalogerSet>,
    executables: CatalogerSet,
    longest_extension: usize,
}

impl Dispatch {
    pub(crate) fn new(catalogers: &[&'static dyn Cataloger], scanned: Target) -> Self {
        let mut dispatch = Self {
            names: HashMap::new(),
            extensions: HashMap::new(),
            directories: HashMap::new(),
            executables: 0,
            longest_extension: 0,
        };
        for (index, cataloger) in catalogers.iter().enumerate() {
            if cataloger.target().includes(scanned) {
                for trigger in cataloger.triggers() {
                    dispatch.add(*trigger, 1 << index);
                }
            }
        }
        dispatch
    }

    fn add(&mut self, trigger: Trigger, bit: CatalogerSet) {
        match trigger {
            Trigger::Name(name) => *self.names.entry(name.as_bytes()).or_default() |= bit,
            Trigger::Extension(extension) => {
                self.longest_extension = self.longest_extension.max(extension.len());
                *self.extensions.entry(extension.to_ascii_lowercase().into_bytes()).or_default() |= bit;
            }
            Trigger::Directory(directory) => {
                *self.directories.entry(directory.as_bytes()).or_default() |= bit;
            }
            Trigger::Executable => self.executables |= bit,
        }
    }

    /// The catalogers whose triggers name this file.
    pub(crate) fn by_name(&self, path: FilePath<'_>) -> CatalogerSet {
        let mut set = self.names.get(path.file_name()).copied().unwrap_or(0);
        if let Some(extension) = path.extension()
            && extension.len() <= self.longest_extension
        {
            set |= self.by_extension(extension);
        }
        if let Some(parent) = path.parent() {
            set |= self.directories.get(parent.as_bytes()).copied().unwrap_or(0);
        }
        set
    }

    fn by_extension(&self, extension: &[u8]) -> CatalogerSet {
        let mut lower = [0; 32];
        let Some(lower) = lower.get_mut(..extension.len()) else { return 0 };
        lower.copy_from_slice(extension);
        lower.make_ascii_lowercase();
        self.extensions.get(&*lower).copied().unwrap_or(0)
    }

    /// The catalogers that look into executables.
    pub(crate) const fn executables(&self) -> CatalogerSet {
        self.executables
    }
}

/// The places of a set's members.
pub(crate) fn members(mut set: CatalogerSet) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (set != 0).then(|| {
            let index = set.trailing_zeros() as usize;
            set &= set - 1;
            index
        })
    })
}

/// Whether a file begins like a program or a shared library: ELF, PE, Mach-O or universal Mach-O.
pub(crate) fn is_executable(head: &[u8]) -> bool {
    match head {
        // A Java class begins like a universal Mach-O; its version word is at least 45, while a
        // universal binary holds only a few architectures.
        [0xca, 0xfe, 0xba, 0xbe | 0xbf, 0, 0, 0, count, ..] => *count < 40,
        [0x7f, b'E', b'L', b'F', ..]
        | [b'M', b'Z', ..]
        | [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..]
        | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => true,
        _ => false,
    }
}
