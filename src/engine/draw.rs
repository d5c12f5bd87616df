//! Draws the values of one call's parameters.

use crate::{
    catalog::{Library, Track},
    workload::{Draw, Value, draw::Scalar, model::Slot},
};
use rand::{
    RngExt,
    distr::{Distribution, weighted::WeightedIndex},
};
use rand_pcg::Pcg64;
use std::sync::Arc;

/// A [`Draw`] with its weights made ready.
#[derive(Debug)]
pub(super) enum Source {
    Plain(Draw),
    Weighted { values: Vec<Value>, weights: WeightedIndex<f64> },
}

impl Source {
    pub(super) fn new(draw: &Draw) -> Self {
        let weighted = |values: Vec<Value>, weights: &[f64]| {
            let weights = if weights.is_empty() { vec![1.0; values.len()] } else { weights.to_vec() };
            let weights = WeightedIndex::new(weights).expect("weights were checked when the file was read");
            Self::Weighted { values, weights }
        };
        match draw {
            Draw::Choice { values, weights } => weighted(values.iter().map(scalar).collect(), weights),
            Draw::Sql { values, weights } => {
                let piece =
                    |(choice, text): (usize, &String)| Value::Sql { text: text.as_str().into(), choice };
                weighted(values.iter().enumerate().map(piece).collect(), weights)
            }
            other => Self::Plain(other.clone()),
        }
    }
}

fn scalar(value: &Scalar) -> Value {
    match value {
        Scalar::Int(number) => Value::Int(*number),
        Scalar::Text(text) => Value::Text(text.clone()),
    }
}

/// What one parameter became.
#[derive(Debug)]
pub(super) enum Drawn {
    One(Value),
    Years(Option<(i32, i32)>),
    Track(Box<Track>),
}

/// Draws every parameter once, and fills `values` with what each slot takes of them.
pub(super) fn fill(
    sources: &[Source],
    slots: &[Slot],
    library: &Arc<Library>,
    rng: &mut Pcg64,
    drawn: &mut Vec<Drawn>,
    values: &mut Vec<Value>,
) {
    drawn.clear();
    drawn.extend(sources.iter().map(|source| draw(source, library, rng)));
    values.clear();
    values.extend(slots.iter().map(|slot| match (&drawn[slot.parameter], slot.field) {
        (Drawn::One(value), _) => value.clone(),
        (Drawn::Years(None), _) => Value::Null,
        (Drawn::Years(Some((from, _))), Some("from")) => Value::Int(i64::from(*from)),
        (Drawn::Years(Some((_, to))), _) => Value::Int(i64::from(*to)),
        (Drawn::Track(track), field) => track_field(track, field.unwrap_or_default()),
    }));
}

fn draw(source: &Source, library: &Library, rng: &mut Pcg64) -> Drawn {
    let draw = match source {
        Source::Plain(draw) => draw,
        Source::Weighted { values, weights } => return Drawn::One(values[weights.sample(rng)].clone()),
    };
    Drawn::One(match draw {
        Draw::TrackId { missing } if chance(*missing, rng) => Value::Uuid(library.missing_id(rng)),
        Draw::TrackId { .. } => Value::Uuid(library.track_id(rng)),
        Draw::MissingId {} => Value::Uuid(library.missing_id(rng)),
        Draw::SearchQuery { odd } if chance(*odd, rng) => Value::Text(library.odd_query(rng)),
        Draw::SearchQuery { .. } => Value::Text(library.search_query(rng)),
        Draw::YearRange { present } => {
            return Drawn::Years(chance(*present, rng).then(|| library.year_range(rng)));
        }
        Draw::Format { present } if chance(*present, rng) => Value::Text(library.format(rng)),
        Draw::FuzzyTerm {} => Value::Text(library.fuzzy_term(rng)),
        Draw::NewTrack { tagged } => return Drawn::Track(Box::new(library.new_track(*tagged, rng))),
        Draw::CatalogTime { before_end } => Value::Timestamp(library.end() - *before_end),
        Draw::Integer { min, max } => Value::Int(rng.random_range(*min..=*max)),
        Draw::Format { .. } | Draw::Choice { .. } | Draw::Sql { .. } => Value::Null,
    })
}

fn chance(share: f64, rng: &mut Pcg64) -> bool {
    rng.random_bool(share)
}

/// The value of one of [`crate::workload::draw::NEW_TRACK_FIELDS`].
fn track_field(track: &Track, field: &str) -> Value {
    let text = |text: &str| Value::Text(text.to_owned());
    let maybe = |text: Option<&str>| text.map_or(Value::Null, |text| Value::Text(text.to_owned()));
    match field {
        "id" => Value::Uuid(track.id),
        "artist" => maybe(track.artist.as_deref()),
        "album" => maybe(track.album.as_deref()),
        "title" => text(&track.title),
        "genre" => maybe(track.genre),
        "year" => track.year.map_or(Value::Null, |year| Value::Int(i64::from(year))),
        "duration_seconds" => Value::Decimal { unscaled: track.duration_ms, scale: 3 },
        "channels" => Value::Int(i64::from(track.channels)),
        "sample_rate" => Value::Int(i64::from(track.sample_rate)),
        "bitrate" => Value::Int(i64::from(track.bitrate)),
        "format" => text(track.format),
        "audio_gcs_path" => text(&track.audio_gcs_path),
        "thumbnail_gcs_path" => maybe(track.thumbnail_gcs_path.as_deref()),
        unknown => unreachable!("the field {unknown} was checked when the file was read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalog::CatalogSpec, stats::stream, workload::draw::NEW_TRACK_FIELDS};

    #[test]
    fn every_field_of_a_new_track_has_a_value() {
        let library = Library::synthetic(CatalogSpec { seed: 1, tracks: 100 });
        let track = library.new_track(true, &mut stream(1, 0, 0));
        for field in NEW_TRACK_FIELDS {
            let value = track_field(&track, field);
            assert!(!value.is_null() || ["genre", "year", "thumbnail_gcs_path"].contains(field), "{field}");
        }
        let untagged = library.new_track(false, &mut stream(1, 0, 0));
        assert!(track_field(&untagged, "artist").is_null() || track_field(&untagged, "album").is_null());
    }
}
