//! What gcloud and Terraform have in common: the whole set of an instance's flags, in bare values.

use super::{Item, Options, unknown};
use crate::flags::{
    Document, Form,
    catalog::{self, Flag, Kind, Known},
    cloud::{self, limits_error},
    place::is_of_the_place,
    secret::shown,
};

/// The whole set that an instance gets, and what must be known about it.
pub(super) struct Set {
    /// Names and bare values.
    pub(super) flags: Vec<(String, String)>,
    /// What is set now, in bare values, where it is known.
    pub(super) before: Option<Vec<(String, String)>>,
    /// Notes, for comments.
    pub(super) notes: Vec<String>,
}

/// The wanted flags in their order, then those that are set now and would otherwise be lost.
pub(super) fn whole_set(items: &[Item], options: &Options<'_>, warnings: &mut Vec<String>) -> Set {
    let mut flags: Vec<(String, String)> =
        items.iter().map(|item| (item.name.clone(), item.value.bare())).collect();
    let mut notes = Vec::new();
    for item in items {
        let Some(flag) = item.flag else { continue };
        if let Some((why, _)) = limits_error(flag, &item.value, options.machine) {
            warnings.push(format!("{}={} will be refused: {why}", item.name, item.value.bare()));
        }
    }
    let is_wanted = |name: &str| items.iter().any(|item| item.name.eq_ignore_ascii_case(name));
    let before = options.current.map(|current| {
        let mut now = Now { form: current.form, version: options.version, warnings };
        now.set(current)
    });
    if let Some(before) = &before {
        let kept: Vec<_> = before.iter().filter(|(name, _)| !is_wanted(name)).cloned().collect();
        if !kept.is_empty() {
            let list: Vec<String> = kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
            notes.push(format!("already set, carried along: {}", list.join(", ")));
        }
        flags.extend(kept);
    }
    let names = |wanted: &dyn Fn(&Item) -> bool| -> String {
        let names = items.iter().filter(|item| wanted(item)).map(|item| item.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let restart = names(&|item| item.flag.is_some_and(|flag| flag.cloud_sql_restart == Known::Yes));
    if !restart.is_empty() {
        notes.push(format!("restarts the instance: {restart}"));
    }
    let in_doubt = names(&|item| item.flag.is_none_or(|flag| flag.cloud_sql == Known::Unknown));
    if !in_doubt.is_empty() {
        warnings.push(format!(
            "not known whether Cloud SQL offers {in_doubt}; to see: {}",
            cloud::list_command(options.version)
        ));
    }
    Set { flags, before, notes }
}

/// What is set now, as Cloud SQL takes it.
struct Now<'a> {
    form: Form,
    version: u32,
    warnings: &'a mut Vec<String>,
}

impl Now<'_> {
    fn set(&mut self, current: &Document) -> Vec<(String, String)> {
        current.pairs().into_iter().filter_map(|(name, value)| self.flag(name, value)).collect()
    }

    /// One flag with its bare value; `None` with a warning where there is none.
    fn flag(&mut self, written: String, value: String) -> Option<(String, String)> {
        let known = catalog::find(&written);
        let name = known.map_or(written, |flag| flag.name.to_owned());
        if known.is_none() && self.form.is_cloud_sql() && !name.contains('.') {
            self.warnings.push(format!("carried along: {name}={}: {}", shown(&name, &value), unknown(&name)));
        }
        // Cloud SQL itself said so.
        if self.form == Form::Describe {
            return Some((name, value));
        }
        match self.bare(&name, known, &value) {
            Ok(bare) => Some((name, bare)),
            Err(why) => {
                // Every postgresql.conf says where its server is.
                if !is_of_the_place(&name) {
                    self.warnings.push(format!("left out: {name}: {why}"));
                }
                None
            }
        }
    }

    fn bare(&self, name: &str, known: Option<&'static Flag>, value: &str) -> Result<String, String> {
        let Some(known) = known else {
            let is_extensions = name.contains('.') || self.form.is_cloud_sql();
            let why = "PostgreSQL has no setting of that name, though it is set now";
            return if is_extensions { Ok(value.to_owned()) } else { Err(why.to_owned()) };
        };
        if known.cloud_sql == Known::No {
            return Err("Cloud SQL does not offer it".to_owned());
        }
        let flag = catalog::find_in(name, self.version)
            .ok_or_else(|| format!("PostgreSQL {} does not have it", self.version))?;
        let read = flag.parse(value).map_err(|error| format!("{error}, though it is set now"))?;
        if let Some(why) = flag.range_error(&read) {
            return Err(why);
        }
        Ok(if flag.kind == Kind::String { value.to_owned() } else { read.bare() })
    }
}
