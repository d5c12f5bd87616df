//! A cap on the calls of a closed loop: so many a second begin, however quickly they are answered.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// A cap so low that calls are further apart is kept as this one.
const LONGEST_GAP: Duration = Duration::from_secs(86_400);

/// What the clients of a thread share: when the next of them may call.
#[derive(Debug)]
pub(super) struct Cap {
    gap: Duration,
    next: Cell<Instant>,
}

impl Cap {
    /// At most `per_second` calls a second from `start` on, evenly.
    pub(super) fn new(per_second: f64, start: Instant) -> Self {
        // Rounded up: to the nearest nanosecond, thousands a second would be a few in a million too many.
        let gap = Duration::from_nanos((1e9 / per_second).ceil() as u64);
        Self { gap: gap.min(LONGEST_GAP), next: Cell::new(start) }
    }

    /// When a call may begin that is wished for at `wished`; that moment is taken.
    pub(super) fn admit(&self, wished: Instant) -> Instant {
        let due = self.next.get().max(wished);
        self.next.set(due + self.gap);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_was_not_used_is_not_saved_up() {
        let start = Instant::now();
        let cap = Cap::new(10.0, start);
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!([at(0), at(0), at(0)].map(|wished| cap.admit(wished)), [at(0), at(100), at(200)]);
        assert_eq!([at(900), at(910)].map(|wished| cap.admit(wished)), [at(900), at(1_000)], "after a pause");
    }

    proptest! {
        #[test]
        fn no_stretch_of_time_holds_more_than_its_share(
            per_second in 1.0..5_000.0,
            pauses in proptest::collection::vec(0u64..20_000, 2..200),
        ) {
            let start = Instant::now();
            let cap = Cap::new(per_second, start);
            let mut wished = start;
            let begun: Vec<Instant> = pauses.iter().map(|pause| {
                wished += Duration::from_micros(*pause);
                cap.admit(wished)
            }).collect();
            for (first, last) in (0..begun.len()).flat_map(|first| (first..begun.len()).map(move |last| (first, last))) {
                let stretch = (begun[last] - begun[first]).as_secs_f64();
                prop_assert!((last - first) as f64 <= stretch * per_second + 1e-6);
            }
        }

        #[test]
        fn no_rate_is_too_low(per_second in 1e-300..1e-3) {
            let start = Instant::now();
            let cap = Cap::new(per_second, start);
            cap.admit(start);
            prop_assert!(cap.admit(start) > start);
        }
    }
}
