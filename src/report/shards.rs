//! Several load machines that made a run together: the place of one among them, and how well each did its part.

use super::grid::{Cell, Column, Grid, Row};
use crate::record::{Merged, MergedShard, Record};
use crate::text::{milliseconds, percent};

/// That a record is of one of several processes, or merged from several, in a line.
pub(super) fn words(record: &Record) -> Option<String> {
    if let Some(merged) = &record.merged {
        let counted = merged.shards.len();
        let all = if counted == merged.of { String::new() } else { format!(" of {}", merged.of) };
        return Some(format!(
            "merged from the records of {counted}{all} shards of the run {}; their windows began within {} ms of each other by the server's clock",
            merged.run_id,
            milliseconds(Some(merged.apart_us))
        ));
    }
    let shard = record.shard.as_ref()?;
    Some(format!(
        "shard {} of {} of the run {}: its own part of the load, of {} clients in all; `loist-bench merge` tells of all together",
        shard.number, shard.of, shard.run_id, shard.whole.clients
    ))
}

/// A row a shard.
#[must_use]
pub fn grid(merged: &Merged) -> Grid {
    let mut grid = Grid::new(vec![
        Column::words("shard"),
        Column::numbers("calls"),
        Column::numbers("per s").hint("calls answered a second"),
        Column::numbers("lost"),
        Column::numbers("p95 ms").hint("far from the others': its machine, or its way to the server"),
        Column::numbers("late p99 ms").hint("how much later than intended calls were let in"),
        Column::numbers("threads"),
        Column::numbers("processors used"),
        Column::numbers("of"),
        Column::numbers("waited for one").hint("share of the time, of the thread that waited longest"),
        Column::numbers("began ms").hint("after the start that was agreed on, by the server's clock"),
        Column::numbers("give or take ms").hint("by how much that may be wrong"),
        Column::words("machine"),
    ]);
    for shard in &merged.shards {
        grid.push(row(merged, shard));
    }
    grid
}

fn row(merged: &Merged, shard: &MergedShard) -> Row {
    let unknown = || Cell::text("-");
    let late = shard.start_error.as_ref().map(|error| Cell::milliseconds(error.p99_us));
    let began = (shard.clock.began_at - merged.start_at).num_microseconds().unwrap_or_default() as f64;
    let waited = shard.cpu_wait.map(|share| Cell::number(percent(share), share));
    Row::new(vec![
        Cell::number(shard.number.to_string(), shard.number as f64),
        Cell::count(shard.calls),
        Cell::amount(shard.calls_per_second),
        Cell::count(shard.lost),
        Cell::milliseconds(shard.p95_us),
        late.unwrap_or_else(unknown),
        Cell::count(shard.threads as u64),
        shard.cpus_used.map_or_else(unknown, Cell::amount),
        Cell::count(shard.cpus_allowed as u64),
        waited.unwrap_or_else(unknown),
        Cell::number(format!("{:.2}", began / 1e3), began),
        Cell::milliseconds(Some(shard.clock.uncertain_us)),
        Cell::text(format!("{}, {} processors", shard.host.cpu_model, shard.host.cpus)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{ClockReading, ShardClock, sample};
    use chrono::{DateTime, TimeDelta};

    fn merged(record: &Record, numbers: &[usize], of: usize) -> Merged {
        let start_at = DateTime::from_timestamp(1_900_000_000, 0).unwrap();
        let before = ClockReading { server_ahead_us: 1.0, uncertain_us: 120.0, round_trips: 10 };
        let shard = |number: &usize| MergedShard {
            number: *number,
            host: record.host.clone(),
            clients: 2,
            threads: 1,
            calls: 1_000,
            lost: 0,
            calls_per_second: 33.3,
            p95_us: Some(5_000.0),
            start_error: None,
            cpus_used: Some(0.25),
            cpus_allowed: 2,
            cpu_wait: Some(0.01),
            clock: ShardClock {
                began_at: start_at + TimeDelta::microseconds(1_234),
                uncertain_us: 120.0,
                before,
                after: None,
            },
        };
        Merged {
            run_id: "nightly".to_owned(),
            of,
            missing: Vec::new(),
            observer: 1,
            start_at,
            apart_us: 1_500.0,
            shards: numbers.iter().map(shard).collect(),
        }
    }

    #[test]
    fn one_process_says_nothing_of_shards() {
        assert_eq!(words(&sample()), None);
    }

    #[test]
    fn a_merged_record_says_of_whom() {
        let mut record = sample();
        record.merged = Some(merged(&sample(), &[1, 3], 3));
        let words = words(&record).unwrap();
        assert!(
            words.starts_with("merged from the records of 2 of 3 shards of the run nightly; "),
            "{words}"
        );
        assert!(words.contains("within 1.50 ms of each other"), "{words}");
    }

    #[test]
    fn each_shard_has_a_row() {
        let grid = grid(&merged(&sample(), &[1, 2], 2));
        let row: Vec<&str> = grid.rows[1].cells.iter().map(|cell| cell.text.as_str()).collect();
        assert_eq!(row[..6], ["2", "1,000", "33.3", "0", "5.00", "-"]);
        assert_eq!(row[6..12], ["1", "0.250", "2", "1 %", "1.23", "0.120"]);
        assert!(grid.rows.iter().all(|row| row.cells.len() == grid.columns.len()));
    }
}
