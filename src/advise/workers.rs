//! Help that one statement gets from others: parallel workers, and reads that are asked for ahead.

use super::{apply, case::Case, planner, saving::Tried, say};
use crate::{
    record::{Basis, PlanNode, Recommendation, StatementPlan},
    text::{counted, three_digits},
};

const NAME: &str = "max_parallel_workers_per_gather";

/// A parallel worker needs a processor of its own.
pub(super) fn parallel_workers(case: &Case) -> Option<Recommendation> {
    let setting = case.setting(NAME)?;
    let workers = case.number(NAME)?;
    let processors = case.processors()?;
    let gathers = case.nodes(|node| node.workers.0 > 0);
    let used = gathers
        .first()
        .map_or_else(|| "no plan of this run uses them".to_owned(), |(plan, node)| launched(plan, node));
    let tried = case.tried(NAME);
    let is_measured = tried.is_some_and(|tried| tried.is_faster);
    let figures = format!(
        "{NAME} is {}, {} has {}; {used}{}",
        setting.value,
        case.machine(),
        counted(u64::from(processors), "processor"),
        planner::shown(case, NAME)
    );
    let to = match processors {
        _ if is_measured => 0,
        1 => 0,
        // As pgtune: half of the processors for one query, so that others find some.
        many if workers > f64::from(many) => many / 2,
        _ => workers as u32,
    };
    if f64::from(to) >= workers || Tried::was_slower(tried) {
        let title = match () {
            () if Tried::was_slower(tried) => {
                "Leave the parallel workers: without them, statements were slower"
            }
            () if gathers.is_empty() => "Leave the parallel workers: no plan of the workload uses any",
            () => "Leave the parallel workers: without them, statements are no faster",
        };
        return Some(say::leave_alone(
            title,
            figures,
            if tried.is_some() { Basis::Measured } else { Basis::Inferred },
        ));
    }
    Some(Tried::weigh(tried, Recommendation {
        title: format!(
            "Set {NAME} to {to}: {}",
            if is_measured {
                "plans are faster without workers"
            } else {
                "there are fewer processors than workers"
            }
        ),
        evidence: figures,
        change: apply::set(case, NAME, &to.to_string()),
        expected: "no workers are started that would only take turns".to_owned(),
        basis: Basis::Convention,
        risk:
            "large scans of a server that does little else take longer; take it back when the machine grows"
                .to_owned(),
        verify: "run again: plans have no more workers than that".to_owned(),
        effect: if gathers.is_empty() { 0.01 } else { 0.1 },
        ..say::change()
    }))
}

fn launched(plan: &StatementPlan, node: &PlanNode) -> String {
    let (planned, launched) = node.workers;
    format!("{} asks for {planned} and got {launched}", say::statements(&plan.statements))
}

/// Prefetching helps bitmap scans that read from a disk, and nothing else.
pub(super) fn io_concurrency(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("effective_io_concurrency")?;
    let value = case.number("effective_io_concurrency")?;
    let reading = case.nodes(|node| node.kind == "Bitmap Heap Scan" && node.blocks_read > 0);
    let rotational = case.is_rotational();
    let read_ms = case.record.evidence.window.read_ms;
    if reading.is_empty() || value >= 16.0 || rotational {
        let evidence = format!(
            "effective_io_concurrency is {}; {} of the plans read blocks from outside shared buffers",
            setting.value,
            counted(reading.len(), "bitmap scan")
        );
        let title = match () {
            () if reading.is_empty() => "Leave effective_io_concurrency: no bitmap scan waits for a disk",
            () if rotational => "Leave effective_io_concurrency: a disk that turns gains nothing from more",
            () => "Leave effective_io_concurrency: it is high enough already",
        };
        return Some(say::leave_alone(title, evidence, Basis::Inferred));
    }
    let (plan, node) = *reading.first()?;
    let figures = format!(
        "effective_io_concurrency is {}; a bitmap scan of {} read {} from outside shared buffers{}",
        setting.value,
        say::statements(&plan.statements),
        counted(node.blocks_read, "block"),
        read_ms
            .map_or_else(String::new, |ms| format!("; reading took {} ms of the window", three_digits(ms)))
    );
    // Without the time of reading nobody knows whether a disk was behind it, or the system's cache.
    let share = read_ms.map_or(0.0, |ms| case.share_of(ms * 1e3));
    if share < 0.01 {
        let title = "Leave effective_io_concurrency: nothing shows that bitmap scans wait for a disk";
        return Some(say::leave_alone(title, figures, Basis::Inferred));
    }
    Some(Recommendation {
        title: "Raise effective_io_concurrency to 200".to_owned(),
        evidence: figures,
        change: apply::set(case, "effective_io_concurrency", "200"),
        expected: "blocks of a bitmap scan are asked for before they are needed".to_owned(),
        basis: Basis::Convention,
        risk: "none on an SSD; on a disk that turns, keep it low".to_owned(),
        verify: "run again with track_io_timing on and compare the time of reading".to_owned(),
        effect: share / 2.0,
        ..say::change()
    })
}
