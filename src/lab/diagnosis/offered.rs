//! Whether an open loop offered the load that was asked for, and whether there was a steady answer to it.

use super::{Observation, decisive, rate};
use crate::record::{Disturbance, DisturbanceKind, Samples};

/// Half of the calls may start this late: as much as the coarsest timers of good generators are late (rounding up to
/// whole milliseconds costs 0.6 to 1.7 ms in the median).
const MOST_START_ERROR_P50_US: f64 = 1_000.0;
/// One call in a hundred may start this late: a few of the scheduler's time slices on a processor that is shared.
const MOST_START_ERROR_P99_US: f64 = 20_000.0;
/// Below this share of answers the queue grows by more than half of the calls for as long as the run lasts.
const FEWEST_ANSWERED: f64 = 0.5;
/// Calls to expect for a rate to be judged: of 30 random arrivals, fewer than half come once in a thousand windows.
const FEWEST_CALLS: f64 = 30.0;

/// The generator itself was late.
pub(super) fn schedule_missed(input: &Observation<'_>) -> Option<Disturbance> {
    let schedule = input.schedule?;
    let (p50, p99) = schedule.start_error_p50_us.zip(schedule.start_error_p99_us)?;
    (p50 > MOST_START_ERROR_P50_US || p99 > MOST_START_ERROR_P99_US).then(|| {
        let samples = input.samples;
        let client = Samples::mean(&samples.samples, |sample| sample.client_cpus).unwrap_or_default();
        let sentence = format!(
            "the client could not keep its schedule of {} calls/s: half of {} calls began more than {:.1} ms late and one in \
             a hundred more than {:.1} ms (up to {:.0} and {:.0} ms are borne), on {} that used {client:.2} of {} \
             processors: ask for less, or give the client more processors",
            rate(schedule.asked_per_second),
            rate(schedule.released as f64),
            p50 / 1e3,
            p99 / 1e3,
            MOST_START_ERROR_P50_US / 1e3,
            MOST_START_ERROR_P99_US / 1e3,
            if input.threads == 1 { "one thread".to_owned() } else { format!("{} threads", input.threads) },
            samples.allowed_processors
        );
        decisive(DisturbanceKind::ScheduleMissed, sentence)
    })
}

/// Far more was asked than could be answered.
pub(super) fn overload(input: &Observation<'_>) -> Option<Disturbance> {
    let schedule = input.schedule?;
    let asked = schedule.asked_per_second;
    let enough = asked * input.window_seconds >= FEWEST_CALLS;
    (enough && schedule.answered_per_second < FEWEST_ANSWERED * asked).then(|| {
        let sentence = format!(
            "asked for {} calls/s, {} were answered ({:.0} %): no percentile describes a queue that grows as long as the run \
             lasts; ask for less, or search the highest rate with --knee",
            rate(asked),
            rate(schedule.answered_per_second),
            schedule.answered_per_second / asked * 100.0
        );
        decisive(DisturbanceKind::Overload, sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::super::{
        Schedule,
        fixture::{observation, samples},
    };
    use super::*;

    fn schedule() -> Schedule {
        Schedule {
            asked_per_second: 15_000.0,
            answered_per_second: 15_000.0,
            released: 450_000,
            start_error_p50_us: Some(60.0),
            start_error_p99_us: Some(900.0),
        }
    }

    #[test]
    fn a_late_generator_is_found() {
        let with = |p50: f64, p99: f64| {
            let schedule =
                Schedule { start_error_p50_us: Some(p50), start_error_p99_us: Some(p99), ..schedule() };
            let samples = samples(|_, _| {});
            schedule_missed(&Observation { schedule: Some(schedule), ..observation(&samples) })
        };
        assert_eq!(with(1_000.0, 20_000.0), None);
        assert!(with(1_001.0, 1_100.0).is_some());
        let found = with(60.0, 20_100.0).unwrap();
        assert!(found.decisive && found.sentence.contains("15,000 calls/s"), "{found:?}");
        assert!(found.sentence.contains("2 threads that used 0.80 of 2 processors"), "{found:?}");
    }

    #[test]
    fn overload_below_half_of_what_was_asked() {
        let with = |answered: f64, asked: f64| {
            let schedule = Schedule { asked_per_second: asked, answered_per_second: answered, ..schedule() };
            let samples = samples(|_, _| {});
            overload(&Observation { schedule: Some(schedule), ..observation(&samples) })
        };
        let found = with(1_480.0, 15_000.0).unwrap();
        let begins = "asked for 15,000 calls/s, 1,480 were answered (10 %): ";
        assert!(found.decisive && found.sentence.starts_with(begins), "{found:?}");
        assert_eq!(with(7_500.0, 15_000.0), None);
        assert!(with(7_499.0, 15_000.0).is_some());
        // Nine calls expected in thirty seconds: that four came proves nothing.
        assert_eq!(with(0.13, 0.3), None);
        assert!(with(0.4, 1.0).is_some());
    }

    #[test]
    fn a_closed_loop_has_no_schedule() {
        let samples = samples(|_, _| {});
        let closed = observation(&samples);
        assert_eq!((schedule_missed(&closed), overload(&closed)), (None, None));
    }
}
