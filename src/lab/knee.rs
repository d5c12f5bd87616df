//! The search for the knee: the highest arrival rate at which the objective holds.
//!
//! A closed loop gives a first guess. Then blocks of an open loop follow, each at a rate that the search chooses from
//! what it has learnt ([`crate::stats::KneeSearch`]). At last a whole window is measured at the rate that the search
//! would promise, the lower end of its interval.

use super::{
    Event, LabError, Prepared,
    block::judge,
    diagnosis::{self, Observation, Schedule},
    prepare::{Context, Steps},
    setup::Setup,
    window::{Driven, drive},
};
use crate::{
    engine::{Load, PhasePlan},
    record::{Ended, Knee, KneeTrial},
    stats::{KneeSearch, Profile, Trial},
    workload::{Shape, Slo, Stage},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Length of a block: with shorter ones a queue that grows is not seen in time.
const BLOCK: Duration = Duration::from_secs(10);
/// With less time than for this many blocks, blocks get shorter.
const BLOCKS: u32 = 15;
/// No block is shorter.
const SHORTEST_BLOCK: Duration = Duration::from_secs(2);
/// The closed loop and one block, with what may wait at its end.
pub const SHORTEST_SEARCH: Duration = Duration::from_secs(6);
/// The closed loop that gives the first guess.
const PROBE: Duration = Duration::from_secs(2);
/// The guess, as a share of what a closed loop can do.
const BELOW_SATURATION: f64 = 0.8;
/// How far from the guess the search may go, in both directions.
const RANGE: f64 = 50.0;
/// A rate at which a block has fewer calls than this shows nothing.
const FEWEST_CALLS: f64 = 5.0;
/// Half width of the interval, as a share of the rate, at which the search is done.
const RESOLUTION: f64 = 0.05;
/// Slices of a block.
const SLICES: u32 = 20;
/// So many blocks in a row are set aside because they were disturbed; a rate at which the next one is, too, is out of
/// reach, whatever the cause.
const MOST_ASIDE: u32 = 2;

/// What a search came to.
pub(super) struct Searched {
    pub(super) knee: Knee,
    /// Why it was ended before its time, if it was.
    pub(super) cut_off: Option<Ended>,
}

/// Searches for at most `budget`, and leaves the load at the rate to be promised.
pub(super) fn search(
    setup: &mut Setup,
    slo: Option<Slo>,
    budget: Duration,
    prepared: &Prepared,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<Searched, LabError> {
    let began = Instant::now();
    let probed = probe(setup, prepared, steps, context)?;
    let most = setup.load.engine.max_rate.unwrap_or(f64::INFINITY);
    let guess = setup.load.guess.unwrap_or(probed * BELOW_SATURATION).max(1.0).min(most);
    let block = (budget / BLOCKS).clamp(SHORTEST_BLOCK, BLOCK);
    let least = (FEWEST_CALLS / block.as_secs_f64()).min(guess / 2.0);
    let lowest = (guess / RANGE).max(least);
    let mut search = KneeSearch::new(lowest, (guess * RANGE).min(most), guess, prepared.seed);
    let mut trials: Vec<KneeTrial> = Vec::new();
    let stop = context.interrupt.stop_flag();
    let mut aside = 0;
    while !stop.is_set() && !search.resolved(RESOLUTION) && began.elapsed() + block + setup.drain <= budget {
        let rate = search.next_rate();
        let plan = one_block(setup, rate, block);
        let driven = drive(setup, &plan, "search", prepared, steps, context)?;
        if stop.is_set() {
            break;
        }
        let mut judged = judge(&driven.measured, &setup.bound.workload, slo, rate, block);
        if !judged.held && judged.calls > 0 {
            judged.disturbed = disturbance(setup, &driven, rate);
        }
        aside = if judged.disturbed.is_some() { aside + 1 } else { 0 };
        if judged.calls > 0 && (aside == 0 || aside > MOST_ASIDE) {
            search.learn(Trial { rate, held: judged.held, capacity: judged.capacity_per_second });
        }
        (context.listen)(Event::Note(told(&judged)));
        trials.push(judged);
    }
    let found = search.estimate();
    // A promise of whole calls a second reads better, and keeps on the safe side.
    let promised = if found.bracketed { found.low } else { found.rate };
    let promised = if promised >= 100.0 { promised.floor() } else { promised };
    let shape = Shape::Steady;
    setup.load.stages = vec![Stage { shape, rate: promised, to: promised, duration: setup.load.duration }];
    let knee = Knee {
        rate_per_second: found.rate,
        low_per_second: found.low,
        high_per_second: found.high,
        bracketed: found.bracketed,
        promised_per_second: promised,
        block_seconds: block.as_secs_f64(),
        searched_seconds: began.elapsed().as_secs_f64(),
        trials,
    };
    let cut_off = cut_off(setup, context);
    if cut_off.is_some_and(|ended| ended != Ended::Braked) && knee.trials.is_empty() {
        return Err(nothing_found(prepared, context.interrupt.is_asked()));
    }
    Ok(Searched { knee, cut_off })
}

/// Why the load was ended before its time, if it was.
fn cut_off(setup: &Setup, context: &Context<'_>) -> Option<Ended> {
    let is_stopped = context.interrupt.stop_flag().is_set();
    is_stopped.then(|| match () {
        () if context.interrupt.is_asked() => Ended::Interrupted,
        () if setup.has_braked() => Ended::Braked,
        () => Ended::ServerLost,
    })
}

fn one_block(setup: &Setup, rate: f64, block: Duration) -> PhasePlan {
    PhasePlan {
        bound: Arc::clone(&setup.bound),
        load: Load::Open { profile: Arc::new(Profile::steady(rate, block)), spacing: setup.load.spacing },
        duration: block,
        stage_ends: Arc::from([]),
        tick: block / SLICES,
        drain: setup.drain,
        capture: false,
    }
}

fn told(trial: &KneeTrial) -> String {
    let rate = trial.rate_per_second;
    match &trial.disturbed {
        Some(cause) => format!("{rate:.0} calls/s: set aside, {cause}"),
        None if trial.calls == 0 => format!("{rate:.0} calls/s: no call came"),
        None if trial.held => format!("{rate:.0} calls/s: the objective holds"),
        None => format!("{rate:.0} calls/s: the objective does not hold"),
    }
}

/// Why the load ended before its time.
fn nothing_found(prepared: &Prepared, asked: bool) -> LabError {
    if asked {
        return LabError::Interrupted;
    }
    let fate = prepared.target.fate().unwrap_or_else(|| "it closed every connection".to_owned());
    LabError::ServerLost { what: "the knee was searched for".to_owned(), fate }
}

/// What else than the rate may have made a block miss the objective.
fn disturbance(setup: &Setup, driven: &Driven, rate: f64) -> Option<String> {
    let measured = &driven.measured;
    if !driven.absences.is_empty() {
        return Some("the server was away".to_owned());
    }
    let observation = Observation {
        samples: &driven.samples,
        window_seconds: measured.elapsed.as_secs_f64(),
        threads: setup.engine.threads(),
        checkpoints: 0,
        schedule: Some(Schedule {
            asked_per_second: rate,
            answered_per_second: rate,
            released: measured.release_error.count(),
            start_error_p50_us: measured.release_error.quantile_us(0.5),
            start_error_p99_us: measured.release_error.quantile_us(0.99),
        }),
        operations: Vec::new(),
    };
    let found = diagnosis::diagnose(&observation).into_iter().find(|disturbance| disturbance.decisive);
    found.map(|disturbance| disturbance.sentence)
}

/// What the clients get answered a second when none of them ever waits for a call.
fn probe(
    setup: &mut Setup,
    prepared: &Prepared,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<f64, LabError> {
    let steady = setup.load.steady(&setup.bound, PROBE);
    let plan = PhasePlan { load: Load::Closed { think: None }, ..steady };
    let measured = drive(setup, &plan, "search", prepared, steps, context)?.measured;
    let answered: u64 = measured.operations.iter().map(|operation| operation.tally.answered()).sum();
    Ok(answered as f64 / measured.elapsed.as_secs_f64().max(1e-3))
}
