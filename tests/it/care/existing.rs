//! A role that may read one table measures a database of somebody else's, and nothing in it changes.

use super::{database, run};
use crate::common::{Bench, KeptServer, ask};
use loist_bench::record::{Record, Stance};
use std::collections::BTreeSet;

/// What other migrations made: a schema, columns and indexes of their own, a sequence, a table beside it.
const THEIRS: &str = "
    CREATE SCHEMA library;
    CREATE TABLE library.audio_tracks (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), number bigserial, tenant integer NOT NULL DEFAULT 1,
        created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now(),
        status varchar(20) DEFAULT 'COMPLETED', error_message text, retry_count integer DEFAULT 0,
        last_processed_at timestamptz, artist varchar(500), album varchar(500), title varchar(500), genre varchar(100),
        year integer, duration_seconds numeric(10,3), channels smallint, sample_rate integer, bitrate integer,
        format varchar(20), file_size_bytes bigint, audio_gcs_path text, thumbnail_gcs_path text,
        search_vector tsvector, mood text COLLATE \"C\");
    INSERT INTO library.audio_tracks (artist, album, title, genre, year, format, audio_gcs_path, channels)
        SELECT 'artist ' || n % 7, 'album ' || n, 'some title ' || n, 'Jazz', 1990 + n % 30, 'FLAC', 'gs://b/' || n, 2
        FROM generate_series(1, 3000) n;
    UPDATE library.audio_tracks SET search_vector = to_tsvector('english', title);
    CREATE INDEX by_title ON library.audio_tracks (title);
    CREATE INDEX by_title_too ON library.audio_tracks (title);
    CREATE INDEX by_channels ON library.audio_tracks (channels);
    CREATE INDEX archived ON library.audio_tracks (created_at) WHERE status = 'ARCHIVED';
    CREATE TABLE library.plays (track uuid REFERENCES library.audio_tracks, kind text, at timestamptz DEFAULT now());
    INSERT INTO library.plays (track, kind) SELECT id, 'skip' FROM library.audio_tracks LIMIT 10;
    CREATE INDEX plays_at ON library.plays (at);
    ANALYZE library.audio_tracks;
    ANALYZE library.plays";

/// The least that reading takes.
const READER: &str = "
    CREATE ROLE reader LOGIN;
    REVOKE ALL ON DATABASE theirs FROM PUBLIC;
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    GRANT CONNECT ON DATABASE theirs TO reader;
    GRANT USAGE ON SCHEMA library TO reader;
    GRANT SELECT ON library.audio_tracks TO reader";

/// Every row of every table with the transaction that wrote it, every sequence, and the catalogs that say what there is.
fn digest(url: &str) -> Vec<String> {
    let of = |sql: &str| ask(url, sql).unwrap();
    let relations = of("SELECT relkind::text || c.oid::regclass::text FROM pg_class c
         WHERE relkind IN ('r', 'S') AND relnamespace::regnamespace::text NOT LIKE 'pg\\_%'
           AND relnamespace::regnamespace::text <> 'information_schema' ORDER BY 1");
    assert_eq!(relations.len(), 3, "{relations:?}");
    let contents = relations.iter().flat_map(|relation| {
        let (kind, name) = relation.split_at(1);
        let row = if kind == "S" { "t.last_value || ' ' || t.is_called" } else { "t.xmin::text || t::text" };
        of(&format!("SELECT '{name} ' || md5(string_agg({row}, ',' ORDER BY {row})) FROM {name} t"))
    });
    let catalogs = [
        "(SELECT oid, relname, relnamespace, relkind, relowner, relfilenode, relacl::text, reloptions::text FROM pg_class)",
        "pg_attribute",
        "pg_attrdef",
        "pg_constraint",
        "pg_extension",
        "pg_index",
        "pg_namespace",
        "pg_proc",
        "pg_trigger",
        "pg_type",
        "pg_db_role_setting",
        "pg_roles",
    ];
    let catalogs = catalogs
        .iter()
        .flat_map(|from| of(&format!("SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {from} t")));
    contents.chain(catalogs).collect()
}

#[test]
fn a_role_that_may_only_read_measures_and_changes_nothing() {
    let server = KeptServer::start("");
    let url = database(&server, "theirs");
    ask(&url, THEIRS).unwrap();
    ask(&url, READER).unwrap();
    ask(&url, "CREATE UNIQUE INDEX CONCURRENTLY broken ON library.plays (kind)").unwrap_err();
    let reader = server.address_of("reader", "theirs");
    let before = digest(&url);
    let bench = Bench::new();
    let elsewhere = run(&bench, &reader, 2, "run --use-existing --quiet");
    elsewhere.one_sentence("add --search-path library");
    let quick = "--use-existing --search-path library --clients 2 --warmup 0s";
    run(&bench, &reader, 0, &format!("run {quick} --duration 3s --quiet"));
    let record = bench.record();
    what_it_reads(&record);
    what_it_says_of_indexes(&record);
    what_the_tables_lack(&reader, quick);
    // Whoever may not even read is told what it takes.
    ask(&url, "REVOKE SELECT ON library.audio_tracks FROM reader").unwrap();
    let refused = run(&bench, &reader, 3, &format!("run {quick} --duration 300ms --quiet"));
    refused.one_sentence("GRANT SELECT on the table");
    ask(&url, "GRANT SELECT ON library.audio_tracks TO reader").unwrap();
    assert_eq!(digest(&url), before, "nothing changed");
}

fn what_it_reads(record: &Record) {
    assert_eq!((record.catalog.state.as_str(), record.catalog.tracks), ("existing", 3_000));
    let errors: Vec<_> = record.operations.iter().flat_map(|operation| &operation.errors).collect();
    assert_eq!(record.overall.failed, 0, "{errors:?}");
    assert!(record.overall.completed > 0);
    for left_out in ["process_audio_complete", "fuzzy_search"] {
        assert!(record.workload.left_out.iter().any(|name| name == left_out), "{left_out}");
        assert!(record.operations.iter().all(|operation| operation.name != left_out), "{left_out}");
    }
    let cautions = &record.verdict.cautions;
    let why = cautions.iter().find(|caution| caution.contains("not measured: fuzzy_search")).unwrap();
    assert!(why.contains("similarity(character varying, unknown) does not exist"), "{why}");
    let missing: Vec<&String> = record.evidence.missing.iter().chain(&record.samples.missing).collect();
    for part in ["pg_stat_statements is not installed", "GRANT pg_read_all_stats"] {
        assert!(missing.iter().any(|line| line.contains(part)), "{part} in {missing:?}");
    }
    let once: BTreeSet<&&String> = missing.iter().collect();
    assert_eq!(once.len(), missing.len(), "each is told once: {missing:?}");
    let brake = record.brake.as_ref().unwrap();
    assert_eq!(brake.watched[0].condition, "connections>90%");
    assert!(brake.watched[0].worst.unwrap() >= 2.0 && brake.tripped.is_none(), "{brake:?}");
}

fn what_it_says_of_indexes(record: &Record) {
    for (rule, index) in [
        ("indexes/duplicates", "library.by_title_too"),
        ("indexes/invalid", "library.broken"),
        ("indexes/never-usable", "library.by_channels"),
        ("indexes/never-usable", "library.archived"),
        ("indexes/unused", "library.plays_at"),
    ] {
        let piece = record.advice.iter().find(|piece| piece.rule == rule);
        let piece = piece.unwrap_or_else(|| panic!("{rule}: {:?}", record.evidence.indexes));
        assert_eq!(piece.stance, Stance::Change);
        let named = piece.changes().any(|change| change.setting == format!("index {index}"));
        assert!(named, "{index} in {}", piece.evidence);
        if rule != "indexes/invalid" {
            assert!(piece.risk.contains("others use this database"), "{rule}: {}", piece.risk);
            assert!(piece.evidence.contains(" kB"), "its size: {}", piece.evidence);
        }
    }
}

/// Columns that are there, and one that is not.
fn what_the_tables_lack(reader: &str, quick: &str) {
    let bench = Bench::new();
    let operation = |name: &str, sql: &str| {
        format!(
            "[[operation]]\nname = '{name}'\nweight = 1.0\n[[operation.transaction]]\nend = 'rollback'\n
             [[operation.transaction.statement]]\nname = 's'\nsql = '{sql}'\n"
        )
    };
    let lacks = operation("tempo", "SELECT tempo FROM audio_tracks LIMIT 1");
    let both = operation("mood", "SELECT mood FROM audio_tracks LIMIT 1") + &lacks;
    bench.write("own.toml", &format!("name = 'own'\n{both}"));
    let said = run(&bench, reader, 0, &format!("run own.toml {quick} --duration 500ms"));
    assert!(said.stderr.contains("left out, tempo: column \"tempo\" does not exist"), "{}", said.stderr);
    let record = bench.record();
    assert_eq!(record.workload.left_out, ["tempo"]);
    bench.write("own.toml", &format!("name = 'own'\n{lacks}"));
    let none = run(&bench, reader, 2, &format!("run own.toml {quick} --quiet"));
    none.one_sentence("no operation of the workload own fits the tables");
    let theirs = operation("plays", "SELECT 1 FROM library.plays LIMIT 1");
    bench.write("own.toml", &format!("name = 'own'\n{theirs}"));
    let none = run(&bench, reader, 2, &format!("run own.toml {quick} --quiet"));
    none.one_sentence("permission denied for table plays");
}
