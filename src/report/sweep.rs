//! The records of a sweep as one table for the terminal, a row a point.

use super::table;
use crate::record::{OperationResult, Record, SloResult};
use crate::text::{grouped, milliseconds, percent, three_digits};

/// One row a point: its settings, and how all operations together and the one closest to its objective fared.
#[must_use]
pub fn render(points: &[(Vec<(String, String)>, &Record)]) -> String {
    let Some((first, record)) = points.first() else { return String::new() };
    let mut header: Vec<String> = first.iter().map(|(name, _)| name.clone()).collect();
    let figures = [
        "calls",
        "per s",
        "p50",
        "p95",
        "p99",
        "service p95",
        "queue p95",
        "pool p95",
        "lost",
        "over",
        "closest to its objective",
        "",
    ];
    header.extend(figures.map(str::to_owned));
    let settings = first.len();
    let mut table = table::new(header);
    for (labels, record) in points {
        let overall = &record.overall;
        let lost = overall.lost();
        let mut row: Vec<comfy_table::Cell> =
            labels.iter().map(|(_, value)| comfy_table::Cell::new(value)).collect();
        row.extend(
            [
                grouped(overall.calls),
                three_digits(overall.calls_per_second),
                milliseconds(overall.response.p50_us),
                milliseconds(overall.response.p95_us),
                milliseconds(overall.response.p99_us),
                milliseconds(overall.service.p95_us),
                milliseconds(overall.queue_wait.p95_us),
                milliseconds(overall.pool_wait.p95_us),
                grouped(lost),
                percent(overall.slo.miss_share),
                closest(record),
            ]
            .map(comfy_table::Cell::new),
        );
        row.push(table::outcome(record.verdict.outcome, None));
        table.add_row(row);
    }
    table::align(&mut table, settings..settings + 10);
    let swept = |name: &str| first.iter().any(|(label, _)| label == name);
    let protocol =
        if swept("protocol") { String::new() } else { format!(", {} protocol", record.workload.protocol) };
    format!(
        "{}{protocol}, {} s each\n\n{}\nms; response times from the intended start, service while holding a connection, queue and pool the waiting before.\nlost: failed, shed or unfinished. over: share of all calls that took longer than the objective or were lost.\n",
        record.workload.name,
        three_digits(record.load.duration_seconds),
        table.trim_fmt()
    )
}

/// The operation that comes closest to its objective, or misses it most.
fn closest(record: &Record) -> String {
    // Calls that were lost have no latency: the share of misses comes first.
    let rank = |slo: &SloResult| {
        let misses = slo.miss_share / (1.0 - slo.quantile).max(f64::EPSILON);
        (misses.max(1.0), slo.observed_us.unwrap_or_default() / slo.target_us)
    };
    let farther = |a: &&OperationResult, b: &&OperationResult| {
        let ((a, x), (b, y)) = (rank(&a.summary.slo), rank(&b.summary.slo));
        a.total_cmp(&b).then(x.total_cmp(&y))
    };
    let worst = record.operations.iter().max_by(farther);
    worst.map_or_else(String::new, |operation| {
        let slo = &operation.summary.slo;
        format!("{} {} of {}", operation.name, milliseconds(slo.observed_us), slo.objective)
    })
}
