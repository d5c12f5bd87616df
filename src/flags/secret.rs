//! Values that may be secrets, and are not shown: in records, findings and messages.

use super::catalog::{self, Kind};

/// What stands for a value that may be a secret.
pub const HIDDEN: &str = "(hidden)";
/// Parts of the names of such settings: connection strings, shell commands, passphrases.
const SECRET: [&str; 5] = ["conninfo", "_command", "passphrase", "password", "secret"];

/// Whether free text under that name may hold a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET.iter().any(|part| name.contains(part))
}

/// The value as a message may have it. What is under a name that nobody knows may be of another file altogether, so
/// only what looks like a setting's value is told of it.
#[must_use]
pub fn shown(name: &str, value: &str) -> String {
    let flag = catalog::find(name);
    let is_text = flag.is_none_or(|flag| flag.kind == Kind::String);
    let may_be_shown = match flag {
        Some(_) => true,
        None => name.contains('.') || is_plain_value(value),
    };
    let is_hidden = is_text && !value.is_empty() && (is_secret(name) || !may_be_shown);
    if is_hidden { HIDDEN.to_owned() } else { without_passwords(value) }
}

/// A number, perhaps with a unit, or on or off.
pub(super) fn is_plain_value(value: &str) -> bool {
    let value = value.trim_matches('\'');
    let unit = value.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | ' '));
    let is_number = unit.len() < value.len()
        && value.len() <= 12
        && unit.len() <= 3
        && unit.chars().all(|c| c.is_ascii_alphabetic());
    is_number || ["on", "off", "true", "false", "yes", "no"].contains(&value)
}

/// Stars instead of a password in the addresses and the pairs (`password=...`) that stand in a text.
#[must_use]
pub fn without_passwords(text: &str) -> String {
    without_pairs(&without_addresses(text))
}

/// The same of pairs as libpq has them, in an address behind `?`, too.
fn without_pairs(text: &str) -> String {
    const NAME: &str = "password";
    let mut out = String::new();
    let mut rest = text;
    // ASCII letters alone change, so that places stay what they are.
    while let Some(start) = rest.to_ascii_lowercase().find(NAME) {
        let (before, behind) = rest.split_at(start + NAME.len());
        out.push_str(before);
        rest = behind;
        let is_of_address = before[..start].ends_with(['?', '&']);
        let value = rest.trim_start();
        let Some(value) = value.strip_prefix('=').map(str::trim_start) else { continue };
        let end = match value.strip_prefix('\'') {
            Some(quoted) => end_of_quoted(quoted) + 1,
            None => end_of_bare(value, is_of_address),
        };
        out.push_str(&rest[..rest.len() - value.len()]);
        out.push_str(if end > 0 { "***" } else { "" });
        rest = &value[end..];
    }
    out.push_str(rest);
    out
}

/// Where a value without quotes ends: at a blank that has no backslash before it, in an address at an ampersand, too. Quotes at
/// its end are those of the text around it.
fn end_of_bare(text: &str, is_of_address: bool) -> usize {
    let mut is_escaped = false;
    let ends = |(_, sign): &(usize, char)| {
        let is_end = !is_escaped && (sign.is_whitespace() || is_of_address && *sign == '&');
        is_escaped = *sign == '\\' && !is_escaped;
        is_end
    };
    let end = text.char_indices().find(ends).map_or(text.len(), |(at, _)| at);
    text[..end].trim_end_matches(['\'', '"', '`']).len()
}

/// Behind the quote that ends a value; a sign behind a backslash does not.
fn end_of_quoted(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, sign) in text.char_indices() {
        match sign {
            '\'' if !is_escaped => return at + 1,
            _ => is_escaped = sign == '\\' && !is_escaped,
        }
    }
    text.len()
}

/// The same of addresses.
fn without_addresses(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        out.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "'\"`".contains(c)).unwrap_or(after.len());
        let (address, behind) = after.split_at(end);
        match address.rfind('@').and_then(|at| Some((at, address[..at].find(':')?))) {
            Some((at, colon)) => {
                out.push_str(&address[..=colon]);
                out.push_str("***");
                out.push_str(&address[at..]);
            }
            None => out.push_str(address),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_stars() {
        for (text, told) in [
            ("postgres://u:secret@h/d: no", "postgres://u:***@h/d: no"),
            ("invalid value 'postgres://u:s3@cr/et@h/d' for", "invalid value 'postgres://u:***@h/d' for"),
            ("two: a://b:c@d and e://f:g@h", "two: a://b:***@d and e://f:***@h"),
            ("`host=db password=secret` is no side", "`host=db password=***` is no side"),
            ("password = 'it\\'s one' user=me", "password = *** user=me"),
            ("password=a&b'c user=me", "password=*** user=me"),
            ("password=with\\ blank user=me", "password=*** user=me"),
            (
                "postgres://u@h/d?password=s3cret&sslmode=require",
                "postgres://u@h/d?password=***&sslmode=require",
            ),
            ("password_encryption=md5 and a password", "password_encryption=md5 and a password"),
            ("password=", "password="),
            ("metrics: http://127.0.0.1:80/metrics", "metrics: http://127.0.0.1:80/metrics"),
            ("postgres://u@h:5432/d", "postgres://u@h:5432/d"),
        ] {
            assert_eq!(without_passwords(text), told);
        }
    }

    #[test]
    fn values_of_settings_are_shown_and_secrets_are_not() {
        for (name, value) in [
            ("primary_conninfo", "host=a password=b"),
            ("archive_command", "curl -u me:pass"),
            ("my.api_password", "x"),
            ("DB_PASSWORD", "12345"),
            ("API_KEY", "sk-live-1"),
            ("root", "$6$salt$hash"),
        ] {
            assert_eq!(shown(name, value), HIDDEN, "{name}");
        }
        for (name, value) in [
            ("work_mem", "4mb"),
            ("shared_bufers", "1GB"),
            ("gork", "on"),
            ("password_encryption", "md5"),
            ("pg_trgm.x", "a b"),
            ("search_path", "public"),
        ] {
            assert_eq!(shown(name, value), value, "{name}");
        }
        assert_eq!(shown("application_name", "a://b:c@d"), "a://b:***@d");
    }
}
