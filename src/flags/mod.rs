//! PostgreSQL settings and the platforms that take them: typed values with units, what each setting may be, machines,
//! profiles; reading, checking and writing lists of settings in the forms that people use.

pub mod budget;
pub mod catalog;
pub mod check;
pub mod cloud;
pub mod costs;
pub mod document;
pub mod error;
pub mod form;
pub mod instance;
mod list;
pub mod machine;
pub mod place;
pub mod profile;
pub mod read;
pub mod render;
pub mod secret;
pub mod setting;
pub mod space;
pub mod unit;
pub mod value;

pub use budget::MemoryBudget;
pub use document::{Document, Written};
pub use error::FlagsError;
pub use form::Form;
pub use machine::{Machine, Platform};
pub use profile::Profile;
pub use setting::{Quantity, Setting};
