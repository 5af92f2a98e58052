//! Terms of Erlang and Elixir, as far as lockfiles need them: tuples that begin with an atom and two texts.
//!
//! This is no parser of either language: it sees words, texts and brackets, and evaluates nothing.
//! <https://www.erlang.org/doc/system/data_types.html>

/// A piece of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    /// `{`
    Tuple,
    /// An atom, `:hex` or `pkg`, or a text, `"1.0"` or `<<"1.0">>`; without its marks.
    Word(&'a str),
    /// A bracket or anything else that ends what a tuple begins with.
    Other,
}

/// The first three elements of each tuple that begins with words: `{:hex, :plug, "1.0", …}`. Missing ones are
/// empty.
///
/// `comment` begins a comment: `#` in Elixir, `%` in Erlang.
pub(crate) fn tuples(text: &str, comment: char) -> impl Iterator<Item = [&str; 3]> {
    let mut tokens = Tokens { rest: text, comment }.peekable();
    std::iter::from_fn(move || {
        loop {
            if tokens.next()? != Token::Tuple {
                continue;
            }
            let mut words = [""; 3];
            for word in &mut words {
                let Some(Token::Word(next)) = tokens.next_if(|token| matches!(token, Token::Word(_))) else {
                    break;
                };
                *word = next;
            }
            if !words[0].is_empty() {
                return Some(words);
            }
        }
    })
}

struct Tokens<'a> {
    rest: &'a str,
    comment: char,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let first = self.rest.chars().next()?;
            let after = &self.rest[first.len_utf8()..];
            match first {
                // `%{` begins a map of Elixir, where `%` is no comment.
                _ if first == self.comment => self.rest = after.split_once('\n').map_or("", |(_, rest)| rest),
                '"' | '\'' => return Some(self.quoted(after, first)),
                '{' => {
                    self.rest = after;
                    return Some(Token::Tuple);
                }
                '[' | ']' | '}' | '(' | ')' => {
                    self.rest = after;
                    return Some(Token::Other);
                }
                _ if is_word(first) => {
                    let end = self.rest.find(|next| !is_word(next)).unwrap_or(self.rest.len());
                    let (word, rest) = self.rest.split_at(end);
                    self.rest = rest;
                    return Some(Token::Word(word));
                }
                // Commas, colons, the angles of binaries, white space.
                _ => self.rest = after,
            }
        }
    }
}

impl<'a> Tokens<'a> {
    /// A text up to its closing quote; escapes stay as they are written, for names and versions have none.
    fn quoted(&mut self, after: &'a str, quote: char) -> Token<'a> {
        let mut is_escaped = false;
        let end = after.find(|next| {
            let ends = next == quote && !is_escaped;
            is_escaped = next == '\\' && !is_escaped;
            ends
        });
        let (text, rest) = match end {
            Some(end) => (&after[..end], &after[end + quote.len_utf8()..]),
            None => (after, ""),
        };
        self.rest = rest;
        Token::Word(text)
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '@' | '.' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuples_begin_with_words() {
        for (text, comment, expected) in [
            (r#"%{"a": {:hex, :plug, "1.0", [:mix], [{:x, "~> 1", []}]}}"#, '#', "a//|hex/plug/1.0|x/~> 1/"),
            (r#"[{<<"a">>,{pkg,<<"cow">>,<<"2.1">>},0}]. %{no,<<"b">>}"#, '%', "a//|pkg/cow/2.1"),
            (r#"{application, 'my_app', [{vsn,"1 \" 2"}]}."#, '%', r#"application/my_app/|vsn/1 \" 2/"#),
            ("# {:hex, :a, \"1\"}\n", '#', ""),
            ("{\"open", '#', "open//"),
            ("{{{{", '#', ""),
        ] {
            let seen: Vec<String> = tuples(text, comment).map(|words| words.join("/")).collect();
            assert_eq!(seen.join("|"), expected, "{text}");
        }
    }
}
