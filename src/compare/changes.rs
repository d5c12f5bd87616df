//! What else differs between the sides: plans and settings.

use super::{
    Set,
    effects::{PlanChange, SettingChange},
};
use crate::{advise::plan_flips, flags::secret::shown, record::Record};

/// Where a server stands, and what it listens to: no choice that changes a run.
const OF_THE_PLACE: [&str; 7] = [
    "data_directory",
    "config_file",
    "hba_file",
    "ident_file",
    "port",
    "unix_socket_directories",
    "external_pid_file",
];

/// Whether a setting says where a server stands or what it listens to: that is no choice that changes a run.
#[must_use]
pub fn is_of_the_place(name: &str) -> bool {
    OF_THE_PLACE.contains(&name)
}

/// Statements that the new side executes in another way.
pub(super) fn plans(base: &Set<'_>, new: &Set<'_>) -> Vec<PlanChange> {
    let (Some(base), Some(new)) = (base.portrait(), new.portrait()) else { return Vec::new() };
    let flips = plan_flips(base, new).into_iter();
    flips
        .map(|flip| PlanChange { statements: flip.statements, case: flip.case, sentence: flip.sentence })
        .collect()
}

/// Settings that are not the same on both sides, by name; a secret is not shown.
pub(super) fn settings(base: &Set<'_>, new: &Set<'_>) -> Vec<SettingChange> {
    let (Some(base), Some(new)) = (base.portrait(), new.portrait()) else { return Vec::new() };
    let names = |record: &Record| -> Vec<String> {
        record.evidence.settings.iter().map(|setting| setting.name.clone()).collect()
    };
    let mut all = names(base);
    all.append(&mut names(new));
    all.sort_unstable();
    all.dedup();
    let value = |record: &Record, name: &str| {
        record.evidence.setting(name).map(|setting| (setting.display(), shown(name, &setting.display())))
    };
    all.into_iter()
        .filter(|name| !is_of_the_place(name))
        .filter_map(|name| {
            let (ours, theirs) = (value(base, &name), value(new, &name));
            let differs = ours.as_ref().map(|(real, _)| real) != theirs.as_ref().map(|(real, _)| real);
            let (base, new) = (ours.map(|(_, shown)| shown), theirs.map(|(_, shown)| shown));
            differs.then_some(SettingChange { name, base, new })
        })
        .collect()
}
