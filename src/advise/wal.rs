//! Write-ahead log and checkpoints.

use super::{
    apply,
    case::Case,
    say::{self, whole_mb},
};
use crate::{
    flags::setting::format_bytes,
    record::{Basis, OperationResult, Recommendation},
    text::{self, counted, grouped, three_digits},
};

/// Part of the write-ahead log that whole-page images may be before they are said to dominate.
const IMAGES_DOMINATE: f64 = 0.5;
/// Size of a page's image, uncompressed.
const PAGE: u64 = 8192;
/// Part of the buffers written that backends may write themselves.
const BACKENDS_WRITE: f64 = 0.3;
/// Writes of backends below which nobody cares.
const FEW_WRITES: u64 = 1000;
/// Checkpoints further apart than this are not reckoned with.
const LONGEST_MS: f64 = 30.0 * 60e3;
/// Checkpoints this far apart are seldom enough.
const SELDOM_MS: f64 = 15.0 * 60e3;
/// A window that writes less than this each second is no load for the log.
const LITTLE_WAL: f64 = 64.0 * 1024.0;

/// Checkpoints should come by time; those that come because the log is full write pages again and again.
pub(super) fn max_wal_size(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("max_wal_size")?;
    let current = setting.bytes()?;
    let checkpoints = case.record.evidence.window.checkpointer?;
    let seconds = case.record.window.seconds.max(1e-3);
    let rate = case.record.evidence.window.wal.map(|wal| wal.bytes as f64 / seconds);
    // Nobody lets the log of a day wait for a checkpoint.
    let timeout = case.number("checkpoint_timeout").unwrap_or(300_000.0).min(LONGEST_MS) / 1e3;
    let figures = format!(
        "max_wal_size is {}; {} by size or on request and {} by time began in {seconds:.0} s{}",
        setting.display(),
        counted(checkpoints.requested, "checkpoint"),
        checkpoints.timed,
        rate.map_or_else(String::new, |rate| format!("; {} of log a second", text::bytes(rate as u64)))
    );
    if checkpoints.requested <= checkpoints.timed {
        return Some(say::leave_alone(
            "Leave max_wal_size: checkpoints do not come early",
            figures,
            Basis::Inferred,
        ));
    }
    // Without a rate nobody can tell whether the log was full, or somebody asked for a checkpoint.
    let rate = rate?;
    // The log of two checkpoints has to fit (manual, section 30.5), with room for what the rate does.
    let wanted = (rate * timeout * 2.0) as u64;
    let disk = case.record.evidence.disk.as_ref().map_or(u64::MAX, |disk| disk.free_bytes / 4);
    let to = whole_mb(wanted.clamp(1 << 30, 64 << 30)).next_power_of_two().min(whole_mb(disk));
    // A log that would have lasted for the window was not full.
    let filled = rate * seconds > current as f64 / 4.0;
    if !filled || to <= current {
        return None;
    }
    let to = format_bytes(to);
    let checkpoint_ms = checkpoints.write_ms + checkpoints.sync_ms;
    Some(Recommendation {
        title: format!("Raise max_wal_size to {to}: checkpoints come early"),
        evidence: format!("{figures}; they took {} ms to write", three_digits(checkpoint_ms)),
        change: apply::set(case, "max_wal_size", &to),
        expected: format!("checkpoints by time, every {timeout:.0} s; fewer whole pages in the log"),
        basis: Basis::Inferred,
        risk: "recovery after a crash takes longer; that much more disk for the log".to_owned(),
        verify: "run again: no checkpoint is requested; pg_stat_bgwriter or pg_stat_checkpointer counts them"
            .to_owned(),
        effect: 0.25,
        ..say::change()
    })
}

/// Buffers of the log that are full are written in the middle of a transaction.
pub(super) fn wal_buffers(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("wal_buffers")?;
    let wal = case.record.evidence.window.wal?;
    let per_thousand = wal.buffers_full as f64 / wal.records.max(1) as f64 * 1e3;
    let figures = format!(
        "wal_buffers is {}; they were full {} in {} of log",
        setting.display(),
        counted(wal.buffers_full, "time"),
        counted(wal.records, "record")
    );
    if per_thousand < 1.0 {
        return Some(say::leave_alone("Leave wal_buffers: they are not full", figures, Basis::Inferred));
    }
    let current = setting.bytes()?;
    let to = (current * 4).clamp(16 << 20, 64 << 20);
    if to <= current {
        return None;
    }
    let to = format_bytes(to);
    Some(Recommendation {
        title: format!("Raise wal_buffers to {to}"),
        evidence: figures,
        change: apply::set(case, "wal_buffers", &to),
        expected: "transactions write the log when they commit, not before".to_owned(),
        risk: "needs a restart; that much shared memory".to_owned(),
        verify: "run again: pg_stat_wal.wal_buffers_full stays".to_owned(),
        effect: 0.05,
        ..say::change()
    })
}

/// After a checkpoint each page's first change puts the whole page into the log.
pub(super) fn page_images(case: &Case) -> Option<Recommendation> {
    let wal = case.record.evidence.window.wal?;
    let setting = case.setting("wal_compression")?;
    let seconds = case.record.window.seconds.max(1e-3);
    if (wal.bytes as f64) < LITTLE_WAL * seconds {
        return None;
    }
    let share = (wal.page_images * PAGE) as f64 / wal.bytes.max(1) as f64;
    if setting.value != "off" {
        let images = counted(wal.page_images, "image");
        let figures = format!(
            "wal_compression is {}; {} of log with {images} of whole pages",
            setting.value,
            text::bytes(wal.bytes)
        );
        return Some(say::leave_alone("Leave wal_compression: it is on", figures, Basis::Inferred));
    }
    let figures = format!(
        "wal_compression is {}; {} of log, about {} of it {} of whole pages",
        setting.value,
        text::bytes(wal.bytes),
        say::percent(share.min(1.0)),
        counted(wal.page_images, "image")
    );
    let checkpoints = case.record.evidence.window.checkpoints;
    // Just after a checkpoint every page is new to the log: a short window right after one proves nothing.
    let short = checkpoints == 0 && seconds < 120.0;
    if share < IMAGES_DOMINATE || short {
        let title = if short && share >= IMAGES_DOMINATE {
            "Leave wal_compression: the window is too short after a checkpoint to say"
        } else {
            "Leave wal_compression: whole pages do not dominate the log"
        };
        return Some(say::leave_alone(title, figures, Basis::Inferred));
    }
    // The fewer checkpoints, the fewer first changes after one.
    let often = case.number("checkpoint_timeout").is_some_and(|ms| ms < SELDOM_MS);
    let changes = [("wal_compression", "on"), ("checkpoint_timeout", "15min")];
    let (change, more_changes) = apply::set_all(case, changes.into_iter().take(if often { 2 } else { 1 }))?;
    Some(Recommendation {
        title: if often {
            "Set wal_compression on, and checkpoint_timeout to 15min".to_owned()
        } else {
            "Set wal_compression on".to_owned()
        },
        evidence: figures,
        change: Some(change),
        more_changes,
        expected: "less log to write, for some processor time".to_owned(),
        risk: "on one processor compression may cost more than the disk did; with checkpoints further apart recovery after a crash takes longer"
            .to_owned(),
        verify: "run again and compare bytes of log and p95 of what writes".to_owned(),
        effect: 0.08,
        ..say::change()
    })
}

/// Durability is traded by those who own the data, never by a tool.
pub(super) fn durability(case: &Case) -> Option<Recommendation> {
    let off: Vec<&str> =
        ["fsync", "full_page_writes"].into_iter().filter(|name| case.is(name, "off")).collect();
    if !off.is_empty() {
        let (change, more_changes) = apply::set_all(case, off.iter().map(|name| (*name, "on")))?;
        let names = off.join(" and ");
        return Some(Recommendation {
            title: format!("Switch {names} back on: a crash loses or corrupts the database"),
            evidence: format!(
                "{names} {} off; what was measured is a database that keeps no promise",
                if off.len() == 1 { "is" } else { "are" }
            ),
            change: Some(change),
            more_changes,
            expected: "data survives a crash; writes wait for the disk again".to_owned(),
            risk: "commits take longer; before fsync is on again, what was written without it must be on the disk: stop the server, initdb --sync-only -D DIRECTORY (or sync), start it"
                .to_owned(),
            verify: "run again: that latency is the true one".to_owned(),
            effect: 0.95,
            ..say::change()
        });
    }
    let setting = case.setting("synchronous_commit")?;
    let commits: Vec<String> = writing(case).map(|operation| format!("{}.commit", operation.name)).collect();
    if commits.is_empty() {
        return None;
    }
    let evidence = format!(
        "synchronous_commit is {}; waiting for commits was {}",
        setting.value,
        case.felt_figures(&case.saving_statements(&commits))
    );
    if setting.value == "off" {
        return Some(Recommendation {
            title: "Switch synchronous_commit back on, unless the owner of the data agreed to lose the last commits"
                .to_owned(),
            evidence,
            change: apply::set(case, "synchronous_commit", "on"),
            expected: "no commit that was answered is lost in a crash; each waits for the disk again".to_owned(),
            risk: "commits take longer".to_owned(),
            verify: "run again: the latency of what writes is that of durable commits".to_owned(),
            effect: 0.9,
            ..say::change()
        });
    }
    let title = "Leave synchronous_commit: off would trade the last commits before a crash for time, which is the owner's to decide";
    let left = say::leave_alone(title, evidence, Basis::Measured);
    Some(Recommendation {
        expected: "what was answered as committed stays, whatever happens".to_owned(),
        ..left
    })
}

/// A pause before each commit, so that others join it: it pays where many commit at a time and the disk is slow, and is
/// waited for by all.
pub(super) fn commit_delay(case: &Case) -> Option<Recommendation> {
    let delay_us = case.number("commit_delay").filter(|delay| *delay > 0.0)?;
    let setting = case.setting("commit_delay")?;
    let commits: Vec<String> = writing(case).map(|operation| format!("{}.commit", operation.name)).collect();
    let saving = case.saving_statements(&commits);
    let evidence = format!(
        "commit_delay is {} us (of each commit, where commit_siblings {} are at work); waiting for commits was {}",
        setting.value,
        case.value("commit_siblings").unwrap_or("5"),
        case.felt_figures(&saving)
    );
    let mean_us = case
        .record
        .operations
        .iter()
        .flat_map(|operation| &operation.statements)
        .filter(|statement| statement.name == "commit")
        .filter_map(|statement| statement.service.mean_us)
        .fold(0.0, f64::max);
    // The pause ends a little early now and then, and not every commit has siblings.
    if mean_us < delay_us / 2.0 {
        return Some(say::leave_alone(
            "Leave commit_delay: commits do not wait for it",
            evidence,
            Basis::Measured,
        ));
    }
    Some(Recommendation {
        title: "Set commit_delay to 0: commits wait for it".to_owned(),
        evidence,
        change: apply::set(case, "commit_delay", "0"),
        expected: format!("up to {} ms less for each commit", three_digits(delay_us / 1e3)),
        basis: Basis::Inferred,
        risk: "each commit flushes the log for itself, unless others come at the same time".to_owned(),
        verify: "run again and compare throughput and p95 of what writes".to_owned(),
        effect: saving.share * (delay_us / mean_us.max(1e-9)).min(1.0),
        ..say::change()
    })
}

fn writing<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a OperationResult> {
    case.record.operations.iter().filter(|operation| operation.writes)
}

/// Buffers that backends write are work in the middle of somebody's statement.
pub(super) fn backend_writes(case: &Case) -> Option<Recommendation> {
    let window = &case.record.evidence.window;
    let of_io = || {
        let rows = window.io.iter().filter(|row| row.backend == "client backend" && row.object == "relation");
        (!window.io.is_empty()).then(|| rows.map(|row| row.writes).sum())
    };
    let writers = window.writers?;
    let backend: u64 = writers.backend_written.or_else(of_io)?;
    let checkpoints = window.checkpointer.map_or(0, |counters| counters.buffers_written);
    let all = backend + writers.background_written + checkpoints;
    let share = backend as f64 / all.max(1) as f64;
    let setting = case.setting("bgwriter_lru_maxpages")?;
    let [sum, own, of_writer, of_checkpoints] =
        [all, backend, writers.background_written, checkpoints].map(grouped);
    let figures = format!(
        "of {sum} buffers written, sessions wrote {own} themselves, the background writer {of_writer}, checkpoints {of_checkpoints}"
    );
    // Before PostgreSQL 17 a backend that extends a table counts as one that writes.
    let inserting = window.sessions.is_some() && writers.allocated < backend;
    let many = share >= BACKENDS_WRITE && backend >= FEW_WRITES;
    if many && setting.value == "0" {
        return Some(Recommendation {
            title: "Switch the background writer on again: sessions write buffers themselves".to_owned(),
            evidence: format!("{figures}; bgwriter_lru_maxpages is 0, which switches it off"),
            change: apply::set(case, "bgwriter_lru_maxpages", "100"),
            expected: "statements find clean buffers".to_owned(),
            risk: "a page that changes again is written twice".to_owned(),
            verify: "run again: sessions write fewer buffers".to_owned(),
            effect: 0.05,
            ..say::change()
        });
    }
    if !many || inserting || writers.background_halts == 0 {
        let title = if many {
            "Leave the background writer: sessions write, but it never stops at its limit"
        } else {
            "Leave the background writer: sessions hardly write for it"
        };
        return Some(say::leave_alone(title, figures, Basis::Inferred));
    }
    let current = case.number("bgwriter_lru_maxpages")?;
    let to = (current * 4.0).clamp(400.0, 4000.0);
    if to <= current {
        let title = "Leave the background writer: it stops at a limit that is high already";
        return Some(say::leave_alone(title, figures, Basis::Inferred));
    }
    let to = to.to_string();
    Some(Recommendation {
        title: format!("Raise bgwriter_lru_maxpages to {to}: sessions write buffers themselves"),
        evidence: format!(
            "{figures}; it stopped {} at its limit of {}",
            counted(writers.background_halts, "time"),
            setting.value
        ),
        change: apply::set(case, "bgwriter_lru_maxpages", &to),
        expected: "statements find clean buffers".to_owned(),
        risk: "a page that changes again is written twice".to_owned(),
        verify: "run again: sessions write fewer buffers".to_owned(),
        effect: 0.05,
        ..say::change()
    })
}
