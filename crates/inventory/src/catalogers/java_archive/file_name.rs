//! What the name of a jar tells: `log4j-1.2-api-2.17.1.jar` is version 2.17.1 of `log4j-1.2-api`.

/// A file name in its parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FileName<'a> {
    /// The name without extension.
    pub(super) stem: &'a str,
    pub(super) artifact: &'a str,
    pub(super) version: Option<&'a str>,
}

impl<'a> FileName<'a> {
    /// `known` is a version that the archive itself names; where the file name holds it, that settles where
    /// the version begins.
    pub(super) fn parse(name: &'a str, known: Option<&str>) -> Self {
        let name = name.rsplit('/').next().unwrap_or(name);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let (artifact, version) = known
            .and_then(|known| split_at_known(stem, known))
            .or_else(|| split_at_hyphen(stem))
            .or_else(|| split_at_underscore(stem))
            .map_or((stem, None), |(artifact, version)| (artifact, Some(version)));
        Self { stem, artifact, version }
    }
}

fn split_at_known<'a>(stem: &'a str, known: &str) -> Option<(&'a str, &'a str)> {
    let at = stem.find(&format!("-{known}"))?;
    let rest = &stem[at + 1 + known.len()..];
    if at == 0 || !(rest.is_empty() || rest.starts_with('-')) {
        return None;
    }
    Some((&stem[..at], &stem[at + 1..at + 1 + known.len()]))
}

/// At the first hyphen before a digit after which nothing comes but parts of versions and classifiers.
fn split_at_hyphen(stem: &str) -> Option<(&str, &str)> {
    let begins = |at: &usize| stem.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
    let at = stem
        .match_indices('-')
        .map(|(at, _)| at)
        .filter(|at| *at > 0)
        .filter(begins)
        .find(|at| stem[at + 1..].split('-').all(|part| is_version_part(part) || is_classifier(part)))?;
    // The first part is the version's; a classifier ends it.
    let rest = &stem[at + 1..];
    let length: usize = rest
        .split('-')
        .enumerate()
        .take_while(|(index, part)| *index == 0 || is_version_part(part))
        .map(|(_, part)| part.len() + 1)
        .sum();
    Some((&stem[..at], &rest[..length - 1]))
}

/// OSGi: `org.eclipse.equinox.common_3.10.0.v20181220`.
fn split_at_underscore(stem: &str) -> Option<(&str, &str)> {
    let (artifact, version) = stem.rsplit_once('_')?;
    let is_version = version.starts_with(|first: char| first.is_ascii_digit()) && version.contains('.');
    (is_version && !artifact.is_empty()).then_some((artifact, version))
}

/// Whether a part between hyphens can belong to a version: it begins with a digit or is a qualifier.
fn is_version_part(part: &str) -> bool {
    const QUALIFIERS: &[&str] = &[
        "alpha",
        "android",
        "b",
        "beta",
        "build",
        "cr",
        "dev",
        "ea",
        "final",
        "fuse",
        "ga",
        "incubating",
        "jbossorg",
        "jre",
        "m",
        "milestone",
        "pre",
        "pr",
        "preview",
        "rc",
        "redhat",
        "rel",
        "release",
        "rev",
        "snapshot",
        "sp",
        "stable",
        "v",
    ];
    if part.starts_with(|first: char| first.is_ascii_digit()) {
        return true;
    }
    let word = part.split(|character: char| !character.is_ascii_alphabetic()).next().unwrap_or_default();
    QUALIFIERS.iter().any(|qualifier| qualifier.eq_ignore_ascii_case(word))
}

/// Whether a part names a variant of the same version.
fn is_classifier(part: &str) -> bool {
    const CLASSIFIERS: &[&str] = &[
        "aarch64",
        "aarch_64",
        "all",
        "amd64",
        "arm64",
        "bin",
        "boot",
        "bundle",
        "classes",
        "debug",
        "dependencies",
        "exec",
        "fat",
        "fips",
        "jakarta",
        "jar",
        "javadoc",
        "jdk",
        "linux",
        "macos",
        "mac",
        "native",
        "natives",
        "nodep",
        "noaop",
        "osx",
        "plain",
        "runner",
        "shaded",
        "shadow",
        "sources",
        "standalone",
        "test",
        "tests",
        "uber",
        "win",
        "windows",
        "with",
        "x64",
        "x86",
        "x86_32",
        "x86_64",
    ];
    let word = part.trim_end_matches(|character: char| character.is_ascii_digit());
    CLASSIFIERS.iter().any(|known| known.eq_ignore_ascii_case(part) || known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_where_the_version_begins() {
        for (name, artifact, version) in [
            ("log4j-core-2.14.1.jar", "log4j-core", Some("2.14.1")),
            ("log4j-1.2-api-2.17.1.jar", "log4j-1.2-api", Some("2.17.1")),
            ("guava-31.1-jre.jar", "guava", Some("31.1-jre")),
            ("app-1.0-SNAPSHOT.war", "app", Some("1.0-SNAPSHOT")),
            ("app-1.0-20230102.030405-7.jar", "app", Some("1.0-20230102.030405-7")),
            ("netty-transport-4.1.50.Final-linux-x86_64.jar", "netty-transport", Some("4.1.50.Final")),
            ("app-1.0-jar-with-dependencies.jar", "app", Some("1.0")),
            ("bcprov-jdk15on-1.70.jar", "bcprov-jdk15on", Some("1.70")),
            ("mssql-jdbc-7.2.2.jre11.jar", "mssql-jdbc", Some("7.2.2.jre11")),
            ("kafka_2.13-3.4.0.jar", "kafka_2.13", Some("3.4.0")),
            (
                "org.eclipse.equinox.common_3.10.0.v20181220.jar",
                "org.eclipse.equinox.common",
                Some("3.10.0.v20181220"),
            ),
            ("scala-library_2.13.jar", "scala-library", Some("2.13")),
            ("h2-1.4.200.jar", "h2", Some("1.4.200")),
            ("a-b/c-2.jar", "c", Some("2")),
            ("app.jar", "app", None),
            ("-1.jar", "-1", None),
            ("", "", None),
        ] {
            let parsed = FileName::parse(name, None);
            assert_eq!((parsed.artifact, parsed.version), (artifact, version), "{name}");
        }
    }

    #[test]
    fn a_version_that_the_archive_names_settles_it() {
        let parsed = FileName::parse("tool-2-of-3-r09-sources.jar", Some("r09"));
        assert_eq!((parsed.artifact, parsed.version), ("tool-2-of-3", Some("r09")));
        let parsed = FileName::parse("tool-1.10.jar", Some("1.1"));
        assert_eq!((parsed.artifact, parsed.version), ("tool", Some("1.10")));
    }
}
