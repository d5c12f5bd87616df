//! Text and names as SQL has them, where no parameter can stand.

/// As a constant.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// As a name.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(literal("o'clock"), "'o''clock'");
        assert_eq!(identifier("My \"Role\""), "\"My \"\"Role\"\"\"");
    }
}
