//! The walk over a directory, in parallel, and what it passed over.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use ignore::{WalkBuilder, WalkState};
use seawall_model::analysis::{ReadAt, SNIFF_BYTES};
use seawall_model::links::{Standing, follow_links};
use seawall_model::{
    Analyser, Content, EntryKind, EntryMeta, FilePath, FilePathBuf, Interest, Limits, Problem, ProblemKind,
};

/// How a directory is walked.
pub struct WalkOptions<'a> {
    pub limits: &'a Limits,
    /// At least 1.
    pub threads: usize,
    /// Does not leave the file system of the root; what is passed over is listed.
    pub one_file_system: bool,
    /// Names of directories that are passed over wherever they are: `.git`.
    pub skipped_names: &'a [&'a str],
    /// Counts files, for progress.
    pub files_seen: &'a AtomicU64,
}

/// A directory that was walked.
pub struct ScannedTree<F> {
    /// The facts of each file that was read, in order of path.
    pub facts: Vec<F>,
    pub files_read: u64,
    /// What was passed over or could not be read, sorted.
    pub problems: Vec<Problem>,
}

/// Why a directory cannot be walked at all.
#[derive(Debug, thiserror::Error)]
#[error("can't read the directory {}", path.display())]
pub struct WalkError {
    path: PathBuf,
    source: io::Error,
}

/// Walks a directory and shows its files to the analyser.
pub fn scan_tree<A: Analyser>(
    root: &Path,
    analyser: &A,
    options: &WalkOptions<'_>,
) -> Result<ScannedTree<A::Facts>, WalkError> {
    let error = |source| WalkError { path: root.to_owned(), source };
    let root = &root.canonicalize().map_err(error)?;
    let device = fs::read_dir(root).and_then(|_| fs::metadata(root)).map_err(error)?.dev();
    let walk = Walk { root, device, analyser, options, found: Mutex::new(Found::default()) };
    walk.run();
    walk.resolve_fixed_paths();
    let mut found = walk.found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    if found.unopened > 0 {
        let message =
            format!("{} files could not be opened to see whether they are programs", found.unopened);
        found.problems.push(Problem::general(ProblemKind::Unreadable, message));
    }
    found.facts.sort_by(|a, b| a.0.cmp(&b.0));
    found.problems.sort();
    found.problems.dedup();
    Ok(ScannedTree {
        files_read: found.facts.len() as u64,
        facts: found.facts.into_iter().map(|(_, facts)| facts).collect(),
        problems: found.problems,
    })
}

struct Walk<'a, A: Analyser> {
    root: &'a Path,
    device: u64,
    analyser: &'a A,
    options: &'a WalkOptions<'a>,
    found: Mutex<Found<A::Facts>>,
}

struct Found<F> {
    facts: Vec<(FilePathBuf, F)>,
    problems: Vec<Problem>,
    /// Files that could not be opened to see whether they are executables.
    unopened: u64,
}

impl<F> Default for Found<F> {
    fn default() -> Self {
        Self { facts: Vec::new(), problems: Vec::new(), unopened: 0 }
    }
}

impl<A: Analyser> Walk<'_, A> {
    fn run(&self) {
        let skipped: Vec<&OsStr> = self.options.skipped_names.iter().map(OsStr::new).collect();
        let walker = WalkBuilder::new(self.root)
            .standard_filters(false)
            .follow_links(false)
            .threads(self.options.threads.max(1))
            .build_parallel();
        walker.run(|| {
            Box::new(|entry| {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error) => {
                        self.unreadable(&error);
                        return WalkState::Continue;
                    }
                };
                let Some(kind) = entry.file_type() else { return WalkState::Continue };
                if kind.is_dir() {
                    return self.enter(entry.path(), entry.depth(), &skipped);
                }
                self.options.files_seen.fetch_add(1, Ordering::Relaxed);
                if kind.is_file() {
                    self.offer(entry.path(), None);
                }
                WalkState::Continue
            })
        });
    }

    fn enter(&self, path: &Path, depth: usize, skipped: &[&OsStr]) -> WalkState {
        if depth == 0 {
            return WalkState::Continue;
        }
        if path.file_name().is_some_and(|name| skipped.contains(&name)) {
            return WalkState::Skip;
        }
        if !self.options.one_file_system {
            return WalkState::Continue;
        }
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.dev() == self.device => WalkState::Continue,
            Ok(_) => {
                let message = "another file system is mounted there";
                self.note(Problem::at(self.inside(path), ProblemKind::Skipped, message));
                WalkState::Skip
            }
            Err(error) => {
                self.note(Problem::at(self.inside(path), ProblemKind::Unreadable, error.to_string()));
                WalkState::Skip
            }
        }
    }

    /// Offers a file under its own name, or under the name that a link gives it.
    fn offer(&self, path: &Path, name: Option<&FilePathBuf>) {
        let own = self.inside(path);
        let name = name.unwrap_or(&own);
        // The name alone decides of most files, and saves a call to the kernel for each.
        let probe = EntryMeta { path: name.as_path(), kind: EntryKind::File, size: u64::MAX, mode: 0 };
        let interest = self.analyser.interest(&probe);
        if interest == Interest::Skip {
            return;
        }
        let outcome = File::open(path).and_then(|file| {
            let metadata = file.metadata()?;
            self.read(&file, &metadata, name, interest)
        });
        if let Err(error) = outcome {
            // What is wanted by name is named. Any other file might have been an executable of interest: a
            // user who is not root can't open thousands of them, and one line tells as much.
            if interest == Interest::Read {
                self.note(Problem::at(name.clone(), ProblemKind::Unreadable, error.to_string()));
            } else {
                self.lock().unopened += 1;
            }
        }
    }

    fn read(
        &self,
        file: &File,
        metadata: &Metadata,
        name: &FilePathBuf,
        interest: Interest,
    ) -> io::Result<()> {
        let entry = EntryMeta {
            path: name.as_path(),
            kind: EntryKind::File,
            size: metadata.len(),
            mode: metadata.permissions().mode() & 0o7777,
        };
        if interest == Interest::Sniff && !self.is_wanted(file, &entry)? {
            return Ok(());
        }
        let mut facts = A::Facts::default();
        if entry.size > self.options.limits.max_random_access_bytes {
            let message = format!("{} bytes, more than the limit for one file", entry.size);
            let problem = Problem::at(name.clone(), ProblemKind::TooLarge, message);
            self.analyser.unreadable(problem, &mut facts);
        } else if entry.size <= SMALL_BYTES {
            let bytes = seawall_model::limits::read_bounded(file, entry.size)?;
            self.analyser.analyse(&entry, Content::Memory(&bytes), &mut facts);
        } else {
            let content = OnDisk { file, size: entry.size };
            self.analyser.analyse(&entry, Content::Spilled(&content), &mut facts);
        }
        self.lock().facts.push((name.clone(), facts));
        Ok(())
    }

    /// Whether a file whose name did not decide is wanted. It was asked for as a file of any size; now that the
    /// size is known, that may settle it without a look at its bytes.
    fn is_wanted(&self, file: &File, entry: &EntryMeta<'_>) -> io::Result<bool> {
        match self.analyser.interest(entry) {
            Interest::Skip => Ok(false),
            Interest::Read => Ok(true),
            Interest::Sniff => {
                let mut head = [0; SNIFF_BYTES];
                let count = file.read_at(&mut head, 0)?;
                Ok(self.analyser.wants_content(entry, &head[..count]))
            }
        }
    }

    /// Fixed paths that lead through links are offered under the name that is expected.
    fn resolve_fixed_paths(&self) {
        for fixed in self.analyser.fixed_paths() {
            let name = FilePathBuf::from(*fixed);
            let Some(target) = self.resolve(name.as_path()) else { continue };
            let is_fixed =
                self.analyser.fixed_paths().iter().any(|other| other.as_bytes() == target.as_bytes());
            if target != name && !is_fixed {
                let path = self.root.join(OsStr::from_bytes(target.as_bytes()));
                if path.is_file() {
                    self.offer(&path, Some(&name));
                }
            }
        }
    }

    /// Where a path inside the tree leads, never out of it; `None` for loops and for what is not there.
    fn resolve(&self, path: FilePath<'_>) -> Option<FilePathBuf> {
        follow_links(path, self.options.limits.max_links, |at| {
            let full = self.root.join(OsStr::from_bytes(at.as_bytes()));
            match fs::symlink_metadata(&full) {
                Ok(metadata) if metadata.is_symlink() => fs::read_link(&full)
                    .map_or(Standing::Missing, |target| Standing::Link(target.into_os_string().into_vec())),
                Ok(_) => Standing::Other,
                Err(_) => Standing::Missing,
            }
        })
    }

    fn unreadable(&self, error: &ignore::Error) {
        let path = path_of(error).map(|path| self.inside(path));
        let why = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
        self.note(Problem { path, layer: None, kind: ProblemKind::Unreadable, message: why });
    }

    fn inside(&self, path: &Path) -> FilePathBuf {
        FilePathBuf::normalise(path.strip_prefix(self.root).unwrap_or(path).as_os_str().as_bytes())
    }

    fn note(&self, problem: Problem) {
        self.lock().problems.push(problem);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Found<A::Facts>> {
        self.found.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Larger files are read where they lie, at the places that are asked for.
const SMALL_BYTES: u64 = 1 << 20;

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}

struct OnDisk<'f> {
    file: &'f File,
    size: u64,
}

impl ReadAt for OnDisk<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Notes the names and sizes of the files that it is shown, and counts the questions.
    #[derive(Default)]
    struct Names {
        asked: AtomicU64,
    }

    impl Analyser for Names {
        type Facts = Vec<String>;

        fn identity(&self) -> String {
            "names".to_owned()
        }

        fn interest(&self, entry: &EntryMeta<'_>) -> Interest {
            self.asked.fetch_add(1, Ordering::Relaxed);
            match entry.path.extension() {
                Some(b"no") => Interest::Skip,
                Some(b"perhaps") if entry.size < 4 => Interest::Skip,
                Some(b"perhaps") => Interest::Sniff,
                _ => Interest::Read,
            }
        }

        fn wants_content(&self, _: &EntryMeta<'_>, head: &[u8]) -> bool {
            head.starts_with(b"yes")
        }

        fn analyse(&self, entry: &EntryMeta<'_>, content: Content<'_>, facts: &mut Self::Facts) {
            facts.push(format!("{}={}", entry.path, content.size()));
        }

        fn unreadable(&self, problem: Problem, facts: &mut Self::Facts) {
            facts.push(problem.message);
        }

        fn fixed_paths(&self) -> &[&'static str] {
            &["var/lib/db", "etc/passwd"]
        }

        fn encode(&self, _: &Self::Facts) -> Vec<u8> {
            Vec::new()
        }

        fn decode(&self, _: &[u8]) -> Option<Self::Facts> {
            None
        }
    }

    fn scan(root: &Path) -> (String, Vec<Problem>) {
        scan_with(root, &Names::default())
    }

    fn scan_with(root: &Path, names: &Names) -> (String, Vec<Problem>) {
        let files_seen = AtomicU64::new(0);
        let options = WalkOptions {
            limits: &Limits::default(),
            threads: 2,
            one_file_system: true,
            skipped_names: &[".git"],
            files_seen: &files_seen,
        };
        let tree = scan_tree(root, names, &options).unwrap();
        (tree.facts.concat().join(" "), tree.problems)
    }

    #[test]
    fn files_are_offered_in_order_and_links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::create_dir_all(root.join(".git")).unwrap();
        for (name, text) in
            [("a/b/two", "22"), ("a/one", "1"), ("skip.no", ""), (".git/config", ""), ("z", "")]
        {
            fs::write(root.join(name), text).unwrap();
        }
        symlink("/etc", root.join("outside")).unwrap();
        symlink("a", root.join("inside")).unwrap();
        assert_eq!(scan(root).0, "a/b/two=2 a/one=1 z=0");
    }

    #[test]
    fn a_name_that_decides_is_asked_for_once_and_any_other_again_with_its_size() {
        for (name, text, expected, asked) in [
            ("by-name", "", "by-name=0", 1),
            ("skipped.no", "yes", "", 1),
            ("short.perhaps", "yes", "", 2),
            ("long.perhaps", "yes and more", "long.perhaps=12", 2),
            ("other.perhaps", "no and more", "", 2),
        ] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(name), text).unwrap();
            let names = Names::default();
            assert_eq!(scan_with(dir.path(), &names).0, expected, "{name}");
            assert_eq!(names.asked.load(Ordering::Relaxed), asked, "{name}");
        }
    }

    #[test]
    fn a_fixed_path_is_found_behind_links_but_only_inside_the_tree() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir_all(root.join("var")).unwrap();
        fs::create_dir_all(root.join("data")).unwrap();
        fs::create_dir_all(root.join("etc")).unwrap();
        fs::write(root.join("data/db"), "12345").unwrap();
        fs::write(dir.path().join("passwd"), "secret").unwrap();
        symlink("/data", root.join("var/lib")).unwrap();
        symlink("../../passwd", root.join("etc/passwd")).unwrap();
        assert_eq!(scan(&root).0, "data/db=5 var/lib/db=5");
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        let files_seen = AtomicU64::new(0);
        let options = WalkOptions {
            limits: &Limits::default(),
            threads: 1,
            one_file_system: true,
            skipped_names: &[],
            files_seen: &files_seen,
        };
        assert!(scan_tree(Path::new("/nonexistent"), &Names::default(), &options).is_err());
    }
}
