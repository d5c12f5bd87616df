//! Indexes that are missing, twice there, or not used.

use super::common::{change, index, left, missed, said, scan, searched_by};
use loist_bench::record::{Index, Recommendation, Record};

#[test]
fn a_search_without_its_index_wants_one() {
    let search = "((search_vector @@ '''rock'''::tsquery) AND ((status)::text = 'COMPLETED'::text))";
    let piece = change("indexes/missing", |record| {
        record.evidence.indexes = Some(vec![index("idx_status", "btree", &["status"])]);
        searched_by(scan(search, 9_950.0, 50.0))(record);
    });
    assert_eq!(
        piece.change.unwrap().apply,
        "CREATE INDEX CONCURRENTLY idx_audio_tracks_search_vector ON loist_bench.audio_tracks USING gin (search_vector);"
    );
    let there = |record: &mut Record| {
        record.evidence.indexes = Some(vec![index("idx_search", "gin", &["search_vector"])]);
        searched_by(scan(search, 9_950.0, 50.0))(record);
    };
    assert_eq!(
        said("indexes/missing", there),
        None,
        "what keeps the planner from it is another rule's matter"
    );
    let unselective = |record: &mut Record| {
        record.evidence.indexes = Some(Vec::new());
        searched_by(scan(search, 5_000.0, 5_000.0))(record);
    };
    assert_eq!(said("indexes/missing", unselective), None);
    let fuzzy = change("indexes/missing", |record| {
        record.evidence.indexes = Some(vec![index("idx_title", "gin", &["title"])]);
        searched_by(scan("(((artist)::text % 'x'::text) OR ((title)::text % 'x'::text))", 9_950.0, 5.0))(
            record,
        );
    });
    assert!(fuzzy.change.unwrap().apply.contains("gin (artist gin_trgm_ops)"));
}

#[test]
fn functions_of_columns_are_weighed() {
    let upper = |record: &mut Record| {
        record.evidence.indexes = Some(Vec::new());
        searched_by(scan("(upper((format)::text) = 'MP3'::text)", 9_950.0, 5.0))(record);
    };
    left("indexes/expressions", upper);
    let piece = change("indexes/expressions", |record| {
        upper(record);
        missed(record);
    });
    assert!(piece.change.unwrap().apply.contains("((upper((format)::text)))"));
}

#[test]
fn indexes_that_say_the_same_are_found() {
    let two = |one: Index, other: Index| {
        move |record: &mut Record| record.evidence.indexes = Some(vec![one, other])
    };
    let narrow = index("narrow", "btree", &["artist"]);
    let wide = index("wide", "btree", &["artist", "album"]);
    let piece = change("indexes/duplicates", two(narrow.clone(), wide.clone()));
    assert_eq!(piece.change.unwrap().apply, "DROP INDEX CONCURRENTLY loist_bench.narrow;");
    let unique = Index { is_constraint: true, ..narrow.clone() };
    assert_eq!(said("indexes/duplicates", two(unique.clone(), wide)), None, "a constraint stays");
    let piece = change("indexes/duplicates", two(narrow.clone(), unique));
    assert!(piece.title.contains("loist_bench.narrow:"), "{}", piece.title);
    let partial = Index { predicate: Some("(status = 'FAILED')".to_owned()), ..narrow.clone() };
    assert_eq!(said("indexes/duplicates", two(narrow.clone(), partial)), None);
    let twin = Index { name: "loist_bench.twin".to_owned(), ..narrow.clone() };
    let piece = change("indexes/duplicates", two(narrow, twin));
    assert!(piece.title.starts_with("Drop the index loist_bench.twin"), "{}", piece.title);
}

#[test]
fn indexes_that_nobody_scans_are_candidates_where_writes_are_felt() {
    let unused = |record: &mut Record| {
        let lazy = Index { scans: Some(0), scans_ever: 0, ..index("lazy", "btree", &["year"]) };
        record.evidence.indexes = Some(vec![index("busy", "btree", &["title"]), lazy]);
    };
    let piece = left("indexes/unused", unused);
    assert!(piece.evidence.contains("loist_bench.lazy"), "{}", piece.evidence);
    let piece = change("indexes/unused", |record| {
        unused(record);
        missed(record);
        for operation in &mut record.operations {
            operation.writes = true;
        }
    });
    assert!(piece.change.unwrap().undo.starts_with("CREATE INDEX CONCURRENTLY lazy"));
}

/// Two indexes of which the first looks superfluous; `change` makes them differ.
fn pair(change: impl FnOnce(&mut Index, &mut Index)) -> Option<Recommendation> {
    let same = |name: &str, keys: &[&str]| Index {
        orderings: vec![String::new(); keys.len()],
        operator_classes: vec!["text_ops".to_owned(); keys.len()],
        ..index(name, "btree", keys)
    };
    let (mut narrow, mut wide) = (same("narrow", &["artist"]), same("wide", &["artist", "album"]));
    change(&mut narrow, &mut wide);
    said("indexes/duplicates", |record| record.evidence.indexes = Some(vec![narrow, wide]))
}

#[test]
fn an_index_in_another_order_or_collation_is_no_duplicate() {
    let dropped = pair(|_, _| {}).unwrap();
    assert_eq!(dropped.title, "Drop the index loist_bench.narrow: loist_bench.wide answers all that it does");
    for ordering in ["DESC NULLS FIRST", "COLLATE \"C\""] {
        assert_eq!(pair(|narrow, _| narrow.orderings[0] = ordering.to_owned()), None, "{ordering}");
        assert_eq!(pair(|_, wide| wide.orderings[0] = ordering.to_owned()), None, "{ordering}");
        let second = pair(|_, wide| wide.orderings[1] = ordering.to_owned());
        assert_eq!(second.as_ref(), Some(&dropped), "what follows the common keys does not matter");
        let both = pair(|narrow, wide| {
            narrow.orderings[0] = ordering.to_owned();
            wide.orderings[0] = ordering.to_owned();
        });
        assert_eq!(both.as_ref(), Some(&dropped));
    }
    let pattern = |index: &mut Index| index.operator_classes[0] = "text_pattern_ops".to_owned();
    assert_eq!(pair(|narrow, _| pattern(narrow)), None);
    assert_eq!(pair(|_, wide| pattern(wide)), None);
}

#[test]
fn an_index_that_brings_a_column_with_it_is_no_duplicate() {
    let brings = |index: &mut Index, column: &str| index.included = vec![column.to_owned()];
    assert_eq!(pair(|narrow, _| brings(narrow, "year")), None);
    let as_key = pair(|narrow, _| brings(narrow, "album")).unwrap();
    let as_included = pair(|narrow, wide| {
        brings(narrow, "year");
        brings(wide, "year");
    });
    assert!(as_key.title.starts_with("Drop the index loist_bench.narrow"), "{}", as_key.title);
    assert_eq!(as_included.as_ref(), Some(&as_key));
    // Of two on the same keys the one that brings nothing goes.
    let equal = pair(|narrow, wide| {
        *wide = Index { name: "loist_bench.bare".to_owned(), ..narrow.clone() };
        brings(narrow, "year");
    });
    assert!(equal.unwrap().title.starts_with("Drop the index loist_bench.bare: loist_bench.narrow"));
}
