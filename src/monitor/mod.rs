//! Watches a server for as long as it is asked to, and serves what it sees as metrics for Prometheus.
//!
//! One session looks on; it cannot write, and nothing of anybody's data gets into a metric. A part of a collection that
//! cannot be read costs no other (`board`). Added are metrics, a row each (`metrics`), with the alert or the panel that
//! shows them (in the directory `monitoring`).

mod activity;
mod backups;
mod board;
mod canary;
mod collector;
mod counters;
mod distribution;
mod durability;
mod exposition;
mod log;
mod machine;
mod metric;
mod metrics;
mod options;
mod page;
mod question;
mod server;
mod session;
mod shape;
mod statements;
mod storage;
mod watch;

pub use backups::BackupSource;
pub use distribution::Distribution;
pub use exposition::{counter, encoded, histogram};
pub use log::LogSource;
pub use metric::{Kind, Metric, PREFIX, Unit};
pub use metrics::METRICS;
pub use options::ObserveOptions;
pub use server::{Exposed, MetricsError, MetricsServer};
pub use watch::{collect_once, watch};
