//! Which statements to explain, and with which parameters. Pure.

use crate::{
    engine::{Bound, CallSample, CapturedCalls},
    record::PlanCase,
    workload::{Protocol, Statement, Value},
};
use std::time::Duration;

/// One text that the workload sends, wherever it stands in it.
pub(super) struct Text<'a> {
    /// `operation.statement`, in the workload's order.
    pub(super) names: Vec<String>,
    /// The operation's number and the statement, by name.
    places: Vec<(usize, &'a Statement)>,
    /// What the text can become with its clauses in or out; it is another text if this differs.
    forms: Vec<String>,
}

/// A text with parameters.
pub(super) struct Case<'a> {
    pub(super) case: PlanCase,
    /// The operation whose call it was.
    pub(super) operation: usize,
    pub(super) statement: &'a Statement,
    /// How long that call held connections; none where the parameters were not a call's.
    pub(super) service: Option<Duration>,
    pub(super) sent: Sent,
}

/// A statement as the run's protocol sends it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sent {
    pub(super) sql: String,
    /// Whether the parameters travel beside the text.
    pub(super) is_typed: bool,
    /// Of the parameters that do.
    pub(super) types: Vec<String>,
    /// The same parameters as literals.
    pub(super) parameters: Vec<String>,
}

impl Sent {
    pub(super) fn new(bound: &Bound, operation: usize, statement: &Statement, values: &[Value]) -> Self {
        let (sql, typed) = bound.as_sent(operation, statement, values);
        Self {
            sql,
            is_typed: bound.protocol != Protocol::Simple,
            types: typed.iter().map(crate::engine::Typed::sql_type).collect(),
            parameters: typed.iter().map(crate::engine::Typed::literal).collect(),
        }
    }
}

/// The workload's texts, each once. BEGIN, validation and the end of a transaction are none of them.
pub(super) fn distinct(bound: &Bound) -> Vec<Text<'_>> {
    let mut texts: Vec<Text<'_>> = Vec::new();
    for (index, operation) in bound.workload.operations.iter().enumerate() {
        for statement in operation.statements() {
            let variants = operation.variants(statement);
            let mut forms: Vec<String> =
                variants.iter().map(|values| statement.template.numbered(values).sql).collect();
            forms.sort_unstable();
            let name = format!("{}.{}", operation.name, statement.name);
            match texts.iter_mut().find(|text| text.forms == forms) {
                Some(text) => {
                    text.names.push(name);
                    text.places.push((index, statement));
                }
                None => texts.push(Text { names: vec![name], places: vec![(index, statement)], forms }),
            }
        }
    }
    texts
}

/// The call in the middle of the sample, the slowest call, the fastest of the sample: those of them that differ in what
/// this text takes of their parameters. None where no call completed.
pub(super) fn choose<'a>(text: &Text<'a>, bound: &Bound, captured: &[CapturedCalls]) -> Vec<Case<'a>> {
    let mut places = text.places.clone();
    places.dedup_by_key(|(operation, _)| *operation);
    places.retain(|(operation, _)| captured.get(*operation).is_some_and(|calls| calls.calls > 0));
    let parts: Vec<&CapturedCalls> = places.iter().map(|(operation, _)| &captured[*operation]).collect();
    let (mut sample, slowest) = CapturedCalls::merged(&parts, |part, call| (places[part], call.clone()));
    sample.sort_by_key(|(_, call)| call.service);
    let typical = sample.get(sample.len().saturating_sub(1) / 2).cloned();
    let rare = sample.first().cloned();
    let mut cases: Vec<Case<'a>> = Vec::new();
    for (case, call) in [(PlanCase::Typical, typical), (PlanCase::Heavy, slowest), (PlanCase::Rare, rare)] {
        let Some(((operation, statement), CallSample { service, values })) = call else { continue };
        let sent = Sent::new(bound, operation, statement, &values);
        if cases.iter().all(|known| known.sent != sent) {
            cases.push(Case { case, operation, statement, service: Some(service), sent });
        }
    }
    cases
}
