//! What loist-bench made is listed and removed; what others made stays.

use super::{database, run};
use crate::common::{Answer, Bench, KeptServer, ask};
use serde_json::Value;

/// Tables, functions and the like that are in the database, the system's own not.
const THERE: &str = "SELECT n.nspname || '.' || o.name FROM (
        SELECT relname AS name, relnamespace AS space FROM pg_class UNION ALL SELECT proname, pronamespace FROM pg_proc) o
    JOIN pg_namespace n ON n.oid = o.space
    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1";

fn listed(answer: &Answer) -> (Value, Vec<String>) {
    let inventory: Value = serde_json::from_str(&answer.stdout).unwrap();
    let text = |made: &Value, key: &str| made[key].as_str().unwrap().to_owned();
    let objects = inventory["objects"].as_array().unwrap();
    let names = objects.iter().map(|made| format!("{} {}", text(made, "kind"), text(made, "name"))).collect();
    (inventory, names)
}

#[test]
fn what_was_made_is_removed_and_nothing_else() {
    let server = KeptServer::start("");
    let url = database(&server, "ours");
    ask(&url, "CREATE EXTENSION \"uuid-ossp\"; CREATE TABLE public.before AS SELECT 1 AS n").unwrap();
    let before = ask(&url, THERE).unwrap();
    let bench = Bench::new();
    run(&bench, &url, 0, "seed --tracks 100 --quiet");
    let (inventory, names) = listed(&run(&bench, &url, 0, "seed --list --format json"));
    assert_eq!(inventory["removed"], false);
    assert_eq!(
        names,
        [
            "extension pg_trgm",
            "function loist_bench.audio_tracks_fill_search_vector()",
            "function loist_bench.audio_tracks_touch_updated_at()",
            "schema loist_bench",
            "table loist_bench.audio_tracks",
            "table loist_bench.catalog",
            "table loist_bench.created",
            "table loist_bench.schema_migrations",
        ],
        "uuid-ossp was there before"
    );
    let tracks = &inventory["objects"][4];
    assert!(tracks["bytes"].as_u64().unwrap() > 8_192 && tracks["created_by"] == "loist", "{tracks}");
    let shown = run(&bench, &url, 0, "seed --list").stdout;
    assert!(shown.contains("loist_bench.audio_tracks") && shown.contains(" kB"), "{shown}");

    in_the_way(&bench, &url);
    let removed = run(&bench, &url, 0, "seed --remove");
    assert!(removed.stderr.contains("removing extension pg_trgm, "), "{}", removed.stderr);
    assert!(removed.stdout.starts_with("removed:"), "{}", removed.stdout);
    assert_eq!(ask(&url, THERE).unwrap(), before, "what was there before is there, and nothing more");
    let again = run(&bench, &url, 0, "seed --remove --quiet").stdout;
    assert!(again.starts_with("nothing to remove"), "{again}");
    assert!(listed(&run(&bench, &url, 0, "seed --remove --format json --quiet")).1.is_empty());
    run(&bench, &url, 0, "seed --tracks 10 --quiet");
    older_ledgers(&bench, &url);
}

/// Everything of somebody else's that would go, or hangs on what would, is named, and all stays as it is.
fn in_the_way(bench: &Bench, url: &str) {
    for (plant, take_away, named) in [
        ("CREATE TABLE loist_bench.mine (n int)", "DROP TABLE loist_bench.mine", "table loist_bench.mine"),
        (
            "CREATE INDEX mine ON loist_bench.audio_tracks (bitrate)",
            "DROP INDEX loist_bench.mine",
            "index loist_bench.mine",
        ),
        (
            "CREATE TRIGGER mine BEFORE DELETE ON loist_bench.audio_tracks FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "DROP TRIGGER mine ON loist_bench.audio_tracks",
            "trigger mine on loist_bench.audio_tracks",
        ),
        (
            "CREATE VIEW public.mine AS SELECT id FROM loist_bench.audio_tracks",
            "DROP VIEW public.mine",
            "hangs on what is in it: view mine depends on table audio_tracks; move",
        ),
        (
            "CREATE TABLE public.mine (track uuid REFERENCES loist_bench.audio_tracks)",
            "DROP TABLE public.mine",
            "on table mine depends on",
        ),
        (
            "CREATE TABLE public.mine (n text); CREATE INDEX ON public.mine USING gin (n gin_trgm_ops)",
            "DROP TABLE public.mine",
            "index mine_n_idx depends on operator class gin_trgm_ops",
        ),
    ] {
        ask(url, plant).unwrap();
        let before = ask(url, THERE).unwrap();
        run(bench, url, 2, "seed --remove --quiet").one_sentence(named);
        assert_eq!(ask(url, THERE).unwrap(), before, "all or nothing: {plant}");
        ask(url, take_away).unwrap();
    }
}

/// What an older loist-bench made without noting it is not known to be its own.
fn older_ledgers(bench: &Bench, url: &str) {
    ask(url, "DROP TABLE loist_bench.created").unwrap();
    let before = ask(url, THERE).unwrap();
    let left = run(bench, url, 0, "seed --remove --quiet").stdout;
    assert!(left.contains("nothing to remove") && left.contains("left alone: "), "{left}");
    assert!(left.contains("table loist_bench.audio_tracks"), "{left}");
    assert_eq!(ask(url, THERE).unwrap(), before);
}

#[test]
fn removing_is_for_a_database_that_stays() {
    let bench = Bench::new();
    for option in ["--list", "--remove"] {
        bench.expect(2, &format!("seed {option} --quiet")).one_sentence("only a database that stays");
    }
    bench.expect(2, "seed --list --remove").one_sentence("cannot be used with");
    bench.write("loist-bench.toml", "remove = true\n");
    bench.expect(2, "seed --quiet").one_sentence("`remove` is given on the command line alone");
}
