//! A workload that was read and found consistent.

use super::{
    draw::Draw,
    error::{Source, WorkloadError},
    retry::Retry,
    slo::Slo,
    stage::Stage,
    template::Template,
    value::Value,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How all operations together are called where an operation's name stands; no operation can have that name.
pub const ALL: &str = "all";

/// How statements travel to the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Parameters written into the text, parsed and planned each time: what the server's driver does.
    #[default]
    Simple,
    /// Parsed, bound and executed each time, with parameters beside the text.
    Extended,
    /// Parsed once a connection, then bound and executed.
    Prepared,
}

impl Protocol {
    /// As a workload file writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Extended => "extended",
            Self::Prepared => "prepared",
        }
    }
}

/// A consistent workload.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Short name.
    pub name: String,
    /// What it stands for.
    pub description: String,
    /// How statements travel.
    pub protocol: Protocol,
    /// Objective of operations that set none.
    pub slo: Option<Slo>,
    /// Rates of calls over time, one behind the other; empty when the file sets none.
    pub stages: Vec<Stage>,
    /// What is done about a call that failed.
    pub retry: Retry,
    /// What surrounds each checkout's statements.
    pub envelope: Envelope,
    /// The operations, at least one.
    pub operations: Vec<Operation>,
    /// Where it came from: a path, or `built-in workload NAME`.
    pub origin: String,
    /// The whole file.
    pub text: String,
}

/// What surrounds the statements of each checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Sent first.
    pub begin: String,
    /// Sent second, if at all.
    pub validate: Option<String>,
    /// Byte offset of `begin` in the file.
    pub begin_at: usize,
    /// Byte offset of `validate` in the file.
    pub validate_at: usize,
}

/// One MCP tool call.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Name of the tool, resource or page.
    pub name: String,
    /// Relative share of the calls, above 0.
    pub weight: f64,
    /// Its own objective.
    pub slo: Option<Slo>,
    /// SQLSTATE codes that are a normal answer.
    pub expected_errors: Vec<String>,
    /// What is drawn once a call.
    pub parameters: Vec<Parameter>,
    /// The values that SQL names, each of them a parameter or one of its fields.
    pub slots: Vec<Slot>,
    /// The checkouts, in order.
    pub transactions: Vec<Transaction>,
}

/// A named parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Name in the SQL.
    pub name: String,
    /// What it is drawn from.
    pub draw: Draw,
}

/// A value that SQL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Index into [`Operation::parameters`].
    pub parameter: usize,
    /// Field of that parameter, if it has fields.
    pub field: Option<&'static str>,
}

/// One checkout.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// How it ends.
    pub end: End,
    /// Whether begin, validation, statements and end travel together, in one round trip.
    pub pipeline: bool,
    /// Its statements, at least one.
    pub statements: Vec<Statement>,
}

impl Transaction {
    /// Round trips of a successful one: BEGIN, validation, its statements and its end, or one for all that
    /// travel together.
    #[must_use]
    pub fn round_trips(&self, envelope: &Envelope) -> usize {
        match self.end {
            _ if self.pipeline => 1,
            End::None => self.statements.len(),
            End::Commit | End::Rollback => {
                2 + usize::from(envelope.validate.is_some()) + self.statements.len()
            }
        }
    }
}

/// How a transaction ends: `rollback`, as the server's reads do, `commit`, or `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// `COMMIT`.
    Commit,
    /// `ROLLBACK`.
    Rollback,
    /// It was never begun: its statements go alone, each a transaction of its own.
    None,
}

impl End {
    /// The SQL sent, if any.
    #[must_use]
    pub fn sql(self) -> Option<&'static str> {
        match self {
            Self::Commit => Some("COMMIT"),
            Self::Rollback => Some("ROLLBACK"),
            Self::None => None,
        }
    }
}

/// One statement.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Name in the results.
    pub name: String,
    /// Its SQL.
    pub template: Template,
    /// Byte offset of the SQL's first character in the file.
    pub(super) source_start: usize,
}

impl Operation {
    /// Round trips of one successful call, over all checkouts.
    #[must_use]
    pub fn round_trips(&self, envelope: &Envelope) -> usize {
        self.transactions.iter().map(|transaction| transaction.round_trips(envelope)).sum()
    }

    /// Whether any of its statements may change or lock rows.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.statements().any(|statement| statement.template.mutates())
    }

    /// All statements, over all checkouts.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.transactions.iter().flat_map(|transaction| &transaction.statements)
    }

    /// The pieces of SQL that slot `slot` may stand for; empty for bound values.
    #[must_use]
    pub fn sql_choices(&self, slot: usize) -> &[String] {
        self.parameters[self.slots[slot].parameter].draw.sql_choices()
    }

    /// Every way in which `statement` can reach the server: its optional clauses in or out, each piece of SQL.
    /// The values hold a placeholder wherever a parameter is present.
    #[must_use]
    pub fn variants(&self, statement: &Statement) -> Vec<Vec<Value>> {
        let mut variants: Vec<Vec<Value>> = vec![vec![Value::Int(1); self.slots.len()]];
        let mut used = statement.template.slots();
        used.sort_unstable();
        used.dedup();
        for slot in used {
            let choices = self.sql_choices(slot);
            let alternatives: Vec<Value> = if choices.is_empty() {
                vec![Value::Int(1), Value::Null]
            } else {
                let piece =
                    |(choice, text): (usize, &String)| Value::Sql { text: text.as_str().into(), choice };
                choices.iter().enumerate().map(piece).collect()
            };
            variants = variants
                .iter()
                .flat_map(|values| {
                    alternatives.iter().map(move |value| {
                        let mut values = values.clone();
                        values[slot] = value.clone();
                        values
                    })
                })
                .collect();
            // A NULL matters only where it takes a clause out; the rest are twins.
            let mut seen = Vec::new();
            variants.retain(|values| {
                let sql = statement.template.numbered(values).sql;
                let new = !seen.contains(&sql);
                seen.push(sql);
                new
            });
        }
        variants
    }
}

impl Workload {
    /// An error about a text of the envelope that begins at byte `at`, at the character that the server named
    /// (from 1), if any.
    #[must_use]
    pub fn envelope_refused(&self, at: usize, position: Option<u32>, why: &str) -> WorkloadError {
        let source = Source { origin: &self.origin, text: &self.text };
        let within = position.map_or(0, |position| position.saturating_sub(1) as usize);
        source.error(at + within, format!("the server refuses this part of the envelope: {why}"))
    }

    /// An error about `statement`, at the character that the server named (from 1), if any.
    #[must_use]
    pub fn refused(
        &self,
        statement: &Statement,
        values: &[Value],
        position: Option<u32>,
        why: &str,
    ) -> WorkloadError {
        let within = position.map_or(0, |at| statement.template.numbered(values).source_offset(at));
        let source = Source { origin: &self.origin, text: &self.text };
        source.error(
            statement.source_start + within,
            format!("the server refuses the SQL of `{}`: {why}", statement.name),
        )
    }
}
