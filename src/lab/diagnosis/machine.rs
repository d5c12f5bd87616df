//! Whether the client and the server had the machine to themselves.

use super::{Observation, decisive, informative, mean};
use crate::record::{Disturbance, DisturbanceKind};

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

/// The hypervisor took processor time.
pub(super) fn steal(input: &Observation<'_>) -> Option<Disturbance> {
    let share = mean(&input.samples.samples, |sample| sample.steal_share);
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

/// Others used the processors. Where the server's processes cannot be told from others' and may be among them, it is
/// only said.
pub(super) fn other_processes(input: &Observation<'_>) -> Option<Disturbance> {
    let samples = input.samples;
    let others = mean(&samples.samples, |sample| sample.other_cpus);
    let most = MOST_OTHERS.max(MOST_OTHERS_SHARE * samples.processors as f64);
    if others < most {
        return None;
    }
    let kind = DisturbanceKind::OtherProcesses;
    let used = format!("used {others:.2} of {} processors", samples.processors);
    let server_is_seen = samples.samples.iter().all(|sample| sample.server_cpus.is_some());
    if server_is_seen || !input.server_may_be_here {
        let sentence =
            format!("other processes {used} (up to {most:.2} does no harm): end them, and repeat the run");
        return Some(decisive(kind, sentence));
    }
    let sentence = format!(
        "processes other than the client {used}; the server may be among them, which cannot be seen from here"
    );
    Some(informative(kind, sentence))
}

/// The client may use few processors, and others are on them.
pub(super) fn client_starved(input: &Observation<'_>) -> Option<Disturbance> {
    let samples = input.samples;
    let others = mean(&samples.samples, |sample| sample.other_cpus);
    let waited = mean(&samples.samples, |sample| sample.client_wait);
    let ran = mean(&samples.samples, |sample| sample.client_cpus) / input.threads.max(1) as f64;
    let wait = if waited > 0.0 { waited / (waited + ran) } else { 0.0 };
    let bound = samples.allowed_processors < samples.processors;
    (bound && wait >= MOST_WAIT && others >= MOST_OTHERS).then(|| {
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
        let far = Observation { server_may_be_here: false, ..observation(&unseen) };
        assert!(other_processes(&far).unwrap().decisive);
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
    }
}
