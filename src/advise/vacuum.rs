//! Dead rows, and the autovacuum that makes room of them.

use super::{
    apply::{self, is_off, option, storage},
    case::Case,
    say,
};
use crate::record::{Basis, Change, Recommendation, Relation};

/// Part of a table that may be dead: autovacuum's own default comes at 20 %.
const DEAD: f64 = 0.2;
/// Part of the rows at which autovacuum comes soon.
const SOON: f64 = 0.02;
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
    let forgotten = case.record.evidence.tables.iter().find(|table| is_forgotten(table));
    match (bloat.filter(|table| is_forgotten(table) || !is_own(table)).or(forgotten), bloat) {
        (Some(table), _) => Some(vacuumed(table)),
        (None, Some(table)) => {
            let title = "Leave autovacuum: the dead rows are this run's own, and its turn comes";
            Some(say::leave_alone(title, figures(table), Basis::Inferred))
        }
        (None, None) => {
            let table = case.tracks()?;
            let title = match (table.dead_rows < FEW_DEAD, table.vacuums) {
                (true, 0) => "Leave autovacuum: there is hardly a dead row yet",
                (false, 0) => "Leave autovacuum: it comes at a fifth of the rows",
                _ => "Leave autovacuum: it keeps up",
            };
            Some(say::leave_alone(title, figures(table), Basis::Inferred))
        }
    }
}

/// A table with dead rows that nobody will take away, or not soon.
fn vacuumed(table: &Relation) -> Recommendation {
    let (name, own) = (&table.name, scale_factor(table));
    let title = match own {
        _ if is_forgotten(table) => {
            format!("Give {name} its autovacuum back, which is off for it, and VACUUM it now")
        }
        Some(own) if own <= SOON => {
            format!(
                "VACUUM {name} now; autovacuum comes soon already, so see what keeps it from getting through"
            )
        }
        _ => format!("VACUUM {name} now, and let autovacuum come sooner"),
    };
    Recommendation {
        title,
        evidence: figures(table),
        change: Some(sooner(table)),
        expected: "fewer blocks for the same rows".to_owned(),
        risk: "its workers read and write more often".to_owned(),
        verify: "n_dead_tup of pg_stat_user_tables falls; run again and compare p95. What keeps it from falling: a long transaction (pg_stat_activity.backend_xmin), or autovacuum_vacuum_cost_limit"
            .to_owned(),
        effect: dead_share(table) / 2.0,
        ..say::change()
    }
}

/// Part of the rows that must be dead before autovacuum comes, where the table has a value of its own.
fn scale_factor(table: &Relation) -> Option<f64> {
    option(&table.options, "autovacuum_vacuum_scale_factor")?.parse().ok()
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

/// A VACUUM now, and a table's own settings of autovacuum: back to the server's, or so that it comes at 2 % of dead rows.
fn sooner(table: &Relation) -> Change {
    let name = &table.name;
    let vacuum = format!("VACUUM (ANALYZE) {name};");
    let (what, to) = if is_forgotten(table) {
        ("autovacuum_enabled", None)
    } else if scale_factor(table).is_some_and(|own| own <= SOON) {
        return Change {
            setting: format!("dead rows of {name}"),
            from: table.dead_rows.to_string(),
            to: "none".to_owned(),
            restart: false,
            apply: vacuum,
            undo: "-- nothing to take back".to_owned(),
        };
    } else {
        ("autovacuum_vacuum_scale_factor", Some(SOON.to_string()))
    };
    let before = option(&table.options, what);
    Change {
        setting: format!("{what} of {name}"),
        from: before.unwrap_or("not set").to_owned(),
        to: to.clone().unwrap_or_else(|| "not set".to_owned()),
        restart: false,
        apply: format!("ALTER TABLE {name} {};\n{vacuum}", storage(what, to.as_deref())),
        undo: format!("ALTER TABLE {name} {};", storage(what, before)),
    }
}
