//! A drill: a backup is made, restored into a server of this program's own, and held against what was backed up. A backup
//! that was never restored is not one.
//!
//! Somebody's database is only read, and never restored into. Added are checks (`checks`), methods (made beside `dump`,
//! `physical` and `pitr`, restored in `restore`) and ciphers (`cipher`).

mod checks;
mod cipher;
mod contents;
mod context;
mod definitions;
mod dump;
mod error;
mod files;
mod growth;
mod kept;
mod manifest;
mod options;
mod physical;
mod pitr;
mod prove;
mod restore;
mod result;
mod run;
mod source;
mod space;
mod tool;
mod traffic;

pub use contents::{Contents, SequenceState, TableContents};
pub use definitions::Definition;
pub use error::DrillError;
pub use manifest::{BackupFile, Changed, Manifest, PointInTime, SourceFacts, manifest_schema};
pub use options::{Cipher, DrillOptions, Encryption, Method, Until};
pub use result::{
    BackedUp, BackupDrill, Check, Drill, FORMAT, Growth, Measured, Outcome, Part, Projected, Range,
    RecoveryPoint, Sizes, VERSION, schema,
};
pub use run::drill;
