//! The search for the knee: the highest arrival rate at which the objective holds.
//!
//! A closed loop gives a first guess. Then blocks of an open loop follow, each at a rate that the search chooses from
//! what it has learnt ([`crate::stats::KneeSearch`]). At last a whole window is measured at the rate that the search
//! would promise, the lower end of its interval.

use super::{
    Event, LabError, Prepared,
    prepare::{Context, Steps},
    setup::Setup,
    window::drive,
};
use crate::{
    engine::{Bound, Load, Measured, PhasePlan, StageMeasured, Tally},
    record::{Knee, KneeTrial},
    stats::{KneeSearch, Profile, Trial, sustained},
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
/// The closed loop that gives the first guess.
const PROBE: Duration = Duration::from_secs(2);
/// The guess, as a share of what a closed loop can do.
const BELOW_SATURATION: f64 = 0.8;
/// How far from the guess the search may go, in both directions.
const RANGE: f64 = 50.0;
/// Half width of the interval, as a share of the rate, at which the search is done.
const RESOLUTION: f64 = 0.05;
/// A queue that would grow over the objective within this time is not sustained.
const HORIZON: Duration = Duration::from_secs(60);
/// Operations with fewer arrivals in a block say nothing by themselves.
const FEWEST: u64 = 50;
/// Below this share of the asked rate, the answers show what the server can do at most.
const SATURATED: f64 = 0.97;

/// Searches for at most `budget`, and leaves the load at the rate to be promised.
pub(super) fn search(
    setup: &mut Setup,
    slo: Option<Slo>,
    budget: Duration,
    prepared: &Prepared,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<Knee, LabError> {
    let began = Instant::now();
    let probed = probe(setup, prepared, steps, context)?;
    let guess = setup.load.guess.unwrap_or(probed * BELOW_SATURATION).max(1.0);
    let block = (budget / BLOCKS).clamp(SHORTEST_BLOCK, BLOCK);
    let mut search = KneeSearch::new(guess / RANGE, guess * RANGE, guess, prepared.seed);
    let mut trials = Vec::new();
    while !search.resolved(RESOLUTION) && began.elapsed() + block <= budget {
        let rate = search.next_rate();
        let plan = in_thirds(&setup.bound, rate, block, setup.load.spacing, setup.drain);
        let (measured, ..) = drive(setup, &plan, "search", prepared, steps, context)?;
        if context.interrupt.stop_flag().is_set() {
            return Err(cut_off(prepared, context));
        }
        let judged = judge(&measured, &setup.bound, slo, rate, block);
        search.learn(Trial { rate, held: judged.held, capacity: judged.capacity_per_second });
        let word = if judged.held { "holds" } else { "does not hold" };
        (context.listen)(Event::Note(format!("{rate:.0} calls/s: the objective {word}")));
        trials.push(judged);
    }
    let found = search.estimate();
    let promised = if found.bracketed { found.low } else { found.rate };
    let shape = Shape::Steady;
    setup.load.stages = vec![Stage { shape, rate: promised, to: promised, duration: setup.load.duration }];
    Ok(Knee {
        rate_per_second: found.rate,
        low_per_second: found.low,
        high_per_second: found.high,
        bracketed: found.bracketed,
        promised_per_second: promised,
        block_seconds: block.as_secs_f64(),
        searched_seconds: began.elapsed().as_secs_f64(),
        trials,
    })
}

/// Why the load ended before its time.
fn cut_off(prepared: &Prepared, context: &Context<'_>) -> LabError {
    if context.interrupt.is_asked() {
        return LabError::Interrupted;
    }
    let fate = prepared.target.fate().unwrap_or_else(|| "it closed every connection".to_owned());
    LabError::ServerLost { what: "the knee was searched for".to_owned(), fate }
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
    let (measured, ..) = drive(setup, &plan, "search", prepared, steps, context)?;
    let answered: u64 = measured.operations.iter().map(|operation| operation.tally.answered()).sum();
    Ok(answered as f64 / measured.elapsed.as_secs_f64().max(1e-3))
}

/// A steady block whose thirds are recorded apart.
fn in_thirds(
    bound: &Arc<Bound>,
    rate: f64,
    block: Duration,
    spacing: crate::stats::Spacing,
    drain: Duration,
) -> PhasePlan {
    PhasePlan {
        bound: Arc::clone(bound),
        load: Load::Open { profile: Arc::new(Profile::steady(rate, block)), spacing },
        duration: block,
        stage_ends: Arc::from([block / 3, block * 2 / 3, block]),
        tick: (block / 10).min(Duration::from_secs(1)),
        drain,
    }
}

/// Whether the objective held over a block, for all calls together and for each operation that was called often
/// enough, and would have held for longer.
fn judge(measured: &Measured, bound: &Bound, slo: Option<Slo>, rate: f64, block: Duration) -> KneeTrial {
    let (mut calls, mut misses, mut answered) = (0, 0, 0);
    let mut held = true;
    let run_slo = slo.or(bound.workload.slo).unwrap_or_default();
    for (operation, measured) in bound.workload.operations.iter().zip(&measured.operations) {
        let slo = slo.or(operation.slo).unwrap_or(run_slo);
        let missed = measured.response.count_above(slo.target) + measured.tally.lost();
        let allowed = (1.0 - slo.quantile) * measured.tally.arrivals as f64;
        held &= measured.tally.arrivals < FEWEST || missed as f64 <= allowed;
        calls += measured.tally.arrivals;
        misses += missed;
        answered += measured.tally.answered();
    }
    held &= misses as f64 <= (1.0 - run_slo.quantile) * calls as f64;
    let median = |third: &StageMeasured| median(third, block);
    let mut grows = false;
    if let [_, middle, last] = measured.stages.as_slice() {
        grows = !sustained(median(middle), median(last), block, HORIZON, run_slo.target);
    }
    held &= !grows;
    // What waits when the block ends is answered after it: that time counts, too.
    let answered_per_second = answered as f64 / measured.lasted.max(block).as_secs_f64();
    let asked_per_second = calls as f64 / block.as_secs_f64();
    let saturated = grows && answered_per_second < SATURATED * asked_per_second;
    KneeTrial {
        rate_per_second: rate,
        held,
        calls,
        miss_share: misses as f64 / calls.max(1) as f64,
        answered_per_second,
        capacity_per_second: saturated.then_some(answered_per_second),
    }
}

/// Median response time of the calls of a part of a block; one that was never answered took at least the block.
fn median(third: &StageMeasured, block: Duration) -> Duration {
    let Tally { arrivals, .. } = third.tally;
    let answered = third.response.count();
    // The answered ones are the fastest of all.
    let share = 0.5 * arrivals as f64 / answered.max(1) as f64;
    match third.response.quantile_us(share.min(1.0)) {
        Some(us) if share <= 1.0 => Duration::from_secs_f64(us / 1e6),
        _ if arrivals == 0 => Duration::ZERO,
        _ => block,
    }
}
