//! Who is let in, and by what: the lines of pg_hba.conf, and how passwords are stored. Only few may read these, and the
//! others are not sent to be refused, which would stand in the server's log as an error.

use super::{Part, reader::Reader};
use crate::observe::ObserveError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A line of pg_hba.conf. Its options are not read: they may hold the password of a directory server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HbaLine {
    /// Number of the line, from 1.
    pub line: u32,
    /// local, host, hostssl, hostnossl, hostgssenc or hostnogssenc.
    pub kind: String,
    /// Databases.
    pub databases: Vec<String>,
    /// Roles.
    pub users: Vec<String>,
    /// Address, `all`, or the name of a host; none of a socket.
    pub address: Option<String>,
    /// Network mask of an address.
    pub netmask: Option<String>,
    /// How a client shows who it is.
    pub method: String,
}

/// A role's password, by the way in which it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Password {
    /// The role.
    pub role: String,
    /// How it is stored.
    pub stored_as: StoredAs,
}

/// How a password is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoredAs {
    /// A hash by MD5.
    Md5,
    /// A verifier of SCRAM-SHA-256.
    Scram,
    /// Something else.
    Other,
}

/// What the session's role may read.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct MayRead {
    hba: bool,
    passwords: bool,
}

const MAY_READ: &str = "SELECT has_table_privilege('pg_catalog.pg_hba_file_rules', 'SELECT')
        AND has_function_privilege('pg_catalog.pg_hba_file_rules()', 'EXECUTE') AS hba,
    has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS passwords";

/// In the order in which they are tried: from PostgreSQL 16 on, lines of several files have numbers of their own for that.
const HBA: &str = "SELECT line_number AS line, type AS kind, database AS databases, user_name AS users,
    address, netmask, auth_method AS method
    FROM pg_hba_file_rules r ORDER BY (to_jsonb(r)->>'rule_number')::int, line_number";
/// Lines that the server does not understand: then it takes none of the file.
const BROKEN_HBA: &str =
    "SELECT line_number AS line FROM pg_hba_file_rules WHERE error IS NOT NULL ORDER BY 1";

#[derive(Debug, Deserialize)]
struct BrokenLine {
    line: u32,
}

/// The hash itself stays where it is.
const PASSWORDS: &str = "SELECT rolname AS role,
    CASE WHEN rolpassword ~ '^md5[0-9a-f]{32}$' THEN 'md5'
         WHEN rolpassword LIKE 'SCRAM-SHA-256$%' THEN 'scram' ELSE 'other' END AS stored_as
    FROM pg_authid WHERE rolpassword IS NOT NULL ORDER BY rolname";

pub(super) async fn may_read(reader: &Reader<'_>) -> Result<MayRead, ObserveError> {
    reader.row("own rights", MAY_READ).await
}

pub(super) async fn hba(reader: &Reader<'_>, may: &MayRead) -> Result<Part<Vec<HbaLine>>, ObserveError> {
    if !may.hba {
        return Ok(not_for_this_role("pg_hba_file_rules"));
    }
    Ok(match reader.rows::<BrokenLine>(BROKEN_HBA).await? {
        Part::Read(broken) if broken.is_empty() => reader.rows(HBA).await?,
        Part::Read(broken) => Part::Unread(format!(
            "pg_hba.conf has a mistake in line {}, so the server goes by what it read before, which it does not show",
            broken[0].line
        )),
        Part::Unread(reason) => Part::Unread(reason),
    })
}

pub(super) async fn passwords(
    reader: &Reader<'_>,
    may: &MayRead,
) -> Result<Part<Vec<Password>>, ObserveError> {
    if may.passwords { reader.rows(PASSWORDS).await } else { Ok(not_for_this_role("pg_authid")) }
}

fn not_for_this_role<T>(what: &str) -> Part<T> {
    Part::Unread(format!("the session's role may not read {what}"))
}
