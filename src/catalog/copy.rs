//! Rows in the binary COPY format (manual, "COPY", file formats), which is also what the checksum is of.

use super::{CatalogSpec, Track, size::Size};
use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use std::{error::Error, ops::Range, thread::JoinHandle};
use tokio::sync::mpsc;
use tokio_postgres::types::{ToSql, Type};

/// Columns in the order in which rows carry them.
pub(super) const COLUMNS: &str =
    "id, created_at, updated_at, status, error_message, retry_count, last_processed_at,
    artist, album, title, genre, year, duration_seconds, channels, sample_rate, bitrate, format,
    audio_gcs_path, thumbnail_gcs_path";
const COLUMN_COUNT: i16 = 19;

/// Signature, flags, and length of the header extension.
pub(super) const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// A row with -1 columns ends the data.
pub(super) const TRAILER: &[u8] = &[0xff, 0xff];

/// Rows travel in pieces of about this size, a few of them at a time: memory does not grow with the library.
const PIECE_BYTES: usize = 64 * 1024;
const PIECES_UNDER_WAY: usize = 4;

type Refused = Box<dyn Error + Sync + Send>;

/// Appends rows `range` (from 0) of the library as binary COPY carries them, without its header and trailer: the bytes
/// that a catalog's checksum is of.
pub fn copy_rows(spec: CatalogSpec, range: Range<u64>, out: &mut BytesMut) {
    let size = Size::of(spec.tracks);
    for index in range {
        write_row(&Track::of(spec.seed, index, &size), out).expect("a row fits its types");
    }
}

/// Appends one row.
fn write_row(track: &Track, out: &mut BytesMut) -> Result<(), Refused> {
    out.extend_from_slice(&COLUMN_COUNT.to_be_bytes());
    field(&track.id, &Type::UUID, out)?;
    field(&track.created_at, &Type::TIMESTAMPTZ, out)?;
    field(&track.updated_at, &Type::TIMESTAMPTZ, out)?;
    field(&track.status, &Type::VARCHAR, out)?;
    field(&track.error_message, &Type::TEXT, out)?;
    field(&track.retry_count, &Type::INT4, out)?;
    field(&track.updated_at, &Type::TIMESTAMPTZ, out)?;
    field(&track.artist, &Type::VARCHAR, out)?;
    field(&track.album, &Type::VARCHAR, out)?;
    field(&track.title, &Type::VARCHAR, out)?;
    field(&track.genre, &Type::VARCHAR, out)?;
    field(&track.year, &Type::INT4, out)?;
    seconds(track.duration_ms, out);
    field(&track.channels, &Type::INT2, out)?;
    field(&track.sample_rate, &Type::INT4, out)?;
    field(&track.bitrate, &Type::INT4, out)?;
    field(&track.format, &Type::VARCHAR, out)?;
    field(&track.audio_gcs_path, &Type::TEXT, out)?;
    field(&track.thumbnail_gcs_path, &Type::TEXT, out)
}

/// Length and value; a length of -1 is NULL.
fn field(value: &(impl ToSql + Sync), r#type: &Type, out: &mut BytesMut) -> Result<(), Refused> {
    let at = out.len();
    out.extend_from_slice(&(-1_i32).to_be_bytes());
    if matches!(value.to_sql(r#type, out)?, tokio_postgres::types::IsNull::No) {
        let length = i32::try_from(out.len() - at - 4)?;
        out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}

/// Milliseconds as numeric(10,3): digits to the base of 10,000, the weight of the first, sign, scale
/// (`numeric_send` in PostgreSQL's numeric.c).
fn seconds(milliseconds: i64, out: &mut BytesMut) {
    let whole = milliseconds / 1_000;
    let digits = [whole / 10_000, whole % 10_000, milliseconds % 1_000 * 10].map(|digit| digit as i16);
    let first = digits.iter().position(|digit| *digit != 0).unwrap_or(3);
    let last = digits.iter().rposition(|digit| *digit != 0).map_or(first, |last| last + 1);
    let weight = if first == 3 { 0 } else { 1 - first as i16 };
    let digits = &digits[first..last];
    out.extend_from_slice(&(8 + 2 * digits.len() as i32).to_be_bytes());
    for number in [digits.len() as i16, weight, 0, 3].iter().chain(digits) {
        out.extend_from_slice(&number.to_be_bytes());
    }
}

/// A thread that makes rows while the connection sends those before them.
pub(super) struct Generator {
    pieces: mpsc::Receiver<Piece>,
    thread: JoinHandle<Sha256>,
}

/// Some rows.
pub(super) struct Piece {
    pub(super) bytes: Bytes,
    /// Rows made so far, those of this piece included.
    pub(super) rows: u64,
}

impl Generator {
    /// Begins to make rows `range`; `digest` has seen the rows before them.
    pub(super) fn start(seed: u64, size: Size, range: Range<u64>, mut digest: Sha256) -> Self {
        let (sender, pieces) = mpsc::channel(PIECES_UNDER_WAY);
        let thread = std::thread::spawn(move || {
            let mut piece = BytesMut::with_capacity(PIECE_BYTES + 4_096);
            for index in range.clone() {
                write_row(&Track::of(seed, index, &size), &mut piece).expect("a row fits its types");
                if piece.len() >= PIECE_BYTES || index + 1 == range.end {
                    digest.update(&piece);
                    let bytes = piece.split().freeze();
                    if sender.blocking_send(Piece { bytes, rows: index + 1 }).is_err() {
                        break;
                    }
                    piece.reserve(PIECE_BYTES + 4_096);
                }
            }
            digest
        });
        Self { pieces, thread }
    }

    /// The next rows; `None` after the last ones.
    pub(super) async fn next(&mut self) -> Option<Piece> {
        self.pieces.recv().await
    }

    /// The digest of all rows so far, once [`Generator::next`] has given the last ones.
    pub(super) fn finish(self) -> Sha256 {
        drop(self.pieces);
        self.thread.join().expect("making rows does not fail")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads numeric's binary form back: the value in thousandths.
    fn thousandths(bytes: &[u8]) -> i64 {
        let numbers: Vec<i16> =
            bytes[4..].chunks(2).map(|pair| i16::from_be_bytes([pair[0], pair[1]])).collect();
        let (count, weight) = (numbers[0], numbers[1]);
        assert_eq!((numbers[2], numbers[3], numbers.len() as i16), (0, 3, 4 + count));
        assert_eq!(i32::from_be_bytes(bytes[..4].try_into().unwrap()), bytes.len() as i32 - 4);
        let place = |at: i16| 10_f64.powi(4 * i32::from(weight - at));
        (numbers[4..].iter().zip(0..).map(|(digit, at)| f64::from(*digit) * place(at)).sum::<f64>() * 1e3)
            .round() as i64
    }

    proptest! {
        #[test]
        fn durations_keep_their_milliseconds(milliseconds in 0_i64..9_999_999_000) {
            let mut out = BytesMut::new();
            seconds(milliseconds, &mut out);
            prop_assert_eq!(thousandths(&out), milliseconds);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_on_every_machine() {
        let checksum = |seed| {
            let mut rows = BytesMut::new();
            copy_rows(CatalogSpec { seed, tracks: 2_000 }, 0..2_000, &mut rows);
            crate::text::sha256(rows)
        };
        // When this changes, the rows have: raise GENERATOR_VERSION.
        assert_eq!(checksum(42), "4b671c07d03bafd79c12bb85f76a62fb26ad4af3679c320f777367d84f833649");
        assert_ne!(checksum(42), checksum(43));
    }
}
