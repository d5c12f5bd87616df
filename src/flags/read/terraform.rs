//! Terraform: the `database_flags` of a `google_sql_database_instance`, whatever stands around them.
//!
//! A reader of its own, because the parsers of the whole language that there are bring some thirty crates, and refuse
//! the snippets that people paste.

use super::{
    Document, Form, Place, malformed,
    terraform_words::{What, Word, words},
};
use crate::flags::{error::FlagsError, secret::shown};

pub(super) fn read(text: &str) -> Result<Document, FlagsError> {
    let words = words(text)?;
    let mut document = Document::new(Form::Terraform);
    let mut instances: Vec<usize> = Vec::new();
    let mut instance = 0;
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        let What::Name(name) = &word.what else { continue };
        let next = |offset: usize| words.get(at + offset).map(|word| &word.what);
        match (name.as_str(), next(0), next(1)) {
            ("resource" | "module", Some(What::Text(_)), _) => instance = at,
            ("tier", Some(What::Sign('=')), Some(What::Text(tier))) => {
                document.machine = Some(Place { what: tier.clone(), line: word.line });
            }
            ("database_version", Some(What::Sign('=')), Some(What::Text(version))) => {
                document.set_version(version);
            }
            ("database_flags", Some(What::Sign('{')), _) => {
                instances.push(instance);
                at = block(&words, at + 1, word.line, &mut document)?;
            }
            ("database_flags", Some(What::Sign('=')), Some(What::Sign('['))) => {
                instances.push(instance);
                at = list(&words, at + 2, word.line, &mut document)?;
            }
            ("database_flags", Some(What::Sign('=')), _) => {
                let why = "it is made elsewhere: check what `terraform show` says";
                document.remark(word.line, "database_flags", why, false);
            }
            _ => {}
        }
    }
    instances.dedup();
    if instances.len() > 1 {
        let line = words.get(instances[1]).map_or(1, |word| word.line);
        return Err(malformed(line, "here begins a second instance: check one instance at a time"));
    }
    Ok(document)
}

/// The objects of a list, from behind its bracket; the place behind it.
fn list(words: &[Word], mut at: usize, line: usize, document: &mut Document) -> Result<usize, FlagsError> {
    loop {
        match words.get(at).map(|word| &word.what) {
            None => return Err(malformed(line, "this list is not closed")),
            Some(What::Sign(']')) => return Ok(at + 1),
            Some(What::Sign('{')) => at = block(words, at + 1, words[at].line, document)?,
            _ => at += 1,
        }
    }
}

/// `name = "..." value = "..."` from behind the brace; the place behind its end.
fn block(words: &[Word], mut at: usize, line: usize, document: &mut Document) -> Result<usize, FlagsError> {
    let (mut name, mut value) = (None, None);
    loop {
        let what = words.get(at).map(|word| &word.what);
        let is = words.get(at + 1).map(|word| &word.what);
        match (what, is) {
            (None, _) => return Err(malformed(line, "this block is not closed")),
            (Some(What::Sign('}')), _) => break,
            (Some(What::Name(key) | What::Text(key)), Some(What::Sign('=' | ':'))) => {
                let (written, end) = expression(words, at + 2);
                match key.as_str() {
                    "name" => name = Some(written),
                    "value" => value = Some(written),
                    _ => {}
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    match (name, value) {
        (Some(Ok(name)), Some(Ok(value))) => document.set(name, value, line),
        (Some(name), Some(value)) => {
            let text = |part: Result<String, String>| part.unwrap_or_else(|expression| expression);
            let name = text(name);
            let found = format!("{name} = {}", shown(&name, &text(value)));
            document.remark(line, found, "only Terraform knows this value: it is not checked", false);
        }
        _ => return Err(malformed(line, "a block of database_flags has a name and a value")),
    }
    Ok(at + 1)
}

/// The value that begins at `at`, if it is a literal, else its text; and the place behind it. Expressions end with
/// their line.
fn expression(words: &[Word], at: usize) -> (Result<String, String>, usize) {
    let Some(first) = words.get(at) else { return (Err(String::new()), at) };
    let mut end = at;
    let mut depth = 0;
    let mut text = String::new();
    while let Some(word) = words.get(end).filter(|word| word.line == first.line || depth > 0) {
        match &word.what {
            What::Sign('}' | ',') if depth == 0 => break,
            What::Sign(open @ ('(' | '[' | '{')) => {
                depth += 1;
                text.push(*open);
            }
            What::Sign(sign) => {
                depth -= i32::from(matches!(sign, ')' | ']' | '}'));
                text.push(*sign);
            }
            What::Name(part) | What::Text(part) | What::Template(part) => text.push_str(part),
        }
        end += 1;
    }
    let is_literal = match (&first.what, end - at) {
        (What::Text(_), 1) => true,
        (What::Name(name), 1) => name.parse::<f64>().is_ok() || ["true", "false"].contains(&name.as_str()),
        _ => false,
    };
    (if is_literal { Ok(text) } else { Err(text) }, end)
}
