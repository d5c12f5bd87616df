//! A workload bound to a library and checked against the server, before any load is put on.

use super::draw::{Drawn, Source};
use crate::{
    catalog::Library,
    text::sql,
    workload::{End, Operation, Protocol, Statement, Value, Workload, WorkloadError},
};
use rand::{
    Rng,
    distr::{Distribution, weighted::WeightedIndex},
};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio_postgres::{
    Client,
    types::{ToSql, Type},
};

/// Why the load could not be put on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The workload does not fit the server.
    #[error(transparent)]
    Workload(#[from] WorkloadError),
    /// A worker's connection could not be opened.
    #[error("client connection {number} of {of} could not be opened: {reason}")]
    Connect {
        /// Which one, from 1.
        number: usize,
        /// How many were to be opened.
        of: usize,
        /// The cause, without secrets.
        reason: String,
    },
    /// The connection that checks the workload failed.
    #[error("the workload could not be checked against the server: {0}")]
    Check(String),
    /// A thread could not be started.
    #[error("a client thread could not be started: {0}")]
    Thread(std::io::Error),
    /// A thread died.
    #[error("a client thread ended unexpectedly; this is a defect of loist-bench")]
    WorkerLost,
}

/// A workload, ready to run.
#[derive(Debug)]
pub struct Bound {
    /// The workload as read.
    pub workload: Workload,
    /// How statements travel.
    pub protocol: Protocol,
    /// In the workload's order.
    pub operations: Vec<BoundOperation>,
    library: Arc<Library>,
    by_weight: WeightedIndex<f64>,
}

/// An operation, ready to run. Each kind of round trip has a slot in the results.
#[derive(Debug)]
pub struct BoundOperation {
    /// Names of the slots.
    pub slots: Vec<String>,
    pub(super) envelope: EnvelopeSlots,
    pub(super) transactions: Vec<Vec<BoundStatement>>,
    sources: Vec<Source>,
}

/// Slots of the round trips around the statements. One that an operation never makes has no slot of its own, and is
/// never recorded.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct EnvelopeSlots {
    pub(super) begin: usize,
    pub(super) validate: usize,
    pub(super) commit: usize,
    pub(super) rollback: usize,
}

/// A statement, ready to run.
#[derive(Debug)]
pub struct BoundStatement {
    pub(super) slot: usize,
    sql_slots: Vec<usize>,
    variants: HashMap<u64, Variant>,
}

/// One way in which a statement reaches the server with parameters beside the text.
#[derive(Debug)]
pub(super) struct Variant {
    /// Equal where the texts are; no other workload of this process has it.
    pub(super) number: u32,
    pub(super) sql: String,
    pub(super) slots: Vec<usize>,
    pub(super) types: Vec<Type>,
    /// A value of the right type in every slot, for looking at the statement without running it.
    example: Vec<Value>,
}

/// A value with the type that the server inferred for it.
#[derive(Debug, Clone)]
pub struct Typed {
    value: Value,
    r#type: Type,
}

impl Typed {
    /// As tokio-postgres takes it.
    #[must_use]
    pub fn as_parameter(&self) -> (&(dyn ToSql + Sync), Type) {
        (&self.value, self.r#type.clone())
    }

    /// The type as SQL names it.
    #[must_use]
    pub fn sql_type(&self) -> String {
        format!("{}.{}", sql::name(self.r#type.schema()), sql::name(self.r#type.name()))
    }

    /// The value as an SQL literal that is read as it would be if it travelled beside the text: NULL, or a string.
    #[must_use]
    pub fn literal(&self) -> String {
        let mut literal = String::new();
        if self.value.is_null() {
            self.value.write_literal(&mut literal);
            return literal;
        }
        let mut text = String::new();
        self.value.write_text(&mut text);
        Value::Text(text).write_literal(&mut literal);
        literal.trim_start().to_owned()
    }
}

impl Bound {
    /// Binds `workload` to `library`, and has the server parse every statement in every form it can take, and
    /// with values as they are drawn.
    ///
    /// # Errors
    /// With file and line, when the server refuses a statement; or when the connection fails.
    pub async fn new(
        workload: Workload,
        protocol: Protocol,
        library: Arc<Library>,
        client: &Client,
    ) -> Result<Self, EngineError> {
        let envelope = &workload.envelope;
        for (sql, at) in
            [(Some(&envelope.begin), envelope.begin_at), (envelope.validate.as_ref(), envelope.validate_at)]
        {
            if let Some(sql) = sql {
                client.prepare(sql).await.map_err(|error| {
                    refused(&error, |position, why| workload.envelope_refused(at, position, why))
                })?;
            }
        }
        let mut operations = Vec::with_capacity(workload.operations.len());
        for operation in &workload.operations {
            operations.push(bind_operation(&workload, operation, client).await?);
        }
        number_texts(&mut operations);
        let by_weight = WeightedIndex::new(workload.operations.iter().map(|operation| operation.weight))
            .expect("a workload has operations, each with a weight above 0");
        let bound = Self { workload, protocol, operations, library, by_weight };
        bound.check_values(client).await?;
        Ok(bound)
    }

    /// Chooses the operation of the next call.
    pub(super) fn choose(&self, rng: &mut impl Rng) -> usize {
        self.by_weight.sample(rng)
    }

    /// Every form of every statement of operation number `index`, with values of the right types.
    pub fn examples(&self, index: usize) -> impl Iterator<Item = (&Statement, &[Value])> {
        let ready = self.operations[index].transactions.iter().flatten();
        let pairs = self.workload.operations[index].statements().zip(ready);
        pairs.flat_map(|(statement, ready)| {
            ready.variants.values().map(move |variant| (statement, variant.example.as_slice()))
        })
    }

    /// A statement's text and parameters as the chosen protocol sends them.
    #[must_use]
    pub fn as_sent(&self, index: usize, statement: &Statement, values: &[Value]) -> (String, Vec<Typed>) {
        if self.protocol == Protocol::Simple {
            let mut sql = String::new();
            statement.template.write_literal(values, &mut sql);
            return (sql, Vec::new());
        }
        let ready = self.workload.operations[index]
            .statements()
            .zip(self.operations[index].transactions.iter().flatten());
        let variant = ready
            .filter(|(candidate, _)| candidate.name == statement.name)
            .map(|(statement, ready)| ready.variant(statement, values))
            .next()
            .expect("the statement is one of the operation's");
        let typed = variant.slots.iter().zip(&variant.types);
        let typed =
            typed.map(|(slot, r#type)| Typed { value: values[*slot].clone(), r#type: r#type.clone() });
        (variant.sql.clone(), typed.collect())
    }

    /// Values for a call of operation number `index`, drawn as the clients draw them, from `rng`.
    #[must_use]
    pub fn draw_anew(&self, index: usize, rng: &mut rand_pcg::Pcg64) -> Vec<Value> {
        let mut values = Vec::new();
        self.draw(index, rng, &mut Vec::new(), &mut values);
        values
    }

    /// Draws the values that operation number `index` names in its SQL.
    pub(super) fn draw(
        &self,
        index: usize,
        rng: &mut rand_pcg::Pcg64,
        drawn: &mut Vec<Drawn>,
        values: &mut Vec<Value>,
    ) {
        super::draw::fill(
            &self.operations[index].sources,
            &self.workload.operations[index].slots,
            &self.library,
            rng,
            drawn,
            values,
        );
    }
}

impl BoundStatement {
    /// The form of the statement that `values` ask for.
    pub(super) fn variant(&self, statement: &Statement, values: &[Value]) -> &Variant {
        if let (1, Some(only)) = (self.variants.len(), self.variants.values().next()) {
            return only;
        }
        let key = variant_key(statement, &self.sql_slots, values);
        self.variants.get(&key).expect("every form of a statement was bound")
    }
}

/// Numbers a statement's forms: its optional clauses as bits, then each piece of SQL by its place.
fn variant_key(statement: &Statement, sql_slots: &[usize], values: &[Value]) -> u64 {
    sql_slots.iter().fold(statement.template.clauses(values), |key, slot| match values[*slot] {
        Value::Sql { choice, .. } => key.wrapping_mul(1_000_003).wrapping_add(choice as u64 + 1),
        _ => key,
    })
}

async fn bind_operation(
    workload: &Workload,
    operation: &Operation,
    client: &Client,
) -> Result<BoundOperation, EngineError> {
    let mut slots = Vec::new();
    let mut slot = |name: &str| {
        slots.push(name.to_owned());
        slots.len() - 1
    };
    let ends = |end| operation.transactions.iter().any(|transaction| transaction.end == end);
    let mut around = EnvelopeSlots::default();
    if ends(End::Commit) || ends(End::Rollback) {
        around.begin = slot("begin");
        if workload.envelope.validate.is_some() {
            around.validate = slot("validate");
        }
    }
    let mut transactions = Vec::new();
    for transaction in &operation.transactions {
        let mut statements = Vec::new();
        for statement in &transaction.statements {
            statements
                .push(bind_statement(workload, operation, statement, slot(&statement.name), client).await?);
        }
        transactions.push(statements);
    }
    if ends(End::Commit) {
        around.commit = slot("commit");
    }
    if ends(End::Commit) || ends(End::Rollback) {
        around.rollback = slot("rollback");
    }
    let sources = operation.parameters.iter().map(|parameter| Source::new(&parameter.draw)).collect();
    Ok(BoundOperation { slots, envelope: around, transactions, sources })
}

/// Gives each text the number by which connections know it.
fn number_texts(operations: &mut [BoundOperation]) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut known = HashMap::new();
    let statements = operations.iter_mut().flat_map(|operation| &mut operation.transactions).flatten();
    for variant in statements.flat_map(|statement| statement.variants.values_mut()) {
        let new = || NEXT.fetch_add(1, Ordering::Relaxed);
        variant.number = *known.entry(variant.sql.clone()).or_insert_with(new);
    }
}

async fn bind_statement(
    workload: &Workload,
    operation: &Operation,
    statement: &Statement,
    slot: usize,
    client: &Client,
) -> Result<BoundStatement, EngineError> {
    let sql_slots: Vec<usize> = statement
        .template
        .slots()
        .into_iter()
        .filter(|slot| !operation.sql_choices(*slot).is_empty())
        .collect();
    let mut variants = HashMap::new();
    for values in operation.variants(statement) {
        let numbered = statement.template.numbered(&values);
        let prepared = client.prepare(&numbered.sql).await.map_err(|error| {
            refused(&error, |position, why| workload.refused(statement, &values, position, why))
        })?;
        let key = variant_key(statement, &sql_slots, &values);
        let types = prepared.params().to_vec();
        let mut example = values;
        for (slot, r#type) in numbered.slots.iter().zip(&types) {
            example[*slot] = example_of(r#type);
        }
        variants.insert(key, Variant { number: 0, sql: numbered.sql, slots: numbered.slots, types, example });
    }
    Ok(BoundStatement { slot, sql_slots, variants })
}

/// What the server refuses is the workload's fault, at the character that it names, if any; anything else is not.
pub(super) fn refused(
    error: &tokio_postgres::Error,
    blame: impl FnOnce(Option<u32>, &str) -> WorkloadError,
) -> EngineError {
    let Some(refusal) = error.as_db_error() else {
        return EngineError::Check(crate::target::describe(error));
    };
    let position = match refusal.position() {
        Some(tokio_postgres::error::ErrorPosition::Original(at)) => Some(*at),
        _ => None,
    };
    EngineError::Workload(blame(position, refusal.message()))
}

/// A value of that type, for looking at a statement without running it.
pub(super) fn example_of(r#type: &Type) -> Value {
    match *r#type {
        Type::UUID => Value::Uuid(uuid::Uuid::nil()),
        Type::TIMESTAMPTZ | Type::TIMESTAMP => Value::Timestamp(chrono::DateTime::UNIX_EPOCH),
        Type::NUMERIC => Value::Decimal { unscaled: 1_000, scale: 3 },
        Type::INT2 | Type::INT4 | Type::INT8 | Type::FLOAT4 | Type::FLOAT8 => Value::Int(1),
        _ => Value::Text("x".to_owned()),
    }
}
