//! What names a database and gets into it: addresses, password files, service files, `.env`.

use super::text;
use loist_bench::target::doors;

/// Connection strings: written as pairs, what was read reads the same.
pub(super) fn connection(data: &[u8]) -> bool {
    let Some(Ok(values)) = text(data).map(doors::connection) else { return false };
    let pairs: Vec<String> = values.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
    assert_eq!(doors::connection(&pairs.join(" ")).as_ref(), Ok(&values));
    true
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Password files: a line for the very server, put before all others, is the one that counts.
pub(super) fn passfile(data: &[u8]) -> bool {
    let Some(text) = text(data) else { return false };
    let password = |text: &str| doors::password_in(text, "db", 5432, "music", "me");
    let found = password(text);
    if let Some(found) = &found {
        let first = format!("db:5432:music:me:{}\n{text}", found.replace('\\', "\\\\").replace(':', "\\:"));
        // A password in a file ends with its line.
        assert!(found.contains(['\n', '\r']) || password(&first).as_ref() == Some(found));
    }
    found.is_some()
}

/// Service files: what a service says, written by itself, is read the same.
pub(super) fn service(data: &[u8]) -> bool {
    let Some(Ok(Some(pairs))) = text(data).map(|text| doors::service(text, "music")) else { return false };
    let lines: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    let written = format!("[music]\n{}", lines.concat());
    assert_eq!(doors::service(&written, "music"), Ok(Some(pairs)));
    true
}

/// `.env` files: what was read, written in double quotes, is read the same.
pub(super) fn dotenv(data: &[u8]) -> bool {
    let Some(Ok(variables)) = text(data).map(doors::variables) else { return false };
    // A line break of this kind has no way to be written.
    if !variables.values().any(|value| value.contains('\r')) {
        let lines: Vec<String> = variables.iter().map(|(name, value)| assignment(name, value)).collect();
        assert_eq!(doors::variables(&lines.concat()).as_ref(), Ok(&variables));
    }
    !variables.is_empty()
}

fn assignment(name: &str, value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('\n', "\\n");
    format!("{name}=\"{escaped}\"\n")
}
