//! Workload files: operations (one MCP tool call each), their transactions, statements and parameters; how often
//! they are called over time, and what is tried again.

pub mod builtin;
pub mod draw;
pub mod error;
pub mod file;
mod lexer;
pub mod model;
mod read;
pub mod retry;
pub mod slo;
pub mod stage;
pub mod template;
pub mod value;

pub use draw::Draw;
pub use error::WorkloadError;
pub use model::{ALL, End, Envelope, Operation, Parameter, Protocol, Statement, Transaction, Workload};
pub use retry::{Retry, RetryOn};
pub use slo::Slo;
pub use stage::{HIGHEST_RATE, LONGEST, Shape, Stage, parse_stages};
pub use template::Template;
pub use value::Value;
