//! Latencies by time slice, in memory that does not grow with the length of a run.
//!
//! Slices serve as the time series and as the blocks of the bootstrap. When there are too many,
//! neighbours are merged and each slice becomes twice as long.

use super::counts::Counts;
use std::time::Duration;
use unsigned_varint::{decode, encode};

/// More slices than this are merged in pairs.
const MOST_SLICES: usize = 160;

/// What happened in one slice of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Slice {
    /// Recorded latencies in nanoseconds (histogram buckets).
    pub latencies: Counts,
    /// Calls that failed without being expected to, were shed or given up.
    pub lost: u64,
}

impl Slice {
    /// Number of latencies.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.latencies.total()
    }

    /// Latency in microseconds at `quantile` (0..=1), or `None` when the slice is empty.
    #[must_use]
    pub fn quantile_us(&self, quantile: f64) -> Option<f64> {
        self.latencies.quantile(quantile).map(|ns| ns as f64 / 1_000.0)
    }

    /// Adds latencies (nanoseconds, ascending, with their counts) and lost calls.
    pub fn add(&mut self, recorded: &[(u64, u64)], lost: u64) {
        self.latencies.add(recorded);
        self.lost += lost;
    }

    /// Adds all of another one.
    pub fn absorb(&mut self, other: &Self) {
        self.add(other.latencies.values(), other.lost);
    }
}

/// A slice in two or three bytes for each distinct value. It is a run of length-encoded integers: first the unit of all
/// values, which are one less than a multiple of it as ends of buckets are, then for each value its distance from the
/// one before in that unit, and its count.
#[derive(Debug, Clone, Default)]
pub struct PackedSlice {
    latencies: Box<[u8]>,
    lost: u64,
}

impl From<&Slice> for PackedSlice {
    fn from(slice: &Slice) -> Self {
        let values = slice.latencies.values();
        let unit = values.iter().fold(0, |unit, (value, _)| common_divisor(value + 1, unit)).max(1);
        let mut bytes = Vec::with_capacity(3 * values.len() + 2);
        let mut put = |number| bytes.extend_from_slice(encode::u64(number, &mut encode::u64_buffer()));
        put(unit);
        let mut last = 0;
        for (value, count) in values {
            let multiple = (value + 1) / unit;
            put(multiple - last);
            put(*count);
            last = multiple;
        }
        Self { latencies: bytes.into_boxed_slice(), lost: slice.lost }
    }
}

impl PackedSlice {
    /// The slice.
    #[must_use]
    pub fn unpack(&self) -> Slice {
        let mut rest = &*self.latencies;
        let mut next = || {
            let (number, left) = decode::u64(rest).ok()?;
            rest = left;
            Some(number)
        };
        let unit = next().unwrap_or(1);
        let mut values = Vec::new();
        let mut last = 0;
        while let (Some(distance), Some(count)) = (next(), next()) {
            last += distance;
            values.push((last * unit - 1, count));
        }
        let mut slice = Slice { lost: self.lost, ..Slice::default() };
        slice.latencies.add(&values);
        slice
    }
}

/// The largest number that divides both; that of 0 and a number is the number.
fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// Equal slices of time, for several series (operations) side by side.
#[derive(Debug, Clone)]
pub struct Slices {
    width: Duration,
    series: Vec<Vec<PackedSlice>>,
}

impl Slices {
    /// Slices of `width` for `series` series.
    #[must_use]
    pub fn new(width: Duration, series: usize) -> Self {
        Self { width, series: vec![Vec::new(); series] }
    }

    /// Length of each slice by now; only the last one may be shorter in the run itself.
    #[must_use]
    pub fn width(&self) -> Duration {
        self.width
    }

    /// Number of slices of each series.
    #[must_use]
    pub fn length(&self) -> usize {
        self.series.first().map_or(0, Vec::len)
    }

    /// The slices of one series, oldest first.
    pub fn of(&self, series: usize) -> impl Iterator<Item = Slice> + '_ {
        self.series[series].iter().map(PackedSlice::unpack)
    }

    /// The slices of all series together, oldest first.
    pub fn all(&self) -> impl Iterator<Item = Slice> + '_ {
        (0..self.length()).map(|index| {
            self.series.iter().fold(Slice::default(), |mut whole, slices| {
                whole.absorb(&slices[index].unpack());
                whole
            })
        })
    }

    /// Adds what series number `series` saw around `at` (time since the window began).
    pub fn add(&mut self, series: usize, at: Duration, recorded: &[(u64, u64)], lost: u64) {
        while self.index(at) >= MOST_SLICES {
            self.coarsen();
        }
        let index = self.index(at);
        for slices in &mut self.series {
            if slices.len() <= index {
                slices.resize_with(index + 1, PackedSlice::default);
            }
        }
        let packed = &mut self.series[series][index];
        let mut slice = packed.unpack();
        slice.add(recorded, lost);
        *packed = PackedSlice::from(&slice);
    }

    /// Adds those of the same series by another who began at the same moment. Slices are as long as the longer ones of
    /// both, whose lengths differ by a power of two if at all.
    pub fn absorb(&mut self, other: &Self) {
        while self.width < other.width {
            self.coarsen();
        }
        for (number, slices) in other.series.iter().enumerate() {
            for (index, slice) in slices.iter().enumerate() {
                let slice = slice.unpack();
                let at = other.width * u32::try_from(index).unwrap_or(u32::MAX);
                self.add(number, at, slice.latencies.values(), slice.lost);
            }
        }
    }

    fn index(&self, at: Duration) -> usize {
        (at.as_nanos() / self.width.as_nanos().max(1)) as usize
    }

    fn coarsen(&mut self) {
        self.width *= 2;
        for slices in &mut self.series {
            let mut earlier = std::mem::take(slices).into_iter();
            while let Some(first) = earlier.next() {
                // Each pair's memory goes before the next is made.
                let pair = [Some(first), earlier.next()].into_iter().flatten();
                slices.push(PackedSlice::from(&together(pair.map(|slice| slice.unpack()))));
            }
        }
    }
}

fn together(slices: impl Iterator<Item = Slice>) -> Slice {
    slices.fold(Slice::default(), |mut whole, slice| {
        whole.absorb(&slice);
        whole
    })
}

/// At most `most` blocks of neighbouring slices, each of the same number but for the last one.
#[must_use]
pub fn blocks(length: usize, slices: impl Iterator<Item = Slice>, most: usize) -> Vec<PackedSlice> {
    let mut slices = slices.peekable();
    let each = length.div_ceil(most.max(1)).max(1);
    let mut blocks = Vec::with_capacity(length.div_ceil(each));
    while slices.peek().is_some() {
        blocks.push(PackedSlice::from(&together(slices.by_ref().take(each))));
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn count(slices: impl Iterator<Item = Slice>) -> u64 {
        slices.map(|slice| slice.count()).sum()
    }

    #[test]
    fn long_runs_get_wider_slices_and_lose_nothing() {
        let mut slices = Slices::new(Duration::from_secs(1), 2);
        for second in 0..10_000 {
            slices.add(1, Duration::from_secs(second), &[(1_000, 2), (5_000, 1)], 1);
        }
        assert!(slices.length() <= MOST_SLICES);
        assert_eq!(slices.of(0).count(), slices.of(1).count());
        assert_eq!(count(slices.of(1)), 30_000);
        assert_eq!(count(slices.all()), 30_000);
        assert_eq!(slices.of(1).map(|slice| slice.lost).sum::<u64>(), 10_000);
        assert_eq!(slices.width(), Duration::from_secs(64));
    }

    #[test]
    fn blocks_are_few_and_lose_nothing() {
        let mut slices = Slices::new(Duration::from_secs(1), 1);
        for second in 0..100 {
            slices.add(0, Duration::from_secs(second), &[(1_000 + second, 1)], 0);
        }
        let merged = blocks(slices.length(), slices.of(0), 40);
        assert_eq!(merged.len(), 34, "three seconds each");
        assert_eq!(count(merged.iter().map(PackedSlice::unpack)), 100);
        assert_eq!(blocks(slices.length(), slices.of(0), 100).len(), 100);
        assert!(blocks(0, std::iter::empty(), 40).is_empty());
    }

    proptest! {
        /// Whoever counted what, and in whichever order it is put together.
        #[test]
        fn slices_of_several_are_those_of_one(
            seen in prop::collection::vec((0_usize..3, 0_usize..2, 0u64..700, 1u64..50, 0u64..3), 0..150),
        ) {
            let fresh = || Slices::new(Duration::from_secs(1), 2);
            let (mut whole, mut parts) = (fresh(), [fresh(), fresh(), fresh()]);
            for (part, series, second, ms, lost) in seen {
                let (at, recorded) = (Duration::from_secs(second), [(ms * 1_000_000, 2)]);
                whole.add(series, at, &recorded, lost);
                parts[part].add(series, at, &recorded, lost);
            }
            for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
                let mut sum = fresh();
                order.iter().for_each(|part| sum.absorb(&parts[*part]));
                prop_assert_eq!((sum.width(), sum.length()), (whole.width(), whole.length()));
                for series in 0..2 {
                    prop_assert!(sum.of(series).eq(whole.of(series)));
                }
            }
        }

        #[test]
        fn packing_keeps_everything(values in prop::collection::btree_map(0u64..u64::MAX / 2, 1u64..u64::MAX / 1_000, 0..200), lost: u64) {
            let mut slice = Slice { lost, ..Slice::default() };
            slice.latencies.add(&values.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(PackedSlice::from(&slice).unpack(), slice);
        }
    }
}
