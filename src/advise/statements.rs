//! Statements that ask for more than they need.

use super::{case::Case, saving::Saving, say};
use crate::record::{Basis, PlanNode, Recommendation, StatementPlan};
use crate::text::{first_of, grouped};

/// Rows that are skipped for each that is returned, from which an offset is deep.
const DEEP: f64 = 10.0;
const SKIPPED: f64 = 100.0;
/// Rows that are ranked for each that is returned, from which ranking is the work.
const MANY_RANKED: f64 = 1000.0;

/// What a rewriting rule found.
struct Finding {
    /// What the time of the finding is.
    saving: Saving,
    figures: String,
}

/// Speaks of code only where that would be felt.
fn rewrite(case: &Case, found: &Finding, leave: &str, advice: Recommendation) -> Recommendation {
    let evidence = format!("{}; {}", found.figures, case.felt_figures(&found.saving));
    if case.is_felt(&found.saving) {
        Recommendation { evidence, effect: found.saving.share, ..advice }
    } else {
        say::leave_alone(leave, evidence, Basis::Inferred)
    }
}

/// Rows that a LIMIT node read and did not return.
fn skipped(root: &PlanNode) -> Option<(f64, f64)> {
    let limit = root.nodes().into_iter().find(|node| node.kind == "Limit")?;
    let below = limit.children.first()?.actual_rows?;
    let returned = limit.actual_rows?;
    Some((below - returned, returned))
}

/// An offset reads and throws away what it skips.
pub(super) fn deep_offset(case: &Case) -> Option<Recommendation> {
    let deep = |root: &PlanNode| {
        skipped(root)
            .filter(|(skipped, returned)| *skipped >= SKIPPED && *skipped >= DEEP * returned.max(1.0))
    };
    let mut found: Option<(&StatementPlan, f64, f64)> = None;
    for (plan, root) in case.executed().filter(|(plan, _)| plan.sql.to_uppercase().contains("OFFSET")) {
        if let Some((skipped, returned)) = deep(root)
            && found.is_none_or(|(_, known, _)| skipped > known)
        {
            found = Some((plan, skipped, returned));
        }
    }
    let (plan, skipped, returned) = found?;
    let saving = case.saving_in_plans(|_, root| {
        self::skipped(root).map_or(0.0, |(skipped, returned)| {
            if deep(root).is_some() { skipped / (skipped + returned) } else { 0.0 }
        })
    });
    let figures = format!(
        "{} ({}) skipped {} rows to return {}",
        say::statements(&plan.statements),
        super::plans::case(plan.case),
        grouped(skipped.round() as u64),
        grouped(returned.round() as u64)
    );
    let advice = Recommendation {
        title: "Page by key instead of OFFSET: what is skipped is read all the same".to_owned(),
        expected: "each page costs what the first one costs".to_owned(),
        risk: "a page can only be reached from the one before it; sort keys must be unique".to_owned(),
        verify: "a workload with WHERE (created_at, id) < (:created_at, :id) ORDER BY created_at DESC, id DESC, compared".to_owned(),
        ..say::change()
    };
    Some(rewrite(case, &Finding { saving, figures }, "Leave OFFSET: what is skipped is not felt", advice))
}

fn counts(plan: &StatementPlan, root: &PlanNode) -> bool {
    plan.sql.trim_start().to_lowercase().starts_with("select count(*)")
        && (root.kind == "Aggregate" || root.kind == "Finalize Aggregate")
}

/// A count before each page does the page's work twice.
pub(super) fn count_before_page(case: &Case) -> Option<Recommendation> {
    let pages = |operation: &str| {
        let of_it = |name: &String| name.split('.').next() == Some(operation);
        let pages = case.plans.iter().filter(|(plan, _)| plan.statements.iter().any(of_it));
        pages.into_iter().any(|(plan, _)| plan.sql.to_uppercase().contains("LIMIT"))
    };
    let mut names: Vec<String> = Vec::new();
    for (plan, _) in case.executed().filter(|(plan, root)| counts(plan, root)) {
        for name in &plan.statements {
            if name.split('.').next().is_some_and(pages) && !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    if names.is_empty() {
        return None;
    }
    let saving = case.saving_statements(&names);
    let figures = format!(
        "{} {} all matches before each page",
        first_of(&names, 2),
        if names.len() == 1 { "counts" } else { "count" }
    );
    let advice = Recommendation {
        title: "Count and page in one statement, or stop counting at a limit".to_owned(),
        expected: "one pass over the matches and one round trip less".to_owned(),
        risk: "count(*) OVER () says nothing on an empty page; a capped count reads \"1,000+\"".to_owned(),
        verify: "a workload with count(*) OVER () in the page, or a count of SELECT ... LIMIT 1000, compared"
            .to_owned(),
        ..say::change()
    };
    Some(rewrite(
        case,
        &Finding { saving, figures },
        "Leave the count before each page: it is not felt",
        advice,
    ))
}

/// Rank is computed for each match, and the page shows a few.
pub(super) fn rank_over_many(case: &Case) -> Option<Recommendation> {
    let ranked = |root: &PlanNode| {
        let scans =
            root.nodes().into_iter().filter(|node| node.kind.ends_with("Scan") && node.relation.is_some());
        scans
            .map(|node| (node.actual_rows.unwrap_or_default() + node.removed_by_filter) * node.loops)
            .fold(0.0, f64::max)
    };
    let matches = |root: &PlanNode| {
        // A sequential scan looks at rows that do not match, and ranks only those that do.
        let scans =
            root.nodes().into_iter().filter(|node| node.kind.ends_with("Scan") && node.relation.is_some());
        scans
            .map(
                |node| {
                    if node.is_sequential_scan() {
                        node.actual_rows.unwrap_or_default()
                    } else {
                        ranked(node)
                    }
                },
            )
            .fold(0.0, f64::max)
    };
    let ranks = |plan: &StatementPlan| plan.sql.to_lowercase().contains("ts_rank");
    let (plan, rows) = case
        .executed()
        .filter(|(plan, _)| ranks(plan))
        .map(|(plan, root)| (plan, matches(root)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, rows)| *rows >= MANY_RANKED)?;
    let saving = case
        .saving_in_plans(|plan, root| if ranks(plan) && matches(root) >= MANY_RANKED { 0.5 } else { 0.0 });
    let figures = format!(
        "{} ({}) ranks {} matches",
        say::statements(&plan.statements),
        super::plans::case(plan.case),
        grouped(rows.round() as u64)
    );
    let advice = Recommendation {
        title: "Rank fewer rows: limit the candidates first, and drop the rank from the condition".to_owned(),
        expected: "rank is computed for the candidates alone, and once".to_owned(),
        risk: "with very common words the best match may not be among the candidates".to_owned(),
        verify: "a workload that ranks a subquery with LIMIT 1000, compared".to_owned(),
        ..say::change()
    };
    Some(rewrite(
        case,
        &Finding { saving, figures },
        "Leave ts_rank: ranking the matches is not felt",
        advice,
    ))
}
