//! The `.env` file: `NAME=VALUE` lines, as the server's own tooling reads them.

use std::collections::BTreeMap;

/// A line that is no assignment. The text is never shown: it may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadLine {
    /// Number of the line, from 1.
    pub(super) line: usize,
    /// What is wrong.
    pub(super) reason: &'static str,
}

/// Reads the variables called `names` out of `text`; every other line is somebody else's business, and skipped.
/// `export ` is allowed, values may stand in single or double quotes; an unquoted value ends at ` #`. An empty
/// value is none.
pub(super) fn parse(text: &str, names: &[&'static str]) -> Result<BTreeMap<&'static str, String>, BadLine> {
    let mut variables = BTreeMap::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        let line = line.strip_prefix("export ").map_or(line, str::trim_start);
        let Some((name, value)) = line.split_once('=') else { continue };
        let Some(name) = names.iter().find(|known| **known == name.trim_end()) else { continue };
        let value = unquote(value.trim_start()).map_err(|reason| BadLine { line: index + 1, reason })?;
        if value.trim().is_empty() {
            variables.remove(name);
        } else {
            variables.insert(*name, value);
        }
    }
    Ok(variables)
}

fn unquote(value: &str) -> Result<String, &'static str> {
    let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        let end = value.find(" #").unwrap_or(value.len());
        return Ok(value[..end].trim_end().to_owned());
    };
    let mut out = String::new();
    let mut characters = value[1..].chars();
    while let Some(character) = characters.next() {
        match character {
            c if c == quote => {
                let rest = characters.as_str().trim_start();
                return if rest.is_empty() || rest.starts_with('#') {
                    Ok(out)
                } else {
                    Err("has text behind its quotes")
                };
            }
            '\\' if quote == '"' => match characters.next() {
                Some('n') => out.push('\n'),
                Some(c @ ('"' | '\\' | '$')) => out.push(c),
                Some(c) => out.extend(['\\', c]),
                None => break,
            },
            c => out.push(c),
        }
    }
    Err("has a quote that is never closed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAMES: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

    #[test]
    fn forms_of_assignments() {
        let text = "A=1\nexport B=two words # three\nC='a # b'\nD=\"x\\\"y\\n\" # z\nE=\nF=p#q\nG=7\n";
        let found = parse(text, &NAMES).unwrap();
        let expected = [("A", "1"), ("B", "two words"), ("C", "a # b"), ("D", "x\"y\n"), ("F", "p#q")];
        assert_eq!(found, expected.map(|(name, value)| (name, value.to_owned())).into());
    }

    #[test]
    fn what_is_not_ours_is_skipped() {
        let text = "\u{feff}A=1\nnonsense\n1A=1\nmy-var=2\nKEY=\"-----BEGIN\nabc\n-----\"\n# B=2\nC = 3\n";
        let found = parse(text, &NAMES).unwrap();
        assert_eq!(found, [("A", "1"), ("C", "3")].map(|(name, value)| (name, value.to_owned())).into());
    }

    #[test]
    fn bad_lines_are_numbered() {
        assert_eq!(parse("X='\nA='x", &NAMES).unwrap_err().line, 2);
        let text = "\nexport C='it''s'\n";
        assert_eq!(parse(text, &NAMES), Err(BadLine { line: 2, reason: "has text behind its quotes" }));
    }

    proptest! {
        #[test]
        fn single_quotes_keep_any_text(value in "[^'\\r\\n]{0,40}[^'\\s]") {
            let found = parse(&format!("A='{value}'"), &NAMES).unwrap();
            prop_assert_eq!(&found["A"], &value);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,80}") {
            let _ = parse(&text, &NAMES);
        }
    }
}
