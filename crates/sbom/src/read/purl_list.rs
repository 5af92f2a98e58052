//! A list of package URLs, one a line; `#` begins a comment at the start of a line or behind a space.

use seawall_model::{Limits, Problem, ProblemKind, SubjectKind};

use super::document::{Component, Document};
use super::{ReadError, make, recognise};
use crate::Bill;

/// Reads a list. A line that is no package URL becomes a problem.
///
/// # Errors
/// The list is larger than the limits allow.
pub fn read_purls(bytes: &[u8], name: &str, limits: &Limits) -> Result<Bill, ReadError> {
    if bytes.len() as u64 > limits.max_text_bytes {
        let limit = usize::try_from(limits.max_text_bytes).unwrap_or(usize::MAX);
        return Err(ReadError::TooLarge { what: "bytes", limit });
    }
    let text = recognise::decoded(bytes);
    let mut document = Document { standard: "a list of package URLs".to_owned(), ..Document::default() };
    let mut wrong = Wrong::default();
    for (number, line) in (1..).zip(text.lines()) {
        let line = without_comment(line).trim();
        if line.is_empty() {
            continue;
        }
        if let Err(error) = line.parse::<seawall_model::Purl>() {
            wrong.add(format!("line {number}: {error}"));
        } else if document.components.len() >= limits.max_packages_per_file {
            document.left_out += 1;
        } else {
            document.components.push(Component { purl: Some(line.to_owned()), ..Component::default() });
        }
    }
    let mut bill = make::bill(document, name);
    bill.kind = SubjectKind::PurlList;
    bill.problems.extend(wrong.into_problems());
    bill.problems.sort();
    Ok(bill)
}

/// A package URL may hold a number sign before its subpath, where no space stands before it.
fn without_comment(line: &str) -> &str {
    let begins = |at: &usize| *at == 0 || line[..*at].ends_with([' ', '\t']);
    let at = line.match_indices('#').map(|(at, _)| at).find(begins);
    at.map_or(line, |at| &line[..at])
}

/// Lines that are no package URLs: each is named up to a number, then only counted.
#[derive(Default)]
struct Wrong {
    named: Vec<String>,
    others: usize,
}

const MAX_NAMED: usize = 100;

impl Wrong {
    fn add(&mut self, message: String) {
        if self.named.len() < MAX_NAMED {
            self.named.push(message);
        } else {
            self.others += 1;
        }
    }

    fn into_problems(self) -> impl Iterator<Item = Problem> {
        let others = (self.others > 0).then(|| format!("{} more lines are no package URLs", self.others));
        self.named.into_iter().chain(others).map(|message| Problem::general(ProblemKind::Malformed, message))
    }
}
