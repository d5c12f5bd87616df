//! A side whose search does needless work.

use super::Outcome;
use loist_bench::workload::builtin;
use std::path::Path;

/// The operation that is slowed, and that is looked at.
pub(crate) const OPERATION: &str = "search_library";
/// Rows of the first look at what a row costs: some tenths of a millisecond.
pub(crate) const FIRST_GUESS: u64 = 2_000;
/// What the search's first statement begins with.
const BEGINS: &str = "SELECT count(*)\nFROM audio_tracks";

/// Writes the default workload with a search that goes through so many rows of nothing.
pub(crate) fn write(file: &Path, rows: u64) -> Outcome<()> {
    let text = builtin::find(builtin::DEFAULT)?.text;
    if !text.contains(BEGINS) {
        return Err("the search's statement is not what it was".into());
    }
    let work =
        format!("SELECT count(*), (SELECT count(*) FROM generate_series(1, {rows}))\nFROM audio_tracks");
    Ok(std::fs::write(file, text.replacen(BEGINS, &work, 1))?)
}
