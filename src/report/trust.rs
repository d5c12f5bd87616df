//! Whether a measurement can be trusted: what could have spoiled it, each with its figures.

use super::{grid::Tone, neighbours};
use crate::record::{Disturbance, DisturbanceKind, Ended, Record, Sample};
use crate::text::{grouped, milliseconds, percent, three_digits};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it is to be taken.
    pub tone: Tone,
    /// What was seen.
    pub seen: String,
}

/// All that was looked at, in the order in which it matters. Whatever else the verdict cautions of comes last.
#[must_use]
pub fn checks(record: &Record) -> Vec<Check> {
    let mut checks = vec![window(record), errors(record)];
    for of in [steady, schedule, steal, others, client, events, neighbours::checks] {
        checks.extend(of(record));
    }
    for caution in &record.verdict.cautions {
        if !checks.iter().any(|check| check.seen.contains(caution)) {
            checks.push(Check { name: "Caution", tone: Tone::Warn, seen: caution.clone() });
        }
    }
    checks
}

/// The worst of them.
#[must_use]
pub fn worst(checks: &[Check]) -> Tone {
    let has = |tone: Tone| checks.iter().any(|check| check.tone == tone);
    [Tone::Bad, Tone::Warn].into_iter().find(|tone| has(*tone)).unwrap_or(Tone::Good)
}

/// What the record says of disturbances of these kinds, else `fine`.
fn judged(
    record: &Record,
    name: &'static str,
    kinds: &[DisturbanceKind],
    fine: impl FnOnce() -> Check,
) -> Vec<Check> {
    let found = record.disturbances.iter().filter(|disturbance| kinds.contains(&disturbance.kind));
    let checks: Vec<Check> = found.map(|disturbance| disturbed(name, disturbance)).collect();
    if checks.is_empty() { vec![fine()] } else { checks }
}

fn disturbed(name: &'static str, disturbance: &Disturbance) -> Check {
    let tone = if disturbance.decisive { Tone::Bad } else { Tone::Warn };
    Check { name, tone, seen: disturbance.sentence.clone() }
}

/// The caution that begins like this: what the verdict cautions of is said in its words.
fn caution<'a>(record: &'a Record, begin: &str) -> Option<&'a String> {
    record.verdict.cautions.iter().find(|caution| caution.starts_with(begin))
}

fn window(record: &Record) -> Check {
    let (name, length) = ("Window", three_digits(record.window.seconds));
    let until = match record.run.ended {
        Ended::AsPlanned => {
            let warmup = three_digits(record.load.warmup_seconds);
            let seen = format!("{length} s, as planned, after {warmup} s of warm-up");
            return Check { name, tone: Tone::Good, seen };
        }
        Ended::Interrupted => "it was interrupted",
        Ended::ServerLost => "the server went away",
        Ended::Braked => "the brake ended the load",
    };
    let caution = caution(record, "the run was cut short");
    let meaning = caution.map_or("the numbers are those of the part that ran", String::as_str);
    Check { name, tone: Tone::Bad, seen: format!("{length} s, until {until}; {meaning}") }
}

fn errors(record: &Record) -> Check {
    let overall = &record.overall;
    let lost = overall.lost();
    let expected = match overall.expected_failures {
        0 => String::new(),
        some => format!("; {} answered with an error that the workload expects", grouped(some)),
    };
    let tone = if lost == 0 { Tone::Good } else { Tone::Warn };
    let counted = || {
        format!(
            "{} of {} calls lost: {} failed, {} shed, {} unfinished; they count as misses",
            grouped(lost),
            grouped(overall.calls),
            grouped(overall.failed),
            grouped(overall.shed),
            grouped(overall.unfinished)
        )
    };
    let said = caution(record, &format!("{} calls were not answered", grouped(lost)))
        .cloned()
        .unwrap_or_else(counted);
    Check { name: "Errors", tone, seen: said + &expected }
}

fn steady(record: &Record) -> Vec<Check> {
    let name = "Steady state";
    let of_rate = caution(record, "not a steady state").map(|caution| Check {
        name,
        tone: Tone::Warn,
        seen: caution.clone(),
    });
    let mut checks = judged(record, name, &[DisturbanceKind::NotSteady], || {
        match (of_rate.clone(), record.series.drift()) {
            (Some(of_rate), _) => of_rate,
            (None, Some(drift)) => {
                let seen = format!(
                    "the last third answered {:+.0} % calls against the first",
                    (drift - 1.0) * 100.0
                );
                Check { name, tone: Tone::Good, seen }
            }
            (None, None) => Check {
                name,
                tone: Tone::Warn,
                seen: "the window was too short to see whether it was".to_owned(),
            },
        }
    });
    checks.extend(of_rate.filter(|of_rate| !checks.contains(of_rate)));
    checks
}

fn schedule(record: &Record) -> Vec<Check> {
    let name = "Schedule";
    judged(record, name, &[DisturbanceKind::ScheduleMissed, DisturbanceKind::Overload], || {
        match &record.schedule {
            Some(schedule) => {
                let error = &schedule.start_error;
                let (p50, p99) = (milliseconds(error.p50_us), milliseconds(error.p99_us));
                let seen = format!(
                    "calls were let in {p50} ms late (p50), {p99} ms (p99); that is in their response time"
                );
                Check { name, tone: Tone::Good, seen }
            }
            None => {
                let seen = "closed loop: each client waits for its answer, so there is none to keep; how the server bears calls that come at their own rate, --rate shows";
                Check { name, tone: Tone::Plain, seen: seen.to_owned() }
            }
        }
    })
}

/// Mean and most of what some samples have.
fn mean_and_most(record: &Record, pick: impl Fn(&Sample) -> Option<f64>) -> Option<(f64, f64)> {
    let values: Vec<f64> = record.samples.samples.iter().filter_map(pick).collect();
    let most = values.iter().copied().fold(0.0, f64::max);
    (!values.is_empty()).then(|| (values.iter().sum::<f64>() / values.len() as f64, most))
}

fn steal(record: &Record) -> Vec<Check> {
    let name = "Stolen processor time";
    judged(record, name, &[DisturbanceKind::Steal], || {
        match mean_and_most(record, |sample| sample.steal_share) {
            Some((mean, most)) => {
                let seen = format!(
                    "{} of all processors' time on average, {} at most",
                    percent(mean),
                    percent(most)
                );
                Check { name, tone: Tone::Good, seen }
            }
            None => Check { name, tone: Tone::Warn, seen: "could not be seen on this machine".to_owned() },
        }
    })
}

fn others(record: &Record) -> Vec<Check> {
    let name = "Other processes";
    judged(record, name, &[DisturbanceKind::OtherProcesses], || {
        match mean_and_most(record, |sample| sample.foreign_cpus) {
            Some((mean, most)) => {
                let of = record.samples.processors;
                let (mean, most) = (three_digits(mean), three_digits(most));
                let seen = format!("used {mean} of {of} processors on average, {most} at most");
                Check { name, tone: Tone::Good, seen }
            }
            None => Check { name, tone: Tone::Warn, seen: "could not be seen on this machine".to_owned() },
        }
    })
}

fn client(record: &Record) -> Vec<Check> {
    let name = "Load generator";
    judged(record, name, &[DisturbanceKind::ClientStarved, DisturbanceKind::ClientSaturated], || {
        let used = mean_and_most(record, |sample| Some(sample.client_cpus));
        let waited = mean_and_most(record, |sample| Some(sample.client_wait));
        match used.zip(waited) {
            Some(((used, _), (waited, most))) => {
                let seen = format!(
                    "used {} processors; its slowest thread waited {} of the time for one, {} at most",
                    three_digits(used),
                    percent(waited),
                    percent(most)
                );
                Check { name, tone: Tone::Good, seen }
            }
            None => Check { name, tone: Tone::Warn, seen: "was not sampled".to_owned() },
        }
    })
}

/// What happened in the server, and in the search before the window.
fn events(record: &Record) -> Vec<Check> {
    let named = |kind: DisturbanceKind| match kind {
        DisturbanceKind::Checkpoint => Some("Checkpoints"),
        DisturbanceKind::Autovacuum => Some("Autovacuum"),
        DisturbanceKind::LockWaits => Some("Lock waits"),
        DisturbanceKind::SearchDisturbed => Some("Search for the knee"),
        _ => None,
    };
    let check = |disturbance: &Disturbance| Some(disturbed(named(disturbance.kind)?, disturbance));
    record.disturbances.iter().filter_map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::fixture::sample;
    use DisturbanceKind::{
        Autovacuum, Checkpoint, ClientSaturated, ClientStarved, LockWaits, NotSteady, OtherProcesses,
        Overload, ScheduleMissed, SearchDisturbed, Steal,
    };
    use proptest::{prelude::*, sample::subsequence};

    const KINDS: [DisturbanceKind; 11] = [
        Steal,
        OtherProcesses,
        ClientStarved,
        ClientSaturated,
        ScheduleMissed,
        Overload,
        SearchDisturbed,
        NotSteady,
        Checkpoint,
        Autovacuum,
        LockWaits,
    ];

    /// What a run can be cautioned of, besides its disturbances.
    const CAUTIONS: [&str; 5] = [
        "the run was cut short: the numbers are those of the part that ran",
        "6 calls were not answered (1 failed, 2 shed, 3 unfinished); they count as misses and have no latency",
        "not a steady state: the rate fell by 40 % from the first to the last third of the window",
        "too few calls to tell, none of them a miss: a steady state; run longer",
        "not seen: the disk",
    ];

    fn disturbance(kind: DisturbanceKind, decisive: bool) -> Disturbance {
        Disturbance { kind, decisive, sentence: format!("{kind:?} was seen.") }
    }

    /// A record of which there is nothing to say.
    fn calm() -> Record {
        let mut record = sample();
        record.disturbances.clear();
        record.verdict.cautions.clear();
        record
    }

    fn check(record: &Record, name: &str) -> Check {
        let all = checks(record);
        all.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("{name}: {all:?}")).clone()
    }

    #[test]
    fn every_disturbance_is_told_in_its_words_and_decides_the_tone() {
        for kind in KINDS {
            for (decisive, tone) in [(true, Tone::Bad), (false, Tone::Warn)] {
                let mut record = calm();
                record.disturbances.push(disturbance(kind, decisive));
                let all = checks(&record);
                let told: Vec<&Check> =
                    all.iter().filter(|check| check.seen == record.disturbances[0].sentence).collect();
                assert_eq!(told.len(), 1, "{kind:?}: {all:?}");
                assert_eq!((told[0].tone, told[0].name == "Caution"), (tone, false), "{kind:?}");
                assert_eq!(worst(&all), tone, "{kind:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn nothing_that_the_record_says_is_lost_or_told_twice(
            kinds in subsequence(KINDS.to_vec(), 0..=KINDS.len()),
            decisive in proptest::collection::vec(any::<bool>(), KINDS.len()),
            cautions in subsequence(CAUTIONS.to_vec(), 0..=CAUTIONS.len()),
            ended in prop_oneof![
                Just(Ended::AsPlanned), Just(Ended::Interrupted), Just(Ended::ServerLost), Just(Ended::Braked)
            ],
        ) {
            let mut record = calm();
            record.run.ended = ended;
            (record.overall.failed, record.overall.shed, record.overall.unfinished) = (1, 2, 3);
            record.disturbances =
                kinds.iter().zip(decisive).map(|(kind, decisive)| disturbance(*kind, decisive)).collect();
            let told = record.disturbances.iter().filter(|one| !one.decisive).map(|one| one.sentence.clone());
            record.verdict.cautions = cautions.iter().map(|text| (*text).to_owned()).chain(told).collect();
            let all = checks(&record);
            let sentences = record.disturbances.iter().map(|one| &one.sentence).chain(&record.verdict.cautions);
            for sentence in sentences {
                let times = all.iter().filter(|check| check.seen.contains(sentence.as_str())).count();
                prop_assert_eq!(times, 1, "{}: {:?}", sentence, all);
            }
        }
    }

    #[test]
    fn two_of_one_kind_are_both_told() {
        let mut record = calm();
        record.disturbances = vec![disturbance(ScheduleMissed, false), disturbance(Overload, true)];
        assert!(checks(&record).iter().any(|check| check.name == "Schedule" && check.tone == Tone::Bad));
    }

    #[test]
    fn a_window_that_was_cut_short_says_by_what() {
        let mut record = calm();
        assert_eq!(check(&record, "Window").tone, Tone::Good);
        for (ended, part) in [
            (Ended::Interrupted, "interrupted"),
            (Ended::ServerLost, "the server went away"),
            (Ended::Braked, "the brake"),
        ] {
            record.run.ended = ended;
            let window = check(&record, "Window");
            assert_eq!(window.tone, Tone::Bad);
            assert!(window.seen.contains(part), "{window:?}");
        }
    }

    #[test]
    fn lost_calls_are_counted_by_how_they_were_lost() {
        let mut record = calm();
        record.overall.calls = 5_000;
        (record.overall.failed, record.overall.shed, record.overall.unfinished) = (1_200, 2, 3);
        let errors = check(&record, "Errors");
        assert_eq!(errors.tone, Tone::Warn);
        assert!(errors.seen.starts_with("1,205 of 5,000 calls lost: 1,200 failed, 2 shed, 3 unfinished"));
    }

    #[test]
    fn a_steady_run_says_how_steady_and_a_short_one_that_it_cannot() {
        let mut record = calm();
        for operation in &mut record.series.operations {
            operation.answered = [[10; 5], [11; 5], [12; 5]].concat();
        }
        let steady = check(&record, "Steady state");
        assert_eq!(steady.tone, Tone::Good);
        assert!(steady.seen.contains("+20 % calls"), "{steady:?}");
        record.series.operations.iter_mut().for_each(|operation| operation.answered.truncate(5));
        assert_eq!(check(&record, "Steady state").tone, Tone::Warn);
    }

    #[test]
    fn what_could_not_be_watched_is_no_good_sign() {
        let mut record = calm();
        record.samples.samples.clear();
        for name in ["Stolen processor time", "Other processes", "Load generator"] {
            assert_eq!(check(&record, name).tone, Tone::Warn, "{name}");
        }
    }

    #[test]
    fn stolen_time_is_told_with_its_mean_and_its_most() {
        let mut record = calm();
        record.samples.samples.truncate(2);
        record.samples.samples[0].steal_share = Some(0.01);
        record.samples.samples[1].steal_share = Some(0.03);
        let steal = check(&record, "Stolen processor time");
        assert_eq!(steal.seen, "2 % of all processors' time on average, 3 % at most");
        assert_eq!(steal.tone, Tone::Good);
    }
}
