//! Many hypotheses at once, of values measured in the same pairs: p values that keep the error of the whole family.
//!
//! When the two sides of a pair are alike, exchanging them is as likely as not, and it turns the signs of all
//! that was measured in the pair together. So the distribution of the largest statistic of the family follows from
//! turning whole pairs, with whatever dependence there is between the hypotheses (Westfall and Young 1993; Romano and
//! Wolf 2005). Holm's method has to fear the worst dependence, and loses power where they move together.

use super::random::stream;
use rand::Rng;

/// With more pairs than this, a sample of turns is taken.
const MOST_EXACT: usize = 18;
/// How many turns are sampled: a p value of 0.001 is right to 6 % of itself, one standard error.
const SAMPLED: usize = 1 << 18;
/// Pairs whose turns are looked up together.
const GROUP: usize = 8;

/// One-sided p values (0..=1) of "this hypothesis' paired values are symmetric about a centre of 0 or less", a row of
/// `family` per hypothesis and a column per pair (`None` where the pair has no value), adjusted for the
/// family by the step-down max-T method: the chance that any true one of them has a p within alpha is at most alpha.
///
/// The statistic is the sum of signed ranks over the root of the sum of their squares, zeros left out, with mean ranks
/// for ties (Wilcoxon 1945; Pratt and Gibbons 1981). Up to 18 pairs all 2^n turns are made and the p value is exact,
/// 1/2^n at the least; beyond, `seed` draws 2^18 of them and p is (1 + b) / (1 + 2^18), which is valid as well (Phipson
/// and Smyth 2010). Values that are not finite are taken as missing; a hypothesis without values has a p of 1.
#[must_use]
pub fn adjusted(family: &[Vec<Option<f64>>], seed: u64) -> Vec<f64> {
    let pairs = family.iter().map(Vec::len).max().unwrap_or(0);
    let mut ranks: Vec<Vec<i32>> = family.iter().map(|row| signed_ranks(row, pairs)).collect();
    drop_empty_pairs(&mut ranks, pairs);
    let observed: Vec<f64> = ranks.iter().map(|row| row.iter().sum::<i32>().into()).collect();
    let scale: Vec<f64> = ranks.iter().map(|row| 1.0 / norm(row)).collect();
    let statistic = |row: usize| if scale[row].is_finite() { observed[row] * scale[row] } else { f64::MIN };

    // The weakest first, as the largest statistic of a row and of all weaker ones is asked for.
    let mut order: Vec<usize> = (0..family.len()).collect();
    order.sort_by(|a, b| statistic(*a).total_cmp(&statistic(*b)));
    let turns = Turns::new(&order.iter().map(|row| ranks[*row].as_slice()).collect::<Vec<_>>());
    let scale: Vec<f64> = order.iter().map(|row| scale[*row]).collect();
    let statistics: Vec<f64> = order.iter().map(|row| statistic(*row)).collect();

    let mut reached = vec![0_u32; order.len()];
    let made = turns.each(seed, |sums| {
        let mut largest = f64::MIN;
        for (at, sum) in sums.iter().enumerate() {
            let turned = f64::from(*sum) * scale[at];
            // Nothing is larger than what is no number: a row without values has nothing to turn.
            largest = if turned > largest { turned } else { largest };
            reached[at] += u32::from(largest >= statistics[at]);
        }
    });

    let mut adjusted = vec![0.0; order.len()];
    let mut stronger = 0.0_f64;
    for (at, row) in order.iter().enumerate().rev() {
        stronger = stronger.max(made.p(reached[at]));
        adjusted[*row] = stronger;
    }
    adjusted
}

/// Twice the mean ranks of the absolute values, with the values' signs; 0 for zeros and what is missing. Whole numbers,
/// so that sums of them are equal when they are.
fn signed_ranks(row: &[Option<f64>], pairs: usize) -> Vec<i32> {
    let value = |pair: usize| row.get(pair).copied().flatten().filter(|value| value.is_finite());
    let mut present: Vec<(usize, f64)> =
        (0..pairs).filter_map(|pair| Some((pair, value(pair)?))).filter(|(_, value)| *value != 0.0).collect();
    present.sort_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    let mut ranks = vec![0; pairs];
    let mut before = 0;
    for ties in present.chunk_by(|a, b| a.1.abs() == b.1.abs()) {
        let twice_mean = (2 * before + ties.len() + 1) as i32;
        for (pair, value) in ties {
            ranks[*pair] = if *value > 0.0 { twice_mean } else { -twice_mean };
        }
        before += ties.len();
    }
    ranks
}

/// Takes out pairs in which no hypothesis has a rank: turning them changes nothing.
fn drop_empty_pairs(ranks: &mut [Vec<i32>], pairs: usize) {
    let used: Vec<bool> = (0..pairs).map(|pair| ranks.iter().any(|row| row[pair] != 0)).collect();
    for row in ranks {
        let mut used = used.iter();
        row.retain(|_| used.next().is_some_and(|used| *used));
    }
}

/// Standard deviation of the sum under turns.
fn norm(row: &[i32]) -> f64 {
    row.iter().map(|rank| f64::from(*rank).powi(2)).sum::<f64>().sqrt()
}

/// Sums of signed ranks of all hypotheses under turned pairs: for each group of eight pairs and each of its 2^8 turns
/// the sums are made beforehand, so that a turn of all pairs costs an addition per group and hypothesis.
struct Turns {
    rows: usize,
    pairs: usize,
    /// Of each group, of each turn, of each hypothesis.
    parts: Vec<Vec<i32>>,
}

/// How many turns there were, and whether they are all that there are.
enum Made {
    All(usize),
    Sampled(usize),
}

impl Made {
    fn p(&self, reached: u32) -> f64 {
        match self {
            Self::All(turns) => f64::from(reached) / *turns as f64,
            Self::Sampled(turns) => (1.0 + f64::from(reached)) / (1.0 + *turns as f64),
        }
    }
}

impl Turns {
    fn new(ranks: &[&[i32]]) -> Self {
        let pairs = ranks.first().map_or(0, |row| row.len());
        let part = |first: usize| {
            let group = first..pairs.min(first + GROUP);
            let sum = |row: &[i32], turn: usize| -> i32 {
                let turned = |(bit, rank): (usize, &i32)| if turn >> bit & 1 == 1 { -rank } else { *rank };
                row[group.clone()].iter().enumerate().map(turned).sum()
            };
            (0..1 << GROUP).flat_map(|turn| ranks.iter().map(move |row| sum(row, turn))).collect()
        };
        let parts = (0..pairs).step_by(GROUP).map(part).collect();
        Self { rows: ranks.len(), pairs, parts }
    }

    /// Calls `look` with the sums of each turn.
    fn each(&self, seed: u64, mut look: impl FnMut(&[i32])) -> Made {
        let mut sums = vec![0; self.rows];
        let mut turn = vec![0_u8; self.parts.len()];
        if self.pairs <= MOST_EXACT {
            for number in 0..1_usize << self.pairs {
                turn.iter_mut().zip(number.to_le_bytes()).for_each(|(byte, of_number)| *byte = of_number);
                self.sum(&turn, &mut sums);
                look(&sums);
            }
            return Made::All(1 << self.pairs);
        }
        let mut rng = stream(seed, 0, self.pairs as u64);
        for _ in 0..SAMPLED {
            rng.fill_bytes(&mut turn);
            self.sum(&turn, &mut sums);
            look(&sums);
        }
        Made::Sampled(SAMPLED)
    }

    fn sum(&self, turn: &[u8], sums: &mut [i32]) {
        sums.fill(0);
        for (part, byte) in self.parts.iter().zip(turn) {
            let first = usize::from(*byte) * self.rows;
            sums.iter_mut().zip(&part[first..first + self.rows]).for_each(|(sum, part)| *sum += part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::RngExt;

    fn row(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    fn alone(row: &[Option<f64>]) -> f64 {
        adjusted(&[row.to_vec()], 1)[0]
    }

    /// One-sided p values of the signed-rank sum, as tables have them (Wilcoxon, Katti and Wilcox 1970): T is the sum
    /// of the ranks of the negative values.
    #[test]
    fn one_hypothesis_has_the_p_of_the_tables() {
        for (count, negative, ways) in [
            (5, &[][..], 1.0),
            (6, &[1, 2], 5.0),
            (8, &[5], 10.0),
            (10, &[3, 5], 25.0),
            (10, &[1, 4, 5], 43.0),
        ] {
            let values: Vec<f64> = (1..=count)
                .map(|rank| f64::from(if negative.contains(&rank) { -rank } else { rank }))
                .collect();
            assert_eq!(alone(&row(&values)), ways / f64::from(1 << count), "{count}, {negative:?}");
        }
    }

    #[test]
    fn ties_share_ranks_and_zeros_have_none() {
        let values = [Some(2.0), Some(-1.0), Some(1.0), Some(0.0), None, Some(f64::NAN)];
        assert_eq!(signed_ranks(&values, 7), [6, -3, 3, 0, 0, 0, 0]);
        // Sums of 3 +- 1.5 +- 1.5 that reach 3: three of eight.
        assert_eq!(alone(&values), 3.0 / 8.0);
    }

    #[test]
    fn without_values_nothing_is_shown() {
        assert!(adjusted(&[], 1).is_empty());
        assert_eq!(adjusted(&[vec![], vec![None, None]], 1), [1.0, 1.0]);
        let family = [vec![None; 6], row(&[1.0; 6]), row(&[-1.0; 6])];
        // Either of the two is the largest when all pairs have one sign.
        assert_eq!(adjusted(&family, 1), [1.0, 2.0 / 64.0, 1.0]);
    }

    /// Copies of one hypothesis are one hypothesis; unrelated ones have to pay.
    #[test]
    fn dependence_is_taken_into_account() {
        let values = [4.0, 1.0, -2.0, 3.0, 5.0, 6.0, 7.0];
        let single = alone(&row(&values));
        assert_eq!(adjusted(&vec![row(&values); 20], 1), vec![single; 20]);
        let mut other = values;
        other.swap(1, 6);
        other.swap(0, 4);
        let both = adjusted(&[row(&values), row(&other)], 1);
        assert!(both.iter().all(|p| *p > single), "{both:?} and {single}");
    }

    /// A sample of the turns says the same as all of them, and the same each time.
    #[test]
    fn a_sample_is_near_to_all() {
        let mut rng = stream(5, 0, 0);
        let values: Vec<f64> = (0..19).map(|_| rng.random_range(-0.6..1.0)).collect();
        let sampled = alone(&row(&values));
        assert_eq!(sampled, alone(&row(&values)));
        let ranks = signed_ranks(&row(&values), 19);
        let observed: i32 = ranks.iter().sum();
        let turned = |turn: u32| -> i32 {
            ranks.iter().enumerate().map(|(bit, rank)| if turn >> bit & 1 == 1 { -rank } else { *rank }).sum()
        };
        let exact =
            (0..1_u32 << 19).filter(|turn| turned(*turn) >= observed).count() as f64 / f64::from(1 << 19);
        let error = (exact * (1.0 - exact) / SAMPLED as f64).sqrt();
        assert!((sampled - exact).abs() < 4.0 * error + 4e-6, "{sampled} and {exact}");
    }

    /// `count` hypotheses of `pairs` pairs whose values have a correlation of 1/2, centred at `centre`.
    fn correlated(rng: &mut impl Rng, count: usize, pairs: usize, centre: f64) -> Vec<Vec<Option<f64>>> {
        let common: Vec<f64> = (0..pairs).map(|_| rng.random_range(-1.0..1.0)).collect();
        let value = |common: &f64, own: f64| Some(centre + common + own);
        (0..count)
            .map(|_| common.iter().map(|common| value(common, rng.random_range(-1.0..1.0))).collect())
            .collect()
    }

    /// Of 1,000 families of true hypotheses, 5 % have a p within 5 %.
    #[test]
    fn a_family_errs_as_rarely_as_promised() {
        let mut rng = stream(3, 0, 0);
        let errs = |family: &[Vec<Option<f64>>]| adjusted(family, 1).iter().any(|p| *p <= 0.05);
        let erring = (0..1_000).filter(|_| errs(&correlated(&mut rng, 12, 9, 0.0))).count();
        // Binomial of 0.05, four standard errors; the p values are discrete, so a little fewer.
        assert!((20..=78).contains(&erring), "{erring} of 1,000");
    }

    /// With one false hypothesis in the family, the true ones still keep their word.
    #[test]
    fn true_hypotheses_beside_false_ones_err_no_more() {
        let mut rng = stream(4, 0, 0);
        let erring = (0..600).filter(|_| {
            let mut family = correlated(&mut rng, 6, 9, 0.0);
            family[0].iter_mut().flatten().for_each(|value| *value += 5.0);
            let p = adjusted(&family, 1);
            assert!(p[0] <= 6.0 / 512.0, "{p:?}");
            p[1..].iter().any(|p| *p <= 0.05)
        });
        let erring = erring.count();
        assert!((9..=52).contains(&erring), "{erring} of 600");
    }

    proptest! {
        #[test]
        fn a_family_never_helps_and_order_is_kept(
            family in prop::collection::vec(prop::collection::vec(prop::option::weighted(0.9, -3i8..6), 7), 1..7),
        ) {
            let family: Vec<Vec<Option<f64>>> =
                family.iter().map(|row| row.iter().map(|value| value.map(f64::from)).collect()).collect();
            let together = adjusted(&family, 1);
            for (p, row) in together.iter().zip(&family) {
                prop_assert!(*p >= alone(row) && *p <= 1.0 && *p > 0.0);
            }
            let mut turned = family.clone();
            turned.reverse();
            let mut again = adjusted(&turned, 1);
            again.reverse();
            prop_assert_eq!(again, together);
        }

        /// Holm's p values have no smaller a least one: the largest of m is reached no more often than m times one. That
        /// is so where all have the same distribution, which ties and missing values would change.
        #[test]
        fn it_finds_at_least_what_holm_finds(signs in prop::collection::vec(prop::collection::vec(any::<bool>(), 7), 1..7)) {
            let signed = |(place, up): (usize, &bool)| Some((place + 1) as f64 * if *up { 1.0 } else { -1.0 });
            let family: Vec<Vec<Option<f64>>> =
                signs.iter().map(|row| row.iter().enumerate().map(signed).collect()).collect();
            let least = adjusted(&family, 1).into_iter().fold(1.0, f64::min);
            let of_one = family.iter().map(|row| alone(row)).fold(1.0, f64::min);
            prop_assert!(least <= of_one * family.len() as f64 + 1e-12);
        }
    }
}
