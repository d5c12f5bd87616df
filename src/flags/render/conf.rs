//! Lines for postgresql.conf.

use super::{Item, comment};
use crate::{flags::value::Value, text::conf};

pub(super) fn render(items: &[Item], warnings: &mut [String]) -> String {
    let mut text = String::new();
    for warning in warnings.iter() {
        text.push_str(&comment("#", &format!("WARNING: {warning}")));
    }
    for item in items {
        let restart = if item.needs_restart() { "  # needs a restart" } else { "" };
        text.push_str(&format!("{} = {}{restart}\n", item.name, value(item)));
    }
    let restarts = items.iter().filter(|item| item.needs_restart()).count();
    let which = match (restarts, items.len()) {
        (0, 1) => "it takes effect",
        (0, _) => "they take effect",
        (some, all) if some < all => "the others take effect",
        _ => return text,
    };
    text.push_str(&format!("# {which} with: SELECT pg_reload_conf();\n"));
    text
}

/// Numbers with and without units and words stand for themselves, all else in quotes.
fn value(item: &Item) -> String {
    let shown = item.display();
    let is_word = shown.starts_with(|c: char| c.is_ascii_alphabetic())
        && shown.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let needs_quotes = match item.value {
        Value::Bool(_) | Value::Integer(_) => false,
        Value::Word(_) | Value::Text(_) => !is_word,
        // The scanner takes no unit behind decimals.
        Value::Real(_) => shown.contains('.') && shown.ends_with(|c: char| c.is_ascii_alphabetic()),
    };
    if !needs_quotes {
        return shown;
    }
    conf::literal(&shown)
}
