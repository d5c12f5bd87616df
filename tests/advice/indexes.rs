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

/// Tables that somebody else made and uses.
fn of_others(indexes: Vec<Index>) -> impl FnOnce(&mut Record) {
    move |record| {
        record.catalog.state = "existing".to_owned();
        record.evidence.indexes = Some(indexes);
    }
}

fn unscanned(name: &str, method: &str, keys: &[&str]) -> Index {
    let columns = keys.iter().map(|key| (*key).to_owned()).collect();
    Index { scans: Some(0), scans_ever: 0, columns, ..index(name, method, keys) }
}

fn with_class(class: &str, index: Index) -> Index {
    Index { operator_classes: vec![class.to_owned(); index.keys.len()], ..index }
}

fn with_condition(condition: &str, column: &str, mut index: Index) -> Index {
    index.columns.push(column.to_owned());
    Index { predicate: Some(condition.to_owned()), ..index }
}

#[test]
fn indexes_that_nothing_asks_for_are_named_with_the_reason() {
    let collated = Index {
        orderings: vec!["ASC NULLS LAST COLLATE \"C\"".to_owned()],
        ..unscanned("collated", "btree", &["artist"])
    };
    let archived = with_condition(
        "((status)::text = 'ARCHIVED'::text)",
        "status",
        unscanned("archived", "btree", &["created_at"]),
    );
    let foreign = with_condition("(tenant IS NOT NULL)", "tenant", unscanned("foreign", "btree", &["title"]));
    let expression = Index {
        columns: vec!["title".to_owned()],
        ..unscanned("expression", "btree", &["lower((title)::text)"])
    };
    for (it, why) in [
        (
            unscanned("channels", "btree", &["channels"]),
            "no statement has a condition on or an order by channels",
        ),
        (unscanned("gin_album", "gin", &["album"]), "no statement has a condition on album"),
        (
            with_class("varchar_pattern_ops", unscanned("pattern", "btree", &["title"])),
            "does not answer what is asked of title (%)",
        ),
        (
            with_class("gin_trgm_ops", unscanned("trigrams", "gin", &["year"])),
            "does not answer what is asked of year (<=, >=)",
        ),
        (collated, "ordered by the collation C, and artist is compared by default"),
        (archived, "which no statement asks for"),
        (foreign, "of which no statement speaks"),
        (expression, "no statement has the expression lower((title)::text)"),
    ] {
        let name = it.name.clone();
        let piece = change("indexes/never-usable", of_others(vec![it]));
        assert!(piece.evidence.contains(why), "{name}: {}", piece.evidence);
        assert!(piece.evidence.contains("1.00 MB") && piece.risk.contains("others use this database"));
        assert_eq!(piece.change.unwrap().apply, format!("DROP INDEX CONCURRENTLY {name};"));
    }
}

#[test]
fn indexes_that_a_statement_may_use_are_not_called_useless() {
    let expression = Index {
        columns: vec!["format".to_owned()],
        ..unscanned("format", "btree", &["upper((format)::text)"])
    };
    let pending = with_condition(
        "((status)::text = 'PENDING'::text)",
        "status",
        unscanned("pending", "btree", &["created_at"]),
    );
    let scanned = Index { scans: Some(1), ..unscanned("scanned", "btree", &["channels"]) };
    let constraint = Index { is_constraint: true, ..unscanned("unique", "btree", &["channels"]) };
    for it in [
        unscanned("created_at", "btree", &["created_at"]),
        unscanned("album", "btree", &["album"]),
        with_class("gin_trgm_ops", unscanned("title", "gin", &["title"])),
        with_class("tsvector_ops", unscanned("search", "gin", &["search_vector"])),
        unscanned("year", "btree", &["year", "channels"]),
        expression,
        pending,
        scanned,
        constraint,
    ] {
        let name = it.name.clone();
        assert_eq!(said("indexes/never-usable", of_others(vec![it])), None, "{name}");
    }
    let own = |record: &mut Record| {
        record.evidence.indexes = Some(vec![unscanned("channels", "btree", &["channels"])]);
    };
    assert_eq!(said("indexes/never-usable", own), None, "the library's own are another rule's matter");
}

#[test]
fn each_index_of_others_is_named_by_one_rule() {
    let wide = index("wide", "btree", &["artist", "album"]);
    let narrow = |name: &str| unscanned(name, "btree", &["artist"]);
    let all = || {
        of_others(vec![
            wide.clone(),
            narrow("twice"),
            narrow("thrice"),
            unscanned("useless", "btree", &["channels"]),
            unscanned("unused", "btree", &["created_at"]),
            Index { scans_ever: 9, ..unscanned("theirs", "btree", &["updated_at"]) },
        ])
    };
    let named = |rule: &str| -> Vec<String> {
        change(rule, all()).changes().map(|change| change.setting.clone()).collect()
    };
    assert_eq!(named("indexes/duplicates"), ["index loist_bench.twice", "index loist_bench.thrice"]);
    assert_eq!(named("indexes/never-usable"), ["index loist_bench.useless"]);
    assert_eq!(named("indexes/unused"), ["index loist_bench.unused"], "others scan what this run did not");
    assert!(change("indexes/duplicates", all()).title.ends_with("and 1 more like it"));
}
