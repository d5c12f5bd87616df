//! Who stands in the way of sessions that wait for a lock.

use super::counters::unsigned;
use crate::record::Blocker;
use tokio_postgres::{Client, Error};

/// `pg_blocking_pids` holds up every session that wants a lock, for as long as it takes: of more sessions that wait it
/// is not asked, and the ones that others waited for are those of these.
const MOST_ASKED: i64 = 50;
/// More than these are not kept.
const MOST_KEPT: i64 = 5;

/// Sessions that those of this database wait for, those first that most wait for. `application` is the name that the
/// load's own sessions bear.
///
/// # Errors
/// When the connection fails.
pub(super) async fn blockers(client: &Client, application: &str) -> Result<Vec<Blocker>, Error> {
    // A prepared transaction has the number 0, and no session.
    let rows = client
        .query(
            "WITH a AS MATERIALIZED (SELECT pid, datname, application_name, state, xact_start FROM pg_stat_activity),
             waiting AS MATERIALIZED (
                 SELECT l.pid, min(l.locktype) AS event
                 FROM pg_locks l JOIN a ON a.pid = l.pid
                 WHERE NOT l.granted AND a.datname = current_database()
                 GROUP BY l.pid ORDER BY l.pid LIMIT $1),
             pairs AS (SELECT pid, event, unnest(pg_blocking_pids(pid)) AS blocker FROM waiting)
             SELECT p.blocker, a.application_name, a.state,
                    (extract(epoch FROM statement_timestamp() - a.xact_start) * 1000)::float8,
                    count(DISTINCT p.pid), mode() WITHIN GROUP (ORDER BY p.event)
             FROM pairs p LEFT JOIN a ON a.pid = p.blocker
             GROUP BY 1, 2, 3, 4
             ORDER BY 5 DESC, 1
             LIMIT $2",
            &[&MOST_ASKED, &MOST_KEPT],
        )
        .await?;
    let blocker = |row: &tokio_postgres::Row| {
        let name: Option<String> = row.get(1);
        Blocker {
            pid: row.get(0),
            is_ours: name.as_deref() == Some(application),
            application: name.filter(|name| !name.is_empty()),
            state: row.get(2),
            transaction_ms: row.get::<_, Option<f64>>(3).map(|ms| ms.max(0.0)),
            blocked: unsigned(row.get(4)),
            event: row.get(5),
        }
    };
    Ok(rows.iter().map(blocker).collect())
}
