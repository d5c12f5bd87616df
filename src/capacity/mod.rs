//! Capacity: how latency, size and processor time grow with the number of tracks, where the objective is in danger, which
//! tier bears the growth, and what it costs.
//!
//! Measuring ([`measure`]) makes records and nothing else; [`analyse`] answers from records alone, whoever made them. Prices
//! are data and are renewed there (`src/capacity/data`); a law of growth is added below (`src/stats/growth`).

mod ahead;
mod alike;
mod analyse;
pub mod answer;
pub mod check;
mod connections;
pub mod cost;
mod error;
#[cfg(test)]
pub(crate) mod fixture;
pub mod growth;
mod measure;
mod prices;
mod question;
mod reach;
mod reading;
mod respond;
mod rows;
mod say;
mod series;
mod steps;
pub mod tier;
mod tracks;

pub use analyse::analyse;
pub use answer::{Capacity, FORMAT, Outcome, VERSION, schema};
pub use error::CapacityError;
pub use measure::{MeasureOptions, measure};
pub use prices::{Price, Prices, SharedTier};
pub use question::Question;
pub use tracks::{parse_tracks, short_tracks};
