//! What loist-bench made in a database, on the terminal.

use super::{
    grid::{Cell, Column, Grid, Row},
    table,
};
use crate::catalog::Inventory;
use crate::text::bytes;
use std::fmt::Write;

/// The whole list.
#[must_use]
pub fn render(inventory: &Inventory) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = match (inventory.objects.is_empty(), inventory.removed) {
        (true, _) => writeln!(out, "nothing to remove: loist-bench made nothing that is in this database"),
        (false, true) => writeln!(out, "removed:\n{}", objects(inventory)),
        (false, false) => writeln!(out, "{}", objects(inventory)),
    };
    if !inventory.others.is_empty() {
        let _ = writeln!(
            out,
            "not loist-bench's, or older than its ledger, and left alone: {}",
            inventory.others.join(", ")
        );
    }
    out
}

fn objects(inventory: &Inventory) -> String {
    let mut grid = Grid::new(vec![
        Column::words("kind"),
        Column::words("name"),
        Column::numbers("size"),
        Column::words("by"),
        Column::words("at"),
    ]);
    for made in &inventory.objects {
        grid.push(Row::new(vec![
            Cell::text(&made.kind),
            Cell::text(&made.name),
            Cell::text(made.bytes.map(bytes).unwrap_or_default()),
            Cell::text(&made.created_by),
            Cell::text(made.created_at.format("%Y-%m-%d %H:%M:%S UTC").to_string()),
        ]));
    }
    table::of(&grid).trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Made;
    use chrono::DateTime;

    fn inventory(objects: Vec<Made>) -> Inventory {
        Inventory {
            format: String::new(),
            version: 1,
            removed: false,
            objects,
            others: vec!["table loist_bench.mine".to_owned()],
        }
    }

    #[test]
    fn what_is_there_is_listed_with_its_size_and_its_maker() {
        let table = Made {
            kind: "table".to_owned(),
            name: "loist_bench.audio_tracks".to_owned(),
            bytes: Some(3 << 20),
            created_by: "me".to_owned(),
            created_at: DateTime::UNIX_EPOCH,
        };
        let shown = render(&inventory(vec![table]));
        for part in ["audio_tracks", "3.00 MB", "me", "1970-01-01", "left alone: table loist_bench.mine"] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        let nothing = render(&inventory(Vec::new()));
        assert!(nothing.starts_with("nothing to remove"), "{nothing}");
    }
}
