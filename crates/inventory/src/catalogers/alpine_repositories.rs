//! Where Alpine's packages come from, `etc/apk/repositories`: a release, or the development stream `edge`.
//!
//! An image of a release whose packages come from `edge` has newer packages than its `os-release` says. apk
//! installs the newest version that any of its repositories has, so one line is enough. Lines that do not
//! count: `@tag` lines, whose packages come in only where they are asked for with the tag, and `testing`,
//! which has no package of the other repositories.
//! <https://man.archlinux.org/man/extra/apk-tools/apk-repositories.5>

use seawall_model::{Distro, FilePath};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::identity::ALPINE_REPOSITORIES;

pub(super) struct AlpineRepositories;

impl Cataloger for AlpineRepositories {
    fn name(&self) -> &'static str {
        "alpine/repositories"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("repositories")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        path.as_bytes() == ALPINE_REPOSITORIES.as_bytes()
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let bytes = match file.bytes() {
            Ok(bytes) => bytes,
            Err(error) => return found.read_problem(&error),
        };
        let is_edge = String::from_utf8_lossy(&bytes).lines().any(|line| is_of_edge(line.trim()));
        let codename = is_edge.then(|| "edge".to_owned());
        found.distro(Distro { id: "alpine".to_owned(), codename, ..Distro::default() });
    }
}

/// Whether a line is a repository such as `https://dl-cdn.alpinelinux.org/alpine/edge/main`. Comments and
/// tags are not of this form.
fn is_of_edge(line: &str) -> bool {
    let mut parts = line.trim_end_matches('/').rsplitn(3, '/');
    let (repository, branch, mirror) = (parts.next(), parts.next(), parts.next());
    branch == Some("edge")
        && matches!(repository, Some("main" | "community"))
        && mirror.is_some_and(|mirror| !mirror.starts_with(['#', '@']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_lines_bring_edge_in() {
        for (line, expected) in [
            ("https://dl-cdn.alpinelinux.org/alpine/edge/main", true),
            ("http://mirror.example/edge/community/", true),
            ("/media/cdrom/edge/main", true),
            ("https://dl-cdn.alpinelinux.org/alpine/v3.20/main", false),
            ("https://dl-cdn.alpinelinux.org/alpine/edge/testing", false),
            ("@edge https://dl-cdn.alpinelinux.org/alpine/edge/main", false),
            ("#https://dl-cdn.alpinelinux.org/alpine/edge/main", false),
            ("https://packages.wolfi.dev/os", false),
            ("edge/main", false),
            ("", false),
        ] {
            assert_eq!(is_of_edge(line), expected, "{line:?}");
        }
    }
}
