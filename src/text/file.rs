//! Small files of the user's: read, and told of with their line.

use super::line_of;
use serde::de::DeserializeOwned;
use std::path::Path;

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

/// What TOML says that stands in `origin`.
///
/// # Errors
/// When it is no TOML, or says what cannot be meant.
pub fn from_toml<T: DeserializeOwned>(text: &str, origin: &str) -> Result<T, FileError> {
    toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        FileError::at(origin, text, offset, error.message().trim())
    })
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
    }
}
