//! How long blocks must be, and how many of them the time holds. Pure.

use super::TuneOptions;
use crate::{compare::Judgement, lab::LabError, record::Metric, stats::fewest};
use std::time::Duration;

/// Starting a server from a copy, and ending it.
const OVERHEAD: Duration = Duration::from_secs(2);
/// Part of the budget that is left for the confirmation, whatever the search does.
pub(super) const OF_CONFIRMATION: f64 = 0.3;

/// Calls that a block must have for a percentile to be looked at (three beyond it: as a comparison asks), and calls by
/// which it is no longer the fate of a few of them.
fn calls(metric: Metric) -> (f64, f64) {
    match metric {
        Metric::P99 => (300.0, 600.0),
        _ => (60.0, 200.0),
    }
}

/// The length of a block at so many calls a second: what the user chose, else as long as the objective needs.
///
/// # Errors
/// When what the user chose holds too few calls.
pub(super) fn settled(options: &TuneOptions, rate: f64) -> Result<Duration, LabError> {
    let own = options.load.duration;
    let (fewest, enough) = calls(options.objective.metric());
    if !options.is_duration_chosen {
        // In tenths of a second.
        let tenths = (enough / rate.max(0.1) * 10.0).ceil();
        return Ok(own.max(Duration::from_secs_f64(tenths / 10.0)));
    }
    let holds = rate * own.as_secs_f64();
    if holds >= fewest {
        return Ok(own);
    }
    let least = Duration::from_secs_f64((fewest / rate.max(0.1)).ceil());
    Err(LabError::Usage(format!(
        "blocks of {} hold about {holds:.0} calls at {rate} calls/s, and the {} takes {fewest:.0}: --duration {}, a higher --rate, or leave --duration out",
        humantime::format_duration(own),
        options.objective,
        humantime::format_duration(least)
    )))
}

/// What should be known before hours are spent.
pub(super) fn notes(options: &TuneOptions) -> Vec<String> {
    let pair = 2 * (options.load.duration + options.load.warmup + OVERHEAD);
    let takes = fewest(Judgement::default().confidence);
    let holds = (options.budget.as_secs_f64() * OF_CONFIRMATION / pair.as_secs_f64()) as usize;
    let is_short = holds < takes;
    let note = || {
        format!(
            "the budget holds about {holds} pairs of blocks for the confirmation, which takes {takes} at least: it will hardly come to an answer; a longer --budget or a higher --rate would"
        )
    };
    is_short.then(note).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tune::synthetic::options;

    fn at(objective: crate::tune::Objective, ms: u64, chosen: bool) -> TuneOptions {
        let mut options = options();
        (options.objective, options.is_duration_chosen) = (objective, chosen);
        options.load.duration = Duration::from_millis(ms);
        options
    }

    #[test]
    fn a_block_is_as_long_as_its_percentile_needs() {
        use crate::tune::Objective::{P95, P99};
        assert_eq!(settled(&at(P95, 1_500, false), 30.0).unwrap(), Duration::from_millis(6_700));
        assert_eq!(settled(&at(P95, 1_500, false), 400.0).unwrap(), Duration::from_millis(1_500));
        assert_eq!(settled(&at(P99, 1_500, false), 100.0).unwrap(), Duration::from_secs(6));
    }

    #[test]
    fn what_the_user_chose_stands_or_is_refused() {
        use crate::tune::Objective::P95;
        assert_eq!(settled(&at(P95, 500, true), 200.0).unwrap(), Duration::from_millis(500));
        let error = settled(&at(P95, 400, true), 30.0).unwrap_err().to_string();
        let wanted =
            "blocks of 400ms hold about 12 calls at 30 calls/s, and the p95 takes 60: --duration 2s,";
        assert!(error.starts_with(wanted), "{error}");
    }

    #[test]
    fn a_budget_that_is_too_short_is_told() {
        let mut options = at(crate::tune::Objective::P95, 1_500, false);
        options.load.warmup = Duration::from_secs(1);
        options.budget = Duration::from_secs(600);
        assert_eq!(notes(&options), [""; 0]);
        options.budget = Duration::from_secs(60);
        assert!(notes(&options)[0].starts_with("the budget holds about 2 pairs"), "{:?}", notes(&options));
    }
}
