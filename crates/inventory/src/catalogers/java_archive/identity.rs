//! Which packages an archive is, from all that it says: group, artifact, version.

use std::collections::BTreeSet;

use seawall_model::FilePath;

use super::file_name::FileName;
use super::known_groups;
use super::manifest::Manifest;
use crate::maven_pom::Pom;

/// A package that Maven described in the archive.
#[derive(Debug, Clone)]
pub(super) struct Described {
    group: Option<String>,
    artifact: String,
    version: Option<String>,
    licences: Vec<String>,
    /// `META-INF/maven/<group>/<artifact>`
    folder: String,
}

/// A package that the archive is, or holds.
#[derive(Debug)]
pub(super) struct Identified {
    pub(super) group: Option<String>,
    pub(super) artifact: String,
    /// Empty where nothing tells it.
    pub(super) version: String,
    pub(super) licences: Vec<String>,
    /// Where it was described, for what was merged in; `None` for the archive itself.
    pub(super) folder: Option<String>,
}

/// All else that may tell what an archive is.
pub(super) struct Clues<'a> {
    /// The claimed file.
    pub(super) path: FilePath<'a>,
    /// The way to the archive inside of it; empty for the file itself.
    pub(super) inside: &'a str,
    pub(super) manifest: &'a Manifest,
    /// The first folders of what it holds.
    pub(super) folders: &'a BTreeSet<String>,
    pub(super) has_classes: bool,
}

impl Described {
    /// Joins the two descriptions of a folder, which is named after group and artifact; `None` where they do
    /// not name an artifact as Maven writes it.
    pub(super) fn of(folder: &str, properties: Option<&str>, pom: Option<&Pom>) -> Option<Self> {
        let property = |key: &str| {
            let value = property(properties?, key)?;
            Some(value).filter(|value| is_identifier(value))
        };
        let (pom_group, pom_artifact, pom_version) = pom.map(Pom::identity).unwrap_or_default();
        let identifier = |value: Option<String>| value.filter(|value| is_identifier(value));
        let artifact = property("artifactId").or_else(|| identifier(pom_artifact))?;
        let group = property("groupId").or_else(|| identifier(pom_group)).or_else(|| {
            let group = folder.rsplit('/').nth(1)?;
            is_identifier(group).then(|| group.to_owned())
        });
        let version = property("version").or_else(|| pom_version.filter(|version| is_version(version)));
        let licences = pom.map(|pom| pom.licences.clone()).unwrap_or_default();
        Some(Self { group, artifact, version, licences, folder: folder.to_owned() })
    }

    /// Whether a file of this name would be this package: `artifact`, or `group.artifact`.
    fn is_named(&self, artifact: &str) -> bool {
        artifact == self.artifact
            || self.group.as_ref().is_some_and(|group| {
                artifact.strip_prefix(group.as_str()).and_then(|rest| rest.strip_prefix('.'))
                    == Some(&self.artifact)
            })
    }

    /// `clue` is the version that file name or manifest tell of the archive itself.
    fn identified(self, is_itself: bool, clue: Option<&str>) -> Identified {
        let version = match (self.version, clue) {
            (Some(version), Some(clue)) if is_for_runtime(&version, clue) => clue.to_owned(),
            (Some(version), _) => version,
            (None, clue) => clue.unwrap_or_default().to_owned(),
        };
        Identified {
            group: self.group,
            artifact: self.artifact,
            version,
            licences: self.licences,
            folder: (!is_itself).then_some(self.folder),
        }
    }
}

/// Whether the longer version is the same for one version of Java, as in `7.2.2.jre11`. Such builds share one
/// description that names the shorter, and are published under the longer.
fn is_for_runtime(version: &str, longer: &str) -> bool {
    let runtime = longer.strip_prefix(version).and_then(|rest| rest.strip_prefix(".jre"));
    runtime.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The packages of one archive: itself, if it can be told, and what was merged into it.
pub(super) fn of_archive(described: Vec<Described>, clues: &Clues<'_>) -> Vec<Identified> {
    let path = String::from_utf8_lossy(clues.path.file_name());
    let name = if clues.inside.is_empty() { &*path } else { clues.inside };
    let versions = manifest_versions(clues.manifest);
    let file = FileName::parse(name, versions.first().copied());
    let version = file.version.or(versions.first().copied());
    let itself = itself(&described, &file, &versions);
    let mut identified = Vec::new();
    if itself.is_none() {
        identified.extend(from_clues(&file, version, clues, described.is_empty()));
    }
    for (index, described) in described.into_iter().enumerate() {
        let is_itself = itself == Some(index);
        identified.push(described.identified(is_itself, version.filter(|_| is_itself)));
    }
    for package in identified.iter_mut().filter(|package| package.folder.is_none()) {
        for licence in clues.manifest.licences() {
            if package.licences.is_empty() || !package.licences.contains(&licence) {
                package.licences.push(licence);
            }
        }
    }
    identified
}

/// Which of the described packages is the archive itself.
fn itself(described: &[Described], file: &FileName<'_>, manifest_versions: &[&str]) -> Option<usize> {
    let named = |artifact: &str| described.iter().position(|package| package.is_named(artifact));
    let beginning = || {
        let begins = |package: &&Described| {
            file.stem.strip_prefix(&package.artifact).is_some_and(|rest| rest.starts_with(['-', '_', '.']))
        };
        let longest = described.iter().filter(begins).max_by_key(|package| package.artifact.len())?;
        let agrees = file.version.is_none() || longest.version.as_deref() == file.version;
        agrees.then(|| described.iter().position(|package| package.folder == longest.folder)).flatten()
    };
    // A file that was renamed, such as app.jar: the only description, or the one whose version the manifest
    // repeats.
    let renamed = || {
        let agrees = |package: &Described| {
            package.version.as_deref().is_some_and(|version| match file.version {
                Some(named) => named == version,
                None => manifest_versions.contains(&version),
            })
        };
        match described {
            [only] if file.version.is_none() || agrees(only) => Some(0),
            _ => {
                let mut agreeing = (0..described.len()).filter(|index| agrees(&described[*index]));
                agreeing.next().filter(|_| agreeing.next().is_none())
            }
        }
    };
    named(file.artifact).or_else(|| named(file.stem)).or_else(beginning).or_else(renamed)
}

/// The archive itself from its name, place and manifest.
///
/// Without a version there is not much to say; it is listed where it has classes of its own that nothing
/// else tells of.
fn from_clues(
    file: &FileName<'_>,
    version: Option<&str>,
    clues: &Clues<'_>,
    is_all_there_is: bool,
) -> Option<Identified> {
    if let Some(identified) = from_repository(clues) {
        return Some(identified);
    }
    let is_worth_naming = if version.is_some() {
        clues.has_classes || is_all_there_is
    } else {
        is_all_there_is && clues.has_classes
    };
    if !is_worth_naming || file.artifact.is_empty() {
        return None;
    }
    let version = version.unwrap_or_default();
    let module = clues.manifest.get("Automatic-Module-Name");
    let is_empty_module = !clues.has_classes && module == Some(&file.artifact.replace('-', "."));
    let holds = |folder: &str| is_empty_module || clues.folders.iter().any(|held| is_in(held, folder));
    let (group, published_as) = match known_groups::find(file.artifact, version, holds) {
        Some((group, published_as)) => (Some(group.to_owned()), published_as),
        None => (group_of_manifest(clues.manifest, file.artifact), None),
    };
    Some(Identified {
        group,
        artifact: published_as.unwrap_or(file.artifact).to_owned(),
        version: version.to_owned(),
        licences: Vec::new(),
        folder: None,
    })
}

fn is_in(folder: &str, parent: &str) -> bool {
    folder.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The place in a repository: `.m2/repository/<group…>/<artifact>/<version>/<file>` of Maven,
/// `files-2.1/<group>/<artifact>/<version>/<digest>/<file>` of Gradle.
fn from_repository(clues: &Clues<'_>) -> Option<Identified> {
    if !clues.inside.is_empty() {
        return None;
    }
    let path = std::str::from_utf8(clues.path.as_bytes()).ok()?;
    let parts: Vec<&str> = path.split('/').collect();
    let (group, artifact, version) = match parts.as_slice() {
        [.., "files-2.1", group, artifact, version, _, _] => ((*group).to_owned(), *artifact, *version),
        [folders @ .., artifact, version, _] => {
            let root = folders.windows(2).position(|pair| pair == [".m2", "repository"])?;
            (folders.get(root + 2..)?.join("."), *artifact, *version)
        }
        _ => return None,
    };
    let file = parts.last()?.strip_prefix(artifact)?.strip_prefix('-')?;
    let is_sound = file.starts_with(version) && is_identifier(&group) && is_identifier(artifact);
    is_sound.then(|| Identified {
        group: Some(group),
        artifact: artifact.to_owned(),
        version: version.to_owned(),
        licences: Vec::new(),
        folder: None,
    })
}

/// The versions that the manifest names, the most telling first.
fn manifest_versions(manifest: &Manifest) -> Vec<&str> {
    ["Plugin-Version", "Implementation-Version", "Bundle-Version", "Specification-Version"]
        .into_iter()
        .filter_map(|name| manifest.get(name)?.split_whitespace().next())
        .filter(|version| is_version(version) && version.contains(|digit: char| digit.is_ascii_digit()))
        .collect()
}

/// The group that the manifest names or lets conclude.
fn group_of_manifest(manifest: &Manifest, artifact: &str) -> Option<String> {
    let named = |name: &str| manifest.get(name).filter(|group| is_group(group)).map(str::to_owned);
    // The Nebula plug-ins of Gradle write `group#artifact;version`.
    let title = manifest.get("Implementation-Title");
    let nebula = title.and_then(|title| title.split_once(';')?.0.split_once('#'));
    nebula
        .filter(|(group, named)| *named == artifact && is_group(group))
        .map(|(group, _)| group.to_owned())
        .or_else(|| named("Group-Id"))
        .or_else(|| named("Implementation-Vendor-Id"))
        .or_else(|| group_of_bundle(manifest.symbolic_name()?, artifact))
        // Not meant for it, but what stands in these fields and looks like a group mostly is one.
        .or_else(|| named("Implementation-Vendor"))
        .or_else(|| named("Extension-Name"))
        .or_else(|| named("Implementation-Title"))
}

/// Takes the artifact off the name of a bundle. What builds bundles joins group and artifact, and leaves out
/// what both share: `org.x` and `tool` give `org.x.tool`, `org.x` and `x-core` give `org.x.core`.
fn group_of_bundle(bundle: &str, artifact: &str) -> Option<String> {
    let dotted = artifact.replace('-', ".");
    let shared = || {
        let (first, _) = dotted.split_once('.')?;
        let group = bundle.strip_suffix(dotted.strip_prefix(first)?)?;
        group.rsplit('.').next().is_some_and(|last| last == first).then_some(group)
    };
    let whole = |name: &str| bundle.strip_suffix(name)?.strip_suffix('.');
    let candidates = [whole(artifact), shared(), whole(&dotted)];
    candidates.into_iter().flatten().find(|group| is_group(group)).map(str::to_owned)
}

fn is_group(text: &str) -> bool {
    // `org.apache` is who made it, and as a group no artifact of today bears it.
    is_identifier(text)
        && text.contains('.')
        && !text.starts_with('.')
        && !text.ends_with('.')
        && text != "org.apache"
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// Whether a text can be the name of a group or an artifact: what is left of a template is not.
fn is_identifier(text: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+');
    !text.is_empty() && text.len() <= 256 && text.bytes().all(valid)
}

fn is_version(text: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+~:".contains(&byte);
    !text.is_empty() && text.len() <= 256 && text.bytes().all(valid)
}

/// The value of a key in Java's properties format.
/// <https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Properties.html>
fn property(text: &str, key: &str) -> Option<String> {
    text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '!'])).find_map(|line| {
        let rest = line.strip_prefix(key)?.trim_start();
        let value = rest.strip_prefix(['=', ':'])?.trim();
        Some(value.replace('\\', ""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Case<'a> {
        path: &'a str,
        inside: &'a str,
        manifest: &'a str,
        classes: &'a str,
        described: &'a [(&'a str, &'a str, &'a str)],
    }

    fn seen(case: &Case<'_>) -> String {
        let manifest = Manifest::parse(case.manifest.as_bytes());
        let folders = case.classes.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
        let path = seawall_model::FilePathBuf::from(case.path);
        let clues = Clues {
            path: path.as_path(),
            inside: case.inside,
            manifest: &manifest,
            folders: &folders,
            has_classes: !folders.is_empty(),
        };
        let described = case.described.iter().map(|(group, artifact, version)| {
            let text = format!("#made\r\ngroupId={group}\r\nartifactId={artifact}\r\nversion={version}\r\n");
            Described::of(&format!("META-INF/maven/{group}/{artifact}"), Some(&text), None).unwrap()
        });
        let shown = |package: Identified| {
            let group = package.group.unwrap_or_else(|| "?".to_owned());
            let merged = if package.folder.is_some() { " merged" } else { "" };
            format!("{group}:{}@{}{merged}", package.artifact, package.version)
        };
        of_archive(described.collect(), &clues).into_iter().map(shown).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn what_maven_describes_is_told_apart_from_what_was_merged() {
        let gson = ("com.google.code.gson", "gson", "2.8");
        let own = ("org.acme", "tool", "1.0");
        for (path, manifest, described, expected) in [
            ("tool-1.0.jar", "", &[own][..], "org.acme:tool@1.0"),
            ("tool-1.0.jar", "", &[gson, own], "com.google.code.gson:gson@2.8 merged, org.acme:tool@1.0"),
            (
                "org.acme.tool-1.0.jar",
                "",
                &[gson, own],
                "com.google.code.gson:gson@2.8 merged, org.acme:tool@1.0",
            ),
            ("app.jar", "", &[own], "org.acme:tool@1.0"),
            (
                "app.jar",
                "Implementation-Version: 1.0",
                &[gson, own],
                "com.google.code.gson:gson@2.8 merged, org.acme:tool@1.0",
            ),
            ("app.jar", "", &[gson, own], "com.google.code.gson:gson@2.8 merged, org.acme:tool@1.0 merged"),
            ("tool-1.0.jre11.jar", "", &[own], "org.acme:tool@1.0.jre11"),
            ("server-7.jar", "", &[gson], "?:server@7, com.google.code.gson:gson@2.8 merged"),
        ] {
            let case = Case { path, manifest, described, classes: "org/acme", ..Case::default() };
            assert_eq!(seen(&case), expected, "{path} {manifest}");
        }
    }

    #[test]
    fn without_a_description_name_place_and_manifest_tell() {
        for (path, manifest, classes, expected) in [
            (
                "lib/spring-core-5.3.9.jar",
                "",
                "org/springframework/core",
                "org.springframework:spring-core@5.3.9",
            ),
            (
                "lib/spring-boot-starter-2.7.0.jar",
                "Automatic-Module-Name: spring.boot.starter",
                "",
                "org.springframework.boot:spring-boot-starter@2.7.0",
            ),
            (
                "lib/catalina.jar",
                "Implementation-Version: 9.0.80",
                "org/apache/catalina",
                "org.apache.tomcat:tomcat-catalina@9.0.80",
            ),
            ("a/.m2/repository/org/acme/x/tool/1.0/tool-1.0.jar", "", "x", "org.acme.x:tool@1.0"),
            ("a/modules-2/files-2.1/org.acme/tool/1.0/0a1b/tool-1.0.jar", "", "x", "org.acme:tool@1.0"),
            ("x/rx-3.1.jar", "Bundle-SymbolicName: io.reactivex.rx", "io", "io.reactivex:rx@3.1"),
            ("x/slf4j-api-1.7.jar", "Bundle-SymbolicName: org.slf4j.api", "org", "org.slf4j:slf4j-api@1.7"),
            ("x/old-1.0.jar", "Implementation-Vendor-Id: org.old", "org", "org.old:old@1.0"),
            ("x/old-1.0.jar", "Implementation-Vendor-Id: Old Company", "org", "?:old@1.0"),
            ("x/core-1.0.jar", "Implementation-Title: com.acme#core;1.0", "com", "com.acme:core@1.0"),
            ("x/core-1.0.jar", "Implementation-Title: com.acme#other;1.0", "com", "?:core@1.0"),
            ("x/poi-5.2.0.jar", "Implementation-Vendor: org.apache.poi", "org", "org.apache.poi:poi@5.2.0"),
            ("x/old.jar", "", "org", "?:old@"),
            ("x/old-javadoc.jar", "", "", ""),
        ] {
            assert_eq!(seen(&Case { path, manifest, classes, ..Case::default() }), expected, "{path}");
        }
    }

    #[test]
    fn a_text_that_is_no_description_gives_nothing() {
        for text in ["", "artifactId", "artifactId=${project.artifactId}", "hello: world", "artifactId=a b"] {
            assert!(Described::of("META-INF/maven/g/a", Some(text), None).is_none(), "{text}");
        }
    }
}
