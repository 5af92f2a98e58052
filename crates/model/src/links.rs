//! Where a path leads when its symbolic links are followed, never out of the root that is scanned.
//!
//! It reads no link itself: whoever knows the files is asked, be it a disk or a list of an image's links.

use std::collections::VecDeque;

use crate::{FilePath, FilePathBuf};

/// What stands at a path, as far as following links is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<L> {
    /// A symbolic link, and its target as it is written.
    Link(L),
    /// Anything else, or something of which nothing is known.
    Other,
    /// Nothing: the path leads nowhere.
    Missing,
}

/// Longer paths no Linux system resolves (`PATH_MAX`), so no program in the image can follow them.
const MAX_PATH_BYTES: usize = 4096;
/// Components looked at for one path, those of followed links among them: far more than any real path has.
const MAX_STEPS: usize = 4096;

/// Follows every link in a path, as if the root were the root of the system: an absolute target counts from
/// there, and `..` never climbs above it.
///
/// `None` for what is missing, for more than `max_links` links (a loop), and for what no system would resolve.
pub fn follow_links<L: AsRef<[u8]>>(
    path: FilePath<'_>,
    max_links: usize,
    mut standing_at: impl FnMut(FilePath<'_>) -> Standing<L>,
) -> Option<FilePathBuf> {
    let mut ahead: VecDeque<Vec<u8>> = path.components().map(<[u8]>::to_vec).collect();
    let mut reached = FilePathBuf::default();
    let (mut links, mut steps) = (0, 0);
    while let Some(component) = ahead.pop_front() {
        steps += 1;
        if steps > MAX_STEPS || reached.as_bytes().len() > MAX_PATH_BYTES {
            return None;
        }
        match component.as_slice() {
            b"" | b"." => continue,
            b".." => {
                reached = reached.as_path().parent().unwrap_or(reached.as_path()).to_owned();
                continue;
            }
            _ => {}
        }
        let next = reached.as_path().join(&component);
        let target = match standing_at(next.as_path()) {
            Standing::Link(target) => target,
            Standing::Other => {
                reached = next;
                continue;
            }
            Standing::Missing => return None,
        };
        let target = target.as_ref();
        links += 1;
        if links > max_links || target.len() > MAX_PATH_BYTES {
            return None;
        }
        if target.starts_with(b"/") {
            reached = FilePathBuf::default();
        }
        for part in target.split(|byte| *byte == b'/').rev() {
            ahead.push_front(part.to_vec());
        }
    }
    Some(reached)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows a path among links written as `link>target`, and `-path` for what is missing.
    fn followed(words: &str, path: &str) -> String {
        let standing_at = |at: FilePath<'_>| {
            let find = |word: &str| {
                if word.strip_prefix('-').is_some_and(|missing| missing.as_bytes() == at.as_bytes()) {
                    return Some(Standing::Missing);
                }
                let (link, target) = word.split_once('>')?;
                (link.as_bytes() == at.as_bytes()).then(|| Standing::Link(target.as_bytes().to_vec()))
            };
            words.split_whitespace().find_map(find).unwrap_or(Standing::Other)
        };
        let reached = follow_links(FilePathBuf::from(path).as_path(), 40, standing_at);
        reached.map_or_else(|| "nowhere".to_owned(), |path| path.to_string())
    }

    #[test]
    fn links_are_followed_and_never_leave_the_root() {
        for (words, path, expected) in [
            ("", "a/b", "a/b"),
            ("", "", ""),
            ("etc/os-release>../usr/lib/os-release", "etc/os-release", "usr/lib/os-release"),
            ("a>/b/c b>d", "a/x", "d/c/x"),
            ("a>../../../../etc/shadow", "a", "etc/shadow"),
            ("a>./b//", "a/c", "b/c"),
            ("a>/", "a/x", "x"),
            ("a>", "a/x", "x"),
            ("a>b", "a/../x", "x"),
        ] {
            assert_eq!(followed(words, path), expected, "{path} in {words:?}");
        }
    }

    #[test]
    fn loops_and_what_is_missing_lead_nowhere() {
        for (words, path) in
            [("a>b b>a", "a"), ("a>a/a", "a/x"), ("a>a", "a"), ("-a/b", "a/b/c"), ("a>b -b", "a")]
        {
            assert_eq!(followed(words, path), "nowhere", "{path} in {words:?}");
        }
    }

    #[test]
    fn a_link_that_no_system_could_follow_costs_no_time() {
        let start = std::time::Instant::now();
        let endless = format!("etc>{}", "a/".repeat(500_000));
        let wide = format!("etc>{}etc", "a/../".repeat(700));
        let deep = "a/".repeat(500_000);
        for (words, path) in [(endless.as_str(), "etc/passwd"), (&wide, "etc/passwd"), ("", &deep)] {
            assert_eq!(followed(words, path), "nowhere");
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(1));
    }
}
