//! Text as others take it: numbers and counts for people, names and constants for SQL, digests as digits, small files with
//! their lines.
//!
//! What is here is used everywhere and knows nothing of the product. Add what a second module needs, and nothing else.

pub mod conf;
mod count;
mod digest;
mod file;
mod line;
mod number;
mod proc;
pub mod sql;

pub use count::{counted, grouped};
pub use digest::{hex, sha256};
pub use file::{FileError, from_toml, read_file};
pub use line::line_of;
pub use number::{bytes, milliseconds, percent, three_digits, without_idle_zeros};
pub use proc::proc_bytes;
