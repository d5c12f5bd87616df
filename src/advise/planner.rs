//! The planner: costs, switches, parallel workers, prefetching.

use super::{apply, case::Case, saving::Tried, say};
use crate::{
    flags::{
        Setting,
        costs::{self, NO_SEEK},
    },
    record::{Basis, PlanNode, Recommendation, WhatIf},
};

/// Factor by which a cost constant must be off to be called odd.
const ODD: f64 = 4.0;

/// What trials of a setting showed, in a sentence.
pub(super) fn trials(what_if: &WhatIf) -> String {
    let best =
        what_if.tried.iter().filter(|trial| trial.is_faster()).max_by(|a, b| gain(a).total_cmp(&gain(b)));
    let with = what_if.settings.join(", ");
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
            say::ms(trial.base_median_ms()),
            say::ms(trial.changed_median_ms()),
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
fn shown(case: &Case, name: &str) -> String {
    case.what_if(name).map_or_else(String::new, |what_if| format!("; {}", trials(what_if)))
}

/// The price of a random page: what a disk that turns asks is wrong for any other.
pub(super) fn random_page_cost(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("random_page_cost")?;
    let cost = case.number("random_page_cost")?;
    let rotational = case.record.evidence.disk.as_ref().and_then(|disk| disk.is_rotational) == Some(true);
    let tried = case.tried("random_page_cost");
    let is_measured = tried.is_some_and(|tried| tried.is_faster);
    // Dearer than a disk that turns, or cheaper than reading in a row, is a mistake wherever it stands.
    let odd = if cost > 4.0 {
        Some("PostgreSQL's default, 4, is already meant for disks that turn")
    } else if costs::random_is_cheaper(&case.record.evidence.settings) {
        Some("that is less than seq_page_cost, and no storage reads at random faster than in a row")
    } else {
        None
    };
    if !is_measured && (odd.is_none() || tried.is_some_and(|tried| tried.is_slower)) {
        return left_random_page_cost(case, setting);
    }
    Some(Recommendation {
        title: format!("Set random_page_cost to {NO_SEEK}"),
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
        change: apply::set(case, "random_page_cost", NO_SEEK),
        expected: match tried {
            Some(tried) if is_measured => say::by_trials(tried.saved),
            _ => "index plans get their true price".to_owned(),
        },
        basis: if is_measured { Basis::Measured } else { Basis::Convention },
        risk: if rotational {
            "the disk here turns: where the data does not fit in memory, index plans may become slower"
        } else {
            "plans may change where the data does not fit in memory"
        }
        .to_owned(),
        verify: "run again and compare p95 by operation".to_owned(),
        effect: Tried::effect(tried, 0.08),
        ..say::change()
    })
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
    let evidence = if what_if.tried.is_empty() {
        format!(
            "random_page_cost is {}; none of {} plans changes with {}",
            setting.value,
            what_if.examined,
            what_if.settings.join(", ")
        )
    } else {
        format!("random_page_cost is {}; {}", setting.value, trials(what_if))
    };
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
    let is_measured = tried.is_some_and(|tried| tried.is_faster);
    Some(Recommendation {
        title: format!("Switch {} back on", names.join(" and ")),
        evidence: format!(
            "{} off (source: {}); PostgreSQL's default is on{}",
            if names.len() == 1 { format!("{} is", names[0]) } else { format!("{} are", names.join(", ")) },
            first.source,
            shown(case, &first.name)
        ),
        change: Some(change),
        more_changes,
        expected: match tried {
            Some(tried) if is_measured => say::by_trials(tried.saved),
            _ => "the planner has its whole choice again".to_owned(),
        },
        basis: if is_measured { Basis::Measured } else { Basis::Convention },
        risk: "plans change; a plan that was avoided on purpose may come back".to_owned(),
        verify: "run again and compare p95 by operation".to_owned(),
        effect: Tried::effect(tried, 0.35),
        ..say::change()
    })
}

/// Settings with what their trials showed, those first whose default promises most; and those whose default was slower.
fn in_order<'a>(
    case: &Case,
    settings: impl Iterator<Item = &'a Setting>,
    guess: f64,
) -> (Vec<(&'a Setting, Option<Tried>)>, Vec<(&'a Setting, Option<Tried>)>) {
    let tried = settings.map(|setting| (setting, case.tried(&setting.name)));
    let (slower, mut rest): (Vec<_>, Vec<_>) =
        tried.partition(|(_, tried)| tried.is_some_and(|tried| tried.is_slower));
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
    let is_measured = tried.is_some_and(|tried| tried.is_faster);
    let all: Vec<String> = odd.iter().map(|(setting, _)| said(setting)).collect();
    Some(Recommendation {
        title: match names.len() {
            1 => format!("Set {} back to its default, {}", first.name, default(&first.name)),
            _ => format!("Set {} back to their defaults", names.join(" and ")),
        },
        evidence: format!("{}{}", all.join("; "), shown(case, &first.name)),
        change: Some(change),
        more_changes,
        expected: match tried {
            Some(tried) if is_measured => say::by_trials(tried.saved),
            _ => "plans follow the costs that PostgreSQL's developers weighed against one another".to_owned(),
        },
        basis: if is_measured { Basis::Measured } else { Basis::Convention },
        risk: "plans change".to_owned(),
        verify: "run again and compare p95 by operation".to_owned(),
        effect: Tried::effect(tried, 0.05),
        ..say::change()
    })
}

/// A parallel worker needs a processor of its own.
pub(super) fn parallel_workers(case: &Case) -> Option<Recommendation> {
    const NAME: &str = "max_parallel_workers_per_gather";
    let setting = case.setting(NAME)?;
    let workers = case.number(NAME)?;
    let processors = case.processors()?;
    let gathers = case.nodes(|node| node.workers.0 > 0);
    let used = gathers.first().map_or_else(
        || "no plan of this run uses them".to_owned(),
        |(plan, node)| {
            let (planned, launched) = node.workers;
            format!("{} asks for {planned} and got {launched}", say::statements(&plan.statements))
        },
    );
    let tried = case.tried(NAME);
    let is_measured = tried.is_some_and(|tried| tried.is_faster);
    let figures = format!(
        "{NAME} is {}, {} has {}; {used}{}",
        setting.value,
        case.machine(),
        say::count(u64::from(processors), "processor"),
        shown(case, NAME)
    );
    let to = match processors {
        _ if is_measured => 0,
        1 => 0,
        // As pgtune: half of the processors for one query, so that others find some.
        many if workers > f64::from(many) => many / 2,
        _ => workers as u32,
    };
    if f64::from(to) >= workers || tried.is_some_and(|tried| tried.is_slower) {
        let title = if gathers.is_empty() {
            "Leave the parallel workers: no plan of the workload uses any"
        } else {
            "Leave the parallel workers: without them the plans that use them are no faster"
        };
        return Some(say::leave_alone(
            title,
            figures,
            if tried.is_some() { Basis::Measured } else { Basis::Inferred },
        ));
    }
    Some(Recommendation {
        title: format!(
            "Set {NAME} to {to}: {}",
            if is_measured {
                "plans are faster without workers"
            } else {
                "there are fewer processors than workers"
            }
        ),
        evidence: figures,
        change: apply::set(case, NAME, &to.to_string()),
        expected: match tried {
            Some(tried) if is_measured => say::by_trials(tried.saved),
            _ => "no workers are started that would only take turns".to_owned(),
        },
        basis: if is_measured { Basis::Measured } else { Basis::Convention },
        risk:
            "large scans of a server that does little else take longer; take it back when the machine grows"
                .to_owned(),
        verify: "run again: plans have no more workers than that".to_owned(),
        effect: Tried::effect(tried, if gathers.is_empty() { 0.01 } else { 0.1 }),
        ..say::change()
    })
}

/// Prefetching helps bitmap scans that read from a disk, and nothing else.
pub(super) fn io_concurrency(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("effective_io_concurrency")?;
    let value = case.number("effective_io_concurrency")?;
    let reading = case.nodes(|node| node.kind == "Bitmap Heap Scan" && node.blocks_read > 0);
    let rotational = case.record.evidence.disk.as_ref().and_then(|disk| disk.is_rotational) == Some(true);
    let read_ms = case.record.evidence.window.read_ms;
    if reading.is_empty() || value >= 16.0 || rotational {
        let evidence = format!(
            "effective_io_concurrency is {}; {} of the plans read blocks from outside shared buffers",
            setting.value,
            say::count(reading.len() as u64, "bitmap scan")
        );
        let title = match () {
            () if reading.is_empty() => "Leave effective_io_concurrency: no bitmap scan waits for a disk",
            () if rotational => "Leave effective_io_concurrency: a disk that turns gains nothing from more",
            () => "Leave effective_io_concurrency: it is high enough already",
        };
        return Some(say::leave_alone(title, evidence, Basis::Inferred));
    }
    let (plan, node) = *reading.first()?;
    let figures = format!(
        "effective_io_concurrency is {}; a bitmap scan of {} read {} from outside shared buffers{}",
        setting.value,
        say::statements(&plan.statements),
        say::count(node.blocks_read, "block"),
        read_ms.map_or_else(String::new, |ms| format!("; reading took {} ms of the window", say::ms(ms)))
    );
    // Without the time of reading nobody knows whether a disk was behind it, or the system's cache.
    let share = read_ms.map_or(0.0, |ms| case.share_of(ms * 1e3));
    if share < 0.01 {
        let title = "Leave effective_io_concurrency: nothing shows that bitmap scans wait for a disk";
        return Some(say::leave_alone(title, figures, Basis::Inferred));
    }
    Some(Recommendation {
        title: "Raise effective_io_concurrency to 200".to_owned(),
        evidence: figures,
        change: apply::set(case, "effective_io_concurrency", "200"),
        expected: "blocks of a bitmap scan are asked for before they are needed".to_owned(),
        basis: Basis::Convention,
        risk: "none on an SSD; on a disk that turns, keep it low".to_owned(),
        verify: "run again with track_io_timing on and compare the time of reading".to_owned(),
        effect: share / 2.0,
        ..say::change()
    })
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
        say::count(most as u64, "join")
    );
    // A tree of so many joins has one table more.
    let title = if ((most + 1) as f64) < from.min(join) {
        "Leave from_collapse_limit and join_collapse_limit: no statement reaches them"
    } else {
        "Leave from_collapse_limit and join_collapse_limit: for a statement of that many tables, SET them in its own session and compare"
    };
    Some(say::leave_alone(title, evidence, Basis::Inferred))
}
