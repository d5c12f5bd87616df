//! The planner's statistics.

use super::common::{change, left, searched_by, set, to};
use loist_bench::record::{Record, RelationWindow};
use serde_json::json;

#[test]
fn estimates_are_held_against_what_came() {
    let off = |condition: &str| {
        json!({
            "Node Type": "Seq Scan", "Relation Name": "audio_tracks", "Filter": condition,
            "Actual Rows": 5000, "Plan Rows": 50, "Actual Loops": 1, "Actual Total Time": 9.0,
        })
    };
    let unchanged = |record: &mut Record| {
        record.evidence.tables.iter_mut().for_each(|table| table.rows_changed_since_analyze = 0);
    };
    let piece = change("planner/estimates", |record| {
        searched_by(off("(year = 1990)"))(record);
        unchanged(record);
    });
    assert!(piece.evidence.contains("off by a factor of 100"), "{}", piece.evidence);
    assert!(piece.change.unwrap().apply.contains("ALTER COLUMN year SET STATISTICS 500"));
    left("planner/estimates", |record| {
        searched_by(off("(search_vector @@ 'x'::tsquery)"))(record);
        unchanged(record);
    });
    left("planner/estimates", |record| record.plans.clear());
    let coarse = change("planner/estimates", |record| {
        searched_by(off("(search_vector @@ 'x'::tsquery)"))(record);
        set(&mut record.evidence, "default_statistics_target", "1");
    });
    assert_eq!(to(Some(coarse)), "100");
    let stale = change("planner/estimates", |record| {
        searched_by(off("(year = 1990)"))(record);
        let table =
            record.evidence.tables.iter_mut().find(|table| table.name.ends_with("audio_tracks")).unwrap();
        table.rows_changed_since_analyze = table.live_rows;
        table.window = None;
    });
    assert!(stale.title.starts_with("Run ANALYZE"), "{}", stale.title);
    left("planner/estimates", |record| {
        searched_by(off("(year = 1990)"))(record);
        let table =
            record.evidence.tables.iter_mut().find(|table| table.name.ends_with("audio_tracks")).unwrap();
        table.rows_changed_since_analyze = table.live_rows;
        table.window = Some(RelationWindow { inserted: table.live_rows, ..RelationWindow::default() });
    });
    // A scan below a LIMIT is not read to its end: its rows say nothing.
    let limited =
        json!({"Node Type": "Limit", "Actual Rows": 5, "Plan Rows": 5, "Plans": [off("(year = 1990)")]});
    left("planner/estimates", searched_by(limited));
}
