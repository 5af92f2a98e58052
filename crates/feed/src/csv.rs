//! Comma-separated values as RFC 4180 has them: quotes around fields, doubled inside, line ends within them.
//!
//! It is as lenient as spreadsheets are: a quote within a field that does not begin with one is itself.
//! <https://www.rfc-editor.org/rfc/rfc4180>

/// The rows of a text. Empty lines are none; a quote that is not closed ends with the text.
pub(crate) fn rows(text: &str) -> Rows<'_> {
    Rows { rest: text.strip_prefix('\u{feff}').unwrap_or(text) }
}

/// See [`rows`].
pub(crate) struct Rows<'a> {
    rest: &'a str,
}

impl Iterator for Rows<'_> {
    type Item = Vec<String>;

    fn next(&mut self) -> Option<Vec<String>> {
        self.rest = self.rest.trim_start_matches(['\r', '\n']);
        if self.rest.is_empty() {
            return None;
        }
        let mut row = Vec::new();
        loop {
            let field = if self.rest.starts_with('"') { self.quoted() } else { self.plain() };
            row.push(field);
            match self.rest.strip_prefix(',') {
                Some(rest) => self.rest = rest,
                None => return Some(row),
            }
        }
    }
}

impl Rows<'_> {
    /// Up to a comma or the end of the line.
    fn plain(&mut self) -> String {
        let end = self.rest.find([',', '\r', '\n']).unwrap_or(self.rest.len());
        let (field, rest) = self.rest.split_at(end);
        self.rest = rest;
        field.to_owned()
    }

    /// From a quote to the one that closes it, and what may follow before the comma.
    fn quoted(&mut self) -> String {
        let mut field = String::new();
        let mut rest = self.rest.strip_prefix('"').unwrap_or(self.rest);
        loop {
            let Some((text, after)) = rest.split_once('"') else {
                field.push_str(rest);
                self.rest = "";
                return field;
            };
            field.push_str(text);
            let Some(after) = after.strip_prefix('"') else {
                self.rest = after;
                field.push_str(&self.plain());
                return field;
            };
            field.push('"');
            rest = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_spreadsheets_write_them() {
        for (text, expected) in [
            ("", vec![]),
            ("a,b\r\nc,d\n", vec![vec!["a", "b"], vec!["c", "d"]]),
            ("\u{feff}a,\n\n\n,b", vec![vec!["a", ""], vec!["", "b"]]),
            ("\"a, \"\"b\"\"\nc\",d", vec![vec!["a, \"b\"\nc", "d"]]),
            ("\"\",x", vec![vec!["", "x"]]),
            ("\"not closed, x\ny", vec![vec!["not closed, x\ny"]]),
            ("\"a\"b,5\" disk", vec![vec!["ab", "5\" disk"]]),
        ] {
            assert_eq!(rows(text).collect::<Vec<_>>(), expected, "{text:?}");
        }
    }
}
