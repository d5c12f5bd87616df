//! Memory of each sort, hash and maintenance: work_mem, hash_mem_multiplier, maintenance_work_mem.

use super::{
    apply, budget,
    case::Case,
    planner,
    saving::Tried,
    say::{self, whole_mb},
};
use crate::{
    flags::{Setting, setting::format_bytes},
    record::{Basis, PlanNode, Recommendation, Relation, StatementPlan},
    text::{self, counted, grouped},
};

/// Temporary files a call from which more memory for each sort is worth its risk.
const SPILLS_THAT_MATTER: f64 = 0.01;
/// Share of the response time that more memory must save where temporary files are rarer than that.
const SAVING_THAT_MATTERS: f64 = 0.01;
/// A sort takes this many times the memory of what it wrote to disk, since rows in memory have headers and pointers.
const IN_MEMORY: u64 = 2;
/// A page of a bitmap takes some 60 bytes of memory.
const BITMAP_PAGE: u64 = 64;
/// work_mem and maintenance_work_mem as they become when megabytes are written without a unit.
const WITHOUT_UNIT: [u64; 2] = [64 << 10, 1 << 20];
/// More than this of work_mem for each hash is not advised.
const MOST_MULTIPLIER: f64 = 8.0;
/// A dead row takes 6 bytes of maintenance_work_mem in a vacuum (before PostgreSQL 17).
const BYTES_A_DEAD_ROW: u64 = 6;

fn is_hash(node: &PlanNode) -> bool {
    node.hash_batches > 1 || node.kind == "Aggregate" && node.disk_bytes > 0
}

/// Memory that one node of a plan would have needed, if it did not have it.
fn need(node: &PlanNode) -> Option<u64> {
    if node.sort_on_disk {
        return Some(node.sort_bytes * IN_MEMORY);
    }
    if node.kind == "Hash" && node.hash_batches > 1 {
        return Some(node.peak_memory_bytes * node.hash_batches);
    }
    if node.lossy_blocks > 0 {
        return Some((node.lossy_blocks + node.exact_blocks) * BITMAP_PAGE);
    }
    (node.disk_bytes > 0).then_some(node.peak_memory_bytes + node.disk_bytes)
}

/// The hash_mem_multiplier with which hashes would have their memory, where nothing else spills and the server has it.
fn multiplier_for_hashes(case: &Case) -> Option<f64> {
    let spilled = case.nodes(|node| need(node).is_some());
    let (current, work) = (case.number("hash_mem_multiplier")?, case.bytes("work_mem")?);
    if spilled.is_empty() || spilled.iter().any(|(_, node)| !is_hash(node)) {
        return None;
    }
    let largest = spilled.iter().filter_map(|(_, node)| need(node)).max()?;
    // A little more than the need, in halves: the need itself is an estimate.
    let to = (largest as f64 * 1.2 / work as f64 * 2.0).ceil() / 2.0;
    let bound = budget::most_work_mem(case) as f64 * current / work as f64;
    (to > current && to <= MOST_MULTIPLIER.min(bound)).then_some(to)
}

/// The statement that wrote most temporary blocks in the window.
fn worst_statement(case: &Case) -> Option<String> {
    let rows = case.record.evidence.statements.iter().flatten();
    let worst = rows.filter(|row| row.temp_blocks_written > 0).max_by_key(|row| row.temp_blocks_written)?;
    let name = if worst.statements.is_empty() {
        "other statements".to_owned()
    } else {
        say::statements(&worst.statements)
    };
    Some(format!(
        "; most of it by {name}, {} in {}",
        counted(worst.temp_blocks_written, "block"),
        counted(worst.calls, "call")
    ))
}

/// What went to disk, in figures; `worst` is a node that did.
fn spills(case: &Case, setting: &Setting, worst: Option<(&StatementPlan, &PlanNode)>) -> String {
    let window = &case.record.evidence.window;
    let hint = if setting.bytes() == Some(WITHOUT_UNIT[0]) {
        ", PostgreSQL's minimum: it looks like megabytes written without a unit"
    } else {
        ""
    };
    format!(
        "work_mem is {}{hint}; {}, {} in all{}{}",
        setting.display(),
        counted(window.temp_files, "temporary file"),
        text::bytes(window.temp_bytes),
        worst_statement(case).unwrap_or_default(),
        worst.map_or_else(String::new, |(plan, node)| format!(
            "; {} of {} ({}) would need {}",
            node.sort_method.as_deref().unwrap_or(&node.kind),
            say::statements(&plan.statements),
            super::plans::case(plan.case),
            text::bytes(need(node).unwrap_or_default())
        ))
    )
}

/// Whether temporary files are frequent enough to matter.
fn is_spilling(case: &Case) -> bool {
    case.record.evidence.window.temp_files as f64
        >= SPILLS_THAT_MATTER * case.record.overall.calls.max(1) as f64
}

/// work_mem that would do for all that spilled: twice the largest need, as the next power of two.
fn wanted(case: &Case, current: u64) -> u64 {
    let multiplier = case.number("hash_mem_multiplier").unwrap_or(1.0).max(1.0);
    let of_node = |node: &PlanNode| {
        let need = need(node)?;
        Some(if is_hash(node) { (need as f64 / multiplier) as u64 } else { need })
    };
    let nodes = case.nodes(|node| need(node).is_some());
    let of_plans = nodes.iter().filter_map(|(_, node)| of_node(node)).max().unwrap_or_default();
    let window = &case.record.evidence.window;
    let mean = window.temp_bytes / window.temp_files.max(1);
    let of_files = if is_spilling(case) { current + IN_MEMORY * mean } else { 0 };
    (2 * of_plans.max(of_files)).next_power_of_two().max(1 << 20)
}

/// Where little spills, and what does is no faster with more memory or hardly ever asked for, there is nothing to gain.
fn nothing_to_gain(case: &Case, tried: Tried) -> Option<&'static str> {
    let is_rare = !is_spilling(case);
    if tried.is_slower || is_rare && !tried.is_faster {
        return Some("Leave work_mem: with more of it, what spills is no faster");
    }
    (is_rare && tried.saved < SAVING_THAT_MATTERS).then_some(
        "Leave work_mem: little spills, and with more of it less than 1 % of the response time is saved",
    )
}

/// Temporary files are sorts and hashes that did not fit in work_mem; where they are rare, leave it.
pub(super) fn work_mem(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("work_mem")?;
    let current = setting.bytes()?;
    let spilled = case.nodes(|node| need(node).is_some() && node.lossy_blocks == 0);
    let spills = spills(case, setting, spilled.first().copied());
    let leave = |title: &str, evidence: String, basis| Some(say::leave_alone(title, evidence, basis));
    if !is_spilling(case) && spilled.is_empty() {
        let evidence = format!("{spills}; {}", counted(case.record.overall.calls, "call"));
        return leave("Leave work_mem: hardly anything spills to disk", evidence, Basis::Inferred);
    }
    if let Some(multiplier) = multiplier_for_hashes(case) {
        let evidence = format!("{spills}; hash_mem_multiplier {multiplier} would do");
        return leave(
            "Leave work_mem: only hashes spill, which have their own multiplier",
            evidence,
            Basis::Inferred,
        );
    }
    let tried = case.tried("work_mem");
    let shown = planner::shown(case, "work_mem");
    if let Some(title) = tried.and_then(|tried| nothing_to_gain(case, tried)) {
        return leave(title, format!("{spills}{shown}"), Basis::Measured);
    }
    let most = budget::most_work_mem(case);
    let to = wanted(case, current).min(most);
    if to <= current {
        let title = "Leave work_mem: what spills would need more than each session may take";
        let evidence = format!("{spills}; {} a sort is what {} can give", text::bytes(most), case.machine());
        return leave(title, evidence, Basis::Inferred);
    }
    let by_plans = case.saving_in_plans(|_, root| {
        if root.nodes().into_iter().any(|node| need(node).is_some()) { 0.5 } else { 0.0 }
    });
    let a_call = case.record.evidence.window.temp_files as f64 / case.record.overall.calls.max(1) as f64;
    let to = format_bytes(to);
    Some(Tried::weigh(
        tried,
        Recommendation {
            title: format!("Raise work_mem to {to}: sorts and hashes spill to disk"),
            evidence: format!("{spills}{shown}"),
            change: apply::set(case, "work_mem", &to),
            expected: "sorts and hashes stay in memory".to_owned(),
            basis: Basis::Inferred,
            risk: "each sort or hash of each connection may use that much: watch the machine's memory"
                .to_owned(),
            verify: "run again: the temporary files are gone".to_owned(),
            effect: by_plans.share.max((a_call * 0.3).min(0.3)),
            ..say::change()
        },
    ))
}

/// A bitmap that does not fit keeps whole blocks instead of rows, and each row in them is looked at again.
pub(super) fn lossy_bitmaps(case: &Case) -> Option<Recommendation> {
    let lossy = case.nodes(|node| node.lossy_blocks > 0);
    let (plan, node) = *lossy.first()?;
    let setting = case.setting("work_mem")?;
    let current = setting.bytes()?;
    // Where sorts and hashes spill, too, they and the bitmaps get one value.
    let to = wanted(case, current).max(current * 2).min(budget::most_work_mem(case));
    let tried = case.tried("work_mem");
    if to <= current || Tried::was_slower(tried) || work_mem(case).is_some_and(|piece| piece.change.is_some())
    {
        return None;
    }
    let to = format_bytes(to);
    let advice = Recommendation {
        title: format!("Raise work_mem to {to}: a bitmap does not fit"),
        evidence: format!(
            "work_mem is {}; {} of {} blocks of a bitmap of {} were kept as whole blocks, {} rows were looked at for nothing",
            setting.display(),
            grouped(node.lossy_blocks),
            grouped(node.lossy_blocks + node.exact_blocks),
            say::statements(&plan.statements),
            grouped((node.removed_by_recheck * node.loops).round() as u64)
        ),
        change: apply::set(case, "work_mem", &to),
        expected: "only rows that the index named are looked at".to_owned(),
        basis: Basis::Inferred,
        risk: "each sort, hash or bitmap of each connection may use that much".to_owned(),
        verify: "run again: the plan has no lossy blocks".to_owned(),
        effect: case
            .saving_in_plans(|_, root| {
                if root.nodes().into_iter().any(|node| node.lossy_blocks > 0) { 0.3 } else { 0.0 }
            })
            .share,
        ..say::change()
    };
    Some(Tried::weigh(tried, advice))
}

/// Where hashes spill and nothing else does, hashes alone get more.
pub(super) fn hash_mem_multiplier(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("hash_mem_multiplier")?;
    let hashes = case.nodes(is_hash);
    let Some((plan, node)) = hashes.first() else {
        let evidence = format!("hash_mem_multiplier is {}; no hash of a plan spilled", setting.value);
        return Some(say::leave_alone(
            "Leave hash_mem_multiplier: no hash spills",
            evidence,
            Basis::Inferred,
        ));
    };
    let to = multiplier_for_hashes(case)?;
    // A hash's memory is a multiple of work_mem: what more of the one does, more of the other does.
    let tried = case.tried("work_mem");
    if Tried::was_slower(tried) {
        let title = "Leave hash_mem_multiplier: with more memory, statements were slower";
        return Some(say::leave_alone(title, planner::trials(case.what_if("work_mem")?), Basis::Measured));
    }
    let advice = Recommendation {
        title: format!("Raise hash_mem_multiplier to {to}: hashes spill, sorts do not"),
        evidence: format!(
            "hash_mem_multiplier is {}; {} of {} took {} batches with {}",
            setting.value,
            node.kind,
            say::statements(&plan.statements),
            node.hash_batches,
            text::bytes(node.peak_memory_bytes)
        ),
        change: apply::set(case, "hash_mem_multiplier", &to.to_string()),
        expected: "hashes stay in memory, sorts keep their bound".to_owned(),
        basis: Basis::Inferred,
        risk: "each hash of each connection may use work_mem times as much".to_owned(),
        verify: "run again: hashes have one batch".to_owned(),
        effect: case
            .saving_in_plans(|_, root| if root.nodes().into_iter().any(is_hash) { 0.3 } else { 0.0 })
            .share,
        ..say::change()
    };
    Some(Tried::weigh(tried, advice))
}

/// What the dead rows of a vacuum take of maintenance_work_mem: autovacuum comes at a fifth of the rows.
fn dead_bytes(table: &Relation) -> u64 {
    (table.live_rows + table.dead_rows) / 5 * BYTES_A_DEAD_ROW
}

fn largest_index(case: &Case, table: &Relation) -> u64 {
    let all = case.record.evidence.indexes.iter().flatten().map(|index| index.bytes);
    all.max().unwrap_or(table.index_bytes)
}

/// What maintenance_work_mem should be raised to, if it should.
pub(super) fn maintenance_to(case: &Case) -> Option<u64> {
    let current = case.bytes("maintenance_work_mem")?;
    let table = case.tracks()?;
    let dead_bytes = dead_bytes(table);
    if current >= budget::LEAST_MAINTENANCE && current >= dead_bytes {
        return None;
    }
    let to = case.memory().map_or(64 << 20, budget::maintenance_share);
    let needed = whole_mb(largest_index(case, table).max(dead_bytes)).next_power_of_two();
    Some(to.min(needed.max(64 << 20))).filter(|to| *to > current)
}

/// Vacuum and index builds with hardly any memory go over the data again and again.
pub(super) fn maintenance_work_mem(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("maintenance_work_mem")?;
    let current = setting.bytes()?;
    let table = case.tracks()?;
    let (dead_bytes, largest) = (dead_bytes(table), largest_index(case, table));
    if current >= budget::LEAST_MAINTENANCE && current >= dead_bytes {
        let evidence = format!(
            "maintenance_work_mem is {}, the largest index {}; a vacuum of {} needs some {} for a fifth of its rows",
            setting.display(),
            text::bytes(largest),
            table.name,
            text::bytes(dead_bytes)
        );
        return Some(say::leave_alone(
            "Leave maintenance_work_mem: a vacuum of the library passes its indexes once",
            evidence,
            Basis::Inferred,
        ));
    }
    let to = format_bytes(maintenance_to(case)?);
    Some(Recommendation {
        title: format!("Raise maintenance_work_mem to {to}"),
        evidence: format!(
            "maintenance_work_mem is {}{}; the largest index is {}",
            setting.display(),
            match (current <= WITHOUT_UNIT[1], case.record.server.version_number < 170_000) {
                (true, true) => ", PostgreSQL's minimum: it looks like megabytes written without a unit",
                (true, false) => ", which looks like megabytes written without a unit",
                (false, _) => "",
            },
            text::bytes(largest)
        ),
        change: apply::set(case, "maintenance_work_mem", &to),
        expected: "vacuum passes the indexes once; index builds sort in memory".to_owned(),
        basis: Basis::Convention,
        risk: "each autovacuum worker may take it (autovacuum_work_mem bounds them)".to_owned(),
        verify: "VACUUM (VERBOSE) says how often it passed the indexes".to_owned(),
        effect: 0.03,
        ..say::change()
    })
}
