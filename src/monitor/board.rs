//! The parts of a collection: what each read last, how long that took, and whether it could be read.

use super::{
    metric::Readings,
    metrics::{PART_DURATION, PART_ERRORS, PART_SUCCESS},
};
use std::{
    collections::BTreeMap,
    future::Future,
    time::{Duration, Instant},
};

/// What is known of one part.
#[derive(Debug, Default)]
struct Part {
    readings: Readings,
    took: Duration,
    errors: u64,
    /// Why it could not be read the last time.
    refused: Option<String>,
}

/// All parts that were tried.
#[derive(Debug, Default)]
pub(super) struct Board {
    parts: BTreeMap<&'static str, Part>,
}

impl Board {
    /// Reads a part. One that cannot be read has no numbers any more; why is returned, unless that was so before.
    pub(super) async fn read(
        &mut self,
        name: &'static str,
        reading: impl Future<Output = Result<Readings, String>>,
    ) -> Option<String> {
        let began = Instant::now();
        let outcome = reading.await;
        self.note(name, began.elapsed(), outcome)
    }

    fn note(
        &mut self,
        name: &'static str,
        took: Duration,
        outcome: Result<Readings, String>,
    ) -> Option<String> {
        let part = self.parts.entry(name).or_default();
        part.took = took;
        match outcome {
            Ok(readings) => {
                (part.readings, part.refused) = (readings, None);
                None
            }
            Err(reason) => {
                part.readings = Readings::default();
                part.errors += 1;
                let is_news = part.refused.as_ref() != Some(&reason);
                part.refused = Some(reason.clone());
                is_news.then(|| format!("{name}: {reason}"))
            }
        }
    }

    /// Forgets the numbers of these parts: whoever they are of does not answer.
    pub(super) fn forget(&mut self, names: &[&'static str]) {
        for name in names {
            if let Some(part) = self.parts.get_mut(name) {
                part.readings = Readings::default();
            }
        }
    }

    /// Adds what is known to `all`.
    pub(super) fn tell(&self, all: &mut Readings) {
        for (name, part) in &self.parts {
            all.put_for(&PART_SUCCESS, [*name], if part.refused.is_none() { 1.0 } else { 0.0 });
            all.put_for(&PART_ERRORS, [*name], part.errors as f64);
            all.put_for(&PART_DURATION, [*name], part.took.as_secs_f64());
            all.0.extend(part.readings.0.iter().cloned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::metrics::UP;

    fn told(board: &Board) -> Vec<(&'static str, f64)> {
        let mut all = Readings::default();
        board.tell(&mut all);
        let number = |reading: &crate::monitor::metric::Reading| match reading.value {
            crate::monitor::metric::Value::Number(number) => number,
            crate::monitor::metric::Value::Distribution(_) => f64::NAN,
        };
        let all = all.0.iter().filter(|reading| reading.metric.name != "part_duration");
        all.map(|reading| (reading.metric.name, number(reading))).collect()
    }

    #[test]
    fn what_cannot_be_read_is_left_out_and_said_once() {
        let mut board = Board::default();
        let mut readings = Readings::default();
        readings.put(&UP, 7.0);
        let took = Duration::from_secs(1);
        assert_eq!(board.note("a", took, Ok(readings.clone())), None);
        assert_eq!(told(&board), [("part_success", 1.0), ("part_errors", 0.0), ("up", 7.0)]);
        let refused = |why: &str| Err(why.to_owned());
        assert_eq!(board.note("a", took, refused("no")), Some("a: no".to_owned()));
        assert_eq!(board.note("a", took, refused("no")), None, "that was said");
        assert_eq!(told(&board), [("part_success", 0.0), ("part_errors", 2.0)]);
        assert_eq!(board.note("a", took, Ok(readings)), None);
        assert_eq!(told(&board), [("part_success", 1.0), ("part_errors", 2.0), ("up", 7.0)]);
        board.forget(&["a", "b"]);
        assert_eq!(told(&board).len(), 2);
        assert_eq!(board.note("a", took, refused("no")), Some("a: no".to_owned()), "it was well between");
    }
}
