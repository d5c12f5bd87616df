//! Records as text and pictures. Each output is one file.

pub mod amount;
pub mod annotations;
pub mod audit;
pub mod capacity;
pub mod comparison;
pub mod csv;
pub mod drill;
pub mod effects;
pub mod false_alarms;
#[cfg(test)]
mod fixture;
pub mod flags;
pub mod flips;
pub mod gate;
pub mod grid;
pub mod headline;
pub mod html;
pub mod index;
pub mod inventory;
pub mod junit;
pub mod latencies;
mod load;
pub mod mark;
pub mod markdown;
mod neighbours;
pub mod picture;
mod session;
pub mod shards;
pub mod source;
pub mod study;
pub mod sweep;
mod table;
pub mod terminal;
pub mod trust;
pub mod varied;
pub mod xml;
