//! A list of settings as somebody wrote it.

use super::{Profile, Setting, form::Form};
use std::collections::{BTreeMap, HashMap, hash_map::Entry};

/// A list of settings as somebody wrote it, and what stands beside them.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// How it is written.
    pub form: Form,
    /// What is set, in the order of the text; a name can stand there twice.
    pub settings: Vec<Written>,
    /// The machine that is named beside them: a tier, or `2cpu-8GB`.
    pub machine: Option<Place<String>>,
    /// PostgreSQL's major version that is named beside them.
    pub version: Option<u32>,
    /// Name of the Cloud SQL instance.
    pub instance: Option<String>,
    /// What could not be read as it stands.
    pub remarks: Vec<Remark>,
    /// Values in force of settings that nobody set, where they are known; from a run record.
    pub in_force: BTreeMap<String, String>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// Its name, as it was written.
    pub name: String,
    /// Its value, without quotes.
    pub value: String,
    /// Line, from 1; 0 where there are none.
    pub line: usize,
    /// What the server said of it; from a run record.
    pub observed: Option<Setting>,
    /// Whose it is where that is not the whole server's: `session`, `role app`.
    pub scope: Option<String>,
}

/// Something, and the line (from 1) in which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<T> {
    /// The thing.
    pub what: T,
    /// Line, from 1; 0 where there are none.
    pub line: usize,
}

/// Something about the text itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Line, from 1; 0 where there are none.
    pub line: usize,
    /// What the text says.
    pub found: String,
    /// What is wrong with it, or why it was passed over.
    pub why: String,
    /// Whether the server would refuse it; otherwise it was merely not looked into.
    pub is_error: bool,
}

impl Document {
    /// Nothing yet.
    #[must_use]
    pub fn new(form: Form) -> Self {
        Self {
            form,
            settings: Vec::new(),
            machine: None,
            version: None,
            instance: None,
            remarks: Vec::new(),
            in_force: BTreeMap::new(),
        }
    }

    /// A shipped profile, as if it stood in a postgresql.conf.
    #[must_use]
    pub fn of_profile(profile: &Profile) -> Self {
        let mut document = Self::new(Form::Conf);
        for (name, value) in &profile.settings {
            document.set(name, value, 0);
        }
        document
    }

    /// Names and values, the last where a name stands twice, each where it stood first.
    #[must_use]
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for written in &self.settings {
            match places.entry(written.name.to_ascii_lowercase()) {
                Entry::Occupied(place) => pairs[*place.get()].1.clone_from(&written.value),
                Entry::Vacant(place) => {
                    place.insert(pairs.len());
                    pairs.push((written.name.clone(), written.value.clone()));
                }
            }
        }
        pairs
    }

    /// The last value of that name.
    #[must_use]
    pub fn last(&self, name: &str) -> Option<&Written> {
        self.settings.iter().rev().find(|written| written.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn set(&mut self, name: impl Into<String>, value: impl Into<String>, line: usize) {
        self.settings.push(Written {
            name: name.into(),
            value: value.into(),
            line,
            observed: None,
            scope: None,
        });
    }

    /// Takes back what was set for `scope` before, as `RESET` does; every setting without a name.
    pub(super) fn reset(&mut self, name: Option<&str>, scope: Option<&str>) {
        let is_meant = |written: &Written| {
            let is_named = name.is_none_or(|name| written.name.eq_ignore_ascii_case(name));
            is_named && written.scope.as_deref() == scope
        };
        self.settings.retain(|written| !is_meant(written));
    }

    pub(super) fn remark(
        &mut self,
        line: usize,
        found: impl Into<String>,
        why: impl Into<String>,
        is_error: bool,
    ) {
        self.remarks.push(Remark { line, found: found.into(), why: why.into(), is_error });
    }

    /// Takes the major version from Cloud SQL's name for it: `POSTGRES_15`.
    ///
    /// # Errors
    /// The name, when it is another database's: `MYSQL_8_0`.
    pub(super) fn set_version(&mut self, name: &str) -> Result<(), String> {
        if ["MYSQL", "SQLSERVER"].iter().any(|engine| name.starts_with(engine)) {
            return Err(name.to_owned());
        }
        self.version = name.strip_prefix("POSTGRES_").and_then(|major| major.parse().ok()).or(self.version);
        Ok(())
    }
}
