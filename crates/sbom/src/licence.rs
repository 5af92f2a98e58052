//! Licence statements as SPDX expressions, where they are any.
//!
//! A statement comes as its package system writes it: SPDX (npm, Cargo, Alpine, newer rpm), Debian's short names,
//! Fedora's older ones, free text (Python, Maven). Operands that are known become identifiers of the SPDX list,
//! others a `LicenseRef-`. It reads no licence texts and never guesses from words inside a name.
//!
//! <https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/>,
//! <https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/#license-specification>

use std::collections::HashMap;

use seawall_model::PackageKind;
use spdx::{Expression, ParseMode};

use crate::identity::short_hash;
use crate::naming::idstring;

/// Bytes of a statement that is still read as an expression: longer ones are texts of licences.
const MAX_STATEMENT_BYTES: usize = 1000;

/// What a statement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Licence {
    /// One licence of the SPDX list.
    Id(String),
    /// A valid expression, and what its `LicenseRef-` parts stand for.
    Expression { text: String, references: Vec<Reference> },
    /// Anything else.
    Name(String),
}

/// A licence that is not in the SPDX list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// `LicenseRef-…`.
    pub id: String,
    /// As the source names it.
    pub text: String,
}

impl Reference {
    /// The reference of a name: the same name has the same one everywhere, different names different ones.
    pub fn of(name: &str) -> Self {
        let plain = name.strip_prefix("LicenseRef-").unwrap_or(name);
        let readable = idstring(plain, 60);
        let id = if readable == plain && !plain.is_empty() {
            format!("LicenseRef-{plain}")
        } else {
            format!("LicenseRef-{readable}-{}", short_hash(name))
        };
        Self { id, text: name.to_owned() }
    }
}

impl Licence {
    /// Reads a statement; `None` where it says nothing.
    pub fn read(kind: PackageKind, statement: &str) -> Option<Self> {
        let text = statement.trim();
        if text.is_empty() || matches!(text, "NOASSERTION" | "NONE") {
            return None;
        }
        if text.len() > MAX_STATEMENT_BYTES || text.contains('\n') {
            return Some(Self::Name(text.to_owned()));
        }
        if let Some(id) = known(text) {
            return Some(Self::Id(id));
        }
        Some(compound(kind, text).unwrap_or_else(|| Self::Name(text.to_owned())))
    }

    /// As an expression, whatever it is, and what its references stand for.
    pub fn expression(&self) -> (String, Vec<Reference>) {
        match self {
            Self::Id(id) => (id.clone(), Vec::new()),
            Self::Expression { text, references } => (text.clone(), references.clone()),
            Self::Name(name) => {
                let reference = Reference::of(name);
                (reference.id.clone(), vec![reference])
            }
        }
    }

    /// The words of the document.
    pub fn text(&self) -> &str {
        match self {
            Self::Id(text) | Self::Expression { text, .. } | Self::Name(text) => text,
        }
    }
}

/// Several statements of one package, which hold together.
pub fn joined(licences: &[Licence]) -> Option<(String, Vec<Reference>)> {
    let [first, others @ ..] = licences else { return None };
    if others.is_empty() {
        return Some(first.expression());
    }
    let mut parts: Vec<String> = Vec::new();
    let mut references = Vec::new();
    for licence in licences {
        let (text, more) = licence.expression();
        parts.push(if text.contains(" OR ") { format!("({text})") } else { text });
        references.extend(more);
    }
    Some((parts.join(" AND "), references))
}

/// Statements read once: the same ones come back by the thousand.
#[derive(Default)]
pub(crate) struct Reader<'a> {
    read: HashMap<(PackageKind, &'a str), Option<Licence>>,
}

impl<'a> Reader<'a> {
    /// The licences of a package, each once, and the statements that are written otherwise than declared.
    pub(crate) fn of(&mut self, kind: PackageKind, statements: &'a [String]) -> (Vec<Licence>, Vec<&'a str>) {
        let mut licences: Vec<Licence> = Vec::new();
        let mut declared = Vec::new();
        for statement in statements {
            let known = self.read.entry((kind, statement)).or_insert_with(|| Licence::read(kind, statement));
            let Some(licence) = known else { continue };
            if licence.text() != statement && !declared.contains(&statement.as_str()) {
                declared.push(statement.as_str());
            }
            if !licences.contains(licence) {
                licences.push(licence.clone());
            }
        }
        (licences, declared)
    }
}

/// An expression of known licences. `None` where the text is no expression after all.
fn compound(kind: PackageKind, text: &str) -> Option<Licence> {
    let text = with_plain_operators(kind, text)?;
    let tokens = tokens(&text);
    let mut out: Vec<String> = Vec::new();
    let mut references: Vec<Reference> = Vec::new();
    let mut has_known = false;
    for token in &tokens {
        match token {
            Token::Operator(word) => out.push((*word).to_owned()),
            Token::Operand(operand) => match known_with_exception(operand) {
                Some(known) => {
                    has_known = true;
                    out.push(known);
                }
                None if may_be_unknown(kind, operand) => {
                    let reference = Reference::of(operand);
                    out.push(reference.id.clone());
                    references.push(reference);
                }
                None => return None,
            },
        }
    }
    if !has_known && !text.starts_with("LicenseRef-") {
        return None;
    }
    let text = out.join(" ").replace("( ", "(").replace(" )", ")");
    let mode = ParseMode { allow_deprecated: true, ..ParseMode::STRICT };
    Expression::parse_mode(&text, mode).ok()?;
    references.sort();
    references.dedup();
    Some(Licence::Expression { text, references })
}

/// Brings what package systems write between licences into `and` and `or`.
fn with_plain_operators(kind: PackageKind, text: &str) -> Option<String> {
    let text = text.replace('|', " or ").replace('&', " and ").replace(" / ", " or ");
    if text.contains(',') {
        return without_commas(&text);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let joins = |word: &&str| matches!(word.to_ascii_lowercase().as_str(), "and" | "or" | "with");
    // Older packages of Alpine name several licences with nothing between them.
    if kind == PackageKind::Apk
        && words.len() > 1
        && !words.iter().any(joins)
        && words.iter().all(|word| known(word).is_some())
    {
        return Some(words.join(" and "));
    }
    Some(text)
}

/// Debian's comma binds weaker than its `or`: `GPL-2+ or Artistic, and BSD-3-clause`.
fn without_commas(text: &str) -> Option<String> {
    if text.contains(['(', ')']) {
        return None;
    }
    let grouped = |part: &str| if part.contains(' ') { format!("({part})") } else { part.to_owned() };
    let mut out = String::new();
    let mut last = "";
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (operator, part) = match part.split_once(' ') {
            Some((word, rest)) if word.eq_ignore_ascii_case("and") => ("and", rest.trim()),
            Some((word, rest)) if word.eq_ignore_ascii_case("or") => ("or", rest.trim()),
            _ => ("and", part),
        };
        if out.is_empty() {
            out = grouped(part);
            continue;
        }
        let before = if last.is_empty() || last == operator { out } else { format!("({out})") };
        out = format!("{before} {operator} {}", grouped(part));
        last = operator;
    }
    Some(out)
}

/// Where the grammar is known to be one of licences, a word may be a licence that nobody has listed.
/// Elsewhere an `and` may be part of a name.
fn may_be_unknown(kind: PackageKind, operand: &str) -> bool {
    kind.is_distribution() || operand.starts_with("LicenseRef-") || !operand.contains(' ')
}

enum Token<'a> {
    Operator(&'static str),
    Operand(&'a str),
}

/// Splits at parentheses and at the words that join licences.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut operand: Option<(usize, usize)> = None;
    for (start, end) in words(text) {
        let operator = match &text[start..end] {
            "(" => "(",
            ")" => ")",
            word if word.eq_ignore_ascii_case("and") => "AND",
            word if word.eq_ignore_ascii_case("or") => "OR",
            _ => {
                operand = Some((operand.map_or(start, |(first, _)| first), end));
                continue;
            }
        };
        tokens.extend(operand.take().map(|(start, end)| Token::Operand(&text[start..end])));
        tokens.push(Token::Operator(operator));
    }
    tokens.extend(operand.map(|(start, end)| Token::Operand(&text[start..end])));
    tokens
}

/// Where words begin and end; a parenthesis is a word.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, character) in text.char_indices() {
        let splits = character.is_whitespace() || matches!(character, '(' | ')');
        if splits {
            words.extend(start.take().map(|start| (start, at)));
        } else {
            start = start.or(Some(at));
        }
        if matches!(character, '(' | ')') {
            words.push((at, at + 1));
        }
    }
    words.extend(start.map(|start| (start, text.len())));
    words
}

/// `GPL-2.0-only WITH Classpath-exception-2.0`, or a licence alone.
fn known_with_exception(operand: &str) -> Option<String> {
    let lower = operand.to_ascii_lowercase();
    let Some(at) = lower.find(" with ") else { return known(operand) };
    let licence = known(operand[..at].trim())?;
    let wanted = lower[at + 6..].trim();
    let name = match wanted {
        "classpath exception" | "classpath" => "Classpath-exception-2.0",
        "autoconf exception" => "Autoconf-exception-generic",
        "bison exception" => "Bison-exception-2.2",
        "font exception" => "Font-exception-2.0",
        "gcc exception" | "gcc exceptions" => "GCC-exception-2.0",
        "libtool exception" => "Libtool-exception",
        other => {
            spdx::identifiers::EXCEPTIONS
                .iter()
                .find(|exception| exception.name.eq_ignore_ascii_case(other))?
                .name
        }
    };
    Some(format!("{licence} WITH {name}"))
}

/// The SPDX identifier of one licence, by whatever name it is known.
fn known(text: &str) -> Option<String> {
    if let Some(gnu) = gnu(text) {
        return Some(gnu);
    }
    if let Some(id) = spdx::license_id(text) {
        return Some(id.name.to_owned());
    }
    // `Apache-2.0+` is an expression with a meaning; `BSD+` is nothing.
    if let Some(id) = text.strip_suffix('+').and_then(spdx::license_id) {
        return Some(format!("{}+", id.name));
    }
    let lower = text.to_ascii_lowercase();
    if let Ok(at) = ALIASES.binary_search_by(|(alias, _)| (*alias).cmp(lower.as_str())) {
        return Some(ALIASES[at].1.to_owned());
    }
    let same = spdx::identifiers::LICENSES.iter().find(|licence| licence.name.eq_ignore_ascii_case(text));
    same.map(|licence| licence.name.to_owned())
}

/// The GNU licences, which everyone writes otherwise: `GPL-2+`, `GPLv2+`, `LGPL-2.1-or-later`, `AGPL-3.0`.
fn gnu(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let (family, rest) = [("agpl", "AGPL"), ("lgpl", "LGPL"), ("gpl", "GPL"), ("gfdl", "GFDL")]
        .into_iter()
        .find_map(|(word, family)| Some((family, lower.strip_prefix(word)?)))?;
    let rest = rest.trim_start_matches(['-', ' ']).trim_start_matches('v');
    let digits =
        rest.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(rest.len());
    let (number, suffix) = rest.split_at(digits);
    let later = match suffix.trim() {
        "" | "-only" | " only" => false,
        "+" | "-or-later" | " or later" => true,
        _ => return None,
    };
    let number = match number.trim_end_matches(".0") {
        "1" => "1.0",
        "2" => "2.0",
        "3" => "3.0",
        "1.1" => "1.1",
        "1.2" => "1.2",
        "1.3" => "1.3",
        "2.1" => "2.1",
        _ => return None,
    };
    // The documentation licence counts 1.1, 1.2 and 1.3.
    let id = format!("{family}-{number}-{}", if later { "or-later" } else { "only" });
    spdx::license_id(&id).map(|id| id.name.to_owned())
}

/// Other names of listed licences, in lower case, sorted. Only what means one licence: a bare `BSD` or `GPL`
/// does not say which one.
const ALIASES: &[(&str, &str)] = &[
    ("apache 2", "Apache-2.0"),
    ("apache 2.0", "Apache-2.0"),
    ("apache license 2.0", "Apache-2.0"),
    ("apache license version 2.0", "Apache-2.0"),
    ("apache license, version 2.0", "Apache-2.0"),
    ("apache software license 2.0", "Apache-2.0"),
    ("apache software license, version 2.0", "Apache-2.0"),
    ("apache-2", "Apache-2.0"),
    ("apache2", "Apache-2.0"),
    ("artistic-2", "Artistic-2.0"),
    ("artistic2", "Artistic-2.0"),
    ("asl 1.1", "Apache-1.1"),
    ("asl 2.0", "Apache-2.0"),
    ("asl-2.0", "Apache-2.0"),
    ("boost", "BSL-1.0"),
    ("boost software license 1.0", "BSL-1.0"),
    ("bsd 2-clause", "BSD-2-Clause"),
    ("bsd 2-clause license", "BSD-2-Clause"),
    ("bsd 3-clause", "BSD-3-Clause"),
    ("bsd 3-clause license", "BSD-3-Clause"),
    ("bsd with advertising", "BSD-4-Clause"),
    ("bsd-2-clauses", "BSD-2-Clause"),
    ("bsd-3", "BSD-3-Clause"),
    ("bsd-3-clauses", "BSD-3-Clause"),
    ("bsd2", "BSD-2-Clause"),
    ("bsd3", "BSD-3-Clause"),
    ("cc0", "CC0-1.0"),
    ("cc0 1.0", "CC0-1.0"),
    ("eclipse public license - v 1.0", "EPL-1.0"),
    ("eclipse public license - v 2.0", "EPL-2.0"),
    ("eclipse public license 1.0", "EPL-1.0"),
    ("eclipse public license 2.0", "EPL-2.0"),
    ("eclipse public license v. 2.0", "EPL-2.0"),
    ("eclipse public license v2.0", "EPL-2.0"),
    ("epl 1.0", "EPL-1.0"),
    ("epl 2.0", "EPL-2.0"),
    ("expat", "MIT"),
    ("gnu general public license v2 (gplv2)", "GPL-2.0-only"),
    ("gnu general public license v2 or later (gplv2+)", "GPL-2.0-or-later"),
    ("gnu general public license v3 (gplv3)", "GPL-3.0-only"),
    ("gnu general public license v3 or later (gplv3+)", "GPL-3.0-or-later"),
    ("gnu lesser general public license v2 or later (lgplv2+)", "LGPL-2.0-or-later"),
    ("gnu lesser general public license v3 or later (lgplv3+)", "LGPL-3.0-or-later"),
    ("isc license", "ISC"),
    ("isc license (iscl)", "ISC"),
    ("mit licence", "MIT"),
    ("mit license", "MIT"),
    ("mozilla public license 1.1 (mpl 1.1)", "MPL-1.1"),
    ("mozilla public license 2.0", "MPL-2.0"),
    ("mozilla public license 2.0 (mpl 2.0)", "MPL-2.0"),
    ("mpl-2", "MPL-2.0"),
    ("mplv1.1", "MPL-1.1"),
    ("mplv2.0", "MPL-2.0"),
    ("new bsd license", "BSD-3-Clause"),
    ("openssl license", "OpenSSL"),
    ("psf", "PSF-2.0"),
    ("psf-2", "PSF-2.0"),
    ("psfl", "PSF-2.0"),
    ("python software foundation license", "PSF-2.0"),
    ("simplified bsd license", "BSD-2-Clause"),
    ("the apache license, version 2.0", "Apache-2.0"),
    ("the apache software license, version 2.0", "Apache-2.0"),
    ("the mit license", "MIT"),
    ("the mit license (mit)", "MIT"),
    ("the unlicense (unlicense)", "Unlicense"),
    ("vim license", "Vim"),
    ("zlib/libpng license", "Zlib"),
    ("zope public license", "ZPL-2.1"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: PackageKind, statement: &str) -> String {
        match Licence::read(kind, statement) {
            None => "nothing".to_owned(),
            Some(Licence::Id(id)) => format!("id {id}"),
            Some(Licence::Expression { text, .. }) => format!("expression {text}"),
            Some(Licence::Name(name)) => format!("name {name}"),
        }
    }

    #[test]
    fn each_package_system_writes_licences_in_its_own_way() {
        use PackageKind::{Alpm, Apk, Cran, Deb, Maven, Npm, Pypi, Rpm};
        for (kind, statement, expected) in [
            (Npm, "MIT", "id MIT"),
            (Npm, "(MIT OR Apache-2.0)", "expression (MIT OR Apache-2.0)"),
            (Npm, "SEE LICENSE IN licence.md", "name SEE LICENSE IN licence.md"),
            (Apk, "GPL-2.0-or-later AND MIT", "expression GPL-2.0-or-later AND MIT"),
            (Apk, "GPL2+ BSD-3-Clause", "expression GPL-2.0-or-later AND BSD-3-Clause"),
            (Apk, "custom", "name custom"),
            (Deb, "Expat", "id MIT"),
            (Deb, "GPL-2+", "id GPL-2.0-or-later"),
            (Deb, "LGPL-2.1", "id LGPL-2.1-only"),
            (
                Deb,
                "GPL-2+ or Artistic-1, and Expat",
                "expression (GPL-2.0-or-later OR LicenseRef-Artistic-1) AND MIT",
            ),
            (
                Deb,
                "GPL-2+ with Autoconf exception",
                "expression GPL-2.0-or-later WITH Autoconf-exception-generic",
            ),
            (Deb, "GPL-2+ with own exception", "name GPL-2+ with own exception"),
            (Deb, "public-domain", "name public-domain"),
            (
                Rpm,
                "GPLv2+ and LGPLv2+ and (MIT or ASL 2.0)",
                "expression GPL-2.0-or-later AND LGPL-2.0-or-later AND (MIT OR Apache-2.0)",
            ),
            (Rpm, "GPLv3+ and Public Domain", "expression GPL-3.0-or-later AND LicenseRef-Public-Domain-"),
            (Alpm, "GPL3", "id GPL-3.0-only"),
            (Pypi, "Apache License, Version 2.0", "id Apache-2.0"),
            (Pypi, "BSD", "name BSD"),
            (Pypi, "apache-2.0", "id Apache-2.0"),
            (Maven, "The Apache Software License, Version 2.0", "id Apache-2.0"),
            (Maven, "Do what you want and be happy", "name Do what you want and be happy"),
            (Cran, "MIT + file LICENSE", "name MIT + file LICENSE"),
            (Npm, "LicenseRef-own", "expression LicenseRef-own"),
            (Npm, "MIT AND", "name MIT AND"),
            (Npm, "((MIT)", "name ((MIT)"),
            (Npm, "", "nothing"),
            (Npm, "NOASSERTION", "nothing"),
            (Npm, "\u{1b}[2J", "name \u{1b}[2J"),
        ] {
            let read = read(kind, statement);
            assert!(read.starts_with(expected) && read.len() <= expected.len() + 8, "{statement}: {read}");
        }
    }

    #[test]
    fn several_statements_hold_together() {
        let licences: Vec<Licence> = ["MIT OR Zlib", "Foo_1", "ISC"]
            .iter()
            .filter_map(|text| Licence::read(PackageKind::Npm, text))
            .collect();
        let (text, references) = joined(&licences).unwrap();
        assert_eq!(text, format!("(MIT OR Zlib) AND {} AND ISC", references[0].id));
        assert_eq!(references[0].text, "Foo_1");
        let mode = ParseMode::STRICT;
        assert!(Expression::parse_mode(&text, mode).is_ok(), "{text}");
    }

    #[test]
    fn different_names_have_different_references() {
        assert_eq!(Reference::of("A-B").id, "LicenseRef-A-B");
        assert_ne!(Reference::of("A_B").id, Reference::of("A+B").id);
        assert_ne!(Reference::of("").id, "LicenseRef-");
    }

    #[test]
    fn the_table_is_sorted_and_leads_to_listed_licences() {
        assert!(ALIASES.is_sorted());
        for (alias, id) in ALIASES {
            assert!(spdx::license_id(id).is_some(), "{alias}");
        }
    }
}
