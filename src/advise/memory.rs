//! Memory: shared_buffers, work_mem, effective_cache_size.

use super::say;
use crate::{
    flags::setting::format_bytes,
    record::{Basis, Recommendation, Record, ServerKind, Stance},
};

/// Hit share above which reads from outside shared buffers cannot matter.
const ALL_CACHED: f64 = 0.999;
/// More work_mem than this is not advised for a server whose memory is not known.
const MODEST: u64 = 64 * MB;
/// Temporary files a call from which more memory for each sort is worth its risk.
const SPILLS_THAT_MATTER: f64 = 0.01;
/// The manual's starting point for shared_buffers on a dedicated server (section 20.4.1).
const BUFFERS_SHARE: u64 = 4;
const MB: u64 = 1 << 20;

/// Rounded down to whole megabytes, so that a value can be read.
fn whole_mb(bytes: u64) -> u64 {
    (bytes / MB).max(1) * MB
}

/// Leave shared_buffers when everything is cached; raise it when it is far below the data and blocks are read.
pub(super) fn shared_buffers(record: &Record) -> Option<Recommendation> {
    let setting = record.evidence.setting("shared_buffers")?;
    let buffers = setting.bytes()?;
    let size = record.evidence.database_bytes?;
    let window = &record.evidence.window;
    let hits = window.hit_share()?;
    let figures = format!(
        "shared_buffers is {}, the whole database {}; {} of {} block accesses were hits",
        setting.display(),
        say::bytes(size),
        say::percent(hits),
        window.blocks_hit + window.blocks_read,
    );
    if size < buffers || hits > ALL_CACHED {
        return Some(say::leave_alone(
            "Leave shared_buffers: everything is cached",
            figures,
            Basis::Inferred,
        ));
    }
    let to = whole_mb(record.host.memory_bytes / BUFFERS_SHARE);
    // The memory is the server's only where the server runs on this machine.
    if buffers * 2 >= to || record.server.kind != ServerKind::Embedded {
        return None;
    }
    Some(Recommendation {
        rule: String::new(),
        stance: Stance::Change,
        title: format!("Raise shared_buffers to {}", format_bytes(to)),
        evidence: figures,
        change: Some(say::alter_system("shared_buffers", &setting.display(), &format_bytes(to), true)),
        expected: format!("up to {} of the block accesses become hits", say::percent(1.0 - hits)),
        basis: Basis::Inferred,
        risk: "needs a restart; memory that other programs on the machine no longer have".to_owned(),
        verify: "run again and compare blocks_read and p95".to_owned(),
        effect: (1.0 - hits).min(0.5),
    })
}

/// Temporary files are sorts and hashes that did not fit in work_mem; where they are rare, leave it.
pub(super) fn work_mem(record: &Record) -> Option<Recommendation> {
    let setting = record.evidence.setting("work_mem")?;
    let window = &record.evidence.window;
    let calls = record.overall.calls;
    let share = window.temp_files as f64 / calls.max(1) as f64;
    if share < SPILLS_THAT_MATTER {
        let evidence = format!(
            "work_mem is {}; sorts and hashes of {calls} calls made {} temporary files",
            setting.display(),
            window.temp_files
        );
        let title = "Leave work_mem: hardly anything spills to disk";
        return Some(say::leave_alone(title, evidence, Basis::Inferred));
    }
    let mean_bytes = window.temp_bytes / window.temp_files;
    let current = setting.bytes()?;
    // In memory a sort needs about twice what it writes; the next power of two leaves air.
    let wanted = (current + 2 * mean_bytes).next_power_of_two().max(MB);
    // The memory is the server's only where the server runs on this machine; elsewhere be modest.
    let bound = match record.server.kind {
        ServerKind::Embedded => record.host.memory_bytes / 2 / (record.load.connections as u64).max(1),
        ServerKind::External => MODEST,
    };
    let to = whole_mb(wanted.min(bound));
    if to <= current {
        return None;
    }
    let to = format_bytes(to);
    Some(Recommendation {
        rule: String::new(),
        stance: Stance::Change,
        title: format!("Raise work_mem to {to}"),
        evidence: format!(
            "work_mem is {}; {} temporary files, {} in all, {} each on average",
            setting.display(),
            window.temp_files,
            say::bytes(window.temp_bytes),
            say::bytes(mean_bytes)
        ),
        change: Some(say::alter_system("work_mem", &setting.display(), &to, false)),
        expected: "sorts and hashes stay in memory".to_owned(),
        basis: Basis::Inferred,
        risk: "each sort or hash of each connection may use that much: watch the machine's memory".to_owned(),
        verify: "run again: the temporary files are gone".to_owned(),
        effect: (share * 0.5).min(0.5),
    })
}

/// The planner's idea of the cache must lie between shared_buffers and the machine's memory.
pub(super) fn effective_cache_size(record: &Record) -> Option<Recommendation> {
    let setting = record.evidence.setting("effective_cache_size")?;
    let cache = setting.bytes()?;
    let buffers = record.evidence.setting("shared_buffers")?.bytes()?;
    let memory = record.host.memory_bytes;
    let size = record.evidence.database_bytes?;
    let local = record.server.kind == ServerKind::Embedded;
    let impossible = cache < buffers || (local && cache > memory);
    if !impossible {
        return (cache >= size).then(|| {
            let evidence = format!(
                "effective_cache_size is {}, the whole database {}",
                setting.display(),
                say::bytes(size)
            );
            let title = "Leave effective_cache_size: it already covers the database";
            say::leave_alone(title, evidence, Basis::Inferred)
        });
    }
    let to = if local { whole_mb(memory / 4 * 3) } else { buffers * 3 };
    let to = format_bytes(to);
    Some(Recommendation {
        rule: String::new(),
        stance: Stance::Change,
        title: format!("Set effective_cache_size to {to}"),
        evidence: format!(
            "effective_cache_size is {}, shared_buffers {}{}",
            setting.display(),
            format_bytes(buffers),
            if local { format!(", the machine has {}", say::bytes(memory)) } else { String::new() }
        ),
        change: Some(say::alter_system("effective_cache_size", &setting.display(), &to, false)),
        expected: "index plans get their true price; it reserves no memory".to_owned(),
        basis: Basis::Convention,
        risk: "plans may change".to_owned(),
        verify: "run again and compare p95 by operation".to_owned(),
        effect: 0.05,
    })
}
