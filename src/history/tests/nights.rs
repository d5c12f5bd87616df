//! Nights: what is put into one, what is refused, and what rows they make.

use super::{block, night, sample};
use crate::{
    history::{Baseline, Keep, Kind, Night, Store},
    record::{Disturbance, DisturbanceKind, Ended, Metric, Outcome, Record},
};
use chrono::{TimeDelta, Utc};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

fn disturbed(mut record: Record) -> Record {
    let sentence = "The machine was busy".to_owned();
    record.disturbances = vec![Disturbance { kind: DisturbanceKind::Steal, sentence, decisive: true }];
    record.verdict.outcome = Outcome::Inconclusive;
    record
}

#[test]
fn a_night_is_the_median_of_its_blocks() {
    let records = [block(60, 30_000.0), block(0, 10_000.0), block(120, 11_000.0)];
    let night = Night::of(&records.iter().collect::<Vec<_>>(), Some("3f2a1b0".to_owned())).unwrap();
    assert_eq!((night.blocks, night.set_aside, night.disturbed), (3, 0, false));
    assert_eq!(night.at, sample().run.started_at, "the first of them");
    assert_eq!(
        night.overall.p95_us,
        [Some(10_000.0), Some(30_000.0), Some(11_000.0)],
        "in the order of time"
    );
    assert_eq!(night.value(None, Metric::P95), Some(11_000.0));
    let first = &sample().operations[0];
    assert_eq!(night.value(Some(&first.name), Metric::P50), first.summary.response.p50_us);
    assert_eq!(night.value(Some("no such"), Metric::P50), None);
}

#[test]
fn disturbed_blocks_are_set_aside_unless_none_is_left() {
    let mut cut_off = block(60, 2.0);
    cut_off.run.ended = Ended::Interrupted;
    let records = [block(0, 1.0), cut_off, disturbed(block(120, 3.0))];
    let night = Night::of(&records.iter().collect::<Vec<_>>(), None).unwrap();
    assert_eq!((night.blocks, night.set_aside, night.disturbed), (1, 2, false));
    assert_eq!(night.overall.p95_us, [Some(1.0)]);
    let night = Night::of(&[&records[1], &records[2]], None).unwrap();
    assert_eq!((night.blocks, night.set_aside, night.disturbed), (2, 0, true));
    // A verdict that stands in spite of it, or one that is open for want of calls, sets nothing aside.
    let mut stands = disturbed(block(180, 4.0));
    stands.verdict.outcome = Outcome::Missed;
    let mut open = block(240, 5.0);
    open.verdict.outcome = Outcome::Inconclusive;
    assert_eq!(Night::of(&[&stands, &open], None).unwrap().blocks, 2);
}

#[test]
fn what_is_no_night_is_refused_in_a_sentence() {
    let refused = |records: &[&Record], revision: Option<&str>| {
        Night::of(records, revision.map(str::to_owned)).unwrap_err().to_string()
    };
    assert!(refused(&[], None).contains("at least one record"));
    let (one, mut other) = (block(0, 1.0), block(60, 1.0));
    other.catalog.tracks = 20_000;
    assert_eq!(
        refused(&[&one, &block(1, 1.0), &other], None),
        "records 1 and 3 are not of one kind, the number of tracks: 10,000 and 20,000: add them as two nights"
    );
    let mut other = block(60, 1.0);
    other.operations.remove(0);
    assert!(refused(&[&one, &other], None).contains("the operations: "));
    let mut other = block(60, 1.0);
    other.overall.slo.objective = "50ms@p95".to_owned();
    assert!(refused(&[&one, &other], None).contains("the objective: 200ms@p95 and 50ms@p95"));
    assert!(
        refused(&[&one, &block(1, 1.0), &one.clone()], None).contains("records 1 and 3 are the same run")
    );
    for (revision, part) in [(" ", "empty"), ("a\nb", "more than a line"), (&"x".repeat(201), "too long")] {
        assert!(refused(&[&one], Some(revision)).contains(part));
    }
}

#[test]
fn the_id_is_of_what_was_measured() {
    let (one, other) = (block(0, 1.0), block(60, 2.0));
    let id = |records: &[&Record], revision: Option<&str>| {
        Night::of(records, revision.map(str::to_owned)).unwrap().id
    };
    assert_eq!(id(&[&one, &other], None), id(&[&other, &one], Some("3f2a1b0")));
    assert_ne!(id(&[&one, &other], None), id(&[&one], None));
}

#[test]
fn the_same_night_counts_once_and_takes_the_last_revision() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path().join("new/history"));
    let night = night(0, 1.0);
    let with = |revision: &str| Night { revision: Some(revision.to_owned()), ..night.clone() };
    for (night, added, revision) in [
        (night.clone(), 1, None),
        (night.clone(), 0, None),
        (with("a"), 1, Some("a")),
        (night.clone(), 0, Some("a")),
        (with("b"), 1, Some("b")),
        (with("b"), 0, Some("b")),
    ] {
        assert_eq!(store.add(&[night]).unwrap(), added);
        let history = store.read().unwrap();
        assert_eq!(history.nights().len(), 1);
        assert_eq!(history.nights()[0].revision.as_deref(), revision);
    }
}

#[test]
fn kinds_never_share_a_series() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path());
    let mut small = night(1, 5.0);
    small.kind.tracks = 10;
    small.id = "small".to_owned();
    store.add(&[night(2, 3.0), small.clone(), night(0, 1.0)]).unwrap();
    let history = store.read().unwrap();
    let kind = Kind::of(&sample());
    assert_eq!(history.kinds(), [&kind, &small.kind], "the one with the newest night first");
    let values = |kind: &Kind| -> Vec<f64> {
        history.series(kind, None, Metric::P95).iter().map(|point| point.value).collect()
    };
    assert_eq!(values(&kind), [1.0, 3.0]);
    assert_eq!(values(&small.kind), [5.0]);
    assert!(history.series(&kind, Some("no such"), Metric::P95).is_empty());
}

#[test]
fn misses_of_another_objective_are_no_part_of_the_row() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path());
    let mut old = night(0, 1.0);
    old.overall.objective = "1s@p50".to_owned();
    store.add(&[old, night(1, 2.0)]).unwrap();
    let history = store.read().unwrap();
    let kind = &history.nights()[0].kind;
    assert_eq!(history.series(kind, None, Metric::P95).len(), 2);
    assert_eq!(history.series(kind, None, Metric::MissShare).len(), 1);
}

#[test]
fn a_night_is_found_by_the_beginning_of_its_id() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path());
    assert!(
        store.read().unwrap().night("latest").unwrap_err().to_string().contains("there is no night in it")
    );
    let named = |id: &str, days| Night { id: id.to_owned(), ..night(days, 1.0) };
    store.add(&[named("abcd1", 1), named("abcd2", 0)]).unwrap();
    let history = store.read().unwrap();
    assert_eq!(history.night("latest").unwrap().id, "abcd1");
    assert_eq!(history.night("abcd2").unwrap().id, "abcd2");
    assert!(history.night("abcd").unwrap_err().to_string().contains("begins the ids of 2 nights"));
    assert!(history.night("abc").unwrap_err().to_string().contains("there is no night `abc`"));
}

#[test]
fn the_last_night_of_a_name_has_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path());
    let (one, two) = (night(0, 1.0), night(1, 2.0));
    store.add(&[one.clone(), two.clone()]).unwrap();
    let said = |id: Option<&Night>| Baseline::new("main", id.map(|night| night.id.clone())).unwrap();
    let found = || store.read().unwrap().baseline("main").map(|night| night.id.clone());
    assert_eq!(found(), None);
    for now in [Some(&one), Some(&two), None, Some(&one)] {
        store.name(&[said(now)]).unwrap();
        assert_eq!(found(), now.map(|night| night.id.clone()));
    }
    let gone = Baseline::new("gone", Some("0000".to_owned())).unwrap();
    store.name(&[gone]).unwrap();
    let history = store.read().unwrap();
    assert!(
        history.warnings()[0]
            .to_string()
            .contains("baselines.jsonl:5: the baseline `gone` is the night 0000")
    );
    assert!(history.knows_baseline("gone") && history.baseline("gone").is_none());
}

#[test]
fn pruning_keeps_what_a_policy_or_a_name_keeps() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path());
    let nights: Vec<Night> = (0..60).map(|days| night(days, 1.0)).collect();
    let mut other = night(3, 9.0);
    other.kind.tracks = 10;
    other.id = "other".to_owned();
    store.add(&nights).unwrap();
    store.add(std::slice::from_ref(&other)).unwrap();
    store.name(&[Baseline::new("main", Some(nights[5].id.clone())).unwrap()]).unwrap();
    std::fs::write(directory.path().join("notes.jsonl"), "{\"torn\n").unwrap();
    let now = sample().run.started_at.with_timezone(&Utc) + TimeDelta::days(59) + TimeDelta::hours(1);
    let goes = |keep: Keep| store.read().unwrap().to_prune(&keep, now).len();
    assert_eq!(goes(Keep::default()), 0);
    assert_eq!(goes(Keep { age: Some(10 * DAY), nights: None }), 61 - 10 - 1);
    assert_eq!(goes(Keep { age: None, nights: Some(10) }), 60 - 10 - 1, "of each kind");
    assert_eq!(goes(Keep { age: Some(20 * DAY), nights: Some(10) }), 61 - 20 - 2, "what either keeps");
    assert_eq!(goes(Keep { age: Some(Duration::MAX), nights: None }), 0);
    let history = store.read().unwrap();
    store.prune(&history.to_prune(&Keep { age: None, nights: Some(10) }, now)).unwrap();
    let left = store.read().unwrap();
    assert_eq!(left.nights().len(), 12);
    assert_eq!(left.baseline("main"), Some(&nights[5]));
    assert_eq!(left.warnings().len(), 1, "what is not understood stays");
}
