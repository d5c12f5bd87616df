//! What is worth a duel before any search: what the advisor says of the server as it is, settings that are not at their
//! defaults, what a formula would set. Pure: a record in, candidates out.

use super::{
    Candidate,
    field::{Field, is_default},
    formula::formula,
    space::{differs, single},
};
use crate::{
    flags::{
        Setting,
        catalog::{self, Flag},
        space::{self, Row, Scale},
    },
    record::{Recommendation, Record, Stance},
};

/// Settings that are proposed together, and what they can be taken apart into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) whole: Candidate,
    pub(super) parts: Vec<Candidate>,
}

impl Group {
    fn of(origin: &str, parts: Vec<Candidate>) -> Self {
        let changes = parts.iter().flat_map(|part| part.changes.iter().cloned());
        Self { whole: Candidate::new(origin, changes), parts }
    }
}

/// Who proposes what a formula would set.
const FORMULA: &str = "the formula of pgtune";

/// Values of each setting that are tried by themselves, and of one that was asked for by name.
const STEPS: usize = 2;
pub(super) const STEPS_OF_NAMED: usize = 5;

/// Groups, the most promising first: all of the advice, with switches and constants that somebody moved brought back; the
/// other settings that somebody moved, for they may have been moved well; the formula; and each setting by itself. What
/// changes nothing is none.
#[must_use]
pub(super) fn proposals(record: &Record, field: &Field) -> Vec<Group> {
    let advised = advised(record, field);
    let is_advised = |name: &String| advised.iter().any(|one| one.value(name).is_some());
    // What the advisor says of a setting is better founded than that it is not at its default.
    let moved = back(record, field).into_iter().filter(|one| !one.names().iter().any(is_advised));
    let is_switch = |one: &Candidate| {
        one.names().iter().filter_map(|name| space::find(name)).all(|row| row.scale == Scale::Back)
    };
    let (switches, tunables): (Vec<_>, Vec<_>) = moved.partition(is_switch);
    let by_formula = of_formula(record, field);
    let parts = by_formula.changes.iter().map(|change| Candidate::new(FORMULA, [change.clone()]));
    let steps = if field.only.is_empty() { STEPS } else { STEPS_OF_NAMED };
    let single = single(&field.tunables(record), steps, record);
    let groups = [
        Group::of("all of the advice, and switches back", switches.into_iter().chain(advised).collect()),
        Group::of("back to the defaults", tunables),
        Group::of(FORMULA, parts.collect()),
    ];
    let single = single.into_iter().map(|whole| Group { whole, parts: Vec::new() });
    groups.into_iter().chain(single).filter(|group| !group.whole.changes.is_empty()).collect()
}

/// Each recommendation that changes settings of the server alone.
fn advised(record: &Record, field: &Field) -> Vec<Candidate> {
    let candidate = |one: &Recommendation| {
        let changes = one.changes().filter(|change| field.has(record, &change.setting));
        let changes = changes.map(|change| (change.setting.clone(), change.to.clone()));
        Candidate::new(format!("advice: {}", one.rule), differing(record, changes))
    };
    let asked = record.advice.iter().filter(|one| one.stance == Stance::Change);
    asked.map(candidate).filter(|one| !one.changes.is_empty()).collect()
}

/// Each setting that somebody moved away from its default, back there.
fn back(record: &Record, field: &Field) -> Vec<Candidate> {
    let candidate = |row: &Row| {
        let setting = record.evidence.setting(row.name).filter(|_| field.has(record, row.name))?;
        let flag = catalog::find_in(row.name, field.room.version)?;
        let change = (row.name.to_owned(), default(setting, flag)?);
        differs(record, &change).then(|| Candidate::new("back to its default", [change]))
    };
    space::all().iter().filter_map(candidate).collect()
}

/// What the formula would set here, as far as it may be changed.
#[must_use]
pub(super) fn of_formula(record: &Record, field: &Field) -> Candidate {
    let connections = record.evidence.setting("max_connections").and_then(|one| one.value.parse().ok());
    let all = formula(&field.room, connections.unwrap_or(100)).into_iter();
    Candidate::new(FORMULA, differing(record, all.filter(|(name, _)| field.has(record, name))))
}

/// Changes that change something.
fn differing(
    record: &Record,
    changes: impl IntoIterator<Item = (String, String)>,
) -> impl Iterator<Item = (String, String)> {
    changes.into_iter().filter(|change| differs(record, change))
}

/// The default of a setting, as PostgreSQL writes it; `None` where it has none of its own, or nobody moved it.
fn default(setting: &Setting, flag: &Flag) -> Option<String> {
    let default = setting.default.as_deref().filter(|_| !is_default(setting))?;
    Some(flag.display(&flag.parse(default).ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::field::field;
    use super::*;
    use crate::{compare::fixture::record, record::Change};

    fn set(record: &mut Record, name: &str, value: &str) {
        let setting = record.evidence.settings.iter_mut().find(|setting| setting.name == name).unwrap();
        setting.value = value.to_owned();
        setting.source = "configuration file".to_owned();
    }

    /// The sample with nothing to say against it.
    fn quiet() -> Record {
        Record { advice: Vec::new(), ..record(10.0) }
    }

    fn shown(record: &Record, field: &Field) -> Vec<(String, Vec<String>)> {
        let parts = |group: &Group| group.parts.iter().map(Candidate::shown).collect();
        proposals(record, field).iter().map(|group| (group.whole.shown(), parts(group))).collect()
    }

    #[test]
    fn switches_go_back_together_and_the_others_by_themselves() {
        let mut record = quiet();
        set(&mut record, "enable_bitmapscan", "off");
        set(&mut record, "log_statement", "all");
        set(&mut record, "random_page_cost", "10");
        let all = shown(&record, &field(&record));
        assert_eq!(all[0].0, "enable_bitmapscan=on log_statement=none", "{all:?}");
        assert_eq!(all[0].1, ["enable_bitmapscan=on", "log_statement=none"]);
        assert_eq!(all[1].0, "random_page_cost=4", "{all:?}");
        assert!(all[2].0.contains("random_page_cost=1.1"), "the formula: {all:?}");
    }

    #[test]
    fn the_advice_comes_first_and_wins() {
        let mut record = record(10.0);
        set(&mut record, "work_mem", "64");
        let change = Change {
            setting: "work_mem".to_owned(),
            from: "64kB".to_owned(),
            to: "16MB".to_owned(),
            restart: false,
            apply: "ALTER SYSTEM SET work_mem = '16MB';".to_owned(),
            undo: "ALTER SYSTEM RESET work_mem;".to_owned(),
        };
        let mut advice = record.advice[0].clone();
        (advice.rule, advice.stance) = ("memory/work-mem".to_owned(), Stance::Change);
        (advice.change, advice.more_changes) = (Some(change), Vec::new());
        record.advice = vec![advice];
        let groups = proposals(&record, &field(&record));
        assert_eq!(groups[0].whole.shown(), "work_mem=16MB");
        assert_eq!(groups[0].parts[0].origin, "advice: memory/work-mem");
        assert!(!groups.iter().any(|group| group.whole.shown() == "work_mem=4MB"), "{groups:?}");
    }

    #[test]
    fn what_the_server_worked_out_is_not_brought_back() {
        let record = quiet();
        let all = shown(&record, &field(&record));
        assert!(!all.iter().any(|(whole, _)| whole.contains("wal_buffers=-1")), "{all:?}");
    }

    #[test]
    fn what_is_named_goes_through_its_range() {
        let record = quiet();
        let only = Field { only: vec!["jit".to_owned()], ..field(&record) };
        assert_eq!(shown(&record, &only), [("jit=off".to_owned(), Vec::new())]);
    }

    #[test]
    fn what_may_not_be_changed_is_not_proposed() {
        let mut record = quiet();
        set(&mut record, "synchronous_commit", "local");
        set(&mut record, "work_mem", "64");
        let session = Field { session_alone: true, ..field(&record) };
        let all = format!("{:?}", shown(&record, &session));
        assert!(all.contains("work_mem") && !all.contains("shared_buffers"), "{all}");
        assert!(!all.contains("synchronous_commit"), "{all}");
    }
}
