//! Statistics: latency histograms, time slices, intervals that respect serial
//! dependence, arrivals by a rate over time, and random numbers that are the same on every machine.
//! dependence, trends, and random numbers that are the same on every machine.
//! dependence, random numbers that are the same on every machine, and the search for a knee.

pub mod arrivals;
pub mod histogram;
pub mod interval;
pub mod interval_log;
pub mod profile;
pub mod knee;
pub mod random;
pub mod slices;
pub mod trend;

pub use arrivals::{Arrivals, Share, Spacing};
pub use histogram::{DecodeError, IntervalHistogram, LatencyHistogram};
pub use interval::{Interval, miss_share_interval, quantile_intervals, wilson};
pub use interval_log::IntervalLog;
pub use profile::{Piece, Profile};
pub use knee::{KneeEstimate, KneeSearch, Trial, sustained};
pub use random::{Zipf, below, stream};
pub use slices::{Slice, Slices};
pub use trend::{Line, MannKendall, mann_kendall, theil_sen};
