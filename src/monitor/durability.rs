//! Whether what was written is safe: archiving, standbys and slots, the age of transactions.

use super::{
    metric::Readings,
    metrics::{
        ARCHIVE_TIME, ARCHIVED, IN_RECOVERY, REPLICATION_LAG_BYTES, REPLICATION_LAG_SECONDS, STANDBYS,
        START_TIME, TRANSACTION_AGE,
    },
    question::Question,
};
use tokio_postgres::Row;

/// One query, of views that cost little. A role without `pg_monitor` is told that there are standbys, and not how far
/// they are. A standby that has replayed all it got is behind no less than the last transaction is old where nobody sends
/// it more.
const QUERY: &str = "
WITH here AS MATERIALIZED (
    SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END AS lsn)
SELECT extract(epoch FROM pg_postmaster_start_time())::float8,
       pg_is_in_recovery(),
       current_setting('archive_mode') <> 'off',
       a.archived_count::float8, a.failed_count::float8,
       extract(epoch FROM a.last_archived_time)::float8, extract(epoch FROM a.last_failed_time)::float8,
       (SELECT count(*)::float8 FROM pg_stat_replication),
       (SELECT max(pg_wal_lsn_diff(here.lsn, r.replay_lsn))::float8 FROM pg_stat_replication r),
       (SELECT extract(epoch FROM max(r.replay_lag))::float8 FROM pg_stat_replication r),
       (SELECT max(pg_wal_lsn_diff(here.lsn, s.restart_lsn))::float8 FROM pg_replication_slots s),
       CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
                 AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0
            ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 END,
       (SELECT max(age(datfrozenxid))::float8 FROM pg_database),
       (SELECT max(mxid_age(datminmxid))::float8 FROM pg_database)
FROM here, pg_stat_archiver a";

/// What is asked at every look.
pub(super) const DURABILITY: Question = Question { sql: QUERY, readings };

fn readings(row: &Row) -> Readings {
    let known = |index: usize| row.get::<_, Option<f64>>(index);
    let mut readings = Readings::default();
    readings.put_known(&START_TIME, known(0));
    let in_recovery: bool = row.get(1);
    readings.put(&IN_RECOVERY, f64::from(u8::from(in_recovery)));
    if row.get(2) {
        for (outcome, count, at) in [("success", 3, 5), ("failure", 4, 6)] {
            readings.put_for(&ARCHIVED, [outcome], known(count).unwrap_or_default());
            if let Some(at) = known(at) {
                readings.put_for(&ARCHIVE_TIME, [outcome], at);
            }
        }
    }
    readings.put_known(&STANDBYS, known(7));
    for (of, index) in [("standby", 8), ("slot", 10)] {
        if let Some(bytes) = known(index) {
            // A standby may have got more meanwhile than was read before.
            readings.put_for(&REPLICATION_LAG_BYTES, [of], bytes.max(0.0));
        }
    }
    let behind = if in_recovery { known(11) } else { known(9) };
    readings.put_known(&REPLICATION_LAG_SECONDS, behind.map(|seconds| seconds.max(0.0)));
    for (of, index) in [("transactions", 12), ("multixacts", 13)] {
        if let Some(age) = known(index) {
            readings.put_for(&TRANSACTION_AGE, [of], age);
        }
    }
    readings
}
