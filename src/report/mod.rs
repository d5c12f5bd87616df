//! Records as text and pictures. Each output is one file.

pub mod curve;
pub mod number;
pub mod terminal;
