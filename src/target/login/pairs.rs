//! Connection strings of key=value pairs, taken apart as libpq does. No error holds a piece of one.

use super::parameters::Parameters;
use std::{iter::Peekable, str::Chars};

/// Reads the pairs.
pub(super) fn parse(text: &str) -> Result<Parameters, String> {
    let mut parameters = Parameters::default();
    let mut rest = text.chars().peekable();
    loop {
        skip_blanks(&mut rest);
        if rest.peek().is_none() {
            return Ok(parameters);
        }
        let name = name(&mut rest);
        skip_blanks(&mut rest);
        if rest.next_if_eq(&'=').is_none() {
            return Err(
                "this is no PostgreSQL URL and no list of key=value pairs: a value with a blank in it needs quotes"
                    .to_owned(),
            );
        }
        skip_blanks(&mut rest);
        let value = match rest.next_if_eq(&'\'') {
            Some(_) => quoted(&mut rest)?,
            None => bare(&mut rest),
        };
        parameters.set(&name, value)?;
    }
}

fn skip_blanks(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(char::is_ascii_whitespace).is_some() {}
}

fn name(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut name = String::new();
    while let Some(character) = rest.next_if(|c| *c != '=' && !c.is_ascii_whitespace()) {
        name.push(character);
    }
    name
}

/// Up to the next blank; a backslash takes the character behind it as it is.
fn bare(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut value = String::new();
    while let Some(character) = rest.next_if(|c| !c.is_ascii_whitespace()) {
        match character {
            '\\' => value.extend(rest.next()),
            character => value.push(character),
        }
    }
    value
}

/// Up to the closing quote.
fn quoted(rest: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let mut value = String::new();
    while let Some(character) = rest.next() {
        match character {
            '\'' => return Ok(value),
            '\\' => value.extend(rest.next()),
            character => value.push(character),
        }
    }
    Err("it has a quote that is never closed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_pairs() {
        let read = parse("\thost = h  password='it\\'s \\\\ a b'user=a\\ b dbname='' port=\n7 ").unwrap();
        let found = ["host", "password", "user", "port"].map(|name| read.get(name).unwrap());
        assert_eq!(found, ["h", "it's \\ a b", "a b", "7"]);
        assert!(read.names("dbname"));
        assert_eq!(parse("").unwrap(), Parameters::default());
    }

    #[test]
    fn mistakes_are_named_without_the_text() {
        for (text, told) in [
            ("password=my secret host=h", "needs quotes"),
            ("password='secret", "never closed"),
            ("password=my secret=x", "does not know"),
            ("secret", "no list of key=value pairs"),
        ] {
            let reason = parse(text).unwrap_err();
            assert!(reason.contains(told) && !reason.contains("secret"), "{text}: {reason}");
        }
    }
}
