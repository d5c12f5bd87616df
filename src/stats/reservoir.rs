//! A small even sample of a stream of unknown length, for next to nothing an item.

use super::below;
use rand::RngExt;
use rand_pcg::Pcg64;

/// Says which items of a stream to keep, so that each of them is kept with the same chance (algorithm L: Li 1994). How
/// many items to pass over is drawn at once, so that most cost one comparison.
#[derive(Debug, Clone)]
pub struct Reservoir {
    size: u64,
    seen: u64,
    /// Number of the next item to keep, from 0.
    next: u64,
    /// The largest of `size` even random numbers, as it falls with the items seen.
    threshold: f64,
    rng: Pcg64,
}

impl Reservoir {
    /// A sample of `size` items, at least one, chosen by `rng` alone.
    #[must_use]
    pub fn new(size: usize, rng: Pcg64) -> Self {
        Self { size: size.max(1) as u64, seen: 0, next: 0, threshold: 1.0, rng }
    }

    /// Items offered so far.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Where in the sample the next item of the stream goes; `None` passes it over.
    #[inline]
    pub fn offer(&mut self) -> Option<usize> {
        let number = self.seen;
        self.seen += 1;
        if number < self.next { None } else { Some(self.take(number)) }
    }

    #[cold]
    fn take(&mut self, number: u64) -> usize {
        let place = if number < self.size { number } else { below(&mut self.rng, self.size) };
        self.next = number + 1;
        if number + 1 >= self.size {
            self.threshold *= (self.open_unit().ln() / self.size as f64).exp();
            let skip = (self.open_unit().ln() / (-self.threshold).ln_1p()).floor();
            // A threshold that has become 0 passes over everything; the conversion saturates.
            self.next = self.next.saturating_add(if skip.is_nan() { u64::MAX } else { skip as u64 });
        }
        place as usize
    }

    /// Above 0 and at most 1.
    fn open_unit(&mut self) -> f64 {
        1.0 - self.rng.random::<f64>()
    }
}

/// One even sample of up to `size` items from even samples of several streams, each with its stream's length: every
/// item of any stream has the same chance.
#[must_use]
pub fn merge_samples<T>(mut parts: Vec<(u64, Vec<T>)>, size: usize, rng: &mut Pcg64) -> Vec<T> {
    let mut merged = Vec::with_capacity(size);
    while merged.len() < size {
        parts.retain(|(seen, sample)| *seen > 0 && !sample.is_empty());
        let left: u64 = parts.iter().map(|(seen, _)| seen).sum();
        let mut at = below(rng, left);
        let chosen = parts.iter().position(|(seen, _)| {
            let here = at < *seen;
            at = at.saturating_sub(*seen);
            here
        });
        let Some((seen, sample)) = chosen.map(|chosen| &mut parts[chosen]) else { break };
        *seen -= 1;
        merged.push(sample.swap_remove(below(rng, sample.len() as u64) as usize));
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::stream;
    use proptest::prelude::*;

    fn sampled(size: usize, items: u64, rng: Pcg64) -> Vec<u64> {
        let mut reservoir = Reservoir::new(size, rng);
        let mut kept = Vec::new();
        for item in 0..items {
            match reservoir.offer() {
                Some(place) if place < kept.len() => kept[place] = item,
                Some(_) => kept.push(item),
                None => {}
            }
        }
        assert_eq!(reservoir.seen(), items);
        kept
    }

    /// Pearson's chi-squared of how often each of 50 items was kept; the 99.9th percentile with 49 degrees of freedom
    /// is 85.4, and samples without replacement vary less than that.
    fn assert_even(counts: &[u64], of: u64) {
        let expected = of as f64 / counts.len() as f64;
        let chi_squared: f64 = counts.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum();
        assert!(chi_squared < 85.4, "{chi_squared}: {counts:?}");
    }

    #[test]
    fn every_item_is_kept_as_often() {
        let (rounds, size) = (4_000, 8);
        let mut counts = [0_u64; 50];
        for round in 0..rounds {
            for item in sampled(size, 50, stream(1, 0, round)) {
                counts[item as usize] += 1;
            }
        }
        assert_even(&counts, rounds * size as u64);
    }

    #[test]
    fn a_merged_sample_is_as_even() {
        let (rounds, size) = (4_000, 8);
        let mut counts = [0_u64; 50];
        for round in 0..rounds {
            // Streams of 5, 15 and 30 items.
            let part = |number: u64, from: u64, items: u64| {
                let kept = sampled(size, items, stream(2, number, round));
                (items, kept.into_iter().map(|item| from + item).collect::<Vec<_>>())
            };
            let parts = vec![part(0, 0, 5), part(1, 5, 15), part(2, 20, 30)];
            for item in merge_samples(parts, size, &mut stream(3, 0, round)) {
                counts[item as usize] += 1;
            }
        }
        assert_even(&counts, rounds * size as u64);
    }

    proptest! {
        #[test]
        fn a_sample_is_as_large_as_it_can_be(size in 1_usize..20, items in 0_u64..200, seed: u64) {
            let mut kept = sampled(size, items, stream(seed, 0, 0));
            kept.sort_unstable();
            kept.dedup();
            prop_assert_eq!(kept.len() as u64, items.min(size as u64));
        }

        #[test]
        fn nothing_is_merged_twice(lengths in prop::collection::vec(0_u64..30, 0..4), seed: u64) {
            let parts = lengths.iter().enumerate().map(|(number, items)| {
                let kept = sampled(8, *items, stream(seed, number as u64, 0));
                (*items, kept.into_iter().map(|item| (number, item)).collect::<Vec<_>>())
            });
            let mut merged = merge_samples(parts.collect(), 8, &mut stream(seed, 9, 0));
            merged.sort_unstable();
            merged.dedup();
            prop_assert_eq!(merged.len() as u64, lengths.iter().sum::<u64>().min(8));
        }
    }
}
