//! Modules in programs that Go built, the standard library and the main module among them.
//!
//! A module that was replaced counts as its replacement. Where that is a folder, nobody knows what is in it:
//! the module keeps its name, with the version `(devel)`. The main module has the version that the linker was
//! given (`-X main.version=1.2.3`) where Go itself knew none. Symbols are not read.
//! <https://pkg.go.dev/runtime/debug#BuildInfo>

use seawall_model::{PackageKind, ProblemKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};
use crate::go_build_info::{GoBuildInfo, Search, search};

pub(super) struct GoBinary;

impl Cataloger for GoBinary {
    fn name(&self) -> &'static str {
        "go/binary"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Executable]
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let Some(executable) = file.executable() else { return };
        for search in search(executable, file.content) {
            match search {
                Search::Absent => {}
                Search::Damaged => found.problem(
                    ProblemKind::Malformed,
                    "the build information of this Go program can't be read; its modules are not known",
                ),
                Search::Found(info) => list(&info, found),
            }
        }
    }
}

/// No version: built from a working directory.
const NO_VERSION: &str = "(devel)";

fn list(info: &GoBuildInfo, found: &mut Found<'_>) {
    if let Some(version) = standard_library_version(&info.go_version) {
        found.push(found.package(PackageKind::Golang, "stdlib", version));
    }
    let modules = Modules::read(&info.modules);
    if info.modules.is_empty() {
        let message = "the list of modules was taken out of this Go program; they are not known";
        found.problem(ProblemKind::Unsupported, message);
    }
    for module in &modules.dependencies {
        push(module, module.version, found);
    }
    if let Some(main) = &modules.main {
        let linked = modules.linker_flags.and_then(|flags| version_in_flags(main.path, flags));
        let is_known = !matches!(main.version, "" | NO_VERSION) && !main.version.starts_with("v0.0.0-");
        match linked {
            Some(version) if !is_known => push(main, &version, found),
            _ => push(main, main.version, found),
        }
    }
}

fn push(module: &Module<'_>, version: &str, found: &mut Found<'_>) {
    if module.path.is_empty() {
        return;
    }
    let version = if version.is_empty() { NO_VERSION } else { version };
    found.push(found.package(PackageKind::Golang, module.path, version));
}

/// `go1.22.3 X:boringcrypto` is `1.22.3`. `None` where the version was taken out.
fn standard_library_version(go_version: &str) -> Option<&str> {
    let mut words = go_version.split_whitespace();
    let version = match words.next()? {
        "devel" => words.next()?,
        "unknown" => return None,
        version => version,
    };
    Some(version.strip_prefix("go").unwrap_or(version))
}

#[derive(Default)]
struct Modules<'a> {
    main: Option<Module<'a>>,
    dependencies: Vec<Module<'a>>,
    linker_flags: Option<&'a str>,
}

struct Module<'a> {
    path: &'a str,
    version: &'a str,
}

impl<'a> Modules<'a> {
    fn read(text: &'a str) -> Self {
        let mut modules = Self::default();
        for line in text.lines() {
            let mut words = line.split('\t');
            match words.next() {
                Some("mod") => modules.main = Some(Module::read(words)),
                Some("dep") => modules.dependencies.push(Module::read(words)),
                Some("=>") => {
                    let module = modules.dependencies.last_mut().or(modules.main.as_mut());
                    if let Some(module) = module {
                        module.replace(&Module::read(words));
                    }
                }
                Some("build") => {
                    let setting = words.next().and_then(|setting| setting.split_once('='));
                    if let Some(("-ldflags", flags)) = setting {
                        modules.linker_flags = Some(flags);
                    }
                }
                _ => {}
            }
        }
        modules
    }
}

impl<'a> Module<'a> {
    fn read(mut words: impl Iterator<Item = &'a str>) -> Self {
        Self { path: words.next().unwrap_or_default(), version: words.next().unwrap_or_default() }
    }

    fn replace(&mut self, other: &Module<'a>) {
        let is_folder = other.path.starts_with(['.', '/']) || matches!(other.version, "" | NO_VERSION);
        if !is_folder {
            self.path = other.path;
        }
        self.version = if is_folder { NO_VERSION } else { other.version };
    }
}

/// The version among the flags of the linker, as `v1.2.3`.
///
/// One in a package of the module's own `cmd` counts most, then one in a package that is called for it, then
/// any. Where two of the same rank differ, none counts.
fn version_in_flags(module: &str, flags: &str) -> Option<String> {
    let mut best: Option<(u8, Option<String>)> = None;
    for (variable, value) in assignments(flags) {
        let Some(version) = variable_version(&variable, &value) else { continue };
        let rank = rank(module, &variable);
        match &mut best {
            Some((known, _)) if *known < rank => {}
            Some((known, other)) if *known == rank => {
                if other.as_ref() != Some(&version) {
                    *other = None;
                }
            }
            _ => best = Some((rank, Some(version))),
        }
    }
    best?.1
}

/// The smaller the better.
fn rank(module: &str, variable: &str) -> u8 {
    let is_command = variable.strip_prefix(module).is_some_and(|rest| rest.starts_with("/cmd/"));
    let package = variable.rsplit('/').next().and_then(|last| last.split('.').next()).unwrap_or_default();
    match package.to_ascii_lowercase().as_str() {
        _ if is_command => 0,
        "main" | "common" | "version" | "cmd" => 1,
        _ => 2,
    }
}

/// The value of a variable that is called `version` or `ver`, where it looks like a version.
fn variable_version(variable: &str, value: &str) -> Option<String> {
    let (_, name) = variable.rsplit_once('.')?;
    if !name.eq_ignore_ascii_case("version") && !name.eq_ignore_ascii_case("ver") {
        return None;
    }
    let number = value.strip_prefix('v').unwrap_or(value);
    let is_version = number.starts_with(|first: char| first.is_ascii_digit())
        && number.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-+".contains(letter))
        && number.contains('.');
    is_version.then(|| format!("v{number}"))
}

/// `variable=value` of each `-X` flag.
fn assignments(flags: &str) -> Vec<(String, String)> {
    let mut assignments = Vec::new();
    let mut words = words(flags).into_iter();
    while let Some(word) = words.next() {
        let assignment = match word.strip_prefix("-X").or_else(|| word.strip_prefix("--X")) {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        let assignment = assignment.as_deref().and_then(|text| text.split_once('='));
        if let Some((variable, value)) = assignment {
            let trim = |text: &str| text.trim_matches(['\'', '"', ' ']).to_owned();
            assignments.push((trim(variable), trim(value)));
        }
    }
    assignments
}

/// The words of a command line, quotes taken off. The setting itself may be quoted as a Go string.
fn words(flags: &str) -> Vec<String> {
    let unquoted = flags.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let flags = unquoted.map_or_else(|| flags.to_owned(), |inner| inner.replace("\\\"", "\""));
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for letter in flags.chars() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, _) if letter.is_whitespace() => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_go() {
        for (text, expected) in [
            ("go1.22.3", Some("1.22.3")),
            ("go1.21.13 (Red Hat 1.21.13-4.el9)", Some("1.21.13")),
            ("go1.19.4 X:boringcrypto", Some("1.19.4")),
            ("devel go1.24-abc1234 Tue Jan 7 2025", Some("1.24-abc1234")),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(standard_library_version(text), expected, "{text}");
        }
    }

    #[test]
    fn the_linker_is_told_the_version_of_the_main_module() {
        for (flags, expected) in [
            ("-X main.version=1.2.3", Some("v1.2.3")),
            ("-s -w -X=main.version=v1.2.3", Some("v1.2.3")),
            ("-X 'main.version=1.2.3' -X 'main.commit=abc'", Some("v1.2.3")),
            (r#""-s -X \"main.Version=1.2.3\"""#, Some("v1.2.3")),
            ("-X example.com/a/cmd/b.ver=2.0.0 -X main.version=1.0.0", Some("v2.0.0")),
            ("-X example.com/other.version=3.0.0 -X main.version=1.0.0", Some("v1.0.0")),
            ("-X main.version=1.0.0 -X example.com/a/version.version=2.0.0", None),
            ("-X main.version=1.0.0 -X example.com/a/version.version=1.0.0", Some("v1.0.0")),
            ("-X main.version=unknown", None),
            ("-X main.goversion=1.2.3", None),
            ("-X", None),
            ("-X =", None),
            ("", None),
        ] {
            assert_eq!(version_in_flags("example.com/a", flags).as_deref(), expected, "{flags}");
        }
    }

    #[test]
    fn replacements_count_and_folders_have_no_version() {
        let modules = Modules::read(
            "path\texample.com/a/cmd/b\nmod\texample.com/a\t(devel)\t\n\
             dep\texample.com/c\tv1.0.0\th1:x=\n\
             dep\texample.com/d\tv1.0.0\n=>\texample.com/fork\tv1.1.0\th1:y=\n\
             dep\texample.com/e\tv0.0.0\n=>\t./staging/e\t(devel)\t\n",
        );
        let list: Vec<_> = modules.dependencies.iter().map(|module| (module.path, module.version)).collect();
        let expected =
            [("example.com/c", "v1.0.0"), ("example.com/fork", "v1.1.0"), ("example.com/e", "(devel)")];
        assert_eq!(list, expected);
    }
}
