//! `database_flags` blocks for a `google_sql_database_instance`.

use super::{Item, Options, cloud_flags::whole_set, comment};

pub(super) fn render(items: &[Item], options: &Options<'_>, warnings: &mut Vec<String>) -> String {
    let set = whole_set(items, options, warnings);
    if options.current.is_none() {
        warnings.push(
            "the blocks are the whole set: a flag that is set now and has no block returns to its default \
             (--current current.json carries it along)"
                .to_owned(),
        );
    }
    let mut text = String::new();
    for warning in warnings.iter() {
        text.push_str(&comment("#", &format!("WARNING: {warning}")));
    }
    for note in &set.notes {
        text.push_str(&comment("#", note));
    }
    text.push_str("# in the settings block of the google_sql_database_instance\n");
    for (name, value) in &set.flags {
        text.push_str(&format!(
            "database_flags {{\n  name  = {}\n  value = {}\n}}\n",
            quoted(name),
            quoted(value)
        ));
    }
    text
}

/// In Terraform's quotes; `${` and `%{` would begin something to be filled in.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
    format!("\"{}\"", escaped.replace("${", "$${").replace("%{", "%%{"))
}
