//! Where the response times lay through the window: a picture's worth of counts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Response times by slice and class, all operations together.
///
/// There are ten classes to a decade, from that of the shortest response time of the window to that of the longest. What
/// ended after the window is not in here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HeatMap {
    /// Bounds of the classes in microseconds, ascending, one more than there are classes: class `i` holds what is above
    /// `bounds_us[i]` and at most `bounds_us[i + 1]`, to the histograms' three digits. A first bound of 0 stands before
    /// a class that is not bounded below.
    pub bounds_us: Vec<f64>,
    /// `counts[slice][class]`: calls answered in the slice.
    pub counts: Vec<Vec<u64>>,
}
