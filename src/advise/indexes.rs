//! Indexes that are there for nothing: twice, or never used.

use super::{case::Case, say, usable};
use crate::{
    record::{Basis, Change, Index, Recommendation},
    text::{self, first_of},
};

/// The indexes that the record knows.
pub(super) fn known<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Index> {
    case.record.evidence.indexes.iter().flatten()
}

/// Whether an index may go by itself: nothing rests on it but the speed of reads.
pub(super) fn can_be_dropped(index: &Index) -> bool {
    !index.is_constraint && !index.is_of_partition
}

/// What is never known of indexes of somebody else's.
const OF_OTHERS: &str = "others use this database, and this run saw only what it read itself: ask them, and look at pg_stat_user_indexes over weeks, on each replica, too";

/// Indexes that say the same as another.
pub(super) fn duplicates(case: &Case) -> Option<Recommendation> {
    let pairs = covered(case);
    let (narrow, wide) = *pairs.first()?;
    let more = match pairs.len() - 1 {
        0 => String::new(),
        more => format!("; and {more} more like it"),
    };
    let bytes: u64 = pairs.iter().map(|(narrow, _)| narrow.bytes).sum();
    let is_smaller = "a narrow index is smaller: a scan of it alone may have been a little faster";
    Some(Recommendation {
        title: format!("Drop the index {}: {} answers all that it does{more}", narrow.name, wide.name),
        evidence: pairs.iter().take(MOST_NAMED).map(said_twice).collect::<Vec<_>>().join("; "),
        change: Some(dropped(narrow)),
        more_changes: pairs.iter().skip(1).map(|(narrow, _)| dropped(narrow)).collect(),
        expected: format!("{} less, and one index less for each write", text::bytes(bytes)),
        risk: if case.is_of_others() { format!("{is_smaller}; {OF_OTHERS}") } else { is_smaller.to_owned() },
        verify: "run again: the plans that used it use the other".to_owned(),
        effect: 0.02,
        ..say::change()
    })
}

/// More of a kind are not told one by one.
const MOST_NAMED: usize = 4;

fn said_twice((narrow, wide): &(&Index, &Index)) -> String {
    format!(
        "both are {} on {}: ({}) and ({}); the first takes {}",
        narrow.method,
        narrow.table,
        narrow.keys.join(", "),
        wide.keys.join(", "),
        text::bytes(narrow.bytes)
    )
}

/// Indexes that can go, each with one that answers all that it does.
fn covered<'a>(case: &Case<'a>) -> Vec<(&'a Index, &'a Index)> {
    let all: Vec<&Index> = known(case).filter(|index| index.is_valid).collect();
    let wider = |at: usize, narrow: &Index| {
        // Of two equal ones the later goes; what enforces a constraint stays.
        let mut others = all.iter().enumerate().filter(|(other, _)| *other != at);
        let wide = others.find(|(other, wide)| {
            // Two that say the same cover each other.
            let are_equal = covers(wide, narrow) && covers(narrow, wide);
            covers(wide, narrow)
                && (!are_equal || *other < at || (!narrow.is_constraint && wide.is_constraint))
        });
        wide.filter(|_| can_be_dropped(narrow)).map(|(_, wide)| *wide)
    };
    let pairs = all.iter().enumerate().filter_map(|(at, narrow)| Some((*narrow, wider(at, narrow)?)));
    pairs.collect()
}

/// Whether `wide` answers all that `narrow` does.
fn covers(wide: &Index, narrow: &Index) -> bool {
    let same =
        wide.table == narrow.table && wide.method == narrow.method && wide.predicate == narrow.predicate;
    // What the narrow one brings with it for scans of the index alone, the wide one must have, too.
    let brings =
        narrow.included.iter().all(|column| wide.included.contains(column) || wide.keys.contains(column));
    let shorter = narrow.keys.len() <= wide.keys.len()
        && wide.keys.starts_with(&narrow.keys)
        && wide.operator_classes.starts_with(&narrow.operator_classes)
        && wide.orderings.starts_with(&narrow.orderings);
    // Only a B-tree answers for its first columns alone.
    let equal = narrow.keys == wide.keys;
    same && shorter && brings && (equal || wide.method == "btree")
}

/// An index goes, and comes back by the SQL that made it.
pub(super) fn dropped(index: &Index) -> Change {
    Change {
        setting: format!("index {}", index.name),
        from: "there".to_owned(),
        to: "dropped".to_owned(),
        restart: false,
        apply: format!("DROP INDEX CONCURRENTLY {};", index.name),
        undo: format!("{};", index.definition.replacen(" INDEX ", " INDEX CONCURRENTLY ", 1)),
    }
}

/// An index whose building was broken off answers nothing, and costs each write as much as any other.
pub(super) fn invalid(case: &Case) -> Option<Recommendation> {
    let broken: Vec<&Index> = known(case).filter(|index| !index.is_valid).collect();
    let mut changes: Vec<Change> = broken
        .iter()
        .map(|index| Change {
            setting: format!("index {}", index.name),
            from: "invalid".to_owned(),
            to: "valid".to_owned(),
            restart: false,
            apply: format!("REINDEX INDEX CONCURRENTLY {};", index.name),
            undo: match index.is_of_partition {
                true => {
                    format!("-- {} goes with the index of the whole table that it is a part of", index.name)
                }
                false => format!("DROP INDEX CONCURRENTLY {};", index.name),
            },
        })
        .collect();
    let names: Vec<&str> = broken.iter().map(|index| index.name.as_str()).collect();
    (!changes.is_empty()).then(|| Recommendation {
        title: format!(
            "Build {} again, or drop it: it is invalid, and no plan can use it",
            first_of(&names, 2)
        ),
        evidence: format!(
            "pg_index says that {} invalid: its building was broken off",
            if names.len() == 1 {
                format!("{} is", names[0])
            } else {
                format!("{} are", first_of(&names, 4))
            }
        ),
        change: Some(changes.remove(0)),
        more_changes: changes,
        expected: "plans can use it, or writes no longer pay for it".to_owned(),
        risk: "REINDEX CONCURRENTLY reads the table, and waits for transactions that are open".to_owned(),
        verify: "run again: pg_index.indisvalid, and the plans that should use it".to_owned(),
        // What it would answer is scanned from end to end.
        effect: case
            .saving_in_plans(|_, root| {
                let scans = root.nodes().into_iter().filter(|node| node.is_sequential_scan());
                if scans.count() > 0 { 0.5 } else { 0.0 }
            })
            .share
            .max(0.02),
        ..say::change()
    })
}

/// An index that nothing scans costs each write its share.
pub(super) fn unused(case: &Case) -> Option<Recommendation> {
    if case.is_of_others() {
        return unused_by_anybody(case);
    }
    let unused: Vec<&Index> = known(case)
        .filter(|index| {
            can_be_dropped(index) && index.is_valid && index.scans_ever == 0 && index.scans == Some(0)
        })
        .filter(|index| case.tracks().is_some_and(|table| table.name == index.table))
        .collect();
    let names: Vec<&str> = unused.iter().map(|index| index.name.as_str()).collect();
    let first = unused.iter().max_by_key(|index| index.bytes)?;
    let bytes: u64 = unused.iter().map(|index| index.bytes).sum();
    let all = known(case).filter(|index| index.table == first.table).count();
    let writes: Vec<String> = case
        .record
        .operations
        .iter()
        .filter(|operation| operation.writes)
        .flat_map(|operation| {
            let own = operation.statements.iter().filter(|statement| {
                !["begin", "validate", "commit", "rollback"].contains(&statement.name.as_str())
            });
            own.map(move |statement| format!("{}.{}", operation.name, statement.name))
        })
        .collect();
    // Each index takes about its share of what a write does.
    let part = unused.len() as f64 / all.max(1) as f64;
    let saving = case.saving(|operation, statement| {
        if writes.contains(&format!("{}.{}", operation.name, statement.name)) { part } else { 0.0 }
    });
    let figures = format!(
        "{} never scanned, by this workload or since the counters began: {}; {} in all; their part of what the writes take is {}",
        if unused.len() == 1 { "1 index was".to_owned() } else { format!("{} indexes were", unused.len()) },
        first_of(&names, 4),
        text::bytes(bytes),
        case.felt_figures(&saving)
    );
    // A workload of writes alone proves nothing of searches.
    let searches =
        known(case).any(|index| !index.is_constraint && index.scans.is_some_and(|scans| scans > 0));
    if !case.is_felt(&saving) || !searches {
        let title = "Leave the indexes that this workload does not use: their writes are not felt";
        return Some(say::leave_alone(title, figures, Basis::Inferred));
    }
    Some(Recommendation {
        title: format!("Consider dropping {}: nothing scans {}", first_of(&names, 2), if names.len() == 1 { "it" } else { "them" }),
        evidence: figures,
        change: Some(dropped(first)),
        more_changes: unused.iter().filter(|index| index.name != first.name).map(|index| dropped(index)).collect(),
        expected: format!("{} of the response time, and {} of disk", say::percent(saving.share), text::bytes(bytes)),
        risk: "another workload, a replica or a monthly report may need it: look at pg_stat_user_indexes of production over weeks first".to_owned(),
        verify: "run again: writes are faster, no plan has become a sequential scan".to_owned(),
        effect: saving.share,
        ..say::change()
    })
}

/// Of tables that were there before, only what nobody has used says something: what their writes cost was not measured.
fn unused_by_anybody(case: &Case) -> Option<Recommendation> {
    let (twice, never) = (covered(case), usable::never(case));
    let is_told = |index: &Index| {
        let mut told = twice.iter().map(|(narrow, _)| *narrow).chain(never.iter().map(|(index, _)| *index));
        told.any(|told| told.name == index.name)
    };
    let unused: Vec<&Index> = known(case)
        .filter(|index| index.is_valid && can_be_dropped(index) && index.scans_ever == 0)
        .filter(|index| index.scans == Some(0) && !is_told(index))
        .collect();
    let first = *unused.first()?;
    let names: Vec<&str> = unused.iter().map(|index| index.name.as_str()).collect();
    let sized: Vec<String> =
        unused.iter().map(|index| format!("{} ({})", index.name, text::bytes(index.bytes))).collect();
    let bytes: u64 = unused.iter().map(|index| index.bytes).sum();
    Some(Recommendation {
        title: format!(
            "Ask who needs {}: nobody has scanned {} since the counters began",
            first_of(&names, 2),
            it(&unused)
        ),
        evidence: format!(
            "never scanned, by this workload or anybody else: {}; {} in all",
            first_of(&sized, MOST_NAMED),
            text::bytes(bytes)
        ),
        change: Some(dropped(first)),
        more_changes: unused.iter().skip(1).map(|index| dropped(index)).collect(),
        expected: format!(
            "{} of disk, and their part of each write, which was not measured",
            text::bytes(bytes)
        ),
        risk: OF_OTHERS.to_owned(),
        verify: "run again: no plan has become a sequential scan".to_owned(),
        effect: 0.01,
        ..say::change()
    })
}

/// Indexes of somebody else's of which nothing is asked.
pub(super) fn never_usable(case: &Case) -> Option<Recommendation> {
    let never = usable::never(case);
    let (first, _) = never.first()?;
    let indexes: Vec<&Index> = never.iter().map(|(index, _)| *index).collect();
    let names: Vec<&str> = indexes.iter().map(|index| index.name.as_str()).collect();
    let why: Vec<String> = never
        .iter()
        .map(|(index, why)| format!("{} ({}): {why}", index.name, text::bytes(index.bytes)))
        .collect();
    let bytes: u64 = indexes.iter().map(|index| index.bytes).sum();
    Some(Recommendation {
        title: format!(
            "Ask who needs {}: no statement of this workload can use {}",
            first_of(&names, 2),
            it(&indexes)
        ),
        evidence: first_of(&why, MOST_NAMED),
        change: Some(dropped(first)),
        more_changes: indexes.iter().skip(1).map(|index| dropped(index)).collect(),
        expected: format!(
            "{} of disk, and their part of each write, which was not measured",
            text::bytes(bytes)
        ),
        risk: OF_OTHERS.to_owned(),
        verify: "run again: no plan has become a sequential scan".to_owned(),
        effect: 0.015,
        ..say::change()
    })
}

fn it(indexes: &[&Index]) -> &'static str {
    if indexes.len() == 1 { "it" } else { "them" }
}
