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
        for line in String::from_utf8_lossy(&bytes).lines() {
            let line = line.trim();
            let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
                continue;
            };
            assign(&mut distro, key, unquote(value));
        }
        if distro.id.is_empty() {
            return found.problem(ProblemKind::Malformed, "there is no ID in it");
        }
        found.distro(distro);
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
