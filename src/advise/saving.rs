//! What a change would save: of the whole response time, by which advice is ordered, and of each operation's, by which
//! it is judged whether anybody would feel it.

use super::{case::Case, say};
use crate::{
    record::{
        Basis, OperationResult, Outcome, PlanNode, Recommendation, StatementPlan, StatementResult, Trial,
        WhatIf,
    },
    text::three_digits,
};
use std::collections::BTreeMap;

/// Part of the objective that a gain must be worth before anybody's code is changed for it.
const FELT: f64 = 0.1;
/// Part of the response time that is worth a change of code where the objective is missed.
const FELT_WHEN_MISSED: f64 = 0.1;

/// Time that would be saved.
pub(super) struct Saving {
    /// Share of the response time of all calls; below 0 where it would be lost.
    pub(super) share: f64,
    /// Share of each operation's own response time, in the record's order.
    by_operation: Vec<f64>,
}

/// Response time of all calls of an operation, in microseconds.
fn response_us(operation: &OperationResult) -> f64 {
    let response = &operation.summary.response;
    response.mean_us.unwrap_or_default() * response.count as f64
}

fn service_us(statement: &StatementResult) -> f64 {
    statement.service.mean_us.unwrap_or_default() * statement.service.count as f64
}

impl<'a> Case<'a> {
    /// Saves this part of the round trips of each statement, which `part` is asked for with operation and statement.
    pub(super) fn saving(&self, part: impl Fn(&OperationResult, &StatementResult) -> f64) -> Saving {
        let operations = &self.record.operations;
        let (mut saved_us, mut all_us, mut by_operation) = (0.0, 0.0, Vec::new());
        for operation in operations {
            let each = operation
                .statements
                .iter()
                .map(|one| part(operation, one).clamp(-1.0, 1.0) * service_us(one));
            let (saved, all): (f64, f64) = (each.sum(), response_us(operation));
            saved_us += saved;
            all_us += all;
            by_operation.push(if all > 0.0 { (saved / all).clamp(-1.0, 1.0) } else { 0.0 });
        }
        let share = if all_us > 0.0 { (saved_us / all_us).clamp(-1.0, 1.0) } else { 0.0 };
        Saving { share, by_operation }
    }

    /// Saves a part of the time of some statements, each written `operation.statement`.
    fn saving_of(&self, parts: &BTreeMap<&str, f64>) -> Saving {
        self.saving(|operation, statement| {
            let name = format!("{}.{}", operation.name, statement.name);
            parts.get(name.as_str()).copied().unwrap_or_default()
        })
    }

    /// Saves all the time of these statements, each written `operation.statement`.
    pub(super) fn saving_statements(&self, statements: &[String]) -> Saving {
        self.saving_of(&statements.iter().map(|name| (name.as_str(), 1.0)).collect())
    }

    /// Share of the response time of all calls that so many microseconds are, 0..=1.
    pub(super) fn share_of(&self, us: f64) -> f64 {
        let all: f64 = self.record.operations.iter().map(response_us).sum();
        if all > 0.0 { (us / all).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Saves a part of the time of each statement that was explained: `part` gives the part of a plan's time, 0..=1. Over
    /// a statement's plans it is weighted by their time, so that the heavy ones, which make the percentiles, count most.
    pub(super) fn saving_in_plans(&self, part: impl Fn(&StatementPlan, &PlanNode) -> f64) -> Saving {
        let mut times: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for (plan, root) in self.executed() {
            let ms = plan.execution_ms().unwrap_or_default() + plan.planning_ms().unwrap_or_default();
            let of_it = ms * part(plan, root).clamp(0.0, 1.0);
            for name in &plan.statements {
                let (all, saved) = times.entry(name).or_default();
                *all += ms;
                *saved += of_it;
            }
        }
        let parts = times.into_iter().filter(|(_, (all, _))| *all > 0.0);
        self.saving_of(&parts.map(|(name, (all, saved))| (name, saved / all)).collect())
    }

    /// What a change of this setting alone would have done.
    pub(super) fn what_if(&self, setting: &str) -> Option<&'a WhatIf> {
        let of_it = |what: &str| what.split('=').next() == Some(setting);
        self.record.what_ifs.iter().find(|what_if| what_if.settings.iter().any(|what| of_it(what)))
    }

    /// What the trials of a change save: of those that were faster each time, less those that were slower.
    pub(super) fn saved(&self, what_if: &WhatIf) -> Saving {
        let mut times: BTreeMap<&str, (f64, f64, f64)> = BTreeMap::new();
        for (plan, _) in self.executed() {
            for name in &plan.statements {
                times.entry(name).or_default().0 += plan.execution_ms().unwrap_or_default();
            }
        }
        for trial in &what_if.tried {
            let is_clear = trial.is_faster() || trial.is_slower();
            for name in &trial.statements {
                let (_, base, saved) = times.entry(name).or_default();
                *base += trial.base_median_ms();
                *saved += if is_clear { trial.base_median_ms() - trial.changed_median_ms() } else { 0.0 };
            }
        }
        // Plans that would not change are part of what the statement takes.
        let part = |(plans, base, saved): (f64, f64, f64)| saved / plans.max(base).max(1e-9);
        self.saving_of(&times.into_iter().map(|(name, times)| (name, part(times))).collect())
    }

    /// What the trials of this setting showed; `None` where there were none.
    pub(super) fn tried(&self, setting: &str) -> Option<Tried> {
        let what_if = self.what_if(setting).filter(|what_if| what_if.examined > 0)?;
        let any = |is: fn(&Trial) -> bool| what_if.tried.iter().any(is);
        let saved = self.saved(what_if).share;
        Some(Tried {
            saved,
            is_faster: any(Trial::is_faster) && saved > 0.0,
            is_slower: any(Trial::is_slower) && saved < 0.0,
        })
    }

    /// Whether a saving would be felt: by a tenth of an operation's objective at its p95, or by a tenth of its response time
    /// where it misses the objective.
    pub(super) fn is_felt(&self, saving: &Saving) -> bool {
        let overall_missed = self.record.overall.slo.outcome == Outcome::Missed;
        self.record.operations.iter().zip(&saving.by_operation).any(|(operation, share)| {
            let summary = &operation.summary;
            let saved_us = summary.response.p95_us.unwrap_or_default() * share;
            let missed = overall_missed || summary.slo.outcome == Outcome::Missed;
            saved_us >= summary.slo.target_us * FELT || missed && *share >= FELT_WHEN_MISSED
        })
    }

    /// The operation whose p95 would lose most of its objective, and the share of its response time that it would save.
    fn felt_most(&self, saving: &Saving) -> Option<(&'a OperationResult, f64)> {
        let operations = self.record.operations.iter().zip(saving.by_operation.iter().copied());
        let felt = |(operation, share): &(&OperationResult, f64)| {
            let summary = &operation.summary;
            summary.response.p95_us.unwrap_or_default() * share / summary.slo.target_us.max(1.0)
        };
        operations.max_by(|a, b| felt(a).total_cmp(&felt(b)))
    }

    /// Figures for [`Self::is_felt`].
    pub(super) fn felt_figures(&self, saving: &Saving) -> String {
        let Some((operation, share)) = self.felt_most(saving).filter(|(_, share)| *share > 0.0) else {
            return format!("{} of the response time", say::percent(saving.share));
        };
        let p95_ms = operation.summary.response.p95_us.unwrap_or_default() / 1e3;
        format!(
            "{} of the response time, {} of that of {}: about {} ms of its p95 of {} ms, where the objective is {}",
            say::percent(saving.share),
            say::percent(share),
            operation.name,
            three_digits(p95_ms * share),
            three_digits(p95_ms),
            operation.summary.slo.objective
        )
    }
}

/// What trials of a setting showed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tried {
    /// Share of the response time of all calls that they save, or below 0 lose.
    pub(super) saved: f64,
    /// Whether the change was faster, each time, where it mattered.
    pub(super) is_faster: bool,
    /// Whether it was slower, likewise.
    pub(super) is_slower: bool,
}

impl Tried {
    /// The expected effect: what was measured where something was, else `guess`; little where the trials showed no
    /// difference.
    pub(super) fn effect(tried: Option<Self>, guess: f64) -> f64 {
        match tried {
            None => guess,
            Some(tried) if tried.is_faster => tried.saved,
            Some(_) => guess.min(0.01),
        }
    }

    /// Advice that rests on what trials showed, if there were any that showed something.
    pub(super) fn weigh(tried: Option<Self>, advice: Recommendation) -> Recommendation {
        let effect = Self::effect(tried, advice.effect);
        match tried.filter(|tried| tried.is_faster) {
            Some(tried) => Recommendation {
                expected: say::by_trials(tried.saved),
                basis: Basis::Measured,
                effect,
                ..advice
            },
            None => Recommendation { effect, ..advice },
        }
    }

    /// Whether there were trials, and they were slower.
    pub(super) fn was_slower(tried: Option<Self>) -> bool {
        tried.is_some_and(|tried| tried.is_slower)
    }
}
