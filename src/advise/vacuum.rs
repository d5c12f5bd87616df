//! Dead rows, autovacuum, and updates that need new index entries.

use super::{case::Case, say};
use crate::record::{Basis, Change, Index, Recommendation, Relation};

/// Part of a table that may be dead: autovacuum's own default comes at 20 %.
const DEAD: f64 = 0.2;
/// Dead rows that nobody notices.
const FEW_DEAD: u64 = 1000;
/// Updates from which the share of HOT ones says something.
const UPDATES: u64 = 100;
/// Share of HOT updates below which nearly each one writes to every index.
const HOT: f64 = 0.1;

fn dead_share(table: &Relation) -> f64 {
    table.dead_rows as f64 / (table.live_rows + table.dead_rows).max(1) as f64
}

/// A storage parameter of a table.
fn option<'a>(table: &'a Relation, name: &str) -> Option<&'a str> {
    table.options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
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
        table.dead_rows,
        table.live_rows,
        say::percent(dead_share(table)),
        say::count(table.vacuums, "vacuum"),
        table.autovacuums
    )
}

/// Autovacuum keeps tables and the planner's statistics in shape; off, both decay.
pub(super) fn autovacuum(case: &Case) -> Option<Recommendation> {
    let bloat = bloated(case);
    if let Some(name) = ["autovacuum", "track_counts"].into_iter().find(|name| case.is(name, "off")) {
        return switched_off(case, name, bloat);
    }
    let Some(table) = bloat else {
        let table = case.tracks()?;
        return Some(say::leave_alone("Leave autovacuum: it keeps up", figures(table), Basis::Inferred));
    };
    let off = matches!(option(table, "autovacuum_enabled"), Some("false" | "off"));
    let window = table.window.unwrap_or_default();
    if !off && table.dead_rows <= window.updated + window.deleted {
        let title = "Leave autovacuum: the dead rows are this window's own, and its turn comes";
        return Some(say::leave_alone(title, figures(table), Basis::Inferred));
    }
    Some(Recommendation {
        title: if off {
            format!("Give {} its autovacuum back, and VACUUM it now", table.name)
        } else {
            format!("VACUUM {} now, and let autovacuum come sooner", table.name)
        },
        evidence: figures(table),
        change: Some(sooner(table, off)),
        expected: "fewer blocks for the same rows".to_owned(),
        risk: "its workers read and write more often".to_owned(),
        verify: "n_dead_tup of pg_stat_user_tables falls; run again and compare p95".to_owned(),
        effect: dead_share(table) / 2.0,
        ..say::change()
    })
}

/// The server does not vacuum at all, or does not know what there is to vacuum.
fn switched_off(case: &Case, name: &str, bloat: Option<&Relation>) -> Option<Recommendation> {
    let mut change = say::alter_system(case, name, "on")?;
    if let Some(table) = bloat {
        change.apply = format!("{} VACUUM (ANALYZE) {};", change.apply, table.name);
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
        expected: "dead rows make room again, statistics follow the data, searches read fewer blocks"
            .to_owned(),
        basis: if bloat.is_some() { Basis::Inferred } else { Basis::Convention },
        risk: "its workers read and write in the background".to_owned(),
        verify: "n_dead_tup of pg_stat_user_tables falls; run again and compare p95".to_owned(),
        effect: bloat.map_or(0.05, |table| dead_share(table).max(0.3)),
        ..say::change()
    })
}

/// A table's own settings of autovacuum: back to the server's, or so that it comes at 2 % of dead rows.
fn sooner(table: &Relation, off: bool) -> Change {
    let name = &table.name;
    let (what, apply, undo) = if off {
        (
            "autovacuum_enabled",
            format!("ALTER TABLE {name} RESET (autovacuum_enabled);"),
            format!("ALTER TABLE {name} SET (autovacuum_enabled = false);"),
        )
    } else {
        (
            "autovacuum_vacuum_scale_factor",
            format!("ALTER TABLE {name} SET (autovacuum_vacuum_scale_factor = 0.02);"),
            format!("ALTER TABLE {name} RESET (autovacuum_vacuum_scale_factor);"),
        )
    };
    Change {
        setting: format!("{what} of {name}"),
        from: option(table, what).unwrap_or("not set").to_owned(),
        to: if off { "on" } else { "0.02" }.to_owned(),
        restart: false,
        apply: format!("{apply} VACUUM (ANALYZE) {name};"),
        undo,
    }
}

/// Statements of the workload that update rows, as `operation.statement`.
fn updates(case: &Case) -> Vec<String> {
    let rows = case.record.evidence.statements.iter().flatten();
    let of_updates = rows.filter(|row| row.query.trim_start().to_uppercase().starts_with("UPDATE"));
    of_updates.flat_map(|row| row.statements.iter().cloned()).collect()
}

/// An update that changes an indexed column writes an entry into every index of the table.
pub(super) fn hot_updates(case: &Case) -> Option<Recommendation> {
    let table = case.tracks()?;
    let window = table.window?;
    if window.updated < UPDATES {
        return None;
    }
    let share = window.hot_updated as f64 / window.updated as f64;
    let indexes: Vec<&Index> =
        case.record.evidence.indexes.iter().flatten().filter(|index| index.table == table.name).collect();
    let figures = format!(
        "{} of {} updates of {} were HOT ({}); each of the others wrote to {} indexes",
        window.hot_updated,
        window.updated,
        table.name,
        say::percent(share),
        indexes.len()
    );
    if share >= HOT {
        return Some(say::leave_alone(
            "Leave the fill factor: updates find room on their page",
            figures,
            Basis::Measured,
        ));
    }
    let gain = case.share(&updates(case));
    if !case.is_felt(gain) {
        return Some(say::leave_alone(
            "Leave the indexes that each update changes: updates are too small a part",
            format!("{figures}; updates are {}", case.felt_figures(gain)),
            Basis::Inferred,
        ));
    }
    // An index whose column each update sets, as a time of change does.
    let by_time =
        |index: &&&Index| !index.is_constraint && index.keys.iter().any(|key| key.starts_with("updated_at"));
    let culprit = indexes.iter().find(by_time);
    Some(Recommendation {
        title: match culprit {
            Some(index) => format!(
                "Drop {} unless something sorts by it: each update changes its column, so none is HOT",
                index.name
            ),
            None => format!("Leave room on the pages of {}: no update is HOT", table.name),
        },
        evidence: figures,
        change: Some(room(table, culprit.copied())),
        expected: "updates write one heap page and no index".to_owned(),
        risk: "what the index serves becomes a scan; the fill factor counts for new pages alone".to_owned(),
        verify: "run again: n_tup_hot_upd grows with n_tup_upd".to_owned(),
        effect: gain / 2.0,
        ..say::change()
    })
}

/// Room for new versions on each page, and no index in the way.
fn room(table: &Relation, culprit: Option<&Index>) -> Change {
    let name = &table.name;
    let fill = format!("ALTER TABLE {name} SET (fillfactor = 90);");
    let back = format!("ALTER TABLE {name} RESET (fillfactor);");
    match culprit {
        Some(index) => Change {
            setting: format!("index {}", index.name),
            from: "there".to_owned(),
            to: "dropped".to_owned(),
            restart: false,
            apply: format!("DROP INDEX CONCURRENTLY {}; {fill}", index.name),
            undo: format!("{}; {back}", index.definition),
        },
        None => Change {
            setting: format!("fillfactor of {name}"),
            from: option(table, "fillfactor").unwrap_or("100").to_owned(),
            to: "90".to_owned(),
            restart: false,
            apply: fill,
            undo: back,
        },
    }
}
