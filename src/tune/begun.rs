//! What a study began with, kept in its directory for the one that goes on with it.

use super::{TuneError, TuneOptions};
use crate::{
    lab::{Event, Interrupt},
    record::{Existing, write_whole},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Name of the file in the study's directory.
const NAME: &str = "begun.json";

/// What a study began with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Begun {
    /// Of what was asked, before anything was settled.
    pub options_sha256: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Calls a second that were settled on; `None` in a closed loop.
    pub rate_per_second: Option<f64>,
    /// Length of a block.
    pub block_seconds: f64,
    /// How long it took to seed a server and to settle this.
    pub spent_seconds: f64,
}

impl Begun {
    /// Seeds what servers begin with and settles what `options` leave open, and keeps that in `directory`; of a study that
    /// goes on, takes what stands there.
    ///
    /// # Errors
    /// When that fails, or the study there began with other options.
    pub fn make_ready(
        directory: &Path,
        goes_on: bool,
        options: &mut TuneOptions,
        interrupt: &Interrupt,
        listen: &dyn Fn(Event),
    ) -> Result<Self, TuneError> {
        options.check()?;
        let (asked, at, began) = (options.digest(), Utc::now(), Instant::now());
        let earlier = goes_on.then(|| Self::read(directory, &asked)).transpose()?;
        options.seed_once(interrupt, listen)?;
        if let Some(begun) = earlier {
            options.load.rate = begun.rate_per_second;
            options.load.duration =
                Duration::try_from_secs_f64(begun.block_seconds).unwrap_or(options.load.duration);
            return Ok(begun);
        }
        options.settle_load(interrupt, listen)?;
        let begun = Self {
            options_sha256: asked,
            at,
            rate_per_second: options.load.rate,
            block_seconds: options.load.duration.as_secs_f64(),
            spent_seconds: began.elapsed().as_secs_f64(),
        };
        let json = serde_json::to_vec(&begun)
            .map_err(|error| failed(directory, format!("cannot be written: {error}")))?;
        write_whole(&directory.join(NAME), &json, Existing::Keep)?;
        Ok(begun)
    }

    fn read(directory: &Path, asked: &str) -> Result<Self, TuneError> {
        let text = std::fs::read(directory.join(NAME)).map_err(|error| {
            failed(directory, format!("no study can be gone on with there: {NAME}: {error}"))
        })?;
        let begun: Self = serde_json::from_slice(&text)
            .map_err(|error| failed(directory, format!("{NAME} is not what a study began with: {error}")))?;
        if begun.options_sha256 != asked {
            let reason =
                "it began with other options, or elsewhere: repeat them there, or leave --resume out";
            return Err(failed(directory, reason.to_owned()));
        }
        Ok(begun)
    }
}

fn failed(directory: &Path, reason: String) -> TuneError {
    TuneError::Journal { place: directory.display().to_string(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_with_the_same_options_alone() {
        let directory = tempfile::tempdir().unwrap();
        let said = |asked: &str| Begun::read(directory.path(), asked).unwrap_err().to_string();
        assert!(said("a").contains("no study can be gone on with there"), "{}", said("a"));
        let begun = Begun {
            options_sha256: "a".to_owned(),
            at: Utc::now(),
            rate_per_second: Some(123.4),
            block_seconds: 1.5,
            spent_seconds: 0.1 + 0.2,
        };
        std::fs::write(directory.path().join(NAME), serde_json::to_vec(&begun).unwrap()).unwrap();
        assert_eq!(Begun::read(directory.path(), "a").unwrap(), begun);
        assert!(said("b").contains("it began with other options"), "{}", said("b"));
    }
}
