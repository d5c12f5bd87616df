//! Dead rows, and the autovacuum that makes room of them.

use super::{
    apply::{self, is_off, option, storage},
    case::Case,
    say,
};
use crate::{
    record::{Basis, Change, Recommendation, Relation},
    text::{counted, grouped, sql},
};

/// Part of a table that may be dead: autovacuum's own default comes at 20 %.
const DEAD: f64 = 0.2;
/// Part of the rows at which autovacuum comes soon.
const SOON: f64 = 0.02;
/// A transaction that is older than this is none that is about to end.
const OLD_MS: f64 = 30e3;
/// Between looks at a database that changes autovacuum should sleep no longer; its default is a minute.
const LONG_NAP_MS: f64 = 600e3;
/// What a VACUUM brings, and what it does not.
const ROOM: &str = "later writes find room in the blocks that there are, and searches pass over fewer dead rows; files that have grown stay as large: pg_repack, or VACUUM FULL in a maintenance window, makes them small";
/// Dead rows that nobody notices.
const FEW_DEAD: u64 = 1000;

fn dead_share(table: &Relation) -> f64 {
    table.dead_rows as f64 / (table.live_rows + table.dead_rows).max(1) as f64
}

/// Whether the table was taken from autovacuum.
fn is_forgotten(table: &Relation) -> bool {
    is_off(&table.options, "autovacuum_enabled")
}

/// Whether the dead rows are this run's: those of the warm-up, and of the load before it, are not in the window's count.
fn is_own(table: &Relation) -> bool {
    let window = table.window.unwrap_or_default();
    table.dead_rows <= 2 * (window.updated + window.deleted)
}

fn bloated<'a>(case: &Case<'a>) -> Option<&'a Relation> {
    let tables = case.record.evidence.tables.iter();
    tables
        .filter(|table| dead_share(table) > DEAD && table.dead_rows >= FEW_DEAD)
        .max_by_key(|table| table.dead_rows)
}

fn figures(table: &Relation) -> String {
    format!(
        "{} has {} dead rows beside {} live ones ({}); {} so far, {} of them autovacuum's",
        table.name,
        grouped(table.dead_rows),
        grouped(table.live_rows),
        say::percent(dead_share(table)),
        counted(table.vacuums, "vacuum"),
        grouped(table.autovacuums)
    )
}

/// Autovacuum keeps tables and the planner's statistics in shape; off, both decay.
pub(super) fn autovacuum(case: &Case) -> Option<Recommendation> {
    let bloat = bloated(case);
    if let Some(name) = ["autovacuum", "track_counts"].into_iter().find(|name| case.is(name, "off")) {
        return switched_off(case, name, bloat);
    }
    // One that autovacuum may not touch is bloated sooner or later.
    // The fresh state keeps it away on purpose.
    let is_fresh = case.record.catalog.state == "fresh";
    let forgotten = case.record.evidence.tables.iter().find(|table| is_forgotten(table) && !is_fresh);
    match (bloat.filter(|table| is_forgotten(table) || !is_own(table)).or(forgotten), bloat) {
        (Some(table), _) => Some(vacuumed(case, table)),
        (None, Some(table)) => {
            let title = "Leave autovacuum: the dead rows are this run's own, and its turn comes";
            Some(say::leave_alone(title, figures(table), Basis::Inferred))
        }
        (None, None) => {
            let table = case.tracks()?;
            let title = match (table.dead_rows < FEW_DEAD, table.autovacuums) {
                (true, 0) => "Leave autovacuum: there is hardly a dead row yet",
                (false, 0) => "Leave autovacuum: it comes at a fifth of the rows",
                _ => "Leave autovacuum: it keeps up",
            };
            Some(say::leave_alone(title, figures(table), Basis::Inferred))
        }
    }
}

/// A table with dead rows that nobody will take away, or not soon.
fn vacuumed(case: &Case, table: &Relation) -> Recommendation {
    let name = &table.name;
    let mut changes = sooner(case, table);
    let title = match () {
        () if is_forgotten(table) => {
            format!("Give {name} its autovacuum back, which is off for it, and VACUUM it now")
        }
        () if changes.len() == 1 => {
            format!(
                "VACUUM {name} now; autovacuum comes soon already, so see what keeps it from getting through"
            )
        }
        () => format!("VACUUM {name} now, and let autovacuum come sooner"),
    };
    Recommendation {
        title,
        evidence: figures(table),
        change: Some(changes.remove(0)),
        more_changes: changes,
        expected: ROOM.to_owned(),
        risk: "its workers read and write more often".to_owned(),
        verify: "n_dead_tup of pg_stat_user_tables falls; run again and compare p95. What keeps it from falling: a long transaction (pg_stat_activity.backend_xmin), a replication slot, or autovacuum_vacuum_cost_limit"
            .to_owned(),
        effect: dead_share(table) * 0.2,
        ..say::change()
    }
}

/// Whoever holds an old snapshot keeps every row that died since: no vacuum can take them away.
pub(super) fn horizon(case: &Case) -> Option<Recommendation> {
    let holder = case.record.evidence.horizon.as_ref()?;
    let table = bloated(case)?;
    // One that is as young as the run is part of it.
    let run_ms = (case.record.window.seconds + case.record.load.warmup_seconds) * 1e3;
    if holder.transaction_ms.is_some_and(|ms| ms < run_ms.max(OLD_MS)) {
        return None;
    }
    let of = if holder.name.is_empty() { String::new() } else { format!(" {}", holder.name) };
    let state = holder.state.as_ref().map_or_else(String::new, |state| format!(" ({state})"));
    let age = holder.transaction_ms.map_or_else(String::new, |ms| format!(", since {:.0} s", ms / 1e3));
    let name = sql::literal(&holder.name);
    Some(Recommendation {
        title: format!("End the {}{of}{state}: it keeps every row that died since it began", holder.kind),
        evidence: format!(
            "{}; the {}{of}{state} holds the horizon back{age}, {} began since",
            figures(table),
            holder.kind,
            counted(holder.transactions_since, "transaction")
        ),
        expected: "VACUUM can take the dead rows away, which it cannot before".to_owned(),
        risk: "what it had not committed is lost; set idle_in_transaction_session_timeout so that it cannot come back"
            .to_owned(),
        verify: match holder.kind.as_str() {
            "session" => format!(
                "SELECT pid, xact_start, state, query FROM pg_stat_activity WHERE application_name = {name} AND xact_start < now() - interval '30 seconds'; once it is surely the one, SELECT pg_terminate_backend(pid); then VACUUM (VERBOSE) says how many rows it removed"
            ),
            "prepared transaction" => format!("ROLLBACK PREPARED {name}, or COMMIT PREPARED; then VACUUM (VERBOSE)"),
            _ => format!("see to the standby of the slot, or SELECT pg_drop_replication_slot({name}); then VACUUM (VERBOSE)"),
        },
        effect: dead_share(table) * 0.4,
        ..say::change()
    })
}

/// The server does not vacuum at all, or does not know what there is to vacuum.
fn switched_off(case: &Case, name: &str, bloat: Option<&Relation>) -> Option<Recommendation> {
    let mut change = apply::set(case, name, "on")?;
    if let Some(table) = bloat {
        change.apply = format!("{}\nVACUUM (ANALYZE) {};", change.apply, table.name);
    }
    Some(Recommendation {
        title: match bloat {
            Some(table) => format!("Switch {name} back on, and VACUUM {} now", table.name),
            None => format!("Switch {name} back on"),
        },
        evidence: format!(
            "{name} is off{}",
            bloat.map_or_else(String::new, |table| format!("; {}", figures(table)))
        ),
        change: Some(change),
        expected: format!("{ROOM}; statistics follow the data"),
        basis: if bloat.is_some() { Basis::Inferred } else { Basis::Convention },
        risk: "its workers read and write in the background".to_owned(),
        verify: "n_dead_tup of pg_stat_user_tables falls; run again and compare p95".to_owned(),
        effect: bloat.map_or(0.05, |table| dead_share(table).max(0.3)),
        ..say::change()
    })
}

/// What makes autovacuum come sooner, as far as that is what keeps it away, and a VACUUM now.
fn sooner(case: &Case, table: &Relation) -> Vec<Change> {
    let name = &table.name;
    let storage_of = |what: &str, to: Option<&str>| {
        let before = option(&table.options, what);
        Change {
            setting: format!("{what} of {name}"),
            from: before.unwrap_or("not set").to_owned(),
            to: to.unwrap_or("not set").to_owned(),
            restart: false,
            apply: format!("ALTER TABLE {name} {};", storage(what, to)),
            undo: format!("ALTER TABLE {name} {};", storage(what, before)),
        }
    };
    let own = |what: &str| option(&table.options, what).and_then(|value| value.parse::<f64>().ok());
    let in_force = |what: &str, usual: f64| own(what).or_else(|| case.number(what)).unwrap_or(usual);
    let mut changes = Vec::new();
    if is_forgotten(table) {
        changes.push(storage_of("autovacuum_enabled", None));
    } else if in_force("autovacuum_vacuum_scale_factor", DEAD) > SOON {
        changes.push(storage_of("autovacuum_vacuum_scale_factor", Some(&SOON.to_string())));
    }
    // Rows that must be dead whatever the table's size.
    if in_force("autovacuum_vacuum_threshold", FEW_DEAD as f64) > FEW_DEAD as f64 {
        changes.push(storage_of("autovacuum_vacuum_threshold", Some("50")));
    }
    if case.number("autovacuum_naptime").is_some_and(|ms| ms > LONG_NAP_MS) {
        changes.extend(apply::set(case, "autovacuum_naptime", "1min"));
    }
    changes.push(Change {
        setting: format!("dead rows of {name}"),
        from: table.dead_rows.to_string(),
        to: "none".to_owned(),
        restart: false,
        apply: format!("VACUUM (ANALYZE) {name};"),
        undo: "-- nothing to take back".to_owned(),
    });
    changes
}
