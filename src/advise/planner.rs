//! The planner: costs, switches, parallel workers, prefetching.

use super::{case::Case, say};
use crate::record::{Basis, Recommendation, WhatIf};

/// Cost of a random page where there is no seek: SSDs, network disks, memory.
const NO_SEEK: &str = "1.1";
/// Cost constants that have no reason to differ from their defaults, which were chosen relative to one another.
const CONSTANTS: [&str; 8] = [
    "seq_page_cost",
    "cpu_tuple_cost",
    "cpu_index_tuple_cost",
    "cpu_operator_cost",
    "parallel_setup_cost",
    "parallel_tuple_cost",
    "min_parallel_table_scan_size",
    "min_parallel_index_scan_size",
];
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

/// The price of a random page: what a disk that turns asks is wrong for any other.
pub(super) fn random_page_cost(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("random_page_cost")?;
    let cost = case.number("random_page_cost")?;
    let rotational = case.record.evidence.disk.as_ref().and_then(|disk| disk.is_rotational) == Some(true);
    let what_if = case.what_if("random_page_cost");
    let saved = what_if.map_or(0.0, |what_if| case.saved(what_if));
    // Dearer than a disk that turns is a mistake wherever it stands.
    let absurd = cost > 4.0;
    if saved > 0.0 || absurd {
        let shown = what_if.map_or_else(|| "no plans were tried".to_owned(), trials);
        let odd = if absurd { "; PostgreSQL's default, 4, is already meant for disks that turn" } else { "" };
        return Some(Recommendation {
            title: format!("Set random_page_cost to {NO_SEEK}"),
            evidence: format!("random_page_cost is {}{odd}; {shown}", setting.value),
            change: say::alter_system(case, "random_page_cost", NO_SEEK),
            expected: if saved > 0.0 {
                format!("{} of the response time, by the trials of this run", say::percent(saved))
            } else {
                "index plans get their true price".to_owned()
            },
            basis: if saved > 0.0 { Basis::Measured } else { Basis::Convention },
            risk: if rotational {
                "the disk here turns: where the data does not fit in memory, index plans may become slower"
            } else {
                "plans may change where the data does not fit in memory"
            }
            .to_owned(),
            verify: "run again and compare p95 by operation".to_owned(),
            effect: saved.max(0.08),
            ..say::change()
        });
    }
    let evidence = match what_if {
        Some(what_if) if what_if.tried.is_empty() => format!(
            "random_page_cost is {}; none of {} plans changes with {}",
            setting.value,
            what_if.examined,
            what_if.settings.join(", ")
        ),
        Some(what_if) => format!("random_page_cost is {}; {}", setting.value, trials(what_if)),
        None => {
            let hits = case.record.evidence.window.hit_share().filter(|hits| *hits > 0.999)?;
            format!(
                "random_page_cost is {}; {} of the block accesses were hits, so hardly a page was fetched at random from a disk",
                setting.value,
                say::percent(hits)
            )
        }
    };
    Some(say::leave_alone(
        "Leave random_page_cost: no plan gets better by another",
        evidence,
        Basis::Measured,
    ))
}

/// A kind of plan that is switched off is a mistake in production.
pub(super) fn enable_off(case: &Case) -> Option<Recommendation> {
    let off: Vec<_> = case
        .record
        .evidence
        .settings
        .iter()
        .filter(|setting| setting.name.starts_with("enable_") && setting.value == "off")
        .filter(|setting| setting.default.as_deref() == Some("on"))
        .collect();
    // The one whose return would save most.
    let saved = |name: &str| case.what_if(name).map_or(0.0, |what_if| case.saved(what_if));
    let first = off.iter().max_by(|a, b| saved(&a.name).total_cmp(&saved(&b.name)))?;
    let names: Vec<&str> = off.iter().map(|setting| setting.name.as_str()).collect();
    let saved = saved(&first.name);
    let shown =
        case.what_if(&first.name).map_or_else(String::new, |what_if| format!("; {}", trials(what_if)));
    let others = off.iter().filter(|other| other.name != first.name);
    let names_in_order = std::iter::once(first).chain(others).map(|setting| (setting.name.as_str(), "on"));
    let (change, more_changes) = say::alter_systems(case, names_in_order)?;
    Some(Recommendation {
        title: format!("Switch {} back on", names.join(" and ")),
        evidence: format!(
            "{} off (source: {}); PostgreSQL's default is on{shown}",
            if names.len() == 1 {
                format!("{} is", names[0])
            } else {
                format!("{} are", names.join(" and "))
            },
            first.source
        ),
        change: Some(change),
        more_changes,
        expected: if saved > 0.0 {
            format!("{} of the response time, by the trials of this run", say::percent(saved))
        } else {
            "the planner may choose the cheapest plan again".to_owned()
        },
        basis: if saved > 0.0 { Basis::Measured } else { Basis::Inferred },
        risk: "plans change".to_owned(),
        verify: "run again and compare p95 by operation".to_owned(),
        effect: saved.max(0.35),
        ..say::change()
    })
}

/// Cost constants are relative to one another: one that is far from its default turns plans at random.
pub(super) fn odd_constants(case: &Case) -> Option<Recommendation> {
    let odd = CONSTANTS.iter().filter_map(|name| {
        let setting = case.setting(name)?;
        let (value, default): (f64, f64) =
            (setting.value.parse().ok()?, setting.default.as_ref()?.parse().ok()?);
        let off =
            if default > 0.0 && value > 0.0 { (value / default).max(default / value) } else { f64::MAX };
        (off >= ODD && value != default).then_some((*name, setting, default))
    });
    let odd: Vec<_> = odd.collect();
    let (name, setting, default) = odd.first()?;
    let all: Vec<String> = odd
        .iter()
        .map(|(name, setting, default)| format!("{name} is {} (default {default})", setting.value))
        .collect();
    Some(Recommendation {
        title: format!("Set {name} back to its default, {default}"),
        evidence: all.join("; "),
        change: say::alter_system(case, name, &setting.default.clone().unwrap_or_default()),
        expected: "plans follow the costs that PostgreSQL's developers weighed against one another"
            .to_owned(),
        basis: Basis::Convention,
        risk: "plans change".to_owned(),
        verify: "run again and compare p95 by operation".to_owned(),
        effect: case.what_if(name).map_or(0.05, |what_if| case.saved(what_if).max(0.05)),
        ..say::change()
    })
}

/// A parallel worker needs a processor of its own.
pub(super) fn parallel_workers(case: &Case) -> Option<Recommendation> {
    let setting = case.setting("max_parallel_workers_per_gather")?;
    let workers = case.number("max_parallel_workers_per_gather")?;
    let processors = case.processors()?;
    let gathers = case.nodes(|node| node.workers.0 > 0);
    if processors > 1 || workers == 0.0 {
        let evidence = format!(
            "max_parallel_workers_per_gather is {}, {} has {}; {} of {} plans use workers",
            setting.value,
            case.machine(),
            say::count(u64::from(processors), "processor"),
            gathers.len(),
            case.plans.len()
        );
        let title = "Leave the parallel workers: no plan of the workload needs others";
        return Some(say::leave_alone(title, evidence, Basis::Inferred));
    }
    let used = gathers.first().map_or_else(
        || "no plan of this run uses them".to_owned(),
        |(plan, node)| format!("{} asks for {}", say::statements(&plan.statements), node.workers.0),
    );
    Some(Recommendation {
        title: "Set max_parallel_workers_per_gather to 0: there is one processor".to_owned(),
        evidence: format!(
            "max_parallel_workers_per_gather is {}, {} has 1 processor; {used}",
            setting.value,
            case.machine()
        ),
        change: say::alter_system(case, "max_parallel_workers_per_gather", "0"),
        expected: "no workers are started that would only take turns".to_owned(),
        basis: if gathers.is_empty() { Basis::Convention } else { Basis::Inferred },
        risk: "none on one processor; take it back when the machine grows".to_owned(),
        verify: "run again: no plan has workers".to_owned(),
        effect: if gathers.is_empty() { 0.01 } else { 0.1 },
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
            "effective_io_concurrency is {}; {} bitmap scans of the plans read blocks from outside shared buffers",
            setting.value,
            reading.len()
        );
        let title = "Leave effective_io_concurrency: no bitmap scan waits for a disk";
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
        change: say::alter_system(case, "effective_io_concurrency", "200"),
        expected: "blocks of a bitmap scan are asked for before they are needed".to_owned(),
        basis: Basis::Convention,
        risk: "none on an SSD; on a disk that turns, keep it low".to_owned(),
        verify: "run again with track_io_timing on and compare the time of reading".to_owned(),
        effect: share / 2.0,
        ..say::change()
    })
}

/// The limits of planning matter to statements that join more tables than they say, and few do.
pub(super) fn collapse_limits(case: &Case) -> Option<Recommendation> {
    let from = case.number("from_collapse_limit")?;
    let join = case.number("join_collapse_limit")?;
    let relations = |root: &crate::record::PlanNode| {
        root.nodes().into_iter().filter(|node| node.relation.is_some()).count()
    };
    let most = case.plans.iter().map(|(_, root)| relations(root)).max()?;
    let evidence = format!(
        "from_collapse_limit is {from}, join_collapse_limit {join}; the largest plan joins {most} tables"
    );
    if most as f64 <= from.min(join) {
        return Some(say::leave_alone(
            "Leave from_collapse_limit and join_collapse_limit: no statement reaches them",
            evidence,
            Basis::Inferred,
        ));
    }
    let to = most.to_string();
    Some(Recommendation {
        title: format!("Raise join_collapse_limit to {to}"),
        evidence,
        change: say::alter_system(case, "join_collapse_limit", &to),
        expected: "the planner chooses the order of all joins".to_owned(),
        basis: Basis::Convention,
        risk: "planning takes longer, with each further table many times so".to_owned(),
        verify: "run again and compare plans and planning time".to_owned(),
        effect: 0.02,
        ..say::change()
    })
}
