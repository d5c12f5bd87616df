//! Records as text and pictures. Each output is one file.

pub mod comparison;
pub mod csv;
pub mod flags;
pub mod flips;
pub mod grid;
pub mod headline;
pub mod html;
pub mod index;
pub mod latencies;
mod load;
pub mod mark;
pub mod markdown;
pub mod number;
pub mod picture;
pub mod source;
pub mod sweep;
mod table;
pub mod terminal;
pub mod trust;
pub mod varied;
pub mod xml;
