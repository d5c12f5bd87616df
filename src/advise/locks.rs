//! Waiting for others: locks, and standbys.

use super::{case::Case, say};
use crate::{
    record::{Basis, Blocker, Recommendation},
    text::{counted, sql, three_digits},
};

/// Part of the sessions' time that waiting may take before it is spoken of.
const WAITING: f64 = 0.05;

/// Sessions that wait for a lock wait for somebody, who can be named.
pub(super) fn lock_waits(case: &Case) -> Option<Recommendation> {
    // Those who make a file longer wait for one another, too; nobody's transaction is behind that.
    let (all, extending) = (case.waiting("Lock", ""), case.waiting("Lock", "extend"));
    let (sessions, share) = (all.0 - extending.0, all.1 - extending.1);
    if share < WAITING {
        return None;
    }
    let blockers = || case.record.samples.samples.iter().flat_map(|sample| &sample.blockers);
    let longest = case
        .record
        .samples
        .samples
        .iter()
        .filter_map(|sample| sample.longest_lock_wait_ms)
        .fold(0.0, f64::max);
    let figures = format!(
        "{sessions:.1} sessions waited for a lock on average, {} of all sessions' time; the longest wait seen was {} ms",
        say::percent(share),
        three_digits(longest)
    );
    let worst = blockers().filter(|blocker| !blocker.is_ours).max_by_key(|blocker| blocker.blocked);
    let Some(worst) = worst else {
        return Some(Recommendation {
            title: "Shorten the transactions that change the same rows: calls wait for one another's locks"
                .to_owned(),
            evidence: figures,
            expected: "calls that write wait no longer than a commit takes".to_owned(),
            basis: Basis::Measured,
            risk: "none; it is a change of the application".to_owned(),
            verify: "run again: lock_waits of the samples falls".to_owned(),
            effect: share,
            ..say::change()
        });
    };
    Some(Recommendation {
        title: format!("End what holds locks: {} made up to {} wait", who(worst), counted(worst.blocked, "session")),
        evidence: format!(
            "{figures}; it was in the way in {} of {} samples; they waited for {}",
            case.record.samples.samples.iter().filter(|sample| sample.blockers.iter().any(|one| one.pid == worst.pid)).count(),
            case.record.samples.samples.len(),
            worst.event
        ),
        expected: format!("{} of the sessions' time", say::percent(share)),
        basis: Basis::Measured,
        risk: "what that session had not committed is lost; set idle_in_transaction_session_timeout and lock_timeout so that it cannot come back".to_owned(),
        // Its number may be another session's by now.
        verify: format!(
            "SELECT pid, xact_start, state, query FROM pg_stat_activity WHERE {} AND xact_start < now() - interval '1 minute'; once it is surely the one, SELECT pg_terminate_backend(pid); then run again: lock_waits falls",
            match worst.application.as_deref().filter(|name| !name.is_empty()) {
                Some(name) => format!("application_name = {}", sql::literal(name)),
                None => format!("pid = {}", worst.pid),
            }
        ),
        effect: share.max(0.3),
        ..say::change()
    })
}

fn who(blocker: &Blocker) -> String {
    let application = blocker.application.as_deref().filter(|name| !name.is_empty());
    format!(
        "session {}{}{}",
        blocker.pid,
        application.map_or_else(String::new, |name| format!(" of {name}")),
        blocker.state.as_ref().map_or_else(String::new, |state| format!(" ({state})"))
    )
}

/// With synchronous replication a commit lasts until a standby has it; one that is away holds every writer.
pub(super) fn synchronous_replication(case: &Case) -> Option<Recommendation> {
    let (sessions, share) = case.waiting("IPC", "SyncRep");
    let setting = case.setting("synchronous_standby_names");
    let names = setting.map(|setting| setting.value.as_str()).unwrap_or_default();
    if share < WAITING {
        return None;
    }
    Some(Recommendation {
        title: "See to the standby that commits wait for".to_owned(),
        evidence: format!(
            "{sessions:.1} sessions waited for synchronous replication on average, {} of all sessions' time; synchronous_standby_names is '{names}'",
            say::percent(share)
        ),
        expected: "commits last as long as the standby's network and disk, or no longer than the own disk's".to_owned(),
        basis: Basis::Measured,
        risk: "without a synchronous standby the last commits can be lost with the machine: it is the owner of the data who decides"
            .to_owned(),
        verify: "SELECT application_name, state, sync_state, flush_lag FROM pg_stat_replication".to_owned(),
        effect: share,
        ..say::change()
    })
}
