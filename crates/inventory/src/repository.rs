//! Packages that come from a repository instead of a registry: where that is said in a package URL.
//!
//! <https://github.com/package-url/purl-spec/blob/main/docs/common-qualifiers.md>

/// The qualifier of a package that was built from this commit: `vcs_url=git+https://host/path.git@commit`.
pub(crate) fn qualifier(address: &str, commit: &str) -> (String, String) {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let system = if has_system(address) { "" } else { "git+" };
    let commit = if commit.is_empty() { String::new() } else { format!("@{commit}") };
    ("vcs_url".to_owned(), format!("{system}{address}{commit}"))
}

/// As [`qualifier`], where the commit follows the address: `https://host/path.git?branch=main#commit`.
pub(crate) fn qualifier_of_address(address: &str) -> (String, String) {
    let (place, commit) = address.rsplit_once('#').unwrap_or((address, ""));
    qualifier(place, commit)
}

/// Whether the address begins with the name of a version control system.
fn has_system(address: &str) -> bool {
    ["git+", "hg+", "svn+", "bzr+"].iter().any(|system| address.starts_with(system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_package_urls_write_them() {
        for (address, expected) in [
            ("https://h/a.git?rev=main#0123abc", "git+https://h/a.git@0123abc"),
            ("git+ssh://git@h/a.git#0123abc", "git+ssh://git@h/a.git@0123abc"),
            ("hg+https://h/a", "hg+https://h/a"),
        ] {
            assert_eq!(qualifier_of_address(address).1, expected);
        }
    }
}
