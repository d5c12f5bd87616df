//! SQL, as far as setting parameters needs it: words, quotes, comments, statements.

use super::{escaped_sign, malformed};
use crate::flags::error::FlagsError;

/// A word of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Without its quotes.
    pub(super) text: String,
    /// What kind of word.
    pub(super) kind: Kind,
    /// Line, from 1.
    pub(super) line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, a key word, or a number, as it stands.
    Plain,
    /// In single quotes.
    String,
    /// In double quotes.
    Name,
    /// One sign.
    Sign,
}

impl Word {
    /// Whether it is this key word, in any case.
    pub(super) fn is(&self, word: &str) -> bool {
        self.kind == Kind::Plain && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is this sign.
    pub(super) fn is_sign(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }
}

/// The statements of a script, each as its words. Lines for psql (`\c`) and comments are passed over.
pub(super) fn statements(text: &str) -> Result<Vec<Vec<Word>>, FlagsError> {
    let mut statements = vec![Vec::new()];
    let mut rest = text;
    let mut line = 1;
    while let Some(sign) = rest.chars().next() {
        let length = match sign {
            ';' => {
                statements.push(Vec::new());
                1
            }
            '\\' => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => {
                comment(rest).ok_or_else(|| malformed(line, "a comment is not closed"))?
            }
            blank if blank.is_whitespace() => blank.len_utf8(),
            _ => {
                let (word, length) = word(rest, line)?;
                if let Some(statement) = statements.last_mut() {
                    statement.push(word);
                }
                length
            }
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    statements.retain(|statement| !statement.is_empty());
    Ok(statements)
}

/// The length of the comment that `text` begins with. In PostgreSQL one may stand in another.
fn comment(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0);
    while let Some(pair) = text.as_bytes().get(at..at + 2) {
        match pair {
            b"/*" => (at, depth) = (at + 2, depth + 1),
            b"*/" if depth == 1 => return Some(at + 2),
            b"*/" => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    None
}

/// The word that `text` begins with, and its length.
fn word(text: &str, line: usize) -> Result<(Word, usize), FlagsError> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$');
    let (text, kind, length) = match text.chars().next() {
        Some('e' | 'E') if text[1..].starts_with('\'') => {
            let (inner, length) = escaped(&text[1..], line)?;
            (inner, Kind::String, length + 1)
        }
        Some('$') if dollar_mark(text).is_some() => {
            let mark = dollar_mark(text).unwrap_or_default();
            let inner = &text[mark.len()..];
            let end = inner.find(mark).ok_or_else(|| malformed(line, format!("{mark} is not closed")))?;
            (inner[..end].to_owned(), Kind::String, end + 2 * mark.len())
        }
        Some(quote @ ('\'' | '"')) => {
            let (inner, length) = quoted(text, quote, line)?;
            (inner, if quote == '"' { Kind::Name } else { Kind::String }, length)
        }
        Some(sign) if is_plain(sign) => {
            let length = text.find(|c: char| !is_plain(c)).unwrap_or(text.len());
            (text[..length].to_owned(), Kind::Plain, length)
        }
        sign => {
            let length = sign.map_or(1, char::len_utf8);
            (text[..length].to_owned(), Kind::Sign, length)
        }
    };
    Ok((Word { text, kind, line }, length))
}

/// The mark that a text in dollars begins with: `$$`, `$tag$`.
fn dollar_mark(text: &str) -> Option<&str> {
    let end = 1 + text[1..].find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    let is_number = text[1..].starts_with(|c: char| c.is_ascii_digit());
    (text[end..].starts_with('$') && !is_number).then(|| &text[..=end])
}

/// What stands between single quotes behind an `E`, with C's escapes; and the length with them.
fn escaped(text: &str, line: usize) -> Result<(String, usize), FlagsError> {
    let mut inner = String::new();
    let mut signs = text.char_indices().skip(1).peekable();
    while let Some((at, sign)) = signs.next() {
        match sign {
            '\\' => inner.extend(signs.next().map(|(_, next)| escaped_sign(next))),
            '\'' if signs.next_if(|(_, next)| *next == '\'').is_some() => inner.push('\''),
            '\'' => return Ok((inner, at + 1)),
            other => inner.push(other),
        }
    }
    Err(malformed(line, "a quote is not closed"))
}

/// What stands between quotes, of which a doubled one stands for itself; and the length with them.
fn quoted(text: &str, quote: char, line: usize) -> Result<(String, usize), FlagsError> {
    let mut inner = String::new();
    let mut signs = text.char_indices().skip(1).peekable();
    while let Some((at, sign)) = signs.next() {
        if sign != quote {
            inner.push(sign);
        } else if signs.next_if(|(_, next)| *next == quote).is_some() {
            inner.push(quote);
        } else {
            return Ok((inner, at + 1));
        }
    }
    Err(malformed(line, "a quote is not closed"))
}
