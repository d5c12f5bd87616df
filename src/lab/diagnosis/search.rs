//! Whether a search for the knee was left in peace.

use super::{decisive, informative};
use crate::record::{Disturbance, DisturbanceKind, Knee};

/// With a larger share of the blocks set aside, what is left was not taken from an ordinary time.
const MOST_SET_ASIDE: f64 = 0.25;

/// Blocks were set aside: decisive if there were many.
pub(in crate::lab) fn search_disturbed(knee: &Knee) -> Option<Disturbance> {
    let causes: Vec<&str> = knee.trials.iter().filter_map(|trial| trial.disturbed.as_deref()).collect();
    let first = causes.first()?;
    let sentence = format!(
        "{} of the {} blocks of the search for the knee were set aside, because what they missed may not be the \
         server's; the first: {first}",
        causes.len(),
        knee.trials.len()
    );
    let many = causes.len() as f64 > MOST_SET_ASIDE * knee.trials.len() as f64;
    Some(if many { decisive } else { informative }(DisturbanceKind::SearchDisturbed, sentence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::KneeTrial;

    #[test]
    fn many_blocks_set_aside_decide() {
        let of = |disturbed: usize| {
            let trial = |number: usize| KneeTrial {
                rate_per_second: 100.0,
                held: number >= disturbed,
                calls: 1_000,
                miss_share: 0.1,
                answered_per_second: 100.0,
                capacity_per_second: None,
                disturbed: (number < disturbed).then(|| "somebody else was at work".to_owned()),
            };
            search_disturbed(&Knee {
                rate_per_second: 100.0,
                low_per_second: 90.0,
                high_per_second: 110.0,
                bracketed: true,
                promised_per_second: 90.0,
                block_seconds: 10.0,
                searched_seconds: 80.0,
                trials: (0..8).map(trial).collect(),
            })
        };
        assert_eq!(of(0), None);
        let few = of(2).unwrap();
        assert!(!few.decisive && few.sentence.starts_with("2 of the 8 blocks"), "{few:?}");
        assert!(few.sentence.ends_with("the first: somebody else was at work"), "{few:?}");
        assert!(of(3).unwrap().decisive);
    }
}
