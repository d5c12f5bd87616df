//! What the server did beside its clients. It belongs to a database's life and so to its latencies: it is said, and
//! decides nothing.

use super::{Observation, informative};
use crate::record::{Disturbance, DisturbanceKind, Sample};
use crate::text::counted;

/// More moments than this are not listed.
const MOST_MOMENTS: usize = 5;

/// Checkpoints that began in the window. Where no look at the server succeeded, its own counters tell how many.
pub(super) fn checkpoints(input: &Observation<'_>) -> Option<Disturbance> {
    let begun = |sample: &Sample| sample.checkpoints.unwrap_or_default();
    let samples = input.in_window();
    let blind = samples.iter().all(|sample| sample.checkpoints.is_none());
    let (count, when) = if blind {
        (input.checkpoints, "at a time that was not seen".to_owned())
    } else {
        (samples.iter().map(begun).sum(), moments(samples.iter().filter(|sample| begun(sample) > 0)))
    };
    (count > 0).then(|| {
        let what = counted(count, "checkpoint");
        informative(DisturbanceKind::Checkpoint, format!("{what} began in the window, {when}"))
    })
}

/// Autovacuum at work.
pub(super) fn autovacuum(input: &Observation<'_>) -> Option<Disturbance> {
    let (seen, most) = seen(input, |sample| sample.autovacuums)?;
    let sentence = format!("autovacuum was at work in {seen}, with up to {}", counted(most, "worker"));
    Some(informative(DisturbanceKind::Autovacuum, sentence))
}

/// Sessions that waited for locks.
pub(super) fn lock_waits(input: &Observation<'_>) -> Option<Disturbance> {
    let (seen, most) = seen(input, |sample| sample.lock_waits)?;
    let waits = input.in_window().iter().filter_map(|sample| sample.longest_lock_wait_ms);
    let longest = waits.reduce(f64::max).map_or_else(String::new, |ms| format!(" and {ms:.0} ms at most"));
    let sentence =
        format!("sessions waited for locks in {seen}, up to {}{longest}", counted(most, "session"));
    Some(informative(DisturbanceKind::LockWaits, sentence))
}

/// Something that lasts, as the samples caught it: in how many and when, and the most at once.
fn seen(input: &Observation<'_>, count: impl Fn(&Sample) -> Option<u64>) -> Option<(String, u64)> {
    let all = input.in_window();
    let count = |sample: &Sample| count(sample).unwrap_or_default();
    let found: Vec<&Sample> = all.iter().filter(|sample| count(sample) > 0).collect();
    let most = found.iter().map(|sample| count(sample)).max()?;
    let share = format!("{} of {} samples", found.len(), all.len());
    Some((format!("{share}, {}", moments(found.into_iter())), most))
}

/// When, in seconds into the window: each moment of a few, the first and the last of many.
fn moments<'a>(samples: impl Iterator<Item = &'a Sample>) -> String {
    let at: Vec<String> = samples.map(|sample| format!("{:.0}", sample.at_seconds)).collect();
    match at.as_slice() {
        [first, .., last] if at.len() > MOST_MOMENTS => format!("from {first} s to {last} s"),
        _ => format!("at {} s", at.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{observation, samples};
    use super::*;

    #[test]
    fn checkpoints_are_counted_and_dated() {
        let two = samples(|index, s| s.checkpoints = Some(u64::from(index == 11) + u64::from(index == 27)));
        let found = checkpoints(&observation(&two)).unwrap();
        assert!(!found.decisive);
        assert_eq!(found.sentence, "2 checkpoints began in the window, at 12, 28 s");
        let none = samples(|_, sample| sample.checkpoints = Some(0));
        assert_eq!(checkpoints(&observation(&none)), None);
        assert_eq!(checkpoints(&observation(&samples(|_, _| {}))), None, "could not be read");
    }

    #[test]
    fn autovacuum_is_dated() {
        let busy = samples(|index, s| s.autovacuums = Some(u64::from(index > 9) + u64::from(index > 20)));
        let found = autovacuum(&observation(&busy)).unwrap();
        let said = "autovacuum was at work in 20 of 30 samples, from 11 s to 30 s, with up to 2 workers";
        assert_eq!((found.sentence.as_str(), found.decisive), (said, false));
        assert_eq!(autovacuum(&observation(&samples(|_, _| {}))), None);
    }

    #[test]
    fn lock_waits_name_the_longest() {
        let waiting = samples(|index, sample| {
            sample.lock_waits = Some(u64::from(index == 2));
            sample.longest_lock_wait_ms = (index == 2).then_some(350.4);
        });
        let found = lock_waits(&observation(&waiting)).unwrap();
        let said = "sessions waited for locks in 1 of 30 samples, at 3 s, up to 1 session and 350 ms at most";
        assert_eq!((found.sentence.as_str(), found.decisive), (said, false));
        assert_eq!(lock_waits(&observation(&samples(|_, _| {}))), None);
    }

    #[test]
    fn blind_samples_leave_it_to_the_counters() {
        let blind = samples(|_, _| {});
        let found = checkpoints(&Observation { checkpoints: 2, ..observation(&blind) }).unwrap();
        assert_eq!(found.sentence, "2 checkpoints began in the window, at a time that was not seen");
        let none = samples(|_, sample| sample.checkpoints = Some(0));
        assert_eq!(checkpoints(&Observation { checkpoints: 2, ..observation(&none) }), None);
    }

    #[test]
    fn what_happens_in_the_drain_is_not_told() {
        let late = samples(|index, sample| sample.lock_waits = Some(u64::from(index > 20)));
        assert_eq!(lock_waits(&Observation { window_seconds: 21.0, ..observation(&late) }), None);
    }
}
