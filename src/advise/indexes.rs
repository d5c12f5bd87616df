//! Indexes: missing, unused, twice there; conditions that none can serve.

use super::{
    case::Case,
    predicate::{self, Predicate},
    say,
};
use crate::record::{Basis, Change, Index, PlanNode, Recommendation, StatementPlan, WhatIf};

/// Rows that a scan threw away for each that it kept, from which its condition is selective.
const SELECTIVE: f64 = 10.0;
/// Rows that a scan must throw away before an index is worth its writes.
const MANY: f64 = 1000.0;

/// Sequential scans that threw away nearly all that they read.
fn wasteful<'a>(case: &'a Case) -> Vec<(&'a StatementPlan, &'a PlanNode)> {
    case.nodes(|node| {
        let workers = node.loops.max(1.0);
        let (removed, kept) =
            (node.removed_by_filter * workers, node.actual_rows.unwrap_or_default() * workers);
        node.is_sequential_scan() && removed >= MANY && removed >= SELECTIVE * kept
    })
}

fn known<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Index> {
    case.record.evidence.indexes.iter().flatten()
}

/// Whether an index answers the condition already: what keeps the planner from it is another rule's matter.
fn has_index(case: &Case, table: &str, predicate: &Predicate) -> bool {
    known(case)
        .filter(|index| index.table.rsplit('.').next() == Some(table) && index.is_valid)
        .any(|index| predicate.is_answered_by(&index.method, &index.keys))
}

/// The conditions of a scan that an index would have to answer: the most selective of those joined by AND, or all of
/// those joined by OR. Empty where there is an index already, or none can help.
fn wanted(case: &Case, node: &PlanNode) -> Vec<Predicate> {
    let (Some(filter), Some(table)) = (&node.filter, &node.relation) else { return Vec::new() };
    let arms = predicate::arms(filter);
    if !arms.is_empty() {
        return arms.into_iter().filter(|arm| !has_index(case, table, arm)).collect();
    }
    let conditions = predicate::conjuncts(filter);
    if conditions.iter().any(|condition| condition.rank() < 4 && has_index(case, table, condition)) {
        return Vec::new();
    }
    let best =
        conditions.into_iter().filter(|condition| condition.operator != "<>").min_by_key(Predicate::rank);
    best.filter(|best| !has_index(case, table, best)).into_iter().collect()
}

/// A scan from end to end for a few rows wants an index.
pub(super) fn missing(case: &Case) -> Option<Recommendation> {
    speak_of_missing(case, false)
}

/// A function of a column hides it from the column's index.
pub(super) fn expressions(case: &Case) -> Option<Recommendation> {
    speak_of_missing(case, true)
}

/// The single commands of SQL that makes indexes, without what no transaction takes; `None` for other SQL.
pub(super) fn in_a_transaction(apply: &str) -> Option<Vec<String>> {
    let commands: Vec<String> = apply
        .split(';')
        .map(|command| command.trim().replace("CREATE INDEX CONCURRENTLY", "CREATE INDEX"))
        .filter(|command| !command.is_empty())
        .collect();
    commands.iter().all(|command| command.starts_with("CREATE INDEX ")).then_some(commands)
}

/// Share of the response time that scans like this one take, if an index answered at once.
fn scanning(case: &Case, node: &PlanNode) -> f64 {
    case.share_of_plans(|_, root| {
        let all = root.actual_ms.unwrap_or_default().max(1e-9);
        let same = |scan: &&PlanNode| {
            scan.is_sequential_scan() && scan.relation == node.relation && !wanted(case, scan).is_empty()
        };
        let scans = root.nodes().into_iter().filter(same);
        let scanning: f64 = scans.map(|scan| scan.actual_ms.unwrap_or_default() * scan.loops).sum();
        (scanning / all).min(1.0) * 0.9
    })
}

/// A scan that wants indexes.
struct Missing<'a> {
    plan: &'a StatementPlan,
    node: &'a PlanNode,
    table: String,
    wanted: Vec<Predicate>,
    creates: Vec<String>,
    drops: Vec<String>,
}

impl Missing<'_> {
    /// The dearest scan of that kind.
    fn find<'a>(case: &'a Case, of_expression: bool) -> Option<Missing<'a>> {
        // Without a list of indexes nobody knows what is there.
        case.record.evidence.indexes.as_ref()?;
        let (plan, node, wanted) = wasteful(case).into_iter().find_map(|(plan, node)| {
            let wanted = wanted(case, node);
            (wanted.first()?.is_expression == of_expression).then_some((plan, node, wanted))
        })?;
        let full = case.tracks().filter(|table| table.name.rsplit('.').next() == node.relation.as_deref());
        let table =
            full.map_or_else(|| node.relation.clone().unwrap_or_default(), |table| table.name.clone());
        let schema = table.rsplit_once('.').map_or(String::new(), |(schema, _)| format!("{schema}."));
        let (mut creates, mut drops) = (Vec::new(), Vec::new());
        for predicate in &wanted {
            let mut name = predicate.index_name(&table);
            while known(case).any(|index| index.name == format!("{schema}{name}")) {
                name.push('2');
            }
            creates.extend(predicate.index_on(&table, &name));
            drops.push(format!("DROP INDEX CONCURRENTLY {schema}{name};"));
        }
        (!creates.is_empty()).then_some(Missing { plan, node, table, wanted, creates, drops })
    }

    fn figures(&self) -> String {
        let Missing { plan, node, table, .. } = self;
        format!(
            "{} ({}) reads {table} from end to end: {:.0} rows thrown away for {:.0} kept by {}; {} ms",
            say::statements(&plan.statements),
            super::plans::case(plan.case),
            node.removed_by_filter * node.loops,
            node.actual_rows.unwrap_or_default() * node.loops,
            node.filter.as_deref().unwrap_or("no condition"),
            say::ms(plan.execution_ms().unwrap_or_default())
        )
    }

    fn change(&self) -> Change {
        let operands: Vec<&str> = self.wanted.iter().map(|predicate| predicate.operand.as_str()).collect();
        Change {
            setting: format!("index on {}", operands.join(" and ")),
            from: "none".to_owned(),
            to: operands.join(" and "),
            restart: false,
            apply: format!("{};", self.creates.join("; ")),
            undo: self.drops.join(" "),
        }
    }
}

fn speak_of_missing(case: &Case, of_expression: bool) -> Option<Recommendation> {
    let missing = Missing::find(case, of_expression)?;
    let (effect, mut evidence, change) = (scanning(case, missing.node), missing.figures(), missing.change());
    // An index on an expression is a thing of its own to keep: only where it is felt.
    if of_expression && !case.is_felt(effect) {
        let title = "Leave the functions in conditions: an index on them would not be felt";
        evidence = format!("{evidence}; {}", case.felt_figures(effect));
        return Some(say::leave_alone(title, evidence, Basis::Inferred));
    }
    let commands = in_a_transaction(&change.apply).unwrap_or_default();
    let is_of_them = |what_if: &&WhatIf| commands.iter().all(|command| what_if.settings.contains(command));
    let trial = case.record.what_ifs.iter().find(is_of_them);
    if let Some(what_if) = trial {
        evidence = format!("{evidence}; {}", super::planner::trials(what_if));
    }
    if trial.is_some_and(|what_if| what_if.examined > 0 && what_if.tried.is_empty()) {
        let title = "Leave the indexes: the planner would not use the one that was tried";
        return Some(say::leave_alone(title, evidence, Basis::Measured));
    }
    let saved = trial.map_or(0.0, |what_if| case.saved(what_if));
    Some(Recommendation {
        title: if of_expression {
            format!("Index the expression {}, or compare the column itself", change.to)
        } else {
            format!(
                "Create an index on {} of {}, which is searched from end to end",
                change.to, missing.table
            )
        },
        evidence,
        change: Some(change),
        expected: if saved > 0.0 {
            format!("{} of the response time, by the trials of this run", say::percent(saved))
        } else {
            format!("{} of the response time, if the index answers at once", say::percent(effect))
        },
        basis: if saved > 0.0 { Basis::Measured } else { Basis::Inferred },
        risk: "each insert, and each update that is not HOT, writes to it; building it reads the table"
            .to_owned(),
        verify:
            "with the extension hypopg: hypopg_create_index and EXPLAIN; then run again: the plan uses it"
                .to_owned(),
        effect: if saved > 0.0 { saved } else { effect.max(0.05) },
        ..say::change()
    })
}

/// Indexes that say the same as another.
pub(super) fn duplicates(case: &Case) -> Option<Recommendation> {
    let all: Vec<&Index> = known(case).filter(|index| index.is_valid).collect();
    let same =
        |a: &Index, b: &Index| a.table == b.table && a.method == b.method && a.predicate == b.predicate;
    let covers = |wide: &Index, narrow: &Index| {
        let shorter = narrow.keys.len() <= wide.keys.len()
            && wide.keys.starts_with(&narrow.keys)
            && wide.operator_classes.starts_with(&narrow.operator_classes);
        // Only a B-tree answers for its first columns alone.
        let equal = narrow.keys == wide.keys;
        same(wide, narrow) && shorter && (equal || wide.method == "btree")
    };
    let pair = all.iter().enumerate().find_map(|(at, narrow)| {
        let mut others = all.iter().enumerate().filter(|(other, _)| *other != at);
        // Of two equal ones the later goes; what enforces a constraint stays.
        let wide = others.find(|(other, wide)| {
            covers(wide, narrow)
                && (wide.keys != narrow.keys || *other < at || (!narrow.is_constraint && wide.is_constraint))
        });
        wide.filter(|_| !narrow.is_constraint).map(|(_, wide)| (*narrow, *wide))
    });
    let (narrow, wide) = pair?;
    Some(Recommendation {
        title: format!("Drop the index {}: {} answers all that it does", narrow.name, wide.name),
        evidence: format!(
            "both are {} on {}: ({}) and ({}); the first takes {}",
            narrow.method,
            narrow.table,
            narrow.keys.join(", "),
            wide.keys.join(", "),
            say::bytes(narrow.bytes)
        ),
        change: Some(dropped(narrow)),
        expected: format!("{} less, and one index less for each write", say::bytes(narrow.bytes)),
        risk: "a narrow index is smaller: a scan of it alone may have been a little faster".to_owned(),
        verify: "run again: the plans that used it use the other".to_owned(),
        effect: 0.02,
        ..say::change()
    })
}

fn dropped(index: &Index) -> Change {
    Change {
        setting: format!("index {}", index.name),
        from: "there".to_owned(),
        to: "dropped".to_owned(),
        restart: false,
        apply: format!("DROP INDEX CONCURRENTLY {};", index.name),
        undo: format!("{};", index.definition),
    }
}

/// An index that nothing scans costs each write its share.
pub(super) fn unused(case: &Case) -> Option<Recommendation> {
    let unused: Vec<&Index> = known(case)
        .filter(|index| {
            !index.is_constraint && index.is_valid && index.scans_ever == 0 && index.scans == Some(0)
        })
        .filter(|index| case.tracks().is_some_and(|table| table.name == index.table))
        .collect();
    let names: Vec<&str> = unused.iter().map(|index| index.name.as_str()).collect();
    let first = unused.iter().max_by_key(|index| index.bytes)?;
    let bytes: u64 = unused.iter().map(|index| index.bytes).sum();
    let all = known(case).filter(|index| index.table == first.table).count();
    let writes: Vec<String> = case
        .record
        .operations
        .iter()
        .filter(|operation| operation.writes)
        .flat_map(|operation| {
            let own = operation.statements.iter().filter(|statement| {
                !["begin", "validate", "commit", "rollback"].contains(&statement.name.as_str())
            });
            own.map(move |statement| format!("{}.{}", operation.name, statement.name))
        })
        .collect();
    // Each index takes about its share of what a write does.
    let share = case.share(&writes) * unused.len() as f64 / all.max(1) as f64;
    let figures = format!(
        "{} never scanned, by this workload or since the counters began: {}; {} in all, a share of {} of the writes",
        if unused.len() == 1 { "1 index was".to_owned() } else { format!("{} indexes were", unused.len()) },
        say::list(&names, 4),
        say::bytes(bytes),
        case.felt_figures(share)
    );
    // A workload of writes alone proves nothing of searches.
    let searches =
        known(case).any(|index| !index.is_constraint && index.scans.is_some_and(|scans| scans > 0));
    if !case.is_felt(share) || !searches {
        let title = "Leave the indexes that this workload does not use: their writes are not felt";
        return Some(say::leave_alone(title, figures, Basis::Inferred));
    }
    Some(Recommendation {
        title: format!("Consider dropping {}: nothing scans {}", say::list(&names, 2), if names.len() == 1 { "it" } else { "them" }),
        evidence: figures,
        change: Some(dropped(first)),
        expected: format!("{} of the response time, and {} of disk", say::percent(share), say::bytes(bytes)),
        risk: "another workload, a replica or a monthly report may need it: look at pg_stat_user_indexes of production over weeks first".to_owned(),
        verify: "run again: writes are faster, no plan has become a sequential scan".to_owned(),
        effect: share,
        ..say::change()
    })
}
