//! Which other settings are worth a trial, by the settings in force. Pure.

use crate::{
    flags::{Setting, costs},
    record::{PlanNode, StatementPlan},
};

/// A setting of the session to try.
pub(super) struct Candidate {
    name: String,
    value: String,
    /// Plans that it can do something to.
    pub(super) of_interest: fn(&StatementPlan, &PlanNode) -> bool,
    /// Whether it may make the same plan faster.
    pub(super) may_help_the_same_plan: bool,
}

impl Candidate {
    fn new(name: &str, value: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: value.to_owned(),
            of_interest: |_, _| true,
            may_help_the_same_plan: false,
        }
    }

    /// As in `random_page_cost=1.1`.
    pub(super) fn said(&self) -> String {
        format!("{}={}", self.name, self.value)
    }

    /// SQL that sets it for the rest of the transaction.
    pub(super) fn set(&self) -> String {
        format!("SET LOCAL {} = '{}'", self.name, self.value)
    }
}

/// Memory for a sort that shows what more of it would do, on a server whose memory nobody need know.
const AMPLE_WORK_MEM: u64 = 64 << 20;

/// Other settings worth a trial.
pub(super) fn candidates(settings: &[Setting]) -> Vec<Candidate> {
    let find = |name: &str| settings.iter().find(|setting| setting.name == name);
    let bytes = |name: &str| find(name).and_then(Setting::bytes);
    let mut all = Vec::new();
    if costs::is_random_page_in_doubt(settings) {
        all.extend(costs::no_seek(settings).map(|cost| Candidate::new("random_page_cost", &cost)));
    }
    all.extend(costs::switched_off(settings).map(|setting| Candidate::new(&setting.name, "on")));
    let odd = costs::off_default(settings, 1.0);
    all.extend(odd.map(|(setting, default)| Candidate::new(&setting.name, default)));
    if let (Some(cache), Some(buffers)) = (bytes("effective_cache_size"), bytes("shared_buffers"))
        && cache < buffers
    {
        let wanted = (buffers * 3).max(4 << 30) >> 20;
        all.push(Candidate::new("effective_cache_size", &format!("{wanted}MB")));
    }
    if bytes("work_mem").is_some_and(|memory| memory < AMPLE_WORK_MEM) {
        all.push(Candidate {
            of_interest: |_, root| root.nodes().into_iter().any(PlanNode::spills),
            may_help_the_same_plan: true,
            ..Candidate::new("work_mem", &format!("{}MB", AMPLE_WORK_MEM >> 20))
        });
    }
    if find("max_parallel_workers_per_gather").is_some_and(|setting| setting.value != "0") {
        all.push(Candidate {
            of_interest: |_, root| root.nodes().into_iter().any(|node| node.workers.0 > 0),
            ..Candidate::new("max_parallel_workers_per_gather", "0")
        });
    }
    if find("jit").is_some_and(|setting| setting.value == "on") {
        all.push(Candidate {
            of_interest: |plan, _| plan.jit_ms().is_some(),
            may_help_the_same_plan: true,
            ..Candidate::new("jit", "off")
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(name: &str, value: &str, unit: Option<&str>, default: &str) -> Setting {
        Setting {
            name: name.to_owned(),
            value: value.to_owned(),
            unit: unit.map(str::to_owned),
            default: Some(default.to_owned()),
            source: "default".to_owned(),
            file: None,
            context: "user".to_owned(),
            pending_restart: false,
        }
    }

    #[test]
    fn only_what_may_help_is_tried() {
        let said = |settings: &[Setting]| -> Vec<String> {
            candidates(settings).iter().map(Candidate::said).collect()
        };
        assert_eq!(said(&[setting("random_page_cost", "4", None, "4")]), ["random_page_cost=1.1"]);
        assert!(said(&[setting("random_page_cost", "1.1", None, "4")]).is_empty());
        let cheaper =
            [setting("random_page_cost", "0.01", None, "4"), setting("seq_page_cost", "1", None, "1")];
        assert_eq!(said(&cheaper), ["random_page_cost=1.1"], "cheaper than reading in a row");
        assert_eq!(
            said(&[setting("max_parallel_workers_per_gather", "8", None, "2")]),
            ["max_parallel_workers_per_gather=0"]
        );
        assert_eq!(said(&[setting("enable_sort", "off", None, "on")]), ["enable_sort=on"]);
        assert!(
            said(&[setting("enable_partitionwise_join", "off", None, "off")]).is_empty(),
            "off by default"
        );
        assert_eq!(said(&[setting("cpu_tuple_cost", "1", None, "0.01")]), ["cpu_tuple_cost=0.01"]);
        assert_eq!(
            said(&[
                setting("effective_cache_size", "1024", Some("8kB"), "524288"),
                setting("shared_buffers", "16384", Some("8kB"), "16384"),
            ]),
            ["effective_cache_size=4096MB"]
        );
        assert_eq!(said(&[setting("work_mem", "64", Some("kB"), "4096")]), ["work_mem=64MB"]);
    }
}
