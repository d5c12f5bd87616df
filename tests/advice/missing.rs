//! Indexes that a search from end to end asks for.

use super::common::{change, changed, index, left, missed, said, scan, searched_by, tracks};
use loist_bench::record::{Column, Index, Record, WhatIf};

/// A scan of the library's table by this condition, which keeps five of nearly ten thousand rows; there are these indexes.
fn scanned(filter: &'static str, indexes: Vec<Index>) -> impl Fn(&mut Record) {
    move |record| {
        record.evidence.indexes = Some(indexes.clone());
        searched_by(scan(filter, 9_950.0, 5.0))(record);
    }
}

#[test]
fn columns_of_one_condition_get_one_index_equal_ones_first() {
    let filter = "((year >= 1990) AND ((status)::text = 'FAILED'::text) AND (bitrate < 128) AND ((artist)::text = 'x'::text))";
    let made = change("indexes/missing", scanned(filter, Vec::new())).change.unwrap();
    assert_eq!(
        made.apply,
        "CREATE INDEX CONCURRENTLY idx_audio_tracks_status_artist_year ON loist_bench.audio_tracks (status, artist, year);",
        "one range is all that an index reads at once"
    );
    assert_eq!(made.undo, "DROP INDEX CONCURRENTLY loist_bench.idx_audio_tracks_status_artist_year;");
    let led = scanned(filter, vec![index("idx_status", "btree", &["status", "title"])]);
    assert_eq!(said("indexes/missing", led), None, "one begins with a column of the condition");
    let behind = scanned(filter, vec![index("idx_title", "btree", &["title", "status"])]);
    change("indexes/missing", behind);
}

#[test]
fn a_name_that_is_taken_is_not_used_again() {
    let taken = index("idx_audio_tracks_year", "gin", &["title"]);
    let made = change("indexes/missing", scanned("(year = 5)", vec![taken])).change.unwrap();
    assert_eq!(
        made.apply,
        "CREATE INDEX CONCURRENTLY idx_audio_tracks_year2 ON loist_bench.audio_tracks (year);"
    );
    assert_eq!(made.undo, "DROP INDEX CONCURRENTLY loist_bench.idx_audio_tracks_year2;");
}

#[test]
fn a_partial_index_counts_for_those_who_say_its_condition() {
    let condition = "((status)::text = 'FAILED'::text)";
    let partial = Index { predicate: Some(condition.to_owned()), ..index("idx_year", "btree", &["year"]) };
    let silent = scanned("(year = 5)", vec![partial.clone()]);
    assert_eq!(changed(&change("indexes/missing", silent)), [("index on year", "year")]);
    let other = scanned("(((status)::text = 'COMPLETED'::text) AND (year = 5))", vec![partial.clone()]);
    change("indexes/missing", other);
    let said_so = scanned("(((status)::text = 'FAILED'::text) AND (year = 5))", vec![partial.clone()]);
    assert_eq!(said("indexes/missing", said_so), None);
    let invalid = Index { predicate: None, is_valid: false, ..partial };
    let broken = scanned("(year = 5)", vec![invalid]);
    assert_eq!(said("indexes/missing", &broken), None, "it is there, and is to be built again");
    let again = change("indexes/invalid", broken);
    assert_eq!(again.change.unwrap().apply, "REINDEX INDEX CONCURRENTLY loist_bench.idx_year;");
}

#[test]
fn what_the_condition_of_a_partial_index_says_is_answered_by_it() {
    let failed = Index {
        predicate: Some("((status)::text = 'FAILED'::text)".to_owned()),
        ..index("idx_failed", "btree", &["last_processed_at"])
    };
    let scanned = scanned("((retry_count < 3) AND ((status)::text = 'FAILED'::text))", vec![failed]);
    assert_eq!(said("indexes/missing", scanned), None, "the planner chose not to use it");
}

/// By its text alone nobody knows how many rows a range keeps, or what a condition means that was not read.
#[test]
fn guesses_are_not_advised_without_a_trial() {
    for filter in ["(bitrate > 8)", "((error_message IS NOT NULL) AND (bitrate = 8))"] {
        let piece = left("indexes/missing", scanned(filter, Vec::new()));
        assert!(piece.title.contains("try one first"), "{}", piece.title);
        assert!(piece.evidence.contains("CREATE INDEX CONCURRENTLY"), "{}", piece.evidence);
    }
}

/// A number that is compared as text is no text column in a cast that PostgreSQL writes around it.
#[test]
fn a_cast_of_a_number_is_an_expression() {
    let as_text = |kind: &'static str| {
        move |record: &mut Record| {
            scanned("((year)::text = '1990'::text)", Vec::new())(record);
            tracks(record).columns =
                vec![Column { name: "year".to_owned(), kind: kind.to_owned(), ..Column::default() }];
        }
    };
    let text = change("indexes/missing", as_text("character varying(20)"));
    assert_eq!(changed(&text), [("index on year", "year")]);
    assert_eq!(said("indexes/missing", as_text("integer")), None);
    let number = change("indexes/expressions", |record| {
        as_text("integer")(record);
        missed(record);
    });
    assert!(number.title.contains("(year)::text") && number.change.is_none(), "{}", number.title);
}

#[test]
fn patterns_need_trigrams() {
    let like = scanned("((title)::text ~~ '%rock%'::text)", Vec::new());
    let create = "CREATE INDEX CONCURRENTLY idx_audio_tracks_title ON loist_bench.audio_tracks USING gin (title gin_trgm_ops);";
    let there = change("indexes/missing", &like).change.unwrap();
    assert_eq!(there.apply, create, "the sample has the extension");
    let bare = |record: &mut Record| {
        like(record);
        let trigrams = record.evidence.extensions.iter_mut().find(|one| one.name == "pg_trgm");
        trigrams.unwrap().installed = None;
    };
    let made = change("indexes/missing", bare).change.unwrap();
    assert_eq!(made.apply, format!("CREATE EXTENSION IF NOT EXISTS pg_trgm;\n{create}"));
    assert_eq!(made.undo, "DROP INDEX CONCURRENTLY loist_bench.idx_audio_tracks_title;");
    let plain = change("indexes/missing", |record| {
        scanned("(year = 5)", Vec::new())(record);
        record.evidence.extensions.clear();
    });
    assert!(!plain.change.unwrap().apply.contains("EXTENSION"), "others need none");
}

/// One trial of the index on the year, if its name is free.
fn tried(examined: u64, missing: &[&str]) -> WhatIf {
    WhatIf {
        settings: vec!["CREATE INDEX idx_audio_tracks_year ON loist_bench.audio_tracks (year)".to_owned()],
        examined,
        tried: Vec::new(),
        missing: missing.iter().map(|why| (*why).to_owned()).collect(),
    }
}

#[test]
fn an_index_that_could_not_be_made_is_not_advised() {
    let why = "permission denied for schema loist_bench";
    let with = |what_if: WhatIf| {
        move |record: &mut Record| {
            scanned("(year = 5)", Vec::new())(record);
            record.what_ifs = vec![what_if];
        }
    };
    let piece = left("indexes/missing", with(tried(0, &[why])));
    assert_eq!(piece.title, "Leave the indexes: the one that would serve cannot be made as it stands");
    assert!(piece.evidence.ends_with(&format!("(year): {why}")), "{}", piece.evidence);
    let unused = left("indexes/missing", with(tried(40, &[])));
    assert_eq!(unused.title, "Leave the indexes: the planner would not use the one that was tried");
    let mut other = tried(0, &[why]);
    other.settings[0] = other.settings[0].replace("year", "title");
    change("indexes/missing", with(other));
}

/// Whether PostgreSQL takes an expression is known for a few functions, and for what a trial made.
#[test]
fn an_expression_that_may_change_with_time_gets_no_sql() {
    let by_day = |record: &mut Record| {
        scanned(
            "(date_trunc('day'::text, created_at) = '2026-01-01 00:00:00+00'::timestamp with time zone)",
            Vec::new(),
        )(record);
        missed(record);
    };
    let piece = change("indexes/expressions", by_day);
    assert_eq!(piece.change, None);
    assert!(piece.risk.contains("only if all in it is IMMUTABLE"), "{}", piece.risk);
    let sure = change("indexes/expressions", |record| {
        scanned("(lower((title)::text) = 'x'::text)", Vec::new())(record);
        missed(record);
    });
    assert!(!sure.risk.contains("IMMUTABLE"), "{}", sure.risk);
    assert_eq!(
        sure.change.unwrap().apply,
        "CREATE INDEX CONCURRENTLY idx_audio_tracks_lower_title_text ON loist_bench.audio_tracks ((lower((title)::text)));"
    );
}
