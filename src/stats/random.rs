//! Random numbers that are the same on every machine: integer arithmetic alone, no floating point whose
//! last digit a library might round its own way.

use rand::Rng;
use rand_pcg::Pcg64;

/// Seeds that are stored are below this: JSON readers that know only floating point lose digits of larger ones.
pub const SEEDS: u64 = 1 << 53;

/// A generator for one purpose: number `index` of the `domain`, under `seed`. Any two triples give
/// independent streams, so that the millionth row is made without making those before it.
#[must_use]
pub fn stream(seed: u64, domain: u64, index: u64) -> Pcg64 {
    let key = mix(mix(seed) ^ domain);
    let (high, low) = (mix(key ^ index), mix(mix(key) ^ index));
    // One increment for all: streams of one state and different increments are not independent.
    Pcg64::new((u128::from(high) << 64) | u128::from(low), 0x0a02_bdbf_7bb3_c0a7_ac28_fa16_a64a_bf96)
}

/// A bijection of 64-bit numbers in which each bit of the input moves half of the output (the finaliser of
/// SplitMix64: Steele, Lea and Flood 2014, with the constants of Stafford's variant 13).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number from 0 to `n - 1` by one multiplication (Lemire 2019); the bias, `n / 2^64`, is left in.
/// Gives 0 when `n` is 0.
pub fn below(rng: &mut impl Rng, n: u64) -> u64 {
    ((u128::from(rng.next_u64()) * u128::from(n)) >> 64) as u64
}

/// Brings `items` into an order in which each is as likely as any other (Fisher and Yates 1938, in Durstenfeld's form).
pub fn shuffle<T>(items: &mut [T], rng: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(rng, last as u64 + 1) as usize);
    }
}

/// The Zipf-Mandelbrot distribution with exponent 1: rank `k` of `1..=n` has a weight of `1 / (offset + k)`.
///
/// Sampled by rejection from octaves of equal weight, in constant memory whatever `n`: an octave
/// `[2^j, 2^(j+1))` is chosen evenly, a number in it evenly, and kept with a chance of `2^j / number`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zipf {
    offset: u64,
    n: u64,
}

impl Zipf {
    /// Ranks `1..=n` (at least 1, at most 2^62 with the offset); the larger `offset`, the flatter the top.
    #[must_use]
    pub fn new(n: u64, offset: u64) -> Self {
        Self { offset, n: n.max(1) }
    }

    /// Draws a rank, 1 being the most frequent.
    pub fn sample(&self, rng: &mut impl Rng) -> u64 {
        let (first, last) = (self.offset + 1, self.offset + self.n);
        if last / 2 < first {
            // Less than an octave: the weights are nearly even.
            return loop {
                let number = first + below(rng, self.n);
                if below(rng, number) < first {
                    break number - self.offset;
                }
            };
        }
        let (lowest, highest) = (first.ilog2(), last.ilog2());
        loop {
            let start = 1 << (u64::from(lowest) + below(rng, u64::from(highest - lowest) + 1));
            let number = start + below(rng, start);
            let kept = below(rng, number) < start;
            if kept && (first..=last).contains(&number) {
                return number - self.offset;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_those_of_every_machine() {
        let mut rng = stream(42, 1, 7);
        assert_eq!([rng.next_u64(), rng.next_u64()], [7_645_383_168_345_558_828, 14_493_668_771_815_585_945]);
    }

    #[test]
    fn neighbouring_streams_are_unrelated() {
        let ones: u32 = (0..1_000)
            .map(|index| {
                let (mut a, mut b) = (stream(1, 1, index), stream(1, 1, index + 1));
                (a.next_u64() ^ b.next_u64()).count_ones()
            })
            .sum();
        assert!((31_000..33_000).contains(&ones), "half of 64,000 bits differ: {ones}");
    }

    #[test]
    fn below_is_even() {
        let mut rng = stream(3, 0, 0);
        let mut counts = [0_u32; 10];
        (0..100_000).for_each(|_| counts[below(&mut rng, 10) as usize] += 1);
        assert!(counts.iter().all(|count| (9_600..10_400).contains(count)), "{counts:?}");
        assert_eq!(below(&mut rng, 0), 0);
    }

    /// Pearson's chi-squared over the first ranks against `1 / (offset + k)`.
    #[test]
    fn ranks_have_the_weights_of_zipf_and_mandelbrot() {
        for (n, offset) in [(1, 0), (50, 0), (1_000, 8), (100, 1_000)] {
            let zipf = Zipf::new(n, offset);
            let total: f64 = (1..=n).map(|k| 1.0 / (offset + k) as f64).sum();
            let mut rng = stream(n, offset, 0);
            let draws = 200_000;
            let mut counts = vec![0_u64; n as usize + 1];
            (0..draws).for_each(|_| counts[zipf.sample(&mut rng) as usize] += 1);
            let looked_at = n.min(50);
            let chi_squared: f64 = (1..=looked_at)
                .map(|k| {
                    let expected = draws as f64 / ((offset + k) as f64 * total);
                    (counts[k as usize] as f64 - expected).powi(2) / expected
                })
                .sum();
            // The 99.9th percentile of chi-squared with 50 degrees of freedom is 86.7.
            assert!(chi_squared < 86.7, "n {n}, offset {offset}: {chi_squared}");
        }
    }

    proptest! {
        #[test]
        fn ranks_stay_in_range(n in 1_u64..1 << 40, offset in 0_u64..1 << 40, seed: u64) {
            let rank = Zipf::new(n, offset).sample(&mut stream(seed, 0, 0));
            prop_assert!((1..=n).contains(&rank));
        }
    }
}
