//! Statements that ask for more than they need.

use super::common::{SEARCH, change, left, missed, plan, searched_by, slow};
use loist_bench::record::Record;
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
    assert!(piece.evidence.contains("skipped 5000 rows to return 20"), "{}", piece.evidence);

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
    assert!(piece.evidence.contains("ranks 4100 matches"), "{}", piece.evidence);
}
