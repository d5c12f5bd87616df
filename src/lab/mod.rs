//! The laboratory: the one place that knows the order of steps of a measured run.

mod assemble;
mod block;
mod diagnosis;
mod duet;
mod event;
mod index_trials;
mod interrupt;
mod knee;
mod looks;
pub mod metrics;
mod observer;
mod options;
mod plans;
mod prepare;
mod repeat;
mod results;
mod run;
mod security;
mod settle;
mod setup;
mod side;
pub mod sweep;
mod verdict;
mod window;

pub use duet::{Keep, duet};
pub use event::Event;
pub use interrupt::Interrupt;
pub use knee::SHORTEST_SEARCH;
pub use looks::{Look, Plan};
pub use options::{LoadOptions, Looks, RunOptions};
pub use prepare::{CatalogOptions, LabError, Prepared, prepare};
pub use repeat::repeat;
pub use run::{Run, run};
pub use security::{SecurityOptions, look};
pub use settle::part_of_capacity;
pub use side::{DuetOptions, Side, Until};
