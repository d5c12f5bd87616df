//! What a larger library would take, from what one or two sizes took. Pure.

use super::result::{Growth, Measured, Projected, Range};

/// Sizes that are asked about: those that the library is expected to grow through.
const SIZES: [u64; 4] = [10_000, 50_000, 100_000, 1_000_000];
/// So many times the largest size that was measured, and no more, is projected to.
const FARTHEST: u64 = 10;

/// Projects from one size or two; none from none.
pub(super) fn project(mut measured: Vec<Measured>) -> Option<Growth> {
    measured.sort_by_key(|one| one.tracks);
    let largest = *measured.last()?;
    let smaller = measured.first().copied().filter(|one| one.tracks < largest.tracks);
    let (near, refused): (Vec<u64>, Vec<u64>) =
        SIZES.into_iter().partition(|tracks| *tracks <= largest.tracks.saturating_mul(FARTHEST));
    let of = |tracks: u64, figure: fn(&Measured) -> f64| {
        let smaller = smaller.map(|one| (one.tracks as f64, figure(&one)));
        estimate(smaller, (largest.tracks as f64, figure(&largest)), tracks as f64)
    };
    let projected = near
        .into_iter()
        .map(|tracks| Projected {
            tracks,
            backup_bytes: of(tracks, |one| one.backup_bytes as f64),
            backup_seconds: of(tracks, |one| one.backup_seconds),
            recovery_seconds: of(tracks, |one| one.recovery_seconds),
        })
        .collect();
    let assumption = match smaller {
        Some(_) => {
            "each lies between a fixed part with a part per row, by the line through both sizes; all of it in proportion to the rows; and all of it as n log n, as sorting for indexes grows. Two sizes cannot tell which of these holds, and another machine is another line"
        }
        None => {
            "only one size was measured: all of it is scaled in proportion to the rows, the fixed part included, which is too much for more rows and too little for fewer"
        }
    };
    Some(Growth { measured, projected, refused, assumption: assumption.to_owned() })
}

/// Between the least and the most that the models say.
fn estimate(smaller: Option<(f64, f64)>, (rows, figure): (f64, f64), wanted: f64) -> Range {
    let proportional = figure * wanted / rows;
    let Some((fewer, less)) = smaller else { return Range { low: proportional, high: proportional } };
    let slope = (figure - less) / (rows - fewer);
    let line = figure + slope * (wanted - rows);
    let sorting = |n: f64| n * n.max(2.0).ln();
    let sorted = figure * sorting(wanted) / sorting(rows);
    let models = [proportional, line, sorted].map(|model| model.max(0.0));
    Range {
        low: models.into_iter().fold(f64::INFINITY, f64::min),
        high: models.into_iter().fold(0.0, f64::max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn measured(tracks: u64, seconds: f64) -> Measured {
        Measured {
            tracks,
            backup_bytes: tracks * 100,
            backup_seconds: seconds / 2.0,
            recovery_seconds: seconds,
        }
    }

    #[test]
    fn a_fixed_part_is_known_by_two_sizes() {
        // One second, and one more for 10,000 rows.
        let growth = project(vec![measured(10_000, 2.0), measured(2_500, 1.25)]).unwrap();
        assert_eq!(growth.measured[0].tracks, 2_500);
        let at = |tracks: u64| growth.projected.iter().find(|one| one.tracks == tracks).unwrap();
        let same = at(10_000).recovery_seconds;
        assert!((same.low - 2.0).abs() < 1e-9 && (same.high - 2.0).abs() < 1e-9, "{same:?}");
        let ten_times = at(100_000).recovery_seconds;
        assert!((ten_times.low - 11.0).abs() < 1e-9 && ten_times.high > 20.0, "{ten_times:?}");
        assert!((at(50_000).backup_bytes.low - 5e6).abs() < 1.0);
        assert_eq!(growth.refused, [1_000_000], "a hundred times");
    }

    #[test]
    fn one_size_is_scaled_and_says_so() {
        let growth = project(vec![measured(100_000, 10.0)]).unwrap();
        assert!(growth.assumption.contains("only one size"));
        let last = growth.projected.last().unwrap();
        assert_eq!((last.tracks, last.recovery_seconds), (1_000_000, Range { low: 100.0, high: 100.0 }));
        assert!(growth.refused.is_empty());
        assert!(project(Vec::new()).is_none());
        assert!(project(vec![measured(500, 1.0)]).unwrap().projected.is_empty());
    }

    proptest! {
        #[test]
        fn ranges_are_in_order_and_never_negative(
            few in 1_u64..1_000_000, more in 1_u64..1_000_000, less in 0.0..1e4_f64, much in 0.0..1e4_f64,
        ) {
            let growth = project(vec![measured(few, less), measured(few + more, much)]).unwrap();
            for one in &growth.projected {
                for range in [one.backup_bytes, one.backup_seconds, one.recovery_seconds] {
                    prop_assert!(0.0 <= range.low && range.low <= range.high && range.high.is_finite());
                }
                prop_assert!(one.tracks <= 10 * (few + more));
            }
        }
    }
}
