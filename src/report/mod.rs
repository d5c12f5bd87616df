//! Records as text and pictures. Each output is one file.

pub mod csv;
pub mod curve;
pub mod flags;
pub mod flips;
mod load;
pub mod number;
pub mod sweep;
mod table;
pub mod terminal;
