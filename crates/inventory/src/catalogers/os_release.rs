//! Which distribution an image holds: `os-release`.
//!
//! <https://www.freedesktop.org/software/systemd/man/latest/os-release.html>

use seawall_model::{Distro, FilePath, ProblemKind};

use crate::cataloger::{Cataloger, Found, SourceFile, Target, Trigger};

pub(super) struct OsRelease;

/// The first of these that exists counts, as the specification says; assembly decides.
const PATHS: &[&str] = &["etc/os-release", "usr/lib/os-release"];

impl Cataloger for OsRelease {
    fn name(&self) -> &'static str {
        "linux/os-release"
    }

    fn target(&self) -> Target {
        Target::Installed
    }

    fn triggers(&self) -> &'static [Trigger] {
        &[Trigger::Name("os-release")]
    }

    fn wants(&self, path: FilePath<'_>) -> bool {
        PATHS.iter().any(|wanted| path.as_bytes() == wanted.as_bytes())
    }

    fn fixed_paths(&self) -> &'static [&'static str] {
        PATHS
    }

    fn catalog(&self, file: &SourceFile<'_>, found: &mut Found<'_>) {
        let bytes = match file.bytes() {
            Ok(bytes) => bytes,
            Err(error) => return found.read_problem(&error),
        };
        let mut distro = Distro::default();
        for (key, value) in assignments(&String::from_utf8_lossy(&bytes)) {
            assign(&mut distro, key, value);
        }
        if distro.id.is_empty() {
            return found.problem(ProblemKind::Malformed, "there is no ID in it");
        }
        name_alpine_stream(&mut distro);
        found.distro(distro);
    }
}

/// The assignments of a file that a shell could read, such as `os-release` and `lsb-release`.
pub(super) fn assignments(text: &str) -> impl Iterator<Item = (&str, String)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('=')).map(|(key, value)| (key, unquote(value)))
}

/// Alpine's development stream has the version of the release to come, with `_alpha` and a date. It has
/// packages and advisories of its own, so it gets the code name `edge`.
pub(super) fn name_alpine_stream(distro: &mut Distro) {
    let is_alpha = distro.version_id.as_deref().is_some_and(|version| version.contains("_alpha"));
    if distro.id == "alpine" && distro.codename.is_none() && is_alpha {
        distro.codename = Some("edge".to_owned());
    }
}

fn assign(distro: &mut Distro, key: &str, value: String) {
    let present = Some(value.clone()).filter(|value| !value.is_empty());
    match key {
        "ID" => distro.id = value.to_ascii_lowercase(),
        "VERSION_ID" => distro.version_id = present,
        "VERSION_CODENAME" => distro.codename = present,
        "ID_LIKE" => distro.id_like = value.split_whitespace().map(str::to_owned).collect(),
        "PRETTY_NAME" => distro.pretty_name = present,
        "VARIANT_ID" => distro.variant_id = present,
        "CPE_NAME" => distro.cpe_name = present,
        _ => {}
    }
}

/// Takes the quotes of a shell assignment off, and the backslashes inside double quotes.
fn unquote(value: &str) -> String {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return if quote == '"' { unescape(inner) } else { inner.to_owned() };
        }
    }
    value.to_owned()
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.extend(characters.next()),
            _ => out.push(character),
        }
    }
    out
}
