//! Numbers of tracks as people write them: `10k`, `1M`.

use crate::catalog::MOST_TRACKS;

/// Letters that multiply.
const FACTORS: [(char, u64); 2] = [('M', 1_000_000), ('k', 1_000)];

/// A number of tracks, as in `1000`, `10k` or `1M`.
///
/// # Errors
/// With what to write, when it is none.
pub fn parse_tracks(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let with_letter = FACTORS.iter().find_map(|(letter, factor)| {
        let digits =
            text.strip_suffix([*letter, letter.to_ascii_uppercase(), letter.to_ascii_lowercase()])?;
        Some((digits, *factor))
    });
    let (digits, factor) = with_letter.unwrap_or((text, 1));
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    let number =
        digits.parse::<u64>().ok().filter(|_| is_number).and_then(|number| number.checked_mul(factor));
    number
        .filter(|number| (1..=MOST_TRACKS).contains(number))
        .ok_or_else(|| format!("write a number of tracks from 1 to {MOST_TRACKS}, as in 1000, 10k or 1M"))
}

/// The same the other way round: with a letter where nothing is lost by it.
#[must_use]
pub fn short_tracks(tracks: u64) -> String {
    let letter = FACTORS.iter().find(|(_, factor)| tracks > 0 && tracks.is_multiple_of(*factor));
    letter.map_or_else(|| tracks.to_string(), |(letter, factor)| format!("{}{letter}", tracks / factor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_multiply() {
        for (text, tracks) in [
            ("1", 1),
            ("1000", 1_000),
            ("10k", 10_000),
            ("10K", 10_000),
            ("1M", 1_000_000),
            (" 2m ", 2_000_000),
        ] {
            assert_eq!(parse_tracks(text), Ok(tracks), "{text}");
        }
        for text in
            ["", "k", "0", "0k", "-1", "+1", "1.5k", "1kk", "1e3", "101M", "99999999999999999999k", "ten"]
        {
            assert!(parse_tracks(text).unwrap_err().contains("as in 1000, 10k or 1M"), "{text}");
        }
        for (tracks, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1k"),
            (23_968, "23968"),
            (1_500_000, "1500k"),
            (1_000_000, "1M"),
        ] {
            assert_eq!(short_tracks(tracks), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(tracks in 1..=MOST_TRACKS) {
            prop_assert_eq!(parse_tracks(&short_tracks(tracks)), Ok(tracks));
        }
    }
}
