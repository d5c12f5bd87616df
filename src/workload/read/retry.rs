//! Reads the `[retry]` table.

use super::Reader;
use crate::workload::{error::WorkloadError, file::RetryFile, retry::Retry};
use std::time::Duration;
use toml::Spanned;

/// More attempts than this are a loop.
const MOST_ATTEMPTS: u32 = 10;
/// A longer pause outlasts the run.
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

impl Reader<'_> {
    /// Checks ranges, and that attempts and reasons come together.
    pub(super) fn retry(&self, file: &RetryFile) -> Result<Retry, WorkloadError> {
        let attempts = *file.attempts.get_ref();
        if !(1..=MOST_ATTEMPTS).contains(&attempts) {
            let message =
                format!("`attempts` counts the first too: 1 to {MOST_ATTEMPTS}, not {attempts}, as in 3");
            return Err(self.source.error(file.attempts.span().start, message));
        }
        match (attempts, file.on.get_ref().is_empty()) {
            (2.., true) => {
                let message = format!(
                    "there are {attempts} `attempts`, but `on` does not say after what: write on = [\"connection\"], or leave `attempts` out"
                );
                return Err(self.source.error(file.attempts.span().start, message));
            }
            (1, false) => {
                let message = "`on` says after what to try again, but `attempts` is 1: write attempts = 2 or more, or leave `on` out";
                return Err(self.source.error(file.on.span().start, message));
            }
            _ => {}
        }
        let backoff = self.pause("backoff", &file.backoff)?;
        let backoff_max = self.pause("backoff_max", &file.backoff_max)?;
        if backoff > backoff_max {
            let message = format!(
                "`backoff` is {}, above the longest pause: `backoff_max` is {}",
                file.backoff.get_ref(),
                file.backoff_max.get_ref()
            );
            return Err(self.source.error(file.backoff.span().start, message));
        }
        let jitter = *file.jitter.get_ref();
        if !(0.0..=1.0).contains(&jitter) {
            let message = format!("`jitter` is a share of the pause from 0 to 1, not {jitter}");
            return Err(self.source.error(file.jitter.span().start, message));
        }
        Ok(Retry { attempts, on: self.each(file.on.get_ref())?, backoff, backoff_max, jitter })
    }

    fn pause(&self, key: &str, text: &Spanned<String>) -> Result<Duration, WorkloadError> {
        match humantime::parse_duration(text.get_ref()) {
            Ok(pause) if pause <= LONGEST_PAUSE => Ok(pause),
            _ => {
                let message = format!(
                    "`{key}` is a time of at most an hour with its unit, as in 10ms, not `{}`",
                    text.get_ref()
                );
                Err(self.source.error(text.span().start, message))
            }
        }
    }
}
