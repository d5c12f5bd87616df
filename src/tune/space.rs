//! Where the search may look: which settings matter, where they stand, which of them do anything. Pure.

use super::{Candidate, study::Tried};
use crate::{
    flags::{
        catalog,
        space::{Range, Tunable},
    },
    record::Record,
};

/// A change of the cost by this factor, either way, is more than noise.
const MATTERS: f64 = 1.1;

/// Settings that the best changes, and those whose change by itself was seen to matter, for better or worse.
pub(super) fn of_interest(space: &[Tunable], best: &Candidate, tried: &[Tried]) -> Vec<Tunable> {
    let moved =
        |one: &Tried| one.against_best.is_some_and(|ratio| !(1.0 / MATTERS..=MATTERS).contains(&ratio));
    let matters = |tunable: &&Tunable| {
        let name = tunable.flag.name;
        let alone = |one: &&Tried| one.changes.len() == 1 && one.changes[0].0 == name;
        best.value(name).is_some() || tried.iter().filter(alone).any(moved)
    };
    space.iter().filter(matters).cloned().collect()
}

/// Where settings stand in the space; `None` where one of them stands nowhere in it.
pub(super) fn place_of(space: &[Tunable], settings: &Candidate, start: &Record) -> Option<Vec<f64>> {
    space.iter().map(|tunable| tunable.place(&value_of(tunable.flag.name, settings, start)?)).collect()
}

/// Whether a setting does anything beside these: some do nothing unless another one has a certain value.
pub(super) fn applies(space: &[Tunable], name: &str, beside: &Candidate, start: &Record) -> bool {
    let needs = space.iter().find(|tunable| tunable.flag.name == name).and_then(|tunable| tunable.needs);
    needs.is_none_or(|(other, value)| value_of(other, beside, start).is_some_and(|now| now == value))
}

fn value_of(name: &str, settings: &Candidate, start: &Record) -> Option<String> {
    let now = || start.evidence.setting(name).map(|setting| setting.value.clone());
    settings.value(name).map(str::to_owned).or_else(now)
}

/// Each setting by itself, at so many places of its range, or with each of its choices, but for what the server has: first
/// one value of each, then a second one, so that where the time ends early it is not some settings that go without.
pub(super) fn single(space: &[Tunable], steps: usize, start: &Record) -> Vec<Candidate> {
    let of = |tunable: &Tunable| -> Vec<Candidate> {
        let count = match &tunable.range {
            Range::Choices(values) => values.len(),
            Range::Numbers { .. } => steps,
        };
        let value = |step: usize| tunable.at((step as f64 + 0.5) / count as f64);
        let each = (0..count).map(|step| (tunable.flag.name.to_owned(), value(step)));
        let new = each.filter(|change| differs(start, change));
        new.map(|change| Candidate::new("one setting at a time", [change])).collect()
    };
    let each: Vec<Vec<Candidate>> = space.iter().map(of).collect();
    let most = each.iter().map(Vec::len).max().unwrap_or_default();
    (0..most).flat_map(|round| each.iter().filter_map(move |one| one.get(round).cloned())).collect()
}

/// Whether a change changes anything.
pub(super) fn differs(start: &Record, (name, value): &(String, String)) -> bool {
    let now = start.evidence.setting(name).zip(catalog::find(name));
    now.is_some_and(|(setting, flag)| flag.parse(value).ok() != flag.parse(&setting.value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::fixture::record,
        flags::space::{Room, find},
    };

    fn space(names: &[&str]) -> Vec<Tunable> {
        let room =
            Room { memory_bytes: 4 << 30, work_bytes: 64 << 20, vcpus: 2, version: 15, cloud_sql: false };
        names.iter().map(|name| find(name).unwrap().on(&room).unwrap()).collect()
    }

    fn tried(changes: &[(&str, &str)], ratio: f64) -> Tried {
        let changes: Vec<(String, String)> =
            changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Tried {
            origin: "x".to_owned(),
            candidate: Candidate::new("x", changes.clone()),
            changes,
            pairs: 3,
            cost_ratio: Some(ratio),
            against_best: Some(ratio),
            detectable: None,
            taken: false,
            failed: None,
        }
    }

    #[test]
    fn what_matters_is_what_the_best_changes_and_what_moved_by_itself() {
        let space = space(&["work_mem", "jit", "random_page_cost", "wal_buffers"]);
        let best = Candidate::new("x", [("work_mem".to_owned(), "16MB".to_owned())]);
        let tried = [
            tried(&[("jit", "off")], 1.3),
            tried(&[("random_page_cost", "4")], 1.05),
            tried(&[("wal_buffers", "1MB"), ("jit", "off")], 1.5),
        ];
        let names: Vec<&str> = of_interest(&space, &best, &tried).iter().map(|one| one.flag.name).collect();
        assert_eq!(names, ["work_mem", "jit"]);
        assert!(of_interest(&space, &Candidate::start(), &tried[1..]).is_empty());
    }

    #[test]
    fn what_is_not_set_stands_where_the_server_has_it() {
        let (space, start) = (space(&["random_page_cost", "jit"]), record(10.0));
        let now = place_of(&space, &Candidate::start(), &start).unwrap();
        let same = Candidate::new("x", [("random_page_cost".to_owned(), "4".to_owned())]);
        assert_eq!(place_of(&space, &same, &start).unwrap(), now);
        let other = Candidate::new("x", [("jit".to_owned(), "off".to_owned())]);
        assert_ne!(place_of(&space, &other, &start).unwrap(), now);
    }

    #[test]
    fn what_does_nothing_beside_another_is_not_moved() {
        let (space, start) = (space(&["jit_above_cost", "jit"]), record(10.0));
        assert!(applies(&space, "jit_above_cost", &Candidate::start(), &start), "jit is on there");
        let off = Candidate::new("x", [("jit".to_owned(), "off".to_owned())]);
        assert!(!applies(&space, "jit_above_cost", &off, &start));
        assert!(applies(&space, "jit", &off, &start), "it needs nothing");
    }

    #[test]
    fn each_setting_goes_through_its_range() {
        let start = record(10.0);
        let shown: Vec<String> =
            single(&space(&["jit", "random_page_cost"]), 3, &start).iter().map(Candidate::shown).collect();
        // The sample has jit on already.
        let wanted = ["jit=off", "random_page_cost=1.4", "random_page_cost=2.8", "random_page_cost=5.7"];
        assert_eq!(shown, wanted);
    }
}
