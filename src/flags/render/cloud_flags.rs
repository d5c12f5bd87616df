//! What gcloud and Terraform have in common: the whole set of an instance's flags, in bare values.

use super::{Item, Options};
use crate::flags::{
    catalog::{self, Known},
    cloud::{self, limits_error},
};

/// The whole set that an instance gets, and what must be known about it.
pub(super) struct Set {
    /// Names and bare values.
    pub(super) flags: Vec<(String, String)>,
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
    if let Some(current) = options.current {
        let kept: Vec<_> = current.pairs().into_iter().filter(|(name, _)| !is_wanted(name)).collect();
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
    Set { flags, notes }
}

/// What is set now, as a list for gcloud.
pub(super) fn current_flags(options: &Options<'_>) -> Option<Vec<(String, String)>> {
    let pairs = options.current?.pairs();
    // As gcloud wrote them, so they are bare already; names may be in another case.
    let name = |name: String| catalog::find(&name).map_or(name, |flag| flag.name.to_owned());
    Some(pairs.into_iter().map(|(written, value)| (name(written), value)).collect())
}
