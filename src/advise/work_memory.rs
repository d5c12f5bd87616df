//! Memory of each sort, hash and maintenance: work_mem, hash_mem_multiplier, maintenance_work_mem.

use super::{
    case::Case,
    say::{self, whole_mb},
};
use crate::{
    flags::{Setting, setting::format_bytes},
    record::{Basis, PlanNode, Recommendation, StatementPlan, WindowCounters},
};

/// More work_mem than this is not advised for a server whose memory is not known.
const MODEST: u64 = 64 << 20;
/// Temporary files a call from which more memory for each sort is worth its risk.
const SPILLS_THAT_MATTER: f64 = 0.01;
/// A sort takes this many times the memory of what it wrote to disk, since rows in memory have headers and pointers.
const IN_MEMORY: u64 = 2;
/// maintenance_work_mem below this makes vacuum and index builds go over the data again and again.
const LITTLE_MAINTENANCE: u64 = 16 << 20;
/// A dead row takes 6 bytes of maintenance_work_mem in a vacuum (before PostgreSQL 17).
const BYTES_A_DEAD_ROW: u64 = 6;

/// Sorts and hashes of the plan that has most of them; each may take work_mem. At least 1.
pub(super) fn nodes(case: &Case) -> u64 {
    let takes = |node: &&PlanNode| {
        ["Sort", "Hash", "Incremental Sort", "Bitmap Heap Scan", "Memoize"].contains(&node.kind.as_str())
            || node.kind == "Aggregate" && node.peak_memory_bytes > 0
    };
    let most = case.plans.iter().map(|(_, root)| root.nodes().into_iter().filter(takes).count() as u64).max();
    most.unwrap_or(1).max(1)
}

/// What one node of a plan would have needed to stay in memory, if it did not.
fn need(node: &PlanNode) -> Option<u64> {
    if node.sort_on_disk {
        return Some(node.sort_bytes * IN_MEMORY);
    }
    if node.kind == "Hash" && node.hash_batches > 1 {
        return Some(node.peak_memory_bytes * node.hash_batches);
    }
    (node.disk_bytes > 0).then_some(node.peak_memory_bytes + node.disk_bytes)
}

/// What work_mem may be: the memory that is left, over all the sorts and hashes that may be at work.
fn bound(case: &Case) -> u64 {
    let buffers = case.bytes("shared_buffers").unwrap_or_default();
    let at_once = (case.record.load.connections as u64).max(1) * nodes(case);
    case.memory().map_or(MODEST, |memory| memory.saturating_sub(buffers) / at_once)
}

/// What went to disk, in figures; `worst` is a node that did.
fn spills(setting: &Setting, window: &WindowCounters, worst: Option<(&StatementPlan, &PlanNode)>) -> String {
    format!(
        "work_mem is {}; {} temporary files, {} in all, {} each on average{}",
        setting.display(),
        window.temp_files,
        say::bytes(window.temp_bytes),
        say::bytes(window.temp_bytes / window.temp_files.max(1)),
        worst.map_or_else(String::new, |(plan, node)| format!(
            "; {} of {} ({}) would need {}",
            node.sort_method.as_deref().unwrap_or(&node.kind),
            say::statements(&plan.statements),
            super::plans::case(plan.case),
            say::bytes(need(node).unwrap_or_default())
        ))
    )
}

/// Temporary files are sorts and hashes that did not fit in work_mem; where they are rare, leave it.
pub(super) fn work_mem(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("work_mem")?;
    let current = setting.bytes()?;
    let window = &case.record.evidence.window;
    let calls = case.record.overall.calls;
    let spilled = case.nodes(|node| need(node).is_some());
    let share = window.temp_files as f64 / calls.max(1) as f64;
    if share < SPILLS_THAT_MATTER && spilled.is_empty() {
        let evidence = format!(
            "work_mem is {}; sorts and hashes of {calls} calls made {} temporary files",
            setting.display(),
            window.temp_files
        );
        let title = "Leave work_mem: hardly anything spills to disk";
        return Some(say::leave_alone(title, evidence, Basis::Inferred));
    }
    let mean_bytes = window.temp_bytes / window.temp_files.max(1);
    let of_plans = spilled.iter().filter_map(|(_, node)| need(node)).max().unwrap_or_default();
    // Twice the largest need, as the next power of two.
    let of_files = if share < SPILLS_THAT_MATTER { 0 } else { current + IN_MEMORY * mean_bytes };
    let wanted = (2 * of_plans.max(of_files)).next_power_of_two().max(1 << 20);
    let to = whole_mb(wanted.min(bound(case)));
    let spills = spills(setting, window, spilled.first().copied());
    if to <= current {
        return Some(say::leave_alone(
            "Leave work_mem: what spills would need more than each session may take",
            format!("{spills}; {} a sort is what {} can give", say::bytes(bound(case)), case.machine()),
            Basis::Inferred,
        ));
    }
    let saved = case.what_if("work_mem").map_or(0.0, |what_if| case.saved(what_if));
    let by_plans = case.share_of_plans(|_, root| {
        if root.nodes().into_iter().any(|node| need(node).is_some()) { 0.5 } else { 0.0 }
    });
    let to = format_bytes(to);
    Some(Recommendation {
        title: format!("Raise work_mem to {to}: sorts and hashes spill to disk"),
        evidence: spills,
        change: say::alter_system(case, "work_mem", &to),
        expected: if saved > 0.0 {
            format!("{} of the response time, by the trials of this run", say::percent(saved))
        } else {
            "sorts and hashes stay in memory".to_owned()
        },
        basis: if saved > 0.0 { Basis::Measured } else { Basis::Inferred },
        risk: "each sort or hash of each connection may use that much: watch the machine's memory".to_owned(),
        verify: "run again: the temporary files are gone".to_owned(),
        effect: saved.max(by_plans).max((share * 0.3).min(0.3)),
        ..say::change()
    })
}

/// A bitmap that does not fit keeps whole blocks instead of rows, and each row in them is looked at again.
pub(super) fn lossy_bitmaps(case: &Case) -> Option<Recommendation> {
    let lossy = case.nodes(|node| node.lossy_blocks > 0);
    let (plan, node) = *lossy.first()?;
    let setting = case.setting("work_mem")?;
    let current = setting.bytes()?;
    // A page of a bitmap takes some 60 bytes of memory.
    let wanted = ((node.lossy_blocks + node.exact_blocks) * 64 * 2).next_power_of_two().max(1 << 20);
    let to = whole_mb(wanted.max(current * 2).min(bound(case)));
    if to <= current {
        return None;
    }
    let to = format_bytes(to);
    Some(Recommendation {
        title: format!("Raise work_mem to {to}: a bitmap does not fit"),
        evidence: format!(
            "work_mem is {}; {} of {} blocks of a bitmap of {} were kept as whole blocks, {:.0} rows were looked at for nothing",
            setting.display(),
            node.lossy_blocks,
            node.lossy_blocks + node.exact_blocks,
            say::statements(&plan.statements),
            node.removed_by_recheck * node.loops
        ),
        change: say::alter_system(case, "work_mem", &to),
        expected: "only rows that the index named are looked at".to_owned(),
        basis: Basis::Inferred,
        risk: "each sort, hash or bitmap of each connection may use that much".to_owned(),
        verify: "run again: the plan has no lossy blocks".to_owned(),
        effect: case.share_of_plans(|_, root| {
            if root.nodes().into_iter().any(|node| node.lossy_blocks > 0) { 0.3 } else { 0.0 }
        }),
        ..say::change()
    })
}

/// Where hashes spill and sorts do not, hashes alone get more.
pub(super) fn hash_mem_multiplier(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("hash_mem_multiplier")?;
    let current = case.number("hash_mem_multiplier")?;
    let hashes = case.nodes(|node| node.hash_batches > 1 || node.disk_bytes > 0);
    if !case.nodes(|node| node.sort_on_disk).is_empty() {
        return None;
    }
    let Some((plan, node)) = hashes.first() else {
        let evidence = format!("hash_mem_multiplier is {}; no hash of a plan spilled", setting.value);
        return Some(say::leave_alone(
            "Leave hash_mem_multiplier: no hash spills",
            evidence,
            Basis::Inferred,
        ));
    };
    let to = (current * node.hash_batches.max(2) as f64).min(8.0);
    if to <= current {
        return None;
    }
    Some(Recommendation {
        title: format!("Raise hash_mem_multiplier to {to}: hashes spill, sorts do not"),
        evidence: format!(
            "{} of {} took {} batches with {}",
            node.kind,
            say::statements(&plan.statements),
            node.hash_batches,
            say::bytes(node.peak_memory_bytes)
        ),
        change: say::alter_system(case, "hash_mem_multiplier", &to.to_string()),
        expected: "hashes stay in memory, sorts keep their bound".to_owned(),
        basis: Basis::Inferred,
        risk: "each hash of each connection may use work_mem times as much".to_owned(),
        verify: "run again: hashes have one batch".to_owned(),
        effect: case.share_of_plans(|_, root| {
            if root.nodes().into_iter().any(|node| node.hash_batches > 1) { 0.3 } else { 0.0 }
        }),
        ..say::change()
    })
}

/// Vacuum and index builds with hardly any memory go over the data again and again.
pub(super) fn maintenance_work_mem(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("maintenance_work_mem")?;
    let current = setting.bytes()?;
    let table = case.tracks()?;
    let dead_bytes = (table.live_rows + table.dead_rows) / 5 * BYTES_A_DEAD_ROW;
    let largest_index = case.record.evidence.indexes.iter().flatten().map(|index| index.bytes).max();
    let largest = largest_index.unwrap_or(table.index_bytes);
    if current >= LITTLE_MAINTENANCE && current >= dead_bytes {
        let evidence = format!(
            "maintenance_work_mem is {}, the largest index {}; a vacuum of {} needs some {} for a fifth of its rows",
            setting.display(),
            say::bytes(largest),
            table.name,
            say::bytes(dead_bytes)
        );
        return Some(say::leave_alone(
            "Leave maintenance_work_mem: a vacuum of the library passes its indexes once",
            evidence,
            Basis::Inferred,
        ));
    }
    // A twentieth of memory, at most 1 GB (tuning guides of several vendors); as the autovacuum workers each take it.
    let to = case.memory().map_or(64 << 20, |memory| whole_mb(memory / 20)).min(1 << 30);
    let to = to.min(whole_mb(largest.max(dead_bytes)).next_power_of_two().max(64 << 20));
    if to <= current {
        return None;
    }
    let to = format_bytes(to);
    Some(Recommendation {
        title: format!("Raise maintenance_work_mem to {to}"),
        evidence: format!(
            "maintenance_work_mem is {}{}; the largest index is {}",
            setting.display(),
            if current <= 1 << 20 {
                ", PostgreSQL's minimum: it looks like megabytes written without a unit"
            } else {
                ""
            },
            say::bytes(largest)
        ),
        change: say::alter_system(case, "maintenance_work_mem", &to),
        expected: "vacuum passes the indexes once; index builds sort in memory".to_owned(),
        basis: Basis::Convention,
        risk: "each autovacuum worker may take it (autovacuum_work_mem bounds them)".to_owned(),
        verify: "VACUUM (VERBOSE) says how often it passed the indexes".to_owned(),
        effect: 0.03,
        ..say::change()
    })
}
