//! A run as Prometheus sees it while it goes on: numbers that are replaced about once a second.

mod exposition;
mod live;
mod publisher;

pub use crate::monitor::Distribution;
pub use live::{Live, LiveConnections, LiveError, LiveOperation};
pub(super) use publisher::Publisher;
