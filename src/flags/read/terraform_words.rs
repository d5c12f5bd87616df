//! The words of Terraform's language, as far as blocks and literals need them.

use super::{Lines, escaped_sign, malformed};
use crate::flags::error::FlagsError;

/// A word and the line (from 1) in which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// What it is.
    pub(super) what: What,
    /// Line, from 1.
    pub(super) line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// A name, a number, or an expression's part: `tier`, `4096`, `var.flags`.
    Name(String),
    /// Text in quotes without anything to be filled in.
    Text(String),
    /// Text with `${...}` in it.
    Template(String),
    /// One sign.
    Sign(char),
}

/// The words of `text` without comments and here-documents.
pub(super) fn words(text: &str) -> Result<Vec<Word>, FlagsError> {
    let lines = Lines::of(text);
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(sign) = text[at..].chars().next() {
        let rest = &text[at..];
        let line = lines.at(at);
        let to_line_end = rest.find('\n').unwrap_or(rest.len());
        at += match sign {
            '#' => to_line_end,
            '/' if rest.starts_with("//") => to_line_end,
            '/' if rest.starts_with("/*") => {
                // The star that begins it does not end it.
                let inside = rest[2..].find("*/");
                inside.ok_or_else(|| malformed(line, "a comment is not closed"))? + 4
            }
            '<' if rest.starts_with("<<") => here_document(rest),
            '"' => {
                let (what, length) = text_in_quotes(rest, line)?;
                words.push(Word { what, line });
                length
            }
            sign if is_name(sign) => {
                let length = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
                words.push(Word { what: What::Name(rest[..length].to_owned()), line });
                length
            }
            blank if blank.is_whitespace() => blank.len_utf8(),
            sign => {
                words.push(Word { what: What::Sign(sign), line });
                sign.len_utf8()
            }
        };
    }
    Ok(words)
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.')
}

fn text_in_quotes(text: &str, line: usize) -> Result<(What, usize), FlagsError> {
    let mut inner = String::new();
    let mut is_template = false;
    let mut at = 1;
    while let Some(sign) = text[at..].chars().next() {
        let rest = &text[at..];
        at += match sign {
            '"' if is_template => return Ok((What::Template(inner), at + 1)),
            '"' => return Ok((What::Text(inner), at + 1)),
            // Doubled, the sign begins nothing to be filled in.
            '$' | '%' if rest.starts_with("$${") || rest.starts_with("%%{") => {
                inner.push_str(&rest[1..3]);
                3
            }
            '\\' => {
                let next = rest.chars().nth(1);
                inner.extend(next.map(escaped_sign));
                1 + next.map_or(0, char::len_utf8)
            }
            '\n' => break,
            sign => {
                is_template |= rest.starts_with("${") || rest.starts_with("%{");
                inner.push(sign);
                sign.len_utf8()
            }
        };
    }
    Err(malformed(line, "a quote is not closed"))
}

/// The length of `<<MARK ... MARK`.
fn here_document(text: &str) -> usize {
    let first_line = text.find('\n').unwrap_or(text.len());
    let mark = text[2..first_line].trim_start_matches('-').trim();
    let mut length = first_line;
    for line in text[first_line..].split_inclusive('\n') {
        length += line.len();
        if !mark.is_empty() && line.trim() == mark {
            break;
        }
    }
    length
}
