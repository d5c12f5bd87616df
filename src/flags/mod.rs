//! PostgreSQL settings: typed values with units.

pub mod setting;

pub use setting::{Quantity, Setting};
