//! Indexes that are missing: scans from end to end for a few rows, and what answers their conditions.

use super::{
    case::Case,
    indexes::known,
    planner,
    predicate::{self, Predicate},
    saving::{Saving, Tried},
    say,
};
use crate::{
    record::{Basis, Change, Index, PlanNode, Recommendation, StatementPlan, WhatIf},
    text::{grouped, three_digits},
};

/// Rows that a scan threw away for each that it kept, from which its condition is selective.
const SELECTIVE: f64 = 10.0;
/// Rows that a scan must throw away before an index is worth its writes.
const MANY: f64 = 1000.0;

/// What an index asks of an expression.
const NOT_IMMUTABLE: &str = "; an index takes an expression only if all in it is IMMUTABLE, and what depends on a time zone or a language is not";

/// Sequential scans that threw away nearly all that they read.
fn wasteful<'a>(case: &'a Case) -> Vec<(&'a StatementPlan, &'a PlanNode)> {
    case.nodes(|node| {
        let workers = node.loops.max(1.0);
        let (removed, kept) =
            (node.removed_by_filter * workers, node.actual_rows.unwrap_or_default() * workers);
        node.is_sequential_scan() && removed >= MANY && removed >= SELECTIVE * kept
    })
}

/// Whether an index answers the condition already: what keeps the planner from it is another rule's matter.
fn has_index(case: &Case, table: &str, filter: &str, predicate: &Predicate) -> bool {
    of_table(case, table)
        .filter(|index| {
            index.predicate.as_ref().is_none_or(|condition| predicate::implies(filter, condition))
        })
        .any(|index| predicate.is_answered_by(&index.method, &index.keys))
}

/// The indexes of a table. One that is invalid counts as there: it is to be mended, not made again.
fn of_table<'a>(case: &Case<'a>, table: &str) -> impl Iterator<Item = &'a Index> {
    known(case).filter(move |index| index.table.rsplit('.').next() == Some(table))
}

/// The conditions of a scan that indexes would have to answer, those of one index together: of those joined by AND a search,
/// or all that compare columns, equal ones first and one range after them; of those joined by OR each for itself. Empty
/// where there is an index already, or none can help.
fn wanted(case: &Case, node: &PlanNode) -> Vec<Vec<Predicate>> {
    let (Some(filter), Some(table)) = (&node.filter, &node.relation) else { return Vec::new() };
    let full = case.record.evidence.table(table);
    let kind = |column: &str| {
        let columns = full.into_iter().flat_map(|table| &table.columns);
        columns.into_iter().find(|known| known.name == column).map(|known| known.kind.as_str())
    };
    let typed = |predicate: Predicate| {
        let kind = kind(predicate.operand.trim_matches('"'));
        predicate.of_kind(kind)
    };
    if let Some(arms) = predicate::arms(filter) {
        let arms = arms.into_iter().map(typed);
        let mut keys: Vec<Vec<Predicate>> = Vec::new();
        for arm in arms.filter(|arm| !has_index(case, table, filter, arm)) {
            // Two values of one column are found by one index.
            let made = |keys: &[Predicate]| predicate::index_on(keys, table, "any");
            if keys.iter().all(|other| made(other) != made(std::slice::from_ref(&arm))) {
                keys.push(vec![arm]);
            }
        }
        return keys;
    }
    // A partial index whose condition the filter says is there for it, and the planner chose not to use it.
    let is_for_it = |index: &Index| {
        let condition = index.predicate.as_ref();
        condition.is_some_and(|condition| predicate::implies(filter, condition))
    };
    if of_table(case, table).any(is_for_it) {
        return Vec::new();
    }
    let conditions = predicate::conjuncts(filter).into_iter().filter(|condition| condition.operator != "<>");
    let conditions: Vec<Predicate> = conditions.map(typed).collect();
    let mut searches: Vec<&Predicate> = conditions.iter().filter(|condition| condition.is_search()).collect();
    searches.sort_by_key(|search| search.rank());
    if let Some(search) = searches.first() {
        let answered = searches.iter().any(|search| has_index(case, table, filter, search));
        return if answered { Vec::new() } else { vec![vec![(*search).clone()]] };
    }
    let columns = |of_expression: bool| -> Vec<Predicate> {
        let own = conditions.iter().filter(|condition| condition.is_expression == of_expression);
        let (equal, ranges): (Vec<Predicate>, Vec<Predicate>) =
            own.cloned().partition(Predicate::is_equality);
        equal.into_iter().chain(ranges.into_iter().take(1)).collect()
    };
    let mut keys = columns(false);
    if keys.is_empty() {
        keys = columns(true);
        keys.truncate(1);
    }
    // An index that begins with one of them is there, and the planner chose not to use it.
    if keys.is_empty() || keys.iter().any(|key| has_index(case, table, filter, key)) {
        return Vec::new();
    }
    vec![keys]
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
fn in_a_transaction(apply: &str) -> Option<Vec<String>> {
    let commands: Vec<String> = apply
        .split(';')
        .map(|command| command.trim().replace("CREATE INDEX CONCURRENTLY", "CREATE INDEX"))
        .filter(|command| !command.is_empty())
        .collect();
    let makes =
        |command: &String| command.starts_with("CREATE INDEX ") || command.starts_with("CREATE EXTENSION ");
    commands.iter().all(makes).then_some(commands)
}

/// The indexes that are worth a trial and have had none: those of the dearest scan of each kind.
pub(super) fn to_try(case: &Case) -> Vec<String> {
    let of_kind =
        |of_expression| Missing::find(case, of_expression).find(|missing| missing.trial(case).is_none());
    let missing = [of_kind(false), of_kind(true)].into_iter().flatten();
    let mut creates: Vec<String> =
        missing.filter_map(|missing| in_a_transaction(&missing.change().apply)).flatten().collect();
    creates.dedup();
    creates
}

/// Share of the response time that scans like this one take, if an index answered at once.
fn scanning(case: &Case, node: &PlanNode) -> Saving {
    case.saving_in_plans(|_, root| {
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
    wanted: Vec<Vec<Predicate>>,
    creates: Vec<String>,
    drops: Vec<String>,
}

impl Missing<'_> {
    /// Scans of that kind, the dearest first.
    fn find<'a>(case: &'a Case, of_expression: bool) -> impl Iterator<Item = Missing<'a>> {
        // Without a list of indexes nobody knows what is there.
        let is_known = case.record.evidence.indexes.is_some();
        let scans = wasteful(case).into_iter().filter(move |_| is_known);
        scans.filter_map(move |(plan, node)| {
            let wanted = wanted(case, node);
            let is_meant = wanted.first()?.first()?.is_expression == of_expression;
            if is_meant { Missing::new(case, plan, node, wanted) } else { None }
        })
    }

    fn new<'a>(
        case: &Case,
        plan: &'a StatementPlan,
        node: &'a PlanNode,
        wanted: Vec<Vec<Predicate>>,
    ) -> Option<Missing<'a>> {
        let table = case.table(node.relation.as_deref().unwrap_or_default());
        let schema = table.rsplit_once('.').map_or(String::new(), |(schema, _)| format!("{schema}."));
        let (mut creates, mut drops) = (Vec::new(), Vec::new());
        for keys in &wanted {
            let mut name = predicate::index_name(keys, &table);
            let drop = |name: &str| format!("DROP INDEX CONCURRENTLY {schema}{name};");
            while known(case).any(|index| index.name == format!("{schema}{name}"))
                || drops.contains(&drop(&name))
            {
                name.push('2');
            }
            creates.push(predicate::index_on(keys, &table, &name)?);
            drops.push(drop(&name));
        }
        let mut extensions = case.record.evidence.extensions.iter();
        let has_trigrams = extensions.any(|one| one.name == "pg_trgm" && one.installed.is_some());
        if wanted.iter().flatten().any(Predicate::needs_trigrams) && !has_trigrams {
            creates.insert(0, "CREATE EXTENSION IF NOT EXISTS pg_trgm".to_owned());
        }
        Some(Missing { plan, node, table, wanted, creates, drops })
    }

    fn is_expression(&self) -> bool {
        self.wanted.iter().flatten().any(|key| key.is_expression)
    }

    fn figures(&self) -> String {
        let Missing { plan, node, table, .. } = self;
        format!(
            "{} ({}) reads {table} from end to end: {} rows thrown away for {} kept by {}; {} ms",
            say::statements(&plan.statements),
            super::plans::case(plan.case),
            grouped((node.removed_by_filter * node.loops).round() as u64),
            grouped((node.actual_rows.unwrap_or_default() * node.loops).round() as u64),
            node.filter.as_deref().unwrap_or("no condition"),
            three_digits(plan.execution_ms().unwrap_or_default())
        )
    }

    fn change(&self) -> Change {
        let of_one = |keys: &Vec<Predicate>| {
            keys.iter().map(|key| key.operand.as_str()).collect::<Vec<_>>().join(", ")
        };
        let operands = self.wanted.iter().map(of_one).collect::<Vec<_>>().join(" and ");
        Change {
            setting: format!("index on {operands}"),
            from: "none".to_owned(),
            to: operands,
            restart: false,
            apply: format!("{};", self.creates.join(";\n")),
            undo: self.drops.join("\n"),
        }
    }

    /// The trial of just these indexes.
    fn trial<'a>(&self, case: &Case<'a>) -> Option<&'a WhatIf> {
        let commands = in_a_transaction(&self.change().apply)?;
        let what_ifs = case.record.what_ifs.iter();
        what_ifs.into_iter().find(|what_if| commands.iter().all(|command| what_if.settings.contains(command)))
    }
}

/// Why an index that seems to be missing is none, by what was tried or by what would be felt.
fn not_missing(
    case: &Case,
    missing: &Missing,
    trial: Option<&WhatIf>,
    scanning: &Saving,
) -> Option<Recommendation> {
    let figures = missing.figures();
    // An index on an expression is a thing of its own to keep: only where it is felt.
    if missing.is_expression() && !case.is_felt(scanning) {
        let title = "Leave the functions in conditions: an index on them would not be felt";
        let evidence = format!("{figures}; {}", case.felt_figures(scanning));
        return Some(say::leave_alone(title, evidence, Basis::Inferred));
    }
    // Nobody knows how much of the table a single range keeps, or what was not read would leave.
    let is_guess = || {
        let filter = missing.node.filter.as_deref().unwrap_or_default();
        let lone_range = missing.wanted.iter().flatten().all(|key| !key.is_equality() && !key.is_search());
        lone_range || predicate::is_partly_unread(filter)
    };
    let Some(trial) = trial else {
        let title =
            "Leave the indexes, or try one first: by the condition alone nobody knows whether it would help";
        let evidence = format!(
            "{figures}; with the extension hypopg, or on a server of loist-bench's own, one would be tried: {}",
            missing.creates.join("; ")
        );
        return is_guess().then(|| say::leave_alone(title, evidence, Basis::Inferred));
    };
    // What hypopg cannot suppose (it knows no GIN index) can be made all the same.
    let by_hypopg = |why: &String| why.starts_with("hypopg");
    if trial.examined == 0 && !trial.missing.is_empty() && !trial.missing.iter().any(by_hypopg) {
        let title = "Leave the indexes: the one that would serve cannot be made as it stands";
        let evidence = format!("{figures}; {}: {}", missing.creates.join("; "), trial.missing.join("; "));
        return Some(say::leave_alone(title, evidence, Basis::Measured));
    }
    let title = match executed(case, trial) {
        _ if trial.examined > 0 && trial.tried.is_empty() => {
            "Leave the indexes: the planner would not use the one that was tried"
        }
        tried if Tried::was_slower(tried) => {
            "Leave the indexes: with the one that was tried, statements were slower"
        }
        _ => return None,
    };
    Some(say::leave_alone(title, format!("{figures}; {}", planner::trials(trial)), Basis::Measured))
}

/// What executions with the index showed. hypopg tells whether the planner would use it, not how long that takes.
fn executed(case: &Case, what_if: &WhatIf) -> Option<Tried> {
    what_if.tried.iter().any(|trial| !trial.base_ms.is_empty()).then(|| {
        let saved = case.saved(what_if).share;
        Tried { saved, is_faster: saved > 0.0, is_slower: saved < 0.0 }
    })
}

/// The dearest scan that an index would help; else why one would not.
fn speak_of_missing(case: &Case, of_expression: bool) -> Option<Recommendation> {
    let mut left = None;
    for missing in Missing::find(case, of_expression) {
        let (scanning, trial) = (scanning(case, missing.node), missing.trial(case));
        match not_missing(case, &missing, trial, &scanning) {
            None => return Some(wanted_index(case, &missing, trial, &scanning)),
            Some(why) => left = left.or(Some(why)),
        }
    }
    left
}

fn wanted_index(case: &Case, missing: &Missing, trial: Option<&WhatIf>, scanning: &Saving) -> Recommendation {
    let shown = match trial {
        None => String::new(),
        Some(what_if) if what_if.examined == 0 => format!("; not tried: {}", what_if.missing.join("; ")),
        Some(what_if) => format!("; {}", planner::trials(what_if)),
    };
    let tried = trial.and_then(|what_if| executed(case, what_if));
    // Whether PostgreSQL takes an expression, nobody knows before it was tried, but of some.
    let is_sure = trial.is_some_and(|what_if| what_if.examined > 0)
        || missing.wanted.iter().flatten().all(Predicate::is_surely_immutable);
    let change = missing.change();
    let advice = Recommendation {
        title: if missing.is_expression() {
            format!("Index the expression {}, or compare the column itself", change.to)
        } else {
            format!(
                "Create an index on {} of {}, which is searched from end to end",
                change.to, missing.table
            )
        },
        evidence: format!("{}{shown}", missing.figures()),
        change: is_sure.then_some(change),
        expected: format!("up to {} of the response time, if the index answers at once", say::percent(scanning.share)),
        basis: Basis::Inferred,
        risk: format!(
            "each insert, and each update that is not HOT, writes to it; building it reads the table{}",
            if is_sure { "" } else { NOT_IMMUTABLE }
        ),
        verify: "run again: the plan uses it, p95 falls; before that, hypopg_create_index of the extension hypopg and EXPLAIN"
            .to_owned(),
        effect: scanning.share.max(0.05),
        ..say::change()
    };
    Tried::weigh(tried, advice)
}
