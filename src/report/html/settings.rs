//! Settings: what differs from PostgreSQL's defaults, in units that people read.

use super::parts;
use crate::{
    flags::{Setting, place::tells_of_place_alone},
    record::Record,
    report::{
        flags::readable,
        grid::{Cell, Column, Grid, Row, Tone},
    },
};

pub(super) fn part(record: &Record) -> String {
    let changed: Vec<&Setting> = record.evidence.settings.iter().filter(|setting| differs(setting)).collect();
    if record.evidence.settings.is_empty() {
        return "<p>The settings could not be read.</p>".to_owned();
    }
    let intro = format!(
        "<p>{} of {} settings were given another value than the default that PostgreSQL was compiled with; all are in the record.</p>",
        changed.len(),
        record.evidence.settings.len()
    );
    intro + &parts::grid(&grid(&changed), "Settings that differ from PostgreSQL's defaults")
}

/// Settings that differ between servers, by the table of them.
pub(super) fn differing(grid: &Grid) -> String {
    if grid.rows.is_empty() {
        return "<p>None: the servers had the same settings.</p>".to_owned();
    }
    parts::grid(grid, "Settings that differ")
}

/// Whether somebody, or the build, chose another value. What the server works out for itself, as the size of its shared
/// memory or of `wal_buffers`, has the source `default` or cannot be set; the name of this session is ours.
fn differs(setting: &Setting) -> bool {
    let is_other = setting.default.as_ref().is_some_and(|default| *default != setting.value);
    let is_chosen = setting.source != "default" && setting.context != "internal";
    is_other && is_chosen && setting.name != "application_name" && !tells_of_place_alone(&setting.name)
}

fn default(setting: &Setting) -> String {
    let value = setting.default.clone().unwrap_or_default();
    readable(&Setting { value, ..setting.clone() })
}

fn grid(settings: &[&Setting]) -> Grid {
    let mut grid = Grid::new(vec![
        Column::words("setting"),
        Column::words("value"),
        Column::words("PostgreSQL's default"),
        Column::words("from"),
        Column::words("takes effect"),
    ]);
    for setting in settings {
        let place = setting.file.as_ref().unwrap_or(&setting.source);
        let effect =
            if setting.context == "postmaster" { "after a restart" } else { "at a reload or at once" };
        let pending = if setting.pending_restart {
            Cell::text("a new value waits for a restart").tone(Tone::Warn)
        } else {
            Cell::text(effect)
        };
        let quoted = |text: String| Cell::text(if text.is_empty() { "(empty)".to_owned() } else { text });
        grid.push(Row::new(vec![
            Cell::text(&setting.name),
            quoted(readable(setting)),
            quoted(default(setting)),
            Cell::text(place),
            pending,
        ]));
    }
    grid
}
