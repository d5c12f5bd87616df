//! Whether an objective that held for a few seconds would have held for longer.
//!
//! A little above the capacity the backlog grows slowly, and a short block ends before anyone waits too long. With a
//! target of `T` at quantile `q`, a block of length `L` holds up to a rate of `1 + T / (q L)` capacities, which is 2 %
//! too much in ten seconds at 200 ms and 7 % in three. To judge by the block's last half does not mend it: the
//! 95th percentile sits at the end already.

use std::time::Duration;

/// Whether the response time stays within `target` up to `horizon` after the start of a block of length `block`, if
/// it goes on growing as it did from the block's middle third to its last third. `middle` and `last` are the median
/// response times of the calls that were due in these thirds.
///
/// It sees growth, not tails: the objective itself must have held as well. Medians, because one slow call moves
/// a high percentile of a third by more than a growing queue does.
#[must_use]
pub fn sustained(
    middle: Duration,
    last: Duration,
    block: Duration,
    horizon: Duration,
    target: Duration,
) -> bool {
    let growth = last.saturating_sub(middle).as_secs_f64();
    if growth == 0.0 {
        return last <= target;
    }
    let thirds_to_come = horizon.saturating_sub(block).as_secs_f64() / (block.as_secs_f64() / 3.0);
    last.as_secs_f64() + growth * thirds_to_come <= target.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fluid overload: the response of a call due at `t` is `(rate / capacity - 1) t`.
    fn holds_at(load: f64, block: f64) -> bool {
        let response = |at: f64| Duration::from_secs_f64((load - 1.0).max(0.0) * at + 0.005);
        let seconds = Duration::from_secs_f64;
        sustained(
            response(block / 2.0),
            response(block * 5.0 / 6.0),
            seconds(block),
            seconds(60.0),
            seconds(0.2),
        )
    }

    #[test]
    fn slow_growth_is_seen_in_short_blocks() {
        for block in [3.0, 5.0, 10.0, 20.0] {
            assert!(holds_at(0.9, block) && holds_at(1.002, block), "{block} s");
            assert!(!holds_at(1.005, block) && !holds_at(1.1, block), "{block} s");
        }
    }

    #[test]
    fn without_growth_the_last_third_decides() {
        let ms = Duration::from_millis;
        assert!(sustained(ms(30), ms(20), ms(10_000), ms(60_000), ms(20)));
        assert!(!sustained(ms(30), ms(21), ms(10_000), ms(60_000), ms(20)));
        assert!(!sustained(ms(1), ms(2), Duration::ZERO, ms(60_000), ms(20)), "no block says nothing good");
    }
}
