//! Names and requirements of Python packages, as all files about them write them.
//!
//! Packages carry the normalised name: the same project stands as `PyYAML` in its metadata, as `pyyaml` in a
//! lockfile, and is one package.
//! <https://packaging.python.org/en/latest/specifications/name-normalization/>
//! <https://packaging.python.org/en/latest/specifications/dependency-specifiers/>

/// Lower case, with one dash for each run of dashes, dots and underscores.
pub(crate) fn normalised(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            _ => normal.extend(letter.to_lowercase()),
        }
    }
    normal
}

/// What a requirement asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Requirement<'a> {
    /// Exactly this version: `name==1.2.3`, `name===1.2.3`.
    Pinned { name: String, version: &'a str },
    /// Some version, an address or a folder.
    Open,
}

impl<'a> Requirement<'a> {
    /// Reads a requirement without options and comments: `name[extra] == 1.2.3 ; python_version < "3"`.
    pub(crate) fn parse(text: &'a str) -> Self {
        let text = text.split(';').next().unwrap_or_default().trim();
        let end = text.find(|letter| !is_name_letter(letter)).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let rest = rest.trim_start();
        let rest = match rest.strip_prefix('[') {
            Some(extras) => extras.split_once(']').map_or("", |(_, rest)| rest),
            None => rest,
        };
        let rest = rest.trim().trim_start_matches('(').trim_end_matches(')');
        match rest.split(',').find_map(pin) {
            Some(version) if is_name(name) => Self::Pinned { name: normalised(name), version },
            _ => Self::Open,
        }
    }
}

/// The version of a clause such as `== 1.2.3`; `== 1.2.*` allows many.
fn pin(clause: &str) -> Option<&str> {
    let version = clause.trim().strip_prefix("==")?;
    let version = version.strip_prefix('=').unwrap_or(version).trim();
    is_version(version).then_some(version)
}

/// Letters, digits, dots, and the marks of epochs, local versions and old spellings.
pub(crate) fn is_version(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-+_!".contains(letter))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
}

fn is_name_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-_.".contains(letter)
}

/// Names that projects give to groups of packages that only their developers need. Other names may stand for
/// optional parts of the program, so those count as needed at run time.
pub(crate) fn is_development_group(name: &str) -> bool {
    let name = normalised(name);
    matches!(
        name.as_str(),
        "dev"
            | "develop"
            | "development"
            | "doc"
            | "docs"
            | "documentation"
            | "format"
            | "lint"
            | "linting"
            | "mypy"
            | "test"
            | "testing"
            | "tests"
            | "type-check"
            | "types"
            | "typing"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalised() {
        for (name, expected) in
            [("PyYAML", "pyyaml"), ("zope.interface", "zope-interface"), ("A_-_b..C", "a-b-c"), ("", "")]
        {
            assert_eq!(normalised(name), expected);
        }
    }

    #[test]
    fn only_one_exact_version_is_a_pin() {
        for (text, expected) in [
            ("Flask==2.0.1", "flask 2.0.1"),
            ("flask == 2.0.1", "flask 2.0.1"),
            ("flask===2.0.1", "flask 2.0.1"),
            ("flask[async, dotenv]==2.0.1; python_version < '3.9'", "flask 2.0.1"),
            ("torch==2.1.0+cpu", "torch 2.1.0+cpu"),
            ("flask (==2.0.1)", "flask 2.0.1"),
            ("flask>=1,==2.0.1", "flask 2.0.1"),
            ("flask==2.*", "-"),
            ("flask>=2", "-"),
            ("flask", "-"),
            ("flask @ https://example.com/flask-2.0.1.zip", "-"),
            ("./local==1", "-"),
            ("==1", "-"),
            ("flask[async", "-"),
            ("flask==%s", "-"),
            ("", "-"),
        ] {
            let read = match Requirement::parse(text) {
                Requirement::Pinned { name, version } => format!("{name} {version}"),
                Requirement::Open => "-".to_owned(),
            };
            assert_eq!(read, expected, "{text}");
        }
    }
}
