//! `gcloud sql instances patch`.

use super::{Item, Options, cloud_flags::whole_set, comment};

pub(super) fn render(items: &[Item], options: &Options<'_>, warnings: &mut Vec<String>) -> String {
    let set = whole_set(items, options, warnings);
    let named = options.instance.or_else(|| options.current.and_then(|current| current.instance.as_deref()));
    let instance = named.unwrap_or("INSTANCE");
    if options.current.is_none() {
        warnings.push(format!(
            "--database-flags replaces the whole set: every flag that is not named here returns to its \
             default. To keep what is set: gcloud sql instances describe {instance} \
             --format=json, saved as current.json, then --current current.json"
        ));
    }
    let mut text = String::new();
    for warning in warnings.iter() {
        text.push_str(&comment("#", &harmless(&format!("WARNING: {warning}"))));
    }
    for note in &set.notes {
        text.push_str(&comment("#", &harmless(note)));
    }
    let start = format!("gcloud sql instances patch {}", quoted(instance));
    text.push_str(&format!("{start} {}\n", quoted(&option(&set.flags))));
    if let Some(before) = &set.before {
        let undo = if before.is_empty() { "--clear-database-flags".to_owned() } else { option(before) };
        text.push_str(&comment("#", &format!("undo: {start} {}", quoted(&undo))));
    }
    text
}

/// Some shells take no comments where a person types or pastes: they must find nothing in them that does something.
fn harmless(text: &str) -> String {
    text.replace(['>', '<', '$', '`', '|', '&'], "_")
}

/// `--database-flags=a=1,b=2`, with another separator where a value holds a comma (gcloud topic escaping).
fn option(flags: &[(String, String)]) -> String {
    let holds = |sign: char| flags.iter().any(|(name, value)| name.contains(sign) || value.contains(sign));
    // No text holds every sign that there is.
    let mut signs = [',', ':', ';', '|', '~', '%', '@', '!'].into_iter().chain('\u{a1}'..=char::MAX);
    let separator = signs.find(|sign| !holds(*sign)).unwrap_or(',').to_string();
    let list: Vec<String> = flags.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let list = list.join(&separator);
    if separator == "," {
        format!("--database-flags={list}")
    } else {
        format!("--database-flags=^{separator}^{list}")
    }
}

/// One word for a shell. (`shlex` would quote the commas and signs that every such list has, for no shell's sake.)
fn quoted(word: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(is_safe) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
