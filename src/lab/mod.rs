//! The laboratory: the one place that knows the order of steps of a measured run.

mod assemble;
mod event;
mod interrupt;
mod prepare;
mod run;
mod verdict;
mod window;

pub use event::Event;
pub use interrupt::Interrupt;
pub use prepare::{CatalogOptions, LabError, Prepared, prepare};
pub use run::{RunOptions, run};
