//! References of Conan: `name/version@user/channel#recipe%time:package#build`.
//!
//! <https://docs.conan.io/2/reference/conanfile_txt.html>

use seawall_model::{Package, PackageKind};

use crate::cataloger::Found;

/// A reference in the parts that name a package.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reference<'a> {
    name: &'a str,
    version: &'a str,
    user: Option<&'a str>,
    channel: Option<&'a str>,
    /// The revision of the recipe.
    revision: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// `None` where there is no name or no single version: a range stands in brackets.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        if text.contains(['[', ']']) {
            return None;
        }
        let (text, revision) = match text.split_once('#') {
            Some((text, rest)) => (text, rest.split(['%', ':']).next()),
            None => (text.split(['%', ':']).next().unwrap_or(text), None),
        };
        let (package, owner) = match text.split_once('@') {
            Some((package, owner)) => (package, owner.split_once('/')),
            None => (text, None),
        };
        let (name, version) = package.split_once('/')?;
        let present = |text: &&str| !text.is_empty() && *text != "_";
        if name.is_empty() || version.is_empty() || version.contains('/') {
            return None;
        }
        Some(Self {
            name,
            version,
            user: owner.map(|(user, _)| user).filter(present),
            channel: owner.map(|(_, channel)| channel).filter(present),
            revision: revision.filter(present),
        })
    }

    /// The package that it names.
    pub(crate) fn package(&self, found: &Found<'_>) -> Package {
        let mut package = found.package(PackageKind::Conan, self.name, self.version);
        let qualifiers = [("channel", self.channel), ("rrev", self.revision), ("user", self.user)];
        for (key, value) in qualifiers {
            package.qualifiers.extend(value.map(|value| (key.to_owned(), value.to_owned())));
        }
        package
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_every_form() {
        for (text, expected) in [
            ("zlib/1.2.13", Some("zlib 1.2.13 - - -")),
            ("zlib/1.2.13@", Some("zlib 1.2.13 - - -")),
            ("zlib/1.2.13@_/_", Some("zlib 1.2.13 - - -")),
            ("zlib/1.2.13@user/stable", Some("zlib 1.2.13 user stable -")),
            ("zlib/1.2.13#ab%1675.7", Some("zlib 1.2.13 - - ab")),
            ("zlib/1.2.13#ab:cd#ef", Some("zlib 1.2.13 - - ab")),
            ("zlib/1.2.13:cd", Some("zlib 1.2.13 - - -")),
            ("zlib/[>1.2 <2]", None),
            ("zlib", None),
            ("/1", None),
            ("", None),
        ] {
            let shown = Reference::parse(text).map(|reference| {
                let dash = |value: Option<&str>| value.unwrap_or("-").to_owned();
                let Reference { name, version, user, channel, revision } = reference;
                format!("{name} {version} {} {} {}", dash(user), dash(channel), dash(revision))
            });
            assert_eq!(shown.as_deref(), expected, "{text}");
        }
    }
}
