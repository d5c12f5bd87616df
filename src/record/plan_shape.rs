//! What makes two plans the same: methods, relations, indexes, and their order, without figures and literals. Pure.

use super::template::folded;
use crate::text::sha256;
use serde_json::Value;

/// Digits of a fingerprint.
const DIGITS: usize = 16;

/// What of a node makes it the same as another, but for expressions.
const METHODS: &[&str] = &[
    "Node Type",
    "Strategy",
    "Partial Mode",
    "Operation",
    "Command",
    "Join Type",
    "Scan Direction",
    "Parallel Aware",
    "Parent Relationship",
    "Subplan Name",
    "Relation Name",
    "Index Name",
    "CTE Name",
    "Function Name",
    "Cache Mode",
    "Conflict Resolution",
    "Conflict Arbiter Indexes",
];

/// Expressions of a node.
const EXPRESSIONS: &[&str] = &[
    "Sort Key",
    "Presorted Key",
    "Group Key",
    "Grouping Sets",
    "Order By",
    "Index Cond",
    "Recheck Cond",
    "Hash Cond",
    "Merge Cond",
    "TID Cond",
    "Cache Key",
    "Join Filter",
    "One-Time Filter",
    "Filter",
    "Conflict Filter",
];

/// The first digits of the SHA-256 of a plan's normal form; `node` is what EXPLAIN (FORMAT JSON) printed as `Plan`.
#[must_use]
pub fn fingerprint(node: &Value) -> String {
    let mut form = String::new();
    write_normal(node, &mut form);
    sha256(form)[..DIGITS].to_owned()
}

fn write_normal(node: &Value, out: &mut String) {
    for key in METHODS {
        if let Some(value) = node.get(key) {
            // InitPlan 1 (returns $0): the number is the planner's count.
            let strip = *key == "Subplan Name";
            let text = if strip { subplan(value.as_str().unwrap_or_default()) } else { value.to_string() };
            out.push_str(&format!("{key}={text};"));
        }
    }
    for key in EXPRESSIONS {
        if let Some(value) = node.get(key) {
            out.push_str(&format!("{key}={};", expression(value)));
        }
    }
    for child in children(node) {
        out.push('(');
        write_normal(child, out);
        out.push(')');
    }
}

fn subplan(name: &str) -> String {
    let name = name.split(" (returns").next().unwrap_or_default();
    match name.strip_prefix("CTE ") {
        Some(cte) => format!("CTE {cte}"),
        None => name.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ').to_owned(),
    }
}

fn expression(value: &Value) -> String {
    match value {
        Value::String(text) => folded(text),
        Value::Array(list) => list.iter().map(expression).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn children(node: &Value) -> impl Iterator<Item = &Value> {
    node.get("Plans").and_then(Value::as_array).into_iter().flatten()
}

/// The plan in words, the root first: what reads from what stands left of `<`; several inputs stand in brackets.
#[must_use]
pub fn shape(node: &Value) -> String {
    let below: Vec<String> = children(node).map(shape).collect();
    let word = word(node);
    match below.as_slice() {
        [] => word,
        [only] => format!("{word} < {only}"),
        several => format!("{word} < ({})", several.join(", ")),
    }
}

/// A node as EXPLAIN's text names it.
fn word(node: &Value) -> String {
    let text = |name: &str| node.get(name).and_then(Value::as_str);
    let kind = text("Node Type").unwrap_or("?");
    let base = match (kind, text("Strategy")) {
        ("Aggregate", Some("Hashed")) => "HashAggregate".to_owned(),
        ("Aggregate", Some("Sorted")) => "GroupAggregate".to_owned(),
        ("Aggregate", Some("Mixed")) => "MixedAggregate".to_owned(),
        ("SetOp", Some("Hashed")) => "HashSetOp".to_owned(),
        ("ModifyTable", _) => text("Operation").unwrap_or(kind).to_owned(),
        _ => join(kind, text("Join Type")),
    };
    let partial = match text("Partial Mode") {
        Some(mode @ ("Partial" | "Finalize")) => format!("{mode} "),
        _ => String::new(),
    };
    let parallel = if node.get("Parallel Aware") == Some(&Value::Bool(true)) { "Parallel " } else { "" };
    let backward = if text("Scan Direction") == Some("Backward") { " Backward" } else { "" };
    let index = text("Index Name").map(|name| format!(" using {name}")).unwrap_or_default();
    let relation = text("Relation Name").or(text("CTE Name")).or(text("Function Name"));
    let on = relation.map(|name| format!(" on {name}")).unwrap_or_default();
    format!("{partial}{parallel}{base}{backward}{index}{on}")
}

fn join(kind: &str, r#type: Option<&str>) -> String {
    match (kind, r#type) {
        (_, None | Some("Inner")) => kind.to_owned(),
        ("Nested Loop", Some(other)) => format!("Nested Loop {other} Join"),
        (kind, Some(other)) => match kind.strip_suffix(" Join") {
            Some(method) => format!("{method} {other} Join"),
            None => kind.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn search(rows: f64, term: &str, limit: u32) -> Value {
        json!({
            "Node Type": "Limit", "Parallel Aware": false, "Plan Rows": limit, "Total Cost": rows,
            "Actual Rows": rows, "Actual Loops": 1,
            "Plans": [{
                "Node Type": "Sort", "Parent Relationship": "Outer", "Parallel Aware": false, "Plan Rows": rows,
                "Sort Key": [format!("(ts_rank(search_vector, '''{term}'''::tsquery, {limit})) DESC"), "created_at DESC"],
                "Plans": [{
                    "Node Type": "Bitmap Heap Scan", "Parent Relationship": "Outer", "Parallel Aware": false,
                    "Relation Name": "audio_tracks", "Alias": "audio_tracks",
                    "Recheck Cond": format!("(search_vector @@ '''{term}'''::tsquery)"),
                    "Filter": format!("((year >= {limit}) AND ((status)::text = 'COMPLETED'::text))"),
                    "Rows Removed by Filter": rows,
                    "Plans": [{
                        "Node Type": "Bitmap Index Scan", "Parent Relationship": "Outer", "Parallel Aware": false,
                        "Index Name": "idx_audio_tracks_search_vector", "Index Searches": 1,
                        "Index Cond": format!("(search_vector @@ '''{term}'''::tsquery)"),
                    }],
                }],
            }],
        })
    }

    #[test]
    fn shapes_are_words_from_the_root() {
        assert_eq!(
            shape(&search(10.0, "love", 21)),
            "Limit < Sort < Bitmap Heap Scan on audio_tracks < Bitmap Index Scan using idx_audio_tracks_search_vector"
        );
        let two = json!({"Node Type": "BitmapOr", "Plans": [
            {"Node Type": "Bitmap Index Scan", "Index Name": "a"},
            {"Node Type": "Bitmap Index Scan", "Index Name": "b"}]});
        assert_eq!(shape(&two), "BitmapOr < (Bitmap Index Scan using a, Bitmap Index Scan using b)");
        for (node, expected) in [
            (
                json!({"Node Type": "Aggregate", "Strategy": "Hashed", "Partial Mode": "Simple"}),
                "HashAggregate",
            ),
            (
                json!({"Node Type": "Aggregate", "Strategy": "Plain", "Partial Mode": "Partial"}),
                "Partial Aggregate",
            ),
            (
                json!({"Node Type": "Index Scan", "Scan Direction": "Backward", "Index Name": "i", "Relation Name": "t"}),
                "Index Scan Backward using i on t",
            ),
            (
                json!({"Node Type": "Seq Scan", "Parallel Aware": true, "Relation Name": "t"}),
                "Parallel Seq Scan on t",
            ),
            (json!({"Node Type": "ModifyTable", "Operation": "Insert", "Relation Name": "t"}), "Insert on t"),
            (json!({"Node Type": "Hash Join", "Join Type": "Left"}), "Hash Left Join"),
            (json!({"Node Type": "Nested Loop", "Join Type": "Inner"}), "Nested Loop"),
            (json!({"Node Type": "Nested Loop", "Join Type": "Anti"}), "Nested Loop Anti Join"),
            (json!({}), "?"),
        ] {
            assert_eq!(shape(&node), expected);
        }
    }

    /// Every way to change the method, and where an expression is another one.
    #[test]
    fn another_method_is_another_plan() {
        let mut seen = vec![fingerprint(&search(10.0, "love", 21))];
        let changes: &[(&str, &str, Value)] = &[
            ("", "Node Type", json!("Result")),
            ("", "Scan Direction", json!("Backward")),
            ("", "Parallel Aware", json!(true)),
            ("/Plans/0", "Sort Key", json!(["title"])),
            ("/Plans/0", "Strategy", json!("Hashed")),
            ("/Plans/0/Plans/0", "Relation Name", json!("other")),
            ("/Plans/0/Plans/0", "Filter", json!("(year <= 1)")),
            ("/Plans/0/Plans/0", "Plans", json!([])),
            ("/Plans/0/Plans/0/Plans/0", "Index Name", json!("another")),
            ("/Plans/0/Plans/0/Plans/0", "Parent Relationship", json!("InitPlan")),
        ];
        for (at, key, value) in changes {
            let mut plan = search(10.0, "love", 21);
            plan.pointer_mut(at).unwrap()[*key] = value.clone();
            let changed = fingerprint(&plan);
            assert!(!seen.contains(&changed), "{at} {key}");
            seen.push(changed);
        }
    }

    #[test]
    fn names_that_the_planner_counts_are_no_method() {
        let named = |name: &str, condition: &str| {
            fingerprint(&json!({"Node Type": "Result", "Subplan Name": name, "Filter": condition}))
        };
        assert_eq!(named("InitPlan 1 (returns $0)", "(a = $0)"), named("InitPlan 12", "(a = $3)"));
        assert_ne!(named("CTE a1", ""), named("CTE a2", ""));
        assert_eq!(named("", "(t_1.year > 1900)"), named("", "(audio_tracks.year > 2000)"));
    }

    proptest! {
        #[test]
        fn figures_and_literals_are_no_method(rows in 0.0..1e9_f64, term in "[a-z' &|:*]{0,20}", limit: u32) {
            let term = term.replace('\'', "''");
            prop_assert_eq!(fingerprint(&search(rows, &term, limit)), fingerprint(&search(1.0, "love", 21)));
            prop_assert_eq!(shape(&search(rows, &term, limit)), shape(&search(1.0, "love", 21)));
        }
    }
}
