//! The planner: costs, switches, the order of joins, and what trials of them showed.

use super::{apply, case::Case, saving::Tried, say};
use crate::{
    flags::{
        Setting,
        costs::{self, ODD},
    },
    record::{Basis, PlanNode, Recommendation, WhatIf},
    text::{counted, three_digits},
};

/// PostgreSQL's default for the limits of planning.
const COLLAPSE: f64 = 8.0;

/// What trials of a setting showed, in a sentence.
pub(super) fn trials(what_if: &WhatIf) -> String {
    let best =
        what_if.tried.iter().filter(|trial| trial.is_faster()).max_by(|a, b| gain(a).total_cmp(&gain(b)));
    let with = what_if.settings.join(", ");
    if what_if.tried.is_empty() {
        return format!("with {with} none of {} plans changes", what_if.examined);
    }
    let supposed = what_if.tried.iter().find(|trial| trial.base_ms.is_empty());
    match best {
        None if supposed.is_some() => format!(
            "the planner would use it ({with}), by hypopg: {} of {} plans change{}",
            what_if.tried.len(),
            what_if.examined,
            supposed
                .map_or_else(String::new, |trial| format!(", {} -> {}", trial.shape, trial.changed_shape))
        ),
        None => format!(
            "with {with} {} of {} plans change, none is faster each time",
            what_if.tried.len(),
            what_if.examined
        ),
        Some(trial) => format!(
            "with {with} {} of {} plans change; {} ({}) took {} ms as it is, {} ms with it, in {} executions of each in turn ({} -> {})",
            what_if.tried.len(),
            what_if.examined,
            say::statements(&trial.statements),
            super::plans::case(trial.case),
            three_digits(trial.base_median_ms()),
            three_digits(trial.changed_median_ms()),
            trial.base_ms.len(),
            trial.shape,
            trial.changed_shape
        ),
    }
}

fn gain(trial: &crate::record::Trial) -> f64 {
    trial.base_median_ms() - trial.changed_median_ms()
}

/// What the trials of a setting showed, to stand behind other figures.
pub(super) fn shown(case: &Case, name: &str) -> String {
    case.what_if(name).map_or_else(String::new, |what_if| format!("; {}", trials(what_if)))
}

/// The price of a random page: what a disk that turns asks is wrong for any other.
pub(super) fn random_page_cost(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("random_page_cost")?;
    let settings = &case.record.evidence.settings;
    // Beside an odd seq_page_cost, which is another rule's, the ratio says nothing.
    let (ratio, to) = (costs::random_ratio(settings)?, costs::no_seek(settings)?);
    let rotational = case.is_rotational();
    let tried = case.tried("random_page_cost");
    // Dearer than a disk that turns, or cheaper than reading in a row, is a mistake wherever it stands.
    let odd = if ratio > 4.0 {
        Some("PostgreSQL's default, 4, is already meant for disks that turn")
    } else if ratio < 1.0 {
        Some("that is less than seq_page_cost, and no storage reads at random faster than in a row")
    } else {
        None
    };
    let is_faster = tried.is_some_and(|tried| tried.is_faster);
    if !is_faster && (odd.is_none() || Tried::was_slower(tried)) {
        return left_random_page_cost(case, setting);
    }
    Some(Tried::weigh(
        tried,
        Recommendation {
            title: format!("Set random_page_cost to {to}"),
            evidence: format!(
                "random_page_cost is {}{}{}",
                setting.value,
                odd.map_or_else(String::new, |odd| format!("; {odd}")),
                if tried.is_some() {
                    shown(case, "random_page_cost")
                } else {
                    "; no plans were tried".to_owned()
                }
            ),
            change: apply::set(case, "random_page_cost", &to),
            expected: "index plans get their true price".to_owned(),
            basis: Basis::Convention,
            risk: if rotational {
                "the disk here turns: where the data does not fit in memory, index plans may become slower"
            } else {
                "plans may change where the data does not fit in memory"
            }
            .to_owned(),
            verify: "run again and compare p95 by operation".to_owned(),
            effect: 0.08,
            ..say::change()
        },
    ))
}

fn left_random_page_cost(case: &Case, setting: &Setting) -> Option<Recommendation> {
    let title = "Leave random_page_cost: no plan gets better by another";
    let Some(what_if) = case.what_if("random_page_cost").filter(|what_if| what_if.examined > 0) else {
        let hits = case.record.evidence.window.hit_share().filter(|hits| *hits > 0.999)?;
        let evidence = format!(
            "random_page_cost is {}, and was not tried at another; {} of the block accesses were hits, so hardly a page was fetched at random from a disk",
            setting.value,
            say::percent(hits)
        );
        return Some(say::leave_alone(
            "Leave random_page_cost: hardly a page is read",
            evidence,
            Basis::Inferred,
        ));
    };
    let evidence = format!("random_page_cost is {}; {}", setting.value, trials(what_if));
    Some(say::leave_alone(title, evidence, Basis::Measured))
}

/// A kind of plan that is switched off is a mistake in production.
pub(super) fn enable_off(case: &Case) -> Option<Recommendation> {
    let (off, slower) = in_order(case, costs::switched_off(&case.record.evidence.settings), 0.35);
    let Some((first, tried)) = off.first().copied() else {
        let (first, _) = *slower.first()?;
        let evidence =
            format!("{} is off; PostgreSQL's default is on{}", first.name, shown(case, &first.name));
        return Some(say::leave_alone(
            &format!(
                "Leave {} off until costs and statistics are right: with it on, statements were slower",
                first.name
            ),
            evidence,
            Basis::Measured,
        ));
    };
    let names: Vec<&str> = off.iter().map(|(setting, _)| setting.name.as_str()).collect();
    let (change, more_changes) = apply::set_all(case, names.iter().map(|name| (*name, "on")))?;
    Some(Tried::weigh(
        tried,
        Recommendation {
            title: format!("Switch {} back on", names.join(" and ")),
            evidence: format!(
                "{} off (source: {}); PostgreSQL's default is on{}",
                if names.len() == 1 {
                    format!("{} is", names[0])
                } else {
                    format!("{} are", names.join(", "))
                },
                first.source,
                shown(case, &first.name)
            ),
            change: Some(change),
            more_changes,
            expected: "the planner has its whole choice again".to_owned(),
            basis: Basis::Convention,
            risk: "plans change; a plan that was avoided on purpose may come back".to_owned(),
            verify: "run again and compare p95 by operation".to_owned(),
            effect: 0.35,
            ..say::change()
        },
    ))
}

/// A setting, with what trials of its default showed.
type TriedSetting<'a> = (&'a Setting, Option<Tried>);

/// Settings with what their trials showed, those first whose default promises most; and those whose default was slower.
fn in_order<'a>(
    case: &Case,
    settings: impl Iterator<Item = &'a Setting>,
    guess: f64,
) -> (Vec<TriedSetting<'a>>, Vec<TriedSetting<'a>>) {
    let tried = settings.map(|setting| (setting, case.tried(&setting.name)));
    let (slower, mut rest): (Vec<_>, Vec<_>) = tried.partition(|(_, tried)| Tried::was_slower(*tried));
    rest.sort_by(|a, b| Tried::effect(b.1, guess).total_cmp(&Tried::effect(a.1, guess)));
    (rest, slower)
}

/// What makes plans look dearer than they are, and with it lets them be compiled: the names, and what putting it right
/// would save.
pub(super) fn dearer_than_they_are(case: &Case) -> Option<(String, f64)> {
    let settings = &case.record.evidence.settings;
    let (off, _) = in_order(case, costs::switched_off(settings), 0.35);
    let (odd, _) = in_order(case, costs::off_default(settings, ODD).map(|(setting, _)| setting), 0.05);
    let all: Vec<_> =
        off.into_iter().map(|one| (one, 0.35)).chain(odd.into_iter().map(|one| (one, 0.05))).collect();
    let most = all.iter().map(|((_, tried), guess)| Tried::effect(*tried, *guess)).fold(0.0, f64::max);
    let names: Vec<&str> = all.iter().map(|((setting, _), _)| setting.name.as_str()).collect();
    (!names.is_empty()).then(|| (names.join(" and "), most))
}

/// Constants that stand in no relation to the others.
pub(super) fn odd_constants(case: &Case) -> Option<Recommendation> {
    let defaults: Vec<(&Setting, &str)> = costs::off_default(&case.record.evidence.settings, ODD).collect();
    let (odd, slower) = in_order(case, defaults.iter().map(|(setting, _)| *setting), 0.05);
    let default = |name: &str| {
        let found = defaults.iter().find(|(setting, _)| setting.name == name);
        found.map_or("", |(_, default)| *default)
    };
    let said = |setting: &Setting| {
        format!("{} is {} (default {})", setting.name, setting.value, default(&setting.name))
    };
    let Some((first, tried)) = odd.first().copied() else {
        let (first, _) = *slower.first()?;
        let evidence = format!("{}{}", said(first), shown(case, &first.name));
        let title = format!("Leave {}: with its default, statements were slower", first.name);
        return Some(say::leave_alone(&title, evidence, Basis::Measured));
    };
    let names: Vec<&str> = odd.iter().map(|(setting, _)| setting.name.as_str()).collect();
    let (change, more_changes) = apply::set_all(case, names.iter().map(|name| (*name, default(name))))?;
    let all: Vec<String> = odd.iter().map(|(setting, _)| said(setting)).collect();
    Some(Tried::weigh(
        tried,
        Recommendation {
            title: match names.len() {
                1 => format!("Set {} back to its default, {}", first.name, default(&first.name)),
                _ => format!("Set {} back to their defaults", names.join(" and ")),
            },
            evidence: format!("{}{}", all.join("; "), shown(case, &first.name)),
            change: Some(change),
            more_changes,
            expected: "plans follow the costs that PostgreSQL's developers weighed against one another"
                .to_owned(),
            basis: Basis::Convention,
            risk: "plans change".to_owned(),
            verify: "run again and compare p95 by operation".to_owned(),
            effect: 0.05,
            ..say::change()
        },
    ))
}

/// The limits of planning: for a single statement of many tables a session can raise them, for a server nobody should.
pub(super) fn collapse_limits(case: &Case) -> Option<Recommendation> {
    let from = case.number("from_collapse_limit")?;
    let join = case.number("join_collapse_limit")?;
    let is_join = |node: &&PlanNode| node.kind.ends_with("Join") || node.kind == "Nested Loop";
    let joins = |root: &PlanNode| root.nodes().into_iter().filter(is_join).count();
    let most = case.plans.iter().map(|(_, root)| joins(root)).max()?;
    let evidence = format!(
        "from_collapse_limit is {from}, join_collapse_limit {join}; the largest plan has {}",
        counted(most, "join")
    );
    // Below their default they forbid orders of few tables, too.
    let lowered: Vec<&str> = [("from_collapse_limit", from), ("join_collapse_limit", join)]
        .into_iter()
        .filter_map(|(name, value)| (value < COLLAPSE).then_some(name))
        .collect();
    if let Some((change, more_changes)) = apply::set_all(case, lowered.iter().map(|name| (*name, "8"))) {
        return Some(Recommendation {
            title: format!("Set {} back to 8", lowered.join(" and ")),
            evidence,
            change: Some(change),
            more_changes,
            expected: "the planner may choose the order of joins again".to_owned(),
            basis: Basis::Convention,
            risk: "plans change; an order that was fixed on purpose may go".to_owned(),
            verify: "run again and compare p95 by operation".to_owned(),
            effect: if most > 0 { 0.05 } else { 0.01 },
            ..say::change()
        });
    }
    // A tree of so many joins has one table more.
    let title = if ((most + 1) as f64) < from.min(join) {
        "Leave from_collapse_limit and join_collapse_limit: no statement reaches them"
    } else {
        "Leave from_collapse_limit and join_collapse_limit: for a statement of that many tables, SET them in its own session and compare"
    };
    Some(say::leave_alone(title, evidence, Basis::Inferred))
}
