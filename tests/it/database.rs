//! A database that loist-bench did not start: care with what is there, reuse of what is its own.

use crate::common::{Answer, Bench, KeptServer, texts_below, wait_until};
use loist_bench::record::{Change, Recommendation};

const FOREIGN: &str = "
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE TABLE public.audio_tracks (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), created_at timestamptz DEFAULT now(),
        updated_at timestamptz DEFAULT now(), status varchar(20) DEFAULT 'COMPLETED', error_message text,
        retry_count integer DEFAULT 0, last_processed_at timestamptz, artist varchar(500), album varchar(500),
        title varchar(500), genre varchar(100), year integer, duration_seconds numeric(10,3),
        channels smallint, sample_rate integer, bitrate integer, format varchar(20), file_size_bytes bigint,
        audio_gcs_path text, thumbnail_gcs_path text, search_vector tsvector, mine text DEFAULT 'mine');
    INSERT INTO public.audio_tracks (artist, album, title, genre, year, format, audio_gcs_path)
        SELECT 'artist ' || n % 7, 'album ' || n, 'some title ' || n, 'Jazz', 1990 + n % 30, 'FLAC', 'gs://b/' || n
        FROM generate_series(1, 500) n;
    UPDATE public.audio_tracks SET search_vector = to_tsvector('english', title);
    UPDATE public.audio_tracks SET created_at = 'infinity' WHERE title = 'some title 7';
    ANALYZE public.audio_tracks";

const DIGEST: &str = "SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM public.audio_tracks t";
const RELATIONS: &str = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')";

fn run(bench: &Bench, server: &KeptServer, code: i32, arguments: &str) -> Answer {
    let output = bench.command(arguments).env("DATABASE_URL", &server.url).output().unwrap();
    Answer::of(output, code, arguments)
}

#[test]
fn somebody_elses_tracks_are_never_touched() {
    let server = KeptServer::start("");
    server.sql(FOREIGN);
    let before = (server.sql(DIGEST), server.sql(RELATIONS));
    let bench = Bench::new();
    run(&bench, &server, 2, "run --tracks 10 --quiet").one_sentence("--use-existing");
    run(&bench, &server, 2, "seed --tracks 10 --quiet").one_sentence("--use-existing");
    assert_eq!((server.sql(DIGEST), server.sql(RELATIONS)), before);

    let record = bench.measure(&server, 0, "run --use-existing --clients 2 --warmup 0s --duration 2s");
    assert_eq!(record.catalog.state, "existing");
    assert_eq!(record.catalog.tracks, 500);
    assert!(record.workload.left_out.contains(&"process_audio_complete".to_owned()));
    assert!(record.operations.iter().all(|operation| !operation.writes));
    assert_eq!(
        record.overall.failed,
        0,
        "{:?}",
        record.operations.iter().flat_map(|o| &o.errors).collect::<Vec<_>>()
    );
    let found: u64 = record
        .operations
        .iter()
        .filter(|operation| operation.name == "get_audio_metadata")
        .flat_map(|operation| &operation.statements)
        .map(|statement| if statement.name == "track" { statement.rows } else { 0 })
        .sum();
    assert!(found > 0, "ids are drawn from what is there");
    assert_eq!((server.sql(DIGEST), server.sql(RELATIONS)), before, "nothing changed");

    // Writing behind the back of a query is refused by the server itself, whatever the file says.
    server.sql("CREATE FUNCTION public.sneak() RETURNS int LANGUAGE sql VOLATILE AS $$ UPDATE public.audio_tracks SET mine = 'x' RETURNING 1 $$");
    let before = (server.sql(DIGEST), server.sql(RELATIONS));
    for (begin, first) in [
        ("BEGIN READ WRITE", "SELECT 1"),
        ("BEGIN", "SELECT set_config('default_transaction_read_only', 'off', false)"),
    ] {
        bench.write(
            "sneak.toml",
            &format!(
                "name = 'sneak'\nenvelope.begin = '{begin}'\n[[operation]]\nname = 'sneak'\nweight = 1.0\n
                 [[operation.transaction]]\nend = 'commit'\n
                 [[operation.transaction.statement]]\nname = 'first'\nsql = \"{first}\"\n
                 [[operation.transaction]]\nend = 'commit'\n
                 [[operation.transaction.statement]]\nname = 'then'\nsql = 'SELECT sneak()'\n"
            ),
        );
        let answer =
            run(&bench, &server, 1, "run sneak.toml --use-existing --warmup 0s --duration 300ms --quiet");
        assert!(answer.stdout.contains("read-only transaction"), "{}", answer.stdout);
    }
    assert_eq!((server.sql(DIGEST), server.sql(RELATIONS)), before, "nothing changed");

    run(&bench, &server, 2, "run ingest --use-existing --quiet").one_sentence("every operation");
    run(&bench, &server, 2, "seed --use-existing --quiet").one_sentence("seeds nothing");
}

#[test]
fn a_catalog_is_reused_until_it_was_changed() {
    let server = KeptServer::start("");
    let quick = "--tracks 200 --warmup 0s --duration 1500ms --quiet";
    let reused = |arguments: &str| {
        let bench = Bench::new();
        bench.measure(&server, 0, arguments).catalog.reused
    };
    assert!(!reused(&format!("run read {quick}")), "nothing is there");
    assert!(reused(&format!("run read {quick}")), "the same again");
    assert!(!reused(&format!("run read {quick} --seed 2")), "another seed");
    assert!(!reused(&format!("run read {quick} --seed 2 --state fresh")), "another state");
    assert!(!reused(&format!("run ingest {quick}")), "another seed again");
    assert!(!reused(&format!("run read {quick}")), "the ingest changed it");
    server.sql("UPDATE loist_bench.audio_tracks SET title = 'mine' WHERE id = (SELECT min(id::text)::uuid FROM loist_bench.audio_tracks)");
    assert!(!reused(&format!("run read {quick}")), "somebody changed a row");
    server.sql("DROP INDEX loist_bench.idx_audio_tracks_title");
    assert!(!reused(&format!("run read {quick}")), "somebody dropped an index");
    assert!(reused(&format!("run read {quick}")), "and now it is the same again");
    server.sql("ALTER TABLE loist_bench.audio_tracks DISABLE TRIGGER ALL");
    assert!(!reused(&format!("run read {quick}")), "somebody switched the triggers off");
    assert_eq!(
        server.sql("SELECT count(*) FROM loist_bench.audio_tracks WHERE search_vector IS NULL"),
        ["0"]
    );
    assert!(!reused(&format!("run read {quick} --state fresh")), "another state once more");
    server.sql("ANALYZE loist_bench.audio_tracks");
    assert!(!reused(&format!("run read {quick} --state fresh")), "somebody analysed it");
    assert_eq!(server.sql("SELECT count(*) FROM loist_bench.audio_tracks"), ["200"]);
    assert_eq!(
        server.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
        ["0"],
        "only its own schema"
    );
}

#[test]
fn a_changed_migration_is_refused() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    run(&bench, &server, 0, "seed --tracks 10 --quiet");
    server.sql("UPDATE loist_bench.schema_migrations SET checksum = 'x' WHERE version = (SELECT min(version) FROM loist_bench.schema_migrations)");
    run(&bench, &server, 2, "seed --tracks 10 --quiet").one_sentence("checksum");
}

/// Advice can be followed as it is printed, and taken back.
#[test]
fn advice_works_on_the_server_that_it_is_about() {
    let server = KeptServer::start("--set enable_indexscan=off");
    server.sql("CREATE EXTENSION pgstattuple");
    let bench = Bench::new();
    let output = bench
        .command("run search --tracks 1000 --state fresh --warmup 0s --duration 1s --quiet")
        .env("DATABASE_URL", &server.url)
        .output()
        .unwrap();
    Answer::of(output, 0, "a run to advise on");
    let advice = bench.record().advice;
    let changes = |rule: &str| -> Vec<Change> {
        advice.iter().find(|piece| piece.rule == rule).unwrap().changes().cloned().collect()
    };
    // One command a line, as psql reads them from a file.
    let follow = |commands: &str| {
        commands.lines().filter(|line| !line.starts_with("--")).for_each(|line| drop(server.sql(line)));
    };
    let shown = |name: &str| server.sql(&format!("SHOW {name}"));
    let switch = &changes("planner/enable-off")[0];
    follow(&switch.apply);
    wait_until("the new value", || shown("enable_indexscan") == ["on"]);
    follow(&switch.undo);
    wait_until("the old value", || shown("enable_indexscan") == ["off"]);

    let pending = changes("gin/pending-list");
    let options =
        || server.sql("SELECT count(*) FROM pg_class WHERE reloptions::text LIKE '%fastupdate=off%'");
    pending.iter().for_each(|change| follow(&change.apply));
    assert_eq!(options(), ["4"], "{pending:?}");
    assert!(pending.last().unwrap().apply.starts_with("VACUUM "), "{pending:?}");
    pending.iter().for_each(|change| follow(&change.undo));
    assert_eq!(options(), ["0"]);

    let timeouts = changes("connections/timeouts");
    timeouts.iter().for_each(|change| follow(&change.apply));
    assert_eq!(timeouts.len(), 2);
    assert_ne!(shown("statement_timeout"), ["0"], "it holds for the next session of the role");
    timeouts.iter().for_each(|change| follow(&change.undo));
    assert_eq!(shown("statement_timeout"), ["0"]);

    // Whatever else is advised is SQL that the server takes, and takes back.
    let settings = || server.sql("SELECT name || setting FROM pg_file_settings ORDER BY 1");
    let before = settings();
    for change in advice.iter().flat_map(Recommendation::changes) {
        follow(&change.apply);
        follow(&change.undo);
    }
    assert_eq!(settings(), before);
}

/// What somebody hung on our table stays, or is named; it is never dropped.
#[test]
fn what_hangs_on_the_table_is_left_alone() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    run(&bench, &server, 0, "seed --tracks 100 --quiet");
    server.sql(
        "CREATE VIEW public.mine AS SELECT id, title FROM loist_bench.audio_tracks GROUP BY id;
         CREATE UNIQUE INDEX replica ON loist_bench.audio_tracks (id, title);
         ALTER TABLE loist_bench.audio_tracks REPLICA IDENTITY USING INDEX replica;
         COMMENT ON INDEX loist_bench.idx_audio_tracks_title IS 'mine'",
    );
    run(&bench, &server, 0, "seed --tracks 300 --quiet");
    assert_eq!(server.sql("SELECT count(*) FROM public.mine"), ["300"]);
    assert_eq!(
        server.sql("SELECT obj_description('loist_bench.idx_audio_tracks_title'::regclass, 'pg_class')"),
        ["mine"]
    );
    assert_eq!(server.sql("SELECT count(*) FROM pg_index WHERE indisreplident"), ["1"]);
    server.sql("CREATE TABLE public.plays (track uuid REFERENCES loist_bench.audio_tracks)");
    run(&bench, &server, 3, "seed --tracks 400 --quiet").one_sentence("drop what hangs on it");
    assert_eq!(server.sql("SELECT count(*) FROM loist_bench.audio_tracks"), ["300"], "all or nothing");
}

#[test]
fn an_extension_in_another_schema_is_named_before_anything_is_made() {
    let server = KeptServer::start("");
    server.sql("CREATE SCHEMA ext; CREATE EXTENSION pg_trgm SCHEMA ext");
    let before = server.sql(RELATIONS);
    run(&Bench::new(), &server, 3, "seed --tracks 10 --quiet").one_sentence("pg_trgm is in the schema ext");
    assert_eq!(server.sql(RELATIONS), before);
}

#[test]
fn the_servers_own_variables_and_the_env_file_are_understood() {
    let server = KeptServer::start("--transport tcp");
    let config: tokio_postgres::Config = server.url.parse().unwrap();
    let tokio_postgres::config::Host::Tcp(host) = &config.get_hosts()[0] else { panic!("a TCP server") };
    let password = String::from_utf8(config.get_password().unwrap().to_vec()).unwrap();
    let text = format!(
        "# the music library\nexport DB_HOST={host}\nDB_PORT={}\nDB_NAME=\"{}\"\nDB_USER={}\nDB_PASSWORD='{password}'\n",
        config.get_ports()[0],
        config.get_dbname().unwrap(),
        config.get_user().unwrap(),
    );
    let bench = Bench::new();
    bench.write(".env", &text);
    let answer = bench.expect(0, "run read --tracks 50 --warmup 0s --duration 500ms");
    let record = bench.record();
    assert!(record.server.origin.contains(".env"), "{}", record.server.origin);
    let everything = format!("{}{}{}", answer.stdout, answer.stderr, texts_below(&bench.path("reports")));
    assert!(!everything.contains(&password), "the password is told nowhere");
    let wrong = bench
        .command("run read --quiet")
        .env("DB_PASSWORD", "wr0ng")
        .env("DB_HOST", host)
        .env("DB_PORT", config.get_ports()[0].to_string())
        .env("DB_NAME", "loist")
        .env("DB_USER", config.get_user().unwrap())
        .output()
        .unwrap();
    let answer = Answer::of(wrong, 3, "a wrong password");
    answer.one_sentence("password");
    assert!(!answer.stderr.contains("wr0ng"), "{}", answer.stderr);
}

#[test]
fn options_of_the_embedded_server_do_not_fit_another_database() {
    let bench = Bench::new();
    let output =
        bench.command("run --set work_mem=1MB").env("DATABASE_URL", "postgres://h/d").output().unwrap();
    Answer::of(output, 2, "--set").one_sentence("--set");
}
