//! Pending lists of GIN indexes.

use super::common::{change, said};
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

/// One index has pages that wait; `options` are those of all of them.
fn waiting(options: &'static [&'static str]) -> impl FnOnce(&mut Record) {
    move |record| {
        for one in record.evidence.gin.as_mut().unwrap() {
            (one.pending_pages_before, one.pending_pages_after) = (0, 0);
        }
        record.evidence.gin.as_mut().unwrap()[1].pending_pages_before = 77;
        for index in record.evidence.indexes.as_mut().unwrap() {
            index.options = options.iter().map(|option| (*option).to_owned()).collect();
        }
    }
}

#[test]
fn what_was_left_before_fastupdate_was_off_is_flushed() {
    let piece = change("gin/pending-list", waiting(&["fastupdate=off"]));
    let applied: Vec<&str> = piece.changes().map(|change| change.apply.as_str()).collect();
    assert_eq!(applied, ["VACUUM loist_bench.audio_tracks;"]);
    assert_eq!(piece.title, "VACUUM loist_bench.audio_tracks: 77 pages wait in GIN pending lists");
}

#[test]
fn fastupdate_comes_back_as_it_stood() {
    let name = "loist_bench.idx_audio_tracks_artist";
    for (options, from, undo) in [
        (&["fastupdate=on"][..], "on", format!("ALTER INDEX {name} SET (fastupdate = on);")),
        (&["gin_pending_list_limit=64"][..], "on", format!("ALTER INDEX {name} RESET (fastupdate);")),
        (&[][..], "on", format!("ALTER INDEX {name} RESET (fastupdate);")),
    ] {
        let piece = change("gin/pending-list", waiting(options));
        let [off, flush] = &piece.changes().collect::<Vec<_>>()[..] else { panic!("{piece:?}") };
        assert_eq!(off.apply, format!("ALTER INDEX {name} SET (fastupdate = off);"));
        assert_eq!((off.from.as_str(), &off.undo), (from, &undo));
        assert_eq!(flush.apply, "VACUUM loist_bench.audio_tracks;", "once nothing new comes");
    }
}
