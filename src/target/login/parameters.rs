//! What a connection string says: a URL, or key=value pairs.

use super::{keywords, pairs, url};
use std::{collections::BTreeMap, fmt};

/// Values by keyword.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::target) struct Parameters(BTreeMap<&'static str, String>);

/// Which keywords have a value: the values may be secrets.
impl fmt::Debug for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl Parameters {
    /// Reads a URL or key=value pairs.
    ///
    /// # Errors
    /// When it is neither, or has a keyword that is not understood. No error holds a value.
    pub(in crate::target) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let scheme = ["postgres://", "postgresql://"].into_iter().find(|scheme| text.starts_with(scheme));
        match scheme {
            Some(scheme) => url::parse(&text[scheme.len()..]),
            None if is_address(text) => {
                Err("it begins like the address of something else: write postgres://USER@HOST/NAME"
                    .to_owned())
            }
            None => pairs::parse(text),
        }
    }

    /// Gives a keyword its value; a later one counts.
    ///
    /// # Errors
    /// When there is no such keyword, or the value cannot be gone by.
    pub(in crate::target) fn set(&mut self, name: &str, value: impl Into<String>) -> Result<(), String> {
        let (keyword, value) = (keywords::find(name)?, value.into());
        keyword.check(&value)?;
        self.0.insert(keyword.name, value);
        Ok(())
    }

    /// The values by keyword, for whoever looks at what was read.
    pub(in crate::target) fn into_values(self) -> BTreeMap<&'static str, String> {
        self.0
    }

    /// Gives a keyword its value if it has none yet.
    ///
    /// # Errors
    /// When there is no such keyword, or the value cannot be gone by.
    pub(super) fn fill(&mut self, name: &str, value: impl Into<String>) -> Result<(), String> {
        if self.0.contains_key(name) { Ok(()) } else { self.set(name, value) }
    }

    /// The value of a keyword; an empty one is none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether the keyword was given, be it without a value.
    pub(super) fn names(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// One of several values, by its name.
    ///
    /// # Errors
    /// When it is none of them.
    pub(super) fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<Option<T>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let found = choices.iter().find(|(known, _)| *known == value);
        found.map(|(_, choice)| Some(*choice)).ok_or_else(|| {
            let known: Vec<&str> = choices.iter().map(|(known, _)| *known).collect();
            format!("`{name}` is none of {}", known.join(", "))
        })
    }

    /// A whole number.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, String> {
        let number = |value: &str| value.trim().parse().map_err(|_| format!("`{name}` is no whole number"));
        self.get(name).map(number).transpose()
    }

    /// 1 or 0.
    ///
    /// # Errors
    /// When it is neither.
    pub(super) fn switch(&self, name: &str) -> Result<Option<bool>, String> {
        self.choice(name, &[("1", true), ("0", false)])
    }
}

/// Whether the text begins with a scheme.
fn is_address(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_forms_say_the_same() {
        let url = Parameters::parse("postgresql://u:p%40w@h:7/d?sslmode=require&options=-c%20a%3Db").unwrap();
        let pairs = Parameters::parse(
            "host=h port = 7 user=u password='p@w' dbname=d sslmode=require options='-c a=b'",
        );
        assert_eq!(url, pairs.unwrap());
        assert_eq!(url.get("password"), Some("p@w"));
        assert!(!format!("{url:?}").contains("p@w"));
    }

    #[test]
    fn values_are_read_by_kind() {
        let given = Parameters::parse("keepalives=1 connect_timeout=x sslsni=2 sslmode=maybe host=").unwrap();
        assert_eq!(given.switch("keepalives"), Ok(Some(true)));
        assert_eq!(given.switch("sslnegotiation"), Ok(None));
        for refused in [
            given.number("connect_timeout").map(drop),
            given.switch("sslsni").map(drop),
            given.choice("sslmode", &[("disable", ()), ("require", ())]).map(drop),
        ] {
            let reason = refused.unwrap_err();
            assert!(reason.starts_with('`') && !reason.contains("maybe"), "{reason}");
        }
        assert!(given.names("host") && given.get("host").is_none());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(postgres://)?[a-z:/@%?&=\\[\\]', \\\\0-9é]{0,60}") {
            let _ = Parameters::parse(&text);
        }

        #[test]
        fn quoted_values_keep_any_text(value in "(?s)[^\\x00]{0,40}") {
            let quoted = value.replace('\\', "\\\\").replace('\'', "\\'");
            let read = Parameters::parse(&format!("host=h password='{quoted}'")).unwrap();
            prop_assert_eq!(read.0.get("password").unwrap(), &value);
        }
    }
}
