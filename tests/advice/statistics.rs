//! The planner's statistics.

use super::common::{change, left, searched_by, set, to, tracks};
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

/// A scan by `condition` that found a hundred times what was expected, on statistics of now.
fn misjudged(condition: &'static str) -> impl FnOnce(&mut Record) {
    move |record| {
        tracks(record).rows_changed_since_analyze = 0;
        searched_by(json!({
            "Node Type": "Seq Scan", "Relation Name": "audio_tracks", "Filter": condition,
            "Actual Rows": 5000, "Plan Rows": 50, "Actual Loops": 1, "Actual Total Time": 9.0,
        }))(record);
    }
}

#[test]
fn columns_that_depend_on_one_another_get_statistics_together() {
    let condition = "((year = 1990) AND ((format)::text = 'MP3'::text))";
    let piece = change("planner/estimates", misjudged(condition));
    assert_eq!(
        piece.title,
        "Tell the planner how format and year of loist_bench.audio_tracks depend on one another"
    );
    let change = piece.change.unwrap();
    assert_eq!(
        change.apply,
        "CREATE STATISTICS loist_bench.stat_audio_tracks_format_year (ndistinct, dependencies, mcv) \
         ON format, year FROM loist_bench.audio_tracks;\nANALYZE loist_bench.audio_tracks;"
    );
    assert_eq!(change.undo, "DROP STATISTICS loist_bench.stat_audio_tracks_format_year;");
}

#[test]
fn a_column_gets_finer_statistics() {
    let change = change("planner/estimates", misjudged("(year = 1990)")).change.unwrap();
    let alter = |target: &str| {
        format!(
            "ALTER TABLE loist_bench.audio_tracks ALTER COLUMN year SET STATISTICS {target};\nANALYZE loist_bench.audio_tracks;"
        )
    };
    assert_eq!((change.from.as_str(), change.to.as_str()), ("100", "500"));
    assert_eq!(change.apply, alter("500"));
    assert!(change.undo.starts_with(&alter("-1")), "{}", change.undo);
}

#[test]
fn statistics_of_columns_say_nothing_of_expressions() {
    let piece = left("planner/estimates", misjudged("(upper((format)::text) = 'MP3'::text)"));
    assert!(piece.title.contains("what is off is an expression"), "{}", piece.title);
}
