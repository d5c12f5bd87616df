//! What stands around the server.

use super::common::{change, said};
use loist_bench::record::{Record, ServerKind};

#[test]
fn what_waits_for_a_restart_is_not_in_force() {
    let piece = change("platform/pending-restart", |record| {
        let settings = &mut record.evidence.settings;
        settings.iter_mut().find(|setting| setting.name == "shared_buffers").unwrap().pending_restart = true;
    });
    assert!(piece.title.contains("shared_buffers"), "{}", piece.title);
    assert_eq!(said("platform/pending-restart", |_| {}), None);
}

#[test]
fn a_version_at_its_end_and_a_server_without_checksums_are_named_where_they_stay() {
    let old = |record: &mut Record| {
        record.server.kind = ServerKind::External;
        (record.server.version, record.server.version_number) = ("13.22".to_owned(), 130_022);
    };
    assert!(change("platform/end-of-life", old).title.contains("its support ended on 2025-11-13"));
    assert_eq!(said("platform/end-of-life", |record| record.server.version_number = 180_000), None);
    let bare = |record: &mut Record| record.evidence.data_checksums = Some(false);
    assert_eq!(said("platform/checksums", bare), None, "an embedded server is thrown away");
    change("platform/checksums", |record| {
        bare(record);
        record.server.kind = ServerKind::External;
    });
}

#[test]
fn a_control_groups_limit_is_the_memory_there_is() {
    let piece = change("platform/memory-limit", |record| {
        record.host.memory_bytes = 16 << 30;
        record.host.memory_limit_bytes = Some(1 << 30);
    });
    assert!(piece.evidence.contains("effective_cache_size is 4.00 GB"), "{}", piece.evidence);
    assert_eq!(said("platform/memory-limit", |_| {}), None);
}

#[test]
fn a_role_that_sees_little_is_given_the_right_to_look() {
    let plain = |superuser: bool, monitor: bool| {
        move |record: &mut Record| {
            let role = record.evidence.role.as_mut().unwrap();
            "Plain".clone_into(&mut role.name);
            role.is_superuser = superuser;
            (role.reads_all_statistics, role.reads_all_settings) = (monitor, monitor);
        }
    };
    let piece = change("platform/rights", plain(false, false));
    assert!(piece.evidence.contains("statements and sessions of other roles"), "{}", piece.evidence);
    let change = piece.change.unwrap();
    assert_eq!(change.apply, "GRANT pg_monitor TO \"Plain\";");
    assert_eq!(change.undo, "REVOKE pg_monitor FROM \"Plain\";");
    assert_eq!(said("platform/rights", plain(false, true)), None);
    assert_eq!(said("platform/rights", plain(true, false)), None);
}
