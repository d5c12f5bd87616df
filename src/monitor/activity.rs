//! What the server's sessions do, against what it takes of them.

use super::{
    metric::Readings,
    metrics::{CONNECTION_LIMIT, CONNECTIONS, LOCK_WAITS, LONGEST, ROLE_CONNECTIONS},
    question::Question,
};
use tokio_postgres::Row;

/// One query. The session that asks counts against the server's limit, and not against its own role's: one of one would be
/// a limit that is always reached. A role without `pg_read_all_stats` sees that there are sessions of others, and not what
/// they do: ages and waits would be a guess, and are null.
const QUERY: &str = "
WITH a AS MATERIALIZED (
    SELECT s.pid, s.usesysid, s.state, s.state_change, s.xact_start, s.query_start, s.wait_event_type
    FROM pg_stat_activity s
    WHERE s.usesysid IS NOT NULL
      AND (s.backend_type = 'client backend' OR s.backend_type IS NULL AND s.datid IS NOT NULL)),
others AS MATERIALIZED (
    SELECT * FROM a WHERE pid <> pg_backend_pid() AND pg_has_role('pg_read_all_stats', 'USAGE'))
SELECT ARRAY(SELECT count(*) || ' ' || coalesce(state, 'hidden') FROM a GROUP BY state),
       pg_has_role('pg_read_all_stats', 'USAGE'),
       (SELECT extract(epoch FROM max(clock_timestamp() - xact_start))::float8 FROM others),
       (SELECT extract(epoch FROM max(clock_timestamp() - query_start))::float8 FROM others WHERE state = 'active'),
       (SELECT extract(epoch FROM max(clock_timestamp() - state_change))::float8 FROM others
        WHERE state LIKE 'idle in transaction%'),
       (SELECT count(*)::float8 FROM others WHERE wait_event_type = 'Lock'),
       current_setting('max_connections')::float8,
       current_setting('superuser_reserved_connections')::float8,
       current_setting('reserved_connections', true)::float8,
       (SELECT nullif(datconnlimit, -1)::float8 FROM pg_database WHERE datname = current_database()),
       (SELECT max(u.used / r.rolconnlimit::float8)
        FROM (SELECT usesysid, count(*) FILTER (WHERE pid <> pg_backend_pid()) AS used FROM a GROUP BY usesysid) u
        JOIN pg_roles r ON r.oid = u.usesysid
        WHERE r.rolconnlimit > 0)";

/// What is asked at every look.
pub(super) const ACTIVITY: Question = Question { sql: QUERY, readings };

fn readings(row: &Row) -> Readings {
    let known = |index: usize| row.get::<_, Option<f64>>(index);
    let mut readings = Readings::default();
    for (state, sessions) in states(&row.get::<_, Vec<String>>(0)) {
        readings.put_for(&CONNECTIONS, [state], sessions);
    }
    if row.get(1) {
        for (index, of) in [(2, "transaction"), (3, "query"), (4, "idle_in_transaction")] {
            // A clock that is set back makes no age below zero.
            readings.put_for(&LONGEST, [of], known(index).unwrap_or(0.0).max(0.0));
        }
        readings.put_known(&LOCK_WAITS, known(5));
    }
    for (index, of) in [(6, "server"), (7, "superusers"), (8, "reserved"), (9, "database")] {
        if let Some(limit) = known(index) {
            readings.put_for(&CONNECTION_LIMIT, [of], limit);
        }
    }
    readings.put_known(&ROLE_CONNECTIONS, known(10));
    readings
}

/// Each text is a number and a state.
fn states(texts: &[String]) -> Vec<(&str, f64)> {
    let parts = texts.iter().filter_map(|text| text.split_once(' '));
    parts.filter_map(|(sessions, state)| Some((state, sessions.parse().ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_from_their_texts() {
        let texts = ["3 idle in transaction (aborted)", "12 active", "nonsense"].map(str::to_owned);
        assert_eq!(states(&texts), [("idle in transaction (aborted)", 3.0), ("active", 12.0)]);
    }
}
