//! A line of the history's files.

use super::{BASELINE_FORMAT, Baseline, FORMAT, HistoryError, Night, VERSION, baseline::is_name};
use crate::text::json_mistake;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A line: a night, or what a night is called.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(title = "loist-bench history line")]
pub enum Line {
    /// What was measured in one night.
    Night(Box<Night>),
    /// A night gets a name, or a name is taken away.
    Baseline(Baseline),
}

/// The part of a line that every version has.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
}

impl Line {
    /// Reads a line; what is wrong with it otherwise.
    ///
    /// # Errors
    /// When it is torn, foreign, or of a version that this program does not read.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is no text".to_owned())?;
        let torn = |error: serde_json::Error| {
            format!("it is torn, or no line of a history: {}", json_mistake(&error))
        };
        let header: Header = serde_json::from_str(text).map_err(torn)?;
        if ![FORMAT, BASELINE_FORMAT].contains(&header.format.as_str()) {
            return Err(format!("its format is `{}`, not `{FORMAT}` or `{BASELINE_FORMAT}`", header.format));
        }
        match header.version {
            0 => return Err("it has version 0, and the first is 1".to_owned()),
            1..=VERSION => {}
            newer => {
                return Err(format!(
                    "it has version {newer}, and this loist-bench reads up to {VERSION}: use a newer loist-bench"
                ));
            }
        }
        if header.format == BASELINE_FORMAT {
            let baseline: Baseline = serde_json::from_str(text).map_err(torn)?;
            return match is_name(&baseline.name) {
                true => Ok(Self::Baseline(baseline)),
                false => Err(HistoryError::Name(baseline.name).to_string()),
            };
        }
        let night: Box<Night> = serde_json::from_str(text).map_err(torn)?;
        match night.fault() {
            None => Ok(Self::Night(night)),
            Some(fault) => Err(fault),
        }
    }

    /// As it stands in a file, without the line's end.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("a line is plain data")
    }
}

/// The JSON Schema of a line (draft 2020-12).
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Line).to_value()
}
