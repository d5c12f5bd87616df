//! The gate for CI: policy, the verdict, and how far the verdict can be trusted.

mod aa;
pub mod false_alarms;
mod judge;
mod nights;
pub mod policy;
mod say;
#[cfg(test)]
mod tests;
pub mod verdict;

pub use aa::aa;
pub use false_alarms::{Comparison, Detectable, FalseAlarms, Rate, Spread};
pub use judge::{CutShort, Evidence, judge};
pub use nights::nights;
pub use policy::Policy;
pub use verdict::{Against, Check, CheckResult, Outcome, Shift, Verdict};
