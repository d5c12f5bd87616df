//! Faults that are planted in a hardened server.

mod database;
mod server;

use database::{CODE, RIGHTS};
use server::{OTHERS, ROLES, SETTINGS};

/// A fault, and what an audit is to say of it.
pub(super) struct Fault {
    /// Commands of the superuser that plant it.
    pub(super) plant: &'static [&'static str],
    /// Commands that take it back, where it is not the database's alone.
    pub(super) undo: &'static [&'static str],
    /// A line of pg_hba.conf that plants it.
    pub(super) hba: Option<&'static str>,
    /// Options of the audit that shows it.
    pub(super) options: &'static str,
    /// The checks that find it, and what it brings along.
    pub(super) ids: &'static [&'static str],
    /// The object that the first of them names.
    pub(super) object: &'static str,
    /// Part of what it saw.
    pub(super) seen: &'static str,
    /// Whether commands alone mend it.
    pub(super) is_mended: bool,
}

const NOTHING: Fault =
    Fault { plant: &[], undo: &[], hba: None, options: "", ids: &[], object: "", seen: "", is_mended: false };

/// A fault of a database, which commands alone mend.
const fn mended(
    ids: &'static [&'static str],
    object: &'static str,
    seen: &'static str,
    plant: &'static [&'static str],
) -> Fault {
    Fault { ids, object, seen, plant, is_mended: true, ..NOTHING }
}

/// A fault of a database, which people must mend.
const fn by_hand(
    ids: &'static [&'static str],
    object: &'static str,
    seen: &'static str,
    plant: &'static [&'static str],
) -> Fault {
    Fault { ids, object, seen, plant, ..NOTHING }
}

/// A fault of the whole server, which commands alone mend.
const fn of_server(
    ids: &'static [&'static str],
    object: &'static str,
    seen: &'static str,
    plant: &'static [&'static str],
    undo: &'static [&'static str],
) -> Fault {
    Fault { ids, object, seen, plant, undo, is_mended: true, ..NOTHING }
}

pub(super) const FAULTS: [&[Fault]; 5] = [RIGHTS, CODE, ROLES, SETTINGS, OTHERS];
