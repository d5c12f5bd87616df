//! Files of a history: its JSON Lines, and the table that an export is.

use loist_bench::history::{self, Imported, Line, Night};
use std::path::PathBuf;

/// What was imported, exported in either form, is imported again without loss.
pub(super) fn read(data: &[u8]) -> bool {
    let Some(imported) = import(data.to_vec()) else { return false };
    for baseline in &imported.baselines {
        let line = Line::Baseline(baseline.clone());
        assert_eq!(Line::read(line.text().as_bytes()), Ok(line));
    }
    let nights: Vec<&Night> = imported.nights.iter().collect();
    let lines: Vec<String> = imported.nights.iter().map(|night| line(night) + "\n").collect();
    if !nights.is_empty() {
        let again = import(lines.concat().into_bytes()).expect("its own lines are read");
        assert_eq!(by_id(&again), by_id(&imported));
        // A table has no text that is there and empty: written again, it is the same.
        let table = history::export::csv(&nights);
        let again = import(table.clone().into_bytes()).expect("its own table is read");
        assert_eq!(in_order(&history::export::csv(&by_id(&again))), in_order(&table));
    }
    !nights.is_empty() || !imported.baselines.is_empty()
}

fn import(bytes: Vec<u8>) -> Option<Imported> {
    history::import(&[(PathBuf::from("file"), bytes)]).ok()
}

fn line(night: &Night) -> String {
    Line::Night(Box::new(night.clone())).text()
}

fn by_id(imported: &Imported) -> Vec<&Night> {
    let mut nights: Vec<&Night> = imported.nights.iter().collect();
    nights.sort_by(|a, b| a.id.cmp(&b.id));
    nights
}

fn in_order(table: &str) -> Vec<&str> {
    let mut rows: Vec<&str> = table.split("\r\n").collect();
    rows.sort_unstable();
    rows
}
