//! `ALTER SYSTEM`, `SET`, `ALTER ROLE` and `ALTER DATABASE` scripts.

use super::{
    Document, Form,
    sql_words::{Kind, Word, statements},
};
use crate::flags::{error::FlagsError, list, secret::shown};

pub(super) fn read(text: &str, form: Form) -> Result<Document, FlagsError> {
    let mut document = Document::new(form);
    for statement in statements(text)? {
        if let Some(rest) = parameters(&statement, form) {
            change(rest, &mut document);
        }
    }
    Ok(document)
}

/// What follows `ALTER SYSTEM`, or the `ALTER ROLE name [IN DATABASE name]` before a `SET`; `None` for statements that
/// are about other things.
fn parameters(words: &[Word], form: Form) -> Option<&[Word]> {
    let first = words.first()?;
    if first.is("ALTER") {
        let about = words.get(1)?;
        if about.is("SYSTEM") {
            return Some(&words[2..]);
        }
        let is_default = ["ROLE", "USER", "DATABASE"].iter().any(|kind| about.is(kind));
        let at = words.iter().position(|word| word.is("SET") || word.is("RESET"))?;
        return (is_default && form == Form::Set).then(|| &words[at..]);
    }
    (form == Form::Set && (first.is("SET") || first.is("RESET"))).then_some(words)
}

/// `SET name TO value`, or `RESET name`.
fn change(words: &[Word], document: &mut Document) {
    let Some((verb, mut words)) = words.split_first() else { return };
    if verb.is("RESET") {
        match words.first() {
            Some(name) if name.is("ALL") => document.settings.clear(),
            Some(name) => document.reset(&name.text),
            None => {}
        }
        return;
    }
    if words.first().is_some_and(|word| word.is("SESSION") || word.is("LOCAL")) {
        words = &words[1..];
    }
    // `SET ROLE x`, `SET TIME ZONE x` and the like are not of this kind.
    let [name, is, value @ ..] = words else { return };
    if !(is.is("TO") || is.is_sign("=")) {
        return;
    }
    let Some(first) = value.first() else {
        document.remark(name.line, name.text.clone(), "there is no value: write a value behind it", true);
        return;
    };
    if value.len() == 1 && first.is("DEFAULT") {
        document.reset(&name.text);
        return;
    }
    let written = joined(&name.text, value);
    if let Some(unquoted) = value.iter().find(|word| is_number_with_unit(word)) {
        let shown = shown(&name.text, &written);
        let why = format!("in SQL a value with a unit stands in quotes: {} = '{shown}'", name.text);
        document.remark(unquoted.line, format!("{} = {shown}", name.text), why, true);
    }
    document.set(name.text.clone(), written, name.line);
}

/// `4MB` without quotes is no word of SQL.
fn is_number_with_unit(word: &Word) -> bool {
    let text = &word.text;
    word.kind == Kind::Plain
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.parse::<f64>().is_err()
        && !text.starts_with("0x")
}

/// The value: several words are a list, a sign before a number belongs to it.
fn joined(name: &str, words: &[Word]) -> String {
    let mut items = vec![String::new()];
    for word in words {
        if word.is_sign(",") {
            items.push(String::new());
        } else if let Some(item) = items.last_mut() {
            item.push_str(&word.text);
        }
    }
    if list::is_list(name) { list::join(&items) } else { items.join(", ") }
}
