//! Words of the synthetic library: what `fake` has no faker for. All lists are ordered, frequent words first.

/// Words of song and album titles; rarer ones are made up by [`word`].
const TITLE_WORDS: &[&str] = &[
    "Love",
    "Night",
    "Heart",
    "Time",
    "Day",
    "Girl",
    "Life",
    "Baby",
    "Dream",
    "World",
    "Blue",
    "Home",
    "Rain",
    "Light",
    "Fire",
    "Song",
    "Little",
    "Dance",
    "Sun",
    "Moon",
    "Summer",
    "River",
    "Star",
    "Eyes",
    "Road",
    "Sky",
    "Angel",
    "Black",
    "Wild",
    "Heaven",
    "Tonight",
    "Lonely",
    "Water",
    "Sweet",
    "Crazy",
    "Blues",
    "Lost",
    "Street",
    "Wind",
    "Run",
    "Train",
    "Red",
    "Dark",
    "Gold",
    "Stay",
    "Fall",
    "Rock",
    "Soul",
    "Ghost",
    "Morning",
    "Winter",
    "Midnight",
    "Shadow",
    "Ocean",
    "City",
    "Kiss",
    "Broken",
    "Golden",
    "Fly",
    "Magic",
    "Storm",
    "Free",
    "Mountain",
    "Memory",
    "Silver",
    "Electric",
    "Diamond",
    "Paradise",
    "Hold",
    "Burning",
    "Ring",
    "Smoke",
    "Devil",
    "Mirror",
    "Waiting",
    "Stone",
    "Garden",
    "Highway",
    "Flower",
    "Rose",
    "Velvet",
    "Thunder",
    "Island",
    "Bird",
    "Secret",
    "Queen",
    "Radio",
    "Machine",
    "Desert",
    "Kingdom",
    "Spring",
    "Autumn",
    "Whiskey",
    "Rhythm",
    "Holiday",
    "Echo",
    "Silence",
    "Stranger",
    "Perfect",
    "Rebel",
    "Cherry",
    "Candle",
    "Sugar",
    "Honey",
    "Lightning",
    "Neon",
    "Crystal",
    "Satellite",
    "Gypsy",
    "Carousel",
    "Prayer",
    "Window",
    "Bridge",
    "Emerald",
    "Tiger",
    "Wolf",
    "Raven",
    "Harvest",
    "Lullaby",
    "Serenade",
    "Overture",
    "Nocturne",
    "Prelude",
    "Sonata",
    "Waltz",
    "Interlude",
    "Requiem",
    "Concerto",
    "Anthem",
    "Ballad",
    "Carnival",
    "Circus",
    "Cathedral",
    "Comet",
    "Compass",
    "Coral",
    "Cowboy",
    "Cradle",
    "Crown",
    "Dagger",
    "Dust",
    "Eclipse",
    "Eden",
    "Ember",
    "Empire",
    "Engine",
    "Evergreen",
    "Falcon",
    "Feather",
    "Fever",
    "Firefly",
    "Flame",
    "Forest",
    "Fortune",
    "Freedom",
    "Frontier",
    "Galaxy",
    "Gravity",
    "Gospel",
    "Halo",
    "Hammer",
    "Harbor",
    "Horizon",
    "Hurricane",
    "Ice",
    "Indigo",
    "Iron",
    "Ivory",
    "Jasmine",
    "Jungle",
    "Juniper",
    "Lantern",
    "Letter",
    "Lighthouse",
    "Lily",
    "Lion",
    "Locomotive",
    "Magnolia",
    "Marble",
    "Meadow",
    "Mercury",
    "Meridian",
    "Miracle",
    "Monsoon",
    "Museum",
    "Nebula",
    "Needle",
    "Oasis",
    "Opal",
    "Orchid",
    "Outlaw",
    "Palace",
    "Panther",
    "Paper",
    "Parade",
    "Phoenix",
    "Pilgrim",
    "Pioneer",
    "Planet",
    "Porcelain",
    "Prairie",
    "Prism",
    "Prophet",
    "Quicksand",
    "Rainbow",
    "Riot",
    "Robot",
    "Runaway",
    "Saffron",
    "Sailor",
    "Samurai",
    "Sapphire",
    "Scarecrow",
    "Siren",
    "Skyline",
    "Snake",
    "Spectrum",
    "Spider",
    "Starlight",
    "Sunset",
    "Symphony",
    "Tango",
    "Temple",
    "Tornado",
    "Tower",
    "Twilight",
    "Umbrella",
    "Universe",
    "Vagabond",
    "Valley",
    "Vampire",
    "Vertigo",
    "Violet",
    "Volcano",
    "Voyage",
    "Wanderer",
    "Waterfall",
    "Wildfire",
    "Willow",
    "Windmill",
    "Wonder",
    "Zephyr",
    "Zodiac",
];

/// Syllables of made-up words; 64 of them, so that a word's number is its spelling.
const SYLLABLES: [&str; 64] = [
    "ba", "be", "bo", "bri", "ca", "cel", "dor", "dra", "el", "en", "fa", "fen", "fi", "ga", "gle", "gor",
    "ha", "hel", "in", "ja", "jo", "ka", "kel", "ki", "la", "len", "lo", "lu", "ma", "mel", "mi", "mor",
    "na", "nel", "no", "nu", "or", "pa", "pel", "pi", "qua", "ra", "rel", "ri", "ro", "sa", "sel", "si",
    "so", "sta", "ta", "tel", "ti", "tor", "tu", "u", "va", "vel", "vi", "vo", "wa", "wen", "za", "zo",
];

/// Genres, the frequent ones first.
pub(super) const GENRES: &[&str] = &[
    "Rock",
    "Pop",
    "Electronic",
    "Hip-Hop",
    "Jazz",
    "Folk",
    "Classical",
    "Metal",
    "R&B",
    "Country",
    "Soul",
    "Indie",
    "Ambient",
    "Punk",
    "Blues",
    "Reggae",
    "House",
    "Techno",
    "Latin",
    "Soundtrack",
    "Funk",
    "Disco",
    "Gospel",
    "Drum & Bass",
    "Bossa Nova",
    "Afrobeat",
    "Ska",
    "Trip-Hop",
    "K-Pop",
    "Bluegrass",
    "Flamenco",
    "Opera",
    "Fado",
    "Klezmer",
    "Spoken Word",
    "Field Recording",
    "Música Popular Brasileira",
    "シティ・ポップ",
];

/// An audio format, as the server's metadata extraction names it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    pub(super) name: &'static str,
    pub(super) extension: &'static str,
    /// Share of the library, out of 100.
    pub(super) percent: u64,
    pub(super) lossless: bool,
}

/// Formats with their shares, which sum to 100.
const FORMATS: &[Format] = &[
    Format { name: "MP3", extension: "mp3", percent: 52, lossless: false },
    Format { name: "FLAC", extension: "flac", percent: 20, lossless: true },
    Format { name: "M4A", extension: "m4a", percent: 12, lossless: false },
    Format { name: "AAC", extension: "aac", percent: 6, lossless: false },
    Format { name: "OGG", extension: "ogg", percent: 5, lossless: false },
    Format { name: "WAV", extension: "wav", percent: 5, lossless: true },
];

/// The format that number `at` of 0..100 falls on.
pub(super) fn format(at: u64) -> Format {
    let mut left = at;
    for format in FORMATS {
        if left < format.percent {
            return *format;
        }
        left -= format.percent;
    }
    FORMATS[0]
}

/// The word with that frequency rank, from 1, capitalised. Ranks below 2^24 give words that differ.
pub(super) fn word(rank: u64) -> String {
    let number = match usize::try_from(rank.saturating_sub(1)) {
        Ok(index) if index < TITLE_WORDS.len() => return TITLE_WORDS[index].to_owned(),
        _ => rank - 1 - TITLE_WORDS.len() as u64,
    };
    // An odd factor maps the numbers below a power of two onto each other: neighbours look nothing alike.
    let syllables = if number < 1 << 18 { 3 } else { 4 };
    let mut code = number.wrapping_mul(0x9e37_79b1) % (1 << (6 * syllables));
    let mut word = String::with_capacity(12);
    for _ in 0..syllables {
        word.push_str(SYLLABLES[(code % 64) as usize]);
        code /= 64;
    }
    word[..1].make_ascii_uppercase();
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn words_are_capitalised_and_mostly_their_own() {
        let words: HashSet<String> = (1..=20_000).map(word).collect();
        // Different syllables may spell the same word ("ba" + "el" ...), seldom.
        assert!(words.len() > 19_500, "{}", words.len());
        assert!(words.iter().all(|word| word.starts_with(|c: char| c.is_ascii_uppercase())));
        assert_eq!(word(1), "Love");
        assert_eq!(TITLE_WORDS.iter().collect::<HashSet<_>>().len(), TITLE_WORDS.len());
    }

    #[test]
    fn formats_share_the_library() {
        assert_eq!(FORMATS.iter().map(|format| format.percent).sum::<u64>(), 100);
        assert_eq!(
            (format(0).name, format(51).name, format(52).name, format(99).name),
            ("MP3", "MP3", "FLAC", "WAV")
        );
    }
}
