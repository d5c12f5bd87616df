//! Plans as EXPLAIN (FORMAT JSON) prints them.

use loist_bench::record::{PlanNode, fingerprint, shape};
use serde_json::Value;

/// Every node is seen, and figures are no part of what makes two plans the same.
pub(super) fn read(data: &[u8]) -> bool {
    let Ok(explained) = serde_json::from_slice::<Value>(data) else { return false };
    let plan = explained.get("Plan").unwrap_or(&explained);
    let node = PlanNode::parse(plan);
    assert_eq!(node.nodes().len(), count(plan));
    let print = fingerprint(plan);
    assert!(print.len() == 16 && print.bytes().all(|byte| byte.is_ascii_hexdigit()), "{print}");
    assert_eq!(fingerprint(&with_figures(plan)), print);
    assert!(node.nodes().iter().all(|node| node.misestimate().is_none_or(|factor| factor >= 1.0)));
    !shape(plan).is_empty() && !node.kind.is_empty()
}

fn count(plan: &Value) -> usize {
    1 + below(plan).map(count).sum::<usize>()
}

fn below(plan: &Value) -> impl Iterator<Item = &Value> {
    plan.get("Plans").and_then(Value::as_array).into_iter().flatten()
}

/// The same plan as another execution would show it.
fn with_figures(plan: &Value) -> Value {
    let mut plan = plan.clone();
    let Some(fields) = plan.as_object_mut() else { return plan };
    for name in ["Total Cost", "Plan Rows", "Actual Rows", "Actual Loops", "Shared Read Blocks"] {
        fields.insert(name.to_owned(), Value::from(7));
    }
    if let Some(nodes) = fields.get_mut("Plans").and_then(Value::as_array_mut) {
        nodes.iter_mut().for_each(|node| *node = with_figures(node));
    }
    plan
}
