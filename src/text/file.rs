//! Small files of the user's: read, and told of with their line.

use super::{line_of, toml_mistake};
use chrono::NaiveDate;
use serde::{
    Deserialize,
    de::{self, DeserializeOwned},
};
use std::{fmt::Display, path::Path};
use toml::value::Datetime;

/// A file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct FileError {
    /// The file, and the line where one is meant, as in `loist-gate.toml:3`.
    pub place: String,
    /// What is wrong, and what to do.
    pub reason: String,
}

impl FileError {
    /// Something wrong at byte `offset` of a text that stands in `origin`.
    #[must_use]
    pub fn at(origin: &str, text: &str, offset: usize, reason: impl Into<String>) -> Self {
        Self { place: format!("{origin}:{}", line_of(text, offset)), reason: reason.into() }
    }
}

/// The text of a file.
///
/// # Errors
/// When it cannot be read.
pub fn read_file(path: &Path) -> Result<String, FileError> {
    std::fs::read_to_string(path).map_err(|error| FileError {
        place: path.display().to_string(),
        reason: format!("cannot be read: {error}"),
    })
}

/// What happened to a file, as in `server.log: No space left on device`.
#[must_use]
pub fn told(path: &Path, error: &impl Display) -> String {
    format!("{}: {error}", path.display())
}

/// What TOML says that stands in `origin`.
///
/// # Errors
/// When it is no TOML, or says what cannot be meant.
pub fn from_toml<T: DeserializeOwned>(text: &str, origin: &str) -> Result<T, FileError> {
    toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        FileError::at(origin, text, offset, toml_mistake(&error))
    })
}

/// A day as TOML writes it, without quotes and without a time.
///
/// # Errors
/// When it is something else.
pub fn toml_date<'de, D: de::Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let wrong = || de::Error::custom("write a date, as in 2027-01-31");
    let written = Datetime::deserialize(deserializer).map_err(|_| wrong())?;
    let date = written.date.filter(|_| written.time.is_none()).ok_or_else(wrong)?;
    NaiveDate::from_ymd_opt(i32::from(date.year), u32::from(date.month), u32::from(date.day))
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn mistakes_have_their_place() {
        let read = |text: &str| from_toml::<BTreeMap<String, u32>>(text, "x.toml");
        assert_eq!(read("a = 1\n").unwrap()["a"], 1);
        assert_eq!(read("a = 1\nb = \"two\"\n").unwrap_err().place, "x.toml:2");
        assert_eq!(read("a = ").unwrap_err().place, "x.toml:1");
        let missing = read_file(Path::new("no/such.toml")).unwrap_err().to_string();
        assert!(missing.starts_with("no/such.toml: cannot be read: "), "{missing}");
        assert_eq!(told(Path::new("a/log"), &"no room"), "a/log: no room");
    }

    #[test]
    fn a_date_is_a_day_alone() {
        #[derive(Debug, Deserialize)]
        struct Dated {
            #[serde(deserialize_with = "toml_date")]
            day: NaiveDate,
        }
        let read = |text: &str| from_toml::<Dated>(text, "x.toml");
        assert_eq!(read("day = 2027-01-31\n").unwrap().day.to_string(), "2027-01-31");
        for text in ["day = 2027-01-31T10:00:00", "day = 10:00:00", "day = 'soon'", "day = 3"] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with("x.toml:1: write a date"), "{text}: {error}");
        }
    }
}
