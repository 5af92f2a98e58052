//! Names, versions and addresses of Node packages, as all lockfiles write them.

use std::borrow::Cow;

use seawall_model::{Package, PackageKind};

use crate::cataloger::Found;
use crate::repository;

/// `name@rest`, where a name may begin with the `@` of a scope.
pub(crate) fn split_name(text: &str) -> Option<(&str, &str)> {
    let start = usize::from(text.starts_with('@'));
    let at = start + text.get(start..)?.find('@')?;
    let (name, rest) = (text.get(..at)?, text.get(at + 1..)?);
    is_name(name).then_some((name, rest))
}

/// Whether npm would take this as the name of a package. Templates hold words such as `<%= name %>`.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part.chars().all(|letter| letter.is_alphanumeric() || "-_.~!'()*+".contains(letter))
    };
    match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| plain(scope) && plain(name)),
        None => plain(name),
    }
}

/// Whether this is a version, not an address or a range: it begins with a digit and holds nothing strange.
pub(crate) fn is_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-+_~".contains(letter))
}

/// The package of this name and what a lockfile says of its version: a number, or the address that it comes
/// from. `None` for folders and links: what lies there is the project's own.
pub(crate) fn package(name: &str, version: &str, found: &Found<'_>) -> Option<Package> {
    if is_version(version) {
        return Some(found.package(PackageKind::Npm, name, version));
    }
    // An alias is another name for a package that has its own.
    if let Some(target) = version.strip_prefix("npm:") {
        let (name, version) = split_name(target)?;
        return is_version(version).then(|| found.package(PackageKind::Npm, name, version));
    }
    let (qualifier, version) = origin(version)?;
    let mut package = found.package(PackageKind::Npm, name, version);
    package.qualifiers.push(qualifier);
    Some(package)
}

/// Notes where a package comes from, where that is no registry.
pub(crate) fn add_origin(package: &mut Package, resolved: &str) {
    if is_repository(resolved)
        && let Some((qualifier, _)) = origin(resolved)
    {
        package.qualifiers.push(qualifier);
    }
}

/// The qualifier for an address, and the version that can be read off it: the commit of a repository, the
/// number in the name of a tarball.
fn origin(address: &str) -> Option<((String, String), String)> {
    if is_repository(address) {
        let (place, commit) = address.rsplit_once('#').unwrap_or((address, ""));
        let commit = commit.strip_prefix("commit=").unwrap_or(commit);
        return Some((repository::qualifier(&full_address(place), commit), commit.to_owned()));
    }
    if !address.starts_with("http://") && !address.starts_with("https://") {
        return None;
    }
    let place = address.split(['#', '?']).next().unwrap_or_default();
    let file = place.rsplit('/').next().unwrap_or_default();
    let stem = file.strip_suffix(".tgz").or_else(|| file.strip_suffix(".tar.gz")).unwrap_or(file);
    let version = stem
        .match_indices('-')
        .filter_map(|(at, _)| stem.get(at + 1..))
        .find(|rest| is_version(rest) && rest.contains('.'));
    Some((("download_url".to_owned(), place.to_owned()), version.unwrap_or_default().to_owned()))
}

/// The address that a short form such as `github:owner/repository` stands for.
fn full_address(place: &str) -> Cow<'_, str> {
    let long = SHORT_HOSTS.iter().find_map(|(short, host)| {
        place.strip_prefix(short).map(|path| Cow::Owned(format!("https://{host}/{path}")))
    });
    long.unwrap_or(Cow::Borrowed(place))
}

/// Hosts that have a short form.
const SHORT_HOSTS: [(&str, &str); 3] =
    [("github:", "github.com"), ("gitlab:", "gitlab.com"), ("bitbucket:", "bitbucket.org")];

fn is_repository(address: &str) -> bool {
    ["git+", "git:", "git@", "github:", "gitlab:", "bitbucket:", "ssh:"]
        .iter()
        .any(|start| address.starts_with(start))
        || address.split('#').next().is_some_and(|place| place.strip_suffix(".git").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::FileFacts;
    use seawall_model::{FilePath, Limits};

    fn purl(name: &str, version: &str) -> String {
        let path = FilePath::from_normal(b"lock");
        let mut facts = FileFacts::empty(path.to_owned(), "test/test");
        let found = Found::new(&mut facts, path, "test/test", &Limits::default());
        package(name, version, &found)
            .map_or_else(|| "-".to_owned(), |package| package.purl(None).to_string())
    }

    #[test]
    fn versions_aliases_and_addresses() {
        for (version, expected) in [
            ("1.2.3", "pkg:npm/a@1.2.3"),
            ("npm:b@1.2.3", "pkg:npm/b@1.2.3"),
            ("npm:@s/b@1.2.3", "pkg:npm/%40s/b@1.2.3"),
            ("file:../a", "-"),
            ("link:../a", "-"),
            ("workspace:packages/a", "-"),
            (
                "git+ssh://git@github.com/o/a.git#0123abc",
                "pkg:npm/a@0123abc?vcs_url=git%2Bssh:%2F%2Fgit%40github.com%2Fo%2Fa.git%400123abc",
            ),
            (
                "github:o/a#0123abc",
                "pkg:npm/a@0123abc?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fo%2Fa%400123abc",
            ),
            (
                "https://example.com/x/a-1.2.3-beta.1.tgz",
                "pkg:npm/a@1.2.3-beta.1?download_url=https:%2F%2Fexample.com%2Fx%2Fa-1.2.3-beta.1.tgz",
            ),
            ("", "-"),
        ] {
            assert_eq!(purl("a", version), expected, "{version}");
        }
    }

    #[test]
    fn names() {
        assert_eq!(split_name("a@npm:b@1"), Some(("a", "npm:b@1")));
        assert_eq!(split_name("@s/a@1"), Some(("@s/a", "1")));
        assert_eq!(split_name("@s/a"), None);
        assert_eq!(split_name("a"), None);
        assert_eq!(split_name(""), None);
        assert!(!is_name("<%= name %>") && !is_name("@s") && !is_name("") && is_name("JSONStream"));
    }
}
