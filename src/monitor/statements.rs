//! How long statements take, by `pg_stat_statements`: the server's known ones each by itself, all others together.
//!
//! The extension forgets statements when it has no room: sums of what it has would go down, and Prometheus would take
//! that for a new beginning. So what each statement of each role added since the last look is summed up here.

use super::{
    metric::Readings,
    metrics::{STATEMENT_CALLS, STATEMENT_ROWS, STATEMENT_TIME},
    shape::{OTHER, SHAPES, shape},
};
use crate::target::describe;
use std::collections::{BTreeMap, HashMap, HashSet};
use tokio_postgres::{Client, Row};

/// What was counted of something.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Counted {
    calls: f64,
    seconds: f64,
    rows: f64,
}

impl Counted {
    /// What was added since `before`; fewer calls than then are those of a row that began anew.
    fn since(self, before: Self) -> Self {
        if self.calls < before.calls {
            return self;
        }
        Self {
            calls: self.calls - before.calls,
            seconds: (self.seconds - before.seconds).max(0.0),
            rows: (self.rows - before.rows).max(0.0),
        }
    }

    fn add(&mut self, more: Self) {
        self.calls += more.calls;
        self.seconds += more.seconds;
        self.rows += more.rows;
    }
}

/// The number of the statements that the role may not see: all of another role's are taken together.
const HIDDEN: i64 = 0;

/// A statement of a role: the role's number, and the statement's.
type Key = (u32, i64);

/// What was counted so far.
#[derive(Debug, Default)]
pub(super) struct Statements {
    /// The last look, by statement; none before the first.
    last: Option<HashMap<Key, Counted>>,
    /// The operation of each statement whose text was looked at.
    operations: HashMap<i64, &'static str>,
    sums: BTreeMap<&'static str, Counted>,
}

impl Statements {
    /// Adds what was executed since the last look. A database without the extension has no such numbers, which is no
    /// failure.
    pub(super) async fn look(&mut self, client: &Client) -> Result<Readings, String> {
        let told = |error: tokio_postgres::Error| describe(&error);
        let Some(view) = view(client).await.map_err(told)? else { return Ok(Readings::default()) };
        let rows = client.query(&counters(&view), &[]).await.map_err(told)?;
        let now: HashMap<Key, Counted> = rows.iter().map(counted).collect();
        let mut unknown: Vec<i64> =
            now.keys().map(|(_, id)| *id).filter(|id| !self.operations.contains_key(id)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        if !unknown.is_empty() {
            let texts = client.query(&texts(&view), &[&unknown]).await.map_err(told)?;
            self.operations.extend(unknown.into_iter().map(|id| (id, OTHER)));
            self.operations.extend(texts.iter().map(operation));
        }
        self.add(now);
        Ok(self.readings())
    }

    /// Begins anew and keeps the sums: whoever answers next may be another server, with counts of its own.
    pub(super) fn begin_anew(&mut self) {
        (self.last, self.operations) = (None, HashMap::new());
    }

    fn add(&mut self, now: HashMap<Key, Counted>) {
        // A statement that was thrown away and comes back begins anew.
        let there: HashSet<i64> = now.keys().map(|(_, id)| *id).collect();
        self.operations.retain(|id, _| there.contains(id));
        if let Some(last) = &self.last {
            for (key, counted) in &now {
                let (_, id) = key;
                let before = last.get(key).copied().unwrap_or_default();
                // Of many taken together some were thrown away: what the others added is not known.
                if *id == HIDDEN && counted.calls < before.calls {
                    continue;
                }
                let operation = self.operations.get(id).copied().unwrap_or(OTHER);
                self.sums.entry(operation).or_default().add(counted.since(before));
            }
        }
        self.last = Some(now);
    }

    fn readings(&self) -> Readings {
        let mut readings = Readings::default();
        // One that was not executed is told, too: Prometheus sees growth only from the second number on.
        for operation in SHAPES {
            let sum = self.sums.get(operation).copied().unwrap_or_default();
            readings.put_for(&STATEMENT_CALLS, [operation], sum.calls);
            readings.put_for(&STATEMENT_TIME, [operation], sum.seconds);
            readings.put_for(&STATEMENT_ROWS, [operation], sum.rows);
        }
        readings
    }
}

/// The function behind the view, which need not read the file of texts; none where the extension is not installed.
async fn view(client: &Client) -> Result<Option<String>, tokio_postgres::Error> {
    let sql = "SELECT format('%I.pg_stat_statements', n.nspname) FROM pg_extension e
               JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'";
    Ok(client.query_opt(sql, &[]).await?.map(|row| row.get(0)))
}

/// Statements of others that the role may not see have no number: they are taken together.
fn counters(view: &str) -> String {
    format!(
        "SELECT userid, coalesce(queryid, {HIDDEN}), sum(calls)::float8, sum(total_exec_time)::float8 / 1000,
                sum(rows)::float8
         FROM {view}(false) WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
         GROUP BY 1, 2"
    )
}

fn texts(view: &str) -> String {
    format!("SELECT queryid, min(left(query, 2000)) FROM {view}(true) WHERE queryid = ANY ($1) GROUP BY 1")
}

fn counted(row: &Row) -> (Key, Counted) {
    ((row.get(0), row.get(1)), Counted { calls: row.get(2), seconds: row.get(3), rows: row.get(4) })
}

fn operation(row: &Row) -> (i64, &'static str) {
    // There is none where the server could not read its file of texts.
    (row.get(0), row.get::<_, Option<&str>>(1).map_or(OTHER, shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(rows: &[(i64, f64)]) -> HashMap<Key, Counted> {
        rows.iter().map(|(id, calls)| ((10, *id), counted(*calls))).collect()
    }

    fn counted(calls: f64) -> Counted {
        Counted { calls, seconds: calls / 10.0, rows: calls }
    }

    fn calls(statements: &Statements) -> Vec<(&'static str, f64)> {
        statements.sums.iter().map(|(operation, sum)| (*operation, sum.calls)).collect()
    }

    #[test]
    fn sums_never_step_back() {
        let mut statements = Statements { operations: HashMap::from([(1, "get")]), ..Statements::default() };
        statements.add(counts(&[(1, 100.0), (2, 50.0)]));
        assert_eq!(calls(&statements), [], "what was before nobody watched");
        statements.add(counts(&[(1, 103.0), (2, 50.0), (3, 4.0)]));
        assert_eq!(calls(&statements), [("get", 3.0), ("other", 4.0)]);
        // One was thrown away, and all were reset.
        statements.add(counts(&[(3, 1.0)]));
        assert_eq!(calls(&statements), [("get", 3.0), ("other", 5.0)]);
        assert!(statements.operations.is_empty(), "it is asked for again");
        // A standby has taken over, which counted by itself.
        statements.begin_anew();
        statements.add(counts(&[(3, 9_000.0)]));
        assert_eq!(calls(&statements), [("get", 3.0), ("other", 5.0)]);
    }

    /// The extension throws the statement of one role away, and keeps the same one of another.
    #[test]
    fn what_is_forgotten_of_one_role_is_not_counted_for_another() {
        let mut statements = Statements { operations: HashMap::from([(1, "get")]), ..Statements::default() };
        statements.add(HashMap::from([((10, 1), counted(100.0)), ((11, 1), counted(40.0))]));
        statements.add(HashMap::from([((11, 1), counted(42.0))]));
        assert_eq!(calls(&statements), [("get", 2.0)]);
        let mut hidden = Statements::default();
        hidden.add(counts(&[(HIDDEN, 900.0)]));
        hidden.add(counts(&[(HIDDEN, 700.0)]));
        assert_eq!(calls(&hidden), [], "of some that were thrown away nothing is known");
        hidden.add(counts(&[(HIDDEN, 705.0)]));
        assert_eq!(calls(&hidden), [("other", 5.0)]);
    }

    #[test]
    fn the_file_of_texts_is_read_for_texts_alone() {
        assert!(counters("public.pg_stat_statements").contains("FROM public.pg_stat_statements(false)"));
        assert!(texts("public.pg_stat_statements").contains("FROM public.pg_stat_statements(true)"));
    }
}
