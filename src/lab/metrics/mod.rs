//! A run as Prometheus sees it while it goes on: numbers that are replaced about once a second.
//!
//! They come from the events of the run and never hold it up; how they are served is known to `src/monitor`. A metric is
//! added in `live` and `exposition`.

mod exposition;
mod live;
mod publisher;

pub use crate::monitor::Distribution;
pub use live::{Live, LiveConnections, LiveError, LiveOperation};
pub(super) use publisher::Publisher;
