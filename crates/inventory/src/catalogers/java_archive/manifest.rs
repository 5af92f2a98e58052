//! The main section of `META-INF/MANIFEST.MF`.
//!
//! <https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html#jar-manifest>

use std::collections::BTreeMap;

/// Attributes by name in lower case. Those of single entries, after the first empty line, are left aside.
#[derive(Debug, Default)]
pub(super) struct Manifest(BTreeMap<String, String>);

impl Manifest {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut attributes: BTreeMap<String, String> = BTreeMap::new();
        let mut current: Option<String> = None;
        for line in text.lines() {
            if line.is_empty() {
                break;
            }
            // A line that begins with a space goes on where the last one ended, for lines end at 72 bytes.
            if let Some(rest) = line.strip_prefix(' ') {
                if let Some(value) = current.as_ref().and_then(|name| attributes.get_mut(name)) {
                    value.push_str(rest);
                }
                continue;
            }
            let Some((name, value)) = line.split_once(':') else { continue };
            let name = name.trim().to_ascii_lowercase();
            attributes.insert(name.clone(), value.trim_start().to_owned());
            current = Some(name);
        }
        Self(attributes)
    }

    /// The value without surrounding space; `None` where it is missing or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(&name.to_ascii_lowercase())?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// `Bundle-SymbolicName` without its directives.
    pub(super) fn symbolic_name(&self) -> Option<&str> {
        let name = self.get("Bundle-SymbolicName")?.split(';').next()?.trim();
        (!name.is_empty()).then_some(name)
    }

    /// `Bundle-License`: a list of names or addresses, each perhaps with directives.
    pub(super) fn licences(&self) -> Vec<String> {
        let list = self.get("Bundle-License").unwrap_or_default();
        let mut is_quoted = false;
        // Commas inside of quotes separate nothing.
        let clauses = list.split(|character: char| {
            is_quoted ^= character == '"';
            character == ',' && !is_quoted
        });
        clauses
            .map(|clause| clause.split(';').next().unwrap_or_default().trim().trim_matches('"').trim())
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_go_on_in_the_next_line() {
        let manifest = Manifest::parse(b"A: one\r\n  two\r\nb-C: x\r\n\r\nName: other\r\nA: no\r\n");
        assert_eq!(manifest.get("a"), Some("one two"));
        assert_eq!(manifest.get("B-c"), Some("x"));
        assert_eq!(manifest.get("Name"), None);
    }

    #[test]
    fn directives_are_no_part_of_names() {
        let manifest = Manifest::parse(
            b"Bundle-SymbolicName: org.x;singleton:=true\n\
              Bundle-License: \"Apache-2.0\";link=\"https://x, y\", https://example.org/licence\n",
        );
        assert_eq!(manifest.symbolic_name(), Some("org.x"));
        assert_eq!(manifest.licences(), ["Apache-2.0", "https://example.org/licence"]);
    }
}
