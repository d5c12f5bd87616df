//! Statistics. What is kept of latencies: histograms, time slices, samples of streams. How sure a number is: intervals that
//! respect serial dependence, shares of a whole. Tests and comparisons: of pairs (`signed_rank`) and of samples that are not
//! paired (`unpaired`), of many at once (`step_down`), with variances that borrow from one another (`moderated`), at several
//! looks (`spending`), and what they could have found (`detectable`). Series: change points, trends. Load: arrivals, the
//! knee, growth with size. And random numbers that are the same on every machine.
//!
//! Pure: numbers in, numbers out; no clock, no file, no chance without a seed. A statistic is added as a small file of
//! arithmetic with property tests, and with its source where it is somebody's.

mod arrivals;
pub mod change_points;
mod clusters;
mod counts;
mod deal;
pub mod detectable;
pub mod deviation;
mod divisive;
mod growth;
mod heat;
mod histogram;
mod interval;
mod interval_log;
mod knee;
mod levels;
pub mod moderated;
mod normal;
mod paired;
mod profile;
mod proportion;
mod random;
mod reservoir;
mod signed_rank;
mod slices;
mod spending;
pub mod step_down;
mod student;
mod trend;
mod unpaired;

pub use arrivals::{Arrivals, Share, Spacing, exponential};
pub use change_points::{ChangePoint, Detection, change_points};
pub use clusters::{ClusteredShare, clustered_share};
pub use counts::Counts;
pub use deal::{Deal, Dealt, Part};
pub use detectable::{Design, detectable};
pub use deviation::deviation;
pub use growth::{Group, Growth, Law, Range, pure_error};
pub use heat::Heat;
pub use histogram::{DecodeError, IntervalHistogram, LatencyHistogram, bucket_end_ns};
pub use interval::{Interval, miss_share_interval, quantile_intervals, wilson};
pub use interval_log::IntervalLog;
pub use knee::{KneeEstimate, KneeSearch, Trial, sustained};
pub use moderated::{Variance, moderated};
pub use paired::{median, median_interval};
pub use profile::{Piece, Profile};
pub use proportion::{at_most, clopper_pearson};
pub use random::{SEEDS, Zipf, below, shuffle, stream};
pub use reservoir::{Reservoir, merge_samples};
pub use signed_rank::{Shift, clearest, fewest, shift};
pub use slices::{PackedSlice, Slice, Slices, blocks};
pub use spending::spent;
pub use student::t_beyond;
pub use trend::{Line, MannKendall, mann_kendall, theil_sen};
pub use unpaired::{Ratio, rank_sum_p, ratio, shift_of_groups};
