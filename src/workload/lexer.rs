//! The little of PostgreSQL's lexer that finding parameters safely takes (manual, section 4.1).

use super::template::{Reference, TemplateError};
use std::ops::Range;

/// What the template parser needs to see of SQL; all else is text.
#[derive(Debug)]
pub(super) enum Token {
    Parameter(Reference, Range<usize>),
    Open(Range<usize>),
    Close(Range<usize>),
    End(Range<usize>),
}

impl Token {
    pub(super) fn range(&self) -> &Range<usize> {
        match self {
            Self::Parameter(_, range) | Self::Open(range) | Self::Close(range) | Self::End(range) => range,
        }
    }
}

/// Walks over SQL from one [`Token`] to the next.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    sql: &'a str,
    at: usize,
    mutates: bool,
    first_word: Option<String>,
}

/// Words that a query begins with.
const READING: &[&str] = &["SELECT", "WITH", "VALUES", "TABLE"];

/// Words that change rows, lock them, or change the schema.
const MUTATING: &[&str] = &[
    "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "COPY",
    "VACUUM", "REINDEX", "CLUSTER", "CALL", "DO", "LOCK", "REFRESH", "SHARE",
];

impl<'a> Lexer<'a> {
    pub(super) fn new(sql: &'a str) -> Self {
        Self { sql, at: 0, mutates: false, first_word: None }
    }

    /// Whether what was seen so far may change or lock something: it does not begin as a query, or a word that
    /// changes or locks rows stands in it.
    pub(super) fn mutates(&self) -> bool {
        self.mutates || !self.first_word().is_some_and(|word| READING.contains(&word))
    }

    /// The first word seen so far, in upper case.
    pub(super) fn first_word(&self) -> Option<&str> {
        self.first_word.as_deref()
    }

    /// The next token; [`Token::End`] again and again at the end.
    pub(super) fn next(&mut self) -> Result<Token, TemplateError> {
        while let Some(character) = self.rest().chars().next() {
            let start = self.at;
            match character {
                '\'' => self.skip_string('\'', false)?,
                '"' => self.skip_string('"', false)?,
                '$' => self.skip_dollar_quote()?,
                '-' if self.rest().starts_with("--") => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                }
                '/' if self.rest().starts_with("/*") => self.skip_comment()?,
                '[' if self.rest().starts_with("[[") => {
                    self.at += 2;
                    return Ok(Token::Open(start..self.at));
                }
                ']' if self.rest().starts_with("]]") => {
                    self.at += 2;
                    return Ok(Token::Close(start..self.at));
                }
                ':' if self.rest().starts_with("::") || self.rest().starts_with(":=") => self.at += 2,
                ':' => {
                    if let Some(token) = self.parameter() {
                        return Ok(token);
                    }
                }
                c if is_name_start(c) => self.skip_word()?,
                c => self.at += c.len_utf8(),
            }
        }
        Ok(Token::End(self.at..self.at))
    }

    fn rest(&self) -> &str {
        &self.sql[self.at..]
    }

    fn take_name(&mut self) -> Option<String> {
        let rest = self.rest();
        let end = rest.find(|c: char| !is_name_part(c)).unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        if !name.starts_with(is_name_start) {
            return None;
        }
        self.at += end;
        Some(name)
    }

    fn parameter(&mut self) -> Option<Token> {
        let start = self.at;
        self.at += 1;
        let name = self.take_name()?;
        let before_field = self.at;
        let mut field = None;
        if self.rest().starts_with('.') {
            self.at += 1;
            field = self.take_name();
            if field.is_none() {
                self.at = before_field;
            }
        }
        Some(Token::Parameter(Reference { name, field, at: start }, start..self.at))
    }

    /// Skips a word; `E'...'` strings know backslashes.
    fn skip_word(&mut self) -> Result<(), TemplateError> {
        let word = self.take_name().unwrap_or_default();
        self.first_word.get_or_insert_with(|| word.to_ascii_uppercase());
        self.mutates |= MUTATING.iter().any(|known| known.eq_ignore_ascii_case(&word));
        if word.eq_ignore_ascii_case("e") && self.rest().starts_with('\'') {
            self.skip_string('\'', true)?;
        }
        Ok(())
    }

    fn skip_string(&mut self, quote: char, backslashes: bool) -> Result<(), TemplateError> {
        let start = self.at;
        self.at += 1;
        while let Some(character) = self.rest().chars().next() {
            self.at += character.len_utf8();
            if character == '\\' && backslashes {
                self.at += self.rest().chars().next().map_or(0, char::len_utf8);
            } else if character == quote {
                if !self.rest().starts_with(quote) {
                    return Ok(());
                }
                self.at += 1;
            }
        }
        Err(TemplateError { at: start, message: format!("the quote {quote} is never closed") })
    }

    fn skip_dollar_quote(&mut self) -> Result<(), TemplateError> {
        let start = self.at;
        self.at += 1;
        let before_tag = self.at;
        let _ = self.take_name();
        if !self.rest().starts_with('$') {
            self.at = before_tag;
            return Ok(());
        }
        self.at += 1;
        let tag = self.sql[start..self.at].to_owned();
        let Some(end) = self.rest().find(&tag) else {
            return Err(TemplateError { at: start, message: format!("the quote {tag} is never closed") });
        };
        self.at += end + tag.len();
        Ok(())
    }

    fn skip_comment(&mut self) -> Result<(), TemplateError> {
        let start = self.at;
        let mut depth = 0;
        while self.at < self.sql.len() {
            if self.rest().starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if self.rest().starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return Ok(());
                }
            } else {
                self.at += self.rest().chars().next().map_or(1, char::len_utf8);
            }
        }
        Err(TemplateError { at: start, message: "the comment /* is never closed".to_owned() })
    }
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
