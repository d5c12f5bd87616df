//! Statements that ask for more than they need.

use super::common::{SEARCH, assert_near, change, left, missed, plan, sample, searched_by, share, slow};
use loist_bench::record::{Outcome, Record};
use serde_json::json;

#[test]
fn statements_are_rewritten_where_that_is_felt() {
    let skipping = json!({
        "Node Type": "Limit", "Actual Rows": 20, "Actual Total Time": 9.0, "Actual Loops": 1,
        "Plans": [{"Node Type": "Sort", "Actual Rows": 5020, "Actual Loops": 1, "Actual Total Time": 9.0}],
    });
    left("statements/deep-offset", searched_by(skipping.clone()));
    let piece = change("statements/deep-offset", |record| {
        searched_by(skipping)(record);
        missed(record);
    });
    assert!(piece.evidence.contains("skipped 5,000 rows to return 20"), "{}", piece.evidence);

    let counting = |record: &mut Record| {
        let count =
            json!({"Node Type": "Aggregate", "Actual Rows": 1, "Actual Total Time": 3.0, "Actual Loops": 1});
        let page =
            json!({"Node Type": "Limit", "Actual Rows": 20, "Actual Total Time": 3.0, "Actual Loops": 1});
        record.plans = vec![
            plan("search_library.count", "SELECT count(*)\nFROM audio_tracks", count),
            plan(SEARCH, "SELECT id FROM audio_tracks LIMIT 20", page),
        ];
    };
    left("statements/count-before-page", counting);
    change("statements/count-before-page", |record| {
        counting(record);
        missed(record);
        slow(record, "count");
    });

    let ranking = |record: &mut Record| {
        let heap = json!({
            "Node Type": "Bitmap Heap Scan", "Relation Name": "audio_tracks", "Actual Rows": 4000, "Plan Rows": 4000,
            "Rows Removed by Filter": 100, "Actual Loops": 1, "Actual Total Time": 9.0,
        });
        record.plans = vec![plan(SEARCH, "SELECT ts_rank(search_vector, q) FROM audio_tracks", heap)];
    };
    left("statements/rank-over-many", ranking);
    let piece = change("statements/rank-over-many", |record| {
        ranking(record);
        missed(record);
        slow(record, "page");
    });
    assert!(piece.evidence.contains("ranks 4,100 matches"), "{}", piece.evidence);
}

/// What few call and nobody sees in the overall percentile is felt all the same by those few.
#[test]
fn what_is_felt_is_judged_by_each_operation() {
    let skipping = json!({
        "Node Type": "Limit", "Actual Rows": 20, "Actual Total Time": 9.0, "Actual Loops": 1,
        "Plans": [{"Node Type": "Sort", "Actual Rows": 5020, "Actual Loops": 1, "Actual Total Time": 9.0}],
    });
    let slow_at_p95 = |p95_us: f64| {
        let skipping = skipping.clone();
        move |record: &mut Record| {
            record.plans =
                vec![plan("browse.page", "SELECT id FROM audio_tracks LIMIT 20 OFFSET 5000", skipping)];
            let browse = record.operations.iter_mut().find(|one| one.name == "browse").unwrap();
            assert!(browse.summary.calls * 20 < record.overall.calls, "few call it");
            browse.summary.response.p95_us = Some(p95_us);
            record.overall.response.p95_us = Some(900.0);
        }
    };
    left("statements/deep-offset", slow_at_p95(15_000.0));
    let piece = change("statements/deep-offset", slow_at_p95(190_000.0));
    assert!(
        piece.evidence.contains("of that of browse: about")
            && piece.evidence.contains("of its p95 of 190 ms"),
        "{}",
        piece.evidence
    );
    assert_near(piece.effect, share(&sample(), "browse.page") * 5_000.0 / 5_020.0);
    // Its own missed objective is enough, too.
    change("statements/deep-offset", |record| {
        slow_at_p95(15_000.0)(record);
        let browse = record.operations.iter_mut().find(|one| one.name == "browse").unwrap();
        browse.summary.slo.outcome = Outcome::Missed;
    });
}
