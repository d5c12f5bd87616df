//! Has the server explain one statement, in a transaction that is rolled back.

use super::texts::Sent;
use serde_json::Value;
use std::time::Duration;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

/// How long somebody's lock may hold a statement.
const LOCK_LIMIT: Duration = Duration::from_secs(2);
/// Name of what is prepared, and of the savepoint that needs a transaction around it.
const OWN: &str = "loist_bench_explained";

/// A session that explains.
pub(super) struct Asker<'a> {
    pub(super) client: &'a Client,
    /// How the workload begins a transaction; where only reading is allowed, it says so.
    pub(super) begins_with: &'a str,
    pub(super) version_number: u32,
}

/// How a statement shall be explained.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    /// With the plan for any parameters.
    pub(super) is_generic: bool,
    /// Whether it changes rows.
    pub(super) writes: bool,
    /// How long one statement may take.
    pub(super) limit: Duration,
}

/// What the server said.
pub(super) struct Answer {
    /// The first element of what EXPLAIN printed.
    pub(super) explained: Value,
    /// Why it was not executed, if it was not.
    pub(super) refusal: Option<Refusal>,
}

/// Why a statement was not executed.
pub(super) struct Refusal {
    pub(super) is_duplicate: bool,
    pub(super) reason: String,
}

impl Refusal {
    fn of(error: &Error) -> Self {
        let is_duplicate = error.code() == Some(&tokio_postgres::error::SqlState::UNIQUE_VIOLATION);
        Self { is_duplicate, reason: crate::target::describe(error) }
    }
}

impl Asker<'_> {
    /// Explains `sent`, executed if that can be. Whatever it does is undone.
    ///
    /// # Errors
    /// When the server does not even plan it.
    pub(super) async fn explain(&self, sent: &Sent, how: How) -> Result<Answer, Refusal> {
        let answer = self.in_transaction(sent, how).await;
        // These fail only where the connection has, which shows itself in what comes next.
        let _ = self.client.simple_query("ROLLBACK").await;
        if sent.is_typed {
            let _ = self.client.simple_query("DEALLOCATE ALL").await;
        }
        answer.map_err(|error| Refusal::of(&error))
    }

    /// Begins a transaction to be rolled back, with limits, and returns the statement as EXPLAIN takes it.
    ///
    /// # Errors
    /// When the server takes one of them not.
    pub(super) async fn begin(&self, sent: &Sent, how: How) -> Result<String, Error> {
        self.client.simple_query(self.begins_with).await?;
        // Where that began no transaction, nothing could be undone: this fails.
        self.client.simple_query(&format!("SAVEPOINT {OWN}")).await?;
        let limits = format!(
            "SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}",
            how.limit.as_millis().max(1),
            LOCK_LIMIT.as_millis()
        );
        self.client.simple_query(&limits).await?;
        self.as_sent(sent, how).await
    }

    async fn in_transaction(&self, sent: &Sent, how: How) -> Result<Answer, Error> {
        let statement = self.begin(sent, how).await?;
        // Planned once before: a session's first look at a table takes longer than planning does, and the sessions of
        // the load had theirs behind them.
        let planned = self.ask(&format!("EXPLAIN (SETTINGS, FORMAT JSON) {statement}")).await?;
        let wal = if how.writes && self.version_number >= 130_000 { "WAL, " } else { "" };
        let asked = format!("EXPLAIN (ANALYZE, BUFFERS, {wal}SETTINGS, FORMAT JSON) {statement}");
        let (mut explained, refusal) = match self.ask(&asked).await {
            Ok(executed) => (executed, None),
            Err(error) if error.is_closed() => return Err(error),
            Err(error) => (planned, Some(Refusal::of(&error))),
        };
        if sent.is_typed {
            forget_own_setting(&mut explained);
        }
        Ok(Answer { explained, refusal })
    }

    /// The statement as EXPLAIN takes it: the text, or the call of what was prepared from it.
    async fn as_sent(&self, sent: &Sent, how: How) -> Result<String, Error> {
        if !sent.is_typed {
            return Ok(sent.sql.clone());
        }
        let mode = if how.is_generic { "force_generic_plan" } else { "force_custom_plan" };
        self.client.simple_query(&format!("SET LOCAL plan_cache_mode = {mode}")).await?;
        let listed = |list: &[String]| match list {
            [] => String::new(),
            list => format!("({})", list.join(", ")),
        };
        let prepare = format!("PREPARE {OWN}{} AS {}", listed(&sent.types), sent.sql);
        self.client.simple_query(&prepare).await?;
        Ok(format!("EXECUTE {OWN}{}", listed(&sent.parameters)))
    }

    pub(super) async fn ask(&self, explain: &str) -> Result<Value, Error> {
        let messages = self.client.simple_query(explain).await?;
        let text: String = messages
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            })
            .collect::<Vec<_>>()
            .join("\n");
        let mut printed: Value = serde_json::from_str(&text).unwrap_or_default();
        Ok(printed.get_mut(0).map(Value::take).unwrap_or_default())
    }
}

/// EXPLAIN lists the settings that planning was told; one of them is this module's.
fn forget_own_setting(explained: &mut Value) {
    let Some(settings) = explained.get_mut("Settings").and_then(Value::as_object_mut) else { return };
    settings.remove("plan_cache_mode");
    if settings.is_empty()
        && let Some(explained) = explained.as_object_mut()
    {
        explained.remove("Settings");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_own_setting_is_no_finding() {
        let mut alone = json!({"Plan": {}, "Settings": {"plan_cache_mode": "force_custom_plan"}});
        forget_own_setting(&mut alone);
        assert_eq!(alone, json!({"Plan": {}}));
        let mut more = json!({"Settings": {"plan_cache_mode": "x", "work_mem": "64kB"}});
        forget_own_setting(&mut more);
        assert_eq!(more, json!({"Settings": {"work_mem": "64kB"}}));
    }
}
