//! The memory that the settings promise, against what there is: out of memory, Linux ends the whole server.

use super::{
    apply,
    case::Case,
    memory,
    say::{self, whole_mb},
    work_memory,
};
use crate::{
    flags::{MemoryBudget, setting::format_bytes},
    record::{Basis, Change, PlanNode, Recommendation},
    text,
};

/// More work_mem than this is not advised for a server whose memory is not known.
const MODEST: u64 = 64 << 20;
/// Part of memory that one maintenance task may take, and the most (tuning guides of several vendors).
const MAINTENANCE_SHARE: u64 = 20;
const MOST_MAINTENANCE: u64 = 1 << 30;
/// Below this nothing is lowered: vacuum and index builds, and sorts, would go over the data again and again.
pub(super) const LEAST_MAINTENANCE: u64 = 16 << 20;
const LEAST_WORK: u64 = 1 << 20;
/// PostgreSQL's defaults, from version 15 on, of what each session may take beside work_mem.
const TEMPORARY: u64 = 8 << 20;
const MULTIPLIER: f64 = 2.0;

/// What one maintenance task may take on a machine with that much memory.
pub(super) fn maintenance_share(memory: u64) -> u64 {
    whole_mb(memory / MAINTENANCE_SHARE).clamp(1 << 20, MOST_MAINTENANCE)
}

/// What the settings promise as they are; `None` where one is not known.
pub(super) fn promised(case: &Case) -> Option<MemoryBudget> {
    let maintenance = case.bytes("maintenance_work_mem")?;
    Some(MemoryBudget {
        buffers: case.bytes("shared_buffers")?,
        work: case.bytes("work_mem")?,
        nodes: nodes(case, case.number("hash_mem_multiplier").unwrap_or(1.0)),
        temporary: case.bytes("temp_buffers").unwrap_or_default(),
        connections: case.may_open(),
        maintenance,
        // -1, which has no bytes, stands for maintenance_work_mem.
        autovacuum: case.bytes("autovacuum_work_mem").unwrap_or(maintenance),
        workers: case.number("autovacuum_max_workers").unwrap_or(3.0) as u64,
    })
}

/// What they promise once the other rules' advice on buffers and maintenance is followed.
fn settled(case: &Case) -> Option<MemoryBudget> {
    let now = promised(case)?;
    let maintenance = work_memory::maintenance_to(case).unwrap_or(now.maintenance);
    // Where autovacuum has nothing of its own, it takes what maintenance gets.
    let autovacuum = case.bytes("autovacuum_work_mem").unwrap_or(maintenance);
    let buffers = memory::buffers_to(case).unwrap_or(now.buffers);
    Some(MemoryBudget { buffers, maintenance, autovacuum, ..now })
}

/// The same with maintenance brought back to its share where it has more.
fn in_proportion(budget: &MemoryBudget, memory: u64) -> MemoryBudget {
    let maintenance = budget.maintenance.min(maintenance_share(memory).max(LEAST_MAINTENANCE));
    MemoryBudget { maintenance, autovacuum: budget.autovacuum.min(maintenance), ..*budget }
}

/// How many times work_mem the plan of the workload takes that takes most, at least 1.
fn nodes(case: &Case, multiplier: f64) -> f64 {
    let of = |node: &PlanNode| match node.kind.as_str() {
        "Sort" | "Incremental Sort" | "Bitmap Heap Scan" => 1.0,
        "Hash" | "Memoize" => multiplier,
        "Aggregate" if node.peak_memory_bytes > 0 => multiplier,
        _ => 0.0,
    };
    let of_plan = |root: &PlanNode| root.nodes().into_iter().map(of).sum::<f64>();
    case.plans.iter().map(|(_, root)| of_plan(root)).fold(1.0, f64::max)
}

/// What work_mem may be: the memory that is left beside everything else, over all that may be at work at once. What is
/// promised too often is taken as it will be once it is lowered.
pub(super) fn most_work_mem(case: &Case) -> u64 {
    let Some((budget, memory)) = settled(case).zip(case.memory()) else { return MODEST };
    let room = if budget.all() > memory { in_proportion(&budget, memory) } else { budget }.room(memory);
    // In whole megabytes where it is as much as one.
    if room < 1 << 20 { room } else { whole_mb(room) }
}

/// What every session may take at once, against memory. The largest of what can be lowered goes first; shared_buffers
/// are other rules'.
pub(super) fn overcommit(case: &Case) -> Option<Recommendation> {
    let memory = case.memory()?;
    let budget = settled(case)?;
    if budget.all() <= memory {
        return None;
    }
    let (changes, after) = lowered(case, &budget, memory);
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
        evidence: figures(case, &promised(case)?, memory),
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

/// What can be lowered.
#[derive(Clone, Copy)]
enum Lever {
    /// Sorts and hashes of the sessions.
    Queries,
    /// Their temporary tables.
    Temporary,
    /// Autovacuum and maintenance.
    Upkeep,
}

impl Lever {
    fn bytes(self, budget: &MemoryBudget) -> u64 {
        match self {
            Self::Queries => budget.queries(),
            Self::Temporary => budget.temporary_tables(),
            Self::Upkeep => budget.upkeep(),
        }
    }
}

/// Lowers what is largest until the sum fits, and says what is left.
fn lowered(case: &Case, budget: &MemoryBudget, memory: u64) -> (Vec<Change>, MemoryBudget) {
    let mut levers = [Lever::Queries, Lever::Temporary, Lever::Upkeep];
    levers.sort_by_key(|lever| std::cmp::Reverse(lever.bytes(budget)));
    let (mut after, mut changes) = (*budget, Vec::new());
    for lever in levers {
        if after.all() > memory {
            lower(case, lever, &mut after, memory, &mut changes);
        }
    }
    (changes, after)
}

fn lower(case: &Case, lever: Lever, after: &mut MemoryBudget, memory: u64, changes: &mut Vec<Change>) {
    // What a setting becomes, with its change where it is another value.
    let set = |name: &str, now: u64, to: u64, changes: &mut Vec<Change>| {
        changes.extend((to < now).then(|| apply::set(case, name, &format_bytes(to))).flatten());
        to.min(now)
    };
    let fair = in_proportion(after, memory);
    match lever {
        Lever::Temporary => after.temporary = set("temp_buffers", after.temporary, TEMPORARY, changes),
        Lever::Upkeep => {
            after.maintenance = set("maintenance_work_mem", after.maintenance, fair.maintenance, changes);
            if case.bytes("autovacuum_work_mem").is_some() {
                set("autovacuum_work_mem", after.autovacuum, fair.autovacuum, changes);
            }
            after.autovacuum = fair.autovacuum;
        }
        Lever::Queries => {
            let usual = nodes(case, MULTIPLIER);
            if usual < after.nodes {
                changes.extend(apply::set(case, "hash_mem_multiplier", &MULTIPLIER.to_string()));
                after.nodes = usual;
            }
            if after.all() > memory {
                // Beside maintenance and temporary tables that keep their share, however that comes about.
                let others =
                    MemoryBudget { temporary: fair.temporary.min(TEMPORARY), nodes: after.nodes, ..fair };
                let to = whole_mb(others.room(memory)).max(LEAST_WORK);
                after.work = set("work_mem", after.work, to, changes);
            }
        }
    }
}

fn figures(case: &Case, budget: &MemoryBudget, memory: u64) -> String {
    let upkeep = if budget.autovacuum == budget.maintenance {
        format!("maintenance_work_mem {} x {}", text::bytes(budget.maintenance), budget.workers + 1)
    } else {
        format!(
            "maintenance_work_mem {} + autovacuum_work_mem {} x {}",
            text::bytes(budget.maintenance),
            text::bytes(budget.autovacuum),
            budget.workers
        )
    };
    format!(
        "shared_buffers {} + work_mem {} x {:.0} (sorts, and hashes times hash_mem_multiplier, of the largest plan) x {} connections + temp_buffers {} x as many + {upkeep} = {}; {} has {}",
        text::bytes(budget.buffers),
        text::bytes(budget.work),
        budget.nodes,
        budget.connections,
        text::bytes(budget.temporary),
        text::bytes(budget.all()),
        case.machine(),
        text::bytes(memory)
    )
}
