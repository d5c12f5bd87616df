//! How many artists and words a library of a given size has.

use crate::stats::Zipf;

/// Flattens the top of the artists: the most frequent one has about 2 % of 10,000 tracks.
const ARTIST_OFFSET: u64 = 10;
/// Flattens the top of the words: the most frequent one stands in about 4 % of 10,000 titles.
const WORD_OFFSET: u64 = 8;

/// Numbers that follow from the number of tracks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// Tracks in the library, at least 1.
    pub(super) tracks: u64,
    /// Ranks of artists.
    pub(super) artists: Zipf,
    /// Ranks of words. Vocabulary grows with the square root of the text (Heaps 1978).
    pub(super) words: Zipf,
    artist_count: u64,
}

impl Size {
    pub(super) fn of(tracks: u64) -> Self {
        let tracks = tracks.max(1);
        let artist_count = (tracks / 8).max(1);
        Self {
            tracks,
            artists: Zipf::new(artist_count, ARTIST_OFFSET),
            words: Zipf::new(300 + 40 * tracks.isqrt(), WORD_OFFSET),
            artist_count,
        }
    }

    /// Tracks that the artist of that rank has, about: its share of the Zipf-Mandelbrot weights, whose sum
    /// over `n` ranks is near `ln((offset + n) / offset)`, here in 64ths by the binary logarithm.
    pub(super) fn tracks_of(&self, rank: u64) -> u64 {
        let ratio = (ARTIST_OFFSET + self.artist_count) / ARTIST_OFFSET;
        let sum_in_64ths = (u64::from(ratio.max(2).ilog2()) * 44).max(44);
        self.tracks * 64 / ((ARTIST_OFFSET + rank) * sum_in_64ths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::stream;

    /// The estimate decides how many albums an artist has; a factor of two would not matter.
    #[test]
    fn expected_tracks_of_an_artist_are_about_right() {
        let size = Size::of(100_000);
        let mut rng = stream(1, 0, 0);
        let mut counts = vec![0_u64; 12_501];
        (0..100_000).for_each(|_| counts[size.artists.sample(&mut rng) as usize] += 1);
        for rank in [1, 5, 20, 100] {
            let (expected, seen) = (size.tracks_of(rank) as f64, counts[rank as usize] as f64);
            assert!((0.6..1.7).contains(&(seen / expected)), "rank {rank}: {seen} of {expected}");
        }
    }

    #[test]
    fn the_smallest_and_the_largest_library_have_a_size() {
        assert_eq!(Size::of(0), Size::of(1));
        assert!(Size::of(100_000_000).tracks_of(1) > 100_000);
    }
}
