//! Whether an operation's latency rose or fell through the window so that the objective's outcome depends on when one
//! looks.

use super::{Observation, OperationSlices, decisive, informative};
use crate::{
    record::{Disturbance, DisturbanceKind, Outcome},
    stats::{Line, mann_kendall, theil_sen},
    text::three_digits,
};

/// Fewer slices with calls than this are not tested.
const FEWEST_SLICES: usize = 10;
/// A trend is believed below this probability. Slices depend on their neighbours, which makes it too small; so the
/// trend must matter to the objective as well.
const SIGNIFICANCE: f64 = 0.01;
/// A trend that turns nothing is said if it moves the latency by this share of the objective within the window.
const WORTH_SAYING: f64 = 0.1;

/// A trend (Mann-Kendall) that would turn the outcome: met, and the line (Theil-Sen), continued for as long as the window
/// again, passes the target; or missed, falling, and at the window's end below the target. Another one is only said.
pub(super) fn not_steady(operation: &OperationSlices<'_>, input: &Observation<'_>) -> Option<Disturbance> {
    let window = input.window_seconds;
    let points = points(operation, window);
    if points.len() < FEWEST_SLICES {
        return None;
    }
    let values: Vec<f64> = points.iter().map(|(_, us)| *us).collect();
    let test = mann_kendall(&values).filter(|test| test.p < SIGNIFICANCE)?;
    let line = theil_sen(&points)?;
    let at_end = line.at(window);
    let moves = line.slope * window;
    let (what, turns) = match operation.outcome {
        Outcome::Met if line.slope > 0.0 && line.at(2.0 * window) > operation.target_us => {
            ("rises and will pass the target before as much time has passed again: run longer", true)
        }
        Outcome::Missed if line.slope < 0.0 && at_end < operation.target_us => {
            ("falls and is below the target at the end, so it was still warming up: warm up longer", true)
        }
        _ if moves.abs() < WORTH_SAYING * operation.target_us => return None,
        _ if moves > 0.0 => ("rises through the window; the percentiles are of all of it", false),
        _ => ("falls through the window; the percentiles are of all of it", false),
    };
    let sentence = sentence(operation, what, test.p, line, at_end);
    Some(if turns { decisive } else { informative }(DisturbanceKind::NotSteady, sentence))
}

fn sentence(operation: &OperationSlices<'_>, what: &str, p: f64, line: Line, at_end: f64) -> String {
    let p = if p < 0.0001 { "p < 0.0001".to_owned() } else { format!("p = {p:.4}") };
    format!(
        "{} is not steady: its latency {what} (by {} ms a minute, to {} ms at the end, Mann-Kendall {p}; objective {})",
        operation.name,
        three_digits((line.slope * 60.0 / 1e3).abs()),
        three_digits(at_end / 1e3),
        operation.objective
    )
}

/// Middle of each slice in seconds and the latency there.
fn points(operation: &OperationSlices<'_>, window: f64) -> Vec<(f64, f64)> {
    let width = operation.slice_seconds;
    let last = operation.answered.len().saturating_sub(1);
    let middle = |index: usize| {
        let begins = index as f64 * width;
        let ends = if index == last { window } else { begins + width };
        f64::midpoint(begins, ends)
    };
    operation
        .answered
        .iter()
        .zip(operation.quantile_us)
        .enumerate()
        .filter(|(_, (answered, _))| **answered > 0)
        .filter_map(|(index, (_, us))| Some((middle(index), (*us)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{observation, samples};
    use super::*;

    /// Thirty slices of a second: `from` to `to` milliseconds in a straight line, every other one a little higher.
    fn found(from: f64, to: f64, outcome: Outcome) -> Option<Disturbance> {
        let level = |index: usize| from + (to - from) * index as f64 / 29.0 + (index % 2) as f64 * 0.5;
        judged(&(0..30).map(|index| Some(level(index) * 1e3)).collect::<Vec<_>>(), outcome)
    }

    fn judged(quantile_us: &[Option<f64>], outcome: Outcome) -> Option<Disturbance> {
        let answered = vec![100; quantile_us.len()];
        let operation = OperationSlices {
            name: "search",
            objective: "200ms@p95",
            target_us: 200e3,
            outcome,
            slice_seconds: 1.0,
            answered: &answered,
            quantile_us,
        };
        not_steady(&operation, &observation(&samples(|_, _| {})))
    }

    #[test]
    fn a_rise_that_will_pass_the_target_is_found() {
        let rise = found(50.0, 140.0, Outcome::Met).unwrap();
        assert!(rise.decisive, "{rise:?}");
        for part in ["search", "Mann-Kendall p < 0.0001", "by 186 ms a minute", "200ms@p95"] {
            assert!(rise.sentence.contains(part), "{part}: {}", rise.sentence);
        }
        for (from, to, outcome, what) in [
            (50.0, 120.0, Outcome::Met, "rises through"), // 194 ms after another thirty seconds.
            (140.0, 50.0, Outcome::Met, "falls through"),
            (50.0, 140.0, Outcome::Inconclusive, "rises through"), // Is so already.
        ] {
            let told = found(from, to, outcome).unwrap();
            assert!(!told.decisive && told.sentence.contains(what), "{told:?}");
        }
        assert_eq!(found(50.0, 65.0, Outcome::Met), None, "less than a tenth of the objective");
    }

    #[test]
    fn a_fall_below_the_target_was_a_warm_up() {
        let fall = found(400.0, 150.0, Outcome::Missed).unwrap();
        assert!(fall.decisive && fall.sentence.contains("warming up"), "{fall:?}");
        let above_to_the_end = found(400.0, 210.0, Outcome::Missed).unwrap();
        assert!(!above_to_the_end.decisive, "{above_to_the_end:?}");
        assert!(!found(150.0, 400.0, Outcome::Missed).unwrap().decisive);
    }

    #[test]
    fn a_steady_latency_near_the_target_is_steady() {
        let wave: Vec<_> = (0..30).map(|index| Some(195e3 + f64::from(index * 7 % 10) * 1e3)).collect();
        assert_eq!(judged(&wave, Outcome::Met), None);
        // One stall is no trend.
        let mut stall = wave;
        stall[29] = Some(3e6);
        assert_eq!(judged(&stall, Outcome::Met), None);
    }

    #[test]
    fn too_few_slices_tell_nothing() {
        let rise = |slices: usize| -> Vec<_> {
            (0..30).map(|index| (index < slices).then_some(50e3 + index as f64 * 20e3)).collect()
        };
        assert_eq!(judged(&rise(9), Outcome::Met), None);
        assert!(judged(&rise(10), Outcome::Met).is_some());
    }
}
