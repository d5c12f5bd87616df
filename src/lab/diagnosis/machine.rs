//! Whether the client and the server had the machine to themselves.

use super::{Observation, decisive, informative};
use crate::record::{Disturbance, DisturbanceKind, Samples};

/// On a shared two-core virtual machine, leaving out the runs in which the hypervisor took this share cut the spread
/// between identical runs from 38 to 14 %.
const MOST_STEAL: f64 = 0.05;
/// Processors that others may use. A process that keeps one of two processors busy takes 0.5 to 1; a job of one second
/// in a window of thirty takes 0.03, the machine's own housekeeping less than 0.1.
const MOST_OTHERS: f64 = 0.2;
/// On large machines the same as a share of all processors: what others use matters by what they leave.
const MOST_OTHERS_SHARE: f64 = 0.1;
/// Share of the time in which a client thread wants a processor that it waits for one. A client beside its server on
/// the same processors waits too, and that is part of what is measured; so this counts only where somebody else is on
/// them as well.
const MOST_WAIT: f64 = 0.3;
/// Share of the time that a client thread may be at work. With random arrivals, what comes to a thread at work for this
/// share of the time waits for 19 times as long as the work on it takes. A client that shares two processors with its
/// server is at work for 0.35 to 0.6.
const MOST_WORK: f64 = 0.95;

/// The hypervisor took processor time.
pub(super) fn steal(input: &Observation<'_>) -> Option<Disturbance> {
    let share = Samples::mean_known(input.in_window(), |sample| sample.steal_share)?;
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

/// Others used the processors. Where the server's processes are not known, only those decide that are certainly none of
/// them: a server next to us in a container, or by another of this machine's names, looks like somebody else.
pub(super) fn other_processes(input: &Observation<'_>) -> Option<Disturbance> {
    let samples = input.in_window();
    let processors = input.samples.processors;
    let most = MOST_OTHERS.max(MOST_OTHERS_SHARE * processors as f64);
    let kind = DisturbanceKind::OtherProcesses;
    // A server that was away for some of the samples is not among the others in the rest.
    let beside_server =
        Samples::mean_known(samples, |sample| sample.other_cpus.filter(|_| sample.server_cpus.is_some()));
    let certain = beside_server.or_else(|| Samples::mean_known(samples, |sample| sample.foreign_cpus));
    if let Some(others) = certain.filter(|others| *others >= most) {
        let sentence = format!(
            "other processes used {others:.2} of {processors} processors (up to {most:.2} does no harm): end them, and \
             repeat the run"
        );
        return Some(decisive(kind, sentence));
    }
    let others = Samples::mean_known(samples, |sample| sample.other_cpus)?;
    (beside_server.is_none() && others >= most).then(|| {
        let sentence = format!(
            "processes other than the client used {others:.2} of {processors} processors; the server may be among \
             them, which cannot be seen from here"
        );
        informative(kind, sentence)
    })
}

/// The client may use few processors, and others are on them.
pub(super) fn client_starved(input: &Observation<'_>) -> Option<Disturbance> {
    let samples = input.in_window();
    let (allowed, processors) = (input.samples.allowed_processors, input.samples.processors);
    let beside = Samples::mean_known(samples, |sample| sample.foreign_cpus_beside)?;
    let waited = Samples::mean(samples, |sample| sample.client_wait).unwrap_or_default();
    let ran = work(input);
    let wait = if waited > 0.0 { waited / (waited + ran) } else { 0.0 };
    (allowed < processors && wait >= MOST_WAIT && beside >= MOST_OTHERS).then(|| {
        let sentence = format!(
            "the client may use {allowed} of {processors} processors and shares them: its busiest thread waited {:.0} % of \
             the time in which it wanted one, while others used {beside:.2} of them: its latencies are its own; give \
             it processors of its own",
            wait * 100.0
        );
        decisive(DisturbanceKind::ClientStarved, sentence)
    })
}

/// The client's threads had no time left, so it is their speed that was measured.
pub(super) fn client_saturated(input: &Observation<'_>) -> Option<Disturbance> {
    let work = work(input);
    (work >= MOST_WORK).then(|| {
        let threads = if input.threads == 1 { "thread was" } else { "threads were" };
        let sentence = format!(
            "the load generator's own {threads} saturated: at work for {:.0} % of the time (below {:.0} % is borne), so the \
             numbers are the generator's and not the server's: give it more --threads and processors, or ask for less",
            work * 100.0,
            MOST_WORK * 100.0
        );
        decisive(DisturbanceKind::ClientSaturated, sentence)
    })
}

/// Share of the time for which a client thread was at work, on average.
fn work(input: &Observation<'_>) -> f64 {
    let used = Samples::mean(input.in_window(), |sample| sample.client_cpus).unwrap_or_default();
    used / input.threads.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{observation, samples};
    use super::*;

    #[test]
    fn steal_from_five_percent_on() {
        let with = |share: f64| steal(&observation(&samples(|_, sample| sample.steal_share = Some(share))));
        assert_eq!(with(0.049), None);
        let found = with(0.051).unwrap();
        assert!(found.decisive && found.sentence.contains("took 5.1 %"), "{found:?}");
        // One bad second is not a bad run.
        assert_eq!(
            steal(&observation(&samples(|index, s| s.steal_share = Some(f64::from(u8::from(index == 4)))))),
            None
        );
        let three = samples(|index, s| s.steal_share = Some(f64::from(u8::from(index < 3))));
        assert!(steal(&observation(&three)).is_some());
        assert_eq!(steal(&observation(&samples(|_, s| s.steal_share = None))), None, "could not be read");
    }

    #[test]
    fn a_hog_is_found_and_a_short_job_is_not() {
        let hog = samples(|_, sample| sample.other_cpus = Some(0.66));
        let found = other_processes(&observation(&hog)).unwrap();
        assert!(found.decisive && found.sentence.contains("used 0.66 of 2 processors"), "{found:?}");
        let job = samples(|index, sample| sample.other_cpus = Some(if index == 9 { 1.0 } else { 0.0 }));
        assert_eq!(other_processes(&observation(&job)), None);
        let below = samples(|_, sample| sample.other_cpus = Some(0.199));
        assert_eq!(other_processes(&observation(&below)), None);
    }

    #[test]
    fn large_machines_bear_more() {
        let with = |others: f64| {
            let mut samples = samples(|_, sample| sample.other_cpus = Some(others));
            samples.processors = 16;
            other_processes(&observation(&samples)).is_some()
        };
        assert!(!with(1.5));
        assert!(with(1.7));
    }

    #[test]
    fn a_server_that_cannot_be_seen_may_be_the_other() {
        let with = |foreign: Option<f64>| {
            let unseen = samples(|_, sample| {
                sample.server_cpus = None;
                sample.other_cpus = Some(1.1);
                sample.foreign_cpus = foreign;
            });
            other_processes(&observation(&unseen)).unwrap()
        };
        for foreign in [None, Some(0.1)] {
            let found = with(foreign);
            assert!(!found.decisive && found.sentence.contains("the server may be among them"), "{found:?}");
        }
        let found = with(Some(0.5));
        assert!(found.decisive && found.sentence.contains("other processes used 0.50 of 2"), "{found:?}");
    }

    #[test]
    fn a_server_that_was_away_for_a_while_is_none_of_the_others() {
        let restarted = samples(|index, sample| {
            if index < 15 {
                sample.server_cpus = None;
                sample.other_cpus = Some(1.0);
            }
        });
        assert_eq!(other_processes(&observation(&restarted)), None);
    }

    #[test]
    fn a_bound_client_that_waits_beside_others_is_starved() {
        let with = |allowed: usize, wait: f64, beside: Option<f64>| {
            let mut samples = samples(|_, sample| {
                sample.client_wait = wait;
                sample.other_cpus = Some(1.0);
                sample.foreign_cpus = Some(1.0);
                sample.foreign_cpus_beside = beside;
            });
            samples.allowed_processors = allowed;
            client_starved(&observation(&samples))
        };
        let found = with(1, 0.5, Some(0.5)).unwrap();
        assert!(found.decisive && found.sentence.contains("may use 1 of 2 processors"), "{found:?}");
        assert_eq!(with(2, 0.5, Some(0.5)), None, "not bound");
        assert_eq!(with(1, 0.17, Some(0.5)), None, "waits 0.17 s for each 0.4 s that it runs");
        assert_eq!(with(1, 0.5, Some(0.1)), None, "the others are on other processors");
        assert_eq!(with(1, 0.5, None), None, "who is beside it cannot be seen");
    }

    #[test]
    fn threads_without_time_are_saturated() {
        let with = |client: f64, threads: usize| {
            let samples = samples(|_, sample| sample.client_cpus = client);
            client_saturated(&Observation { threads, ..observation(&samples) })
        };
        let found = with(1.92, 2).unwrap();
        assert!(found.decisive && found.sentence.contains("own threads were saturated"), "{found:?}");
        assert!(with(0.96, 1).is_some());
        assert_eq!((with(1.2, 2), with(1.8, 2), with(0.94, 1)), (None, None, None));
    }
}
