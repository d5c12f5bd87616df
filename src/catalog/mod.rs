//! The synthetic music library: rows that are a pure function of seed and index, loading them, and drawing from
//! them what a caller asks for; and the ledger of what was made, by which it is found again and removed.
//!
//! A library that was there before is read and never changed (`existing`). Changed here is what is in the library of our
//! own; with its rows changes [`GENERATOR_VERSION`].

mod artist;
mod copy;
mod edge;
mod ensure;
mod error;
mod existing;
mod indexes;
mod inventory;
mod ledger;
mod library;
mod load;
mod marks;
mod membership;
mod query;
mod size;
mod track;
mod vocabulary;

pub use copy::copy_rows;
pub use ensure::{Ensured, Hold, ensure};
pub use error::CatalogError;
pub use existing::sample_existing;
pub use inventory::{Inventory, Made, inventory_schema, list, remove};
pub use ledger::mark_modified;
pub use library::Library;
pub use marks::{Mark, RunKey, Seen};
pub use membership::{Membership, SHARD_SESSION};
pub use track::Track;

/// Version of the generator: rows of different versions are not comparable.
pub const GENERATOR_VERSION: u32 = 1;
/// The largest library.
pub const MOST_TRACKS: u64 = 100_000_000;

/// The table, in the schema of loist-bench's own.
const TABLE: &str = "loist_bench.audio_tracks";

/// What a library is made from: the same in, the same out, on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogSpec {
    /// Seed of every row.
    pub seed: u64,
    /// Number of rows, 1 to [`MOST_TRACKS`].
    pub tracks: u64,
}

/// State of the tables when the load begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Vacuumed, analysed, nothing pending, checkpointed.
    Vacuumed,
    /// As a bulk load leaves them: no statistics, GIN entries pending, autovacuum off so that it stays so.
    Fresh,
}

impl State {
    /// As a record writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Vacuumed => "vacuumed",
            Self::Fresh => "fresh",
        }
    }
}

/// Connections that making a library opens at a time, at most: those that build indexes, and the one that leads them.
#[must_use]
pub fn most_connections() -> usize {
    indexes::builders() + 1
}

/// Purposes of random streams; each has numbers of its own.
mod domain {
    pub(super) const ID: u64 = 1;
    pub(super) const TRACK: u64 = 2;
    pub(super) const ARTIST: u64 = 3;
    pub(super) const ALBUM: u64 = 4;
}
