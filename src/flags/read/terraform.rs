//! Terraform: the `database_flags` of a `google_sql_database_instance`, whatever stands around them.
//!
//! A reader of its own, because the parsers of the whole language that there are bring some thirty crates, and refuse
//! the snippets that people paste.

use super::{
    Document, Form, Place, foreign, malformed, not_postgresql,
    terraform_words::{What, Word, words},
};
use crate::flags::{error::FlagsError, secret::shown};

const ELSEWHERE: &str = "it is made elsewhere: check what `terraform show` says";

/// A resource or module, or with the first place whatever stands outside of them, as in a snippet.
#[derive(Default)]
struct Container {
    line: usize,
    label: String,
    machine: Option<Place<String>>,
    version: Option<Place<String>>,
    has_flags: bool,
}

pub(super) fn read(text: &str) -> Result<Document, FlagsError> {
    let words = words(text)?;
    let mut document = Document::new(Form::Terraform);
    let mut containers = vec![Container::default()];
    // The container that each brace which is open belongs to, and the one whose brace is to come.
    let mut open: Vec<usize> = Vec::new();
    let mut begun = None;
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        let inside = open.last().copied().unwrap_or_default();
        match &word.what {
            What::Sign('{') => open.push(begun.take().unwrap_or(inside)),
            What::Sign('}') => drop(open.pop()),
            What::Name(name) if is_container(name, words.get(at)) => {
                begun = Some(containers.len());
                containers.push(container(&words[at..], word.line));
            }
            What::Name(name) => {
                let container = &mut containers[inside];
                at = attribute(name, &words, at, word.line, container, &mut document)?;
            }
            _ => {}
        }
    }
    settle(containers, &mut document)?;
    Ok(document)
}

fn is_container(name: &str, next: Option<&Word>) -> bool {
    ["resource", "module", "data"].contains(&name)
        && matches!(next.map(|word| &word.what), Some(What::Text(_)))
}

/// `"type" "label" {`
fn container(words: &[Word], line: usize) -> Container {
    let labels = words.iter().map_while(|word| match &word.what {
        What::Text(label) => Some(label.clone()),
        _ => None,
    });
    Container { line, label: labels.last().unwrap_or_default(), ..Container::default() }
}

/// An attribute or a block, with its words behind `at`; the place behind it.
fn attribute(
    name: &str,
    words: &[Word],
    at: usize,
    line: usize,
    container: &mut Container,
    document: &mut Document,
) -> Result<usize, FlagsError> {
    let next = |offset: usize| words.get(at + offset).map(|word| &word.what);
    match (name, next(0), next(1)) {
        ("tier", Some(What::Sign('=')), Some(What::Text(tier))) => {
            container.machine = Some(Place { what: tier.clone(), line });
        }
        ("database_version", Some(What::Sign('=')), Some(What::Text(version))) => {
            container.version = Some(Place { what: version.clone(), line });
        }
        ("dynamic", Some(What::Text(block)), _) if block == "database_flags" => {
            container.has_flags = true;
            document.remark(line, "dynamic database_flags", ELSEWHERE, false);
        }
        ("database_flags", Some(What::Sign('{')), _) => {
            container.has_flags = true;
            return block(words, at + 1, line, document);
        }
        ("database_flags", Some(What::Sign('=')), Some(What::Sign('['))) => {
            container.has_flags = true;
            return list(words, at + 2, line, document);
        }
        ("database_flags", Some(What::Sign('=')), _) => {
            container.has_flags = true;
            document.remark(line, "database_flags", ELSEWHERE, false);
        }
        _ => {}
    }
    Ok(at)
}

/// What stands beside the flags: the tier and the version of the one resource that holds them.
fn settle(containers: Vec<Container>, document: &mut Document) -> Result<(), FlagsError> {
    let mut with_flags = containers.into_iter().filter(|container| container.has_flags);
    let Some(own) = with_flags.next() else { return Ok(()) };
    if let Some(second) = with_flags.next() {
        let reason = "here begins a second instance: check one instance at a time";
        return Err(foreign(second.line, reason));
    }
    document.machine = own.machine;
    if let Some(version) = own.version {
        document.set_version(&version.what).map_err(|engine| {
            let name = if own.label.is_empty() { String::new() } else { format!(" {}", own.label) };
            foreign(version.line, not_postgresql(&name, &engine))
        })?;
    }
    Ok(())
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
