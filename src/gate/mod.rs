//! The gate for CI: policy, the verdict, and how far the verdict can be trusted.
//!
//! A verdict is judged from records and histories alone, whoever made them (`judge`, `nights`); only `aa` measures. Added
//! are keys of the policy (`policy`), and what else is judged by (`judge`).

mod aa;
pub mod false_alarms;
mod judge;
mod latencies;
mod nights;
mod policy;
#[cfg(test)]
mod tests;
pub mod verdict;

pub use aa::aa;
pub use false_alarms::{Comparison, Detectable, FalseAlarms, Rate, Spread};
pub use judge::{CutShort, Evidence, judge};
pub use latencies::latencies;
pub use nights::nights;
pub use policy::Policy;
pub use verdict::{Against, Check, CheckResult, Latency, Outcome, Shift, Verdict};
