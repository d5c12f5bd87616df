//! Limits that keep one client from harming the others.

use super::{
    case::{Case, is_zero},
    check::{Check, Judged, Seen, manual},
    finding::Severity,
};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "statement-timeout-unset",
        severity: Severity::Medium,
        title: "a statement of the application may take for ever",
        why: "a statement that hangs holds its connection and its locks for ever",
        reference: manual!("runtime-config-client.html#GUC-STATEMENT-TIMEOUT"),
        judge: statement_timeout,
    },
    Check {
        id: "idle-in-transaction-timeout-unset",
        severity: Severity::Medium,
        title: "a transaction of the application may stand open for ever",
        why: "a transaction that hangs holds its connection, its locks and vacuum for ever",
        reference: manual!("runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT"),
        judge: idle_in_transaction_timeout,
    },
    Check {
        id: "lock-timeout-unset",
        severity: Severity::Low,
        title: "a statement of the application may wait for a lock for ever",
        why: "who waits for a lock is waited for by others: a migration that waits stops every query behind it",
        reference: manual!("runtime-config-client.html#GUC-LOCK-TIMEOUT"),
        judge: lock_timeout,
    },
    Check {
        id: "idle-session-timeout-unset",
        severity: Severity::Info,
        title: "a session of the application may be idle for ever",
        why: "connections of instances that are gone stay until TCP notices; a pool must test the connections that it hands out before this may be set",
        reference: manual!("runtime-config-client.html#GUC-IDLE-SESSION-TIMEOUT"),
        judge: idle_session_timeout,
    },
    Check {
        id: "connection-budget",
        severity: Severity::Medium,
        title: "all instances together may open more connections than the server takes",
        why: "when all are busy, calls fail with too many connections (53300), and so does whoever wants to help",
        reference: manual!("runtime-config-connection.html#GUC-MAX-CONNECTIONS"),
        judge: budget,
    },
    Check {
        id: "no-reserved-connections",
        severity: Severity::Low,
        title: "no connection is kept for those who help",
        why: "when all connections are taken, nobody can look why",
        reference: manual!("runtime-config-connection.html#GUC-SUPERUSER-RESERVED-CONNECTIONS"),
        judge: reserved,
    },
];

/// A time without which the application's role has no limit.
fn timeout(case: &Case, name: &str, to: &str) -> Judged {
    if !is_zero(case.at_role(name)?) {
        return Ok(Vec::new());
    }
    let role = &case.evidence.role;
    let seen = Seen::new(role, format!("{name} is not set for {role}"));
    Ok(vec![seen.sql(case.set_at_role(name, to)?).by_hand(format!(
        "for sessions that begin after it; work that takes longer needs SET {name} in its own session"
    ))])
}

fn statement_timeout(case: &Case) -> Judged {
    timeout(case, "statement_timeout", "10s")
}

fn idle_in_transaction_timeout(case: &Case) -> Judged {
    timeout(case, "idle_in_transaction_session_timeout", "10s")
}

fn lock_timeout(case: &Case) -> Judged {
    timeout(case, "lock_timeout", "5s")
}

/// There from PostgreSQL 14 on.
fn idle_session_timeout(case: &Case) -> Judged {
    if case.evidence.server.version_number < 140_000 {
        return Ok(Vec::new());
    }
    timeout(case, "idle_session_timeout", "1h")
}

fn budget(case: &Case) -> Judged {
    let Some(budget) = &case.wanted.budget else {
        return Err(
            "nobody said how many instances and connections each there are (--instances, --pool-max)"
                .to_owned(),
        );
    };
    let most = case.number("max_connections")?;
    // The second of them is there from PostgreSQL 16 on.
    let kept =
        case.number("superuser_reserved_connections")? + case.number("reserved_connections").unwrap_or(0);
    let wanted = budget.connections();
    if wanted <= most.saturating_sub(kept) {
        return Ok(Vec::new());
    }
    let seen = Seen::new(
        "max_connections",
        format!(
            "{} instances of {} connections may open {wanted}; max_connections is {most}, {kept} of them reserved",
            budget.instances, budget.pool
        ),
    );
    Ok(vec![seen.by_hand(
        "make the pools smaller, or put a pooler between; raising max_connections takes a restart and memory",
    )])
}

fn reserved(case: &Case) -> Judged {
    if case.number("superuser_reserved_connections")? > 0 {
        return Ok(Vec::new());
    }
    let seen = Seen::new("superuser_reserved_connections", "superuser_reserved_connections is 0");
    Ok(vec![seen.remedy(case.set("superuser_reserved_connections", "3"))])
}
