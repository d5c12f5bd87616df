//! Is the best really better than what the server began with? With new seeds, and an error that is kept.

use super::{
    Candidate, Objective, TuneError,
    bench::Bench,
    trial::{Purpose, Seen},
};
use crate::{
    compare::{self, Answer, Effect, Effects, Experiment, Judgement, Set, Stop},
    lab::{Look, Plan},
    record::{Metric, Record},
    workload::ALL,
};

/// Labels of both sides.
const START: &str = "as it is";
const BEST: &str = "with the changes";
/// More pairs would see what nobody feels.
const MOST_PAIRS: usize = 240;
/// Where the time holds no more pairs than this, they matter more than a close look.
const MOST_FOR_PORTRAIT: usize = 16;

/// What a confirmation came to.
pub(super) struct Confirmed {
    /// Absent where not one pair was measured.
    pub(super) effects: Option<Effects>,
    /// Why the best cannot be measured, if it cannot: then nothing recommends it.
    pub(super) failed: Option<String>,
}

/// Compares the best with what the server began with until the objective's answer is certain or the budget is spent.
pub(super) fn confirm(
    bench: &mut Bench<'_>,
    start: &Record,
    best: &Candidate,
) -> Result<Confirmed, TuneError> {
    // For its plans and settings; without it the answer is the same.
    let of_best = if bench.holds(1.0) > MOST_FOR_PORTRAIT { bench.look(best)? } else { None };
    let records = [vec![start.clone()], of_best.into_iter().collect()];
    let began = bench.left(1.0);
    let judgement = judgement(bench, start);
    let mut confirmation = Confirmation { records, plan: Plan::new(judgement.tail()), judgement };
    let (ended, failed) = confirmation.measure(bench, best)?;
    if confirmation.counted() == 0 {
        return Ok(Confirmed { effects: None, failed });
    }
    let mut effects = confirmation.current()?;
    effects.experiment = Some(Experiment {
        id: format!("{}-{}", bench.options.seed, Purpose::Confirm.name()),
        planned_pairs: confirmation.plan.planned(),
        looks: confirmation.plan.looks(),
        budget_seconds: began,
        took_seconds: began - bench.left(1.0),
        block_seconds: bench.length(Purpose::Confirm).as_secs_f64(),
        ended,
    });
    Ok(Confirmed { effects: Some(effects), failed })
}

struct Confirmation {
    /// Of each side: the close look, then the blocks.
    records: [Vec<Record>; 2],
    plan: Plan,
    judgement: Judgement,
}

impl Confirmation {
    /// Pair after pair; why it is over, and why the best cannot be measured, if it cannot.
    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        best: &Candidate,
    ) -> Result<(Stop, Option<String>), TuneError> {
        let start = Candidate::start();
        for made in 1..=MOST_PAIRS {
            if bench.holds(1.0) == 0 {
                return Ok((Stop::Budget, None));
            }
            let trial = bench.pair(Purpose::Confirm, [&start, best])?;
            if let Seen::Failed(why) = trial.seen() {
                return Ok((Stop::ServerLost, Some(why.to_owned())));
            }
            for (side, record) in bench.records(&trial)?.into_iter().enumerate() {
                self.records[side].push(record);
            }
            let (counted, holds) = (self.counted(), bench.holds(1.0));
            self.plan.expect(counted + holds);
            let look = self.plan.look(counted, holds == 0 || made == MOST_PAIRS);
            bench.note(format!("confirming: {counted} of about {} pairs", self.plan.planned()));
            if look != Look::NotYet && counted > 0 && is_over(&self.current()?, bench.options.objective) {
                return Ok((Stop::Enough, None));
            }
        }
        Ok((Stop::Pairs, None))
    }

    /// Pairs that count.
    fn counted(&self) -> usize {
        compare::counted_pairs(&self.records)
    }

    /// What is known by now.
    fn current(&self) -> Result<Effects, TuneError> {
        let set = |side: usize, label: &str| Set {
            label: label.to_owned(),
            records: self.records[side].iter().collect(),
        };
        Ok(compare::effects(&set(0, START), &set(1, BEST), &self.judgement, self.plan.alpha())?)
    }
}

/// The objective of all operations together decides, and that not more of them fail.
fn judgement(bench: &Bench<'_>, start: &Record) -> Judgement {
    Judgement {
        gated: vec![bench.options.objective.metric(), Metric::ErrorShare],
        exempt: start.operations.iter().map(|operation| operation.name.clone()).collect(),
        seed: bench.options.seed,
        ..Judgement::default()
    }
}

/// Whether the objective has its answer, or cannot have one however long it goes on.
fn is_over(effects: &Effects, objective: Objective) -> bool {
    let found = of_all(effects, objective.metric());
    found.is_none_or(|effect| effect.answer != Answer::NotResolved || !effect.gated)
}

/// What became of a metric of all operations together.
pub(super) fn of_all(effects: &Effects, metric: Metric) -> Option<&Effect> {
    let all = effects.operations.iter().find(|operation| operation.name == ALL)?;
    all.metrics.iter().find(|effect| effect.metric == metric)
}
