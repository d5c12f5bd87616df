//! Dead rows, and the autovacuum that makes room of them.

use super::{
    apply::{self, option, storage},
    case::Case,
    say,
};
use crate::record::{Basis, Change, Recommendation, Relation};

/// Part of a table that may be dead: autovacuum's own default comes at 20 %.
const DEAD: f64 = 0.2;
/// Dead rows that nobody notices.
const FEW_DEAD: u64 = 1000;

fn dead_share(table: &Relation) -> f64 {
    table.dead_rows as f64 / (table.live_rows + table.dead_rows).max(1) as f64
}

/// Whether the table was taken from autovacuum.
fn is_off(table: &Relation) -> bool {
    matches!(option(&table.options, "autovacuum_enabled"), Some("false" | "off"))
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
    // One that autovacuum may not touch is bloated sooner or later.
    let forgotten = || case.record.evidence.tables.iter().find(|table| is_off(table));
    let Some(table) = bloat.or_else(forgotten) else {
        let table = case.tracks()?;
        let title = if table.vacuums == 0 {
            "Leave autovacuum: there is hardly a dead row yet"
        } else {
            "Leave autovacuum: it keeps up"
        };
        return Some(say::leave_alone(title, figures(table), Basis::Inferred));
    };
    let off = is_off(table);
    let window = table.window.unwrap_or_default();
    // Those of the warm-up, and of the load before it, are not in the window's count.
    if !off && table.dead_rows <= 2 * (window.updated + window.deleted) {
        let title = "Leave autovacuum: the dead rows are this run's own, and its turn comes";
        return Some(say::leave_alone(title, figures(table), Basis::Inferred));
    }
    Some(Recommendation {
        title: if off {
            format!("Give {} its autovacuum back, which is off for it, and VACUUM it now", table.name)
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
    let (what, to) =
        if off { ("autovacuum_enabled", None) } else { ("autovacuum_vacuum_scale_factor", Some("0.02")) };
    let (name, before) = (&table.name, option(&table.options, what));
    Change {
        setting: format!("{what} of {name}"),
        from: before.unwrap_or("not set").to_owned(),
        to: to.unwrap_or("not set").to_owned(),
        restart: false,
        apply: format!("ALTER TABLE {name} {};\nVACUUM (ANALYZE) {name};", storage(what, to)),
        undo: format!("ALTER TABLE {name} {};", storage(what, before)),
    }
}
