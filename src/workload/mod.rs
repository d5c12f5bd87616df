//! Workload files: operations (one MCP tool call each), their transactions, statements and parameters.

pub mod builtin;
pub mod draw;
pub mod error;
pub mod file;
mod lexer;
pub mod model;
mod read;
pub mod slo;
pub mod template;
pub mod value;

pub use draw::Draw;
pub use error::WorkloadError;
pub use model::{End, Envelope, Operation, Parameter, Protocol, Statement, Transaction, Workload};
pub use slo::Slo;
pub use template::Template;
pub use value::Value;
