//! A share of calls that come in clusters: calls of one block depend on each other.

use super::{
    Interval,
    interval::{Z, wilson_of},
};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Fewer clusters say nothing about how much they differ.
const FEWEST: usize = 3;

/// A share, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusteredShare {
    /// Hits of all calls, 0..=1.
    pub share: f64,
    /// 95 % interval.
    pub interval: Interval,
    /// Whether the clusters' own spread is in the interval; if not, calls were taken as independent.
    pub between: bool,
}

/// The share of hits in `clusters`, pairs of hits and calls, with Wilson's interval for as many calls as they are worth:
/// the calls divided by the design effect, which is how many times as much the clusters differ as independent calls would
/// (Kish 1965; Rao and Scott 1992). Of k clusters that differ by more, the spread is known with k - 1 degrees of freedom, and
/// Student's quantile stands in for the normal one (Korn and Graubard 1998). With fewer than three clusters calls count as
/// independent. `None` without calls.
#[must_use]
pub fn clustered_share(clusters: &[(u64, u64)]) -> Option<ClusteredShare> {
    let used: Vec<(f64, f64)> = clusters
        .iter()
        .filter(|(_, calls)| *calls > 0)
        .map(|(hits, calls)| (*hits as f64, *calls as f64))
        .collect();
    let (hits, calls) = used.iter().fold((0.0, 0.0), |(h, c), (hits, calls)| (h + hits, c + calls));
    if calls == 0.0 {
        return None;
    }
    let share = hits / calls;
    let between = used.len() >= FEWEST;
    let effect = if between && share > 0.0 && share < 1.0 {
        let count = used.len() as f64;
        let residuals: f64 = used.iter().map(|(hits, calls)| (hits - share * calls).powi(2)).sum();
        let variance = count / (count - 1.0) * residuals / calls.powi(2);
        (variance / (share * (1.0 - share) / calls)).max(1.0)
    } else {
        1.0
    };
    let z = if effect > 1.0 { student(used.len() - 1) } else { Z };
    Some(ClusteredShare { share, interval: wilson_of(share, calls / effect, z), between })
}

/// The quantile of Student's distribution that leaves 2.5 % beyond it.
fn student(degrees: usize) -> f64 {
    StudentsT::new(0.0, 1.0, degrees as f64).map_or(Z, |student| student.inverse_cdf(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::wilson;
    use proptest::prelude::*;

    #[test]
    fn clusters_that_do_not_differ_are_independent_calls() {
        let found = clustered_share(&[(10, 100); 10]).unwrap();
        assert_eq!((found.share, found.between), (0.1, true));
        assert_eq!(Some(found.interval), wilson(100, 1_000));
    }

    #[test]
    fn clusters_that_differ_are_worth_fewer_calls() {
        // Each cluster is all hits or none: ten clusters are worth about ten calls.
        let clusters: Vec<(u64, u64)> = (0..10).map(|index| (100 * u64::from(index % 2 == 0), 100)).collect();
        let found = clustered_share(&clusters).unwrap();
        // Student's quantile with nine degrees of freedom; the design effect is a little above 100.
        let ten = wilson_of(0.5, 9.0, 2.262_157);
        assert!((found.interval.low - ten.low).abs() < 1e-3, "{found:?} {ten:?}");
        assert!((found.interval.high - ten.high).abs() < 1e-3, "{found:?} {ten:?}");
    }

    #[test]
    fn few_clusters_do_not_tell_their_spread() {
        let found = clustered_share(&[(0, 100), (100, 100)]).unwrap();
        assert!(!found.between);
        assert_eq!(clustered_share(&[(0, 0)]), None);
        assert_eq!(clustered_share(&[(0, 50); 5]).unwrap().interval, wilson(0, 250).unwrap());
    }

    proptest! {
        /// Also where all or none are hits: roundings leave no end a hair beyond the share.
        #[test]
        fn an_interval_holds_its_share(
            clusters in prop::collection::vec((0_u64..400, 1_u64..400, 0..3), 1..8),
            kind in 0..3,
        ) {
            // None of all, all of all, or some of some.
            let hits = |(hits, calls, own): (u64, u64, i32)| match [kind, own][usize::from(kind == 2)] {
                0 => (0, calls),
                1 => (calls, calls),
                _ => (hits.min(calls), calls),
            };
            let clusters: Vec<(u64, u64)> = clusters.into_iter().map(hits).collect();
            let found = clustered_share(&clusters).unwrap();
            let Interval { low, high } = found.interval;
            prop_assert!(0.0 <= low && low <= found.share && found.share <= high && high <= 1.0, "{found:?}");
        }
    }
}
