//! Pending lists of GIN indexes.

use super::common::said;
use loist_bench::record::{Record, Stance};

#[test]
fn pending_gin_pages_are_named_with_their_index() {
    let pending = |record: &mut Record| {
        let gin = record.evidence.gin.as_mut().unwrap();
        gin.iter_mut().for_each(|index| (index.pending_pages_before, index.pending_pages_after) = (0, 0));
        gin[0].pending_pages_before = 77;
    };
    let piece = said("gin/pending-list", pending).unwrap();
    assert!(piece.title.contains("77 pages") && piece.stance == Stance::Change, "{}", piece.title);
    let none = |record: &mut Record| {
        let gin = record.evidence.gin.as_mut().unwrap();
        gin.iter_mut().for_each(|index| (index.pending_pages_before, index.pending_pages_after) = (0, 0));
    };
    assert_eq!(said("gin/pending-list", none).unwrap().stance, Stance::LeaveAlone);
}
