//! Care with a database that others use: what is read and never changed, what is removed and what is not, and when the
//! load stops.

mod brake;
mod existing;
mod removal;

use crate::common::{Answer, Bench, KeptServer};

/// A new database of the server's own role.
pub(crate) fn database(server: &KeptServer, name: &str) -> String {
    server.sql(&format!("CREATE DATABASE {name}"));
    server.address_of("loist", name)
}

fn run(bench: &Bench, url: &str, code: i32, arguments: &str) -> Answer {
    let output = bench.command(arguments).env("DATABASE_URL", url).output().unwrap();
    Answer::of(output, code, arguments)
}
