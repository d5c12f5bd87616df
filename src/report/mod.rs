//! Records as text and pictures. Each output is one file.

pub mod csv;
pub mod curve;
pub mod number;
pub mod terminal;
