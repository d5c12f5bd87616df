//! What is left after a crash.

use super::{
    case::Case,
    check::{Check, Judged, Seen, manual},
    finding::Severity,
};
use crate::observe::security::ReplicationSlot;
use crate::text::sql;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "fsync-off",
        severity: Severity::Critical,
        title: "nobody waits until data is on the disk",
        why: "after a crash of the machine the whole cluster may be beyond repair",
        reference: manual!("runtime-config-wal.html#GUC-FSYNC"),
        judge: fsync,
    },
    Check {
        id: "full-page-writes-off",
        severity: Severity::High,
        title: "pages that are half written cannot be mended",
        why: "after a crash a page may be half old and half new, silently",
        reference: manual!("runtime-config-wal.html#GUC-FULL-PAGE-WRITES"),
        judge: full_page_writes,
    },
    Check {
        id: "checksums-off",
        severity: Severity::Info,
        title: "pages have no checksums",
        why: "a page that the storage spoilt is handed out as data, and is in all backups before somebody notices",
        reference: manual!("checksums.html"),
        judge: checksums,
    },
    Check {
        id: "slot-inactive",
        severity: Severity::Medium,
        title: "nobody reads a replication slot",
        why: "the server keeps its log for it until the disk is full",
        reference: concat!(
            manual!("warm-standby.html#STREAMING-REPLICATION-SLOTS"),
            "; CIS PostgreSQL Benchmark, chapter 7"
        ),
        judge: slots,
    },
];

/// A setting that must be on.
fn must_be_on(case: &Case, name: &str) -> Judged {
    if case.value(name)? == "on" {
        return Ok(Vec::new());
    }
    Ok(vec![Seen::new(name, format!("{name} is off")).remedy(case.set(name, "on"))])
}

fn fsync(case: &Case) -> Judged {
    must_be_on(case, "fsync")
}

fn full_page_writes(case: &Case) -> Judged {
    must_be_on(case, "full_page_writes")
}

fn checksums(case: &Case) -> Judged {
    if case.value("data_checksums")? == "on" {
        return Ok(Vec::new());
    }
    let seen = Seen::new("data_checksums", "data_checksums is off");
    Ok(vec![seen.by_hand(
        "with the server stopped: pg_checksums --enable; or a new cluster by initdb --data-checksums",
    )])
}

fn slots(case: &Case) -> Judged {
    let seen = |slot: &ReplicationSlot| {
        Seen::new(&slot.name, format!("the {} slot {} is not active", slot.kind, slot.name)).by_hand(format!(
            "where its reader is gone for good: SELECT pg_drop_replication_slot({});",
            sql::literal(&slot.name)
        ))
    };
    Ok(case.evidence.slots.get()?.iter().filter(|slot| !slot.active).map(seen).collect())
}
