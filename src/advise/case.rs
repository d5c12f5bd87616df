//! A record as the rules see it: what they ask again and again.

use crate::{
    flags::{Quantity, Setting},
    record::{Outcome, PlanCase, PlanNode, Record, Relation, ServerKind, StatementPlan, WhatIf},
};

/// Part of the objective that a gain must be worth before anybody's code is changed for it.
const FELT: f64 = 0.05;
/// Part of the response time that is worth a change of code where the objective is missed.
const FELT_WHEN_MISSED: f64 = 0.1;

/// A record with its plans read.
pub(super) struct Case<'a> {
    pub(super) record: &'a Record,
    /// Plans with their trees, those of executed ones and others.
    pub(super) plans: Vec<(&'a StatementPlan, PlanNode)>,
    /// Response time of all calls, in microseconds.
    response_us: f64,
}

impl<'a> Case<'a> {
    pub(super) fn new(record: &'a Record) -> Self {
        let response = |mean: Option<f64>, count: u64| mean.unwrap_or_default() * count as f64;
        let operations = record.operations.iter().map(|operation| &operation.summary.response);
        let response_us = operations.map(|latency| response(latency.mean_us, latency.count)).sum();
        let plans = record.plans.iter().map(|plan| (plan, plan.root())).collect();
        Self { record, plans, response_us }
    }

    pub(super) fn setting(&self, name: &str) -> Option<&'a Setting> {
        self.record.evidence.setting(name)
    }

    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        self.setting(name).map(|setting| setting.value.as_str())
    }

    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.value(name) == Some(value)
    }

    pub(super) fn bytes(&self, name: &str) -> Option<u64> {
        self.setting(name)?.bytes()
    }

    /// A setting that is a bare number or a time in milliseconds; `None` for special values below 0 of those with a unit.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        match self.setting(name)?.quantity()? {
            Quantity::Number(number) | Quantity::Milliseconds(number) => Some(number),
            Quantity::Bytes(bytes) => Some(bytes as f64),
        }
    }

    /// Memory that the server has: that of the machine it stands for, or of this one if it was started here, its
    /// control group's limit included. `None` where nobody said.
    pub(super) fn memory(&self) -> Option<u64> {
        let host = &self.record.host;
        match &self.record.server.machine {
            Some(machine) => Some(machine.memory_bytes).filter(|bytes| *bytes > 0),
            None if self.record.server.kind == ServerKind::Embedded && host.memory_bytes > 0 => {
                Some(host.memory_limit_bytes.map_or(host.memory_bytes, |limit| limit.min(host.memory_bytes)))
            }
            None => None,
        }
    }

    /// Processors that the server has, as for [`Self::memory`].
    pub(super) fn processors(&self) -> Option<u32> {
        match &self.record.server.machine {
            Some(machine) => Some(machine.vcpus),
            None if self.record.server.kind == ServerKind::Embedded => {
                u32::try_from(self.record.host.cpus).ok()
            }
            None => None,
        }
    }

    /// How that machine is called.
    pub(super) fn machine(&self) -> String {
        match &self.record.server.machine {
            Some(machine) => machine.name.clone(),
            None => "this machine".to_owned(),
        }
    }

    /// The largest table, which is the library's.
    pub(super) fn tracks(&self) -> Option<&'a Relation> {
        let tables = || self.record.evidence.tables.iter();
        let named = |table: &&Relation| table.name.rsplit('.').next() == Some("audio_tracks");
        tables().find(named).or_else(|| tables().max_by_key(|table| table.heap_bytes))
    }

    /// Share of the response time of all calls that these statements' round trips took, 0..=1; each is written
    /// `operation.statement`.
    pub(super) fn share(&self, statements: &[String]) -> f64 {
        let mut us = 0.0;
        for operation in &self.record.operations {
            for statement in &operation.statements {
                let name = format!("{}.{}", operation.name, statement.name);
                if statements.contains(&name) {
                    us += statement.service.mean_us.unwrap_or_default() * statement.service.count as f64;
                }
            }
        }
        self.share_of(us)
    }

    /// Share of the response time of all calls that so many microseconds are, 0..=1.
    pub(super) fn share_of(&self, us: f64) -> f64 {
        if self.response_us > 0.0 { (us / self.response_us).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Share of the response time of all calls that this part of each statement's time was: `part` gives the part of
    /// a plan's time, 0..=1. Over a statement's plans it is weighted by their time, so that the heavy ones, which make
    /// the percentiles, count most.
    pub(super) fn share_of_plans(&self, part: impl Fn(&StatementPlan, &PlanNode) -> f64) -> f64 {
        let mut seen: Vec<&[String]> = Vec::new();
        let mut share = 0.0;
        for (plan, _) in self.executed() {
            if seen.contains(&plan.statements.as_slice()) {
                continue;
            }
            seen.push(&plan.statements);
            let (mut all, mut of_it) = (0.0, 0.0);
            for (other, root) in self.executed().filter(|(other, _)| other.statements == plan.statements) {
                let ms = other.execution_ms().unwrap_or_default() + other.planning_ms().unwrap_or_default();
                all += ms;
                of_it += ms * part(other, root).clamp(0.0, 1.0);
            }
            if all > 0.0 {
                share += self.share(&plan.statements) * of_it / all;
            }
        }
        share.clamp(0.0, 1.0)
    }

    /// Plans that were executed as the load executes them.
    pub(super) fn executed(&self) -> impl Iterator<Item = (&'a StatementPlan, &PlanNode)> {
        let plans = self.plans.iter().filter(|(plan, _)| plan.executed && plan.case != PlanCase::Generic);
        plans.map(|(plan, root)| (*plan, root))
    }

    /// Nodes of executed plans for which `want` holds, each with its plan, the dearest plan first.
    pub(super) fn nodes(&self, want: impl Fn(&PlanNode) -> bool) -> Vec<(&'a StatementPlan, &PlanNode)> {
        let mut found: Vec<(&StatementPlan, &PlanNode)> = self
            .executed()
            .flat_map(|(plan, root)| root.nodes().into_iter().map(move |node| (plan, node)))
            .filter(|(_, node)| want(node))
            .collect();
        let ms = |plan: &StatementPlan| plan.execution_ms().unwrap_or_default();
        found.sort_by(|a, b| ms(b.0).total_cmp(&ms(a.0)));
        found
    }

    /// What a change of these settings alone would have done.
    pub(super) fn what_if(&self, setting: &str) -> Option<&'a WhatIf> {
        let of_it = |what: &str| what.split('=').next() == Some(setting);
        self.record.what_ifs.iter().find(|what_if| what_if.settings.iter().any(|what| of_it(what)))
    }

    /// Share of the response time that the change would save, by the trials that were faster each time, less that of
    /// those that were slower; can be below 0.
    pub(super) fn saved(&self, what_if: &WhatIf) -> f64 {
        let mut seen: Vec<&[String]> = Vec::new();
        let mut share = 0.0;
        for trial in &what_if.tried {
            if seen.contains(&trial.statements.as_slice()) {
                continue;
            }
            seen.push(&trial.statements);
            let same = what_if.tried.iter().filter(|other| other.statements == trial.statements);
            let saved: f64 = same
                .filter(|other| other.is_faster() || other.is_slower())
                .map(|other| other.base_median_ms() - other.changed_median_ms())
                .sum();
            // Plans that would not change are part of what the statement takes.
            let of = self.executed().filter(|(plan, _)| plan.statements == trial.statements);
            let all: f64 = of.filter_map(|(plan, _)| plan.execution_ms()).sum();
            let tried = what_if.tried.iter().filter(|other| other.statements == trial.statements);
            let all = all.max(tried.map(crate::record::Trial::base_median_ms).sum());
            if all > 0.0 {
                share += self.share(&trial.statements) * saved / all;
            }
        }
        share.clamp(-1.0, 1.0)
    }

    /// Whether it would be felt if this share of the response time were saved: by 5 % of the objective's target, or
    /// by a tenth of the response time where the objective is missed.
    pub(super) fn is_felt(&self, share: f64) -> bool {
        let overall = &self.record.overall;
        let operations = self.record.operations.iter().map(|operation| &operation.summary);
        let missed = operations.chain([overall]).any(|summary| summary.slo.outcome == Outcome::Missed);
        let saved_us = overall.response.p95_us.unwrap_or_default() * share;
        saved_us >= overall.slo.target_us * FELT || missed && share >= FELT_WHEN_MISSED
    }

    /// Figures for [`Self::is_felt`].
    pub(super) fn felt_figures(&self, share: f64) -> String {
        let overall = &self.record.overall;
        format!(
            "{} of the response time: about {} ms of a p95 of {} ms, where the objective is {}",
            super::say::percent(share),
            super::say::ms(overall.response.p95_us.unwrap_or_default() * share / 1e3),
            super::say::ms(overall.response.p95_us.unwrap_or_default() / 1e3),
            overall.slo.objective
        )
    }

    /// The mean number of sessions that waited for an event of this class (any, if the event is empty), over the
    /// samples that hold waits; with the share of all sessions' time, 0..=1.
    pub(super) fn waiting(&self, class: &str, event: &str) -> (f64, f64) {
        let (mut waiting, mut all, mut samples) = (0_u64, 0_u64, 0_u64);
        for sample in self.record.samples.samples.iter().filter(|sample| sample.sessions_active.is_some()) {
            samples += 1;
            for wait in &sample.waits {
                all += wait.sessions;
                if wait.class == class && (event.is_empty() || wait.event == event) {
                    waiting += wait.sessions;
                }
            }
        }
        if samples == 0 || all == 0 {
            return (0.0, 0.0);
        }
        (waiting as f64 / samples as f64, waiting as f64 / all as f64)
    }
}
