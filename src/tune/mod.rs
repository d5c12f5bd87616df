//! The tuner: from a workload and a server to settings that are measurably better, or to the answer that there are none.
//!
//! What the server does as it is is looked at closely; challengers that the advisor, the defaults, a formula and a search
//! propose are measured against the best so far, block by block in turns; what does nothing is taken out of the best; and
//! what is left is confirmed with other seeds. Every embedded server begins as a copy of one that was seeded once.
//!
//! What decides knows no servers: how they are measured is a trait away (`measurer`), and tests measure one that is made up.
//! Added are ways to propose settings (`proposals`) and to search (`search`, `sampler`).

mod answer;
mod begun;
mod bench;
mod candidate;
mod confirm;
mod duel;
mod error;
mod explore;
mod field;
mod formula;
mod journal;
mod length;
mod measurer;
mod objective;
mod options;
mod outline;
mod proposals;
mod sampler;
mod search;
mod servers;
mod shrink;
mod space;
pub mod study;
#[cfg(test)]
mod synthetic;
#[cfg(test)]
mod tests;
mod trial;
mod tuner;

pub use begun::Begun;
pub use candidate::Candidate;
pub use error::TuneError;
pub use field::{Field, NOT_ASKED, room};
pub use formula::formula;
pub use journal::{Journal, NAME as JOURNAL};
pub use objective::Objective;
pub use options::TuneOptions;
pub use sampler::{Anywhere, Parzen, Sampler};
pub use search::Search;
pub use study::{Change, Effect, NotTried, Outcome, Study, Tried};
pub use trial::{Purpose, Trial, TrialBlock};
pub use tuner::tune;
