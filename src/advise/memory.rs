//! Memory that is shared: shared_buffers, huge pages, what the planner believes of the cache.

use super::{
    apply,
    case::Case,
    planner,
    saving::Tried,
    say::{self, whole_mb},
};
use crate::{
    flags::setting::format_bytes,
    record::{Basis, Recommendation},
    text,
};

/// Hit share above which reads from outside shared buffers cannot matter.
const ALL_CACHED: f64 = 0.999;
/// The manual's starting point for shared_buffers on a dedicated server (section 20.4.1).
const BUFFERS_SHARE: f64 = 0.25;
/// The same section: more than this is unlikely to work better.
const MOST_BUFFERS_SHARE: f64 = 0.40;
/// A block that comes from the operating system's cache instead of shared buffers costs about this much: a system call
/// and a copy. From a disk it costs more, so this is the least.
const READ_US: f64 = 5.0;
/// Buffers from which huge pages save page tables that are worth speaking of.
const HUGE: u64 = 8 << 30;
/// Part of memory that the planner may take for cache (the manual's 50 %, pgtune's 75 %).
const CACHE_SHARE: f64 = 0.75;
/// PostgreSQL's default for effective_cache_size, for a server whose memory is not known.
const DEFAULT_CACHE: u64 = 4 << 30;

/// What shared_buffers should be, if that is something else: a quarter of memory where they are more than two fifths;
/// where blocks are read that do not fit, twice what there is, for growth, but never more than the usual share.
pub(super) fn buffers_to(case: &Case) -> Option<u64> {
    let (buffers, memory) = (case.bytes("shared_buffers")?, case.memory()?);
    let share = whole_mb((memory as f64 * BUFFERS_SHARE) as u64);
    if buffers as f64 > memory as f64 * MOST_BUFFERS_SHARE {
        return Some(share);
    }
    let size = case.record.evidence.database_bytes?;
    let hits = case.record.evidence.window.hit_share()?;
    if size < buffers || hits > ALL_CACHED {
        return None;
    }
    // On a very small machine the default would be too much.
    let least = (128 << 20).min(whole_mb((memory as f64 * MOST_BUFFERS_SHARE) as u64));
    let to = whole_mb(size.saturating_mul(2)).clamp(least, share.max(least));
    let to = case.can_be_set("shared_buffers", to);
    (to > buffers + buffers / 4).then_some(to)
}

/// Leave shared_buffers when everything is cached; raise it when it is far below the data and blocks are read.
pub(super) fn shared_buffers(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("shared_buffers")?;
    let buffers = setting.bytes()?;
    let size = case.record.evidence.database_bytes?;
    let window = &case.record.evidence.window;
    let hits = window.hit_share()?;
    let figures = format!(
        "shared_buffers is {}, the whole database {}; {} of {} block accesses were hits",
        setting.display(),
        text::bytes(size),
        say::percent(hits),
        text::grouped(window.blocks_hit + window.blocks_read),
    );
    if too_many_buffers(case).is_some() {
        return None;
    }
    if size < buffers || hits > ALL_CACHED {
        return Some(say::leave_alone(
            "Leave shared_buffers: everything is cached",
            figures,
            Basis::Inferred,
        ));
    }
    let read_us = window.read_ms.map_or(window.blocks_read as f64 * READ_US, |ms| ms * 1e3);
    let effect = case.share_of(read_us);
    let expected = format!("up to {} of the block accesses become hits", say::percent(1.0 - hits));
    let Some(memory) = case.memory() else {
        return Some(Recommendation { evidence: figures, expected, effect, ..on_an_unknown_machine() });
    };
    let Some(to) = buffers_to(case) else {
        return Some(say::leave_alone(
            "Leave shared_buffers: it has its share of the machine's memory",
            format!("{figures}; {} has {}", case.machine(), text::bytes(memory)),
            Basis::Convention,
        ));
    };
    let to = format_bytes(to);
    Some(Recommendation {
        title: format!("Raise shared_buffers to {to}"),
        evidence: format!("{figures}; {} has {}", case.machine(), text::bytes(memory)),
        change: apply::set(case, "shared_buffers", &to),
        expected: format!("{expected}, {} of the response time", say::percent(effect)),
        risk: "needs a restart; memory that other programs on the machine no longer have".to_owned(),
        verify: "run again and compare blocks_read and p95".to_owned(),
        effect: effect.max(0.02),
        ..say::change()
    })
}

fn on_an_unknown_machine() -> Recommendation {
    Recommendation {
        title: "Raise shared_buffers; by how much depends on the server's memory, which is not known here"
            .to_owned(),
        risk: "memory that other programs on the server no longer have; needs a restart".to_owned(),
        verify: "name the server's machine with --machine, and run again".to_owned(),
        ..say::change()
    }
}

/// More than two fifths of memory leave too little for sessions and the system's own cache.
pub(super) fn too_many_buffers(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("shared_buffers")?;
    let buffers = setting.bytes()?;
    let memory = case.memory()?;
    if (buffers as f64) <= memory as f64 * MOST_BUFFERS_SHARE {
        return None;
    }
    let to = format_bytes(buffers_to(case)?);
    let beyond = if buffers >= memory { ": the server can run out of memory, which ends it" } else { "" };
    Some(Recommendation {
        title: format!("Lower shared_buffers to {to}"),
        evidence: format!(
            "shared_buffers is {}, {} of the {} that {} has{beyond}",
            setting.display(),
            say::percent(buffers as f64 / memory as f64),
            text::bytes(memory),
            case.machine()
        ),
        change: apply::set(case, "shared_buffers", &to),
        expected: "room for work_mem, maintenance and the system's own cache".to_owned(),
        basis: Basis::Convention,
        risk: "needs a restart; blocks that no longer fit are read from the system's cache".to_owned(),
        verify: "run again and compare blocks_read, and the machine's available memory".to_owned(),
        effect: if buffers >= memory { 0.9 } else { 0.1 },
        ..say::change()
    })
}

/// Huge pages save page tables where buffers are many gigabytes.
pub(super) fn huge_pages(case: &Case) -> Option<Recommendation> {
    let buffers = case.bytes("shared_buffers")?;
    let setting = case.setting("huge_pages")?;
    if buffers < HUGE {
        let evidence = format!("huge_pages is {}, shared_buffers {}", setting.value, text::bytes(buffers));
        return Some(say::leave_alone(
            "Leave huge_pages: they pay with large buffers only",
            evidence,
            Basis::Convention,
        ));
    }
    // From PostgreSQL 17 on the server says whether it has them.
    let has = case.value("huge_pages_status").map(|status| status == "on");
    if has == Some(true) {
        return None;
    }
    // A page table entry of 8 bytes for each 4 kB, in each backend that touches all buffers.
    let tables = buffers / 4096 * 8 * case.may_open();
    if has.is_none() && setting.value != "off" {
        let evidence = format!(
            "huge_pages is {}, and before PostgreSQL 17 the server does not say whether it has any; HugePages_Rsvd in its machine's /proc/meminfo does; without them page tables may take {}",
            setting.value,
            text::bytes(tables)
        );
        let title = "Leave huge_pages: the server asks for them; see that it gets them";
        return Some(say::leave_alone(title, evidence, Basis::Convention));
    }
    // The server asks for them already: what is missing is outside it.
    let asks = setting.value != "off";
    Some(Recommendation {
        title: match asks {
            true => {
                "Reserve huge pages for shared_buffers (vm.nr_hugepages): the server asks for them in vain"
            }
            false => "Give shared_buffers huge pages",
        }
        .to_owned(),
        evidence: format!(
            "shared_buffers is {}; with pages of 4 kB the page tables of {} connections may take {}",
            text::bytes(buffers),
            case.may_open(),
            text::bytes(tables)
        ),
        change: if asks { None } else { apply::set(case, "huge_pages", "try") },
        expected: "memory for page tables, and some misses of the processor's own caches, saved".to_owned(),
        basis: Basis::Convention,
        risk: "the system must reserve them first (vm.nr_hugepages); needs a restart".to_owned(),
        verify: "HugePages_Free in /proc/meminfo falls; run again and compare p95".to_owned(),
        effect: 0.02,
        ..say::change()
    })
}

/// The planner's idea of the cache must lie between shared_buffers and the machine's memory.
pub(super) fn effective_cache_size(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("effective_cache_size")?;
    let cache = setting.bytes()?;
    let buffers = case.bytes("shared_buffers")?;
    let memory = case.memory();
    let size = case.record.evidence.database_bytes?;
    let tried = case.tried("effective_cache_size");
    // More than there is does no harm while all that could be cached is smaller than both.
    let too_large = memory.is_some_and(|memory| cache > memory && size as f64 > memory as f64 * CACHE_SHARE);
    let too_small = cache < buffers;
    let what_memory =
        memory.map_or_else(String::new, |memory| format!(", {} has {}", case.machine(), text::bytes(memory)));
    let figures = format!(
        "effective_cache_size is {}, shared_buffers {}, the whole database {}{what_memory}",
        setting.display(),
        text::bytes(buffers),
        text::bytes(size)
    );
    let shown = planner::shown(case, "effective_cache_size");
    if Tried::was_slower(tried) {
        let title = "Leave effective_cache_size: with another, statements were slower";
        return Some(say::leave_alone(title, format!("{figures}{shown}"), Basis::Measured));
    }
    if !(too_small || too_large) {
        let title = if cache >= size {
            "Leave effective_cache_size: it already covers the database"
        } else {
            "Leave effective_cache_size: it lies between shared_buffers and memory"
        };
        return Some(say::leave_alone(title, figures, Basis::Inferred));
    }
    // Where nobody knows the memory, shared_buffers are taken for the usual quarter of it.
    let to = memory.map_or((buffers * 3).max(DEFAULT_CACHE), |memory| (memory as f64 * CACHE_SHARE) as u64);
    let to = format_bytes(case.can_be_set("effective_cache_size", whole_mb(to)));
    Some(Tried::weigh(
        tried,
        Recommendation {
            title: format!("Set effective_cache_size to {to}"),
            evidence: format!("{figures}{shown}"),
            change: apply::set(case, "effective_cache_size", &to),
            expected: "index plans get their true price; it reserves no memory".to_owned(),
            basis: Basis::Convention,
            risk: "plans may change".to_owned(),
            verify: "run again and compare p95 by operation".to_owned(),
            effect: 0.05,
            ..say::change()
        },
    ))
}
