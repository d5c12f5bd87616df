//! Statements that the server executes in another way than it did in another run. Pure.

use crate::{
    record::{PlanCase, PlanNode, Record, StatementPlan, without_literals},
    text::first_of,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// A statement whose plan is another one than in the base.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanFlip {
    /// As `operation.statement`, in the new record.
    pub statements: Vec<String>,
    /// Which parameters, in the new record.
    pub case: PlanCase,
    /// What changed, in words.
    pub sentence: String,
    /// The shape in the base.
    pub base_shape: String,
    /// The shape now.
    pub new_shape: String,
    /// Time of execution in the base, as EXPLAIN measured it; absent where it was only planned.
    pub base_execution_ms: Option<f64>,
    /// Time of execution now, likewise.
    pub new_execution_ms: Option<f64>,
    /// Whether the parameters were the same; if not, another choice of the planner may be theirs.
    pub same_parameters: bool,
}

/// Plans of `new` that differ from those that `base` has for the same SQL. Statements are matched by name and by their
/// text without values; parameters are those of the same case where `base` has it. A plan that `base` has, too, for other
/// parameters of the same text, is no flip: there the planner chose by the parameters.
#[must_use]
pub fn plan_flips(base: &Record, new: &Record) -> Vec<PlanFlip> {
    new.plans.iter().filter_map(|plan| flip(&base.plans, plan)).collect()
}

fn flip(base: &[StatementPlan], new: &StatementPlan) -> Option<PlanFlip> {
    let is_generic = |plan: &StatementPlan| plan.case == PlanCase::Generic;
    let text = template(new);
    let same_text: Vec<&StatementPlan> = base
        .iter()
        .filter(|plan| plan.statements.iter().any(|name| new.statements.contains(name)))
        .filter(|plan| is_generic(plan) == is_generic(new) && template(plan) == text)
        .collect();
    let same_parameters = |plan: &&&StatementPlan| plan.sql == new.sql && plan.parameters == new.parameters;
    let equal = same_text.iter().find(same_parameters);
    if equal.is_none() && same_text.iter().any(|plan| plan.fingerprint == new.fingerprint) {
        return None;
    }
    let same_case = same_text.iter().find(|plan| plan.case == new.case);
    let base = *equal.or(same_case).or(same_text.first())?;
    (base.fingerprint != new.fingerprint).then(|| PlanFlip {
        statements: new.statements.clone(),
        case: new.case,
        sentence: sentence(base, new, equal.is_some()),
        base_shape: base.shape.clone(),
        new_shape: new.shape.clone(),
        base_execution_ms: base.execution_ms(),
        new_execution_ms: new.execution_ms(),
        same_parameters: equal.is_some(),
    })
}

/// What the statements of one text have in common, whatever their values.
fn template(plan: &StatementPlan) -> String {
    without_literals(&plan.sql, false).replace("NULL", "?")
}

fn sentence(base: &StatementPlan, new: &StatementPlan, same_parameters: bool) -> String {
    let milliseconds = |plan: &StatementPlan| {
        plan.execution_ms().map_or_else(|| "not executed".to_owned(), |ms| format!("{ms:.2} ms"))
    };
    let case = new.case.name();
    let names = if new.statements.is_empty() { "?".to_owned() } else { first_of(&new.statements, 1) };
    let parameters = if same_parameters { "" } else { "; the parameters differ" };
    format!(
        "plan flipped {}: {names} ({case}): {} -> {}, {} -> {}{parameters}",
        change(&base.root(), &new.root()),
        base.shape,
        new.shape,
        milliseconds(base),
        milliseconds(new),
    )
}

/// What a plan does, as far as a change of it is worth a word.
struct Methods {
    sequential: usize,
    indexes: BTreeSet<String>,
    joins: Vec<String>,
    sorts: usize,
    is_parallel: bool,
}

impl Methods {
    fn of(root: &PlanNode) -> Self {
        let nodes = root.nodes();
        let count = |wanted: fn(&PlanNode) -> bool| nodes.iter().filter(|node| wanted(node)).count();
        let is_join = |node: &&&PlanNode| node.kind.ends_with("Join") || node.kind == "Nested Loop";
        Self {
            sequential: count(PlanNode::is_sequential_scan),
            indexes: nodes.iter().filter_map(|node| node.index.clone()).collect(),
            joins: nodes.iter().filter(is_join).map(|node| node.kind.clone()).collect(),
            sorts: count(|node| node.kind.ends_with("Sort")),
            is_parallel: nodes.iter().any(|node| node.kind.starts_with("Gather")),
        }
    }
}

fn change(base: &PlanNode, new: &PlanNode) -> String {
    let (base, new) = (Methods::of(base), Methods::of(new));
    let listed = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" and ");
    if new.sequential > base.sequential && !base.indexes.is_empty() {
        "from index to sequential scan".to_owned()
    } else if new.sequential < base.sequential && !new.indexes.is_empty() {
        "from sequential to index scan".to_owned()
    } else if !base.indexes.is_empty() && !new.indexes.is_empty() && base.indexes != new.indexes {
        format!("from index {} to {}", listed(&base.indexes), listed(&new.indexes))
    } else if base.joins != new.joins && !base.joins.is_empty() && !new.joins.is_empty() {
        format!("from {} to {}", base.joins.join(", "), new.joins.join(", "))
    } else if base.is_parallel != new.is_parallel {
        if new.is_parallel { "to a parallel plan" } else { "from a parallel plan to a serial one" }.to_owned()
    } else if (base.sorts == 0) != (new.sorts == 0) {
        if new.sorts > 0 { "to one that sorts" } else { "to one that need not sort" }.to_owned()
    } else {
        "to another one".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{fingerprint, shape};
    use serde_json::{Value, json};

    fn plan(case: PlanCase, sql: &str, node: &Value) -> StatementPlan {
        StatementPlan {
            statements: vec!["search.page".to_owned()],
            case,
            sql: sql.to_owned(),
            parameters: Vec::new(),
            call_ms: None,
            executed: true,
            fingerprint: fingerprint(node),
            shape: shape(node),
            explained: json!({"Plan": node, "Execution Time": 1.5}),
        }
    }

    fn by_index() -> Value {
        json!({"Node Type": "Index Scan", "Relation Name": "t", "Index Name": "i"})
    }

    fn sequential() -> Value {
        json!({"Node Type": "Seq Scan", "Relation Name": "t"})
    }

    #[test]
    fn another_method_for_the_same_text_is_a_flip() {
        let base = [plan(PlanCase::Heavy, "SELECT a FROM t WHERE b = 'x'", &by_index())];
        let flipped =
            flip(&base, &plan(PlanCase::Heavy, "SELECT a FROM t WHERE b = 'y'", &sequential())).unwrap();
        assert_eq!(
            flipped.sentence,
            "plan flipped from index to sequential scan: search.page (heavy): Index Scan using i on t -> Seq Scan on t, \
             1.50 ms -> 1.50 ms; the parameters differ"
        );
        let same =
            flip(&base, &plan(PlanCase::Rare, "SELECT a FROM t WHERE b = 'x'", &sequential())).unwrap();
        assert!(same.same_parameters, "{same:?}");
    }

    #[test]
    fn what_is_not_the_same_statement_is_no_flip() {
        let base = [plan(PlanCase::Heavy, "SELECT a FROM t WHERE b = 'x'", &by_index())];
        assert_eq!(flip(&base, &base[0]), None);
        let other_text = plan(PlanCase::Heavy, "SELECT a FROM t WHERE b = 'x' AND c = 1", &sequential());
        assert_eq!(flip(&base, &other_text), None);
        let generic = plan(PlanCase::Generic, "SELECT a FROM t WHERE b = $1", &sequential());
        assert_eq!(flip(&base, &generic), None);
        let renamed = StatementPlan {
            statements: vec!["browse.page".to_owned()],
            ..plan(PlanCase::Heavy, "SELECT a FROM t WHERE b = 'x'", &sequential())
        };
        assert_eq!(flip(&base, &renamed), None);
    }

    /// The planner chooses by the parameters, and did so in the base.
    #[test]
    fn a_plan_that_the_base_has_for_other_parameters_is_no_flip() {
        let base = [
            plan(PlanCase::Heavy, "SELECT a FROM t WHERE b = 'x'", &by_index()),
            plan(PlanCase::Rare, "SELECT a FROM t WHERE b = 'y'", &sequential()),
        ];
        assert_eq!(flip(&base, &plan(PlanCase::Heavy, "SELECT a FROM t WHERE b = 'z'", &sequential())), None);
        assert!(
            flip(&base, &plan(PlanCase::Heavy, "SELECT a FROM t WHERE b = 'x'", &sequential())).is_some()
        );
    }

    #[test]
    fn changes_have_words() {
        let sorted = |below: Value| json!({"Node Type": "Sort", "Plans": [below]});
        let joined = |kind: &str| json!({"Node Type": kind, "Plans": [sequential(), sequential()]});
        let other = json!({"Node Type": "Index Scan", "Relation Name": "t", "Index Name": "j"});
        let gathered = json!({"Node Type": "Gather", "Plans": [sequential()]});
        for (base, new, words) in [
            (by_index(), sequential(), "from index to sequential scan"),
            (sequential(), by_index(), "from sequential to index scan"),
            (by_index(), other, "from index i to j"),
            (joined("Nested Loop"), joined("Hash Join"), "from Nested Loop to Hash Join"),
            (sequential(), gathered.clone(), "to a parallel plan"),
            (gathered, sequential(), "from a parallel plan to a serial one"),
            (by_index(), sorted(by_index()), "to one that sorts"),
            (sorted(by_index()), by_index(), "to one that need not sort"),
            (sequential(), json!({"Node Type": "Result"}), "to another one"),
        ] {
            assert_eq!(change(&PlanNode::parse(&base), &PlanNode::parse(&new)), words);
        }
    }
}
