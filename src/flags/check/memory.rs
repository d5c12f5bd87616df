//! Memory: settings against each other, and all of them against the machine's.

use super::{
    Finding,
    Severity::{Error, Warning},
    sheet::Sheet,
};
use crate::flags::{MemoryBudget, cloud::nearest_share, setting::format_bytes};

/// Share of memory above which shared_buffers take more from the page cache than they give (manual, section 20.4.1).
const MOST_BUFFERS: f64 = 0.4;
/// Cloud SQL refuses more than this, which another rule says.
const REFUSED_BUFFERS: f64 = 0.6;
const MB: u64 = 1 << 20;

pub(super) fn check(sheet: &Sheet<'_>, findings: &mut Vec<Finding>) {
    findings.extend(cache_below_buffers(sheet));
    let Some((memory, whose)) = sheet.memory() else { return };
    findings.extend(beyond_memory(sheet, memory, &whose));
    findings.extend(large_buffers(sheet, memory, &whose));
    findings.extend(overcommit(sheet, memory, &whose));
}

/// In MB where it is not whole in something larger.
fn megabytes(bytes: u64) -> String {
    if bytes.is_multiple_of(1 << 30) { format_bytes(bytes) } else { format!("{}MB", bytes / MB) }
}

/// The planner's cache holds shared_buffers and what the operating system caches beside them.
fn cache_below_buffers(sheet: &Sheet<'_>) -> Option<Finding> {
    let (cache, buffers) = (sheet.bytes("effective_cache_size")?, sheet.bytes("shared_buffers")?);
    let chosen = sheet.chosen("effective_cache_size").or_else(|| sheet.chosen("shared_buffers"))?;
    let memory = sheet.memory().map(|(memory, _)| memory);
    if cache >= buffers || memory.is_some_and(|memory| buffers > memory) {
        return None;
    }
    let why = format!(
        "effective_cache_size {}{} is below shared_buffers {}{}, which are a part of it: index scans look dearer \
         than they are",
        megabytes(cache),
        sheet.whose_default("effective_cache_size"),
        megabytes(buffers),
        sheet.whose_default("shared_buffers")
    );
    let finding = chosen.finding("memory/cache-below-buffers", Warning, why);
    // As much again for the page cache, as far as there is memory for it.
    let most = memory.map_or(u64::MAX, |memory| most_cache(sheet, memory));
    let better = buffers.saturating_mul(2).min(most).max(buffers) / MB * MB;
    Some(match sheet.bytes_as_written("effective_cache_size", better) {
        Some(instead) => finding.instead(instead),
        None => finding,
    })
}

/// What the planner may take for cache: three quarters of the memory, and on Cloud SQL no more than that takes.
fn most_cache(sheet: &Sheet<'_>, memory: u64) -> u64 {
    let most = memory / 4 * 3;
    if sheet.is_cloud_sql() { nearest_share("effective_cache_size", most, memory) } else { most }
}

/// One setting alone is more than the machine has.
fn beyond_memory(sheet: &Sheet<'_>, memory: u64, whose: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let cache = most_cache(sheet, memory);
    for (name, better) in [
        ("shared_buffers", memory / 4),
        ("effective_cache_size", cache),
        ("work_mem", memory / 100),
        ("maintenance_work_mem", memory / 16),
    ] {
        let Some(chosen) = sheet.chosen(name) else { continue };
        let Some(bytes) = chosen.flag.bytes(&chosen.value).filter(|bytes| *bytes > memory) else { continue };
        // The planner only believes in effective_cache_size; the others are really taken.
        let is_cache = name == "effective_cache_size";
        let severity = if is_cache { Warning } else { Error };
        let mut why = format!("{} is more than the {} of {whose}", megabytes(bytes), megabytes(memory));
        if is_cache {
            let percent = (cache as f64 / memory as f64 * 100.0).round();
            let who = if sheet.is_cloud_sql() { "Cloud SQL takes" } else { "count on" };
            why.push_str(&format!(", of which {who} {percent} % at most"));
        }
        let finding = chosen.finding("memory/beyond", severity, why);
        findings.push(match sheet.bytes_as_written(name, better / MB * MB) {
            Some(instead) => finding.instead(instead),
            None => finding,
        });
    }
    findings
}

fn large_buffers(sheet: &Sheet<'_>, memory: u64, whose: &str) -> Option<Finding> {
    let chosen = sheet.chosen("shared_buffers")?;
    let bytes = chosen.flag.bytes(&chosen.value)?;
    let share = bytes as f64 / memory as f64;
    let most = if sheet.is_cloud_sql() { REFUSED_BUFFERS } else { 1.0 };
    if share <= MOST_BUFFERS || share > most {
        return None;
    }
    let why = format!(
        "{} is {:.0} % of the {} of {whose}: above 40 % it takes more from the page cache than it gives",
        megabytes(bytes),
        share * 100.0,
        megabytes(memory)
    );
    let finding = chosen.finding("memory/large-buffers", Warning, why);
    Some(match sheet.bytes_as_written("shared_buffers", memory / 4 / MB * MB) {
        Some(instead) => finding.instead(instead),
        None => finding,
    })
}

/// What the server takes when every connection sorts and hashes at once: one sort and one hash each.
fn overcommit(sheet: &Sheet<'_>, memory: u64, whose: &str) -> Option<Finding> {
    // With nothing set that takes memory there is nothing to say.
    let takers =
        ["shared_buffers", "work_mem", "hash_mem_multiplier", "maintenance_work_mem", "temp_buffers"];
    let others = ["max_connections", "autovacuum_max_workers", "autovacuum_work_mem"];
    let set = takers.iter().chain(&others).any(|name| sheet.chosen(name).is_some());
    let buffers = sheet.bytes("shared_buffers")?;
    if !set || buffers > memory {
        return None;
    }
    let most = sheet.number("max_connections")? as u64;
    let hash = sheet.number("hash_mem_multiplier")?;
    let maintenance = sheet.bytes("maintenance_work_mem")?;
    let budget = MemoryBudget {
        buffers,
        work: sheet.bytes("work_mem")?,
        nodes: 1.0 + hash,
        temporary: sheet.bytes("temp_buffers")?,
        connections: sheet.context.connections.map_or(most, |wanted| most.min(u64::from(wanted))),
        maintenance,
        autovacuum: sheet.bytes("autovacuum_work_mem").unwrap_or(maintenance),
        workers: sheet.number("autovacuum_max_workers")? as u64,
    };
    if budget.all() <= memory {
        return None;
    }
    let why = format!(
        "all together may take {}, {whose} has {}: {} (shared_buffers) + {} ({connections} connections x work_mem {} \
         x (1 sort + 1 hash x {hash})) + {} ({connections} connections x temp_buffers {}) + {} ({})",
        megabytes(budget.all()),
        megabytes(memory),
        megabytes(buffers),
        megabytes(budget.queries()),
        format_bytes(budget.work),
        megabytes(budget.temporary_tables()),
        format_bytes(budget.temporary),
        megabytes(budget.upkeep()),
        upkeep(&budget),
        connections = budget.connections,
    );
    let found = format!("{} of {}", megabytes(budget.all()), megabytes(memory));
    let finding = Finding::new("memory/overcommit", Warning, found, why);
    let each = budget.room(memory);
    // Only work_mem below what is set, and not below what makes sense, is a remedy.
    Some(if (MB..budget.work).contains(&each) {
        match sheet.bytes_as_written("work_mem", each / MB * MB) {
            Some(instead) => finding.instead(format!("{instead}, or fewer connections")),
            None => finding,
        }
    } else {
        finding.instead("fewer connections, smaller shared_buffers, or a machine with more memory")
    })
}

/// Who takes memory for upkeep, and how much each.
fn upkeep(budget: &MemoryBudget) -> String {
    let maintenance = format_bytes(budget.maintenance);
    match budget.autovacuum == budget.maintenance {
        true => format!("{} x maintenance_work_mem {maintenance}", budget.workers + 1),
        false => format!(
            "{} x autovacuum_work_mem {} + maintenance_work_mem {maintenance}",
            budget.workers,
            format_bytes(budget.autovacuum)
        ),
    }
}
