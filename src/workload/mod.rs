//! Workload files: operations (one MCP tool call each), their transactions, statements and parameters; how often
//! they are called over time, and what is tried again.
//!
//! They are read without a server; what one makes of their statements is found out when they are bound
//! (`src/engine/bind.rs`). A workload is added as one file in `workloads` and its name in `builtin`.

pub mod builtin;
pub mod draw;
mod error;
pub mod file;
mod lexer;
pub mod model;
mod read;
mod retry;
mod slo;
mod stage;
pub mod template;
mod value;

pub use draw::Draw;
pub use error::WorkloadError;
pub use model::{ALL, End, Envelope, Operation, Parameter, Protocol, Statement, Transaction, Workload};
pub use retry::{Retry, RetryOn};
pub use slo::Slo;
pub use stage::{HIGHEST_RATE, LONGEST, Shape, Stage, parse_stages};
pub use template::Template;
pub use value::Value;
