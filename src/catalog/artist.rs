//! Artists and their albums: each a pure function of seed and rank, so that none is ever stored.

use super::{domain, size::Size, vocabulary};
use crate::stats::{Zipf, below, stream};
use fake::{
    Fake,
    faker::name::raw::Name,
    locales::{DE_DE, EN, FR_FR, IT_IT, JA_JP, PT_BR, ZH_CN},
};
use rand_pcg::Pcg64;

/// Albums of one artist at most; it bounds how albums are numbered.
const MOST_ALBUMS: u64 = 64;
/// Tracks of an album, about.
const TRACKS_PER_ALBUM: u64 = 10;

/// Somebody who makes music.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Artist {
    pub(super) name: String,
    /// Number of albums, at least 1.
    pub(super) albums: u64,
    rank: u64,
    genre: usize,
    /// Year of the first album.
    first_year: i32,
}

/// One album of an artist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Album {
    pub(super) title: String,
    pub(super) year: i32,
}

impl Artist {
    /// The artist with that popularity rank, from 1, in a library of that size.
    pub(super) fn of(seed: u64, rank: u64, size: &Size) -> Self {
        let mut rng = stream(seed, domain::ARTIST, rank);
        let name = name(&mut rng, size);
        let genre = Zipf::new(vocabulary::GENRES.len() as u64, 2).sample(&mut rng) as usize - 1;
        // Recent artists are more frequent, as in any collection.
        let first_year = 2_024 - below(&mut rng, 75).min(below(&mut rng, 75)) as i32;
        let albums = (size.tracks_of(rank) / TRACKS_PER_ALBUM).clamp(1, MOST_ALBUMS);
        Self { name, albums, rank, genre, first_year }
    }

    /// The artist's album number `index`, below [`Artist::albums`].
    pub(super) fn album(&self, seed: u64, index: u64, size: &Size) -> Album {
        let mut rng = stream(seed, domain::ALBUM, self.rank * MOST_ALBUMS + index);
        let title = if below(&mut rng, 12) == 0 { self.name.clone() } else { phrase(&mut rng, size) };
        // A career of up to forty years, whatever the number of albums.
        let later = (index * 40.min(2 * self.albums) / self.albums + below(&mut rng, 3)) as i32;
        Album { title, year: (self.first_year + later).min(2_025) }
    }

    /// Genre of one of the artist's tracks: mostly the artist's own, sometimes another or none.
    pub(super) fn genre(&self, rng: &mut Pcg64) -> Option<&'static str> {
        match below(rng, 20) {
            0..=1 => None,
            2 => Some(vocabulary::GENRES[below(rng, vocabulary::GENRES.len() as u64) as usize]),
            _ => Some(vocabulary::GENRES[self.genre]),
        }
    }
}

fn name(rng: &mut Pcg64, size: &Size) -> String {
    let word = |rng: &mut Pcg64| vocabulary::word(size.words.sample(rng));
    match below(rng, 100) {
        0..45 => person(rng),
        45..65 => format!("The {}s", word(rng)),
        65..84 => format!("{} {}", word(rng), word(rng)),
        84..90 => word(rng),
        90..94 => format!("{} & The {}s", person(rng), word(rng)),
        94..97 => format!("DJ {}", word(rng)),
        97..99 => format!("{}/{}", word(rng), word(rng)),
        _ => format!("{}!", word(rng)),
    }
}

fn person(rng: &mut Pcg64) -> String {
    match below(rng, 100) {
        0..62 => Name(EN).fake_with_rng(rng),
        62..70 => Name(PT_BR).fake_with_rng(rng),
        70..77 => Name(FR_FR).fake_with_rng(rng),
        77..84 => Name(DE_DE).fake_with_rng(rng),
        84..91 => Name(IT_IT).fake_with_rng(rng),
        91..96 => Name(JA_JP).fake_with_rng(rng),
        _ => Name(ZH_CN).fake_with_rng(rng),
    }
}

/// The title of a song or an album.
pub(super) fn phrase(rng: &mut Pcg64, size: &Size) -> String {
    let word = |rng: &mut Pcg64| vocabulary::word(size.words.sample(rng));
    match below(rng, 100) {
        0..22 => word(rng),
        22..54 => format!("{} {}", word(rng), word(rng)),
        54..63 => format!("The {}", word(rng)),
        63..71 => format!("{} of {}", word(rng), word(rng)),
        71..78 => format!("{} in the {}", word(rng), word(rng)),
        78..88 => format!("{} {} {}", word(rng), word(rng), word(rng)),
        88..93 => format!("My {} {}", word(rng), word(rng)),
        93..97 => format!("Don't {} the {}", word(rng), word(rng)),
        _ => format!("{}, {} and {}", word(rng), word(rng), word(rng)),
    }
}
