//! When an experiment is looked at before its end, and how much error each look may spend. Pure.

use crate::stats::{clearest, spent};

/// Pairs at which it is looked at: a third more each time, for looks that are near to each other learn little and share
/// what may be spent.
const AT: [usize; 13] = [8, 11, 14, 18, 24, 32, 42, 56, 75, 100, 133, 178, 237];

/// A look later than at this share of the pairs that are planned would leave little to the last one.
const LATEST: f64 = 0.8;

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Go on.
    NotYet,
    /// Look, and end if the answer is certain.
    Now,
    /// Look for the last time.
    Last,
}

/// Which looks there are, and what they spend of the probability of an error in one direction, `tail`.
#[derive(Debug, Clone)]
pub struct Plan {
    tail: f64,
    planned: usize,
    spent: f64,
    alpha: f64,
    looks: usize,
}

impl Plan {
    /// A plan that may spend `tail`.
    #[must_use]
    pub fn new(tail: f64) -> Self {
        Self { tail, planned: 0, spent: 0.0, alpha: tail, looks: 0 }
    }

    /// Says how many pairs the time is expected to hold. Once it was looked at, that stands.
    pub fn expect(&mut self, pairs: usize) {
        if self.looks == 0 {
            self.planned = pairs;
        }
    }

    /// Pairs that are expected.
    #[must_use]
    pub fn planned(&self) -> usize {
        self.planned
    }

    /// Looks so far.
    #[must_use]
    pub fn looks(&self) -> usize {
        self.looks
    }

    /// What the last look may spend.
    #[must_use]
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// What to do with so many pairs; after the last look nothing is left to spend.
    pub fn look(&mut self, pairs: usize, is_last: bool) -> Look {
        if !is_last && (!AT.contains(&pairs) || pairs as f64 > LATEST * self.planned as f64) {
            return Look::NotYet;
        }
        let share = if is_last { 1.0 } else { pairs as f64 / self.planned as f64 };
        let until_now = spent(self.tail, share).max(self.spent);
        let alpha = until_now - self.spent;
        // So few pairs cannot be as clear as that, whatever they are.
        if !is_last && clearest(pairs) > alpha {
            return Look::NotYet;
        }
        self.alpha = alpha;
        self.spent = until_now;
        self.looks += 1;
        if is_last { Look::Last } else { Look::Now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_looks_spend_all_and_no_more() {
        let mut plan = Plan::new(0.005);
        plan.expect(30);
        let mut sum = 0.0;
        for pairs in 1..=30 {
            plan.expect(pairs + 100 * usize::from(pairs > 6));
            if plan.look(pairs, pairs == 30) != Look::NotYet {
                sum += plan.alpha();
            }
        }
        assert!((sum - 0.005).abs() < 1e-12, "{sum}");
    }

    #[test]
    fn it_is_looked_at_seldom() {
        let mut plan = Plan::new(0.005);
        plan.expect(40);
        let looks: Vec<usize> =
            (1..=40).filter(|pairs| plan.look(*pairs, *pairs == 40) != Look::NotYet).collect();
        assert_eq!(looks, [14, 18, 24, 32, 40], "eleven pairs cannot be so clear");
        assert_eq!(plan.looks(), 5);
    }

    #[test]
    fn the_last_look_has_something_to_spend() {
        for planned in 9..=60 {
            let mut plan = Plan::new(0.005);
            plan.expect(planned);
            let looks = (1..=planned).map(|pairs| plan.look(pairs, pairs == planned));
            assert_eq!(looks.last(), Some(Look::Last));
            assert!(plan.alpha() > clearest(planned), "{planned} pairs: {}", plan.alpha());
        }
    }
}
