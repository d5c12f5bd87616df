//! Whether a server goes by the settings that it was given.

use super::{login::Route, runtime::runtime};
use crate::text::told;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};
use tokio_postgres::{Client, Row};

/// Marks a reason that is the fault of a setting that the user gave.
pub(super) const NOT_IN_FORCE: &str = "a setting is not in force: ";

/// Source of a setting that belongs to no library: whoever asks for it gets its text.
const PLACEHOLDER: &str = "placeholder";

/// Asks the server at `url` whether the last line of the file `conf` for each of `asked` is what it goes by. It is
/// PostgreSQL itself that says which line it took a value from, so its rules of units are its own.
///
/// # Errors
/// The first setting that is not in force, with what was asked and what is; or that the server does not answer.
pub(super) fn check(url: &str, conf: &Path, asked: &[(String, String)]) -> Result<(), String> {
    if asked.is_empty() {
        return Ok(());
    }
    let text = std::fs::read_to_string(conf).map_err(|error| told(conf, &error))?;
    let wanted = last_lines(&text, asked);
    let runtime = runtime().map_err(|error| error.to_string())?;
    let found = runtime.block_on(read(url, &wanted))?;
    match wanted.iter().find_map(|(name, wish)| contradiction(name, wish, found.get(name), conf)) {
        Some(sentence) => Err(format!("{NOT_IN_FORCE}{sentence}")),
        None => Ok(()),
    }
}

/// What was asked of a setting, and in which line of the file.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    value: String,
    line: i32,
}

/// What the server says of a setting.
#[derive(Debug)]
struct Found {
    value: String,
    source: String,
    file: Option<String>,
    line: Option<i32>,
}

/// By name in lower case, for PostgreSQL does not tell them apart; the last line of each wins.
fn last_lines(text: &str, asked: &[(String, String)]) -> BTreeMap<String, Wish> {
    let mut wanted = BTreeMap::new();
    for (name, value) in asked {
        let is_it =
            |line: &str| line.split_once(" = ").is_some_and(|(own, _)| own.eq_ignore_ascii_case(name));
        let line =
            (1..).zip(text.lines()).filter(|(_, line)| is_it(line)).last().map_or(0, |(number, _)| number);
        wanted.insert(name.to_lowercase(), Wish { value: value.clone(), line });
    }
    wanted
}

async fn read(url: &str, wanted: &BTreeMap<String, Wish>) -> Result<BTreeMap<String, Found>, String> {
    let client = super::connect(&Route::own(url)?).await.map_err(|error| error.to_string())?;
    let nobodys = without_library(&client, wanted).await;
    let names: Vec<&str> = wanted.keys().map(String::as_str).collect();
    let rows = client
        .query(
            "SELECT lower(asked.name), current_setting(asked.name, true), source, sourcefile, sourceline
             FROM unnest($1::text[]) asked (name) LEFT JOIN pg_settings s ON lower(s.name) = asked.name",
            &[&names],
        )
        .await
        .map_err(|error| super::describe(&error))?;
    let found = |row: &Row| {
        let name: String = row.get(0);
        let nobodys = nobodys.iter().any(|prefix| name.starts_with(&format!("{prefix}.")));
        let source: Option<String> = row.get(2);
        let source = source.or_else(|| nobodys.then(|| PLACEHOLDER.to_owned()))?;
        let value: Option<String> = row.get(1);
        Some((name, Found { value: value?, source, file: row.get(3), line: row.get(4) }))
    };
    Ok(rows.iter().filter_map(found).collect())
}

/// Loads the libraries whose settings are asked for, since PostgreSQL takes any name with a point in it as long as no
/// library owns what stands before the point. Gives the beginnings that no library owns.
async fn without_library(client: &Client, wanted: &BTreeMap<String, Wish>) -> BTreeSet<String> {
    let mut nobodys = BTreeSet::new();
    let prefixes: BTreeSet<&str> = wanted.keys().filter_map(|name| Some(name.split_once('.')?.0)).collect();
    for prefix in prefixes {
        let is_name = prefix.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name || client.batch_execute(&format!("LOAD '{prefix}'")).await.is_err() {
            nobodys.insert(prefix.to_owned());
        }
    }
    nobodys
}

/// In which way a setting is not as wished.
fn contradiction(name: &str, wish: &Wish, found: Option<&Found>, conf: &Path) -> Option<String> {
    let Some(found) = found else {
        return Some(format!("PostgreSQL has no `{name}`, which was asked to be {}", wish.value));
    };
    let from_line =
        found.file.as_deref().is_some_and(|file| Path::new(file) == conf) && found.line == Some(wish.line);
    // With -1 the server chooses a value, which it then tells; and every session says its own encoding.
    let chosen = wish.value.trim() == "-1" && found.source == "override";
    let of_session = name == "client_encoding" && found.source == "client";
    let placeholder = found.source == PLACEHOLDER && found.value == wish.value;
    (!from_line && !chosen && !of_session && !placeholder).then(|| {
        format!("{name} was asked to be {} and is {} (source: {})", wish.value, found.value, found.source)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(value: &str, source: &str, line: Option<i32>) -> Found {
        Found { value: value.into(), source: source.into(), file: line.map(|_| "/x.conf".into()), line }
    }

    #[test]
    fn the_last_line_of_a_setting_counts() {
        let asked = [("work_mem", "4MB"), ("Work_Mem", "1MB")];
        let asked = asked.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let text = "port = '1'\nwork_mem = '4MB'\nWork_Mem = '1MB'\n";
        let wanted = last_lines(text, &asked);
        assert_eq!(wanted["work_mem"], Wish { value: "1MB".to_owned(), line: 3 });
        assert_eq!(wanted.len(), 1);
    }

    #[test]
    fn what_the_server_does_not_go_by_is_named() {
        let wish = Wish { value: "1GB".to_owned(), line: 3 };
        let of_file = "configuration file";
        let said = |found: Option<Found>| contradiction("x", &wish, found.as_ref(), Path::new("/x.conf"));
        assert_eq!(said(Some(found("1GB", of_file, Some(3)))), None);
        let other = said(Some(found("2GB", of_file, Some(2)))).unwrap();
        assert_eq!(other, "x was asked to be 1GB and is 2GB (source: configuration file)");
        assert!(said(Some(found("128MB", "default", None))).unwrap().contains("is 128MB (source: default)"));
        assert!(said(None).unwrap().contains("no `x`"));
        assert_eq!(said(Some(found("1GB", PLACEHOLDER, None))), None);
        let chosen = Wish { value: "-1".to_owned(), line: 3 };
        let buffers = found("4MB", "override", None);
        assert_eq!(contradiction("wal_buffers", &chosen, Some(&buffers), Path::new("/x.conf")), None);
    }
}
