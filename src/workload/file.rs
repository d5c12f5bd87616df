//! The workload file as it is written: TOML, every key known. `docs/workloads.md` explains it.

use super::{
    draw::Draw,
    model::{End, Protocol},
    retry::RetryOn,
    slo::Slo,
    stage::Stage,
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// A workload: which MCP tool calls are made, how often, and what each sends to PostgreSQL.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "loist-bench workload")]
pub struct WorkloadFile {
    /// Short name, used in file names.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// What it stands for, in a sentence.
    #[serde(default)]
    pub description: String,
    /// How statements travel: `simple` (as the server's driver does), `extended` or `prepared`.
    #[serde(default)]
    pub protocol: Protocol,
    /// Objective of operations that set none, as in `200ms@p95`.
    #[schemars(with = "Option<String>")]
    pub slo: Option<Slo>,
    /// Rates of calls over time, one stage behind the other, as in `ramp 50..200 30s`. Without any, clients call
    /// as fast as they are answered, or as the command line says.
    #[serde(default)]
    #[schemars(with = "Vec<Stage>")]
    pub stages: Vec<Spanned<String>>,
    /// What is done about a call that failed.
    #[serde(default)]
    pub retry: RetryFile,
    /// What surrounds the statements of each checkout.
    #[serde(default)]
    pub envelope: EnvelopeFile,
    /// The tool calls.
    #[schemars(with = "Vec<OperationFile>")]
    pub operation: Vec<Spanned<OperationFile>>,
}

/// What surrounds the statements of each checkout.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EnvelopeFile {
    /// Sent first: a BEGIN or START TRANSACTION.
    #[schemars(with = "String")]
    pub begin: Spanned<String>,
    /// Sent second, to see whether the connection lives: a query; an empty text sends nothing.
    #[schemars(with = "String")]
    pub validate: Spanned<String>,
}

impl Default for EnvelopeFile {
    /// The server's: a BEGIN of its own, then `SELECT 1`.
    fn default() -> Self {
        let given = |text: &str| Spanned::new(0..0, text.to_owned());
        Self { begin: given("BEGIN"), validate: given("SELECT 1") }
    }
}

/// What is done about a call that failed: by default nothing, as the server's driver does.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryFile {
    /// Attempts in all, the first included.
    #[schemars(with = "u32", range(min = 1, max = 10))]
    pub attempts: Spanned<u32>,
    /// After which failures: SQLSTATEs, `connection` (lost, reset or refused, or the server starts or shuts
    /// down) and `pool` (no connection from the pool).
    #[schemars(with = "Vec<RetryOn>")]
    pub on: Spanned<Vec<Spanned<String>>>,
    /// Pause after the first attempt, as in `10ms`; it doubles with each further one.
    #[schemars(with = "String")]
    pub backoff: Spanned<String>,
    /// Longest pause, as in `1s`.
    #[schemars(with = "String")]
    pub backoff_max: Spanned<String>,
    /// Share of each pause that is left to chance.
    #[schemars(with = "f64", range(min = 0.0, max = 1.0))]
    pub jitter: Spanned<f64>,
}

impl Default for RetryFile {
    /// Those of [`Retry`](super::retry::Retry).
    fn default() -> Self {
        Self {
            attempts: Spanned::new(0..0, 1),
            on: Spanned::new(0..0, Vec::new()),
            backoff: Spanned::new(0..0, "10ms".to_owned()),
            backoff_max: Spanned::new(0..0, "1s".to_owned()),
            jitter: Spanned::new(0..0, 0.5),
        }
    }
}

/// One MCP tool call.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationFile {
    /// Name of the tool, resource or page.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Share of the calls, relative to the other operations' weights.
    #[schemars(with = "f64")]
    pub weight: Spanned<f64>,
    /// Objective of this operation, as in `50ms@p95`.
    #[schemars(with = "Option<String>")]
    pub slo: Option<Slo>,
    /// SQLSTATE codes that are a normal answer, such as `42601` for a tsquery syntax error.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub expected_errors: Vec<Spanned<String>>,
    /// What the SQL's `:name` parameters are drawn from, once a call.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Draw>")]
    pub parameters: BTreeMap<Spanned<String>, Spanned<Draw>>,
    /// Checkouts of a connection, in order.
    #[schemars(with = "Vec<TransactionFile>")]
    pub transaction: Vec<Spanned<TransactionFile>>,
}

/// One checkout of a connection: envelope, statements, end.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransactionFile {
    /// How it ends: `rollback` (as the server's reads do), `commit`, or `none`: then its statements go alone,
    /// without begin, validate and end, each a transaction of its own.
    pub end: End,
    /// Whether begin, validate, statements and end travel together, in one round trip.
    #[serde(default)]
    pub pipeline: bool,
    /// The statements, one round trip each unless they travel together.
    #[schemars(with = "Vec<StatementFile>")]
    pub statement: Vec<Spanned<StatementFile>>,
}

/// One statement.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementFile {
    /// Name in the results, unique within its operation.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// SQL with `:name` parameters and `[[ optional clauses ]]`.
    #[schemars(with = "String")]
    pub sql: Spanned<String>,
}

/// The JSON Schema of a workload file (draft 2020-12).
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(WorkloadFile).to_value()
}
