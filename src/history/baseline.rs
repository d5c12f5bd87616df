//! Baselines: nights that have a name.

use super::{BASELINE_FORMAT, HistoryError, VERSION};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A night gets a name, or a name is taken away: a line of the history. The last one of a name is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// Always `loist-bench/baseline`.
    #[schemars(extend("const" = BASELINE_FORMAT))]
    pub format: String,
    /// Version of this format.
    pub version: u32,
    /// The name.
    pub name: String,
    /// The night's id; `null` where the name is taken away.
    pub id: Option<String>,
    /// When this was said, UTC.
    pub at: DateTime<Utc>,
}

/// Longest name.
const LONGEST: usize = 100;

impl Baseline {
    /// Gives a night a name, from now on; without an id, takes the name away.
    ///
    /// # Errors
    /// When no baseline may have that name.
    pub fn new(name: &str, id: Option<String>) -> Result<Self, HistoryError> {
        if !is_name(name) {
            return Err(HistoryError::Name(name.to_owned()));
        }
        Ok(Self {
            format: BASELINE_FORMAT.to_owned(),
            version: VERSION,
            name: name.to_owned(),
            id,
            at: Utc::now(),
        })
    }
}

/// What stands on a line, in a table and on a command line.
pub(super) fn is_name(name: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "._/+-".contains(c);
    let begins_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    begins_well && name.len() <= LONGEST && name.chars().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_on_a_line_and_in_a_table() {
        for name in ["main", "v1.2", "release/15", "a+b_c-d"] {
            assert_eq!(Baseline::new(name, None).unwrap().name, name);
        }
        for name in ["", "-x", "a b", "a,b", "ä", "x\n", &"x".repeat(101)] {
            let refused = Baseline::new(name, None).unwrap_err().to_string();
            assert!(refused.contains("is no name for a baseline"), "{refused}");
        }
    }
}
