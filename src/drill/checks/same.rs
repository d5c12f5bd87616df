//! Whether what was restored is what was backed up. Pure.

use super::{all_rows, sequences};
use crate::drill::{
    contents::{self, Contents, TableContents},
    definitions::{self, Definition, EXTENSION},
    manifest::{Changed, Manifest},
    result::Check,
};
use crate::text::{counted, grouped};

/// What the check is called that counts them.
pub(super) const ROWS: &str = "rows";
const CONTENTS: &str = "contents";
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
    checks.push(sequences::all(manifest, &found.sequences));
    checks.push(large_objects(manifest, found));
    checks.push(definitions(manifest, found, same_major));
    checks.push(extensions(&expected.definitions, &found.definitions, is_physical));
    checks
}

/// Where nobody wrote down what was backed up, what there is is only counted.
pub(super) fn unknown(found: &Contents) -> Vec<Check> {
    let tables = counted(found.tables.len(), "table");
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
                grouped(table.rows)
            )),
            Some(_) => {}
        }
    }
    let evidence = format!("{} in {}", counted(all_rows(found), "row"), counted(found.tables.len(), "table"));
    of_some(ROWS, certain(manifest).count(), manifest, evidence, failures)
}

/// A check of tables, which proves nothing where each of them is left out.
fn of_some(
    name: &str,
    compared: usize,
    manifest: &Manifest,
    evidence: String,
    failures: Vec<String>,
) -> Check {
    match compared == 0 && failures.is_empty() && !manifest.contents.tables.is_empty() {
        true => {
            Check::unproven(name, "no table could be compared: each was written to meanwhile, or is unlogged")
        }
        false => Check::of(name, evidence, failures),
    }
}

fn contents(manifest: &Manifest, found: &Contents) -> Check {
    let (mut failures, mut compared) = (Vec::new(), 0);
    for table in certain(manifest) {
        let Some(restored) = find(&found.tables, &table.name) else {
            failures.push(format!("the table {} is missing, with all of its rows", table.name));
            continue;
        };
        compared += 1;
        if restored.digest != table.digest {
            failures.push(format!("the table {} holds other rows than were backed up", table.name));
        }
    }
    let evidence = format!("digests over every column of every row of {}", counted(compared, "table"));
    of_some(CONTENTS, compared, manifest, evidence, failures)
}

/// Tables that were written to meanwhile, or are in no log.
fn unsure(manifest: &Manifest, found: &Contents) -> Vec<Check> {
    let is_table = |changed: &&Changed| changed.table != contents::LARGE_OBJECTS;
    let number = manifest.changed.iter().filter(is_table).count();
    let mut told: Vec<String> = manifest
        .changed
        .iter()
        .filter(is_table)
        .take(MOST_NAMES)
        .map(|changed| {
            let now = find(&found.tables, &changed.table);
            let now = now.map_or("is not there".to_owned(), |table| format!("has {}", grouped(table.rows)));
            format!(
                "{} had {} rows before and {} after the files were copied, and {now}",
                changed.table,
                grouped(changed.before),
                grouped(changed.after)
            )
        })
        .collect();
    if let more @ 1.. = number.saturating_sub(MOST_NAMES) {
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

fn large_objects(manifest: &Manifest, found: &Contents) -> Check {
    let (expected, found) = (manifest.contents.large_objects, found.large_objects);
    if let Some(changed) = manifest.changed.iter().find(|changed| changed.table == contents::LARGE_OBJECTS) {
        let (before, after) = (changed.before, changed.after);
        return Check::unproven(
            LARGE_OBJECTS,
            format!("there were {before} before and {after} after the files were copied, and are {found}"),
        );
    }
    let failure =
        (expected != found).then(|| format!("there are {found} large objects, and were {expected}"));
    Check::of(LARGE_OBJECTS, format!("{found}, counted alone"), failure.into_iter().collect())
}

fn definitions(manifest: &Manifest, found: &Contents, same_major: bool) -> Check {
    let (expected, unsure) = (&manifest.contents, &manifest.redefined);
    let failures = definitions::differences(&expected.definitions, &found.definitions, same_major, unsure);
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
    let left_out = match unsure.as_slice() {
        [] => String::new(),
        some => format!("; not compared, because they changed meanwhile: {}", some.join(", ")),
    };
    Check::of(DEFINITIONS, format!("{names}{how}{left_out}"), failures)
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
    use crate::drill::{options::Method, result::Outcome};

    fn table(name: &str, rows: u64, digest: &str) -> TableContents {
        TableContents { name: name.to_owned(), rows, digest: digest.to_owned(), unlogged: false }
    }

    fn manifest(method: Method, tables: Vec<TableContents>) -> Manifest {
        Manifest::of_contents(method, Contents { tables, ..Contents::default() })
    }

    #[test]
    fn each_table_that_is_other_is_named() {
        let own = manifest(
            Method::Custom,
            vec![table("s.a", 1, "1:1"), table("s.b", 2, "2:2"), table("s.c", 3, "3:3")],
        );
        let found =
            Contents { tables: vec![table("s.a", 1, "1:1"), table("s.b", 2, "2:3")], ..Contents::default() };
        assert_eq!(rows(&own, &found).failures, ["the table s.c is missing"]);
        let failures = contents(&own, &found).failures;
        assert_eq!(
            failures,
            [
                "the table s.b holds other rows than were backed up",
                "the table s.c is missing, with all of its rows"
            ]
        );
        assert_eq!(contents(&own, &own.contents).outcome, Outcome::Passed);
    }

    #[test]
    fn what_nothing_is_compared_of_is_not_passed() {
        let mut own = manifest(Method::Base, vec![table("s.a", 1, "1:1")]);
        let (of_table, of_objects) = (("s.a", 1, 2), (contents::LARGE_OBJECTS, 3, 4));
        own.changed = [of_table, of_objects]
            .map(|(table, before, after)| Changed { table: table.to_owned(), before, after })
            .to_vec();
        let found = Contents { large_objects: 3, ..own.contents.clone() };
        assert_eq!(contents(&own, &found).outcome, Outcome::Unproven);
        assert_eq!(rows(&own, &found).outcome, Outcome::Unproven);
        assert_eq!(large_objects(&own, &found).outcome, Outcome::Unproven);
        let told = unsure(&own, &found).remove(0).evidence;
        assert!(told.starts_with("s.a had 1 rows before") && !told.contains("largeobject"), "{told}");
        let none = manifest(Method::Base, Vec::new());
        assert_eq!(contents(&none, &none.contents).outcome, Outcome::Passed, "an empty database");
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
