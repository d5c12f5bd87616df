//! The whole way from records to the answer, with response times that are made up.

use super::*;
use crate::capacity::{
    Outcome, fixture,
    growth::{Basis, Reason, RowOutcome},
};
use serde_json::json;

/// Small differences from run to run.
const NOISE: [f64; 3] = [0.97, 1.0, 1.03];

/// Response times of one operation by the number of tracks, in microseconds.
type Law = fn(f64) -> f64;

/// Runs at each size, in which operations follow these laws.
fn runs(sizes: &[u64], laws: [Law; 3]) -> Vec<Record> {
    let mut records = Vec::new();
    for (at, size) in sizes.iter().enumerate() {
        for (repeat, noise) in NOISE.iter().enumerate() {
            let seed = (at * NOISE.len() + repeat) as u64;
            records.push(fixture::record(*size, seed, |name, tracks| {
                let index = fixture::OPERATIONS.iter().position(|own| *own == name).unwrap();
                laws[index](tracks as f64) * noise
            }));
        }
    }
    records
}

/// A point read, a search that grows with the matches, a count of everything.
const USUAL: [Law; 3] = [|_| 130.0, |n| 500.0 + n * 0.3, |n| 300.0 + n * 1.3];

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 1).unwrap()
}

fn analysed(records: &[Record], question: &Question) -> Capacity {
    analyse(records, question, &Prices::shipped(), today()).unwrap()
}

fn asked(growth: &[u64], check: Option<u64>) -> Question {
    Question { growth: growth.to_vec(), check, ..Question::default() }
}

#[test]
fn three_sizes_answer_for_the_growth_between_and_beyond() {
    let found = analysed(&runs(&[1_000, 10_000, 100_000], USUAL), &asked(&[10_000, 50_000, 100_000], None));
    assert_eq!(found.outcome, Outcome::Holds, "{}", found.sentence);
    assert_eq!(found.sentence, "200ms@p95 holds at 100k tracks");
    let [closest] = found.details.as_slice() else { panic!("{:?}", found.details) };
    assert!(closest.starts_with("the closest to it at 100k tracks is facets with at most "), "{closest}");
    let facets = &found.operations[2];
    assert_eq!(facets.response.law.as_deref(), Some("a + b n"));
    // 200 ms at (200,000 - 300) / 1.3 tracks.
    let reach = facets.reach;
    let (early, expected, late) =
        (reach.earliest_tracks.unwrap(), reach.expected_tracks.unwrap(), reach.latest_tracks.unwrap());
    assert!((150_000..158_000).contains(&expected), "{reach:?}");
    assert!(early < expected && expected < late && late < 250_000, "{reach:?}");
    let get = &found.operations[0];
    assert_eq!(get.response.law.as_deref(), Some("constant"));
    assert_eq!((get.reach.earliest_tracks, get.reach.horizon_tracks), (None, 1_000_000));
    let rows: Vec<(u64, bool)> = found.rows.iter().map(|row| (row.tracks, row.asked)).collect();
    let expected = [(1_000, false), (10_000, true), (50_000, true), (100_000, true), (1_000_000, false)];
    assert_eq!(rows, expected);
    let last = &found.rows[4];
    assert_eq!(
        (last.outcome, last.missed.as_slice()),
        (RowOutcome::Missed, ["search_library", "facets"].map(str::to_owned).as_slice())
    );
    let first = found.rows[0].tier.as_ref().unwrap();
    assert_eq!(first.name, "db-custom-1-3840");
    assert!((found.rows[0].cost.unwrap().instance_usd - 49.31).abs() < 0.01);
    let size = found.database.at(1_000_000).unwrap().range.unwrap();
    assert!(size.low < 1.408e9 && 1.408e9 < size.high, "{size:?}");
    assert_eq!(found.cautions, [""; 0]);
}

#[test]
fn a_number_of_tracks_of_which_nothing_is_known_is_not_passed_over() {
    let found = analysed(&runs(&[1_000, 3_000, 10_000], USUAL), &asked(&[100_000, 10_000_000], None));
    assert_eq!(found.outcome, Outcome::Unknown);
    assert_eq!(found.sentence, "200ms@p95 holds at 100k tracks; at 10M nothing can be predicted");
    let why = "nothing is known at 10M tracks: too far from what was measured";
    assert_eq!(found.details.last().map(String::as_str), Some(why));
}

#[test]
fn a_miss_is_predicted_and_named() {
    let slow: [Law; 3] = [|_| 130.0, |n| 500.0 + n * 0.3, |n| 300.0 + n * 9.0];
    let found = analysed(&runs(&[1_000, 3_000, 10_000], slow), &asked(&[10_000, 100_000], None));
    assert_eq!(found.outcome, Outcome::Missed);
    assert!(found.sentence.contains("missed by facets at 100k tracks"), "{}", found.sentence);
}

#[test]
fn two_sizes_hold_what_the_third_shows() {
    let mut records = runs(&[1_000, 10_000], USUAL);
    records.extend(runs(&[100_000], USUAL));
    let found = analysed(&records, &asked(&[100_000], Some(100_000)));
    let check = found.check.as_ref().unwrap();
    assert_eq!((check.rows.len(), check.runs, check.failed), (4, 3, 0), "{check:#?}");
    assert!(check.rows.iter().all(|row| row.held == Some(true)), "{check:#?}");
    assert_eq!(check.rows[0].name, "database");
    assert!(found.sizes.iter().all(|size| size.tracks < 100_000), "what checks is no part of the fits");
    assert!(
        found.cautions.iter().any(|caution| caution.contains("two sizes cannot tell")),
        "{:?}",
        found.cautions
    );
}

#[test]
fn predictions_that_did_not_hold_are_not_relied_on() {
    let mut records = runs(&[1_000, 10_000], USUAL);
    records.extend(runs(&[20_000], [|_| 9_000.0, USUAL[1], USUAL[2]]));
    let found = analysed(&records, &asked(&[20_000], Some(20_000)));
    assert_eq!((found.check.as_ref().unwrap().failed, found.outcome), (1, Outcome::Unknown));
    assert!(found.sentence.contains("at 20k tracks 1 of"), "{}", found.sentence);
}

#[test]
fn a_plan_that_changed_is_told_and_nothing_is_predicted_beyond_it() {
    let mut records = runs(&[1_000, 3_000, 10_000], USUAL);
    for record in records.iter_mut().filter(|record| record.catalog.tracks == 10_000) {
        record.plans[1] = fixture::plan("search_library", "Seq Scan", json!({"Total Cost": 9e3}));
    }
    let found = analysed(&records, &asked(&[10_000, 100_000], None));
    let search = &found.operations[1].response;
    let beyond = search.at(100_000).unwrap();
    assert_eq!(beyond.refusal.as_ref().unwrap().reason, Reason::PlanChanged);
    assert!(beyond.refusal.as_ref().unwrap().sentence.contains("the plan of search_library.page (typical)"));
    assert_eq!(search.at(10_000).unwrap().basis, Basis::Measured);
    assert!(found.rows.iter().any(|row| row.unknown == ["search_library"]));
    // What is not known is not claimed.
    assert_eq!(found.outcome, Outcome::Unknown);
    assert_eq!(found.sentence, "200ms@p95 holds for 2 of 3 operations at 100k tracks");
    let why = "not known at 100k tracks: search_library (a plan changed between the sizes)";
    assert_eq!(found.details.last().map(String::as_str), Some(why));
    // The processor time of the mix takes the same step.
    let row = found.rows.iter().find(|row| row.tracks == 100_000).unwrap();
    let remark = row.remark.as_ref().unwrap();
    assert!(remark.contains("60 ms of processor time or less, which is not known: the plan of"), "{remark}");
    assert_eq!(row.tier.as_ref().unwrap().busy, None);
    // What fewer tracks take is the least that more of them take.
    let most = found.rows.iter().find_map(|row| row.tier.as_ref()?.most_calls_per_second).unwrap();
    let heavy = Question { load_per_second: 3.0 * most, ..asked(&[10_000, 100_000], None) };
    let found = analysed(&records, &heavy);
    let vcpus = |tracks: u64| {
        let row = found.rows.iter().find(|row| row.tracks == tracks).unwrap();
        row.tier.as_ref().unwrap().vcpus
    };
    assert!(vcpus(10_000) > 1 && vcpus(100_000) >= vcpus(10_000));
}

#[test]
fn single_runs_predict_nothing() {
    let records: Vec<Record> = runs(&[1_000, 10_000], USUAL).into_iter().step_by(3).collect();
    let found = analysed(&records, &asked(&[10_000], None));
    assert_eq!(found.outcome, Outcome::Unknown);
    assert!(
        found.sentence.contains("nothing can be predicted: every size was measured once"),
        "{}",
        found.sentence
    );
}

#[test]
fn old_prices_and_disturbed_runs_are_told() {
    let mut records = runs(&[1_000, 3_000, 10_000], USUAL);
    let kind = crate::record::DisturbanceKind::Steal;
    let sentence = "steal".to_owned();
    records[0].disturbances = vec![crate::record::Disturbance { kind, sentence, decisive: true }];
    let later = NaiveDate::from_ymd_opt(2028, 1, 1).unwrap();
    let found = analyse(&records, &Question::default(), &Prices::shipped(), later).unwrap();
    let all = found.cautions.join("\n");
    assert!(all.contains("2026-09-15: more than a year old") && all.contains("1 of 9 runs"), "{all}");
}

#[test]
fn the_answer_is_read_back_and_keeps_its_schema() {
    let found = analysed(&runs(&[1_000, 10_000], USUAL), &Question::default());
    let json = serde_json::to_value(&found).unwrap();
    let validator = jsonschema::validator_for(&crate::capacity::schema()).unwrap();
    let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    assert_eq!(serde_json::from_value::<Capacity>(json).unwrap(), found);
}
