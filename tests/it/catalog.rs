//! The catalog in the database: the same for the same seed, and what a life of single ingests would have made.

use crate::common::{Answer, Bench, KeptServer, wait_until, wait_until_load};

fn seed(server: &KeptServer, code: i32, arguments: &str) -> Answer {
    let output =
        Bench::new().command(&format!("seed {arguments}")).env("DATABASE_URL", &server.url).output().unwrap();
    Answer::of(output, code, arguments)
}

fn one(server: &KeptServer, sql: &str) -> String {
    let mut rows = server.sql(&format!("SELECT ({sql})::text"));
    assert_eq!(rows.len(), 1, "{sql}");
    rows.remove(0)
}

/// Every row with everything in it, in the order in which it lies in the heap.
const ROWS: &str = "SELECT md5(string_agg(t::text, '' ORDER BY ctid)) FROM loist_bench.audio_tracks t";
const INDEXES: &str = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'loist_bench' AND tablename = 'audio_tracks' ORDER BY 1";

#[test]
fn the_same_seed_gives_the_same_rows_in_the_same_order() {
    let (a, b) = (KeptServer::start(""), KeptServer::start(""));
    let quick = "--tracks 3000 --quiet";
    let first = seed(&a, 0, quick);
    let second = seed(&b, 0, quick);
    assert_eq!(first.stdout, second.stdout, "the checksum is printed");
    assert_eq!(one(&a, ROWS), one(&b, ROWS));
    seed(&b, 0, "--tracks 3000 --seed 43 --quiet");
    assert_ne!(one(&a, ROWS), one(&b, ROWS));
    seed(&b, 0, "--tracks 3000 --state fresh --quiet");
    let rows = ROWS.replace("ctid", "id");
    assert_eq!(one(&a, &rows), one(&b, &rows), "the state changes no row");
}

#[test]
fn a_bulk_load_ends_as_single_ingests_would() {
    let server = KeptServer::start("");
    seed(&server, 0, "--tracks 1 --quiet");
    let grown = server.sql(INDEXES);
    assert_eq!(grown.len(), 10);
    seed(&server, 0, "--tracks 5000 --quiet");
    assert_eq!(server.sql(INDEXES), grown, "every index is back as it was");
    assert_eq!(
        one(
            &server,
            "SELECT count(*) FROM pg_constraint WHERE conrelid = 'loist_bench.audio_tracks'::regclass AND contype = 'p'"
        ),
        "1"
    );
    assert_eq!(
        one(
            &server,
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'loist_bench.audio_tracks'::regclass AND tgenabled = 'O'"
        ),
        "2"
    );
    // Each row again, by the server's own way: an insert, then an update, through the triggers.
    server.sql(
        "CREATE TABLE public.again (LIKE loist_bench.audio_tracks INCLUDING DEFAULTS);
         CREATE TRIGGER fill BEFORE INSERT OR UPDATE OF artist, title, album, genre ON public.again
             FOR EACH ROW EXECUTE FUNCTION loist_bench.audio_tracks_fill_search_vector();
         INSERT INTO public.again (id, status, artist, album, title, genre, year, format, audio_gcs_path)
             SELECT id, 'COMPLETED', artist, album, title, genre, year, format, audio_gcs_path
             FROM loist_bench.audio_tracks;
         UPDATE public.again SET status = 'COMPLETED', last_processed_at = now()",
    );
    assert_eq!(
        one(
            &server,
            "SELECT count(*) FROM loist_bench.audio_tracks a JOIN public.again b USING (id) WHERE a.search_vector = b.search_vector"
        ),
        "5000"
    );
    // What the planner sees.
    assert_eq!(
        one(&server, "SELECT reltuples FROM pg_class WHERE oid = 'loist_bench.audio_tracks'::regclass"),
        "5000"
    );
    assert_eq!(
        one(
            &server,
            // Since PostgreSQL 16 a table grows by several pages at a time; the last ones may be empty.
            "SELECT relallvisible > (SELECT max((ctid::text::point)[0]) FROM loist_bench.audio_tracks)
             FROM pg_class WHERE oid = 'loist_bench.audio_tracks'::regclass"
        ),
        "true"
    );
}

#[test]
fn rows_look_like_a_library() {
    let server = KeptServer::start("");
    seed(&server, 0, "--tracks 10000 --quiet");
    let of = |sql: &str| one(&server, &format!("SELECT {sql} FROM loist_bench.audio_tracks"));
    let number = |sql: &str| of(sql).parse::<f64>().unwrap();
    for (sql, expected) in [
        ("count(*)", "10000"),
        ("count(*) FILTER (WHERE status NOT IN ('COMPLETED', 'FAILED'))", "0"),
        (
            "count(*) FILTER (WHERE (status = 'FAILED') IS DISTINCT FROM (artist IS NULL OR album IS NULL))",
            "0",
        ),
        ("count(*) FILTER (WHERE (status = 'FAILED') IS DISTINCT FROM (error_message IS NOT NULL))", "0"),
        ("count(*) FILTER (WHERE (status = 'FAILED')::int <> retry_count)", "0"),
        ("count(file_size_bytes)", "0"),
        (
            "count(*) FILTER (WHERE last_processed_at IS DISTINCT FROM updated_at OR updated_at <= created_at)",
            "0",
        ),
        ("count(*) FILTER (WHERE audio_gcs_path NOT LIKE 'gs://%/audio/' || id || '/%')", "0"),
        ("min(year) || ' ' || max(year)", "1800 2100"),
        ("min(duration_seconds) || ' ' || max(duration_seconds)", "0.100 36000.000"),
        ("max(channels)", "16"),
        ("max(length(title)) || ' ' || max(length(artist))", "500 500"),
        ("string_agg(DISTINCT format, ' ' ORDER BY format)", "AAC FLAC M4A MP3 OGG WAV"),
        ("count(*) FILTER (WHERE (format IN ('FLAC', 'WAV')) <> (bitrate >= 700))", "0"),
    ] {
        assert_eq!(of(sql), expected, "{sql}");
    }
    assert!((50.0..300.0).contains(&number("count(*) FILTER (WHERE status = 'FAILED')")));
    assert!(
        (180.0..300.0).contains(&number("percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_seconds)"))
    );
    assert!(number("count(*) FILTER (WHERE title ~ '[一-龯ぁ-ヿ]')") > 0.0, "titles beyond ASCII");
    assert!(number("count(*) FILTER (WHERE artist ~ '[一-龯ぁ-ヿ]')") > 100.0, "artists beyond ASCII");
    // A long tail: terms that match hundreds of rows, and many that match one or two.
    let words = "ts_stat('SELECT search_vector FROM loist_bench.audio_tracks')";
    let most: f64 = one(&server, &format!("SELECT max(ndoc) FROM {words}")).parse().unwrap();
    assert!((500.0..2_000.0).contains(&most), "{most} rows for the most frequent term");
    let rare: f64 = one(&server, &format!("SELECT count(*) FROM {words} WHERE ndoc <= 2")).parse().unwrap();
    assert!(rare > 500.0, "{rare} rare terms");
}

#[test]
fn a_load_that_was_cut_off_is_made_whole_by_the_next() {
    let server = KeptServer::start("");
    seed(&server, 0, "--tracks 1 --quiet");
    let indexes = server.sql(INDEXES);
    let bench = Bench::new();
    let mut child =
        bench.command("seed --tracks 60000 --quiet").env("DATABASE_URL", &server.url).spawn().unwrap();
    wait_until("an index to be built", || {
        let building = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND state = 'active'";
        !server.sql(building).is_empty()
    });
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("the sessions to end", || {
        server.sql("SELECT 1 FROM pg_stat_activity WHERE application_name = 'loist-bench' AND pid <> pg_backend_pid()").is_empty()
    });
    assert!(server.sql(INDEXES).len() < indexes.len(), "it was cut off in the middle");
    seed(&server, 0, "--tracks 300 --quiet");
    assert_eq!(server.sql(INDEXES), indexes);
    assert_eq!(one(&server, "SELECT count(*) FROM loist_bench.audio_tracks"), "300");
}

/// The planner knows nothing of a fresh table, whatever was in it before.
#[test]
fn fresh_is_fresh_on_a_used_database_too() {
    let server = KeptServer::start("");
    let known =
        "SELECT count(*) FROM pg_stats WHERE schemaname = 'loist_bench' AND tablename = 'audio_tracks'";
    seed(&server, 0, "--tracks 500 --quiet");
    assert_ne!(one(&server, known), "0");
    seed(&server, 0, "--tracks 500 --state fresh --quiet");
    assert_eq!(one(&server, known), "0");
    let off = "SELECT reloptions::text FROM pg_class WHERE oid = 'loist_bench.audio_tracks'::regclass";
    assert_eq!(one(&server, off), "{autovacuum_enabled=off}");
    seed(&server, 0, "--tracks 500 --quiet");
    assert_ne!(one(&server, known), "0");
    assert_eq!(server.sql(off), [""], "autovacuum is as it was");
}

#[test]
fn one_loist_bench_at_a_time_works_in_a_database() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    let mut first = bench
        .command("run read --tracks 100 --warmup 0s --duration 20s --quiet")
        .env("DATABASE_URL", &server.url)
        .spawn()
        .unwrap();
    wait_until_load(&server);
    seed(&server, 3, "--tracks 200 --quiet").one_sentence("another loist-bench is at work in this database");
    first.kill().unwrap();
    first.wait().unwrap();
}

/// The peak of the tool's own memory, server apart, stays far below what so many rows would take.
#[test]
fn memory_does_not_grow_with_the_library() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    let mut child = bench
        .command("seed --tracks 150000 --quiet")
        .env("DATABASE_URL", &server.url)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut peak_kib = 0_u64;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: Option<u64> = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak_kib = peak_kib.max(kib.unwrap_or_default());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(child.wait().unwrap().success());
    assert!((1..=64 * 1024).contains(&peak_kib), "{peak_kib} KiB");
}
