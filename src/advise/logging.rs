//! Logging and instrumentation.

use super::{apply, case::Case, saving::Tried, say};
use crate::{
    record::{Basis, Recommendation},
    text::grouped,
};

/// Connections opened a call from which their log lines count.
const CHURN: f64 = 0.1;

/// Logging every statement costs a write a round trip.
pub(super) fn statements(case: &Case) -> Option<Recommendation> {
    let (setting, to) = if case.is("log_statement", "all") {
        ("log_statement", "none")
    } else if case.is("log_min_duration_statement", "0") {
        ("log_min_duration_statement", "-1")
    } else if case.is("log_duration", "on") {
        ("log_duration", "off")
    } else if case.is("auto_explain.log_min_duration", "0") {
        ("auto_explain.log_min_duration", "-1")
    } else {
        return None;
    };
    let from = case.setting(setting)?.display();
    let trips: u64 = case
        .record
        .operations
        .iter()
        .flat_map(|operation| &operation.statements)
        .map(|statement| statement.calls)
        .sum();
    let trial = case.what_if(setting).and_then(|what_if| what_if.tried.first());
    let (base, changed) =
        trial.map_or((0.0, 0.0), |trial| (trial.base_median_ms(), trial.changed_median_ms()));
    let certain = trial.is_some_and(crate::record::Trial::is_faster);
    let measured = match trial {
        Some(trial) if certain => format!(
            "; a round trip that does nothing took {:.1} us with it and {:.1} us without, in {} trials of each in turn",
            base * 1e3,
            changed * 1e3,
            trial.base_ms.len()
        ),
        Some(_) => "; trials did not show what a line costs".to_owned(),
        None => String::new(),
    };
    let saved = if certain { case.share_of((base - changed) * 1e3 * trips as f64) } else { 0.0 };
    Some(Recommendation {
        title: format!("Set {setting} to {to}: every statement is logged"),
        evidence: format!("{setting} is {from}; {trips} round trips wrote a line each{measured}"),
        change: apply::set(case, setting, to),
        expected: if saved > 0.0 {
            format!("{}, and the disk traffic of the log", say::by_trials(saved))
        } else {
            "less work and less disk traffic a round trip".to_owned()
        },
        basis: if saved > 0.0 { Basis::Measured } else { Basis::Inferred },
        risk: "single statements can no longer be read from the log; pg_stat_statements still sums them up"
            .to_owned(),
        verify: "run again and compare throughput".to_owned(),
        effect: Tried::effect(trial.map(|_| Tried { saved, is_faster: certain, is_slower: false }), 0.3),
        ..say::change()
    })
}

/// A line for each connection is cheap, unless there is one for each call.
pub(super) fn connections(case: &Case) -> Option<Recommendation> {
    let on = |name: &str| case.value(name).is_some_and(|value| !["off", "", "false"].contains(&value));
    let names: Vec<&str> =
        ["log_connections", "log_disconnections"].into_iter().filter(|name| on(name)).collect();
    let name = names.first()?;
    let opened = case.record.connections.connect.count;
    let a_call = opened as f64 / case.record.overall.calls.max(1) as f64;
    let figures = format!(
        "{} on; {} connections were opened for {} calls",
        if names.len() == 1 { format!("{name} is") } else { format!("{} are", names.join(" and ")) },
        grouped(opened),
        grouped(case.record.overall.calls)
    );
    if a_call < CHURN {
        let title = "Leave the logging of connections: there are few";
        return Some(say::leave_alone(title, figures, Basis::Inferred));
    }
    let (change, more_changes) = apply::set_all(case, names.iter().map(|name| (*name, "off")))?;
    Some(Recommendation {
        title: format!("Switch {} off: each call opens a connection", names.join(" and ")),
        evidence: figures,
        change: Some(change),
        more_changes,
        expected: "a line or three less for each connection".to_owned(),
        basis: Basis::Convention,
        risk: "who connected when can no longer be read from the log".to_owned(),
        verify: "run again and compare throughput".to_owned(),
        effect: 0.03,
        ..say::change()
    })
}

/// Share of the response time from which looking at the clock is dear.
const DEAR: f64 = 0.01;

/// What timing the reads of the window takes, or would take, with its figures; `None` where the server's clock is another
/// machine's, or was not measured.
fn clock(case: &Case) -> Option<(f64, String)> {
    let ns = case.record.host.clock_ns.filter(|_| case.record.server.is_local)?;
    // One look before each read and one after it.
    let share = case.share_of(2.0 * case.record.evidence.window.blocks_read as f64 * ns / 1e3);
    Some((
        share,
        format!(
            "; one look at this machine's clock takes {ns:.0} ns, two for each read {} of the response time",
            say::percent(share)
        ),
    ))
}

/// The time of reads tells a cache from a disk; where the clock is cheap it costs nothing that is felt.
pub(super) fn io_timing(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("track_io_timing")?;
    let window = &case.record.evidence.window;
    let hits = window.hit_share()?;
    let clock = clock(case);
    let figures = format!(
        "track_io_timing is {}; {} of {} block accesses were reads from outside shared buffers{}",
        setting.value,
        grouped(window.blocks_read),
        grouped(window.blocks_hit + window.blocks_read),
        clock.as_ref().map_or("", |(_, figures)| figures)
    );
    let (is_on, is_dear) = (setting.value == "on", clock.as_ref().is_some_and(|(share, _)| *share >= DEAR));
    let title = match (is_on, is_dear) {
        (true, false) => "Leave track_io_timing on: it shows how long reads take",
        (false, true) => "Leave track_io_timing off: this machine's clock is dear",
        (false, false) if hits > 0.99 => "Leave track_io_timing off: hardly a block is read",
        _ => return Some(timed(case, !is_on, figures, clock.as_ref().map_or(0.0, |(share, _)| *share))),
    };
    Some(say::leave_alone(title, figures, Basis::Inferred))
}

fn timed(case: &Case, on: bool, evidence: String, share: f64) -> Recommendation {
    let change = apply::set(case, "track_io_timing", if on { "on" } else { "off" });
    if on {
        return Recommendation {
            title: "Switch track_io_timing on: nobody knows how long reads take".to_owned(),
            evidence,
            change,
            expected: "no gain in speed; later runs tell the system's cache from the disk".to_owned(),
            basis: Basis::Convention,
            risk: "two looks at the clock for each read; where they are not measured here, pg_test_timing on the server shows what they cost"
                .to_owned(),
            verify: "run again: the record holds read_ms".to_owned(),
            effect: 0.005,
            ..say::change()
        };
    }
    Recommendation {
        title: "Switch track_io_timing off, or give the machine a cheaper clock (clocksource tsc)".to_owned(),
        evidence,
        change,
        expected: format!("up to {} of the response time", say::percent(share)),
        risk: "how long reads take is no longer known".to_owned(),
        verify: "run again and compare p95".to_owned(),
        effect: share,
        ..say::change()
    }
}

/// Without statement statistics nobody knows what is slow.
pub(super) fn statement_statistics(case: &Case) -> Option<Recommendation> {
    let evidence = &case.record.evidence;
    if evidence.statements.is_some() {
        return None;
    }
    let why = evidence.missing.iter().find(|line| line.starts_with("statement statistics"))?;
    let loaded =
        case.value("shared_preload_libraries").is_some_and(|value| value.contains("pg_stat_statements"));
    let apply =
        if loaded { "CREATE EXTENSION pg_stat_statements" } else { "load it by shared_preload_libraries" };
    Some(Recommendation {
        title: "Make pg_stat_statements available".to_owned(),
        evidence: why.clone(),
        expected: "time by statement in every later run; no gain in speed".to_owned(),
        basis: Basis::Convention,
        risk: format!("{apply}; loading it takes a restart and a little shared memory"),
        verify: "run again: the record holds statements".to_owned(),
        effect: 0.01,
        ..say::change()
    })
}
