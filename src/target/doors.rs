//! Doors to the readers of this floor, for tests that give them any text. The program itself never comes in here.

use super::{
    dotenv,
    login::{Parameters, password, service_parameters},
    settings,
};
use std::collections::BTreeMap;

/// What a connection string says, by keyword.
///
/// # Errors
/// When it is none; never with a value that stands in it.
pub fn connection(text: &str) -> Result<BTreeMap<&'static str, String>, String> {
    Parameters::parse(text).map(Parameters::into_values)
}

/// The password that a password file has for a user of a database on a server.
#[must_use]
pub fn password_in(text: &str, host: &str, port: u16, database: &str, user: &str) -> Option<String> {
    password(text, host, port, database, user)
}

/// What a service file says under `[service]`, keyword by keyword; `None` where it has no such service.
///
/// # Errors
/// With the line that cannot be read.
pub fn service<'a>(text: &'a str, service: &str) -> Result<Option<Vec<(&'a str, &'a str)>>, String> {
    service_parameters(text, service)
}

/// The variables of a `.env` file that name a database.
///
/// # Errors
/// With the number of the line that cannot be read, and why.
pub fn variables(text: &str) -> Result<BTreeMap<&'static str, String>, (usize, &'static str)> {
    dotenv::parse(text, &settings::VARIABLES).map_err(|bad| (bad.line, bad.reason))
}
