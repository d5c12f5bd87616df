//! `ALTER SYSTEM`, `SET`, `ALTER ROLE` and `ALTER DATABASE` scripts.

use super::{
    Document, Form,
    sql_words::{Kind, Word, statements},
};
use crate::flags::{error::FlagsError, list, secret::shown};

pub(super) fn read(text: &str, form: Form) -> Result<Document, FlagsError> {
    let mut document = Document::new(form);
    for statement in statements(text)? {
        match parameters(&statement) {
            Some((scope, rest)) => change(rest, scope.as_deref(), &mut document),
            None => passed_over(&statement, &mut document),
        }
    }
    Ok(document)
}

/// For whom it is set (`None`: for the whole server), and the words from `SET` or `RESET`; `None` for statements that
/// are about other things.
fn parameters(words: &[Word]) -> Option<(Option<String>, &[Word])> {
    let first = words.first()?;
    if first.is("SET") || first.is("RESET") {
        return Some((Some("session".to_owned()), words));
    }
    if !first.is("ALTER") {
        return None;
    }
    let about = words.get(1)?;
    if about.is("SYSTEM") {
        return Some((None, &words[2..]));
    }
    let kinds = ["ROLE", "USER", "DATABASE", "FUNCTION", "PROCEDURE", "ROUTINE"];
    kinds.iter().find(|kind| about.is(kind))?;
    let at = words.iter().position(|word| word.is("SET") || word.is("RESET"))?;
    let scope: Vec<String> = words[1..at].iter().map(|word| word.text.to_ascii_lowercase()).collect();
    Some((Some(scope.join(" ")), &words[at..]))
}

/// Says so where a statement of another kind sets something.
fn passed_over(words: &[Word], document: &mut Document) {
    if let Some(call) = words.iter().find(|word| word.is("set_config") || word.is("pg_catalog.set_config")) {
        document.remark(call.line, "set_config", "calls are not read: write SET or ALTER SYSTEM", false);
    }
}

/// `SET name TO value`, or `RESET name`.
fn change(words: &[Word], scope: Option<&str>, document: &mut Document) {
    let Some((verb, mut words)) = words.split_first() else { return };
    if verb.is("RESET") {
        match words.first() {
            Some(name) if name.is("ALL") => document.reset(None, scope),
            Some(name) => document.reset(Some(&name.text), scope),
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
        document.reset(Some(&name.text), scope);
        return;
    }
    let written = joined(&name.text, value);
    if let Some(unquoted) = value.iter().find(|word| is_number_with_unit(word)) {
        let shown = shown(&name.text, &written);
        let why = format!("in SQL a value with a unit stands in quotes: {} = '{shown}'", name.text);
        document.remark(unquoted.line, format!("{} = {shown}", name.text), why, true);
    }
    document.set(name.text.clone(), written, name.line);
    if let Some(last) = document.settings.last_mut() {
        last.scope = scope.map(str::to_owned);
    }
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
