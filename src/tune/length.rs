//! How long blocks must be, and how many of them the time holds. Pure.

use super::{Objective, TuneOptions};
use crate::{compare::Judgement, lab::LabError, record::Metric, stats::fewest, text::counted};
use std::time::Duration;

/// Starting a server from a copy, and ending it.
const OVERHEAD: Duration = Duration::from_secs(2);
/// Part of the budget that is left for the confirmation, whatever the search does.
pub(super) const OF_CONFIRMATION: f64 = 0.3;
/// Part of it that the confirmation may take where pairs are so long that it needs more.
const MOST_OF_CONFIRMATION: f64 = 0.6;
/// Pairs beyond the fewest that a confirmation takes: some may be set aside.
const SPARE: usize = 3;
/// Pairs that the budget should hold, where the objective allows blocks that are as short as that.
const PAIRS: u32 = 40;
/// Blocks of the confirmation are so many times as long as those of the search: what starts with a server's luck is the same
/// in both, but the chance of its calls is less in a longer one. Of blocks of 1.7, 4 and 8 s of fuzzy searches, those of 4 s
/// told most in the same time (docs/tune.md).
const LONGER: f64 = 2.5;
/// Calls that a block should have over the fewest: arrivals are random.
const MARGIN: f64 = 1.3;

/// Calls that a block must have for a percentile to be looked at (three beyond it: as a comparison asks), and calls by
/// which it is no longer the fate of a few of them.
fn calls(metric: Metric) -> (f64, f64) {
    match metric {
        Metric::P99 => (300.0, 600.0),
        _ => (60.0, 200.0),
    }
}

/// The length of a block at so many calls a second: what the user chose, else as long as the objective needs, and shorter
/// where the server is so slow that the budget would hold too few.
///
/// # Errors
/// When what the user chose holds too few calls.
pub(super) fn settled(options: &TuneOptions, rate: f64) -> Result<Duration, LabError> {
    let own = options.load.duration;
    let (fewest, enough) = calls(options.objective.metric());
    if !options.is_duration_chosen {
        let affordable = (options.budget / PAIRS / 2).saturating_sub(OVERHEAD + options.load.warmup);
        let calls = (rate * affordable.as_secs_f64()).clamp(MARGIN * fewest, enough);
        // In tenths of a second.
        let tenths = (calls / rate.max(0.1) * 10.0).ceil();
        return Ok(own.max(Duration::from_secs_f64(tenths / 10.0)));
    }
    let holds = rate * own.as_secs_f64();
    if holds >= fewest {
        return Ok(own);
    }
    let least = Duration::from_secs_f64((fewest / rate.max(0.1)).ceil());
    Err(LabError::Usage(format!(
        "blocks of {} hold about {} at {rate} calls/s, and the {} takes {fewest:.0}: --duration {}, a higher --rate, or leave --duration out",
        humantime::format_duration(own),
        counted(holds.round() as u64, "call"),
        options.objective,
        humantime::format_duration(least)
    )))
}

/// The length of a confirmation's block, and of a close look: [`LONGER`] times that of the search, as far as its part of the
/// budget holds the pairs that it takes; the same where the user chose, and where it is searched for a knee.
pub(super) fn of_confirmation(options: &TuneOptions) -> Duration {
    let own = options.load.duration;
    if options.is_duration_chosen || options.objective == Objective::Knee {
        return own;
    }
    let pairs = u32::try_from(takes() + SPARE).unwrap_or(u32::MAX);
    let part = options.budget.mul_f64(OF_CONFIRMATION) / pairs / 2;
    own.mul_f64(LONGER).min(part.saturating_sub(OVERHEAD + options.load.warmup)).max(own)
}

/// What should be known before hours are spent.
pub(super) fn notes(options: &TuneOptions) -> Vec<String> {
    let pair = 2 * (of_confirmation(options) + options.load.warmup + OVERHEAD);
    let takes = takes();
    let holds = (options.budget.as_secs_f64() * MOST_OF_CONFIRMATION / pair.as_secs_f64()) as usize;
    let is_short = holds < takes;
    let note = || {
        format!(
            "the budget holds about {holds} pairs of blocks for the confirmation, which takes {takes} at least: it will hardly come to an answer; a longer --budget or a higher --rate would"
        )
    };
    is_short.then(note).into_iter().collect()
}

/// Pairs without which no confirmation is as sure as it must be; each direction has half of the error.
fn takes() -> usize {
    fewest(1.0 - Judgement::default().tail())
}

/// Seconds of a budget that the search may spend where a pair of the confirmation takes so long: it gets its part, or as many
/// pairs as it takes at least.
pub(super) fn of_search(budget: f64, pair_seconds: f64) -> f64 {
    let needed = (takes() + SPARE) as f64 * pair_seconds;
    budget - needed.clamp(OF_CONFIRMATION * budget, MOST_OF_CONFIRMATION * budget)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tune::synthetic::options;

    fn at(objective: Objective, ms: u64, chosen: bool) -> TuneOptions {
        let mut options = options();
        (options.objective, options.is_duration_chosen) = (objective, chosen);
        options.budget = Duration::from_secs(3_600);
        options.load.duration = Duration::from_millis(ms);
        options
    }

    #[test]
    fn a_block_is_as_long_as_its_percentile_needs() {
        use Objective::{P95, P99};
        assert_eq!(settled(&at(P95, 1_500, false), 30.0).unwrap(), Duration::from_millis(6_700));
        assert_eq!(settled(&at(P95, 1_500, false), 400.0).unwrap(), Duration::from_millis(1_500));
        assert_eq!(settled(&at(P99, 1_500, false), 100.0).unwrap(), Duration::from_secs(6));
    }

    #[test]
    fn blocks_of_a_slow_server_are_as_short_as_the_budget_asks() {
        use Objective::P95;
        let mut options = at(P95, 1_500, false);
        options.load.warmup = Duration::from_millis(500);
        options.budget = Duration::from_secs(600);
        // 600 s hold 40 pairs of blocks of 5 s: 100 calls.
        assert_eq!(settled(&options, 20.0).unwrap(), Duration::from_secs(5));
        assert_eq!(settled(&options, 4.0).unwrap(), Duration::from_millis(19_500), "78 calls at least");
        options.budget = Duration::from_secs(3_600);
        assert_eq!(settled(&options, 20.0).unwrap(), Duration::from_secs(10), "200 are enough");
    }

    #[test]
    fn blocks_of_the_confirmation_are_longer_where_the_budget_holds_them() {
        let of = |budget: u64, chosen: bool| {
            let mut options = at(Objective::P95, 1_600, chosen);
            (options.load.warmup, options.budget) = (Duration::from_secs(1), Duration::from_secs(budget));
            of_confirmation(&options)
        };
        assert_eq!(of(600, false), Duration::from_secs(4));
        // 30 % of 480 s, by 12 pairs of 2 blocks, are 6 s; 3 s go to its start and warm-up.
        assert_eq!(of(480, false), Duration::from_secs(3));
        assert_eq!(of(120, false), Duration::from_millis(1_600), "no shorter than those of the search");
        assert_eq!(of(600, true), Duration::from_millis(1_600), "the user chose");
    }

    #[test]
    fn a_confirmation_gets_the_pairs_that_it_takes() {
        assert!((of_search(600.0, 0.0) - 420.0).abs() < 1e-9);
        assert!((of_search(600.0, 9.0) - 420.0).abs() < 1e-9);
        assert!((of_search(600.0, 20.0) - 360.0).abs() < 1e-9, "9 and 3");
        assert!((of_search(600.0, 60.0) - 240.0).abs() < 1e-9);
    }

    #[test]
    fn what_the_user_chose_stands_or_is_refused() {
        use Objective::P95;
        assert_eq!(settled(&at(P95, 500, true), 200.0).unwrap(), Duration::from_millis(500));
        let error = settled(&at(P95, 400, true), 30.0).unwrap_err().to_string();
        let wanted =
            "blocks of 400ms hold about 12 calls at 30 calls/s, and the p95 takes 60: --duration 2s,";
        assert!(error.starts_with(wanted), "{error}");
    }

    #[test]
    fn a_budget_that_is_too_short_is_told() {
        let mut options = at(Objective::P95, 1_500, false);
        options.load.warmup = Duration::from_secs(1);
        options.budget = Duration::from_secs(600);
        assert_eq!(notes(&options), [""; 0]);
        options.budget = Duration::from_secs(60);
        assert!(notes(&options)[0].starts_with("the budget holds about 4 pairs"), "{:?}", notes(&options));
    }
}
