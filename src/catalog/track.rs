//! One track: a row of `audio_tracks` as a pure function of seed and index.

use super::{
    artist::{Artist, phrase},
    domain, edge,
    size::Size,
    vocabulary,
};
use crate::stats::{Zipf, below, stream};
use chrono::{DateTime, Duration, Utc};
use rand::Rng;
use rand_pcg::Pcg64;
use uuid::Uuid;

/// The bucket of the made-up storage paths.
const BUCKET: &str = "loist-music-library";
/// Length of the library's calendar; tracks come in evenly over it.
const SPAN: Duration = Duration::days(730);
/// Tracks out of a thousand whose file lacks the artist or the album tag: the server marks them as failed.
const UNTAGGED_PER_MILLE: u64 = 15;
/// What the server writes into such a row.
const UNTAGGED: &str = "artist or album is missing";

/// Values of one row, `search_vector` and `file_size_bytes` (which the server never fills) left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// Key, a version 4 UUID.
    pub id: Uuid,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed: by the status update that ends each ingest.
    pub updated_at: DateTime<Utc>,
    /// `COMPLETED`, or `FAILED` where artist or album is missing.
    pub status: &'static str,
    /// Why it failed.
    pub error_message: Option<&'static str>,
    /// 1 where it failed, else 0.
    pub retry_count: i32,
    /// Who made it.
    pub artist: Option<String>,
    /// What it is on.
    pub album: Option<String>,
    /// What it is called, 1 to 500 characters.
    pub title: String,
    /// What it sounds like.
    pub genre: Option<&'static str>,
    /// When it came out, 1800 to 2100.
    pub year: Option<i32>,
    /// How long it plays.
    pub duration_ms: i64,
    /// 1 to 16.
    pub channels: i16,
    /// Samples a second.
    pub sample_rate: i32,
    /// Kilobits a second.
    pub bitrate: i32,
    /// As in `FLAC`.
    pub format: &'static str,
    /// Where the audio lies, `gs://...`.
    pub audio_gcs_path: String,
    /// Where the picture lies.
    pub thumbnail_gcs_path: Option<String>,
}

/// The moment at which the synthetic calendar ends; the newest track is a little older.
#[must_use]
pub(super) fn calendar_end() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).expect("2026-01-01 is a date")
}

/// Key of track number `index`: found without making the row.
pub(super) fn id(seed: u64, index: u64) -> Uuid {
    random_id(&mut stream(seed, domain::ID, index))
}

/// A key that is in no row but by a coincidence of 122 bits.
pub(super) fn random_id(rng: &mut Pcg64) -> Uuid {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

impl Track {
    /// Row number `index` (from 0) of the library.
    pub(super) fn of(seed: u64, index: u64, size: &Size) -> Self {
        let mut rng = stream(seed, domain::TRACK, index);
        let mut track = Self::draw(seed, id(seed, index), size, &mut rng);
        let step = SPAN.num_microseconds().unwrap_or(i64::MAX) as u128;
        let age = step * u128::from(size.tracks - index.min(size.tracks)) / u128::from(size.tracks);
        track.created_at = calendar_end() - Duration::microseconds(age as i64)
            + Duration::microseconds(below(&mut rng, (step / u128::from(size.tracks)) as u64) as i64);
        // An ingest takes seconds; then one update sets both to the same moment.
        track.updated_at =
            track.created_at + Duration::microseconds(2_000_000 + below(&mut rng, 40_000_000) as i64);
        if below(&mut rng, 1_000) < UNTAGGED_PER_MILLE {
            track.lose_tags(&mut rng);
            (track.status, track.error_message, track.retry_count) = ("FAILED", Some(UNTAGGED), 1);
        }
        edge::apply(index, &mut track);
        track
    }

    /// A track about to be ingested; `tagged` ones have artist and album, others lack one or both.
    pub(super) fn fresh(seed: u64, size: &Size, tagged: bool, rng: &mut Pcg64) -> Self {
        let mut track = Self::draw(seed, random_id(rng), size, rng);
        if !tagged {
            track.lose_tags(rng);
        }
        track
    }

    /// The artist, the album, or both.
    fn lose_tags(&mut self, rng: &mut Pcg64) {
        match below(rng, 3) {
            0 => self.artist = None,
            1 => self.album = None,
            _ => (self.artist, self.album) = (None, None),
        }
    }

    fn draw(seed: u64, id: Uuid, size: &Size, rng: &mut Pcg64) -> Self {
        let artist = Artist::of(seed, size.artists.sample(rng), size);
        let album = artist.album(seed, Zipf::new(artist.albums, 2).sample(rng) - 1, size);
        let title = title(rng, seed, size);
        let format = vocabulary::format(below(rng, 100));
        let bitrate = if format.lossless {
            700 + below(rng, 712) as i32
        } else {
            [128, 160, 192, 256, 320][below(rng, 5) as usize]
        };
        let sample_rate = match below(rng, 100) {
            0..82 => 44_100,
            82..95 => 48_000,
            _ if format.lossless => 96_000,
            _ => 48_000,
        };
        let audio_gcs_path = format!("gs://{BUCKET}/audio/{id}/{}.{}", file_name(&title), format.extension);
        let thumbnail_gcs_path =
            (below(rng, 100) < 85).then(|| format!("gs://{BUCKET}/audio/{id}/artwork.jpg"));
        Self {
            id,
            created_at: calendar_end(),
            updated_at: calendar_end(),
            status: "COMPLETED",
            error_message: None,
            retry_count: 0,
            genre: artist.genre(rng),
            year: (below(rng, 100) < 93).then_some(album.year),
            duration_ms: duration_ms(rng),
            channels: if below(rng, 100) < 4 { 1 } else { 2 },
            sample_rate,
            bitrate,
            format: format.name,
            audio_gcs_path,
            thumbnail_gcs_path,
            title,
            artist: Some(artist.name),
            album: Some(album.title),
        }
    }
}

fn title(rng: &mut Pcg64, seed: u64, size: &Size) -> String {
    let title = phrase(rng, size);
    match below(rng, 100) {
        0..4 => format!("{title} (Live)"),
        4..7 => format!("{title} (Remix)"),
        7..9 => format!("{title} (Acoustic Version)"),
        9..12 => format!("{title} (feat. {})", Artist::of(seed, size.artists.sample(rng), size).name),
        _ => title,
    }
}

/// Mostly three to five minutes, with sketches, suites and mixes beside them.
fn duration_ms(rng: &mut Pcg64) -> i64 {
    let (from, width) = match below(rng, 100) {
        0..6 => (30_000, 150_000),
        6..84 => return 180_000 + (below(rng, 60_000) + below(rng, 60_000)) as i64,
        84..97 => (300_000, 300_000),
        97..99 => (600_000, 1_200_000),
        _ => (1_800_000, 5_400_000),
    };
    from + below(rng, width) as i64
}

/// A title as a file name: lower case, dashes between words, letters beyond ASCII left out.
fn file_name(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.take(8).collect::<Vec<_>>().join("-").to_ascii_lowercase();
    if name.is_empty() { "track".to_owned() } else { name }
}
