//! Why a shard has no run to take part in.

use chrono::{DateTime, Utc};
use std::time::Duration;

/// The shards of a run did not come together.
#[derive(Debug, thiserror::Error)]
pub enum ShardError {
    /// Some did not come in time.
    #[error(
        "{} of {of} not ready within {}: start all shards with the same options, or allow more time by --wait-for-shards",
        listed(.missing), humantime::format_duration(*.waited)
    )]
    NotReady {
        /// Their numbers.
        missing: Vec<usize>,
        /// How many shards there are.
        of: usize,
        /// For how long the others waited.
        waited: Duration,
    },
    /// Some ended before the start.
    #[error("{} of {of} ended before the windows began, so the others have nothing to begin with: its own message says why", listed(.gone))]
    Gone {
        /// Their numbers.
        gone: Vec<usize>,
        /// How many shards there are.
        of: usize,
    },
    /// The library is not there.
    #[error(
        "shard 1 has not made the library within {}: start it, make the library by `seed` before, or allow more time by --wait-for-shards",
        humantime::format_duration(*.waited)
    )]
    NoLibrary {
        /// For how long this shard waited.
        waited: Duration,
    },
    /// Nobody said when to begin.
    #[error(
        "shard 1 has not said within {} when the windows begin: it waits for shards that did not come, or is not there; allow more time by --wait-for-shards",
        humantime::format_duration(*.waited)
    )]
    NoStart {
        /// For how long this shard waited.
        waited: Duration,
    },
    /// The start cannot be kept.
    #[error(
        "too late for the start at {} by the server's clock: this shard would have to be ready {} before it, and is {:.1} s behind that; name a later --start-at, or leave it out, and all begin together when the last one is ready",
        .at.format("%Y-%m-%dT%H:%M:%S%.3fZ"), humantime::format_duration(*.ahead), .late.as_secs_f64()
    )]
    TooLate {
        /// The start.
        at: DateTime<Utc>,
        /// How long before it there is something to do.
        ahead: Duration,
        /// How much too late it is.
        late: Duration,
    },
}

/// `shard 2`, or `shards 2, 3`.
pub(crate) fn listed(numbers: &[usize]) -> String {
    let text: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    format!("{} {}", if numbers.len() == 1 { "shard" } else { "shards" }, text.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_name_numbers_and_times() {
        let waited = Duration::from_secs(300);
        let not_ready = |missing| ShardError::NotReady { missing, of: 8, waited }.to_string();
        assert!(
            not_ready(vec![3]).starts_with("shard 3 of 8 not ready within 5m: "),
            "{}",
            not_ready(vec![3])
        );
        assert!(not_ready(vec![2, 3]).starts_with("shards 2, 3 of 8 not ready"), "{}", not_ready(vec![2, 3]));
        let at = DateTime::from_timestamp_millis(1_000_000_500).unwrap();
        let late = Duration::from_millis(1_240);
        let error = ShardError::TooLate { at, ahead: Duration::from_secs(5), late };
        let said = "the start at 1970-01-12T13:46:40.500Z by the server's clock: this shard would have to be ready 5s before it, and is 1.2 s behind";
        assert!(error.to_string().contains(said), "{error}");
    }
}
