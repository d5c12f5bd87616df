//! `ALTER SYSTEM` and `SET`, with what takes them back.

use super::{Item, Options, comment};
use crate::{
    flags::{Setting, Written, catalog::Flag, list, value::Value},
    text::sql::{self, literal},
};

pub(super) fn alter_system(items: &[Item], options: &Options<'_>, warnings: &mut Vec<String>) -> String {
    if options.machine.is_some_and(|machine| machine.platform.is_cloud_sql()) {
        warnings.push("Cloud SQL refuses ALTER SYSTEM: write it --as gcloud or --as terraform".to_owned());
    }
    let mut text = warned(warnings);
    for item in items {
        text.push_str(&format!("ALTER SYSTEM SET {} = {};\n", identifier(&item.name), value(item)));
    }
    text.push_str("SELECT pg_reload_conf();\n");
    let restart: Vec<&str> =
        items.iter().filter(|item| item.needs_restart()).map(|item| item.name.as_str()).collect();
    if !restart.is_empty() {
        text.push_str(&comment("--", &format!("then restart the server for: {}", restart.join(", "))));
    }
    text.push_str("-- undo:\n");
    for item in items {
        text.push_str(&comment("--", &format!("  {}", undo(item, options))));
    }
    text.push_str("--   SELECT pg_reload_conf();\n");
    text
}

/// Back to the value before where it is known, else to what the files below say.
fn undo(item: &Item, options: &Options<'_>) -> String {
    let name = identifier(&item.name);
    let before = options.current.and_then(|current| current.last(&item.name));
    // A record tells where the value stood.
    let stays = |written: &&Written| written.observed.as_ref().is_some_and(Setting::comes_back_by_reset);
    let before = before.filter(|written| !stays(written));
    let before = before.and_then(|written| Some((item.flag?, item.flag?.parse(&written.value).ok()?)));
    before.map_or_else(
        || format!("ALTER SYSTEM RESET {name};"),
        |(flag, old)| {
            let old = Item { name: item.name.clone(), flag: Some(flag), value: old };
            format!("ALTER SYSTEM SET {name} = {};", value(&old))
        },
    )
}

pub(super) fn set(items: &[Item], warnings: &mut Vec<String>) -> String {
    let is_settable = |item: &&Item| item.flag.is_none_or(Flag::is_session_settable);
    let (settable, not): (Vec<&Item>, Vec<&Item>) = items.iter().partition(is_settable);
    let names = |items: &[&Item], context: &str| -> String {
        let named = items.iter().filter(|item| item.flag.is_some_and(|flag| flag.context == context));
        named.map(|item| item.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    if !not.is_empty() {
        let names: Vec<&str> = not.iter().map(|item| item.name.as_str()).collect();
        warnings.push(format!("no session can set {}: they are the server's", names.join(", ")));
    }
    let mut text = warned(warnings);
    let superuser = names(&settable, "superuser");
    if !superuser.is_empty() {
        text.push_str(&comment("--", &format!("only superusers set: {superuser}")));
    }
    for item in &settable {
        text.push_str(&format!("SET {} = {};\n", identifier(&item.name), value(item)));
    }
    for item in &not {
        let restart = if item.needs_restart() { " and a restart" } else { "" };
        let how = format!("{}: the server's, by ALTER SYSTEM or postgresql.conf{restart}", item.name);
        text.push_str(&comment("--", &how));
    }
    if !settable.is_empty() {
        text.push_str("-- for each new session of a role, or of a database:\n");
    }
    for item in &settable {
        for kind in ["ROLE", "DATABASE"] {
            let form = format!("  ALTER {kind} name SET {} = {};", identifier(&item.name), value(item));
            text.push_str(&comment("--", &form));
        }
    }
    text
}

fn warned(warnings: &[String]) -> String {
    warnings.iter().map(|warning| comment("--", &format!("WARNING: {warning}"))).collect()
}

/// Names are safe as they stand but for those with signs that an extension chose.
fn identifier(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    if is_plain { name.to_owned() } else { sql::name(name) }
}

/// A literal: numbers bare, what has a unit or is text in quotes, the names of a list each for itself.
fn value(item: &Item) -> String {
    let shown = item.display();
    match &item.value {
        Value::Bool(_) => shown,
        Value::Integer(_) | Value::Real(_) if shown.parse::<f64>().is_ok() => shown,
        Value::Text(text) if list::is_list(&item.name) => {
            let names: Vec<String> = list::names(text).iter().map(|name| literal(name)).collect();
            // No name at all is written as an empty one, which PostgreSQL keeps as `""`: that is read here as none.
            if names.is_empty() { literal("") } else { names.join(", ") }
        }
        _ => literal(&shown),
    }
}
