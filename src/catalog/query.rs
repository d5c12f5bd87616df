//! Search texts as people type them, and as the server hands them to `to_tsquery`.

use crate::stats::below;
use rand_pcg::Pcg64;

/// Longest text that the server accepts, in characters.
const LONGEST: usize = 500;

/// Words that English full-text search leaves out; a query of these alone matches nothing.
const STOP_WORDS: &[&str] = &["the", "a", "of", "in", "and", "my", "me", "you", "to", "is", "don", "t"];

/// What the server makes of a text: trimmed, words joined by `&`, unless it holds an operator already.
fn for_tsquery(text: &str) -> String {
    let text: String = text.trim().chars().take(LONGEST).collect();
    if text.contains(['&', '|', '!']) || text.contains("<->") {
        return text;
    }
    text.split_whitespace().collect::<Vec<_>>().join(" & ")
}

/// The letters and digits of a text, word by word.
fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

/// One to three neighbouring words of `text`, one of them worth searching for.
pub(super) fn plain(text: &str, rng: &mut Pcg64) -> String {
    let words = words(text);
    let telling = |word: &&str| !STOP_WORDS.contains(&word.to_lowercase().as_str());
    let Some(anchor) =
        nth(&words.iter().enumerate().filter(|(_, word)| telling(word)).collect::<Vec<_>>(), rng)
    else {
        return "music".to_owned();
    };
    let more = [0, 0, 1, 1, 1, 2][below(rng, 6) as usize];
    let last = (anchor.0 + more).min(words.len() - 1);
    let typed = words[anchor.0..=last].join(" ");
    for_tsquery(&if below(rng, 4) > 0 { typed.to_lowercase() } else { typed })
}

/// What a few per cent of the callers type.
pub(super) fn odd(text: &str, rng: &mut Pcg64) -> String {
    let words = words(text);
    let word = nth(&words, rng).unwrap_or("music").to_lowercase();
    let prefix: String = word.chars().take(3).collect();
    for_tsquery(&match below(rng, 12) {
        // Syntax errors: SQLSTATE 42601.
        0 => format!("R&B {word}"),
        1 => format!("{word}!"),
        2 => "<3".to_owned(),
        3 => format!("{word} & "),
        // Stop words alone: a notice, and no row.
        4 => "the".to_owned(),
        5 => "what?".to_owned(),
        // One token with a slash in it.
        6 => "AC/DC".to_owned(),
        7 | 8 => format!("{prefix}:*"),
        9 => format!("{word} | love"),
        10 => format!("love & !{word}"),
        _ => format!("\"{}\"", words.join(" ")),
    })
}

/// A text with one slip of the finger.
pub(super) fn misspelt(text: &str, rng: &mut Pcg64) -> String {
    let mut letters: Vec<char> = text.chars().take(60).collect();
    let at = below(rng, letters.len() as u64) as usize;
    match below(rng, 3) {
        0 if letters.len() > 3 => {
            letters.remove(at);
        }
        1 if at + 1 < letters.len() => letters.swap(at, at + 1),
        _ => letters.insert(at, letters.get(at).copied().unwrap_or('e')),
    }
    letters.into_iter().collect()
}

fn nth<T: Copy>(from: &[T], rng: &mut Pcg64) -> Option<T> {
    from.get(below(rng, from.len() as u64) as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::stream;
    use proptest::prelude::*;

    #[test]
    fn texts_are_joined_as_the_server_joins_them() {
        for (text, joined) in [
            ("  dark side  of the moon ", "dark & side & of & the & moon"),
            ("R&B music", "R&B music"),
            ("Help!", "Help!"),
            ("rock <-> roll", "rock <-> roll"),
            ("AC/DC", "AC/DC"),
            ("<3", "<3"),
        ] {
            assert_eq!(for_tsquery(text), joined);
        }
        assert_eq!(for_tsquery(&"é".repeat(600)).chars().count(), 500);
    }

    proptest! {
        #[test]
        fn plain_queries_hold_words_and_ands_alone(text in "\\PC{0,80}", seed: u64) {
            let query = plain(&text, &mut stream(seed, 0, 0));
            prop_assert!(query.split(" & ").all(|word| word.chars().all(char::is_alphanumeric) && !word.is_empty()), "{query}");
        }

        #[test]
        fn any_text_can_be_odd_and_misspelt(text in "\\PC{0,80}", seed: u64) {
            prop_assert!(!odd(&text, &mut stream(seed, 0, 0)).is_empty());
            let slip = misspelt(&text, &mut stream(seed, 0, 0));
            prop_assert!(slip.chars().count().abs_diff(text.chars().count().min(60)) <= 1);
        }
    }
}
