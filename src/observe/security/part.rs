//! A part of the evidence: what was read, or why it could not be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was read, or why it could not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part<T> {
    /// It was read.
    Read(T),
    /// It could not be read, because of this.
    Unread(String),
}

impl<T> Part<T> {
    /// What was read.
    ///
    /// # Errors
    /// Why it was not.
    pub fn get(&self) -> Result<&T, String> {
        match self {
            Self::Read(value) => Ok(value),
            Self::Unread(reason) => Err(reason.clone()),
        }
    }
}
