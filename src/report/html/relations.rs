//! Tables and indexes after the window, and what it did with them.

use super::parts;
use crate::text::{bytes, percent};
use crate::{
    record::{Index, Record, Relation, RelationWindow},
    report::grid::{Cell, Column, Grid, Row},
};

/// `None` where the record holds no tables.
pub(super) fn part(record: &Record) -> Option<String> {
    if record.evidence.tables.is_empty() {
        return None;
    }
    let mut body = parts::grid(&tables(&record.evidence.tables), "Tables");
    if let Some(indexes) = record.evidence.indexes.as_ref().filter(|indexes| !indexes.is_empty()) {
        body.push_str("<h3>Indexes</h3>");
        body.push_str(&parts::grid(&indexes_grid(indexes), "Indexes"));
    }
    Some(body)
}

fn size(amount: u64) -> Cell {
    Cell::number(bytes(amount), amount as f64)
}

fn share(part: u64, all: u64) -> Cell {
    let share = (all > 0).then(|| part as f64 / all as f64);
    Cell::number(share.map_or_else(|| "-".to_owned(), percent), share)
}

fn tables(tables: &[Relation]) -> Grid {
    let mut grid = Grid::new(vec![
        Column::words("table"),
        Column::numbers("heap").hint("with TOAST"),
        Column::numbers("indexes"),
        Column::numbers("live rows").hint("estimated"),
        Column::numbers("dead rows").hint("estimated"),
        Column::numbers("sequential scans"),
        Column::numbers("index scans"),
        Column::numbers("inserted"),
        Column::numbers("updated"),
        Column::numbers("of them HOT").hint("updates that needed no new index entries"),
        Column::numbers("deleted"),
        Column::numbers("from shared buffers").hint("share of the heap's blocks"),
    ]);
    for table in tables {
        let window = table.window;
        // Absent when the counters began anew: that is no zero.
        let count = |of: fn(&RelationWindow) -> u64| {
            window.as_ref().map_or_else(|| Cell::text("-"), |window| Cell::count(of(window)))
        };
        let part = |of: fn(&RelationWindow) -> (u64, u64)| {
            window.as_ref().map_or_else(
                || Cell::text("-"),
                |window| {
                    let (part, all) = of(window);
                    share(part, all)
                },
            )
        };
        grid.push(Row::new(vec![
            Cell::text(&table.name),
            size(table.heap_bytes),
            size(table.index_bytes),
            Cell::count(table.live_rows),
            Cell::count(table.dead_rows),
            count(|window| window.sequential_scans),
            count(|window| window.index_scans),
            count(|window| window.inserted),
            count(|window| window.updated),
            part(|window| (window.hot_updated, window.updated)),
            count(|window| window.deleted),
            part(|window| (window.heap_hit, window.heap_hit + window.heap_read)),
        ]));
    }
    grid
}

fn indexes_grid(indexes: &[Index]) -> Grid {
    let mut grid = Grid::new(vec![
        Column::words("index"),
        Column::words("method"),
        Column::words("keys"),
        Column::numbers("size"),
        Column::numbers("scans").hint("in the window"),
        Column::numbers("from shared buffers").hint("share of its blocks"),
    ]);
    for index in indexes {
        let scans = index.scans.map_or_else(|| Cell::text("-"), Cell::count);
        let condition = index.predicate.as_ref().map(|text| format!(" where {text}")).unwrap_or_default();
        grid.push(Row::new(vec![
            Cell::text(&index.name),
            Cell::text(&index.method),
            Cell::text(format!("{}{condition}", index.keys.join(", "))),
            size(index.bytes),
            scans,
            share(index.blocks_hit, index.blocks_hit + index.blocks_read),
        ]));
    }
    grid
}
