//! postgresql.conf (manual, section 20.1.2).

use super::{Document, Form, escaped_sign, malformed};
use crate::flags::{error::FlagsError, secret::shown};

pub(super) fn read(text: &str) -> Result<Document, FlagsError> {
    let mut document = Document::new(Form::Conf);
    for (index, whole) in text.lines().enumerate() {
        let number = index + 1;
        let line = whole.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let end = line.find(|c: char| !is_name(c)).unwrap_or(line.len());
        let (name, rest) = line.split_at(end);
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            let sign = line.chars().next().unwrap_or_default();
            return Err(malformed(number, format!("`{sign}` begins no setting: write NAME = VALUE")));
        }
        let rest = rest.trim_start();
        let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start();
        let (value, behind) = value(rest).map_err(|reason| malformed(number, reason))?;
        let behind = behind.trim();
        let is_include = name.to_ascii_lowercase().starts_with("include");
        if is_include {
            let why = "other files are not followed: name them by themselves";
            document.remark(number, name, why, false);
        } else if behind.is_empty() || behind.starts_with('#') {
            if needs_quotes(rest, &value) {
                let shown = shown(name, &value);
                let why = format!("PostgreSQL takes this only in quotes: {name} = '{shown}'");
                document.remark(number, format!("{name} = {shown}"), why, true);
            }
            document.set(name, value, number);
        } else {
            let all = rest.split('#').next().unwrap_or(rest).trim_end().replace('\'', "''");
            let why = format!("PostgreSQL takes one value: write {name} = '{}'", shown(name, &all));
            document.remark(number, name, why, true);
            document.set(name, all, number);
        }
    }
    Ok(document)
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '$') || !character.is_ascii()
}

/// The value that `text` begins with, and what follows it.
fn value(text: &str) -> Result<(String, &str), String> {
    let Some(quoted) = text.strip_prefix('\'') else {
        let end = text.find(|c: char| c.is_whitespace() || matches!(c, '#' | '\'')).unwrap_or(text.len());
        if end == 0 {
            return Err("there is no value: write NAME = VALUE".to_owned());
        }
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut signs = quoted.char_indices().peekable();
    while let Some((at, sign)) = signs.next() {
        match sign {
            // Doubled, it stands for itself.
            '\'' if signs.next_if(|(_, next)| *next == '\'').is_some() => value.push('\''),
            '\'' => return Ok((value, &quoted[at + 1..])),
            '\\' => value.extend(signs.next().map(|(_, next)| escaped_sign(next))),
            other => value.push(other),
        }
    }
    Err("a quote is not closed".to_owned())
}

/// Whether PostgreSQL's scanner refuses the value as it stands: decimals with a unit, signs that belong to no word.
fn needs_quotes(text: &str, value: &str) -> bool {
    if text.starts_with('\'') {
        return false;
    }
    let first = value.trim_start_matches(['+', '-']);
    if first.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        let number = first.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        return first.contains('.') && number.len() < first.len();
    }
    !value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii())
        || value.contains(|c: char| !is_name(c) && !matches!(c, '-' | ':' | '/'))
}
