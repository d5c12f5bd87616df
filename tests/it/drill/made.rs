//! Every method on a server of its own.

use super::{check, drill, ended};
use crate::common::{Answer, Bench, texts_below};
use loist_bench::drill::{Drill, Manifest, Method, Outcome};
use serde_json::Value;

/// What the environment says of other servers is nothing to those of the drill: it would work on them, or not find its own.
#[test]
fn variables_of_libpq_change_nothing() {
    let bench = Bench::new();
    let asked = "drill backup --tracks 60 --grow 0 --method pitr --format json --quiet";
    let mut command = bench.command(asked);
    command.env("PGPORT", "1").env("PGHOSTADDR", "127.0.0.1").env("PGCHANNELBINDING", "require");
    let answer = Answer::of(command.output().unwrap(), 0, asked);
    let drilled: Drill = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(check(&drilled.backups[0], "workload").outcome, Outcome::Passed);
}

#[test]
fn every_method_restores_what_it_backed_up() {
    let bench = Bench::new();
    let drilled = drill(&bench, 0, "--method custom,directory,base,pitr --grow 100 --keep kept --jobs 2");
    assert_eq!(drilled.outcome, Outcome::Passed);
    let methods: Vec<Method> = drilled.backups.iter().map(|backup| backup.method).collect();
    assert_eq!(methods, Method::ALL);
    let schema: Value = serde_json::from_str(&bench.expect(0, "schema drill").stdout).unwrap();
    jsonschema::validate(&schema, &serde_json::to_value(&drilled).unwrap()).unwrap();
    let schema: Value = serde_json::from_str(&bench.expect(0, "schema backup").stdout).unwrap();
    for backup in &drilled.backups {
        let method = backup.method;
        // From PostgreSQL 18 on, servers have checksums unless somebody says otherwise.
        let open = ended(backup, Outcome::Unproven);
        assert!(open.is_empty() || open == ["checksums of pages"], "{method}: {open:?}");
        for name in [
            "files",
            "restore",
            "first answer",
            "rows",
            "contents",
            "sequences",
            "large objects",
            "definitions",
            "extensions",
            "CHECK constraints",
            "unique keys",
            "foreign keys",
            "NOT NULL columns",
            "usable indexes",
            "btree indexes",
            "GIN indexes",
            "pages of tables",
            "ledger of migrations",
            "workload",
        ] {
            assert_eq!(check(backup, name).outcome, Outcome::Passed, "{method}: {name}");
        }
        let searches = &check(backup, "GIN indexes").evidence;
        assert!(searches.contains("by 4 indexes compared") || searches.contains("looked at 4"), "{searches}");
        assert!(check(backup, "ledger of migrations").evidence.starts_with("5 migrations"));
        assert!(backup.recovery_time_seconds.unwrap() > 0.0 && backup.sizes.backup_bytes > 10_000);
        let growth = backup.growth.as_ref().unwrap();
        assert_eq!(growth.measured.len(), 2, "{method}");
        assert!(growth.refused.contains(&1_000_000), "300 tracks tell nothing of a million");
        let manifest = bench.path("kept").join(method.name()).join("manifest.json");
        let text = std::fs::read_to_string(manifest).unwrap();
        jsonschema::validate(&schema, &serde_json::from_str(&text).unwrap()).unwrap();
        let manifest: Manifest = serde_json::from_str(&text).unwrap();
        assert_eq!(manifest.files.iter().map(|file| file.bytes).sum::<u64>(), backup.sizes.backup_bytes);
    }
    points(&drilled);
    assert!(drilled.left_out.iter().any(|line| line.contains("audio files")));
}

/// The log was replayed up to the point and no further, while somebody wrote.
fn points(drilled: &Drill) {
    let pitr = drilled.backups.last().unwrap();
    let point = check(pitr, "point in time");
    assert!(point.outcome == Outcome::Passed && point.evidence.contains("replayed to time 20"), "{point:?}");
    assert!(check(pitr, "restore").evidence.contains("recovery stopping before commit"), "{pitr:?}");
    let tracks = pitr.source.as_ref().unwrap().tracks.unwrap();
    assert!(tracks > 300, "{tracks} tracks: some were ingested meanwhile");
    let age = pitr.recovery_point.as_ref().unwrap();
    assert!(age.bound_seconds.unwrap() >= 60.0 && age.bound.contains("archive_timeout of 60 s"), "{age:?}");
    let dump = drilled.backups[0].recovery_point.as_ref().unwrap();
    assert!(dump.bound_seconds.unwrap() > 86_400.0, "{dump:?}");
}

#[test]
fn people_read_it_as_text_or_markdown() {
    let bench = Bench::new();
    let quick = "drill backup --tracks 200 --grow 50 --duration 200ms";
    let answer = bench.expect(0, quick);
    for part in [
        "RESTORED  the directory backup of 200 tracks was restored in ",
        "RTO         ",
        "RPO         ",
        "Not in this backup:",
        "estimated",
        "more than ten times the largest that was measured",
    ] {
        assert!(answer.stdout.contains(part), "{part} in {}", answer.stdout);
    }
    assert!(answer.stderr.contains("directory: pg_dump"), "{}", answer.stderr);
    let other = format!("{quick} --format markdown --quiet --transport tls --method pitr --until name");
    let markdown = bench.expect(0, &other).stdout;
    assert!(markdown.starts_with("<!-- loist-bench report -->\n## ✅ RESTORED: "), "{markdown}");
    assert!(markdown.contains("replayed to name loist-bench-drill"), "{markdown}");
    assert!(markdown.contains("| tracks |") && markdown.contains("#### Not in this backup"), "{markdown}");
    assert_eq!(texts_below(bench.directory.path()), "", "nothing is kept without --keep");
}
