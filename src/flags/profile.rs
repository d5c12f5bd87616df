//! Sets of settings with a name: `data/profiles.toml`.

use super::error::FlagsError;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// A set of settings with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// As it is called for.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Where it comes from.
    pub source: String,
    /// Names and values in PostgreSQL's form (`1GB`), in the order in which they are written.
    pub settings: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct File {
    profile: Vec<Profile>,
}

static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    // A broken file is a broken build, which a test finds.
    let file: File = toml::from_str(include_str!("data/profiles.toml"))
        .unwrap_or_else(|error| panic!("profiles.toml: {error}"));
    file.profile
});

/// Every shipped profile.
#[must_use]
pub fn all() -> &'static [Profile] {
    &PROFILES
}

/// The shipped profile of that name.
///
/// # Errors
/// When there is none.
pub fn find(name: &str) -> Result<Profile, FlagsError> {
    PROFILES.iter().find(|profile| profile.name == name).cloned().ok_or_else(|| FlagsError::Profile {
        name: name.to_owned(),
        shipped: PROFILES.iter().map(|profile| profile.name.as_str()).collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{catalog, value::Value};
    use super::*;

    #[test]
    fn profiles_hold_values_in_range() {
        for profile in all() {
            for (name, text) in &profile.settings {
                let flag = catalog::find(name).unwrap();
                let value = flag.parse(text).unwrap();
                assert_eq!(flag.range_error(&value), None);
                assert_eq!(&flag.display(&value), text, "{}: in PostgreSQL's form", profile.name);
            }
        }
    }

    #[test]
    fn what_is_documented_is_what_was_written() {
        let settings = find("as-documented").unwrap().settings;
        let bare: Vec<Value> =
            settings.iter().map(|(name, text)| catalog::find(name).unwrap().parse(text).unwrap()).collect();
        assert_eq!(bare[..4], [98304, 64, 1024, 100_000].map(Value::Integer));
    }

    #[test]
    fn a_missing_one_is_told_with_those_there_are() {
        let error = find("fast").unwrap_err().to_string();
        assert_eq!(error, "there is no profile `fast`; shipped are pg-defaults, plan, as-documented");
    }
}
