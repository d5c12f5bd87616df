//! Comparisons of records that a test makes up.

use super::{
    Answer, CompareError, Design, Effect, Effects, Judgement, Set, effects,
    fixture::{block, noise, pairs, record},
};
use crate::record::{Disturbance, DisturbanceKind, Ended, Metric, Record};
use chrono::TimeDelta;

fn compared((base, new): &(Vec<Record>, Vec<Record>)) -> Result<Effects, CompareError> {
    let base = Set { label: "base".to_owned(), records: base.iter().collect() };
    let new = Set { label: "new".to_owned(), records: new.iter().collect() };
    let judgement = Judgement::default();
    effects(&base, &new, &judgement, judgement.tail())
}

fn of(effects: &Effects, metric: Metric) -> &Effect {
    let search = effects.operations.iter().find(|operation| operation.name == "search").unwrap();
    search.metrics.iter().find(|effect| effect.metric == metric).unwrap()
}

#[test]
fn what_is_slower_is_called_so() {
    let effects = compared(&pairs(12, 1.2)).unwrap();
    let p50 = of(&effects, Metric::P50);
    assert_eq!((p50.answer, p50.gated), (Answer::Slower, true), "{p50:?}");
    assert!((p50.change.unwrap() - 0.2).abs() < 0.02, "{p50:?}");
    assert!(p50.low.unwrap() > 0.15 && p50.high.unwrap() < 0.25 && p50.p_slower.unwrap() < 0.005, "{p50:?}");
    assert!(p50.detectable.unwrap() < 0.1);
    // Less is answered, and that is worse.
    let throughput = of(&effects, Metric::Throughput);
    assert_eq!((throughput.answer, throughput.gated), (Answer::Slower, false));
    assert!((throughput.change.unwrap() + 1.0 / 6.0).abs() < 0.02 && throughput.high.unwrap() < 0.0);
    assert_eq!(effects.answered(Answer::Slower).count(), 4, "p50 and p95 of both");
    assert!(effects.is_certain());
    assert_eq!(of(&effects, Metric::ErrorShare).answer, Answer::Equivalent);
}

#[test]
fn what_is_faster_or_the_same_is_called_so() {
    let faster = compared(&pairs(12, 0.7)).unwrap();
    assert_eq!(of(&faster, Metric::P95).answer, Answer::Faster);
    let same = compared(&pairs(12, 1.0)).unwrap();
    assert_eq!(of(&same, Metric::P50).answer, Answer::Equivalent, "{:?}", of(&same, Metric::P50));
    assert!(same.is_certain());
    assert!(matches!(&same.design, Design::Pairs { pairs: 12, set_aside } if set_aside.is_empty()));
}

#[test]
fn a_change_that_does_not_matter_is_none() {
    let effects = compared(&pairs(12, 1.03)).unwrap();
    assert_eq!(of(&effects, Metric::P50).answer, Answer::Equivalent);
    let unclear = compared(&pairs(12, 1.05)).unwrap();
    assert_eq!(of(&unclear, Metric::P50).answer, Answer::NotResolved);
}

#[test]
fn too_few_pairs_say_so() {
    let effects = compared(&pairs(5, 2.0)).unwrap();
    let p50 = of(&effects, Metric::P50);
    assert_eq!((p50.answer, p50.low, p50.detectable), (Answer::NotResolved, None, None));
    assert_eq!(p50.reason.as_deref(), Some("5 pairs are too few for this confidence"));
    assert!((p50.change.unwrap() - 1.0).abs() < 0.05, "the estimate is shown all the same");
    let few = |effects: &Effects| effects.too_few_pairs();
    assert_eq!(few(&effects).as_deref(), Some("5 pairs count, and it takes 9"));
    assert_eq!(few(&compared(&pairs(9, 2.0)).unwrap()), None);
    let mut disturbed = pairs(2, 2.0);
    for record in &mut disturbed.1 {
        record.run.ended = Ended::Interrupted;
    }
    let effects = compared(&disturbed).unwrap();
    assert_eq!(few(&effects).as_deref(), Some("0 pairs count, and it takes 9: 2 were set aside"));
}

/// Shares of calls that are 0 on both sides differ in no pair, and must not stand in the way of those that do.
#[test]
fn as_few_pairs_as_there_can_be_find_what_is_clear() {
    let clear = compared(&pairs(9, 10.0)).unwrap();
    assert_eq!(of(&clear, Metric::P50).answer, Answer::Slower, "{:?}", of(&clear, Metric::P50));
    assert_eq!(of(&clear, Metric::ErrorShare).answer, Answer::Equivalent);
    let few = compared(&pairs(7, 10.0)).unwrap();
    assert_eq!(of(&few, Metric::P50).detectable, None, "seven cannot be so clear");
}

#[test]
fn one_run_a_side_is_shown_and_not_judged() {
    let effects = compared(&(vec![record(10.0)], vec![record(30.0)])).unwrap();
    assert_eq!(effects.design, Design::Single);
    let p50 = of(&effects, Metric::P50);
    assert_eq!((p50.answer, p50.low), (Answer::NotResolved, None));
    assert!((p50.change.unwrap() - 2.0).abs() < 1e-9);
    assert!(p50.reason.as_ref().unwrap().starts_with("one run a side"), "{p50:?}");
}

#[test]
fn runs_that_were_not_paired_are_two_groups() {
    let side = |factor: f64, offset: u32| -> Vec<Record> {
        (0..8).map(|number| record(10.0 * factor * noise(number * 5 + offset))).collect()
    };
    let effects = compared(&(side(1.0, 0), side(1.3, 2))).unwrap();
    assert_eq!(effects.design, Design::Groups);
    let p50 = of(&effects, Metric::P50);
    assert_eq!(p50.answer, Answer::Slower, "{p50:?}");
    assert!(p50.low.unwrap() > 0.2 && effects.cautions[0].contains("not measured in turns"));
    let mut with_a_torso = side(1.3, 2);
    with_a_torso[3].run.ended = Ended::Interrupted;
    let effects = compared(&(side(1.0, 0), with_a_torso)).unwrap();
    assert_eq!((effects.base.runs, effects.new.runs), (8, 7));
    let said = effects.cautions.iter().any(|said| said.ends_with("1 of 8 runs were cut short and left out"));
    assert!(said, "{:?}", effects.cautions);
    let few = compared(&(side(1.0, 0)[..2].to_vec(), side(2.0, 0)[..2].to_vec())).unwrap();
    assert_eq!(of(&few, Metric::P50).reason.as_deref(), Some("2 and 2 runs are too few for this confidence"));
}

#[test]
fn a_disturbed_pair_is_set_aside() {
    let mut both = pairs(13, 1.0);
    let steal = |decisive| Disturbance {
        kind: DisturbanceKind::Steal,
        sentence: "the hypervisor took 9 %".to_owned(),
        decisive,
    };
    both.1[4].disturbances.push(steal(true));
    both.0[5].disturbances.push(steal(false));
    let effects = compared(&both).unwrap();
    let Design::Pairs { pairs, set_aside } = &effects.design else { panic!("{:?}", effects.design) };
    assert_eq!((*pairs, set_aside.len(), set_aside[0].pair), (12, 1, 5));
    assert_eq!(set_aside[0].reason, "the block of new: the hypervisor took 9 %");
    assert_eq!((effects.base.runs, effects.new.runs), (12, 12));
}

#[test]
fn an_event_on_one_side_alone_is_set_aside_unless_it_is_that_side_s_own() {
    let checkpoint = Disturbance {
        kind: DisturbanceKind::Checkpoint,
        sentence: "1 checkpoint".to_owned(),
        decisive: false,
    };
    let with = |pairs_with: &[usize], both_sides: bool| {
        let mut all = pairs(12, 1.0);
        for index in pairs_with {
            all.1[*index].disturbances.push(checkpoint.clone());
            if both_sides {
                all.0[*index].disturbances.push(checkpoint.clone());
            }
        }
        match compared(&all).unwrap().design {
            Design::Pairs { set_aside, .. } => set_aside.len(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(with(&[3, 7], false), 2);
    assert_eq!(with(&[3, 7], true), 0, "it came to both");
    assert_eq!(with(&[0, 2, 4, 6, 8], false), 0, "the new side has checkpoints: that is its doing");
    let mut all = pairs(12, 1.0);
    [0, 2, 4, 6, 8].into_iter().for_each(|index: usize| all.1[index].disturbances.push(checkpoint.clone()));
    all.0[11].disturbances.push(checkpoint.clone());
    let Design::Pairs { set_aside, .. } = compared(&all).unwrap().design else { panic!() };
    assert_eq!(set_aside.len(), 1, "the base's is not");
}

#[test]
fn a_client_that_one_side_makes_late_is_that_side_s_doing() {
    let late = Disturbance {
        kind: DisturbanceKind::ScheduleMissed,
        sentence: "let in late".to_owned(),
        decisive: true,
    };
    let aside = |late_in: &[usize]| {
        let mut all = pairs(12, 1.0);
        late_in.iter().for_each(|index| all.1[*index].disturbances.push(late.clone()));
        match compared(&all).unwrap().design {
            Design::Pairs { set_aside, .. } => set_aside.len(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((aside(&[2]), aside(&[2, 3, 5, 7, 9])), (1, 0));
}

#[test]
fn the_fate_of_single_calls_is_no_answer() {
    let mut both = pairs(12, 1.5);
    for record in both.0.iter_mut().chain(&mut both.1) {
        record.operations[0].summary.response.count = 40;
    }
    let effects = compared(&both).unwrap();
    assert_eq!(of(&effects, Metric::P50).answer, Answer::Slower);
    let p95 = of(&effects, Metric::P95);
    assert_eq!((p95.answer, p95.gated), (Answer::NotResolved, false));
    assert_eq!(p95.reason.as_deref(), Some("40 calls a run are too few for p95: it takes 60"));
}

#[test]
fn a_floor_keeps_small_times_out() {
    let scaled = |(mut base, mut new): (Vec<Record>, Vec<Record>)| {
        for record in base.iter_mut().chain(&mut new) {
            let response = &mut record.operations[0].summary.response;
            response.p50_us = response.p50_us.map(|us| us / 100.0);
        }
        (base, new)
    };
    // 100 us, and 20 us more.
    let effects = compared(&scaled(pairs(12, 1.2))).unwrap();
    let p50 = of(&effects, Metric::P50);
    assert!((p50.least - 0.5).abs() < 0.02, "50 of 100 us: {p50:?}");
    assert_eq!(p50.answer, Answer::Equivalent);
}

#[test]
fn more_errors_are_worse() {
    let mut both = pairs(12, 1.0);
    for record in &mut both.1 {
        record.operations[0].summary.failed = 300;
    }
    let effects = compared(&both).unwrap();
    let errors = of(&effects, Metric::ErrorShare);
    assert_eq!(errors.answer, Answer::Slower, "{errors:?}");
    assert!((errors.change.unwrap() - 0.03).abs() < 1e-9, "three percentage points");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let base = || vec![record(10.0)];
    let refused = |new: Vec<Record>| compared(&(base(), new)).unwrap_err().to_string();
    let changed = |change: &dyn Fn(&mut Record)| {
        let mut record = record(10.0);
        change(&mut record);
        record
    };
    assert!(refused(Vec::new()).starts_with("new: there is no record"));
    let other = changed(&|record| record.workload.name = "search".to_owned());
    assert!(refused(vec![other.clone()]).contains("different workloads (mcp-mix, search)"));
    let mixed = refused(vec![record(10.0), other]);
    assert!(mixed.contains("new: its records are not of one kind (workload: mcp-mix, search)"), "{mixed}");
    let renamed = changed(&|record| record.operations[0].name = "other".to_owned());
    assert!(refused(vec![renamed]).contains("no operation in common"));
    let more = changed(&|record| record.catalog.tracks = 5);
    assert!(refused(vec![record(1.0), more]).contains("(tracks: 10000, 5)"));
    let longer = changed(&|record| record.load.duration_seconds = 5.0);
    assert!(refused(vec![record(1.0), longer]).contains("(load: closed loop, "));
    let sides = vec![block("base", 1, 1.0), block("new", 1, 1.0)];
    assert!(refused(sides).contains("(side of a duet: base, new)"));
}

#[test]
fn sides_that_were_not_measured_alike_say_so() {
    let (base, mut new) = pairs(12, 1.0);
    for record in &mut new {
        record.catalog.tracks = 5;
        record.server.flags = Some("plan".to_owned());
        record.operations[0].summary.slo.objective = "50ms@p95".to_owned();
    }
    let effects = compared(&(base, new)).unwrap();
    assert_eq!(effects.cautions, ["the sides were not measured alike: the number of tracks: 10,000 and 5"]);
    let misses = of(&effects, Metric::MissShare);
    assert_eq!((misses.answer, misses.gated), (Answer::NotResolved, false));
    assert_eq!(misses.reason.as_deref(), Some("misses of 200ms@p95 and of 50ms@p95 are two things"));
}

#[test]
fn an_exemption_of_nothing_is_told() {
    let (base, new) = pairs(12, 1.0);
    let judgement =
        Judgement { exempt: vec!["search".to_owned(), "serach".to_owned()], ..Judgement::default() };
    let [base, new] = [("base", &base), ("new", &new)]
        .map(|(label, records)| Set { label: label.to_owned(), records: records.iter().collect() });
    let effects = effects(&base, &new, &judgement, judgement.tail()).unwrap();
    assert_eq!(effects.cautions, ["the workload mcp-mix has no operation serach, which is exempt"]);
}

#[test]
fn the_order_of_time_is_told() {
    let (mut base, new) = pairs(12, 1.0);
    base[3].run.started_at -= TimeDelta::days(1);
    let effects = compared(&(base.clone(), new)).unwrap();
    assert_eq!(effects.base.from, base[3].run.started_at);
}
