//! gcloud command lines, and the bare list behind `--database-flags`.

use super::{Document, Form, Place, line_of, malformed};
use crate::flags::error::FlagsError;

const OPTION: &str = "--database-flags";

pub(super) fn read(text: &str) -> Result<Document, FlagsError> {
    let mut document = Document::new(Form::Gcloud);
    let words = shlex::split(text).ok_or_else(|| malformed(1, "a quote is not closed"))?;
    let is_command = words.iter().any(|word| word.starts_with(OPTION) || word == "gcloud");
    if !is_command {
        // The list alone. A shell would have taken the quotes off.
        for word in &words {
            list(word, text, 0, &mut document)?;
        }
        return Ok(document);
    }
    let mut from = 0;
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word.as_str(), None),
        };
        match (name, value) {
            ("patch" | "create", None) => {
                let next = words.peek().filter(|next| !next.starts_with('-'));
                document.instance = next.map(|next| (*next).clone()).or(document.instance);
            }
            ("--tier", _) => {
                let line = line_of(text, text.find("--tier").unwrap_or(0));
                let tier = value.map(str::to_owned).or_else(|| words.next().cloned());
                document.machine = tier.map(|what| Place { what, line });
            }
            ("--database-version", _) => {
                let version = value.map(str::to_owned).or_else(|| words.next().cloned());
                document.set_version(&version.unwrap_or_default());
            }
            (OPTION, _) => {
                from += text[from..].find(OPTION).unwrap_or(0) + OPTION.len();
                let value = value.map(str::to_owned).or_else(|| words.next().cloned());
                let value = value
                    .filter(|value| !value.is_empty())
                    .ok_or_else(|| malformed(line_of(text, from), format!("{OPTION} has no value")))?;
                list(&value, text, from, &mut document)?;
            }
            _ => {}
        }
    }
    Ok(document)
}

/// `a=b,c=d`, or with another sign than the comma `^:^a=b:c=d` (gcloud topic escaping). It stands in `text` behind `from`.
fn list(value: &str, text: &str, from: usize, document: &mut Document) -> Result<(), FlagsError> {
    let (separator, items) = match value.strip_prefix('^').and_then(|rest| rest.split_once('^')) {
        Some((separator, items)) if !separator.is_empty() => (separator, items),
        _ => (",", value),
    };
    let mut from = from;
    for item in items.split(separator) {
        let place = |name: &str| text[from..].find(name).map_or(from, |at| from + at);
        if item.trim().is_empty() {
            continue;
        }
        let Some((name, value)) = item.split_once('=') else {
            return Err(malformed(
                line_of(text, place(item)),
                format!(
                    "`{item}` has no `=`: write NAME=VALUE; where a value holds a comma, begin the list with \
                     another separator, as in ^:^a=1,2:b=3 (gcloud topic escaping)"
                ),
            ));
        };
        from = place(name);
        document.set(name.trim(), value, line_of(text, from));
    }
    Ok(())
}
