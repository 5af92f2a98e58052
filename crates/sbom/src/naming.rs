//! Names by which the parts of a document refer to each other: stable from run to run, and each given once.

use std::collections::HashMap;

use seawall_model::Package;

use crate::identity::short_hash;
use crate::{Bill, BillFile};

/// The package URLs of a bill's packages; `None` where a package has no name and so can have none.
pub(crate) fn purls(bill: &Bill) -> Vec<Option<String>> {
    let purl = |package: &Package| {
        let is_named = package.name.bytes().any(|byte| byte != b'/');
        is_named.then(|| package.purl(bill.distro.as_ref()).to_string())
    };
    bill.packages.iter().map(purl).collect()
}

/// The `bom-ref` of each package: its package URL, or a made-up name where it has none or another has the same.
pub(crate) fn bom_refs(purls: &[Option<String>]) -> Vec<String> {
    let mut names = Names::default();
    let name = |purl: &Option<String>| match purl {
        Some(purl) => names.once(purl.clone(), '#'),
        None => names.once("package:unnamed".to_owned(), '#'),
    };
    purls.iter().map(name).collect()
}

/// The SPDX identifier of each package: kind, name and a hash of the package URL.
pub(crate) fn spdx_package_ids(bill: &Bill, purls: &[Option<String>]) -> Vec<String> {
    let mut names = Names::default();
    let id = |(package, purl): (&Package, &Option<String>)| {
        let hash = short_hash(purl.as_deref().unwrap_or_default());
        let readable = idstring(&package.name, 60);
        names.once(format!("SPDXRef-Package-{}-{readable}-{hash}", package.kind.purl_type()), '-')
    };
    bill.packages.iter().zip(purls).map(id).collect()
}

/// The SPDX identifier of each file: its name and a hash of its path.
pub(crate) fn spdx_file_ids(files: &[BillFile]) -> Vec<String> {
    let mut names = Names::default();
    let id = |file: &BillFile| {
        let name = String::from_utf8_lossy(file.path.as_path().file_name()).into_owned();
        let hash = short_hash(&file.path.to_string());
        names.once(format!("SPDXRef-File-{}-{hash}", idstring(&name, 60)), '-')
    };
    files.iter().map(id).collect()
}

/// What SPDX allows in an identifier: letters, digits, dots and dashes.
pub(crate) fn idstring(text: &str, characters: usize) -> String {
    let allowed = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => character,
        _ => '-',
    };
    text.chars().take(characters).map(allowed).collect()
}

/// Names that were given already.
#[derive(Default)]
struct Names {
    /// How often each was wanted.
    wanted: HashMap<String, usize>,
}

impl Names {
    /// The name itself, or with a number behind it that makes it new.
    fn once(&mut self, name: String, mark: char) -> String {
        let count = self.wanted.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 {
            return name;
        }
        let mut number = *count;
        loop {
            let candidate = format!("{name}{mark}{number}");
            if !self.wanted.contains_key(&candidate) {
                self.wanted.insert(name, number);
                self.wanted.insert(candidate.clone(), 1);
                return candidate;
            }
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_given_once() {
        let mut names = Names::default();
        let given: Vec<_> = ["a", "a#2", "a", "a", "b"].map(|name| names.once(name.to_owned(), '#')).into();
        assert_eq!(given, ["a", "a#2", "a#3", "a#4", "b"]);
    }
}
