//! The laboratory: the one place that knows the order of the steps of whatever is measured: runs, nights of them, duets,
//! sweeps, searches for the knee, shards of a run. So it is for the look of an audit, and for the inventory of what was
//! made.
//!
//! What a step does belongs to the floors below. Nothing is printed: steps are told as events (`event`), and what they came
//! to is returned. Added are steps, and causes for doubt (`diagnosis`).

mod assemble;
mod block;
mod brake;
mod canary;
mod care;
pub(crate) mod conclusion;
mod condition;
mod diagnosis;
mod duet;
mod event;
mod index_trials;
mod interrupt;
mod inventory;
mod knee;
mod load_record;
mod looks;
pub mod metrics;
mod observer;
mod open;
mod options;
mod plans;
mod prepare;
mod prepare_shard;
mod repeat;
pub(crate) mod results;
mod run;
mod security;
mod settle;
mod setup;
mod shards;
mod side;
pub mod sweep;
mod verdict;
mod window;

pub use care::Care;
pub use condition::{Condition, Figure, Limit, parse_conditions};
pub use duet::{Keep, duet};
pub use event::Event;
pub use interrupt::Interrupt;
pub use inventory::inventory;
pub use knee::SHORTEST_SEARCH;
pub use looks::{Look, Plan};
pub use open::open_to_look;
pub use options::{LoadOptions, Looks, RunOptions};
pub use prepare::{CatalogOptions, LabError, Prepared, prepare};
pub use repeat::repeat;
pub(crate) use run::interval_log;
pub use run::{Run, run, run_shard};
pub use security::{SecurityOptions, look};
pub use settle::part_of_capacity;
pub use shards::{ShardError, ShardOptions, Start};
pub(crate) use shards::{apart_us, listed};
pub(crate) use side::quietly;
pub use side::{DuetOptions, Side, Until};
