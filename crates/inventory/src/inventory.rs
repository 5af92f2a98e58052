//! The analyser: all catalogers behind one name.

use std::fmt::Write;

use seawall_model::analysis::{MemoryRoom, Room};
use seawall_model::{Analyser, Content, EntryKind, EntryMeta, Interest, Limits, Problem};

use crate::cataloger::{Cataloger, Found, SourceFile, Target};
use crate::catalogers::CATALOGERS;
use crate::dispatch::{CatalogerSet, Dispatch, is_executable, members};
use crate::facts::{Facts, FileFacts};

/// Finds packages in the files that it is shown.
pub struct Inventory {
    limits: Limits,
    room: Box<dyn Room>,
    scanned: Target,
    dispatch: Dispatch,
    fixed_paths: Vec<&'static str>,
}

impl Inventory {
    /// For images and root file systems: what is installed.
    pub fn of_installed(limits: Limits) -> Self {
        Self::new(limits, Target::Installed)
    }

    /// For source trees: what is locked.
    pub fn of_source(limits: Limits) -> Self {
        Self::new(limits, Target::Source)
    }

    fn new(limits: Limits, scanned: Target) -> Self {
        let active = CATALOGERS.iter().filter(|cataloger| cataloger.target().includes(scanned));
        let mut fixed_paths: Vec<_> = active.flat_map(|cataloger| cataloger.fixed_paths()).copied().collect();
        fixed_paths.sort_unstable();
        fixed_paths.dedup();
        let room = Box::new(MemoryRoom(limits.max_held_bytes));
        Self { limits, room, scanned, dispatch: Dispatch::new(CATALOGERS, scanned), fixed_paths }
    }

    /// Gives it room for archives that lie compressed in others. Without any, those of more than
    /// [`Limits::max_held_bytes`] are named and left out.
    #[must_use]
    pub fn with_room(self, room: impl Room + 'static) -> Self {
        Self { room: Box::new(room), ..self }
    }

    fn by_name(&self, entry: &EntryMeta<'_>) -> CatalogerSet {
        let named = self.dispatch.by_name(entry.path);
        members(named)
            .filter(|index| CATALOGERS[*index].wants(entry.path))
            .fold(0, |set, index| set | 1 << index)
    }

    /// The catalogers that want this file, now that its first bytes are known.
    fn by_content(&self, entry: &EntryMeta<'_>, head: &[u8]) -> CatalogerSet {
        let mut set = self.by_name(entry);
        if is_executable(head) {
            set |= self.dispatch.executables();
        }
        members(set)
            .filter(|index| CATALOGERS[*index].wants_content(entry.path, head))
            .fold(0, |set, index| set | 1 << index)
    }
}

/// Shorter files are no executables that could carry package data.
const SMALLEST_EXECUTABLE: u64 = 64;

impl Analyser for Inventory {
    type Facts = Facts;

    fn identity(&self) -> String {
        let mut identity = format!("inventory/2 {:?} {:?}", self.scanned, self.limits);
        for cataloger in CATALOGERS.iter().filter(|cataloger| cataloger.target().includes(self.scanned)) {
            // Writing to a String does not fail.
            let _ = write!(identity, " {}@{}", cataloger.name(), cataloger.version());
        }
        identity
    }

    fn interest(&self, entry: &EntryMeta<'_>) -> Interest {
        if entry.kind != EntryKind::File {
            return Interest::Skip;
        }
        if self.by_name(entry) != 0 {
            return Interest::Read;
        }
        if self.dispatch.executables() != 0 && entry.size >= SMALLEST_EXECUTABLE {
            return Interest::Sniff;
        }
        Interest::Skip
    }

    fn wants_content(&self, entry: &EntryMeta<'_>, head: &[u8]) -> bool {
        self.by_content(entry, head) != 0
    }

    fn analyse(&self, entry: &EntryMeta<'_>, content: Content<'_>, facts: &mut Facts) {
        let mut head = [0; seawall_model::analysis::SNIFF_BYTES];
        let length = head.len().min(usize::try_from(content.size()).unwrap_or(usize::MAX));
        let head = &mut head[..length];
        if let Err(error) = content.read_exact_at(head, 0) {
            let path = entry.path.to_owned();
            let problem = Problem::at(path, seawall_model::ProblemKind::Unreadable, error.to_string());
            return self.unreadable(problem, facts);
        }
        let file = SourceFile::new(entry.path, content, &self.limits, &*self.room, self.scanned);
        for index in members(self.by_content(entry, head)) {
            facts.files.push(catalog(CATALOGERS[index], &file));
        }
    }

    fn unreadable(&self, problem: Problem, facts: &mut Facts) {
        let path = problem.path.clone().unwrap_or_default();
        let mut file = FileFacts::empty(path, UNREADABLE);
        file.problems.push(problem);
        facts.files.push(file);
    }

    fn fixed_paths(&self) -> &[&'static str] {
        &self.fixed_paths
    }

    fn encode(&self, facts: &Facts) -> Vec<u8> {
        crate::codec::encode(facts)
    }

    fn decode(&self, bytes: &[u8]) -> Option<Facts> {
        crate::codec::decode(bytes)
    }
}

/// The name under which a file stands that was claimed and could not be read.
pub(crate) const UNREADABLE: &str = "unreadable";

/// Shows one file to one cataloger.
pub(crate) fn catalog(cataloger: &dyn Cataloger, file: &SourceFile<'_>) -> FileFacts {
    let mut facts = FileFacts::empty(file.path.to_owned(), cataloger.name());
    cataloger.catalog(file, &mut Found::new(&mut facts, file.path, cataloger.name(), file.limits));
    facts
}
