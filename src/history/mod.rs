//! The history: what nightly runs measured, a line a night, in files that are only ever appended to.
//!
//! A history is a directory of JSON Lines, one file a UTC month (`2026-11.jsonl`). Every line stands for itself: what
//! is torn, foreign or too new loses that line alone, and is told. Fields are added, never renamed or given another
//! meaning, within one [`VERSION`]. An export is added in `export`.

mod baseline;
mod blocks;
mod error;
pub mod export;
mod file;
mod import;
pub mod kind;
mod line;
mod night;
mod prune;
mod read;
mod store;
#[cfg(test)]
mod tests;

pub use baseline::Baseline;
pub use blocks::Blocks;
pub use error::HistoryError;
pub use export::is_ours;
pub use import::{Imported, import};
pub use kind::Kind;
pub use line::{Line, schema};
pub use night::{Night, Operation, check_revision, is_disturbed, why_disturbed};
pub use prune::Keep;
pub use read::{History, Point, Warning};
pub use store::{Store, Taken};

/// What `format` says in the line of a night.
pub const FORMAT: &str = "loist-bench/history";
/// What `format` says in the line of a baseline.
pub const BASELINE_FORMAT: &str = "loist-bench/baseline";
/// Version of the lines that this program writes.
pub const VERSION: u32 = 1;
/// How all operations together are called where an operation's name stands; no operation can have that name.
pub const ALL: &str = "(all)";
