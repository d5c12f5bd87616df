//! PostgreSQL settings and the platforms that take them: typed values with units, what each setting may be, machines,
//! profiles; reading, checking and writing lists of settings in the forms that people use.

pub mod catalog;
pub mod error;
pub mod machine;
pub mod profile;
pub mod setting;
pub mod unit;
pub mod value;

pub use error::FlagsError;
pub use machine::{Machine, Platform};
pub use setting::{Quantity, Setting};
