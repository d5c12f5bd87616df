//! How a session is opened: what a connection string says, where the rest comes from, TLS, several hosts. As libpq does it,
//! so that what works for other programs works here.
//!
//! No message holds a password, or a piece of what may be one. A parameter of libpq's is added in `keywords`, and where it
//! acts.

mod attributes;
mod certificate;
mod error;
mod host;
mod keywords;
mod libpq;
mod open;
mod pairs;
mod parameters;
mod passfile;
mod private_key;
mod route;
mod service;
mod ssl_mode;
mod stream;
mod surroundings;
#[cfg(test)]
mod tests;
mod tls;
mod url;
mod verifier;

pub use error::OpenError;
pub use libpq::Libpq;
pub use open::Opened;
pub use route::Route;

pub(super) use parameters::Parameters;
pub(super) use passfile::password;
pub(super) use route::Wishes;
pub(super) use service::parameters as service_parameters;
pub(super) use surroundings::Surroundings;
