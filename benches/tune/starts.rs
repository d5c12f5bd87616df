//! Bad starts: settings that somebody may really have left behind, each with the traffic that suffers from them.

use loist_bench::record::Metric;

/// A start.
#[derive(Clone, Copy)]
pub(crate) struct Start {
    /// Its name.
    pub(crate) name: &'static str,
    /// A profile, if it is one.
    pub(crate) flags: Option<&'static str>,
    /// Settings over it.
    pub(crate) set: &'static [&'static str],
    /// Traffic: a built-in workload, or `sort`.
    pub(crate) workload: &'static str,
    pub(crate) tracks: u64,
    /// How hard, and what is the same whatever is set; empty leaves it to the program.
    pub(crate) load: &'static [&'static str],
    /// What is to be made better, and measured.
    pub(crate) objective: Metric,
}

const fn set(name: &'static str, set: &'static [&'static str], workload: &'static str) -> Start {
    Start { name, flags: None, set, workload, tracks: 10_000, load: &[], objective: Metric::P95 }
}

/// What a careful DBA sets for this database: against PostgreSQL's own defaults alone the cost of random reads gains much.
/// Every start has it but the one that plants another value, so that what is planted is all that there is to win back.
pub(crate) const WELL: &str = "random_page_cost=1.1";

/// What is planted.
pub(crate) const STARTS: [Start; 7] = [
    set("work_mem", &[WELL, "work_mem=64kB"], "sort"),
    set("random_page_cost", &["random_page_cost=10"], "mcp-mix"),
    set(
        "jit",
        &[WELL, "jit=on", "jit_above_cost=0", "jit_inline_above_cost=0", "jit_optimize_above_cost=0"],
        "mcp-mix",
    ),
    // Searches read thousands of pages; of a mix of everything the loss drowns in its own spread.
    Start { tracks: 100_000, ..set("shared_buffers", &[WELL, "shared_buffers=1MB"], "search") },
    Start { flags: Some("as-documented"), ..set("as-documented", &[], "browse") },
    // A line of the log costs some microseconds, and twice as many with the collector, without which a log is suitable for low
    // volumes only (PostgreSQL manual 20.8.1): to see them, calls must be short and many. Of their p95, most is waiting for a
    // processor, and in an open loop throughput is what was asked for: so it is that of clients which wait for nothing but the
    // server.
    Start {
        objective: Metric::Throughput,
        load: &["--clients", "16", "--set", "logging_collector=on"],
        ..set("log_statement", &[WELL, "log_statement=all"], "read")
    },
    set("bitmapscan", &[WELL, "enable_bitmapscan=off"], "search"),
];

/// Where there is nothing to win. Of everything that the server does, searches have the p95 that repeats best, so they show how
/// small a gain would have been seen.
pub(crate) const WELL_SET: Start = set("well-set", &[WELL], "fuzzy");

/// A page of the library in an order that no index has: what is sorted does not fit into 64 kB.
pub(crate) const SORT: &str = r#"
name = "sort"
description = "Pages of the library in an order that no index has"

[[operation]]
name = "sorted_page"
weight = 1.0

[operation.parameters]
offset = { draw = "integer", min = 0, max = 5000 }

[[operation.transaction]]
end = "rollback"

[[operation.transaction.statement]]
name = "page"
sql = """
SELECT id, title, artist, album
FROM audio_tracks
ORDER BY artist DESC, title
LIMIT 50 OFFSET :offset
"""
"#;
