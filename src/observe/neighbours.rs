//! Who else uses the server, and how they fare, at one moment.

use super::counters::unsigned;
use tokio_postgres::{Client, Error, Statement};

/// What was seen of others.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    /// Client connections of the whole server, this program's among them.
    pub connections: u64,
    /// What the server takes.
    pub max_connections: u64,
    /// Sessions of others that waited for a lock which one of ours held; `None` where that was not asked for.
    pub blocked: Option<u64>,
    /// How long the oldest statement under way of others had run; `None` where there was none.
    pub longest_ms: Option<f64>,
    /// Sessions of others of which this role may not see what they do.
    pub hidden: u64,
}

/// Looks at them again and again, on one session.
#[derive(Debug)]
pub struct Neighbourhood {
    /// Names by which this program's own sessions are known, where they are of the same role.
    ours: Vec<String>,
    /// Whether it is asked who blocks whom, which holds up everybody who wants a lock, for as long as it takes.
    asks_who_blocks: bool,
    statement: Option<Statement>,
}

impl Neighbourhood {
    /// `ours` are the values of `application_name` that this program's sessions have.
    #[must_use]
    pub fn new(ours: Vec<String>, asks_who_blocks: bool) -> Self {
        Self { ours, asks_who_blocks, statement: None }
    }

    /// One look.
    ///
    /// # Errors
    /// When the connection fails or the server does not let the views be read.
    pub async fn look(&mut self, client: &Client) -> Result<Neighbours, Error> {
        // A failure leaves none: another session does not know it.
        let statement = match self.statement.take() {
            Some(statement) => statement,
            None => client.prepare(&query(self.asks_who_blocks)).await?,
        };
        let row = client.query_one(&statement, &[&self.ours]).await?;
        self.statement = Some(statement);
        Ok(Neighbours {
            connections: unsigned(row.get(0)),
            max_connections: unsigned(row.get(1)),
            longest_ms: row.get::<_, Option<f64>>(2).map(|ms| ms.max(0.0)),
            hidden: unsigned(row.get(3)),
            blocked: row.get::<_, Option<i64>>(4).map(unsigned),
        })
    }
}

/// A role without pg_read_all_stats sees that there are sessions of other roles and not what they are: those of a database
/// are taken for clients. Of more than fifty sessions that wait it is not asked who holds them.
fn query(asks_who_blocks: bool) -> String {
    let blocked = if asks_who_blocks {
        "(SELECT count(*) FROM (SELECT DISTINCT pid FROM pg_locks WHERE NOT granted ORDER BY pid LIMIT 50) waiting
          WHERE waiting.pid NOT IN (SELECT pid FROM a WHERE ours)
            AND pg_blocking_pids(waiting.pid) && ARRAY(SELECT pid FROM a WHERE ours))"
    } else {
        "NULL::bigint"
    };
    format!(
        "WITH a AS MATERIALIZED (
             SELECT s.pid, s.backend_type, s.state, s.query_start,
                    coalesce(s.usesysid = r.oid AND s.application_name = ANY ($1), false) AS ours,
                    s.usesysid IS NOT NULL AND (s.backend_type = 'client backend'
                        OR s.backend_type IS NULL AND s.datid IS NOT NULL) AS is_client
             FROM pg_stat_activity s, pg_roles r WHERE r.rolname = current_user)
         SELECT count(*) FILTER (WHERE is_client), current_setting('max_connections')::bigint,
                (extract(epoch FROM max(clock_timestamp() - query_start)
                     FILTER (WHERE is_client AND NOT ours AND state = 'active')) * 1000)::float8,
                count(*) FILTER (WHERE is_client AND NOT ours AND backend_type IS NULL),
                {blocked}
         FROM a"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_blocks_whom_is_asked_only_where_somebody_wants_to_know() {
        assert!(query(true).contains("pg_blocking_pids"));
        assert!(!query(false).contains("pg_blocking_pids"));
    }
}
