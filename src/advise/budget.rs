//! The memory that the settings promise, against what there is: out of memory, Linux ends the whole server.

use super::{
    apply,
    case::Case,
    say::{self, whole_mb},
};
use crate::{
    flags::{MemoryBudget, setting::format_bytes},
    record::{Basis, Change, PlanNode, Recommendation},
};

/// More work_mem than this is not advised for a server whose memory is not known.
const MODEST: u64 = 64 << 20;
/// The manual's starting point for shared_buffers on a dedicated server (section 20.4.1).
pub(super) const BUFFERS_SHARE: f64 = 0.25;
/// The same section: more than this is unlikely to work better.
pub(super) const MOST_BUFFERS_SHARE: f64 = 0.40;
/// Part of memory that one maintenance task may take, and the most (tuning guides of several vendors).
const MAINTENANCE_SHARE: u64 = 20;
const MOST_MAINTENANCE: u64 = 1 << 30;
/// Below this nothing is lowered: vacuum and index builds, and sorts, would go over the data again and again.
pub(super) const LEAST_MAINTENANCE: u64 = 16 << 20;
const LEAST_WORK: u64 = 1 << 20;

/// What one maintenance task may take on a machine with that much memory.
pub(super) fn maintenance_share(memory: u64) -> u64 {
    whole_mb(memory / MAINTENANCE_SHARE).clamp(1 << 20, MOST_MAINTENANCE)
}

/// What the settings promise; `None` where one is not known.
fn promised(case: &Case) -> Option<MemoryBudget> {
    let maintenance = case.bytes("maintenance_work_mem")?;
    Some(MemoryBudget {
        buffers: case.bytes("shared_buffers")?,
        work: case.bytes("work_mem")?,
        nodes: nodes(case),
        temporary: case.bytes("temp_buffers").unwrap_or_default(),
        connections: case.may_open(),
        maintenance,
        // -1, which has no bytes, stands for maintenance_work_mem.
        autovacuum: case.bytes("autovacuum_work_mem").unwrap_or(maintenance),
        workers: case.number("autovacuum_max_workers").unwrap_or(3.0) as u64,
    })
}

/// The same with buffers and maintenance brought back to their share where that is not kept.
fn in_proportion(budget: &MemoryBudget, memory: u64) -> MemoryBudget {
    let maintenance = budget.maintenance.min(maintenance_share(memory).max(LEAST_MAINTENANCE));
    let buffers = if budget.buffers as f64 > memory as f64 * MOST_BUFFERS_SHARE {
        whole_mb((memory as f64 * BUFFERS_SHARE) as u64)
    } else {
        budget.buffers
    };
    MemoryBudget { buffers, maintenance, autovacuum: budget.autovacuum.min(maintenance), ..*budget }
}

/// How many times work_mem the plan of the workload takes that takes most, at least 1.
fn nodes(case: &Case) -> f64 {
    let multiplier = case.number("hash_mem_multiplier").unwrap_or(1.0);
    let of = |node: &PlanNode| match node.kind.as_str() {
        "Sort" | "Incremental Sort" | "Bitmap Heap Scan" => 1.0,
        "Hash" | "Memoize" => multiplier,
        "Aggregate" if node.peak_memory_bytes > 0 => multiplier,
        _ => 0.0,
    };
    let of_plan = |root: &PlanNode| root.nodes().into_iter().map(of).sum::<f64>();
    case.plans.iter().map(|(_, root)| of_plan(root)).fold(1.0, f64::max)
}

/// What work_mem may be: the memory that is left beside everything else, over all that may be at work at once.
pub(super) fn most_work_mem(case: &Case) -> u64 {
    let known = promised(case).zip(case.memory());
    known.map_or(MODEST, |(budget, memory)| whole_mb(in_proportion(&budget, memory).room(memory)))
}

/// What every session may take at once, against memory. The largest of what can be lowered goes first; shared_buffers
/// beyond their share are another rule's.
pub(super) fn overcommit(case: &Case) -> Option<Recommendation> {
    let memory = case.memory()?;
    let budget = promised(case)?;
    let fair = in_proportion(&budget, memory);
    let without_buffers = MemoryBudget { buffers: fair.buffers, ..budget };
    if without_buffers.all() <= memory {
        return None;
    }
    let (changes, after) = lowered(case, &without_buffers, &fair, memory);
    let titles: Vec<String> =
        changes.iter().map(|change| format!("{} to {}", change.setting, change.to)).collect();
    let mut changes = changes.into_iter();
    let fits = after.all() <= memory;
    // A connection takes its sorts and its temporary tables.
    let each = after.work as f64 * after.nodes + after.temporary as f64;
    let fewer = memory.saturating_sub(after.buffers + after.upkeep()) as f64 / each.max(1.0);
    let connections = format!("use at most {} connections", (fewer as u64).max(1));
    Some(Recommendation {
        title: format!(
            "{}: memory is promised more than once",
            match (titles.is_empty(), fits) {
                (false, true) => format!("Lower {}", titles.join(" and ")),
                (false, false) => format!("Lower {}, and {connections}", titles.join(" and ")),
                (true, _) => format!("U{}", &connections[1..]),
            }
        ),
        evidence: figures(case, &budget, memory),
        change: changes.next(),
        more_changes: changes.collect(),
        expected: "no gain in speed: the server is not ended for want of memory".to_owned(),
        basis: Basis::Inferred,
        risk: "sorts and hashes that no longer fit spill to disk; index builds and vacuum take longer"
            .to_owned(),
        verify: "run again with the same --machine: the sum fits, and this advice is gone".to_owned(),
        effect: 0.15,
        ..say::change()
    })
}

/// Lowers what is largest until the sum fits, and says what is left.
fn lowered(
    case: &Case,
    budget: &MemoryBudget,
    fair: &MemoryBudget,
    memory: u64,
) -> (Vec<Change>, MemoryBudget) {
    let (mut after, mut changes) = (*budget, Vec::new());
    let sessions_first = budget.queries() > budget.upkeep();
    for is_work in [sessions_first, !sessions_first] {
        if after.all() <= memory {
            break;
        }
        let mut lower = |name: &str, now: u64, to: u64| {
            let change = (to < now).then(|| apply::set(case, name, &format_bytes(to))).flatten();
            changes.extend(change);
        };
        if is_work {
            // Beside maintenance that keeps its share, however that comes about.
            let to = whole_mb(fair.room(memory)).max(LEAST_WORK).min(after.work);
            lower("work_mem", after.work, to);
            after.work = to;
        } else {
            lower("maintenance_work_mem", after.maintenance, fair.maintenance);
            if case.bytes("autovacuum_work_mem").is_some() {
                lower("autovacuum_work_mem", after.autovacuum, fair.autovacuum);
            }
            (after.maintenance, after.autovacuum) = (fair.maintenance, fair.autovacuum);
        }
    }
    (changes, after)
}

fn figures(case: &Case, budget: &MemoryBudget, memory: u64) -> String {
    let upkeep = if budget.autovacuum == budget.maintenance {
        format!("maintenance_work_mem {} x {}", say::bytes(budget.maintenance), budget.workers + 1)
    } else {
        format!(
            "maintenance_work_mem {} + autovacuum_work_mem {} x {}",
            say::bytes(budget.maintenance),
            say::bytes(budget.autovacuum),
            budget.workers
        )
    };
    format!(
        "shared_buffers {} + work_mem {} x {:.0} (sorts, and hashes times hash_mem_multiplier, of the largest plan) x {} connections + temp_buffers {} x as many + {upkeep} = {}; {} has {}",
        say::bytes(budget.buffers),
        say::bytes(budget.work),
        budget.nodes,
        budget.connections,
        say::bytes(budget.temporary),
        say::bytes(budget.all()),
        case.machine(),
        say::bytes(memory)
    )
}
