//! What the server's sessions and workers do at one moment.

use super::{
    counters::{checkpoints, unsigned},
    facts,
};
use crate::record::Wait;
use tokio_postgres::{Client, Error, Statement};

/// What was seen at one moment. `None` is what could not be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Seen {
    /// Other clients' sessions in this database that were not idle.
    pub(super) sessions_active: Option<u64>,
    /// Sessions of this database that waited for a lock.
    pub(super) lock_waits: Option<u64>,
    /// How long the longest of them had waited.
    pub(super) longest_lock_wait_ms: Option<f64>,
    /// Autovacuum workers at work.
    pub(super) autovacuums: Option<u64>,
    /// Checkpoints begun since the counters were reset.
    pub(super) checkpoints: Option<u64>,
    /// What other clients' sessions in this database waited for.
    pub(super) waits: Vec<Wait>,
}

/// Looks at the server again and again, on one session.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// Prepared with the first look: planning these views costs more than reading them.
    statement: Option<Statement>,
}

impl Activity {
    /// One look: one query, and two more the first time.
    ///
    /// # Errors
    /// When the connection fails or the server lacks one of the views.
    pub(super) async fn look(&mut self, client: &Client) -> Result<Seen, Error> {
        // A failure leaves none: after a restart the server knows the old one no more.
        let statement = match self.statement.take() {
            Some(statement) => statement,
            None => client.prepare(&query(facts::version_number(client).await?)).await?,
        };
        let row = client.query_one(&statement, &[]).await?;
        self.statement = Some(statement);
        let count = |index: usize| row.get::<_, Option<i64>>(index).map(unsigned);
        Ok(Seen {
            sessions_active: count(0),
            autovacuums: count(1),
            lock_waits: count(2),
            longest_lock_wait_ms: row.get::<_, Option<f64>>(3).map(|ms| ms.max(0.0)),
            checkpoints: count(4),
            waits: waits(&row.get::<_, Option<Vec<String>>>(5).unwrap_or_default()),
        })
    }

    /// The session is another one.
    pub(super) fn begin_anew(&mut self) {
        self.statement = None;
    }
}

/// The query for a server of that version, from PostgreSQL 13 on.
///
/// A session that may not look at other roles' sessions sees that they are there, but not what they are
/// (`backend_type` is null), nor any autovacuum worker: a count of them would be a guess.
fn query(version_number: i32) -> String {
    let checkpoints = checkpoints(version_number);
    // `waitstart` is null for a moment after a wait began.
    let since = if version_number >= 140_000 { "l.waitstart" } else { "a.state_change" };
    format!(
        "WITH a AS MATERIALIZED (
             SELECT pid, datname, usesysid, backend_type, state, state_change, wait_event_type, wait_event,
                    datname = current_database() AND pid <> pg_backend_pid() AS mine
             FROM pg_stat_activity)
         SELECT s.active, s.autovacuums, w.waiting, w.longest_ms, ({checkpoints})::bigint, e.waits
         FROM (SELECT CASE WHEN count(*) FILTER (WHERE mine AND (state = 'disabled'
                               OR backend_type IS NULL AND usesysid IS NOT NULL)) = 0
                      THEN count(*) FILTER (WHERE mine AND backend_type = 'client backend' AND state <> 'idle')
                      END AS active,
                      CASE WHEN pg_has_role('pg_read_all_stats', 'USAGE')
                      THEN count(*) FILTER (WHERE backend_type = 'autovacuum worker') END AS autovacuums
               FROM a) s,
              (SELECT count(DISTINCT l.pid) AS waiting,
                      (extract(epoch FROM max(clock_timestamp() - {since})) * 1000)::float8 AS longest_ms
               FROM pg_locks l JOIN a ON a.pid = l.pid
               WHERE NOT l.granted AND a.datname = current_database()) w,
              (SELECT array_agg(class || ' ' || event || ' ' || sessions ORDER BY sessions DESC, class, event)
                      AS waits
               FROM (SELECT coalesce(wait_event_type, 'cpu') AS class, coalesce(wait_event, '') AS event,
                            count(*) AS sessions
                     FROM a
                     WHERE mine AND backend_type = 'client backend' AND state <> 'idle'
                       AND CASE WHEN wait_event IS NULL THEN state = 'active' ELSE wait_event_type <> 'Client' END
                     GROUP BY 1, 2) g) e"
    )
}

/// Each text is class, event and number, parted by blanks; a class has none in its name.
fn waits(texts: &[String]) -> Vec<Wait> {
    let wait = |text: &String| {
        let (class, rest) = text.split_once(' ')?;
        let (event, sessions) = rest.rsplit_once(' ')?;
        Some(Wait { class: class.to_owned(), event: event.to_owned(), sessions: sessions.parse().ok()? })
    };
    texts.iter().filter_map(wait).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_is_asked_for_what_it_has() {
        for (version, waits, checkpoints) in [
            (130_000, "a.state_change)", "pg_stat_bgwriter"),
            (140_000, "l.waitstart)", "pg_stat_bgwriter"),
            (160_009, "l.waitstart)", "pg_stat_bgwriter"),
            (170_000, "l.waitstart)", "pg_stat_checkpointer"),
        ] {
            let query = query(version);
            assert!(query.contains(waits) && query.contains(checkpoints), "{version}: {query}");
        }
    }

    #[test]
    fn waits_are_read_from_their_texts() {
        let wait = |class: &str, event: &str, sessions| Wait {
            class: class.to_owned(),
            event: event.to_owned(),
            sessions,
        };
        let texts = ["cpu  3", "Lock transactionid 2", "nonsense"].map(str::to_owned);
        assert_eq!(waits(&texts), [wait("cpu", "", 3), wait("Lock", "transactionid", 2)]);
        assert_eq!(waits(&[]), []);
    }
}
