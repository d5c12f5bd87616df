//! A run as Prometheus sees it while it goes on: numbers that are replaced about once a second, and an endpoint
//! that serves them.

mod distribution;
mod exposition;
mod live;
mod publisher;
mod server;

pub use distribution::Distribution;
pub use exposition::exposition;
pub use live::{Live, LiveConnections, LiveError, LiveOperation};
pub(super) use publisher::Publisher;
pub use server::{MetricsError, MetricsServer};
