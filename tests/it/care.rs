//! Care with a database that others use: what is read and never changed, what is removed and what is not, and when the
//! load stops.

mod brake;
mod existing;
mod removal;

use crate::common::{Answer, Bench, KeptServer};

/// The address of another database of the server, for another role.
pub(crate) fn address(server: &KeptServer, role: &str, database: &str) -> String {
    let (scheme, rest) = server.url.split_once("://").unwrap();
    let (_, host) = rest.rsplit_once('@').unwrap();
    let (host, _) = host.rsplit_once('/').unwrap();
    format!("{scheme}://{role}@{host}/{database}")
}

/// A new database of the server's own role.
pub(crate) fn database(server: &KeptServer, name: &str) -> String {
    server.sql(&format!("CREATE DATABASE {name}"));
    address(server, "loist", name)
}

fn run(bench: &Bench, url: &str, code: i32, arguments: &str) -> Answer {
    let output = bench.command(arguments).env("DATABASE_URL", url).output().unwrap();
    Answer::of(output, code, arguments)
}
