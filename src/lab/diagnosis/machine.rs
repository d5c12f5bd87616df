//! Whether the client and the server had the machine to themselves.

use super::{Observation, decisive, informative, mean};
use crate::record::{Disturbance, DisturbanceKind, Sample};

/// On a shared two-core virtual machine, leaving out the runs in which the hypervisor took this share cut the spread
/// between identical runs from 38 to 14 %.
const MOST_STEAL: f64 = 0.05;
/// Processors that others may use. A process that keeps one of two processors busy takes 0.5 to 1; a job of one second
/// in a window of thirty takes 0.03, the machine's own housekeeping less than 0.1.
const MOST_OTHERS: f64 = 0.2;
/// On large machines the same as a share of all processors: what others use matters by what they leave.
const MOST_OTHERS_SHARE: f64 = 0.1;
/// Share of the time in which a client thread wants a processor that it waits for one. A client beside its server on the same processors
/// waits too, and that is part of what is measured; so this counts only where somebody else is there as well.
const MOST_WAIT: f64 = 0.3;
/// Processors that each client thread used, from which on it was never idle. Prepared selects of one row, as fast as two
/// processors go, take 0.35 to 0.6.
const SATURATED: f64 = 0.95;

/// The hypervisor took processor time.
pub(super) fn steal(input: &Observation<'_>) -> Option<Disturbance> {
    let share = mean(input.in_window(), |sample| sample.steal_share);
    (share >= MOST_STEAL).then(|| {
        let sentence = format!(
            "the hypervisor took {:.1} % of the processors' time (from {:.0} % on, a run is not to be trusted): \
             repeat it when the host is less busy, or on a machine of its own",
            share * 100.0,
            MOST_STEAL * 100.0
        );
        decisive(DisturbanceKind::Steal, sentence)
    })
}

/// Processors that others used, as far as they are known not to be the server: where its processes could not be found,
/// in a container or reached by a name of this machine, it is among the others.
fn others(sample: &Sample) -> f64 {
    if sample.server_cpus.is_some() { sample.other_cpus } else { sample.foreign_cpus }
}

/// Others used the processors. What may have been the server is only said.
pub(super) fn other_processes(input: &Observation<'_>) -> Option<Disturbance> {
    let processors = input.samples.processors;
    let most = MOST_OTHERS.max(MOST_OTHERS_SHARE * processors as f64);
    let kind = DisturbanceKind::OtherProcesses;
    let known = mean(input.in_window(), others);
    if known >= most {
        let sentence = format!(
            "other processes used {known:.2} of {processors} processors (up to {most:.2} does no harm): end them, and \
             repeat the run"
        );
        return Some(decisive(kind, sentence));
    }
    let all = mean(input.in_window(), |sample| sample.other_cpus);
    (all >= most).then(|| {
        let sentence = format!(
            "processes other than the client used {all:.2} of {processors} processors; the server may be among them, \
             which cannot be seen from here"
        );
        informative(kind, sentence)
    })
}

/// The client may use few processors, and others are on them. Where they run is not known; they must have run for half
/// as long as the client waited, since its server may have taken the other half.
pub(super) fn client_starved(input: &Observation<'_>) -> Option<Disturbance> {
    let samples = input.samples;
    let others = mean(input.in_window(), others);
    let waited = mean(input.in_window(), |sample| sample.client_wait);
    let ran = mean(input.in_window(), |sample| sample.client_cpus) / input.threads.max(1) as f64;
    let wait = if waited > 0.0 { waited / (waited + ran) } else { 0.0 };
    let bound = samples.allowed_processors < samples.processors;
    (bound && wait >= MOST_WAIT && others >= MOST_OTHERS.max(waited / 2.0)).then(|| {
        let sentence = format!(
            "the client may use {} of {} processors and shares them: its busiest thread waited {:.0} % of the time in which it \
             wanted one, while others used {others:.2} processors: its latencies are its own; give it processors of its own",
            samples.allowed_processors,
            samples.processors,
            wait * 100.0
        );
        decisive(DisturbanceKind::ClientStarved, sentence)
    })
}

/// The client's threads had no time left: calls waited for them and not for the server.
pub(super) fn client_saturated(input: &Observation<'_>) -> Option<Disturbance> {
    let threads = input.threads.max(1);
    let used = mean(input.in_window(), |sample| sample.client_cpus) / threads as f64;
    (used >= SATURATED).then(|| {
        let whose = if threads == 1 { "thread was" } else { "threads were" };
        let sentence = format!(
            "the load generator's own {whose} saturated ({used:.2} processors for each of {threads}), so its latencies \
             are its own: give it more threads (--threads) or a lower rate"
        );
        decisive(DisturbanceKind::ClientSaturated, sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{observation, samples};
    use super::*;

    #[test]
    fn steal_from_five_percent_on() {
        let with = |share: f64| steal(&observation(&samples(|_, sample| sample.steal_share = share)));
        assert_eq!(with(0.049), None);
        let found = with(0.051).unwrap();
        assert!(found.decisive && found.sentence.contains("took 5.1 %"), "{found:?}");
        // One bad second is not a bad run.
        assert_eq!(
            steal(&observation(&samples(|index, s| s.steal_share = f64::from(u8::from(index == 4))))),
            None
        );
        let three = samples(|index, s| s.steal_share = f64::from(u8::from(index < 3)));
        assert!(steal(&observation(&three)).is_some());
    }

    #[test]
    fn a_hog_is_found_and_a_short_job_is_not() {
        let hog = samples(|_, sample| sample.other_cpus = 0.66);
        let found = other_processes(&observation(&hog)).unwrap();
        assert!(found.decisive && found.sentence.contains("used 0.66 of 2 processors"), "{found:?}");
        let job = samples(|index, sample| sample.other_cpus = if index == 9 { 1.0 } else { 0.0 });
        assert_eq!(other_processes(&observation(&job)), None);
        let below = samples(|_, sample| sample.other_cpus = 0.199);
        assert_eq!(other_processes(&observation(&below)), None);
    }

    #[test]
    fn large_machines_bear_more() {
        let with = |others: f64| {
            let mut samples = samples(|_, sample| sample.other_cpus = others);
            samples.processors = 16;
            other_processes(&observation(&samples)).is_some()
        };
        assert!(!with(1.5));
        assert!(with(1.7));
    }

    #[test]
    fn a_server_that_cannot_be_seen_may_be_the_other() {
        let unseen = samples(|_, sample| {
            sample.server_cpus = None;
            sample.other_cpus = 1.1;
        });
        let found = other_processes(&observation(&unseen)).unwrap();
        assert!(!found.decisive && found.sentence.contains("the server may be among them"), "{found:?}");
        let hog = samples(|_, sample| {
            sample.server_cpus = None;
            sample.other_cpus = 1.1;
            sample.foreign_cpus = 0.66;
        });
        let found = other_processes(&observation(&hog)).unwrap();
        assert!(found.decisive && found.sentence.contains("used 0.66 of 2 processors"), "{found:?}");
    }

    /// A server that was away for some seconds is seen in the others.
    #[test]
    fn a_gap_does_not_hide_others() {
        let gap = samples(|index, sample| {
            sample.server_cpus = (index > 9).then_some(1.0);
            sample.other_cpus = 0.66;
            sample.foreign_cpus = 0.6;
        });
        assert!(other_processes(&observation(&gap)).unwrap().decisive);
    }

    #[test]
    fn threads_without_time_left_are_saturated() {
        let with =
            |used: f64| client_saturated(&observation(&samples(|_, sample| sample.client_cpus = used)));
        let found = with(1.92).unwrap();
        assert!(found.decisive && found.sentence.contains("0.96 processors for each of 2"), "{found:?}");
        assert_eq!(with(1.88), None);
        assert_eq!(with(1.2), None, "selects as fast as they go");
    }

    #[test]
    fn the_drain_is_not_the_window() {
        let drained = samples(|index, sample| sample.client_cpus = if index < 10 { 1.95 } else { 0.0 });
        let found = client_saturated(&Observation { window_seconds: 10.0, ..observation(&drained) });
        assert!(found.is_some());
    }

    #[test]
    fn a_bound_client_that_waits_beside_others_is_starved() {
        let with = |allowed: usize, wait: f64, others: f64| {
            let mut samples = samples(|_, sample| {
                sample.client_wait = wait;
                sample.other_cpus = others;
            });
            samples.allowed_processors = allowed;
            client_starved(&observation(&samples))
        };
        let found = with(1, 0.5, 0.5).unwrap();
        assert!(found.decisive && found.sentence.contains("may use 1 of 2 processors"), "{found:?}");
        assert_eq!(with(2, 0.5, 0.5), None, "not bound");
        assert_eq!(with(1, 0.17, 0.5), None, "waits 0.17 s for each 0.4 s that it runs");
        assert_eq!(with(1, 0.5, 0.1), None, "shares with its server alone");
        assert_eq!(with(1, 0.6, 0.25), None, "others are elsewhere, by what they used");
        let unseen = |foreign_cpus: f64| {
            let mut samples = samples(|_, sample| {
                (sample.server_cpus, sample.client_wait) = (None, 0.5);
                (sample.other_cpus, sample.foreign_cpus) = (1.0, foreign_cpus);
            });
            samples.allowed_processors = 1;
            client_starved(&observation(&samples))
        };
        assert_eq!(unseen(0.0), None, "the other may be the server");
        assert!(unseen(0.5).is_some());
    }
}
