//! What callers ask a library for: tracks by popularity, texts as people type them.

use super::{
    CatalogSpec, Track,
    artist::{Artist, phrase},
    query,
    size::Size,
    track, vocabulary,
};
use crate::stats::{Zipf, below};
use chrono::{DateTime, Utc};
use rand_pcg::Pcg64;
use std::sync::Arc;
use uuid::Uuid;

/// Flattens the top of the popular tracks.
const POPULARITY_OFFSET: u64 = 20;
/// A prime above any number of tracks: multiplying by it scatters the popular ones over the table.
const SCATTER: u64 = 2_654_435_761;

/// A library to draw from, in memory that does not grow with it.
#[derive(Debug, Clone)]
pub struct Library {
    contents: Contents,
    /// Seed and size of what is made up, new tracks for one.
    seed: u64,
    size: Size,
}

#[derive(Debug, Clone)]
enum Contents {
    /// Rows computed when they are asked for.
    Synthetic,
    /// Rows read from a table that was there.
    Sampled { rows: Arc<[Sampled]>, end: DateTime<Utc> },
}

/// What is known of a row that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sampled {
    pub(super) id: Uuid,
    pub(super) artist: Option<String>,
    pub(super) title: String,
    pub(super) year: Option<i32>,
    pub(super) format: String,
}

impl Library {
    /// The library that [`super::ensure`] puts into a database.
    #[must_use]
    pub fn synthetic(spec: CatalogSpec) -> Self {
        Self { contents: Contents::Synthetic, seed: spec.seed, size: Size::of(spec.tracks) }
    }

    /// A library of somebody else's; `rows` must hold at least one, `end` is the time of its newest track.
    pub(super) fn sampled(seed: u64, tracks: u64, rows: Vec<Sampled>, end: DateTime<Utc>) -> Self {
        Self { contents: Contents::Sampled { rows: rows.into(), end }, seed, size: Size::of(tracks) }
    }

    /// Key of a track; popular ones come more often.
    pub fn track_id(&self, rng: &mut Pcg64) -> Uuid {
        match &self.contents {
            Contents::Synthetic => track::id(self.seed, popular(self.size.tracks, rng)),
            Contents::Sampled { rows, .. } => rows[popular(rows.len() as u64, rng) as usize].id,
        }
    }

    /// Key that is in no row.
    pub fn missing_id(&self, rng: &mut Pcg64) -> Uuid {
        track::random_id(rng)
    }

    /// A search for one to three words of an artist or a title, joined as the server joins them. Always a valid
    /// tsquery.
    pub fn search_query(&self, rng: &mut Pcg64) -> String {
        let text = self.text(rng);
        query::plain(&text, rng)
    }

    /// A search that is odd: a syntax error, a stop word, an operator, a prefix.
    pub fn odd_query(&self, rng: &mut Pcg64) -> String {
        let text = self.text(rng);
        query::odd(&text, rng)
    }

    /// A misspelt artist or title.
    pub fn fuzzy_term(&self, rng: &mut Pcg64) -> String {
        let text = self.text(rng);
        query::misspelt(&text, rng)
    }

    /// An audio format that tracks have, as callers write it: sometimes in lower case.
    pub fn format(&self, rng: &mut Pcg64) -> String {
        let format = match &self.contents {
            Contents::Synthetic => vocabulary::format(below(rng, 100)).name.to_owned(),
            Contents::Sampled { rows, .. } => rows[below(rng, rows.len() as u64) as usize].format.clone(),
        };
        if below(rng, 3) == 0 { format.to_lowercase() } else { format }
    }

    /// A range of years around one that tracks have: a decade, a few years, or one.
    pub fn year_range(&self, rng: &mut Pcg64) -> (i32, i32) {
        let year = match &self.contents {
            Contents::Synthetic => {
                let artist = Artist::of(self.seed, self.size.artists.sample(rng), &self.size);
                artist.album(self.seed, below(rng, artist.albums), &self.size).year
            }
            Contents::Sampled { rows, .. } => {
                rows[below(rng, rows.len() as u64) as usize].year.unwrap_or(2_000)
            }
        };
        match below(rng, 10) {
            0..5 => (year / 10 * 10, year / 10 * 10 + 9),
            5..9 => (year - below(rng, 6) as i32, year + below(rng, 6) as i32),
            _ => (year, year),
        }
    }

    /// A track to ingest.
    pub fn new_track(&self, tagged: bool, rng: &mut Pcg64) -> Track {
        Track::fresh(self.seed, &self.size, tagged, rng)
    }

    /// Time of the newest track, or a little after it.
    #[must_use]
    pub fn end(&self) -> DateTime<Utc> {
        match &self.contents {
            Contents::Synthetic => track::calendar_end(),
            Contents::Sampled { end, .. } => *end,
        }
    }

    /// Name of an artist, or a title.
    fn text(&self, rng: &mut Pcg64) -> String {
        let by_artist = below(rng, 5) < 2;
        match &self.contents {
            Contents::Synthetic if by_artist => {
                Artist::of(self.seed, self.size.artists.sample(rng), &self.size).name
            }
            Contents::Synthetic => phrase(rng, &self.size),
            Contents::Sampled { rows, .. } => {
                let row = &rows[popular(rows.len() as u64, rng) as usize];
                row.artist.clone().filter(|_| by_artist).unwrap_or_else(|| row.title.clone())
            }
        }
    }
}

/// Index of a track by popularity.
fn popular(tracks: u64, rng: &mut Pcg64) -> u64 {
    let rank = Zipf::new(tracks, POPULARITY_OFFSET).sample(rng);
    (u128::from(rank) * u128::from(SCATTER) % u128::from(tracks.max(1))) as u64
}
