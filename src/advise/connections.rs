//! Connections: round trips and waiting for the pool.

use super::say;
use crate::record::{Basis, Recommendation, Record, Stance, StatementResult};

/// Round trips of each checkout that carry no work and could be saved.
const SPARE: [&str; 2] = ["begin", "validate"];

/// What BEGIN and the validating query cost of all statements' time.
pub(super) fn round_trips(record: &Record) -> Option<Recommendation> {
    let statements = || record.operations.iter().flat_map(|operation| &operation.statements);
    let time = |statement: &StatementResult| {
        statement.service.mean_us.unwrap_or_default() * statement.service.count as f64
    };
    let all: f64 = statements().map(time).sum();
    let spare: f64 = statements().filter(|s| SPARE.contains(&s.name.as_str())).map(time).sum();
    let validations: u64 = statements().filter(|s| s.name == "validate").map(|s| s.calls).sum();
    if validations == 0 || all <= 0.0 {
        return None;
    }
    let share = spare / all;
    let (fewest, most) = record.operations.iter().fold((usize::MAX, 0), |(low, high), operation| {
        (low.min(operation.round_trips), high.max(operation.round_trips))
    });
    Some(Recommendation {
        rule: String::new(),
        stance: Stance::Change,
        title: "Drop the validating query of each checkout, and send BEGIN with the first statement"
            .to_owned(),
        evidence: format!(
            "a call makes {fewest} to {most} round trips; BEGIN and the validation took {} of the statements' time, {:.3} ms a checkout on average",
            say::percent(share),
            spare / validations as f64 / 1e3
        ),
        change: None,
        expected: format!(
            "2 round trips less a checkout, {} in a run like this one; each costs what the network between server and database costs",
            2 * validations
        ),
        basis: Basis::Inferred,
        risk: "a dead connection shows itself in the first statement: the server must retry there".to_owned(),
        verify: "copy the workload, set envelope.validate = \"\", and compare".to_owned(),
        effect: share,
    })
}

/// Waiting for a connection, against the objective.
pub(super) fn pool_wait(record: &Record) -> Option<Recommendation> {
    let wait = record.overall.pool_wait.p95_us?;
    let target = record.overall.slo.target_us;
    // Where calls wait for a client, the pool is not what they wait for.
    if record.overall.queue_wait.p95_us.is_some_and(|queue| queue > target / 10.0) && wait <= target / 10.0 {
        return None;
    }
    let evidence = format!(
        "p95 of waiting for a connection is {:.2} ms with {} clients on {} connections; the objective is {}",
        wait / 1_000.0,
        record.load.clients,
        record.load.connections,
        record.overall.slo.objective
    );
    if wait <= target / 10.0 {
        let title = "Leave the pool size: calls do not wait for connections";
        return Some(say::leave_alone(title, evidence, Basis::Measured));
    }
    Some(Recommendation {
        rule: String::new(),
        stance: Stance::Change,
        title: "Give the pool more connections, or send it fewer calls at a time".to_owned(),
        evidence,
        change: None,
        expected: format!("up to {:.1} ms less at p95", wait / 1_000.0),
        basis: Basis::Measured,
        risk: "more connections than processors can serve only move the queue into the server".to_owned(),
        verify: "run with --pool set higher, and compare p95".to_owned(),
        effect: (wait / record.overall.response.p95_us.unwrap_or(wait).max(wait)).min(1.0),
    })
}
