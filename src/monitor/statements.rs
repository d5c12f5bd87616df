//! How long statements take, by `pg_stat_statements`: the server's known ones each by itself, all others together.
//!
//! The extension forgets statements when it has no room: sums of what it has would go down, and Prometheus would take
//! that for a new beginning. So what each statement added since the last look is summed up here.

use super::{
    metric::Readings,
    metrics::{STATEMENT_CALLS, STATEMENT_ROWS, STATEMENT_TIME},
    shape::{OTHER, SHAPES, shape},
};
use crate::target::describe;
use std::collections::{BTreeMap, HashMap};
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

/// What was counted so far.
#[derive(Debug, Default)]
pub(super) struct Statements {
    /// The last look, by statement; none before the first.
    last: Option<HashMap<i64, Counted>>,
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
        let now: HashMap<i64, Counted> = rows.iter().map(counted).collect();
        let unknown: Vec<i64> = now.keys().copied().filter(|id| !self.operations.contains_key(id)).collect();
        if !unknown.is_empty() {
            let texts = client.query(&texts(&view), &[&unknown]).await.map_err(told)?;
            self.operations.extend(unknown.into_iter().map(|id| (id, OTHER)));
            self.operations.extend(texts.iter().map(operation));
        }
        self.add(now);
        Ok(self.readings())
    }

    fn add(&mut self, now: HashMap<i64, Counted>) {
        // A statement that was thrown away and comes back begins anew.
        self.operations.retain(|id, _| now.contains_key(id));
        if let Some(last) = &self.last {
            for (id, counted) in &now {
                let operation = self.operations.get(id).copied().unwrap_or(OTHER);
                let before = last.get(id).copied().unwrap_or_default();
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
        "SELECT coalesce(queryid, 0), sum(calls)::float8, sum(total_exec_time)::float8 / 1000, sum(rows)::float8
         FROM {view}(false) WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
         GROUP BY 1"
    )
}

fn texts(view: &str) -> String {
    format!("SELECT queryid, min(left(query, 2000)) FROM {view}(true) WHERE queryid = ANY ($1) GROUP BY 1")
}

fn counted(row: &Row) -> (i64, Counted) {
    (row.get(0), Counted { calls: row.get(1), seconds: row.get(2), rows: row.get(3) })
}

fn operation(row: &Row) -> (i64, &'static str) {
    // There is none where the server could not read its file of texts.
    (row.get(0), row.get::<_, Option<&str>>(1).map_or(OTHER, shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(rows: &[(i64, f64)]) -> HashMap<i64, Counted> {
        let counted = |calls: f64| Counted { calls, seconds: calls / 10.0, rows: calls };
        rows.iter().map(|(id, calls)| (*id, counted(*calls))).collect()
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
    }

    #[test]
    fn the_file_of_texts_is_read_for_texts_alone() {
        assert!(counters("public.pg_stat_statements").contains("FROM public.pg_stat_statements(false)"));
        assert!(texts("public.pg_stat_statements").contains("FROM public.pg_stat_statements(true)"));
    }
}
