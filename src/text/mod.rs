//! Text as others take it: numbers, counts and spans of time for people, names and constants for SQL, parts of addresses,
//! digests as digits, small files with their lines.
//!
//! What is here is used everywhere and knows nothing of the product. Add what a second module needs, and nothing else.

mod address;
pub mod conf;
mod count;
mod digest;
mod file;
mod line;
mod mistake;
mod nearest;
mod number;
mod proc;
mod span;
pub mod sql;

pub use address::percent_encoded;
pub use count::{counted, first_of, grouped};
pub use digest::{hex, sha256, short_digest};
pub use file::{FileError, from_toml, read_file, told, toml_date};
pub use line::line_of;
pub use mistake::{json_mistake, toml_mistake, what_is_known};
pub use nearest::nearest;
pub use number::{bytes, milliseconds, percent, percentile, three_digits, without_idle_zeros};
pub use proc::proc_bytes;
pub use span::span;
