//! Text as postgresql.conf has it.

/// A value in quotes, whatever it holds (guc-file.l: a backslash escapes, a quote is doubled).
#[must_use]
pub fn literal(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('\'', "''").replace('\n', "\\n").replace('\t', "\\t");
    format!("'{escaped}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_value_or_its_line() {
        assert_eq!(literal("a'b\\c\nd\te"), r"'a''b\\c\nd\te'");
    }
}
