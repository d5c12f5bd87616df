//! The memory that the settings promise, against what there is.

use super::common::{change, said, set, small_machine};

#[test]
fn memory_that_is_promised_twice_is_found() {
    let piece = change("memory/overcommit", |record| {
        small_machine(record);
        record.load.connections = 100;
        set(&mut record.evidence, "work_mem", "65536");
    });
    assert!(piece.evidence.contains("x 100 connections"), "{}", piece.evidence);
    assert!(piece.change.is_some());
    assert_eq!(said("memory/overcommit", small_machine), None);
}
