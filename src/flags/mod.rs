//! PostgreSQL settings and the platforms that take them: typed values with units, what each setting may be, machines,
//! profiles; reading, checking and writing lists of settings in the forms that people use.
//!
//! Text in, text out: no server is asked, and no file is read. A setting, a tier or a profile is added as a row
//! (`src/flags/data`), a form as a file (`read`, `render`).

mod budget;
pub mod catalog;
pub mod check;
pub mod cloud;
pub mod costs;
mod document;
mod error;
mod form;
pub mod instance;
mod list;
mod machine;
mod meant;
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

/// Names with their values, for tests.
#[cfg(test)]
fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
