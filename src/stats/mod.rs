//! Statistics: latency histograms, time slices, intervals that respect serial dependence, arrivals, trends, the knee
//! of a load, samples of streams, and random numbers that are the same on every machine.

pub mod arrivals;
pub mod change_points;
pub mod clusters;
pub mod counts;
pub mod detectable;
mod divisive;
pub mod heat;
pub mod histogram;
pub mod interval;
pub mod interval_log;
pub mod knee;
mod levels;
mod normal;
pub mod paired;
pub mod profile;
pub mod proportion;
pub mod random;
pub mod reservoir;
pub mod signed_rank;
pub mod slices;
pub mod spending;
pub mod step_down;
pub mod trend;
pub mod unpaired;

pub use arrivals::{Arrivals, Share, Spacing, exponential};
pub use change_points::{ChangePoint, Detection, change_points};
pub use clusters::{ClusteredShare, clustered_share};
pub use counts::Counts;
pub use detectable::{Design, detectable};
pub use heat::Heat;
pub use histogram::{DecodeError, IntervalHistogram, LatencyHistogram, bucket_end_ns};
pub use interval::{Interval, miss_share_interval, quantile_intervals, wilson};
pub use interval_log::IntervalLog;
pub use knee::{KneeEstimate, KneeSearch, Trial, sustained};
pub use paired::{median, median_interval};
pub use profile::{Piece, Profile};
pub use proportion::{at_most, clopper_pearson};
pub use random::{SEEDS, Zipf, below, stream};
pub use reservoir::{Reservoir, merge_samples};
pub use signed_rank::{Shift, clearest, fewest, shift};
pub use slices::{PackedSlice, Slice, Slices, blocks};
pub use spending::spent;
pub use trend::{Line, MannKendall, mann_kendall, theil_sen};
pub use unpaired::{Ratio, rank_sum_p, ratio, shift_of_groups};
