//! Dead rows, and updates that find no room.

use super::common::{change, index, left, missed, said, set, tracks};
use loist_bench::record::{HorizonHolder, Index, OperationResult, Record, RelationWindow, StatementResult};

#[test]
fn dead_rows_are_vacuumed() {
    let bloat = |record: &mut Record| {
        let table =
            record.evidence.tables.iter_mut().find(|table| table.name.ends_with("audio_tracks")).unwrap();
        (table.live_rows, table.dead_rows) = (10_000, 20_000);
        table.window = Some(RelationWindow::default());
    };
    let piece = change("vacuum/autovacuum", |record| {
        bloat(record);
        set(&mut record.evidence, "autovacuum", "off");
    });
    assert!(piece.title.contains("autovacuum back on") && piece.effect > 0.5, "{}", piece.title);
    let piece = change("vacuum/autovacuum", bloat);
    assert!(piece.change.unwrap().apply.contains("autovacuum_vacuum_scale_factor"));
    let piece = change("vacuum/autovacuum", |record| {
        bloat(record);
        record
            .evidence
            .tables
            .iter_mut()
            .for_each(|table| table.options = vec!["autovacuum_enabled=false".to_owned()]);
    });
    assert!(piece.change.unwrap().apply.contains("RESET (autovacuum_enabled)"));
    left("vacuum/autovacuum", |record| {
        bloat(record);
        for table in &mut record.evidence.tables {
            table.window = Some(RelationWindow { updated: 20_000, ..RelationWindow::default() });
        }
    });
}

#[test]
fn updates_find_room_on_their_page() {
    let updates = |hot: u64| {
        move |record: &mut Record| {
            for table in &mut record.evidence.tables {
                table.window =
                    Some(RelationWindow { updated: 1000, hot_updated: hot, ..RelationWindow::default() });
            }
            let of = |name: &str, columns: &[&str]| Index {
                columns: columns.iter().map(|column| (*column).to_owned()).collect(),
                scans: Some(0),
                ..index(name, "btree", columns)
            };
            record.evidence.indexes = Some(vec![
                of("idx_updated_at", &["updated_at"]),
                of("idx_failed", &["last_processed_at", "status"]),
                of("idx_title", &["title"]),
            ]);
        }
    };
    left("vacuum/hot-updates", updates(900));
    left("vacuum/hot-updates", updates(0));
    let felt = |record: &mut Record| {
        updates(0)(record);
        missed(record);
        // What updates takes most of the time.
        let names = |operation: &OperationResult| {
            let name = |statement: &StatementResult| format!("{}.{}", operation.name, statement.name);
            operation.statements.iter().map(name).collect::<Vec<_>>()
        };
        let names: Vec<String> = record.operations.iter().flat_map(names).collect();
        let row = record.evidence.statements.as_mut().unwrap().first_mut().unwrap();
        row.query = "UPDATE audio_tracks SET status = $1, last_processed_at = now() WHERE id = $2".to_owned();
        row.statements = names;
        record.evidence.tables.iter_mut().for_each(|table| {
            table.set_by_triggers = vec!["updated_at".to_owned()];
            table.options = vec!["fillfactor=95".to_owned()];
        });
    };
    let piece = change("vacuum/hot-updates", felt);
    let applied: Vec<&str> = piece.changes().map(|change| change.apply.as_str()).collect();
    assert_eq!(
        applied,
        [
            "ALTER TABLE loist_bench.audio_tracks SET (fillfactor = 90);",
            "DROP INDEX CONCURRENTLY loist_bench.idx_updated_at;",
            "DROP INDEX CONCURRENTLY loist_bench.idx_failed;",
        ],
        "every index that stands in the way, and no other"
    );
    assert!(piece.change.unwrap().undo.contains("SET (fillfactor = 95)"), "what was set comes back");
    let in_use = left("vacuum/hot-updates", |record| {
        felt(record);
        record.evidence.indexes.as_mut().unwrap()[1].scans = Some(7);
    });
    assert!(in_use.evidence.contains("idx_failed"), "{}", in_use.evidence);
}

#[test]
fn a_table_without_dead_rows_needs_no_praise() {
    let clean = |vacuums: u64| {
        move |record: &mut Record| {
            for table in &mut record.evidence.tables {
                (table.dead_rows, table.autovacuums) = (0, vacuums);
            }
        }
    };
    let piece = left("vacuum/autovacuum", clean(0));
    assert_eq!(piece.title, "Leave autovacuum: there is hardly a dead row yet");
    let piece = left("vacuum/autovacuum", clean(3));
    assert_eq!(piece.title, "Leave autovacuum: it keeps up");
}

#[test]
fn a_table_that_autovacuum_may_not_touch_is_given_back() {
    let piece = change("vacuum/autovacuum", |record| {
        let table = tracks(record);
        table.dead_rows = 0;
        table.options = vec!["fillfactor=90".to_owned(), "autovacuum_enabled=false".to_owned()];
    });
    let table = "loist_bench.audio_tracks";
    let applied: Vec<&str> = piece.changes().map(|change| change.apply.as_str()).collect();
    let (reset, vacuum) =
        (format!("ALTER TABLE {table} RESET (autovacuum_enabled);"), format!("VACUUM (ANALYZE) {table};"));
    assert_eq!(applied, [reset.as_str(), vacuum.as_str()]);
    let undo = piece.change.unwrap().undo;
    assert_eq!(undo, format!("ALTER TABLE {table} SET (autovacuum_enabled = false);"));
    let fresh = |record: &mut Record| {
        let table = tracks(record);
        table.dead_rows = 0;
        table.options = vec!["autovacuum_enabled=false".to_owned()];
        "fresh".clone_into(&mut record.catalog.state);
    };
    left("vacuum/autovacuum", fresh);
}

#[test]
fn a_tables_own_scale_factor_comes_back() {
    let bloated = |options: &'static [&'static str]| {
        change("vacuum/autovacuum", move |record| {
            let table = tracks(record);
            (table.live_rows, table.dead_rows) = (10_000, 20_000);
            table.window = Some(RelationWindow::default());
            table.options = options.iter().map(|option| (*option).to_owned()).collect();
        })
    };
    let table = "loist_bench.audio_tracks";
    let set = format!("ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0.02);");
    let own = bloated(&["autovacuum_vacuum_scale_factor=0.4"]).change.unwrap();
    assert_eq!((own.apply.as_str(), own.from.as_str()), (set.as_str(), "0.4"));
    assert_eq!(own.undo, format!("ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0.4);"));
    let unset = bloated(&["autovacuum_vacuum_threshold=50"]).change.unwrap();
    assert_eq!((unset.apply.as_str(), unset.from.as_str()), (set.as_str(), "not set"));
    assert_eq!(unset.undo, format!("ALTER TABLE {table} RESET (autovacuum_vacuum_scale_factor);"));
}

/// What keeps autovacuum away is what is changed.
#[test]
fn a_threshold_and_a_nap_that_are_too_long_are_named() {
    let piece = change("vacuum/autovacuum", |record| {
        let table = tracks(record);
        (table.live_rows, table.dead_rows) = (10_000, 20_000);
        table.window = Some(RelationWindow::default());
        set(&mut record.evidence, "autovacuum_vacuum_threshold", "2000000000");
        set(&mut record.evidence, "autovacuum_naptime", "86400");
        set(&mut record.evidence, "autovacuum_vacuum_scale_factor", "0.01");
    });
    let changed: Vec<&str> = piece.changes().map(|change| change.setting.as_str()).collect();
    assert_eq!(
        changed,
        [
            "autovacuum_vacuum_threshold of loist_bench.audio_tracks",
            "autovacuum_naptime",
            "dead rows of loist_bench.audio_tracks"
        ]
    );
}

/// Nothing that died since an old transaction began can be taken away before it ends.
#[test]
fn who_holds_the_horizon_is_named_before_a_vacuum_is_asked_for() {
    let held = |kind: &'static str, seconds: Option<f64>| {
        move |record: &mut Record| {
            let table = tracks(record);
            (table.live_rows, table.dead_rows) = (10_000, 20_000);
            table.window = Some(RelationWindow::default());
            record.evidence.horizon = Some(HorizonHolder {
                kind: kind.to_owned(),
                name: "monthly report".to_owned(),
                state: (kind == "session").then(|| "idle in transaction".to_owned()),
                transaction_ms: seconds.map(|seconds| seconds * 1e3),
                transactions_since: 30_000,
            });
        }
    };
    let piece = change("vacuum/horizon", held("session", Some(600.0)));
    assert!(piece.title.contains("the session monthly report (idle in transaction)"), "{}", piece.title);
    assert!(piece.verify.contains("application_name = 'monthly report'"), "{}", piece.verify);
    let vacuum = change("vacuum/autovacuum", held("session", Some(600.0)));
    assert!(piece.effect > vacuum.effect, "before it nothing can be vacuumed");
    let slot = change("vacuum/horizon", held("replication slot", None));
    assert!(slot.verify.contains("pg_drop_replication_slot('monthly report')"), "{}", slot.verify);
    assert_eq!(said("vacuum/horizon", held("session", Some(20.0))), None, "it is as young as the run");
    let without_bloat = |record: &mut Record| {
        held("session", Some(600.0))(record);
        tracks(record).dead_rows = 0;
    };
    assert_eq!(said("vacuum/horizon", without_bloat), None);
}
