//! What a parameter is drawn from: the kinds a workload file may name, and their fields.

use schemars::JsonSchema;
use serde::Deserialize;

/// How a parameter gets its value for each call.
///
/// A kind with fields is used as `:parameter.field`; one without, as `:parameter`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "draw", rename_all = "snake_case", deny_unknown_fields)]
pub enum Draw {
    /// Id of a track in the catalog; popular tracks are asked for more often (Zipf).
    TrackId {
        /// Share of calls (0..=1) that ask for an id that does not exist.
        #[serde(default)]
        missing: f64,
    },
    /// Id that is in no row.
    MissingId {},
    /// Text of a search, as people type it, joined for `to_tsquery` as the server does.
    SearchQuery {
        /// Share of calls (0..=1) with an odd text: syntax errors, stop words, punctuation.
        #[serde(default)]
        odd: f64,
    },
    /// A range of years: fields `from` and `to`, both NULL when absent.
    YearRange {
        /// Share of calls (0..=1) that carry it.
        #[serde(default = "always")]
        present: f64,
    },
    /// An audio format, such as `FLAC`; NULL when absent.
    Format {
        /// Share of calls (0..=1) that carry it.
        #[serde(default = "always")]
        present: f64,
    },
    /// A misspelt artist or title, for similarity search.
    FuzzyTerm {},
    /// A track about to be ingested: fields as the columns of `audio_tracks`.
    NewTrack {
        /// Whether the file carries artist and album tags; otherwise one of them is NULL, or both.
        #[serde(default = "yes")]
        tagged: bool,
    },
    /// A point in time before the newest track of the catalog.
    CatalogTime {
        /// How long before, as in `24h`.
        #[serde(with = "humantime_text")]
        #[schemars(with = "String")]
        before_end: std::time::Duration,
    },
    /// A whole number from `min` to `max`, both included, all equally likely.
    Integer {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// One of `values`, by `weights` (equal if left out).
    Choice {
        /// Whole numbers or texts.
        values: Vec<Scalar>,
        /// One weight a value, each above 0.
        #[serde(default)]
        weights: Vec<f64>,
    },
    /// One of these pieces of SQL, put in verbatim, such as a sort order.
    Sql {
        /// The pieces.
        values: Vec<String>,
        /// One weight a piece, each above 0; equal if left out.
        #[serde(default)]
        weights: Vec<f64>,
    },
}

/// A value written in a workload file.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
}

fn always() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

mod humantime_text {
    use serde::{Deserialize, Deserializer, de::Error};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<std::time::Duration, D::Error> {
        humantime::parse_duration(&String::deserialize(d)?).map_err(D::Error::custom)
    }
}

/// Fields of [`Draw::NewTrack`]: the columns that an ingest writes.
pub const NEW_TRACK_FIELDS: &[&str] = &[
    "id",
    "artist",
    "album",
    "title",
    "genre",
    "year",
    "duration_seconds",
    "channels",
    "sample_rate",
    "bitrate",
    "format",
    "audio_gcs_path",
    "thumbnail_gcs_path",
];

/// A hundred years: no library is older.
const LONGEST_AGO: std::time::Duration = std::time::Duration::from_secs(36_500 * 86_400);
/// Weights are relative; larger ones only lose digits.
const LARGEST_WEIGHT: f64 = 1e9;

/// Whether a weight can be one.
pub(super) fn check_weight(weight: f64) -> Result<(), String> {
    if weight > 0.0 && weight <= LARGEST_WEIGHT {
        return Ok(());
    }
    Err(format!("a weight must be above 0 and at most {LARGEST_WEIGHT}, not {weight}"))
}

impl Draw {
    /// The fields that SQL may name; empty when the parameter is a single value.
    #[must_use]
    pub fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::YearRange { .. } => &["from", "to"],
            Self::NewTrack { .. } => NEW_TRACK_FIELDS,
            _ => &[],
        }
    }

    /// The pieces of SQL that the parameter may stand for; empty unless it is [`Draw::Sql`].
    #[must_use]
    pub fn sql_choices(&self) -> &[String] {
        match self {
            Self::Sql { values, .. } => values,
            _ => &[],
        }
    }

    /// Checks shares, ranges and weights.
    ///
    /// # Errors
    /// One sentence about what is out of range.
    pub fn check(&self) -> Result<(), String> {
        let share = |name: &str, value: f64| match value {
            0.0..=1.0 => Ok(()),
            _ => Err(format!("`{name}` is a share of calls from 0 to 1, not {value}")),
        };
        let weighted = |values: usize, weights: &[f64]| {
            if values == 0 {
                return Err("`values` is empty: name at least one".to_owned());
            }
            if !weights.is_empty() && weights.len() != values {
                return Err(format!("{} weights for {values} values: give one each, or none", weights.len()));
            }
            weights.iter().try_for_each(|weight| check_weight(*weight))
        };
        let no_zero = |text: &String| match text.contains('\0') {
            true => Err("PostgreSQL knows no text with a zero character in it".to_owned()),
            false => Ok(()),
        };
        match self {
            Self::TrackId { missing } => share("missing", *missing),
            Self::SearchQuery { odd } => share("odd", *odd),
            Self::YearRange { present } | Self::Format { present } => share("present", *present),
            Self::Integer { min, max } if min > max => Err(format!("`min` {min} is above `max` {max}")),
            Self::CatalogTime { before_end } if *before_end > LONGEST_AGO => {
                Err(format!("`before_end` is at most {} days", LONGEST_AGO.as_secs() / 86_400))
            }
            Self::Choice { values, weights } => {
                values.iter().try_for_each(|value| match value {
                    Scalar::Text(text) => no_zero(text),
                    Scalar::Int(_) => Ok(()),
                })?;
                weighted(values.len(), weights)
            }
            Self::Sql { values, weights } => {
                values.iter().try_for_each(no_zero)?;
                weighted(values.len(), weights)
            }
            _ => Ok(()),
        }
    }
}
