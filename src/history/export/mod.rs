//! Nights in the forms that other programs read. Each form is one file.
//!
//! Text comes out, and others write it. A form is added as a file with one function, and its beginning in `is_ours`, or it
//! could not be written a second time.

mod bencher;
pub(super) mod csv;
mod hyperfine;
mod jsonl;

pub use bencher::bencher;
pub use csv::csv;
pub use hyperfine::hyperfine;
pub use jsonl::jsonl;

use super::{ALL, BASELINE_FORMAT, FORMAT, Night};

/// What a benchmark is called where it stands among those of other programs: `loist-bench mcp-mix get_track`.
fn benchmark(night: &Night, operation: Option<&str>) -> String {
    format!("{PROGRAM} {} {}", night.kind.workload, operation.unwrap_or(ALL))
}

const PROGRAM: &str = "loist-bench";

/// Whether a file that begins so is a history, or was exported from one.
#[must_use]
pub fn is_ours(beginning: &str) -> bool {
    let packed: String = beginning.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let lines = [FORMAT, BASELINE_FORMAT].map(|format| format!("{{\"format\":\"{format}\""));
    let documents = [format!("{{\"results\":[{{\"command\":\"{PROGRAM}"), format!("{{\"{PROGRAM}")];
    lines.iter().chain(&documents).any(|mark| packed.starts_with(mark.as_str())) || csv::is_ours(beginning)
}

/// Least, middle and greatest of some values; `None` of none.
fn spread(values: &[f64]) -> Option<[f64; 3]> {
    let median = crate::stats::median(values)?;
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    Some([least, median, values.iter().copied().fold(f64::NEG_INFINITY, f64::max)])
}
