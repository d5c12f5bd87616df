//! Waiting for others.

use super::common::{change, said, set};
use loist_bench::record::{Blocker, Record, Sample, Wait};

#[test]
fn who_holds_a_lock_is_named() {
    let locked = |ours: bool| {
        move |record: &mut Record| {
            record.samples.samples = vec![Sample {
                sessions_active: Some(4),
                waits: vec![
                    Wait { class: "Lock".to_owned(), event: "transactionid".to_owned(), sessions: 3 },
                    Wait { class: "cpu".to_owned(), event: String::new(), sessions: 1 },
                ],
                blockers: vec![Blocker {
                    pid: 77,
                    application: Some("nightly report".to_owned()),
                    is_ours: ours,
                    state: Some("idle in transaction".to_owned()),
                    transaction_ms: Some(9e3),
                    blocked: 3,
                    event: "transactionid".to_owned(),
                }],
                ..Sample::default()
            }];
        }
    };
    let piece = change("locks/waits", locked(false));
    assert!(piece.title.contains("session 77 of nightly report (idle in transaction)"), "{}", piece.title);
    let piece = change("locks/waits", locked(true));
    assert!(piece.title.contains("one another's locks"), "{}", piece.title);
    assert_eq!(said("locks/waits", |record| record.samples.samples.clear()), None);
    let extending = |record: &mut Record| {
        locked(false)(record);
        "extend".clone_into(&mut record.samples.samples[0].waits[0].event);
    };
    assert_eq!(said("locks/waits", extending), None, "a file that grows is nobody's transaction");
}

#[test]
fn a_standby_that_commits_wait_for_is_named() {
    let piece = change("locks/synchronous-replication", |record| {
        record.samples.samples = vec![Sample {
            sessions_active: Some(1),
            waits: vec![Wait { class: "IPC".to_owned(), event: "SyncRep".to_owned(), sessions: 1 }],
            ..Sample::default()
        }];
        set(&mut record.evidence, "synchronous_standby_names", "away");
    });
    assert!(piece.evidence.contains("'away'"), "{}", piece.evidence);
}

/// A process number is somebody else's by the time that a report is read; a name stays.
#[test]
fn who_is_ended_is_looked_up_first() {
    let blocked_by = |application: Option<&'static str>| {
        let piece = change("locks/waits", |record| {
            record.samples.samples = vec![Sample {
                sessions_active: Some(4),
                waits: vec![Wait {
                    class: "Lock".to_owned(),
                    event: "transactionid".to_owned(),
                    sessions: 3,
                }],
                blockers: vec![Blocker {
                    pid: 4177,
                    application: application.map(str::to_owned),
                    is_ours: false,
                    state: None,
                    transaction_ms: None,
                    blocked: 3,
                    event: "transactionid".to_owned(),
                }],
                ..Sample::default()
            }];
        });
        assert_eq!(piece.changes().count(), 0, "nothing is ended by a tool");
        piece.verify
    };
    for (name, condition) in [
        ("nightly report", "WHERE application_name = 'nightly report' AND"),
        ("o'clock", "WHERE application_name = 'o''clock' AND"),
    ] {
        let verify = blocked_by(Some(name));
        assert!(verify.contains(condition) && verify.contains("pg_stat_activity"), "{verify}");
        assert!(verify.contains("pg_terminate_backend(pid)") && !verify.contains("4177"), "{verify}");
    }
    for nameless in [None, Some("")] {
        let verify = blocked_by(nameless);
        assert!(verify.contains("WHERE pid = 4177 AND xact_start <"), "{verify}");
        assert!(!verify.contains("pg_terminate_backend(4177)"), "{verify}");
    }
}
