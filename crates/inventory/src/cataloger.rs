//! The contract of a package format: which files it wants, and what it makes of one.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::io;

use seawall_model::analysis::Room;
use seawall_model::{Content, Distro, FilePath, Limits, Package, PackageKind, Place, Problem, ProblemKind};

use crate::executable::Executable;
use crate::facts::{FileFacts, OwnedFiles, StatedLicences};

/// One format of package data.
///
/// It sees one file at a time and never another one: what two files tell together (a package list and the
/// lists of its files) is joined in [`crate::assembly`].
pub trait Cataloger: Sync {
    /// `<group>/<format>`, such as `debian/dpkg`: shown in reports, and the folder of its fixtures.
    fn name(&self) -> &'static str;

    /// Raised whenever the same file would give other facts: cached layers are then read again.
    fn version(&self) -> u32 {
        1
    }

    /// Whether it reads what is installed, what is locked, or both.
    fn target(&self) -> Target;

    /// The cheap questions. A file that no trigger names is never shown to [`Cataloger::wants`].
    fn triggers(&self) -> &'static [Trigger];

    /// The exact question, by path alone. It must not allocate.
    fn wants(&self, path: FilePath<'_>) -> bool {
        let _ = path;
        true
    }

    /// For [`Trigger::Executable`] and other guesses: whether the first bytes
    /// ([`seawall_model::analysis::SNIFF_BYTES`], or fewer) look right.
    fn wants_content(&self, path: FilePath<'_>, head: &[u8]) -> bool {
        let _ = (path, head);
        true
    }

    /// Paths that must be found even where they are links, such as `var/lib/dpkg/status`.
    fn fixed_paths(&self) -> &'static [&'static str] {
        &[]
    }

    /// Takes in one file. What cannot be used goes to [`Found::problem`]; what was read before stays.
    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>);
}

/// Where a format is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// Images and root file systems: what is installed.
    Installed,
    /// Source trees: what is locked or declared.
    Source,
    /// Both.
    Everywhere,
}

impl Target {
    /// Whether a format of this target is looked for in `scanned`, which is never [`Target::Everywhere`].
    pub fn includes(self, scanned: Self) -> bool {
        self == Self::Everywhere || self == scanned
    }
}

/// A cheap question about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The file name is this, byte for byte.
    Name(&'static str),
    /// The file name ends in a dot and this, in any case of letters: `jar`.
    Extension(&'static str),
    /// The file lies directly in this directory: `var/lib/dpkg/status.d`.
    Directory(&'static str),
    /// It may be an executable or a shared library: the first bytes are ELF, PE or Mach-O.
    Executable,
}

/// One claimed file.
pub struct SourceFile<'a> {
    pub path: FilePath<'a>,
    pub content: Content<'a>,
    pub limits: &'a Limits,
    /// Where to put what is taken out of the file and must be read at any place.
    pub room: &'a dyn Room,
    /// What is being scanned: [`Target::Installed`] or [`Target::Source`].
    pub scanned: Target,
    /// Read when the first cataloger asks, for all of them.
    executable: OnceCell<Option<Executable>>,
}

impl<'a> SourceFile<'a> {
    /// A file that was claimed.
    pub fn new(
        path: FilePath<'a>,
        content: Content<'a>,
        limits: &'a Limits,
        room: &'a dyn Room,
        scanned: Target,
    ) -> Self {
        Self { path, content, limits, room, scanned, executable: OnceCell::new() }
    }

    /// The headers of the file, where it is a program or a library.
    pub(crate) fn executable(&self) -> Option<&Executable> {
        self.executable.get_or_init(|| Executable::parse(self.content)).as_ref()
    }

    /// The whole file, where it is no larger than [`Limits::max_text_bytes`].
    ///
    /// # Errors
    /// The file is larger, or could not be read.
    pub fn bytes(&self) -> io::Result<Cow<'a, [u8]>> {
        self.content.bytes(self.limits.max_text_bytes)
    }
}

/// Problems of one file that are told apart.
const MAX_PROBLEMS: usize = 100;

/// Where a cataloger puts what it finds in one file.
pub struct Found<'f> {
    facts: &'f mut FileFacts,
    path: FilePath<'f>,
    cataloger: &'static str,
    max_packages: usize,
    owned_paths: usize,
}

/// Paths that the packages of one file may own together, eight bytes each. The largest installations of a
/// distribution have about a million.
const MAX_OWNED_PATHS: usize = 4_000_000;

impl<'f> Found<'f> {
    pub(crate) fn new(
        facts: &'f mut FileFacts,
        path: FilePath<'f>,
        cataloger: &'static str,
        limits: &Limits,
    ) -> Self {
        Self { facts, path, cataloger, max_packages: limits.max_packages_per_file, owned_paths: 0 }
    }

    /// A package with nothing but name and version; the place is filled in by [`Found::push`].
    pub fn package(&self, kind: PackageKind, name: impl Into<String>, version: impl Into<String>) -> Package {
        Package::new(kind, name, version, self.cataloger)
    }

    /// Adds a package that this file shows.
    pub fn push(&mut self, package: Package) {
        self.push_inside(package, None);
    }

    /// Adds a package that lies inside this file, which is an archive: `BOOT-INF/lib/a.jar`.
    pub fn push_inside(&mut self, mut package: Package, inside: Option<String>) {
        if self.facts.packages.len() >= self.max_packages {
            let message =
                format!("more than {} packages in one file, the rest is left out", self.max_packages);
            return self.problem_once(ProblemKind::TooLarge, message);
        }
        package.cataloger = self.cataloger.into();
        package.places = vec![Place { path: self.path.to_owned(), inside, layer: None }];
        self.facts.packages.push(package);
    }

    /// Says what could not be used. The rest of the file still counts.
    ///
    /// After the first hundred of a file the rest is only said to exist: a file of nonsense has one in each line.
    pub fn problem(&mut self, kind: ProblemKind, message: impl Into<String>) {
        let message = match self.facts.problems.len() {
            0..MAX_PROBLEMS => message.into(),
            MAX_PROBLEMS => "there are more problems in this file".to_owned(),
            _ => return,
        };
        self.facts.problems.push(Problem::at(self.path.to_owned(), kind, message));
    }

    /// As [`Found::problem`], for text files whose reading failed: too large, or unreadable.
    pub fn read_problem(&mut self, error: &io::Error) {
        let kind = match error.kind() {
            io::ErrorKind::FileTooLarge => ProblemKind::TooLarge,
            _ => ProblemKind::Malformed,
        };
        self.problem(kind, error.to_string());
    }

    fn problem_once(&mut self, kind: ProblemKind, message: String) {
        if !self.facts.problems.iter().any(|problem| problem.message == message) {
            self.problem(kind, message);
        }
    }

    /// Notes which files a package owns: `paths` are normalised, see [`FilePath::hash`].
    ///
    /// `arch` is `None` where the list does not say it; it then belongs to every package of that name.
    pub fn owns(
        &mut self,
        kind: PackageKind,
        name: &str,
        arch: Option<&str>,
        paths: impl IntoIterator<Item = u64>,
    ) {
        let room = MAX_OWNED_PATHS - self.owned_paths;
        let mut paths: Vec<u64> = paths.into_iter().take(room).collect();
        if !paths.is_empty() && paths.len() == room {
            let message = format!("its packages own more than {MAX_OWNED_PATHS} files, the rest is left out");
            self.problem_once(ProblemKind::TooLarge, message);
        }
        self.owned_paths += paths.len();
        paths.sort_unstable();
        paths.dedup();
        self.facts.owned.push(OwnedFiles {
            kind,
            name: name.to_owned(),
            arch: arch.map(str::to_owned),
            paths,
        });
    }

    /// Notes under which licences a package of another file stands.
    pub fn licences(&mut self, kind: PackageKind, name: &str, licences: Vec<String>) {
        self.facts.licences.push(StatedLicences { kind, name: name.to_owned(), licences });
    }

    /// Notes what this file says of the distribution.
    pub fn distro(&mut self, distro: Distro) {
        self.facts.distro = Some(distro);
    }

    /// The packages that this file has shown so far.
    pub fn packages(&mut self) -> &mut Vec<Package> {
        &mut self.facts.packages
    }
}

#[cfg(test)]
mod tests {
    use seawall_model::FilePathBuf;

    use super::*;

    fn with_found(limits: &Limits, fill: impl FnOnce(&mut Found<'_>)) -> FileFacts {
        let path = FilePathBuf::from("a");
        let mut facts = FileFacts::empty(path.clone(), "test");
        fill(&mut Found::new(&mut facts, path.as_path(), "test", limits));
        facts
    }

    #[test]
    fn a_file_that_is_wrong_from_end_to_end_does_not_fill_the_report() {
        let facts = with_found(&Limits::default(), |found| {
            (0..100_000).for_each(|line| found.problem(ProblemKind::Malformed, format!("line {line}")));
        });
        assert_eq!(facts.problems.len(), MAX_PROBLEMS + 1);
        assert_eq!(facts.problems[MAX_PROBLEMS].message, "there are more problems in this file");
    }

    #[test]
    fn owned_paths_are_bounded_and_what_is_left_out_is_said_once() {
        let facts = with_found(&Limits::default(), |found| {
            found.owns(PackageKind::Rpm, "a", None, 0..10);
            found.owns(PackageKind::Rpm, "b", None, 0..u64::MAX);
            found.owns(PackageKind::Rpm, "c", None, 0..10);
        });
        let paths: Vec<_> = facts.owned.iter().map(|owned| owned.paths.len()).collect();
        assert_eq!(paths, [10, MAX_OWNED_PATHS - 10, 0]);
        assert_eq!(facts.problems.len(), 1);
    }

    #[test]
    fn packages_beyond_the_limit_are_said_to_be_left_out() {
        let limits = Limits { max_packages_per_file: 2, ..Limits::default() };
        let facts = with_found(&limits, |found| {
            for name in ["a", "b", "c", "d"] {
                found.push(found.package(PackageKind::Rpm, name, "1"));
            }
        });
        assert_eq!((facts.packages.len(), facts.problems.len()), (2, 1));
    }
}
