//! The laboratory: the one place that knows the order of steps of a measured run.

mod assemble;
mod block;
mod diagnosis;
mod event;
mod index_trials;
mod interrupt;
mod knee;
pub mod metrics;
mod observer;
mod options;
mod plans;
mod prepare;
mod results;
mod run;
mod setup;
pub mod sweep;
mod verdict;
mod window;

pub use event::Event;
pub use interrupt::Interrupt;
pub use knee::SHORTEST_SEARCH;
pub use options::{LoadOptions, RunOptions};
pub use prepare::{CatalogOptions, LabError, Prepared, prepare};
pub use run::{Run, run};
