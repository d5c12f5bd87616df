//! Which calls are tried again, how often, and after what pause.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

/// How failed calls are tried again.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    /// Attempts in all, the first included, 1 to 10.
    pub attempts: u32,
    /// After which failures; empty exactly when there is one attempt.
    pub on: Vec<RetryOn>,
    /// Pause after the first attempt; it doubles with each further one.
    pub backoff: Duration,
    /// Longest pause, at least `backoff`.
    pub backoff_max: Duration,
    /// Share of each pause (0..=1) that is left to chance.
    pub jitter: f64,
}

/// A failure after which a call is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetryOn {
    /// The connection was lost, reset or refused, or the server starts or shuts down.
    Connection,
    /// The pool had no connection to give.
    Pool,
    /// The server answered with this SQLSTATE.
    State(String),
}

impl Default for Retry {
    /// One attempt: the server's driver tries nothing again.
    fn default() -> Self {
        Self {
            attempts: 1,
            on: Vec::new(),
            backoff: Duration::from_millis(10),
            backoff_max: Duration::from_secs(1),
            jitter: 0.5,
        }
    }
}

impl Retry {
    /// The pause after attempt number `attempt` (from 1), with a `random` number of 0..=1: exponential backoff
    /// up to `backoff_max`, of which the share `jitter` is cut by chance so that clients who failed together do
    /// not come back together.
    #[must_use]
    pub fn pause(&self, attempt: u32, random: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let pause = self.backoff.saturating_mul(1 << doublings).min(self.backoff_max);
        let jitter = self.jitter.clamp(0.0, 1.0);
        pause.mul_f64(1.0 - jitter + jitter * random.clamp(0.0, 1.0))
    }
}

impl fmt::Display for RetryOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connection => "connection",
            Self::Pool => "pool",
            Self::State(code) => code,
        })
    }
}

impl FromStr for RetryOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "connection" => Ok(Self::Connection),
            "pool" => Ok(Self::Pool),
            code if code.len() == 5 && code.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()) => {
                Ok(Self::State(code.to_owned()))
            }
            _ => Err(format!(
                "`{text}` is nothing to try again on: write connection, pool, or a SQLSTATE of five digits and capital letters, as in 40P01"
            )),
        }
    }
}

impl JsonSchema for RetryOn {
    fn schema_name() -> Cow<'static, str> {
        "RetryOn".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "What to try again on: connection, pool, or a SQLSTATE.",
            "pattern": "^(connection|pool|[0-9A-Z]{5})$",
            "examples": ["connection", "pool", "40001", "40P01"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn milliseconds(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let retry = Retry { jitter: 0.0, ..Retry::default() };
        let pauses = [1, 2, 3, 7, 8, 10, u32::MAX].map(|attempt| retry.pause(attempt, 0.3).as_millis());
        assert_eq!(pauses, [10, 20, 40, 640, 1_000, 1_000, 1_000]);
    }

    #[test]
    fn chance_cuts_its_share_of_a_pause() {
        let retry = Retry { backoff: milliseconds(100), ..Retry::default() };
        for (jitter, random, pause) in
            [(0.5, 0.0, 50), (0.5, 0.5, 75), (0.5, 1.0, 100), (1.0, 0.0, 0), (1.0, 1.0, 100), (0.0, 0.0, 100)]
        {
            assert_eq!(Retry { jitter, ..retry.clone() }.pause(1, random), milliseconds(pause));
        }
    }

    #[test]
    fn failures_have_names() {
        for (text, on) in [
            ("connection", RetryOn::Connection),
            ("pool", RetryOn::Pool),
            ("40P01", RetryOn::State("40P01".to_owned())),
        ] {
            assert_eq!(text.parse(), Ok(on.clone()));
            assert_eq!(on.to_string(), text);
        }
        for text in ["", "pools", "40p01", "4000", "400011", "40 01", "Pool"] {
            let error = text.parse::<RetryOn>().unwrap_err();
            assert!(error.contains("connection, pool, or a SQLSTATE"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn a_pause_is_never_longer_than_the_longest(
            attempt: u32, backoff: u64, longest: u64, jitter in 0.0_f64..=1.0, random in 0.0_f64..=1.0,
        ) {
            let (backoff, backoff_max) = (milliseconds(backoff), milliseconds(longest));
            let retry = Retry { backoff, backoff_max, jitter, ..Retry::default() };
            // A product of floating-point numbers is rounded.
            prop_assert!(retry.pause(attempt, random).as_secs_f64() <= backoff_max.as_secs_f64() * (1.0 + 1e-15));
        }
    }
}
