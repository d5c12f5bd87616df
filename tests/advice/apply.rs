//! The SQL of advice: it changes a setting where it stands, and brings back what stood there.

use super::common::{change, index, missed, sample, scan, searched_by, set, setting, small_machine, tracks};
use loist_bench::{
    advise::advise,
    record::{Change, Record, RelationWindow, Role},
};

/// Advice to log no longer, where the setting stands as `source` and `file` say, for a role and a database of odd names.
fn stands(source: &'static str, file: Option<&'static str>) -> Change {
    let piece = change("logging/statements", |record| {
        odd_names(record);
        let setting = setting(record, "log_statement");
        "all".clone_into(&mut setting.value);
        source.clone_into(&mut setting.source);
        setting.file = file.map(str::to_owned);
    });
    assert_eq!(piece.changes().count(), 1);
    let change = piece.change.unwrap();
    assert_eq!((change.from.as_str(), change.to.as_str()), ("all", "none"));
    change
}

fn odd_names(record: &mut Record) {
    record.evidence.role =
        Some(Role { name: "Odd-Role".to_owned(), database: "Odd\"Base".to_owned(), ..Role::default() });
}

#[test]
fn a_setting_of_the_files_is_changed_above_them_and_comes_back() {
    let (old, reset) = (
        "ALTER SYSTEM SET log_statement = 'all';\nSELECT pg_reload_conf();",
        "ALTER SYSTEM RESET log_statement;\nSELECT pg_reload_conf();",
    );
    for (source, file, undo) in [
        ("configuration file", Some("postgresql.auto.conf"), old),
        ("configuration file", Some("postgresql.conf"), reset),
        ("configuration file", Some("tuning.conf"), reset),
        ("configuration file", None, old),
        ("default", None, reset),
    ] {
        let change = stands(source, file);
        assert_eq!(change.apply, "ALTER SYSTEM SET log_statement = 'none';\nSELECT pg_reload_conf();");
        assert_eq!(change.undo, undo, "{source}, {file:?}");
        assert!(!change.restart, "{source}, {file:?}");
    }
}

#[test]
fn a_setting_of_a_role_or_a_database_is_changed_there() {
    for (source, own) in [
        ("database", "ALTER DATABASE \"Odd\"\"Base\""),
        ("user", "ALTER ROLE \"Odd-Role\""),
        ("database user", "ALTER ROLE \"Odd-Role\" IN DATABASE \"Odd\"\"Base\""),
    ] {
        let change = stands(source, None);
        let then = "-- for sessions that begin after it";
        assert_eq!(change.apply, format!("{own} SET log_statement = 'none';\n{then}"));
        assert_eq!(change.undo, format!("{own} SET log_statement = 'all';\n{then}"));
        assert!(!change.restart);
    }
}

/// Who does not know the names says so in words that SQL takes, or that it refuses.
#[test]
fn names_that_the_record_does_not_hold_are_left_open() {
    let piece = change("logging/statements", |record| {
        record.evidence.role = None;
        let setting = setting(record, "log_statement");
        "all".clone_into(&mut setting.value);
        "database user".clone_into(&mut setting.source);
    });
    let apply = piece.change.unwrap().apply;
    assert!(apply.starts_with("ALTER ROLE CURRENT_USER IN DATABASE the_database SET "), "{apply}");
}

#[test]
fn where_sql_does_not_reach_there_is_none() {
    for (source, place) in [
        ("command line", "on the server's command line"),
        ("environment variable", "in the server's environment"),
        ("client", "in the client's connection options"),
    ] {
        let change = stands(source, None);
        assert_eq!(
            change.apply,
            format!("-- log_statement is set {place}, where SQL does not reach: set it there to none")
        );
        assert_eq!(change.undo, "-- log_statement: set it there to all again");
    }
    assert!(stands("command line", None).restart, "it is read when the server starts");
    assert!(!stands("client", None).restart);
}

#[test]
fn what_needs_a_restart_says_so() {
    let piece = change("memory/too-many-buffers", |record| {
        small_machine(record);
        set(&mut record.evidence, "shared_buffers", "262144");
        setting(record, "shared_buffers").file = Some("postgresql.auto.conf".to_owned());
    });
    let change = piece.change.unwrap();
    assert!(change.restart);
    assert_eq!(change.apply, "ALTER SYSTEM SET shared_buffers = '960MB';\n-- then restart the server");
    assert_eq!(change.undo, "ALTER SYSTEM SET shared_buffers = '2GB';\n-- then restart the server");
}

/// Several settings are several changes, each with its own way back.
#[test]
fn each_setting_has_its_own_way_back() {
    let piece = change("logging/connections", |record| {
        record.connections.connect.count = record.overall.calls;
        for name in ["log_connections", "log_disconnections"] {
            set(&mut record.evidence, name, "on");
        }
        "user".clone_into(&mut setting(record, "log_disconnections").source);
    });
    let undone: Vec<&str> = piece.changes().map(|change| change.undo.as_str()).collect();
    assert_eq!(
        undone,
        [
            "ALTER SYSTEM RESET log_connections;\nSELECT pg_reload_conf();",
            "ALTER ROLE loist SET log_disconnections = 'on';\n-- for sessions that begin after it",
        ]
    );
}

#[test]
fn timeouts_are_the_roles() {
    let timeouts = |source: &'static str| {
        change("connections/timeouts", |record| {
            odd_names(record);
            source.clone_into(&mut setting(record, "statement_timeout").source);
        })
    };
    let piece = timeouts("default");
    assert_eq!(piece.changes().count(), 2);
    for change in piece.changes() {
        let name = &change.setting;
        assert_eq!(
            change.apply,
            format!("ALTER ROLE \"Odd-Role\" SET {name} = '10s';\n-- for sessions that begin after it")
        );
        assert_eq!(change.undo, format!("ALTER ROLE \"Odd-Role\" RESET {name};"));
        assert!(!change.restart);
    }
    let own = timeouts("user").change.unwrap();
    assert_eq!(
        own.undo,
        "ALTER ROLE \"Odd-Role\" SET statement_timeout = '0';\n-- for sessions that begin after it"
    );
    // Where a database says none, the role's own word goes before it.
    let shared = timeouts("database").change.unwrap();
    assert_eq!(shared.undo, "ALTER ROLE \"Odd-Role\" RESET statement_timeout;");
}

/// Records that make as many rules as possible give SQL.
fn records() -> [Record; 3] {
    let (mut settings, mut tables, mut indexes) = (sample(), sample(), sample());
    for (name, value) in [
        ("log_statement", "all"),
        ("enable_sort", "off"),
        ("enable_hashjoin", "off"),
        ("cpu_tuple_cost", "1"),
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("default_statistics_target", "1"),
        ("work_mem", "1048576"),
        ("maintenance_work_mem", "8388608"),
    ] {
        set(&mut settings.evidence, name, value);
    }
    small_machine(&mut settings);
    settings.load.connections = 100;
    set(&mut tables.evidence, "autovacuum", "off");
    tracks(&mut tables).dead_rows = 20_000;
    tracks(&mut tables).window = Some(RelationWindow::default());
    tables.evidence.tables[1].live_rows = 1_000;
    indexes.evidence.extensions.clear();
    indexes.evidence.indexes =
        Some(vec![index("narrow", "btree", &["artist"]), index("wide", "btree", &["artist", "album"])]);
    missed(&mut indexes);
    tracks(&mut indexes).options = vec!["autovacuum_enabled=false".to_owned()];
    searched_by(scan("(((artist)::text % 'x'::text) OR ((title)::text % 'x'::text))", 9_950.0, 5.0))(
        &mut indexes,
    );
    [settings, tables, indexes]
}

/// ALTER SYSTEM, VACUUM and CONCURRENTLY refuse to stand in a transaction, and several commands of one line would.
#[test]
fn each_line_is_one_command() {
    let mut seen = Vec::new();
    for record in records() {
        for piece in advise(&record) {
            for change in piece.changes() {
                let own = change.apply.lines().chain(change.undo.lines());
                for line in own.filter(|line| !line.starts_with("--")) {
                    assert!(line.ends_with(';'), "{}: {line}", piece.rule);
                    assert_eq!(line.matches(';').count(), 1, "{}: {line}", piece.rule);
                }
                seen.push(change.apply.lines().count());
            }
        }
    }
    assert!(seen.len() > 15 && seen.contains(&3), "commands of several lines were among them: {seen:?}");
}
