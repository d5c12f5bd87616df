//! What was measured, judged and found, as text, tables, pages and pictures: records, comparisons, verdicts, A/A
//! measurements, studies, audits, drills, answers on capacity, settings, inventories.
//!
//! An output is one file or directory (`terminal`, `csv`, `markdown`, `html`, `picture`, `audit`); what several say alike
//! stands beside them (`headline`, `trust`, `grid`). Nothing is measured, judged or read from disk here: text comes out, and
//! others write it. Added are outputs, and sections of the page (`html`, `templates/report`).

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
mod saving;
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
