//! Whether what was restored is what was backed up. Pure.

use super::{all_rows, counted};
use crate::drill::{
    contents::{Contents, SequenceState, TableContents},
    definitions::{self, Definition, EXTENSION},
    manifest::Manifest,
    result::Check,
};

/// What the check is called that counts them.
pub(super) const ROWS: &str = "rows";
const CONTENTS: &str = "contents";
const SEQUENCES: &str = "sequences";
const LARGE_OBJECTS: &str = "large objects";
const DEFINITIONS: &str = "definitions";
const EXTENSIONS: &str = "extensions";
/// Names that are told of many.
const MOST_NAMES: usize = 5;

/// Holds what was restored against the manifest.
pub(super) fn all(manifest: &Manifest, found: &Contents, programs_major: u32) -> Vec<Check> {
    let expected = &manifest.contents;
    let is_physical = manifest.method.is_physical();
    let same_major = manifest.source.major() == programs_major;
    let mut checks = vec![rows(manifest, found), contents(manifest, found)];
    checks.extend(unsure(manifest, found));
    checks.push(sequences(&expected.sequences, &found.sequences));
    checks.push(large_objects(expected, found));
    checks.push(definitions(expected, found, same_major));
    checks.push(extensions(&expected.definitions, &found.definitions, is_physical));
    checks
}

/// Where nobody wrote down what was backed up, what there is is only counted.
pub(super) fn unknown(found: &Contents) -> Vec<Check> {
    let tables = counted(found.tables.len() as u64, "table");
    let rows = counted(all_rows(found), "row");
    let why = "nobody wrote down what was backed up";
    vec![
        Check::unproven(ROWS, format!("{tables} with {rows}; {why}, so that is compared with nothing")),
        Check::unproven(CONTENTS, format!("{why}: a row that is missing, or is another, would not be seen")),
        Check::unproven(DEFINITIONS, format!("{} are there; {why}", found.definitions.len())),
    ]
}

fn find<'a>(tables: &'a [TableContents], name: &str) -> Option<&'a TableContents> {
    tables.iter().find(|table| table.name == name)
}

/// Tables whose rows are known exactly.
fn certain(manifest: &Manifest) -> impl Iterator<Item = &TableContents> {
    let is_physical = manifest.method.is_physical();
    manifest.contents.tables.iter().filter(move |table| {
        let changed = manifest.changed.iter().any(|changed| changed.table == table.name);
        !(changed || is_physical && table.unlogged)
    })
}

fn rows(manifest: &Manifest, found: &Contents) -> Check {
    let mut failures = Vec::new();
    for table in certain(manifest) {
        match find(&found.tables, &table.name) {
            None => failures.push(format!("the table {} is missing", table.name)),
            Some(restored) if restored.rows != table.rows => failures.push(format!(
                "the table {} has {} and had {}",
                table.name,
                counted(restored.rows, "row"),
                table.rows
            )),
            Some(_) => {}
        }
    }
    let evidence =
        format!("{} in {}", counted(all_rows(found), "row"), counted(found.tables.len() as u64, "table"));
    Check::of(ROWS, evidence, failures)
}

fn contents(manifest: &Manifest, found: &Contents) -> Check {
    let (mut failures, mut compared) = (Vec::new(), 0);
    for table in certain(manifest) {
        compared += 1;
        let Some(restored) = find(&found.tables, &table.name) else { continue };
        if restored.digest != table.digest {
            failures.push(format!("the table {} holds other rows than were backed up", table.name));
        }
    }
    let evidence = format!("digests over every column of every row of {}", counted(compared, "table"));
    Check::of(CONTENTS, evidence, failures)
}

/// Tables that were written to meanwhile, or are in no log.
fn unsure(manifest: &Manifest, found: &Contents) -> Vec<Check> {
    let mut told: Vec<String> = manifest
        .changed
        .iter()
        .take(MOST_NAMES)
        .map(|changed| {
            let now = find(&found.tables, &changed.table);
            let now = now.map_or("is not there".to_owned(), |table| format!("has {}", table.rows));
            format!(
                "{} had {} rows before and {} after the files were copied, and {now}",
                changed.table, changed.before, changed.after
            )
        })
        .collect();
    if let more @ 1.. = manifest.changed.len().saturating_sub(MOST_NAMES) {
        told.push(format!("and so with {more} more"));
    }
    if !told.is_empty() {
        told.push("which of these rows were in the copy cannot be known".to_owned());
    }
    let is_lost = |table: &&TableContents| manifest.method.is_physical() && table.unlogged;
    let unlogged = manifest.contents.tables.iter().filter(is_lost);
    told.extend(unlogged.map(|table| {
        format!("{} is an unlogged table, which is empty after a copy of the server's files", table.name)
    }));
    if told.is_empty() { Vec::new() } else { vec![Check::unproven("tables that changed", told.join("; "))] }
}

fn sequences(expected: &[SequenceState], found: &[SequenceState]) -> Check {
    let mut failures = Vec::new();
    let mut bounded = 0;
    for state in expected {
        let (low, high) = (state.before.min(state.after), state.before.max(state.after));
        bounded += usize::from(low != high);
        match found.iter().find(|restored| restored.name == state.name) {
            None => failures.push(format!("the sequence {} is missing", state.name)),
            Some(restored) if !(low..=high).contains(&restored.after) => failures.push(format!(
                "the sequence {} stands at {} and stood at {}",
                state.name,
                restored.after,
                if low == high { low.to_string() } else { format!("{low} to {high}") }
            )),
            Some(restored) if low == high && restored.is_called != state.is_called => {
                failures.push(format!("the sequence {} gives out another value next", state.name));
            }
            Some(_) => {}
        }
    }
    if expected.is_empty() {
        return Check::of(SEQUENCES, "there are none".to_owned(), failures);
    }
    let moved = match bounded {
        0 => String::new(),
        some => format!("; {some} moved on meanwhile, and stand between"),
    };
    Check::of(SEQUENCES, format!("values of {}{moved}", counted(expected.len() as u64, "sequence")), failures)
}

fn large_objects(expected: &Contents, found: &Contents) -> Check {
    let (expected, found) = (expected.large_objects, found.large_objects);
    let failure =
        (expected != found).then(|| format!("there are {found} large objects, and were {expected}"));
    Check::of(LARGE_OBJECTS, format!("{found}, counted alone"), failure.into_iter().collect())
}

fn definitions(expected: &Contents, found: &Contents, same_major: bool) -> Check {
    let failures = definitions::differences(&expected.definitions, &found.definitions, same_major);
    let mut kinds: Vec<&str> = expected.definitions.iter().map(|one| one.kind.as_str()).collect();
    kinds.retain(|kind| *kind != EXTENSION);
    let number = kinds.len() as u64;
    kinds.sort_unstable();
    kinds.dedup();
    let names = match kinds.is_empty() {
        true => "none".to_owned(),
        false => format!("{} ({})", counted(number, "definition"), kinds.join(", ")),
    };
    let how = if same_major { "" } else { "; by name alone, because the major versions differ" };
    Check::of(DEFINITIONS, format!("{names}{how}"), failures)
}

/// A dump names extensions without their versions: which one comes is up to the server's files.
fn extensions(expected: &[Definition], found: &[Definition], exact: bool) -> Check {
    let of = |list: &[Definition]| -> Vec<(String, String)> {
        let own = list.iter().filter(|one| one.kind == EXTENSION);
        own.map(|one| (one.name.clone(), one.digest.clone())).collect()
    };
    let (expected, found) = (of(expected), of(found));
    let (mut failures, mut told) = (Vec::new(), Vec::new());
    for (name, version) in &expected {
        match found.iter().find(|(other, _)| other == name) {
            None => failures.push(format!("the extension {name} is missing")),
            Some((_, other)) if other != version && exact => {
                failures.push(format!("the extension {name} has version {other} and had {version}"));
            }
            Some((_, other)) if other != version => told.push(format!("{name} {other} (was {version})")),
            Some(_) => told.push(format!("{name} {version}")),
        }
    }
    Check::of(EXTENSIONS, told.join(", "), failures)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::result::Outcome;

    fn state(name: &str, before: i64, after: i64) -> SequenceState {
        SequenceState { name: name.to_owned(), before, after, is_called: true }
    }

    #[test]
    fn sequences_stand_where_they_stood_or_between() {
        let expected = [state("a", 5, 5), state("b", 5, 9), state("c", 1, 1), state("d", 1, 1)];
        let restored =
            [state("a", 6, 6), state("b", 7, 7), SequenceState { is_called: false, ..state("c", 1, 1) }];
        let check = sequences(&expected, &restored);
        assert_eq!(
            check.failures,
            [
                "the sequence a stands at 6 and stood at 5",
                "the sequence c gives out another value next",
                "the sequence d is missing"
            ]
        );
        assert!(check.evidence.contains("1 moved on meanwhile"), "{}", check.evidence);
        assert_eq!(sequences(&expected, &expected).outcome, Outcome::Passed);
    }

    #[test]
    fn extensions_of_a_dump_may_be_of_another_version() {
        let one = |name: &str, version: &str| Definition {
            kind: EXTENSION.to_owned(),
            name: name.to_owned(),
            digest: version.to_owned(),
        };
        let (expected, found) = ([one("a", "1.0"), one("b", "1.0")], [one("a", "1.1")]);
        let check = extensions(&expected, &found, false);
        assert_eq!((check.evidence.as_str(), check.failures.len()), ("a 1.1 (was 1.0)", 1));
        assert_eq!(extensions(&expected, &found, true).failures.len(), 2);
    }

    #[test]
    fn without_a_manifest_nothing_is_claimed() {
        assert!(unknown(&Contents::default()).iter().all(|check| check.outcome == Outcome::Unproven));
    }
}
