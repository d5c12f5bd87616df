//! Connections: opening them, waiting for them, how many there may be, and what travels over them.

use super::{apply, case::Case, say};
use crate::{
    record::{Basis, Recommendation, StatementResult},
    text::{counted, grouped, three_digits},
};

/// Round trips of each checkout that carry no work and could be saved.
const SPARE: [&str; 2] = ["begin", "validate"];
/// Connections opened a call from which the pool keeps too few.
const CHURN: f64 = 0.1;
/// Share of the processors at work from which nothing but they are waited for.
const SATURATED: f64 = 0.9;
/// Part of the objective's target that waiting may take.
const WAIT: f64 = 0.1;

/// Connections opened for each call or so: the pool keeps none.
pub(super) fn churn(case: &Case) -> Option<Recommendation> {
    let connect = &case.record.connections.connect;
    let calls = case.record.overall.calls.max(1);
    let a_call = connect.count as f64 / calls as f64;
    let load = &case.record.load;
    let share = case.share_of(connect.mean_us.unwrap_or_default() * connect.count as f64);
    let figures = format!(
        "{} connections were opened for {} calls ({a_call:.2} a call), {} ms each on average, {} of the response time; the pool keeps {} idle",
        grouped(connect.count),
        grouped(calls),
        three_digits(connect.mean_us.unwrap_or_default() / 1e3),
        say::percent(share),
        load.pool_min.map_or_else(|| "all".to_owned(), |min| min.to_string())
    );
    if a_call <= CHURN {
        return Some(say::leave_alone(
            "Leave the pool's minimum: connections are kept",
            figures,
            Basis::Measured,
        ));
    }
    let min = load.connections.max(1);
    Some(Recommendation {
        title: if load.connect_per_checkout {
            "Keep connections in a pool instead of opening one for each checkout".to_owned()
        } else {
            format!("Let the pool keep its connections: set its minimum to {min} (DB_MIN_CONNECTIONS)")
        },
        evidence: figures,
        expected: format!(
            "{} of the response time, and the server's work for new sessions",
            say::percent(share)
        ),
        basis: Basis::Measured,
        risk: format!("{} that stay open, some megabytes each in the server", counted(min, "connection")),
        verify: format!("run with --pool-min {min}, and compare p95 and the connections opened"),
        // A session that begins costs the server more than its client waits for.
        effect: share.max(0.3),
        ..say::change()
    })
}

/// What BEGIN and the validating query cost of all statements' time.
pub(super) fn round_trips(case: &Case) -> Option<Recommendation> {
    let statements = || case.record.operations.iter().flat_map(|operation| &operation.statements);
    let is_spare = |statement: &StatementResult| SPARE.contains(&statement.name.as_str());
    // Under load a round trip takes longer, since it waits for a processor; without it others would. What it costs by
    // itself is what it takes at the floor.
    let delay = case.record.load.round_trip_delay_us;
    let floor = case.record.floor.as_ref().and_then(|floor| floor.round_trip.min_us);
    let trip = |statement: &StatementResult| {
        let mean = statement.service.mean_us.unwrap_or_default();
        floor.map_or(mean, |floor| mean.min(floor + delay))
    };
    let spare: f64 =
        statements().filter(|one| is_spare(one)).map(|one| trip(one) * one.service.count as f64).sum();
    let validations: u64 = statements().filter(|s| s.name == "validate").map(|s| s.calls).sum();
    if validations == 0 {
        return None;
    }
    let saving = case.saving(|_, statement| {
        let mean = statement.service.mean_us.unwrap_or_default().max(1e-9);
        if is_spare(statement) { trip(statement) / mean } else { 0.0 }
    });
    let (fewest, most) = case.record.operations.iter().fold((usize::MAX, 0), |(low, high), operation| {
        (low.min(operation.round_trips), high.max(operation.round_trips))
    });
    let figures = format!(
        "a call makes {fewest} to {most} round trips{}; BEGIN and the validation cost {} ms a checkout, as on an idle server, {}",
        if delay > 0.0 {
            format!(" of {} ms network each", three_digits(delay / 1e3))
        } else {
            String::new()
        },
        three_digits(spare / validations as f64 / 1e3),
        case.felt_figures(&saving)
    );
    if !case.is_felt(&saving) {
        let title = "Leave BEGIN and the validating query: over this network they are not felt";
        return Some(say::leave_alone(title, figures, Basis::Measured));
    }
    Some(Recommendation {
        title: "Drop the validating query of each checkout, and send BEGIN with the first statement"
            .to_owned(),
        evidence: figures,
        expected: format!(
            "2 round trips less a checkout, {} in a run like this one; each costs what the network between server and database costs",
            2 * validations
        ),
        basis: Basis::Measured,
        risk: "a dead connection shows itself in the first statement: the server must retry there".to_owned(),
        verify: "copy the workload, set envelope.validate = \"\" and pipeline = true, and compare".to_owned(),
        effect: saving.share,
        ..say::change()
    })
}

/// Waiting for a connection, against the objective.
pub(super) fn pool_wait(case: &Case) -> Option<Recommendation> {
    let overall = &case.record.overall;
    let wait = overall.pool_wait.p95_us?;
    let target = overall.slo.target_us;
    // Where calls wait for a client, the pool is not what they wait for.
    if overall.queue_wait.p95_us.is_some_and(|queue| queue > target * WAIT) && wait <= target * WAIT {
        return None;
    }
    let load = &case.record.load;
    let processors = case.processors();
    // Twice the processors and one (PostgreSQL's wiki): more of them only take turns.
    let enough = processors.map(|processors| processors as usize * 2 + 1);
    let busy = case.processors_at_work();
    let saturated = busy.is_some_and(|busy| busy > SATURATED);
    let enough_for = enough.zip(processors).map_or_else(String::new, |(size, processors)| {
        let processors = counted(u64::from(processors), "processor");
        format!("; {processors} take about {size} connections (twice their number and one)")
    });
    let at_work = busy
        .map_or_else(String::new, |busy| format!("; {} of this machine's were at work", say::percent(busy)));
    let evidence = format!(
        "p95 of waiting for a connection is {} ms with {} clients on {} connections; the objective is {}{enough_for}{at_work}",
        three_digits(wait / 1e3),
        load.clients,
        load.connections,
        overall.slo.objective,
    );
    let leave = |title: &str, basis| Some(say::leave_alone(title, evidence.clone(), basis));
    let waits = wait > target * WAIT;
    if saturated && let Some(size) = enough.filter(|size| *size * 2 < load.connections) {
        return Some(smaller_pool(size, load.connections, evidence));
    }
    if !waits {
        return leave("Leave the pool size: calls do not wait for connections", Basis::Measured);
    }
    // Opening them, in the pool's lock, may be what is waited for: then more of them help nobody.
    if case.record.connections.connect.count as f64 > CHURN * overall.calls as f64 {
        return None;
    }
    if saturated && enough.is_some_and(|size| size <= load.connections) {
        let title = "Leave the pool size: calls wait for processors, and in the pool they wait where it does least harm";
        return leave(title, Basis::Inferred);
    }
    let more = enough.filter(|size| *size > load.connections);
    Some(Recommendation {
        title: match more {
            Some(size) => format!("Give the pool {size} connections: calls wait for one"),
            None => "Give the pool more connections, or send it fewer calls at a time".to_owned(),
        },
        evidence,
        expected: format!("up to {} ms less at p95", three_digits(wait / 1e3)),
        basis: Basis::Inferred,
        risk: "more connections than processors can serve only move the queue into the server".to_owned(),
        verify: "run with --sweep pool=..., and take the smallest size beyond which p95 does not fall"
            .to_owned(),
        // As many more calls at a time leave so much less to wait for.
        effect: wait / overall.response.p95_us.unwrap_or(wait).max(wait)
            * more.map_or(0.5, |size| 1.0 - load.connections as f64 / size as f64),
        ..say::change()
    })
}

/// More connections at work than the processors can serve: they wait for one another inside the server.
fn smaller_pool(size: usize, connections: usize, evidence: String) -> Recommendation {
    Recommendation {
        title: format!("Try a pool of {size} connections: {connections} of them only take turns on the processors"),
        evidence,
        expected: "lower percentiles at the same throughput: who waits in the pool holds no locks, memory or snapshot"
            .to_owned(),
        basis: Basis::Convention,
        risk: "with slow disks or a far network, connections that wait for them leave the processors idle".to_owned(),
        verify: "run with --sweep pool=..., and take the smallest size beyond which p95 does not fall".to_owned(),
        effect: 0.1,
        ..say::change()
    }
}

/// Waiting in front of the clients: one call at a time is the limit, not the database.
pub(super) fn queue_wait(case: &Case) -> Option<Recommendation> {
    let overall = &case.record.overall;
    let wait = overall.queue_wait.p95_us?;
    let target = overall.slo.target_us;
    let service = overall.service.p95_us.unwrap_or_default();
    let load = &case.record.load;
    let evidence = format!(
        "p95 of waiting for a client is {} ms, of holding a connection {} ms; {} clients, each one call at a time; the objective is {}",
        three_digits(wait / 1e3),
        three_digits(service / 1e3),
        load.clients,
        overall.slo.objective
    );
    if wait <= target * WAIT {
        return Some(say::leave_alone(
            "Leave the number of clients: calls are taken up at once",
            evidence,
            Basis::Measured,
        ));
    }
    let serial = load.client_model == "event-loop";
    Some(Recommendation {
        title: if serial {
            "Let a process serve more than one call at a time, or run more processes: calls queue in front of them".to_owned()
        } else {
            "Make calls shorter or run more clients: calls queue in front of them".to_owned()
        },
        evidence,
        expected: format!(
            "up to {} ms less at p95; no setting of the database brings that",
            three_digits(wait / 1e3)
        ),
        basis: Basis::Measured,
        risk: "more clients mean more connections: mind max_connections".to_owned(),
        verify: "run with --sweep clients=..., or with --client-model threaded, and compare p95".to_owned(),
        effect: (wait / overall.response.p95_us.unwrap_or(wait).max(wait)).min(1.0),
        ..say::change()
    })
}

/// What all clients may open, against what the server takes.
pub(super) fn budget(case: &Case) -> Option<Recommendation> {
    // Each process has a pool of its own, which may grow to its size.
    let may_open = case.may_open();
    let pools = may_open / case.record.load.connections.max(1) as u64;
    let most = case.number("max_connections")?;
    let target = case.record.server.machine.as_ref().and_then(|machine| machine.max_connections);
    let most = target.map_or(most, |target| most.min(f64::from(target)));
    let reserved = case.number("superuser_reserved_connections").unwrap_or(3.0)
        + case.number("reserved_connections").unwrap_or_default();
    let evidence = format!(
        "{} of {} may open {may_open} connections; {} takes {most}, {reserved} of them reserved",
        counted(pools, "pool"),
        case.record.load.connections,
        if target.is_some_and(|target| f64::from(target) <= most) {
            case.machine()
        } else {
            "max_connections".to_owned()
        }
    );
    if may_open as f64 <= most - reserved {
        return Some(say::leave_alone("Leave max_connections: the pools fit", evidence, Basis::Inferred));
    }
    Some(Recommendation {
        title: "Make the pools smaller: together they may open more connections than the server takes"
            .to_owned(),
        evidence,
        expected: "no call fails with too many connections (53300) when all instances are busy".to_owned(),
        risk: "calls wait in the pool instead; or raise max_connections, which takes a restart and memory"
            .to_owned(),
        verify: "run with --clients and --pool of all instances, and look for too_many_connections"
            .to_owned(),
        effect: 0.2,
        ..say::change()
    })
}

/// Without limits one hanging statement or transaction holds a connection, its locks and vacuum for ever.
pub(super) fn timeouts(case: &Case) -> Option<Recommendation> {
    let missing: Vec<&str> = ["statement_timeout", "idle_in_transaction_session_timeout"]
        .into_iter()
        .filter(|name| case.number(name) == Some(0.0))
        .collect();
    let first = missing.first()?;
    // Far above what a call may take, far below what a user waits.
    let target_ms = case.record.overall.slo.target_us / 1e3;
    let to = format!("{:.0}s", (target_ms * 50.0 / 1e3).clamp(5.0, 60.0));
    // For the role alone: for all of the server they would end index builds and dumps, too.
    let (change, more_changes) = apply::set_for_role(case, missing.iter().map(|name| (*name, to.as_str())))?;
    Some(Recommendation {
        title: format!(
            "Set {} to {to} for the role of the load; give its pool a connect_timeout",
            missing.join(" and ")
        ),
        evidence: format!(
            "{} not set: a statement or transaction that hangs holds its connection and its locks for ever; a connect_timeout is the client's, and no record shows it",
            if missing.len() == 1 { format!("{first} is") } else { format!("{} are", missing.join(" and ")) }
        ),
        change: Some(change),
        more_changes,
        expected: "no gain in speed; what hangs ends".to_owned(),
        basis: Basis::Convention,
        risk:
            "migrations and index builds of the same role need SET statement_timeout = 0 in their own session"
                .to_owned(),
        verify: "in a new session of the role, SELECT pg_sleep(3600) is canceled after that time".to_owned(),
        effect: 0.002,
        ..say::change()
    })
}
