//! Every metric that there is; docs/monitoring.md has the same list, which a test keeps.

use super::metric::{
    Kind::{self, Counter, Gauge, Histogram, Info},
    Metric,
    Unit::{self, Bytes, One, Seconds},
};

const fn metric(
    name: &'static str,
    kind: Kind,
    unit: Unit,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric { name, kind, unit, labels, help }
}

macro_rules! metrics {
    ($($id:ident = ($name:literal, $kind:expr, $unit:expr, $labels:expr, $help:literal);)*) => {
        $(pub(super) static $id: Metric = metric($name, $kind, $unit, &$labels, $help);)*

        /// All of them, in the order in which they are told.
        pub static METRICS: &[&Metric] = &[$(&$id),*];
    };
}

metrics! {
    // The collector itself.
    COLLECTOR = ("collector", Info, One, ["version"], "Version of loist-bench.");
    UP = ("up", Gauge, One, [], "Whether the server answered the last time (1) or not (0).");
    CONNECTS = ("connects", Counter, One, ["outcome"], "Times at which the collector opened its session, or could not.");
    CONNECT = ("connect", Histogram, Seconds, [], "Time that opening the collector's session took.");
    COLLECTED = ("collected_timestamp", Gauge, Seconds, [], "When the last collection ended, whatever came of it, in seconds since 1970.");
    PART_SUCCESS = ("part_success", Gauge, One, ["part"], "Whether a part of the collection was read the last time (1) or not (0).");
    PART_ERRORS = ("part_errors", Counter, One, ["part"], "Times at which a part of the collection could not be read.");
    PART_DURATION = ("part_duration", Gauge, Seconds, ["part"], "Time that reading a part took the last time.");

    // The server.
    SERVER = ("server", Info, One, ["version"], "Version of the server.");
    START_TIME = ("start_time", Gauge, Seconds, [], "When the server started, in seconds since 1970.");
    IN_RECOVERY = ("in_recovery", Gauge, One, [], "Whether the server is a standby (1) or not (0).");
    SERVER_CPU = ("server_cpu", Counter, Seconds, [], "Processor time of a server on this machine, of all of its processes.");
    SERVER_MEMORY = ("server_memory", Gauge, Bytes, [], "Memory of a server on this machine: its processes' own, and once what they share.");
    MACHINE_CPUS = ("machine_cpus", Gauge, One, [], "Processors of the machine that the server is on.");
    MACHINE_MEMORY = ("machine_memory", Gauge, Bytes, [], "Memory of the machine that the server is on.");

    // Sessions.
    CONNECTIONS = ("connections", Gauge, One, ["state"], "Client connections of the whole server by state; hidden: the role may not see it.");
    CONNECTION_LIMIT = ("connection_limit", Gauge, One, ["of"], "Connections that the server takes, that it keeps for some, that the database takes.");
    ROLE_CONNECTIONS = ("role_connections_ratio", Gauge, One, [], "Connections of the role that is nearest to its limit, as a share of that.");
    LONGEST = ("longest", Gauge, Seconds, ["of"], "Age of the oldest transaction, of the oldest query under way, of the longest wait of an open transaction.");
    LOCK_WAITS = ("lock_waiting_sessions", Gauge, One, [], "Sessions that wait for a lock.");
    SESSIONS = ("sessions", Counter, One, [], "Sessions of the database that were begun.");
    SESSIONS_LOST = ("sessions_lost", Counter, One, ["reason"], "Sessions of the database that ended otherwise than by the client's wish.");

    // What the database did.
    TRANSACTIONS = ("transactions", Counter, One, ["end"], "Transactions of the database by how they ended; the server's reads end with a rollback.");
    BLOCKS = ("blocks", Counter, One, ["from"], "Blocks that the database read, found in shared buffers or not.");
    BLOCK_TIME = ("block_time", Counter, Seconds, ["of"], "Time of reading and writing blocks, where track_io_timing is on.");
    TEMPORARY_FILES = ("temporary_files", Counter, One, [], "Temporary files of the database.");
    TEMPORARY_BYTES = ("temporary_written", Counter, Bytes, [], "Bytes written to temporary files of the database.");
    DEADLOCKS = ("deadlocks", Counter, One, [], "Deadlocks of the database.");
    SESSION_TIME = ("session_time", Counter, Seconds, ["state"], "Time that sessions of the database were active, or idle in a transaction.");

    // Queries.
    STATEMENT_CALLS = ("statement_calls", Counter, One, ["operation"], "Executions of the server's known statements, and of all others, by pg_stat_statements.");
    STATEMENT_TIME = ("statement_time", Counter, Seconds, ["operation"], "Time that executing them took.");
    STATEMENT_ROWS = ("statement_rows", Counter, One, ["operation"], "Rows that they returned or touched.");
    CANARY = ("canary", Histogram, Seconds, [], "Time that a small read took, as a client sees it; one that failed counts with the time until then.");
    CANARY_READS = ("canary_reads", Counter, One, ["outcome"], "Small reads that were answered, or failed.");
    CANARY_READS_OF = ("canary_reads_of", Info, One, ["table"], "What the small read reads.");

    // Storage.
    DATABASE_SIZE = ("database_size", Gauge, Bytes, [], "Size of the database.");
    STORAGE_USED = ("storage_used", Gauge, Bytes, ["by"], "What the server stores: all databases that the role may connect to, and the write-ahead log where it may see that.");
    STORAGE_LIMIT = ("storage_limit", Gauge, Bytes, [], "Size of the server's disk, by --storage-limit or --instance.");
    RELATION_SIZE = ("relation_size", Gauge, Bytes, ["relation"], "Size of each of the database's ten largest tables, with indexes.");
    ROWS = ("rows", Gauge, One, ["state"], "Rows of the database's tables that live, and dead ones that wait for a vacuum, as estimated.");

    // Durability.
    CHECKPOINTS = ("checkpoints", Counter, One, ["by"], "Checkpoints that were begun, by time or on request.");
    CHECKPOINT_TIME = ("checkpoint_time", Counter, Seconds, ["of"], "Time that checkpoints took to write and to sync.");
    BUFFERS_WRITTEN = ("buffers_written", Counter, One, ["by"], "Buffers written by checkpoints, by the background writer, by sessions themselves.");
    WAL_WRITTEN = ("wal_written", Counter, Bytes, [], "Write-ahead log that was made.");
    REPLICATION_LAG_BYTES = ("replication_lag", Gauge, Bytes, ["of"], "Write-ahead log that the standby which is furthest behind has not replayed, or that a slot keeps.");
    REPLICATION_LAG_SECONDS = ("replication_delay", Gauge, Seconds, [], "How far the standby which is furthest behind is behind, or this one is.");
    STANDBYS = ("standbys", Gauge, One, [], "Standbys that are connected.");
    ARCHIVED = ("archived", Counter, One, ["outcome"], "Files of the write-ahead log that were archived, and tries that failed.");
    ARCHIVE_TIME = ("archive_last_timestamp", Gauge, Seconds, ["outcome"], "When archiving succeeded and when it failed last, in seconds since 1970.");
    BACKUP_TIME = ("backup_last_timestamp", Gauge, Seconds, [], "When the newest backup was made, in seconds since 1970.");
    BACKUPS = ("backups", Gauge, One, [], "Backups that there are.");
    BACKUPS_ENABLED = ("backups_enabled", Gauge, One, [], "Whether the instance makes backups (1) or not (0), by --instance.");
    TRANSACTION_AGE = ("transaction_age", Gauge, One, ["of"], "Transactions, and multixacts, since the oldest that is not frozen; at 2^31 the server stops.");

    // The server's log.
    FAILED_LOGINS = ("failed_logins", Counter, One, [], "Logins that the server refused, by its log.");
    CONNECTION_FAILURES = ("connection_failures", Counter, One, ["reason"], "Connections that the server refused for another reason, by its log.");
    ERRORS = ("errors", Counter, One, ["kind"], "Errors in the server's log; tsquery: an odd search text, which is a normal answer.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_different_and_keep_to_the_conventions() {
        let names: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        for metric in METRICS {
            assert!(metric.help.ends_with('.') && !metric.help.ends_with(".."), "{}", metric.name);
            let ending =
                ["_total", "_seconds", "_bytes", "_info"].iter().find(|end| metric.name.ends_with(**end));
            assert_eq!(ending, None, "{} gets its ending by itself", metric.name);
        }
    }
}
