//! The advisor: evidence in, recommendations out. Pure: it reads a record and nothing else.
//!
//! To add a rule, write one function in the file of its family and give it a row in the table `RULES`.

mod connections;
mod gin;
mod logging;
mod memory;
mod planner;

use crate::record::{Recommendation, Record};

/// A rule: looks at a record and speaks, or has nothing to say.
type Rule = fn(&Record) -> Option<Recommendation>;

/// Every rule with its name, by family.
const RULES: &[(&str, Rule)] = &[
    ("memory/shared-buffers", memory::shared_buffers),
    ("memory/work-mem", memory::work_mem),
    ("memory/effective-cache-size", memory::effective_cache_size),
    ("planner/random-page-cost", planner::random_page_cost),
    ("planner/never-analyzed", planner::never_analyzed),
    ("planner/enable-off", planner::enable_off),
    ("gin/pending-list", gin::pending_list),
    ("logging/statements", logging::statements),
    ("logging/pg-stat-statements", logging::statement_statistics),
    ("connections/round-trips", connections::round_trips),
    ("connections/pool-wait", connections::pool_wait),
];

/// All that the rules have to say: what to change first, by expected effect on the response time, then
/// what to leave alone.
#[must_use]
pub fn advise(record: &Record) -> Vec<Recommendation> {
    let mut advice: Vec<Recommendation> = RULES
        .iter()
        .filter_map(|(name, rule)| {
            rule(record).map(|spoken| Recommendation { rule: (*name).to_owned(), ..spoken })
        })
        .collect();
    advice.sort_by(|a, b| {
        (a.stance as u8)
            .cmp(&(b.stance as u8))
            .then_with(|| b.effect.total_cmp(&a.effect))
            .then_with(|| a.basis.cmp(&b.basis))
            .then_with(|| a.rule.cmp(&b.rule))
    });
    advice
}

/// Words and figures that several families use.
mod say {
    use crate::record::{Basis, Change, Recommendation, Stance};

    /// Advice to leave something alone.
    pub(super) fn leave_alone(title: &str, evidence: String, basis: Basis) -> Recommendation {
        Recommendation {
            rule: String::new(),
            stance: Stance::LeaveAlone,
            title: title.to_owned(),
            evidence,
            change: None,
            expected: "a change would bring nothing that this run could show".to_owned(),
            basis,
            risk: "none".to_owned(),
            verify: "run again with more tracks, or with a workload of your own".to_owned(),
            effect: 0.0,
        }
    }

    /// A change of one setting by ALTER SYSTEM.
    pub(super) fn alter_system(setting: &str, from: &str, to: &str, restart: bool) -> Change {
        let reload = if restart { " -- then restart the server" } else { " SELECT pg_reload_conf();" };
        Change {
            setting: setting.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            restart,
            apply: format!("ALTER SYSTEM SET {setting} = '{to}';{reload}"),
            undo: format!("ALTER SYSTEM SET {setting} = '{from}';{reload}"),
        }
    }

    /// Bytes for people, in 1024s, three digits.
    pub(super) fn bytes(bytes: u64) -> String {
        let value = bytes as f64;
        for (size, unit) in [(1u64 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")] {
            if bytes >= size {
                return format!("{:.1} {unit}", value / size as f64);
            }
        }
        format!("{bytes} B")
    }

    /// A share as a percentage.
    pub(super) fn percent(share: f64) -> String {
        format!("{:.1} %", share * 100.0)
    }
}
