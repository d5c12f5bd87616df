//! Somebody's database: it is read, and nothing else, whoever writes to it meanwhile.

use super::{check, from, program, read, says};
use crate::{
    care::database,
    common::{Answer, Bench, KeptServer, ask},
};
use loist_bench::drill::{Drill, Manifest, Outcome};
use std::{
    fs,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
};

/// A database with something of every kind that is not in the library: a sequence, a foreign key, a partition, a view, types.
const OTHERS: &str = "
    CREATE TYPE mood AS ENUM ('calm', 'loud');
    CREATE DOMAIN stars AS int CHECK (VALUE BETWEEN 1 AND 5);
    CREATE TABLE owner (id serial PRIMARY KEY, name text NOT NULL UNIQUE, mood mood, born timestamptz DEFAULT now());
    CREATE TABLE rating (owner int NOT NULL REFERENCES owner, at date NOT NULL, given stars, share float8,
                         raw bytea, gone int) PARTITION BY RANGE (at);
    CREATE TABLE rating_2026 PARTITION OF rating FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    ALTER TABLE rating DROP COLUMN gone;
    CREATE UNLOGGED TABLE scratch (n int);
    CREATE VIEW loud AS SELECT name FROM owner WHERE mood = 'loud';
    INSERT INTO owner (name, mood) SELECT 'owner ' || n, 'loud' FROM generate_series(1, 50) AS n;
    INSERT INTO rating SELECT n, '2026-05-01', 1 + n % 5, 1.0 / n, decode(md5(n::text), 'hex')
    FROM generate_series(1, 50) AS n;
    INSERT INTO scratch VALUES (1);
    SELECT lo_create(0)";
/// Names that have to be quoted; rows of a table that inherits, which what it inherits from does not count; what excludes.
const ODD: &str = r#"
    CREATE SCHEMA "Odd Schema";
    CREATE TABLE "Odd Schema"."it's ""quoted""" (
        "a b" int PRIMARY KEY, "B" text GENERATED ALWAYS AS ('x' || 'y') STORED, period tsrange,
        CONSTRAINT "no overlap" EXCLUDE USING gist (period WITH &&),
        CONSTRAINT "only mine" CHECK ("a b" > 0) NO INHERIT);
    CREATE TABLE heir () INHERITS ("Odd Schema"."it's ""quoted""");
    INSERT INTO "Odd Schema"."it's ""quoted""" ("a b", period)
    VALUES (1, '[2026-01-01,2026-01-02)'), (2, '[2026-02-01,2026-02-02)');
    INSERT INTO heir ("a b") VALUES (1), (-1), (-1)"#;
/// What is in a database beside rows.
const THERE: &str =
    "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1";

fn of(bench: &Bench, url: &str, code: i32, arguments: &str) -> Drill {
    let mut command =
        bench.command(&format!("drill backup --duration 200ms --quiet --format json {arguments}"));
    command.env("DATABASE_URL", url);
    read(command, code, arguments)
}

fn refused(bench: &Bench, url: &str, code: i32, arguments: &str, words: &str) {
    let output =
        bench.command(&format!("drill backup --quiet {arguments}")).env("DATABASE_URL", url).output();
    Answer::of(output.unwrap(), code, arguments).one_sentence(words);
}

#[test]
fn a_database_that_is_written_to_is_compared_exactly_and_not_touched() {
    let server = KeptServer::start("");
    let url = database(&server, "music");
    ask(&url, OTHERS).unwrap();
    ask(&url, ODD).unwrap();
    let bench = Bench::new();
    let before = ask(&url, THERE).unwrap();
    let written = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !written.load(Ordering::Relaxed) {
                ask(&url, "INSERT INTO owner (name, mood) VALUES (gen_random_uuid(), 'calm')").unwrap();
            }
        });
        let drilled = of(&bench, &url, 0, "--method directory,custom --keep kept");
        for backup in &drilled.backups {
            assert_eq!(check(backup, "contents").outcome, Outcome::Passed);
            assert_eq!(check(backup, "large objects").evidence, "1, counted alone");
            for name in ["exclusion constraints", "CHECK constraints", "unique keys", "foreign keys"] {
                assert_eq!(check(backup, name).outcome, Outcome::Passed, "{name}");
            }
            assert_eq!(check(backup, "workload").outcome, Outcome::Unproven, "it has no tracks");
            assert_eq!(backup.growth, None);
        }
        copy(&bench, &url);
        written.store(true, Ordering::Relaxed);
    });
    assert_eq!(ask(&url, THERE).unwrap(), before, "nothing was made");
    later(&bench, &url);
    another_row(&bench, &url);
    rights(&bench, &server, &url);
    broken(&bench, &url);
}

/// Which rows of a table that is written to are in a copy of the server's files cannot be known, and is not claimed.
fn copy(bench: &Bench, url: &str) {
    // A copy waits for a checkpoint that takes its time.
    ask(url, "CHECKPOINT").unwrap();
    let drilled = of(bench, url, 0, "--method base");
    let changed = check(&drilled.backups[0], "tables that changed");
    assert_eq!(changed.outcome, Outcome::Unproven);
    assert!(changed.evidence.contains("public.owner had ") && changed.evidence.contains("cannot be known"));
    assert!(changed.evidence.contains("public.scratch is an unlogged table"), "{}", changed.evidence);
    assert_eq!(check(&drilled.backups[0], "contents").outcome, Outcome::Passed, "of the other tables");
}

/// The source may have moved on: that is no fault of the backup's.
fn later(bench: &Bench, url: &str) {
    ask(url, "INSERT INTO owner (name) VALUES ('later')").unwrap();
    let drilled = from(bench, 0, &bench.path("kept/custom"), &format!("--database-url {url}"));
    let now = check(&drilled.backups[0], "source as it is now");
    assert!(now.outcome == Outcome::Unproven && now.evidence.contains("public.owner"), "{now:?}");
}

/// One bit of one row is another: everything is whole, and the table is named.
fn another_row(bench: &Bench, url: &str) {
    ask(url, "UPDATE rating SET share = share + 1e-15 WHERE owner = 7").unwrap();
    let backup = bench.path("kept/custom");
    let file = backup.join("database.dump");
    fs::remove_file(&file).unwrap();
    let mut dump = Command::new(program("pg_dump"));
    assert!(dump.args(["-Fc", "-f"]).arg(&file).args(["-d", url]).status().unwrap().success());
    let name = backup.join("manifest.json");
    let mut manifest: Manifest = serde_json::from_str(&fs::read_to_string(&name).unwrap()).unwrap();
    let bytes = fs::read(&file).unwrap();
    manifest.files[0].bytes = bytes.len() as u64;
    manifest.files[0].sha256 = loist_bench::text::sha256(&bytes);
    fs::write(&name, serde_json::to_string(&manifest).unwrap()).unwrap();
    let drilled = from(bench, 1, &backup, "--embedded");
    assert!(
        says(&drilled, "the table public.rating_2026 holds other rows than were backed up"),
        "{drilled:?}"
    );
    assert!(says(&drilled, "the table public.owner has "), "{drilled:?}");
}

/// What a role may not do is said in one sentence.
fn rights(bench: &Bench, server: &KeptServer, url: &str) {
    ask(url, "CREATE ROLE reader LOGIN; GRANT SELECT ON owner TO reader").unwrap();
    let reader = server.address_of("reader", "music");
    refused(bench, &reader, 3, "--method custom", "this role may not read \"Odd Schema\".");
    refused(bench, &reader, 3, "--method base", "this role may not copy the server's files");
    refused(bench, url, 2, "--method pitr", "gcloud sql instances clone SOURCE COPY --point-in-time=TIME");
    refused(bench, url, 2, "--tracks 5", "--tracks is for the library that an embedded server gets");
    // Large objects are their owner's alone.
    ask(url, "GRANT pg_read_all_data TO reader; SELECT lo_unlink(oid) FROM pg_largeobject_metadata").unwrap();
    let drilled = of(bench, &reader, 0, "--method custom");
    assert_eq!(drilled.outcome, Outcome::Passed);
    let later = "this role may not copy the server's files";
    refused(bench, &reader, 3, "--method custom,base --keep none", later);
    assert!(!bench.path("none").exists(), "it is said before anything is made");
    ask(url, "ALTER TABLE owner ENABLE ROW LEVEL SECURITY").unwrap();
    let hidden = "row-level security hides rows of public.owner from this role";
    refused(bench, &reader, 3, "--method custom", hidden);
}

/// What constraints forbid is found in a copy, whatever its indexes and its catalogue say.
fn broken(bench: &Bench, url: &str) {
    let ready = |ready: bool| {
        let index = r#"'"Odd Schema"."no overlap"'::regclass"#;
        format!("UPDATE pg_index SET indisready = {ready} WHERE indexrelid = {index}")
    };
    for sql in [
        "SET session_replication_role = replica; INSERT INTO rating (owner, at) VALUES (4711, '2026-06-01')",
        "ALTER TABLE owner ADD CONSTRAINT sooner CHECK (name <> 'later') NOT VALID",
        "UPDATE pg_constraint SET convalidated = true WHERE conname = 'sooner'",
        &ready(false),
        r#"INSERT INTO "Odd Schema"."it's ""quoted""" ("a b", period) VALUES (3, '[2026-01-01,2026-01-03)')"#,
        &ready(true),
        "CHECKPOINT",
    ] {
        ask(url, sql).unwrap();
    }
    let found = of(bench, url, 1, "--method base");
    for words in [
        "rating_owner_fkey on public.rating is violated by 1 row",
        "sooner on public.owner is violated by 1 row",
        r#""no overlap" on "Odd Schema"."it's ""quoted""" is violated by 1 pair"#,
    ] {
        assert!(says(&found, words), "{words}: {found:?}");
    }
    assert_eq!(check(&found.backups[0], "contents").outcome, Outcome::Passed, "it is what was copied");
}
