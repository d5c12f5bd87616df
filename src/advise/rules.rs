//! The table of rules: what each is called, from where on it speaks, where that comes from, and who judges.

use super::{
    budget, case::Case, connections, gin, hot, indexes, locks, logging, memory, missing, planner, plans,
    platform, statements, statistics, vacuum, wal, work_memory, workers,
};
use crate::record::Recommendation;

/// A rule: looks at a record and speaks, or has nothing to say.
pub(super) struct Rule {
    /// As in `memory/work-mem`.
    pub(super) name: &'static str,
    /// From where on it asks for a change.
    pub(super) threshold: &'static str,
    /// Where the rule and its threshold come from.
    pub(super) source: &'static str,
    pub(super) judge: fn(&Case) -> Option<Recommendation>,
}

macro_rules! manual {
    ($page:literal) => {
        concat!("https://www.postgresql.org/docs/current/", $page)
    };
}

/// Every rule, by family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "memory/shared-buffers",
        threshold: "hit share under 99.9 % and a database larger than shared_buffers",
        source: manual!(
            "runtime-config-resource.html: a quarter of memory; raised no further than twice the database"
        ),
        judge: memory::shared_buffers,
    },
    Rule {
        name: "memory/too-many-buffers",
        threshold: "shared_buffers over 40 % of memory",
        source: manual!("runtime-config-resource.html: more than 40 % is unlikely to work better"),
        judge: memory::too_many_buffers,
    },
    Rule {
        name: "memory/overcommit",
        threshold: "shared_buffers + work_mem x sorts and hashes x connections + maintenance over memory",
        source: manual!("runtime-config-resource.html: total use can be many times work_mem"),
        judge: budget::overcommit,
    },
    Rule {
        name: "memory/huge-pages",
        threshold: "shared_buffers of 8 GB or more without huge pages",
        source: manual!("kernel-resources.html"),
        judge: memory::huge_pages,
    },
    Rule {
        name: "memory/effective-cache-size",
        threshold: "below shared_buffers, or above memory while the database fills it",
        source: manual!("runtime-config-query.html; 75 % of memory as pgtune"),
        judge: memory::effective_cache_size,
    },
    Rule {
        name: "memory/work-mem",
        threshold: "a temporary file in 100 calls, or a plan that spills",
        source: manual!("runtime-config-resource.html; twice the largest need, within what memory allows"),
        judge: work_memory::work_mem,
    },
    Rule {
        name: "memory/lossy-bitmaps",
        threshold: "a bitmap with lossy blocks",
        source: manual!("using-explain.html"),
        judge: work_memory::lossy_bitmaps,
    },
    Rule {
        name: "memory/hash-mem-multiplier",
        threshold: "hashes in several batches while nothing else spills",
        source: manual!(
            "runtime-config-resource.html; a fifth more than the largest need, within what memory allows"
        ),
        judge: work_memory::hash_mem_multiplier,
    },
    Rule {
        name: "memory/maintenance-work-mem",
        threshold: "under 16 MB, or less than the dead rows of a vacuum take",
        source: manual!("runtime-config-resource.html; 5 % of memory, at most 1 GB"),
        judge: work_memory::maintenance_work_mem,
    },
    Rule {
        name: "planner/random-page-cost",
        threshold: "above 4, below seq_page_cost, or a plan at 1.1 was faster in each of its executions",
        source: manual!("runtime-config-query.html; trials of this run"),
        judge: planner::random_page_cost,
    },
    Rule {
        name: "planner/enable-off",
        threshold: "any enable_* off whose default is on",
        source: manual!("runtime-config-query.html: a temporary solution only"),
        judge: planner::enable_off,
    },
    Rule {
        name: "planner/odd-constants",
        threshold: "a cost constant off its default by a factor of 4",
        source: manual!("runtime-config-query.html"),
        judge: planner::odd_constants,
    },
    Rule {
        name: "planner/parallel-workers",
        threshold: "more workers than processors, any on one processor, or plans that are faster without",
        source: manual!("how-parallel-query-works.html; half of the processors for one query as pgtune"),
        judge: workers::parallel_workers,
    },
    Rule {
        name: "planner/io-concurrency",
        threshold: "bitmap scans that wait 1 % of the response time for reads",
        source: manual!("runtime-config-resource.html"),
        judge: workers::io_concurrency,
    },
    Rule {
        name: "planner/collapse-limits",
        threshold: "below their default; above it never, since for one statement a session can raise them",
        source: manual!("explicit-joins.html"),
        judge: planner::collapse_limits,
    },
    Rule {
        name: "planner/never-analyzed",
        threshold: "a table with rows and no statistics",
        source: manual!("routine-vacuuming.html"),
        judge: statistics::never_analyzed,
    },
    Rule {
        name: "planner/estimates",
        threshold: "a scan estimated ten times too many or too few rows, of 100 or more",
        source: manual!("planner-stats.html"),
        judge: statistics::estimates,
    },
    Rule {
        name: "planner/jit",
        threshold: "compilation over 10 % of execution, or for statements under 100 ms",
        source: manual!("jit-decision.html"),
        judge: plans::jit,
    },
    Rule {
        name: "planner/generic-plan",
        threshold: "a generic plan of another shape that takes 1.5 times as long and looks no dearer, so that it is taken",
        source: manual!("sql-prepare.html: from the sixth execution on, if it looks no dearer"),
        judge: plans::generic_plan,
    },
    Rule {
        name: "planner/planning",
        threshold: "planning longer than execution, where that is felt: 10 % of the objective",
        source: manual!("sql-prepare.html"),
        judge: plans::planning,
    },
    Rule {
        name: "wal/max-wal-size",
        threshold: "more checkpoints by size or request than by time",
        source: manual!("wal-configuration.html"),
        judge: wal::max_wal_size,
    },
    Rule {
        name: "wal/wal-buffers",
        threshold: "full once in 1,000 records",
        source: manual!("runtime-config-wal.html"),
        judge: wal::wal_buffers,
    },
    Rule {
        name: "wal/page-images",
        threshold: "half of the log is images of whole pages",
        source: manual!("runtime-config-wal.html"),
        judge: wal::page_images,
    },
    Rule {
        name: "wal/durability",
        threshold: "fsync, full_page_writes or synchronous_commit off; to switch them off is never advised",
        source: manual!("runtime-config-wal.html"),
        judge: wal::durability,
    },
    Rule {
        name: "wal/commit-delay",
        threshold: "commit_delay above 0, and commits that take half as long or longer",
        source: manual!("runtime-config-wal.html"),
        judge: wal::commit_delay,
    },
    Rule {
        name: "wal/backend-writes",
        threshold: "sessions write 30 % of the buffers and the background writer stops at its limit, or is off",
        source: manual!("runtime-config-resource.html"),
        judge: wal::backend_writes,
    },
    Rule {
        name: "vacuum/horizon",
        threshold: "a transaction older than the run and than 30 s, or a replication slot, while 20 % of a table's rows are dead",
        source: manual!("routine-vacuuming.html: rows that a transaction may still see stay"),
        judge: vacuum::horizon,
    },
    Rule {
        name: "vacuum/autovacuum",
        threshold: "autovacuum off, for the server or a table, or 20 % of the rows dead and not by this run",
        source: manual!("routine-vacuuming.html"),
        judge: vacuum::autovacuum,
    },
    Rule {
        name: "vacuum/hot-updates",
        threshold: "under 10 % HOT updates, where updates are felt: 10 % of the objective",
        source: manual!("storage-hot.html"),
        judge: hot::hot_updates,
    },
    Rule {
        name: "gin/pending-list",
        threshold: "64 pages pending while a search scans from end to end, or a tenth of the response time to read them",
        source: manual!("gin.html"),
        judge: gin::pending_list,
    },
    Rule {
        name: "logging/statements",
        threshold: "every statement is logged",
        source: manual!("runtime-config-logging.html; trials of this run"),
        judge: logging::statements,
    },
    Rule {
        name: "logging/connections",
        threshold: "connections are logged and one is opened in ten calls",
        source: manual!("runtime-config-logging.html"),
        judge: logging::connections,
    },
    Rule {
        name: "logging/io-timing",
        threshold: "off while 1 % of the blocks are read and the clock is cheap; on while looks at the clock take 1 % of the response time",
        source: manual!("runtime-config-statistics.html"),
        judge: logging::io_timing,
    },
    Rule {
        name: "logging/pg-stat-statements",
        threshold: "the extension is not there",
        source: manual!("pgstatstatements.html"),
        judge: logging::statement_statistics,
    },
    Rule {
        name: "connections/churn",
        threshold: "a connection opened in ten calls",
        source: "psycopg2, ThreadedConnectionPool: keeps at most its minimum",
        judge: connections::churn,
    },
    Rule {
        name: "connections/pool-wait",
        threshold: "p95 of waiting for a connection over 10 % of the objective; or twice as many connections as the processors take, and none of them idle",
        source: "PostgreSQL wiki, Number Of Database Connections: twice the processors and one",
        judge: connections::pool_wait,
    },
    Rule {
        name: "connections/queue-wait",
        threshold: "p95 of waiting for a client over 10 % of the objective",
        source: "queueing in front of serial workers, as measured",
        judge: connections::queue_wait,
    },
    Rule {
        name: "connections/budget",
        threshold: "all pools together over max_connections less the reserved ones",
        source: manual!("runtime-config-connection.html"),
        judge: connections::budget,
    },
    Rule {
        name: "connections/timeouts",
        threshold: "no statement_timeout or idle_in_transaction_session_timeout for the role",
        source: manual!(
            "runtime-config-client.html: in postgresql.conf not recommended, it would affect all sessions"
        ),
        judge: connections::timeouts,
    },
    Rule {
        name: "connections/round-trips",
        threshold: "BEGIN and validation felt: 10 % of the objective",
        source: "round trips as measured",
        judge: connections::round_trips,
    },
    Rule {
        name: "locks/waits",
        threshold: "5 % of the sessions' time waiting for locks",
        source: manual!("explicit-locking.html"),
        judge: locks::lock_waits,
    },
    Rule {
        name: "locks/synchronous-replication",
        threshold: "5 % of the sessions' time waiting for a standby",
        source: manual!("warm-standby.html"),
        judge: locks::synchronous_replication,
    },
    Rule {
        name: "indexes/missing",
        threshold: "a sequential scan that throws away 1,000 rows and ten for each it keeps, and no index for its condition; a lone range only where a trial shows it",
        source: manual!("indexes-intro.html"),
        judge: missing::missing,
    },
    Rule {
        name: "indexes/expressions",
        threshold: "the same with a function of a column, where it is felt",
        source: manual!("indexes-expressional.html"),
        judge: missing::expressions,
    },
    Rule {
        name: "indexes/duplicates",
        threshold: "an index whose keys another begins with, in the same order and collation, INCLUDE too",
        source: manual!("indexes-multicolumn.html"),
        judge: indexes::duplicates,
    },
    Rule {
        name: "indexes/invalid",
        threshold: "an index that is not valid",
        source: manual!("sql-createindex.html: building indexes concurrently"),
        judge: indexes::invalid,
    },
    Rule {
        name: "indexes/unused",
        threshold: "never scanned, and their writes are felt: 10 % of the objective; of tables that were there before, never scanned by anybody",
        source: manual!("indexes-examine.html"),
        judge: indexes::unused,
    },
    Rule {
        name: "indexes/never-usable",
        threshold: "of tables that were there before: an index with a condition, keys, operators or a collation that no statement of the workload asks for",
        source: manual!("indexes-partial.html, indexes-opclass.html, indexes-collations.html"),
        judge: indexes::never_usable,
    },
    Rule {
        name: "statements/deep-offset",
        threshold: "ten rows skipped for each returned, where it is felt: 10 % of the objective",
        source: manual!("queries-limit.html: rows skipped are computed all the same"),
        judge: statements::deep_offset,
    },
    Rule {
        name: "statements/count-before-page",
        threshold: "a count before each page, where it is felt",
        source: "the statements as measured",
        judge: statements::count_before_page,
    },
    Rule {
        name: "statements/rank-over-many",
        threshold: "1,000 matches ranked, where it is felt",
        source: manual!("textsearch-controls.html: ranking consults each matching document"),
        judge: statements::rank_over_many,
    },
    Rule {
        name: "platform/pending-restart",
        threshold: "a setting that waits for a restart",
        source: manual!("view-pg-settings.html"),
        judge: platform::pending_restart,
    },
    Rule {
        name: "platform/rights",
        threshold: "a role that is no superuser and no member of pg_monitor",
        source: manual!("predefined-roles.html"),
        judge: platform::rights,
    },
    Rule {
        name: "platform/end-of-life",
        threshold: "support ended, or ends within 180 days",
        source: "https://www.postgresql.org/support/versioning/",
        judge: platform::end_of_life,
    },
    Rule {
        name: "platform/checksums",
        threshold: "data_checksums off on a server that stays",
        source: manual!("checksums.html"),
        judge: platform::checksums,
    },
    Rule {
        name: "platform/memory-limit",
        threshold: "settings beyond the control group's limit",
        source: "Linux control groups: beyond the limit processes are ended",
        judge: platform::memory_limit,
    },
];
