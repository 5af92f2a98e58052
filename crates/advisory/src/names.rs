//! How an ecosystem spells the names of its packages, so that two spellings of one name meet.

use std::borrow::Cow;

use seawall_model::EcosystemName;

/// The form of a name under which a feed and a package are compared.
pub fn normalised(ecosystem: EcosystemName, name: &str) -> Cow<'_, str> {
    match ecosystem {
        EcosystemName::PyPi => pep503(name),
        EcosystemName::NuGet | EcosystemName::Packagist | EcosystemName::GitHubActions => lower(name),
        EcosystemName::SwiftUrl => {
            let name = name.strip_prefix("https://").unwrap_or(name);
            lower(name.strip_suffix(".git").unwrap_or(name))
        }
        // npm has packages whose names differ only in case; Go, Maven, crates.io and Linux packages are
        // spelled in one way.
        _ => Cow::Borrowed(name),
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.chars().any(char::is_uppercase) { Cow::Owned(name.to_lowercase()) } else { Cow::Borrowed(name) }
}

/// <https://packaging.python.org/en/latest/specifications/name-normalization/>
fn pep503(name: &str) -> Cow<'_, str> {
    let is_normal = |name: &str| {
        !name.contains("--")
            && name.bytes().all(|byte| !byte.is_ascii_uppercase() && !matches!(byte, b'_' | b'.'))
    };
    if is_normal(name) {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            _ => out.push(character.to_ascii_lowercase()),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ecosystem_has_its_own_rule() {
        for (ecosystem, name, expected) in [
            (EcosystemName::PyPi, "Foo.Bar__baz", "foo-bar-baz"),
            (EcosystemName::PyPi, "foo-bar", "foo-bar"),
            (EcosystemName::Npm, "JSONStream", "JSONStream"),
            (EcosystemName::NuGet, "Newtonsoft.Json", "newtonsoft.json"),
            (EcosystemName::Packagist, "Symfony/Http", "symfony/http"),
            (EcosystemName::Go, "github.com/Masterminds/semver", "github.com/Masterminds/semver"),
            (EcosystemName::Maven, "org.Foo:Bar", "org.Foo:Bar"),
            (EcosystemName::CratesIo, "serde_json", "serde_json"),
            (EcosystemName::SwiftUrl, "https://github.com/Apple/swift-nio.git", "github.com/apple/swift-nio"),
        ] {
            assert_eq!(normalised(ecosystem, name), expected, "{ecosystem}");
        }
    }
}
