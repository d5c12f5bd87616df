//! The laboratory: the one place that knows the order of steps of a measured run.

mod assemble;
// Not called yet by the steps of a run; this line then says so by a warning, and goes.
#[cfg_attr(not(test), expect(dead_code))]
mod diagnosis;
mod event;
mod interrupt;
pub mod metrics;
mod prepare;
mod run;
mod verdict;
mod window;

pub use event::Event;
pub use interrupt::Interrupt;
pub use prepare::{CatalogOptions, LabError, Prepared, prepare};
pub use run::{RunOptions, run};
