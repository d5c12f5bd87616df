//! What may be changed on a server: the space of the search, what is left out of it, and why. Pure.

use super::{Candidate, study::NotTried};
use crate::{
    advise::{promised_memory, room_for_work_mem},
    flags::{
        Setting, catalog,
        space::{self, Room, Row, Scale, Tunable},
    },
    record::{Record, ServerKind},
};

/// What may be changed on the server that a record is of.
#[derive(Debug, Clone)]
pub struct Field {
    /// What the machine has.
    pub room: Room,
    /// Settings that may be changed; empty for all of the space.
    pub only: Vec<String>,
    /// Whether what a crash may lose is among them.
    pub durability: bool,
    /// Whether only what a session may set for itself is.
    pub session_alone: bool,
    /// Whether the sessions are a superuser's, who may set more.
    pub superuser: bool,
}

/// Why a setting was not tried that was not among those that were asked for.
pub const NOT_ASKED: &str = "only others were asked for";

/// Settings that count in the memory that is promised.
const PROMISES: [&str; 4] = ["shared_buffers", "work_mem", "hash_mem_multiplier", "maintenance_work_mem"];

impl Field {
    /// Whether a setting may be changed, or why it may not.
    ///
    /// # Errors
    /// The reason.
    fn may_change(&self, name: &str, context: &str) -> Result<&'static Row, String> {
        let row = space::find(name).ok_or("it is not among what a tuner changes")?;
        let is_named = self.only.iter().any(|only| only.eq_ignore_ascii_case(name));
        if !self.only.is_empty() && !is_named {
            return Err(NOT_ASKED.to_owned());
        }
        if row.scale == Scale::No {
            return Err(row.note.to_owned());
        }
        if row.durability && !self.durability {
            return Err(format!("{}; --include-durability tries it", row.note));
        }
        self.can_set(context).map(|()| row)
    }

    /// Whether settings of this context can be tried there.
    ///
    /// # Errors
    /// Why not.
    pub fn can_set(&self, context: &str) -> Result<(), String> {
        let is_free = context == "user" || (context == "superuser" && self.superuser);
        if is_free || !self.session_alone {
            return Ok(());
        }
        let needs = match context {
            "superuser" => "a superuser's sessions, and these are not",
            "postmaster" => "a restart, which a database that is there already is spared",
            _ => "a change of the server's configuration, which a database that is there already is spared",
        };
        Err(format!("it needs {needs}"))
    }

    /// Whether a setting of the server may be changed.
    #[must_use]
    pub fn has(&self, record: &Record, name: &str) -> bool {
        let context = record.evidence.setting(name).map(|setting| setting.context.as_str());
        context.is_some_and(|context| self.may_change(name, context).is_ok())
    }

    /// Settings that can be tried between values, with what they can be.
    #[must_use]
    pub fn tunables(&self, record: &Record) -> Vec<Tunable> {
        let rows = space::all().iter().filter(|row| self.has(record, row.name));
        rows.filter_map(|row| row.on(&self.room)).collect()
    }

    /// What is left out of the space, and why.
    #[must_use]
    pub fn not_tried(&self, record: &Record) -> Vec<NotTried> {
        let why = |row: &Row| {
            let setting = record.evidence.setting(row.name)?;
            let why = self.may_change(row.name, &setting.context).err()?;
            // What is at its default and could only go back there is no loss.
            let is_there = row.scale == Scale::Back && is_default(setting);
            (!is_there).then(|| NotTried { name: row.name.to_owned(), why })
        };
        space::all().iter().filter_map(why).collect()
    }

    /// Whether the machine has the memory that settings promise, if that is known; where it is promised more than once
    /// already, no more of it.
    ///
    /// # Errors
    /// Why not.
    pub fn fits(&self, start: &Record, settings: &Candidate) -> Result<(), String> {
        if !PROMISES.iter().any(|name| settings.value(name).is_some()) {
            return Ok(());
        }
        let Some((before, memory)) = promised_memory(start) else { return Ok(()) };
        match promised_memory(&with(start, settings)) {
            Some((promised, _)) if promised > memory.max(before) => {
                Err("it promises more memory than there is, when everybody takes what he may".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// The record as if the server had these settings.
fn with(start: &Record, settings: &Candidate) -> Record {
    let mut record = start.clone();
    for setting in &mut record.evidence.settings {
        let number = settings.value(&setting.name).and_then(|value| {
            let flag = catalog::find(&setting.name)?;
            flag.parse(value).ok()?.number()
        });
        if let Some(number) = number {
            setting.value = number.to_string();
        }
    }
    record
}

/// The machine of a server, as far as the record tells, with what its memory leaves a session.
#[must_use]
pub fn room(record: &Record) -> Room {
    let host = &record.host;
    let own = host.memory_limit_bytes.map_or(host.memory_bytes, |limit| limit.min(host.memory_bytes));
    let machine = record.server.machine.as_ref();
    let is_known = machine.is_some() || record.server.kind == ServerKind::Embedded;
    let memory = machine.map_or(own, |machine| machine.memory_bytes);
    // Of a server elsewhere that nobody described, the least that Cloud SQL sells.
    let memory = if is_known { memory } else { 3_840 << 20 };
    let vcpus = machine.map_or_else(|| u32::try_from(host.cpus).unwrap_or(1), |machine| machine.vcpus);
    Room {
        memory_bytes: memory,
        work_bytes: room_for_work_mem(record),
        vcpus: vcpus.max(1),
        version: record.server.version_number / 10_000,
        cloud_sql: machine.is_some_and(|machine| machine.platform.starts_with("cloud_sql")),
    }
}

/// Whether nobody set it: some defaults are worked out by the server itself, and show as another number.
#[must_use]
pub(super) fn is_default(setting: &Setting) -> bool {
    let is_own = ["default", "override"].contains(&setting.source.as_str());
    is_own || setting.default.as_deref().is_none_or(|default| default == setting.value)
}

/// What may be changed on an embedded server, without what a crash may lose; for tests.
#[cfg(test)]
pub(super) fn field(record: &Record) -> Field {
    let (durability, session_alone, superuser) = (false, false, false);
    Field { room: room(record), only: Vec::new(), durability, session_alone, superuser }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::fixture::record;

    #[test]
    fn what_may_not_be_changed_says_why() {
        let record = record(10.0);
        let why = |field: &Field, name: &str| {
            field.not_tried(&record).into_iter().find(|one| one.name == name).map(|one| one.why)
        };
        let all = field(&record);
        assert!(why(&all, "synchronous_commit").unwrap().ends_with("--include-durability tries it"));
        assert!(why(&all, "max_wal_size").unwrap().contains("checkpoints"));
        assert_eq!(why(&all, "enable_sort"), None, "it is where it could go back to");
        let session = Field { session_alone: true, ..all.clone() };
        assert!(why(&session, "shared_buffers").unwrap().starts_with("it needs a restart"));
        assert!(session.has(&record, "work_mem") && !session.has(&record, "log_statement"));
        let superuser = Field { superuser: true, ..session };
        assert!(superuser.has(&record, "log_statement") && !superuser.has(&record, "shared_buffers"));
        let only = Field { only: vec!["jit".to_owned()], durability: true, ..all };
        let names: Vec<&str> = only.tunables(&record).iter().map(|one| one.flag.name).collect();
        assert_eq!(names, ["jit"]);
    }

    #[test]
    fn memory_is_not_promised_twice() {
        let record = record(10.0);
        let field = field(&record);
        let settings = |name: &str, value: &str| Candidate::new("x", [(name.to_owned(), value.to_owned())]);
        let why = field.fits(&record, &settings("work_mem", "1TB")).unwrap_err();
        assert!(why.starts_with("it promises more memory than there is"), "{why}");
        assert_eq!(field.fits(&record, &settings("work_mem", "8MB")), Ok(()));
        assert_eq!(field.fits(&record, &settings("jit", "off")), Ok(()));
    }

    #[test]
    fn what_the_server_worked_out_is_its_default() {
        let record = record(10.0);
        let buffers = record.evidence.setting("wal_buffers").unwrap();
        assert_ne!(buffers.default.as_deref(), Some(buffers.value.as_str()));
        assert!(is_default(buffers));
        assert!(!is_default(&Setting { source: "configuration file".to_owned(), ..buffers.clone() }));
    }
}
