//! Names and text as SQL has them, where no parameter can stand.

/// Text as a constant. It is right where `standard_conforming_strings` is on, as it is since PostgreSQL 9.1.
#[must_use]
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name, always in quotes: some names are words of SQL.
#[must_use]
pub fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name as people write it: in quotes only where its letters ask for that. A reserved word stays as it is.
#[must_use]
pub fn readable_name(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_plain { text.to_owned() } else { name(text) }
}

/// Text for a comment: one line, whatever it holds.
#[must_use]
pub fn comment(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_name_a_constant_or_a_comment() {
        assert_eq!(literal("o'clock"), "'o''clock'");
        assert_eq!(name("a\"; DROP"), "\"a\"\"; DROP\"");
        assert_eq!(comment("a\nDROP TABLE b;\r\u{2028}c"), "a DROP TABLE b;  c");
    }

    #[test]
    fn names_are_quoted_where_they_must_be() {
        for plain in ["audio_tracks", "_x1"] {
            assert_eq!(readable_name(plain), plain);
        }
        for (text, quoted) in [("My \"Role\"", "\"My \"\"Role\"\"\""), ("1st", "\"1st\""), ("", "\"\"")] {
            assert_eq!(readable_name(text), quoted);
        }
    }
}
