//! What else differs between the sides: plans and settings.

use super::{
    Set,
    effects::{PlanChange, SettingChange},
};
use crate::{
    advise::plan_flips,
    flags::{place::tells_of_place_alone, secret::shown},
    record::Record,
};

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
        .filter(|name| !tells_of_place_alone(name))
        .filter_map(|name| {
            let (ours, theirs) = (value(base, &name), value(new, &name));
            let differs = ours.as_ref().map(|(real, _)| real) != theirs.as_ref().map(|(real, _)| real);
            let (base, new) = (ours.map(|(_, shown)| shown), theirs.map(|(_, shown)| shown));
            differs.then_some(SettingChange { name, base, new })
        })
        .collect()
}
